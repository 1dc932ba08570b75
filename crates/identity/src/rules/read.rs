//! Reading a batch with two hands: one takes the names, the other all else, a portion behind. Neither waits for the other's tables,
//! and the numbers they give do not depend on who was quicker.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::mpsc;

use ahash::{AHashMap, RandomState};
use hashbrown::HashTable;

use super::batch::{NameCells, RecordBatch};
use super::card::{Base, CardId};
use super::dictionary::Gender;
use super::name::{Name, Names, Stray};

/// What the name of a record says.
#[derive(Clone, Debug)]
pub(super) struct NameRead {
    pub name: Name,
    pub stem: u32,
    pub given_key: u32,
    pub gender: Gender,
    /// Hash of the name's parts, the same in every run.
    pub hash: u64,
    /// Contacts typed into the name.
    pub stray: Option<Box<Stray>>,
}

impl NameRead {
    pub fn of(names: &mut Names, hasher: &RandomState, cells: NameCells<'_>) -> Self {
        let mut stray = Stray::default();
        let name = if cells.full.is_empty() {
            names.from_parts(cells.family, cells.given, cells.patronymic, &mut stray)
        } else {
            let mut name = names.parse(cells.full, &mut stray);
            if name.surname == 0 && !cells.family.is_empty() {
                name.surname = names.intern(cells.family.trim());
            }
            name
        };
        let mut h = hasher.build_hasher();
        for token in [name.surname, name.surname2, name.given, name.patronymic] {
            h.write_u64(names.token(token).hash);
        }
        h.write_u32(u32::from_le_bytes([
            name.given_initial,
            name.patronymic_initial,
            name.surname_initial,
            name.generation,
        ]));
        Self {
            stem: names.token(name.surname).stem,
            given_key: if name.given == 0 { 0 } else { names.token(name.given).given_key + 1 },
            gender: names.gender(&name),
            hash: h.finish(),
            stray: (stray != Stray::default()).then(|| Box::new(stray)),
            name,
        }
    }
}

/// Rows that one hand reads while the other reads those before.
const PORTION: usize = 4_096;
/// Portions that may wait for the second hand.
const ON_THE_WAY: usize = 4;
/// Rows that are looked up together.
const AHEAD: usize = 32;

/// What the first hand passes on: most rows repeat another row letter by letter, and those are read once.
struct Portion {
    rows: Range<usize>,
    /// The number of each row's content; new contents are numbered in the order of their first row.
    contents: Vec<u32>,
    /// The names of the new contents.
    names: Vec<NameRead>,
}

struct FirstHand<'a> {
    batch: &'a RecordBatch,
    names: Names,
    hasher: RandomState,
    seen: HashTable<(u64, u32)>,
}

impl FirstHand<'_> {
    fn read(&mut self, from: usize) -> Portion {
        let rows = from..(from + PORTION).min(self.batch.len());
        let mut it =
            Portion { contents: Vec::with_capacity(rows.len()), names: Vec::new(), rows: rows.clone() };
        let mut hashes = [0_u64; AHEAD];
        for first in rows.clone().step_by(AHEAD) {
            let some = first..(first + AHEAD).min(rows.end);
            for (row, hash) in some.clone().zip(&mut hashes) {
                *hash = self.batch.content_hash(row, &self.hasher);
            }
            // Places in a large table come slowly; asked for together they come sooner.
            std::hint::black_box(
                hashes[..some.len()].iter().filter(|h| self.seen.find(**h, |k| k.0 == **h).is_some()).count(),
            );
            for (row, hash) in some.zip(hashes) {
                if let Some(known) = self.seen.find(hash, |k| k.0 == hash) {
                    it.contents.push(known.1);
                    continue;
                }
                let content = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
                self.seen.insert_unique(hash, (hash, content), |k| k.0);
                it.contents.push(content);
                it.names.push(NameRead::of(&mut self.names, &self.hasher, self.batch.name(row)));
            }
        }
        it
    }
}

/// The cards of the contents so far.
#[derive(Default)]
struct SecondHand {
    base: Base,
    /// `CardId::MAX`: rows of this content do not share a card.
    cards: Vec<CardId>,
    /// The names of contents whose rows do not share a card.
    names: AHashMap<u32, NameRead>,
}

impl SecondHand {
    fn read(&mut self, batch: &RecordBatch, portion: Portion) {
        let mut names = portion.names.into_iter();
        for (row, content) in portion.rows.zip(portion.contents) {
            if let Some(card) = self.cards.get(content as usize).copied() {
                if card != CardId::MAX {
                    self.base.card_of.push(card);
                } else if let Some(name) = self.names.get(&content) {
                    self.base.place(&batch.get(row), name);
                }
            } else if let Some(name) = names.next() {
                let (card, shared) = self.base.place(&batch.get(row), &name);
                self.cards.push(if shared { card } else { CardId::MAX });
                if !shared {
                    self.names.insert(content, name);
                }
            }
        }
    }
}

/// Normalises a batch into an empty base.
pub(super) fn read(batch: &RecordBatch, mut base: Base) -> Base {
    let seen = HashTable::with_capacity(batch.len() / 2);
    base.expect(batch.len());
    let (names, hasher) = (std::mem::take(&mut base.names), base.hasher());
    let mut first = FirstHand { batch, names, hasher, seen };
    let mut second = SecondHand { base, ..SecondHand::default() };
    let starts = (0..batch.len()).step_by(PORTION);
    if batch.len() <= PORTION {
        for from in starts {
            second.read(batch, first.read(from));
        }
    } else {
        std::thread::scope(|scope| {
            let (give, take) = mpsc::sync_channel(ON_THE_WAY);
            let second = &mut second;
            scope.spawn(move || take.iter().for_each(|portion| second.read(batch, portion)));
            for from in starts {
                // Nobody takes only when the other hand panicked, and then so does the scope.
                if give.send(first.read(from)).is_err() {
                    break;
                }
            }
        });
    }
    second.base.names = first.names;
    second.base
}
