//! Blocks that change while records come and go. Which cards meet is a function of the cards that are there, never of the order in
//! which they came: a key is crowded or not by the number of cards that hold it now.

use ahash::{AHashMap, AHashSet};
use rayon::slice::ParallelSliceMut;
use smallvec::SmallVec;

use super::block::{self, CAP};
use super::card::{Base, Card, CardId};
use super::model::Model;

type Keys = SmallVec<[u64; 24]>;

/// Keys and the cards under them; cards that no record lies on any more stay and are passed over.
#[derive(Debug, Default)]
pub struct LiveBlocks {
    /// What was there at the beginning, sorted by key.
    keys: Vec<u64>,
    ids: Vec<CardId>,
    late: AHashMap<u64, SmallVec<[CardId; 3]>>,
    /// Keys that were crowded at some time: their cards lie under second keys too.
    split: AHashSet<u64>,
}

fn keys_of(base: &Base, model: &Model, card: &Card) -> Keys {
    let mut out = Keys::new();
    block::keys(base, model, card, |key| {
        if !out.contains(&key) {
            out.push(key);
        }
    });
    out
}

fn second_keys_of(base: &Base, card: &Card, key: u64) -> Keys {
    let mut out = Keys::new();
    block::second_keys(base, card, |second| {
        let key = block::mix(block::Kind::Second, key, second);
        if !out.contains(&key) {
            out.push(key);
        }
    });
    out
}

/// Who is there.
pub trait Alive {
    fn is_alive(&self, card: CardId) -> bool;
}

impl LiveBlocks {
    /// The blocks of a whole base.
    #[must_use]
    pub fn build(base: &Base, model: &Model, alive: &impl Alive) -> Self {
        let mut it = Self::default();
        let mut entries: Vec<(u64, CardId)> = Vec::with_capacity(base.cards.len() * 12);
        for (id, card) in (0..).zip(&base.cards) {
            entries.extend(keys_of(base, model, card).into_iter().map(|key| (key, id)));
        }
        entries.par_sort_unstable();
        let mut seconds = Vec::new();
        for run in entries.chunk_by(|a, b| a.0 == b.0) {
            let key = run[0].0;
            if run.len() > block::cap(key)
                && run.iter().filter(|e| alive.is_alive(e.1)).count() > block::cap(key)
            {
                it.split.insert(key);
                for (_, id) in run {
                    seconds.extend(second_keys_of(base, base.card(*id), key).into_iter().map(|k| (k, *id)));
                }
            }
        }
        if !seconds.is_empty() {
            entries.append(&mut seconds);
            entries.par_sort_unstable();
        }
        (it.keys, it.ids) = entries.into_iter().unzip();
        it
    }

    /// The cards under a key, those that are there and those that were.
    fn members(&self, key: u64) -> impl Iterator<Item = CardId> {
        let first = self.lower_bound(key);
        let early = self.keys[first..].iter().take_while(move |k| **k == key).zip(&self.ids[first..]);
        let late = self.late.get(&key).map(|ids| ids.iter().copied());
        early.map(|e| *e.1).chain(late.into_iter().flatten())
    }

    /// Keys are hashes and lie evenly, so a guess by proportion lands near.
    fn lower_bound(&self, key: u64) -> usize {
        let n = self.keys.len();
        if n == 0 {
            return 0;
        }
        let guess = (u128::from(key) * u128::try_from(n).unwrap_or(0)) >> 64;
        let guess = usize::try_from(guess).unwrap_or(0).min(n - 1);
        let (mut low, mut high) = (guess, guess);
        let mut step = 16;
        while low > 0 && self.keys[low] >= key {
            low = low.saturating_sub(step);
            step *= 2;
        }
        step = 16;
        while high < n && self.keys[high] < key {
            high = (high + step).min(n);
            step *= 2;
        }
        low + self.keys[low..high].partition_point(|k| *k < key)
    }

    fn alive(&self, key: u64, alive: &impl Alive) -> usize {
        self.members(key).filter(|id| alive.is_alive(*id)).count()
    }

    /// Cards that meet this one now.
    pub fn neighbours(
        &self,
        base: &Base,
        model: &Model,
        id: CardId,
        alive: &impl Alive,
        out: &mut Vec<CardId>,
    ) {
        out.clear();
        let card = base.card(id);
        let mut here = Vec::new();
        for key in keys_of(base, model, card) {
            if self.gather(key, block::cap(key), alive, &mut here) {
                out.append(&mut here);
                continue;
            }
            for key in second_keys_of(base, card, key) {
                if self.gather(key, CAP, alive, &mut here) {
                    out.append(&mut here);
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        out.retain(|other| *other != id);
    }

    /// The cards under a key, unless they are more than `cap`.
    fn gather(&self, key: u64, cap: usize, alive: &impl Alive, out: &mut Vec<CardId>) -> bool {
        out.clear();
        for id in self.members(key).filter(|id| alive.is_alive(*id)) {
            if out.len() == cap {
                out.clear();
                return false;
            }
            out.push(id);
        }
        true
    }

    /// Puts a new card under its keys. It must not be alive yet: [`LiveBlocks::turned`] follows.
    pub fn insert(&mut self, base: &Base, model: &Model, id: CardId) {
        let card = base.card(id);
        for key in keys_of(base, model, card) {
            self.late.entry(key).or_default().push(id);
            if self.split.contains(&key) {
                for second in second_keys_of(base, card, key) {
                    self.late.entry(second).or_default().push(id);
                }
            }
        }
    }

    /// A card comes to life or leaves; `alive` tells how it is without it. Answers with the cards whose neighbours change by a key
    /// becoming crowded or being so no longer.
    pub fn turned(&mut self, base: &Base, model: &Model, id: CardId, alive: &impl Alive) -> Vec<CardId> {
        let card = base.card(id);
        let mut changed = Vec::new();
        for key in keys_of(base, model, card) {
            let others = self.alive(key, alive);
            let cap = block::cap(key);
            if others < cap {
                continue;
            }
            if self.split.insert(key) {
                let members: Vec<CardId> = self.members(key).collect();
                for member in members {
                    for second in second_keys_of(base, base.card(member), key) {
                        self.late.entry(second).or_default().push(member);
                    }
                }
            }
            if others == cap {
                changed.extend(self.members(key));
            }
            for second in second_keys_of(base, card, key) {
                if self.alive(second, alive) == CAP {
                    changed.extend(self.members(second));
                }
            }
        }
        changed
    }
}
