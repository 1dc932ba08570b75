//! What is believed about agreement: how rare each value is, and the weights of Fellegi and Sunter (1969), learned without labels by
//! expectation–maximisation on distinct patterns (Jaro 1989), with term frequencies (Winkler 2000).

use ahash::AHashMap;

use super::address::Address;
use super::card::{Base, Card};
use super::compare::{
    self, FIELDS, Field, LEVELS, MISSING, SAME, emails, given, home, patronymic, phones, single, surname,
};
pub(super) use super::name::UNKNOWN_GIVEN;
use super::name::{Names, TokenId};
use super::parted::{self, Parted};
use super::phone::{self, Phone};

/// A value shared by this many different people is no evidence: a placeholder, an office, a shop's own number.
const GENERIC_GIVENS: usize = 5;
const GENERIC_SURNAMES: usize = 4;
/// Marks a generic value in the counts of people.
const GENERIC: u32 = 1 << 31;
/// An office's number or mailbox is a true contact of that many colleagues, worth less the more they are; beyond that it is the
/// shop's own.
const OFFICE: u32 = 12;

/// People assumed behind every frequency, so that a handful of records is judged like a small town.
const BACKGROUND: f64 = 1_000.0;

/// Chances of each level between two cards of one person, before a base is seen. They are what shops' bases look like, not any one base.
#[rustfmt::skip]
const M: [[f64; LEVELS]; FIELDS] = [
    // missing, same, variant, initial, slip, different
    [0.0, 0.80, 0.12, 0.03, 0.045, 0.005, 0.0, 0.0],
    // missing, same, slip, part, different woman, different
    [0.0, 0.87, 0.060, 0.012, 0.050, 0.008, 0.0, 0.0],
    // missing, same, initial, slip, different
    [0.0, 0.90, 0.05, 0.04, 0.01, 0.0, 0.0, 0.0],
    // missing, same, near, different
    [0.0, 0.72, 0.03, 0.25, 0.0, 0.0, 0.0, 0.0],
    // missing, same, ending, like name, like digits, like own, different
    [0.0, 0.70, 0.02, 0.02, 0.02, 0.02, 0.22, 0.0],
    [0.0, 0.92, 0.05, 0.03, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.93, 0.05, 0.02, 0.0, 0.0, 0.0, 0.0],
    // missing, same, house, street, town, different, branch
    [0.0, 0.52, 0.12, 0.03, 0.15, 0.08, 0.10, 0.0],
    [0.0, 0.85, 0.06, 0.09, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.90, 0.02, 0.08, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.80, 0.10, 0.10, 0.0, 0.0, 0.0, 0.0],
];

/// Chances of each level between two people. Agreement (level 1) is not here: it is counted value by value.
#[rustfmt::skip]
const U: [[f64; LEVELS]; FIELDS] = [
    [1.0, 1.0, 0.05, 0.06, 0.01, 0.95, 1.0, 1.0],
    // Who shares a number or a mailbox and is another woman seldom has the same first name: far less than two strangers do.
    [1.0, 1.0, 0.004, 0.004, 0.15, 0.99, 1.0, 1.0],
    [1.0, 1.0, 0.08, 0.02, 0.95, 1.0, 1.0, 1.0],
    [1.0, 1.0, 1.0e-4, 1.0, 1.0, 1.0, 1.0, 1.0],
    [1.0, 1.0, 1.0e-4, 0.02, 5.0e-4, 1.0e-5, 1.0, 1.0],
    [1.0, 1.0, 0.003, 0.99, 1.0, 1.0, 1.0, 1.0],
    [1.0, 1.0, 1.0e-5, 1.0, 1.0, 1.0, 1.0, 1.0],
    [1.0, 1.0, 0.001, 0.01, 0.10, 0.90, 0.002, 1.0],
    [1.0, 1.0, 0.01, 0.99, 1.0, 1.0, 1.0, 1.0],
    [1.0, 1.0, 0.05, 0.90, 1.0, 1.0, 1.0, 1.0],
    [1.0, 1.0, 0.02, 0.98, 1.0, 1.0, 1.0, 1.0],
];

/// How many imagined pairs stand behind each row of [`M`]; names get more, so that families are never learned as people.
const FAITH: [f64; FIELDS] = [400.0, 400.0, 400.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0];

/// One version of beliefs. Frozen after learning: what arrives later is judged by it until a new version is published.
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) cards: f64,
    pub(super) stems: Vec<u32>,
    pub(super) givens: AHashMap<u32, u32>,
    pub(super) patronymics: AHashMap<u32, u32>,
    /// People behind each phone shared by two cards or more; [`GENERIC`] marks a value that says nothing.
    pub(super) phones: AHashMap<Phone, u32>,
    pub(super) mailboxes: Vec<u32>,
    pub(super) homes: AHashMap<Address, u32>,
    pub(super) births: AHashMap<u32, u32>,
    pub(super) values: AHashMap<(u8, u32), u32>,
    pub(super) with: [f64; FIELDS],
    pub weights: [[f32; LEVELS]; FIELDS],
    pub prior: f32,
    pub iterations: u32,
}

/// Number of pairs with each pattern and rounded rarity.
pub type PatternCounts = AHashMap<(u64, i16), u64>;

impl Model {
    /// Counts how often values occur; weights are those of a typical shop until [`Model::learn_weights`].
    #[must_use]
    pub fn learn_frequencies(base: &Base) -> Self {
        let mut it = Self::without_frequencies();
        it.cards = count(base.cards.len().max(2));
        it.stems = vec![0; base.names.stem_count()];
        it.mailboxes = vec![0; base.emails.mailbox_count()];
        for card in &base.cards {
            it.count_card(base, card);
        }
        it.count_shared(base);
        it.prior = it.prior_for(count(base.cards.len()) * 0.15);
        it.set_weights(&M);
        it
    }

    /// Nothing counted yet.
    pub(super) fn without_frequencies() -> Self {
        Self {
            cards: 2.0,
            stems: Vec::new(),
            givens: AHashMap::new(),
            patronymics: AHashMap::new(),
            phones: AHashMap::new(),
            mailboxes: Vec::new(),
            homes: AHashMap::new(),
            births: AHashMap::new(),
            values: AHashMap::new(),
            with: [0.0; FIELDS],
            weights: [[0.0; LEVELS]; FIELDS],
            prior: 0.0,
            iterations: 0,
        }
    }

    /// The same beliefs in a base of that many cards: a name says less in a big town.
    #[must_use]
    pub fn sized(mut self, cards: usize) -> Self {
        self.cards = count(cards.max(2));
        self.prior = self.prior_for(self.cards * 0.15);
        self
    }

    fn count_card(&mut self, base: &Base, card: &Card) {
        let mut add = |field: Field, present: bool| self.with[field as usize] += f64::from(u8::from(present));
        add(Field::Given, card.given_key != 0);
        add(Field::Surname, card.stem != 0);
        add(Field::Patronymic, card.name.patronymic != 0);
        add(Field::Birth, card.birth != 0);
        add(Field::National, card.national != 0);
        add(Field::Address, card.address.is_home());
        add(Field::Postcode, card.postcode != 0);
        add(Field::Region, card.region != 0);
        add(Field::Other, card.other != 0);
        if let Some(n) = self.stems.get_mut(card.stem as usize) {
            *n += 1;
        }
        if card.given_key != 0 {
            *self.givens.entry(card.given_key).or_default() += 1;
        }
        if card.name.patronymic != 0 {
            *self.patronymics.entry(patronymic_key(&base.names, card.name.patronymic)).or_default() += 1;
        }
        if card.birth != 0 {
            *self.births.entry(card.birth).or_default() += 1;
        }
        if card.address.is_home() {
            *self.homes.entry(card.address).or_default() += 1;
        }
        for (field, value) in [
            (Field::National, card.national),
            (Field::Postcode, card.postcode),
            (Field::Region, card.region),
            (Field::Other, card.other),
        ] {
            if value != 0 {
                *self.values.entry((field as u8, value)).or_default() += 1;
            }
        }
    }

    /// Counts the people behind each phone and mailbox and finds the generic ones.
    fn count_shared(&mut self, base: &Base) {
        let mut uses: Vec<parted::Entry> = Vec::with_capacity(base.cards.len());
        for (id, card) in (0_u32..).zip(&base.cards) {
            uses.extend(base.phones(card).iter().filter(|p| !phone::is_weak(**p)).map(|p| (*p, id)));
        }
        let mut phones = AHashMap::new();
        people_per_value(base, &uses, |phone, people| {
            // One person is what is believed of a number that is not here.
            if people != 1 {
                phones.insert(phone, people);
            }
        });
        self.phones = phones;
        uses.clear();
        for (id, card) in (0_u32..).zip(&base.cards) {
            uses.extend(base.emails(card).iter().map(|e| (u64::from(base.emails.parts(*e).mailbox), id)));
        }
        let mailboxes = &mut self.mailboxes;
        mailboxes.fill(1);
        people_per_value(base, &uses, |mailbox, people| {
            if let Some(n) = usize::try_from(mailbox).ok().and_then(|i| mailboxes.get_mut(i)) {
                *n = people;
            }
        });
    }

    fn set_weights(&mut self, m: &[[f64; LEVELS]; FIELDS]) {
        for field in 0..FIELDS {
            for level in 1..LEVELS {
                let ratio =
                    if M[field][level] > 0.0 { m[field][level].max(1e-6) / U[field][level] } else { 1.0 };
                self.weights[field][level] = bits(ratio);
            }
        }
    }

    /// Log-odds in bits that two random cards are one person, given how many pairs are.
    fn prior_for(&self, matches: f64) -> f32 {
        let pairs = self.cards * (self.cards - 1.0) / 2.0;
        let share = (matches.max(1.0) / pairs.max(1.0)).min(0.4);
        bits(share / (1.0 - share))
    }

    /// Learns the weights and the prior from the patterns of the candidate pairs; pairs that were never compared count as different.
    pub fn learn_weights(&mut self, patterns: &PatternCounts) {
        let mut patterns: Vec<_> = patterns
            .iter()
            .map(|((p, r), n)| (compare::levels_of(*p), f64::from(*r), count_u64(*n)))
            .collect();
        // A fixed order makes the sums, and so the weights, the same in every run.
        patterns.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut m = M;
        for iteration in 1..=40 {
            let before = (self.prior, self.weights);
            let mut seen = [[0.0; LEVELS]; FIELDS];
            let mut matches = 0.0;
            for (levels, rarity, n) in &patterns {
                let evidence = f64::from(self.sum(levels)) + rarity + f64::from(self.prior);
                let p = n / (1.0 + (-evidence).exp2());
                matches += p;
                for (field, level) in levels.iter().enumerate() {
                    seen[field][usize::from(*level)] += p;
                }
            }
            for field in 0..FIELDS {
                let total: f64 = seen[field][1..].iter().sum();
                // Beliefs about names carry a weight that grows with the base: no number of couples turns them into namesakes.
                let faith = if field < 3 { FAITH[field].max(total) } else { FAITH[field] };
                for level in 1..LEVELS {
                    m[field][level] = (seen[field][level] + faith * M[field][level]) / (total + faith);
                }
            }
            self.set_weights(&m);
            self.prior = self.prior_for(matches);
            self.iterations = iteration;
            let moved = self
                .weights
                .iter()
                .flatten()
                .zip(before.1.iter().flatten())
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            if moved < 0.01 && (self.prior - before.0).abs() < 0.01 {
                break;
            }
        }
    }

    /// The weights of a pattern's levels, without prior and rarity.
    #[must_use]
    pub fn sum(&self, levels: &[u8; FIELDS]) -> f32 {
        levels
            .iter()
            .zip(&self.weights)
            .filter(|(l, _)| **l != MISSING)
            .map(|(l, w)| w[usize::from(*l)])
            .sum()
    }

    /// A small base says little about rarity, so every count is mixed with a background of [`BACKGROUND`] people.
    fn rarity(&self, field: Field, seen: u32) -> f32 {
        let share = match field {
            Field::Given | Field::Patronymic => 1.0 / 32.0,
            Field::Region => 1.0 / 16.0,
            _ => 1.0 / 1_000.0,
        };
        bits((self.with[field as usize] + BACKGROUND) / (f64::from(seen.max(1)) + BACKGROUND * share))
    }

    /// What counts is how many OTHER people have the value: few, where all cards with it could be one person.
    fn shared_rarity(&self, people: u32) -> f32 {
        bits(self.cards.max(BACKGROUND) / (f64::from(people.max(1)) - 0.8))
    }

    #[must_use]
    pub fn surname_rarity(&self, stem: u32) -> f32 {
        self.rarity(Field::Surname, self.stems.get(stem as usize).copied().unwrap_or(1))
    }

    /// The commoner of two forms decides: Саша may be anybody's Саша.
    #[must_use]
    pub fn given_rarity(&self, a: u32, b: u32) -> f32 {
        let seen = |key: u32| self.givens.get(&key).copied().unwrap_or(1);
        self.rarity(Field::Given, seen(a).max(seen(b)))
    }

    #[must_use]
    pub fn patronymic_rarity(&self, names: &Names, token: TokenId) -> f32 {
        self.rarity(
            Field::Patronymic,
            self.patronymics.get(&patronymic_key(names, token)).copied().unwrap_or(1),
        )
    }

    #[must_use]
    pub fn is_generic_phone(&self, phone: Phone) -> bool {
        self.phones.get(&phone).is_some_and(|people| people & GENERIC != 0)
    }

    #[must_use]
    pub fn is_generic_mailbox(&self, mailbox: u32) -> bool {
        self.mailboxes.get(mailbox as usize).is_some_and(|people| people & GENERIC != 0)
    }

    /// `None` for a generic number.
    #[must_use]
    pub fn phone_rarity(&self, phone: Phone) -> Option<f32> {
        match self.phones.get(&phone) {
            None => Some(self.shared_rarity(1)),
            Some(people) if people & GENERIC != 0 => None,
            Some(people) => Some(self.shared_rarity(*people)),
        }
    }

    /// Whether nothing speaks for more than one person behind a number.
    #[must_use]
    pub fn is_ones_phone(&self, phone: Phone) -> bool {
        self.phones.get(&phone).is_none_or(|people| *people == 1)
    }

    /// Whether nothing speaks for more than one person behind a mailbox or profile.
    #[must_use]
    pub fn is_ones_mailbox(&self, mailbox: u32) -> bool {
        self.mailboxes.get(mailbox as usize).is_none_or(|people| *people <= 1)
    }

    /// `None` for a generic address.
    #[must_use]
    pub fn email_rarity(&self, mailbox: u32) -> Option<f32> {
        match self.mailboxes.get(mailbox as usize) {
            None => Some(self.shared_rarity(1)),
            Some(people) if people & GENERIC != 0 => None,
            Some(people) => Some(self.shared_rarity(*people)),
        }
    }

    #[must_use]
    pub fn birth_rarity(&self, birth: u32) -> f32 {
        self.rarity(Field::Birth, self.births.get(&birth).copied().unwrap_or(1))
    }

    #[must_use]
    pub fn home_rarity(&self, home: &Address) -> f32 {
        self.rarity(Field::Address, self.homes.get(home).copied().unwrap_or(1)).min(14.0)
    }

    #[must_use]
    pub fn value_rarity(&self, field: Field, value: u32) -> f32 {
        if field == Field::National {
            // A document number belongs to one person; only one typed on many cards is a filler.
            let seen = self.values.get(&(field as u8, value)).copied().unwrap_or(1);
            let others = if seen > 6 { f64::from(seen) } else { 0.2 };
            return bits((self.with[field as usize] + BACKGROUND) / others);
        }
        self.rarity(field, self.values.get(&(field as u8, value)).copied().unwrap_or(1))
    }

    /// How many values are known to be shared by too many people to mean anything: phones, mailboxes.
    #[must_use]
    pub fn generic_values(&self) -> (usize, usize) {
        (
            self.phones.values().filter(|n| **n & GENERIC != 0).count(),
            self.mailboxes.iter().skip(1).filter(|n| **n & GENERIC != 0).count(),
        )
    }

    /// How one field and level read in an explanation.
    #[must_use]
    pub fn weight(&self, field: Field, level: u8) -> f32 {
        self.weights[field as usize][usize::from(level)]
    }
}

/// Calls `found` with each value on two or more cards and the number of people behind it, marked when generic.
fn people_per_value(base: &Base, uses: &[parted::Entry], mut found: impl FnMut(u64, u32)) {
    let parts = parted::repeated(&[Parted::deal(uses)]);
    let mut givens: Vec<u32> = Vec::new();
    let mut stems: Vec<u32> = Vec::new();
    for run in parts.iter().flat_map(|part| part.chunk_by(|a, b| a.0 == b.0)) {
        if run.len() < 2 {
            continue;
        }
        givens.clear();
        stems.clear();
        for (_, id) in run {
            let card = base.card(*id);
            if card.given_key != 0 {
                givens.push(card.given_key);
            }
            if card.stem != 0 {
                stems.push(card.stem);
            }
        }
        for list in [&mut givens, &mut stems] {
            list.sort_unstable();
            list.dedup();
        }
        // Of one first name under two surnames more are married women than namesakes with one number.
        let different = if givens.len() == 1 && stems.len() == 2 { 1 } else { givens.len().max(stems.len()) };
        let people = u32::try_from(different.max(1)).unwrap_or(u32::MAX);
        let generic = givens.len() >= GENERIC_GIVENS && stems.len() >= GENERIC_SURNAMES && people > OFFICE;
        found(run[0].0, if generic { people | GENERIC } else { people });
    }
}

pub(super) fn patronymic_key(names: &Names, token: TokenId) -> u32 {
    let token = names.token(token);
    names.ids(token.fathers).first().map_or(token.fold + UNKNOWN_GIVEN, |f| u32::from(*f))
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

#[expect(clippy::cast_precision_loss, reason = "counts of pairs stay far below 2^52")]
fn count_u64(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, reason = "logarithms of probabilities fit a single float")]
fn bits(ratio: f64) -> f32 {
    ratio.log2() as f32
}

/// The chance that belongs to log-odds in bits.
#[must_use]
pub fn probability(bits: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(bits)).exp2())
}

/// Plain words for a level, as a stable code: `phone_same`, `surname_slip`.
#[must_use]
pub fn reason(field: Field, level: u8) -> &'static str {
    match (field, level) {
        (Field::Given, SAME) => "given_name_same",
        (Field::Given, given::VARIANT) => "given_name_other_form",
        (Field::Given, given::INITIAL) => "given_name_initial",
        (Field::Given, given::SLIP) => "given_name_slip",
        (Field::Given, _) => "given_name_differs",
        (Field::Surname, SAME) => "surname_same",
        (Field::Surname, surname::SLIP) => "surname_slip",
        (Field::Surname, surname::PART) => "surname_in_part",
        (Field::Surname, surname::DIFFERENT_WOMAN) => "surname_changed",
        (Field::Surname, _) => "surname_differs",
        (Field::Patronymic, SAME) => "patronymic_same",
        (Field::Patronymic, patronymic::INITIAL) => "patronymic_initial",
        (Field::Patronymic, patronymic::SLIP) => "patronymic_slip",
        (Field::Patronymic, _) => "patronymic_differs",
        (Field::Phone, SAME) => "phone_same",
        (Field::Phone, phones::NEAR) => "phone_digit_slip",
        (Field::Phone, _) => "phone_differs",
        (Field::Email, SAME) => "email_same",
        (Field::Email, emails::ENDING) => "email_domain_slip",
        (Field::Email, emails::LIKE_NAME | emails::LIKE_DIGITS | emails::LIKE_OWN) => "email_alike",
        (Field::Email, _) => "email_differs",
        (Field::Birth, SAME) => "birth_date_same",
        (Field::Birth, single::SLIP) => "birth_date_slip",
        (Field::Birth, _) => "birth_date_differs",
        (Field::National, SAME) => "document_same",
        (Field::National, single::SLIP) => "document_slip",
        (Field::National, _) => "document_differs",
        (Field::Address, SAME) => "home_same",
        (Field::Address, home::HOUSE) => "house_same",
        (Field::Address, home::STREET) => "street_same",
        (Field::Address, home::TOWN) => "town_same",
        (Field::Address, home::BRANCH) => "branch_same",
        (Field::Address, _) => "address_differs",
        (Field::Postcode, SAME) => "postcode_same",
        (Field::Postcode, single::SLIP) => "postcode_slip",
        (Field::Postcode, _) => "postcode_differs",
        (Field::Region, SAME) => "region_same",
        (Field::Region, single::SLIP) => "region_slip",
        (Field::Region, _) => "region_differs",
        (Field::Other, SAME) => "other_same",
        (Field::Other, single::SLIP) => "other_slip",
        (Field::Other, _) => "other_differs",
    }
}
