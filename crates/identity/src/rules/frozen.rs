//! A version of beliefs by content: what is kept between runs and read by another process. Numbers given out by interners mean
//! nothing outside of their base, so every frequency stands beside a hash of its value.

use ahash::AHashMap;
use serde::{Deserialize, Serialize};

use super::block::text_key;
use super::card::{Base, Card};
use super::compare::{FIELDS, Field, LEVELS};
use super::model::{Model, UNKNOWN_GIVEN, patronymic_key};
use super::phone::{self, Plan};

type ByField<T> = [T; FIELDS];

/// What a [`Model`] knows, free of any base.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    pub cards: f64,
    /// Records that were there.
    pub records: usize,
    pub with: ByField<f64>,
    pub weights: ByField<[f32; LEVELS]>,
    pub prior: f32,
    pub iterations: u32,
    pub plan: Plan,
    pub month_first: bool,
    /// How often each value was seen, where that was more than once.
    #[serde(skip)]
    pub known: AHashMap<u64, u32>,
}

/// Kinds of values; they go into the hash.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Of {
    Stem = 1,
    Given,
    UnknownGiven,
    Father,
    UnknownFather,
    Phone,
    Mailbox,
    Home,
    Birth,
    Value,
}

fn key(of: Of, content: &[u8]) -> u64 {
    text_key(content).rotate_left(5) ^ (of as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn given_content(base: &Base, class: u32) -> u64 {
    // Cards hold the class plus one: zero is "no name".
    match class.checked_sub(1 + UNKNOWN_GIVEN) {
        Some(fold) => key(Of::UnknownGiven, base.names.fold_text(fold)),
        None => key(Of::Given, &class.to_le_bytes()),
    }
}

fn father_content(base: &Base, class: u32) -> u64 {
    match class.checked_sub(UNKNOWN_GIVEN) {
        Some(fold) => key(Of::UnknownFather, base.names.fold_text(fold)),
        None => key(Of::Father, &class.to_le_bytes()),
    }
}

fn home_content(base: &Base, card: &Card) -> u64 {
    let a = &card.address;
    let mut text = Vec::with_capacity(64);
    for part in [a.town, a.street, a.house, a.flat, a.branch] {
        text.extend_from_slice(base.addresses.text(part));
        text.push(0);
    }
    key(Of::Home, &text)
}

fn value_content(base: &Base, field: Field, value: u32) -> u64 {
    let mut text = vec![field as u8];
    text.extend_from_slice(base.texts.get(value));
    key(Of::Value, &text)
}

/// The single values of a card that are counted one by one.
fn values(card: &Card) -> impl Iterator<Item = (Field, u32)> {
    [
        (Field::National, card.national),
        (Field::Postcode, card.postcode),
        (Field::Region, card.region),
        (Field::Other, card.other),
    ]
    .into_iter()
    .filter(|v| v.1 != 0)
}

impl Model {
    /// The beliefs without their base.
    #[must_use]
    pub fn freeze(&self, base: &Base) -> Frozen {
        let mut known = AHashMap::new();
        let mut keep = |hash: u64, n: u32| {
            if n > 1 {
                known.insert(hash, n);
            }
        };
        for (stem, n) in (0_u32..).zip(&self.stems).skip(1) {
            keep(key(Of::Stem, base.names.stem_text(stem)), *n);
        }
        for (mailbox, n) in (0_u32..).zip(&self.mailboxes).skip(1) {
            keep(key(Of::Mailbox, base.emails.text(mailbox).as_bytes()), *n);
        }
        self.givens.iter().for_each(|(class, n)| keep(given_content(base, *class), *n));
        self.patronymics.iter().for_each(|(class, n)| keep(father_content(base, *class), *n));
        self.phones.iter().for_each(|(phone, n)| keep(key(Of::Phone, &phone.to_le_bytes()), *n));
        self.births.iter().for_each(|(birth, n)| keep(key(Of::Birth, &birth.to_le_bytes()), *n));
        for card in &base.cards {
            if let Some(n) = self.homes.get(&card.address) {
                keep(home_content(base, card), *n);
            }
            for (field, value) in values(card) {
                if let Some(n) = self.values.get(&(field as u8, value)) {
                    keep(value_content(base, field, value), *n);
                }
            }
        }
        Frozen {
            cards: self.cards,
            records: base.card_of.len(),
            with: self.with,
            weights: self.weights,
            prior: self.prior,
            iterations: self.iterations,
            plan: base.plan,
            month_first: base.month_first,
            known,
        }
    }

    /// The beliefs over another base.
    #[must_use]
    pub fn thaw(frozen: &Frozen, base: &Base) -> Self {
        let mut it = Self::without_frequencies();
        (it.cards, it.with, it.weights) = (frozen.cards, frozen.with, frozen.weights);
        (it.prior, it.iterations) = (frozen.prior, frozen.iterations);
        for card in &base.cards {
            it.admit(frozen, base, card);
        }
        it
    }

    /// Looks up what was known of the values of a card that came after the beliefs were frozen.
    pub fn admit(&mut self, frozen: &Frozen, base: &Base, card: &Card) {
        let known = |hash: u64| frozen.known.get(&hash).copied();
        for stem in count(self.stems.len())..count(base.names.stem_count()) {
            self.stems.push(known(key(Of::Stem, base.names.stem_text(stem))).unwrap_or(1));
        }
        for mailbox in count(self.mailboxes.len())..count(base.emails.mailbox_count()) {
            self.mailboxes.push(known(key(Of::Mailbox, base.emails.text(mailbox).as_bytes())).unwrap_or(1));
        }
        if card.given_key != 0 && !self.givens.contains_key(&card.given_key) {
            self.givens.insert(card.given_key, known(given_content(base, card.given_key)).unwrap_or(1));
        }
        if card.name.patronymic != 0 {
            let class = patronymic_key(&base.names, card.name.patronymic);
            if !self.patronymics.contains_key(&class) {
                self.patronymics.insert(class, known(father_content(base, class)).unwrap_or(1));
            }
        }
        for number in base.phones(card).iter().filter(|p| !phone::is_weak(**p)) {
            if let Some(n) = known(key(Of::Phone, &number.to_le_bytes())) {
                self.phones.insert(*number, n);
            }
        }
        if card.birth != 0
            && let Some(n) = known(key(Of::Birth, &card.birth.to_le_bytes()))
        {
            self.births.insert(card.birth, n);
        }
        if card.address.is_home()
            && let Some(n) = known(home_content(base, card))
        {
            self.homes.insert(card.address, n);
        }
        for (field, value) in values(card) {
            if let Some(n) = known(value_content(base, field, value)) {
                self.values.insert((field as u8, value), n);
            }
        }
    }
}

/// Hashes under which the values of a card are counted: what an erasure takes out of the beliefs.
#[must_use]
pub fn traces(base: &Base, card: &Card) -> Vec<u64> {
    let mut out: Vec<u64> = base.phones(card).iter().map(|p| key(Of::Phone, &p.to_le_bytes())).collect();
    for email in base.emails(card) {
        let mailbox = base.emails.parts(*email).mailbox;
        out.push(key(Of::Mailbox, base.emails.text(mailbox).as_bytes()));
    }
    if card.stem != 0 {
        out.push(key(Of::Stem, base.names.stem_text(card.stem)));
    }
    if card.birth != 0 {
        out.push(key(Of::Birth, &card.birth.to_le_bytes()));
    }
    if card.address.is_home() {
        out.push(home_content(base, card));
    }
    out.extend(values(card).map(|(field, value)| value_content(base, field, value)));
    out
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
