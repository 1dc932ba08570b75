//! Blocking: which pairs of cards are worth comparing. Every card gets keys; cards that share a key meet. A key shared by too many
//! cards is split by a second key instead of comparing everybody with everybody.

use ahash::AHashSet;
use rayon::prelude::*;

use super::card::{Base, Card, CardId};
use super::email::EmailId;
use super::model::Model;
use super::parted::{self, Parted};
use super::phone;

/// Most cards that meet under one key. Names alone say little, so fewer meet by name.
pub(super) const CAP: usize = 48;
const NAME_CAP: usize = 12;
/// Halves of mailbox names are often just surnames.
const PART_CAP: usize = 8;

/// Kinds of keys; the kind is kept in the low bits of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Phone = 1,
    PhonePart = 2,
    Mailbox = 3,
    MailboxPart = 4,
    Name = 5,
    Birth = 6,
    National = 7,
    Home = 8,
    Postcode = 9,
    Second = 10,
}

const KIND_MASK: u64 = 15;

pub(super) fn mix(kind: Kind, a: u64, b: u64) -> u64 {
    // Multiply-and-fold with odd constants (wyhash); the inputs are dense numbers, not chosen by anybody.
    let product = u128::from(a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x2D35_8DCC_AA6C_78A5)
        * u128::from(
            b.wrapping_add(0x8BB8_4B93_962E_ACC9).wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ u64::from(kind as u8),
        );
    let folded = product.to_le_bytes();
    let low = u64::from_le_bytes([
        folded[0], folded[1], folded[2], folded[3], folded[4], folded[5], folded[6], folded[7],
    ]);
    let high = u64::from_le_bytes([
        folded[8], folded[9], folded[10], folded[11], folded[12], folded[13], folded[14], folded[15],
    ]);
    (low ^ high) & !KIND_MASK | u64::from(kind as u8)
}

/// FNV-1a of a text.
#[must_use]
pub fn text_key(text: &[u8]) -> u64 {
    text.iter().fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01B3))
}

/// Calls `emit` with every key of a card.
pub fn keys(base: &Base, model: &Model, card: &Card, mut emit: impl FnMut(u64)) {
    let given = u64::from(card.given_key);
    let stem = u64::from(card.stem);
    for number in base.phones(card) {
        if model.is_generic_phone(*number) {
            continue;
        }
        if !phone::is_weak(*number) {
            emit(mix(Kind::Phone, *number, 0));
        }
        let core = *number & !phone::WEAK;
        if given != 0 {
            emit(mix(Kind::PhonePart, core % 100_000, given));
        }
        if stem != 0 {
            // With an initial only, the surname holds the end of the number instead of the first name.
            emit(mix(Kind::PhonePart, core % 100_000 + 10_000_000, stem));
            let mut head = phone::last_nine(*number);
            while head >= 1_000_000 {
                head /= 10;
            }
            emit(mix(Kind::PhonePart, head + 1_000_000, stem));
        }
    }
    for email in base.emails(card) {
        mailbox_keys(base, model, *email, &mut emit);
    }
    name_keys(base, card, &mut emit);
    if card.birth != 0 {
        let birth = u64::from(card.birth);
        emit(mix(Kind::Birth, birth, 0));
        emit(mix(Kind::Birth, birth, given + 1));
        emit(mix(Kind::Birth, birth, stem + (1 << 33)));
    }
    if card.national != 0 {
        emit(mix(Kind::National, u64::from(card.national), 0));
    }
    if card.address.is_home() {
        let a = &card.address;
        emit(mix(Kind::Home, u64::from(a.street) << 32 | u64::from(a.house), u64::from(a.town)));
        // The street may be spelt otherwise: the same name in the same town and house number.
        emit(mix(Kind::Home, u64::from(a.house) << 32 | u64::from(a.flat), stem + (1 << 33)));
    }
    if card.postcode != 0 {
        let postcode = u64::from(card.postcode);
        emit(mix(Kind::Postcode, postcode, given + 1));
        emit(mix(Kind::Postcode, postcode, stem + (1 << 33)));
    }
}

fn name_keys(base: &Base, card: &Card, emit: &mut impl FnMut(u64)) {
    let token = base.names.token(card.name.given);
    for surname in [card.name.surname, card.name.surname2] {
        if surname == 0 || card.name.given == 0 {
            continue;
        }
        let stem = u64::from(base.names.token(surname).stem);
        if token.given.is_empty() {
            // Both orders: which word is the first name may have been guessed.
            let (a, b) = (stem, u64::from(token.stem));
            emit(mix(Kind::Name, a.min(b), a.max(b)));
        } else {
            for id in base.names.ids(token.given).iter().take(4) {
                emit(mix(Kind::Name, stem, u64::from(*id) + (1 << 40)));
            }
        }
    }
}

fn mailbox_keys(base: &Base, model: &Model, email: EmailId, emit: &mut impl FnMut(u64)) {
    let parts = base.emails.parts(email);
    if model.is_generic_mailbox(parts.mailbox) {
        return;
    }
    if parts.role {
        emit(mix(Kind::Mailbox, u64::from(parts.mailbox), 1));
        return;
    }
    emit(mix(Kind::Mailbox, parts.local, 2));
    if parts.profile {
        return;
    }
    let local = base.emails.local(email);
    if local.len() >= 6 {
        // One slip spoils one half of the mailbox name; the other half still meets.
        let domain = u64::from(parts.domain);
        let (short, long) = (local.len() / 2, local.len().div_ceil(2));
        for half in short..=long {
            emit(mix(Kind::MailboxPart, text_key(&local[..half]), domain));
            emit(mix(Kind::MailboxPart, text_key(&local[local.len() - half..]), domain + (1 << 33)));
        }
    }
}

/// Second keys, by which a crowded block is split.
pub(super) fn second_keys(base: &Base, card: &Card, mut emit: impl FnMut(u64)) {
    let names = &base.names;
    if card.name.patronymic != 0 {
        let token = names.token(card.name.patronymic);
        emit(
            1 << 40
                | names
                    .ids(token.fathers)
                    .first()
                    .map_or(u64::from(token.fold) + (1 << 20), |f| u64::from(*f)),
        );
    }
    if card.stem != 0 && card.given_key != 0 {
        emit(2 << 40 | u64::from(card.stem) << 8 | u64::from(names.token(card.name.given).initial));
    }
    for number in base.phones(card) {
        emit((3 << 40) | (*number % 100_000));
    }
    for email in base.emails(card) {
        emit(4 << 40 | u64::from(base.emails.parts(*email).mailbox));
    }
    if card.address.is_home() {
        emit(5 << 40 | u64::from(card.address.street) << 16 ^ u64::from(card.address.house));
    }
    if card.birth != 0 {
        emit(6 << 40 | u64::from(card.birth));
    }
    if card.postcode != 0 {
        emit(7 << 40 | u64::from(card.postcode));
    }
}

/// Blocks of at least two cards, ready to list the neighbours of each card.
#[derive(Debug, Default)]
pub struct Blocks {
    members: Vec<CardId>,
    /// Where each block ends in `members`.
    ends: Vec<u32>,
    /// Blocks of each card: `of[starts[card]..starts[card + 1]]`.
    starts: Vec<u32>,
    of: Vec<u32>,
}

/// Cards handled by one task.
const TASK: usize = 8_192;

/// The keys of some neighbouring cards, but for those that no row lies on.
fn entries(
    base: &Base,
    model: &Model,
    first: CardId,
    cards: &[Card],
    left: &AHashSet<CardId>,
) -> Vec<parted::Entry> {
    let mut all = Vec::with_capacity(cards.len() * 10);
    for (id, card) in (first..).zip(cards).filter(|(id, _)| !left.contains(id)) {
        let from = all.len();
        keys(base, model, card, |key| {
            if !all[from..].contains(&(key, id)) {
                all.push((key, id));
            }
        });
    }
    all
}

impl Blocks {
    /// The blocks of a base but for the cards that no row lies on any more.
    #[must_use]
    pub fn build(base: &Base, model: &Model, left: &AHashSet<CardId>) -> Self {
        let cards = &base.cards;
        let dealt: Vec<Parted> = cards
            .par_chunks(TASK)
            .enumerate()
            .map(|(task, chunk)| {
                let first = CardId::try_from(task * TASK).unwrap_or(CardId::MAX);
                Parted::deal(&entries(base, model, first, chunk, left))
            })
            .collect();
        let parts = parted::repeated(&dealt);
        drop(dealt);
        let mut it = Self::default();
        let mut crowded: Vec<(u64, CardId)> = Vec::new();
        for run in parts.iter().flat_map(|part| part.chunk_by(|a, b| a.0 == b.0)) {
            if run.len() < 2 {
                continue;
            }
            if run.len() <= cap(run[0].0) {
                it.put(run);
            } else {
                // Asked for together, the cards come sooner.
                std::hint::black_box(run.iter().fold(0, |read, e| read ^ base.card(e.1).fingerprint));
                for (key, id) in run {
                    second_keys(base, base.card(*id), |second| {
                        crowded.push((mix(Kind::Second, *key, second), *id));
                    });
                }
            }
        }
        drop(parts);
        let parts = parted::repeated(&[Parted::deal(&crowded)]);
        drop(crowded);
        for mut part in parts {
            part.dedup();
            for run in part.chunk_by(|a, b| a.0 == b.0) {
                if run.len() >= 2 && run.len() <= CAP {
                    it.put(run);
                }
            }
        }
        it.index(cards.len());
        it
    }

    fn put(&mut self, run: &[(u64, CardId)]) {
        self.members.extend(run.iter().map(|e| e.1));
        self.ends.push(u32::try_from(self.members.len()).unwrap_or(u32::MAX));
    }

    fn index(&mut self, cards: usize) {
        let mut counts = vec![0_u32; cards + 1];
        for id in &self.members {
            counts[*id as usize + 1] += 1;
        }
        for at in 1..counts.len() {
            counts[at] += counts[at - 1];
        }
        self.of = vec![0; self.members.len()];
        let mut next = counts.clone();
        let mut from = 0;
        for (block, end) in (0_u32..).zip(&self.ends) {
            for id in &self.members[from as usize..*end as usize] {
                let place = &mut next[*id as usize];
                self.of[*place as usize] = block;
                *place += 1;
            }
            from = *end;
        }
        self.starts = counts;
    }

    /// Cards after `card` that share a block with it, each once, in order.
    pub fn later_neighbours(&self, card: CardId, out: &mut Vec<CardId>) {
        out.clear();
        let range = self.starts[card as usize] as usize..self.starts[card as usize + 1] as usize;
        for block in &self.of[range] {
            let end = self.ends[*block as usize] as usize;
            let start = if *block == 0 { 0 } else { self.ends[*block as usize - 1] as usize };
            let members = &self.members[start..end];
            // Members are sorted: only those after the card are new pairs.
            let after = members.partition_point(|m| *m <= card);
            out.extend_from_slice(&members[after..]);
        }
        out.sort_unstable();
        out.dedup();
    }
}

pub(super) fn cap(key: u64) -> usize {
    match key & KIND_MASK {
        kind if kind == Kind::Name as u64 => NAME_CAP,
        kind if kind == Kind::MailboxPart as u64 => PART_CAP,
        _ => CAP,
    }
}
