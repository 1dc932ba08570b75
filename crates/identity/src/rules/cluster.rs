//! From links to people. Links are taken strongest first, and each merge is checked against the whole of both cards: no union may
//! put together two first names, two patronymics or two sexes, however strong the one link that asks for it.

use ahash::AHashMap;

use super::card::{Base, CardId};
use super::compare;

/// A judged pair of cards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    pub a: CardId,
    pub b: CardId,
    /// Log-odds in bits that the two are one person.
    pub bits: f32,
    /// A shop's own word: an address row of an order, or a person's decision.
    pub given: bool,
}

/// People found: union–find with the members of each group at hand.
#[derive(Debug)]
pub struct Clusters {
    parent: Vec<CardId>,
    /// Members of a group form a ring.
    next: Vec<CardId>,
    size: Vec<u32>,
    apart: AHashMap<CardId, Vec<CardId>>,
}

/// Pairs of names checked per merge.
const CHECKS: u64 = 4_096;

impl Clusters {
    #[must_use]
    pub fn new(cards: usize) -> Self {
        let ids = || (0..cards).map(|i| CardId::try_from(i).unwrap_or(CardId::MAX)).collect();
        Self { parent: ids(), next: ids(), size: vec![1; cards], apart: AHashMap::new() }
    }

    /// Forbids two cards to share a group.
    pub fn keep_apart(&mut self, a: CardId, b: CardId) {
        self.apart.entry(a).or_default().push(b);
        self.apart.entry(b).or_default().push(a);
    }

    pub fn find(&mut self, mut id: CardId) -> CardId {
        while self.parent[id as usize] != id {
            let above = self.parent[self.parent[id as usize] as usize];
            self.parent[id as usize] = above;
            id = above;
        }
        id
    }

    /// Room for cards that came later, each a group of its own.
    pub fn grow(&mut self, cards: usize) {
        for id in self.parent.len()..cards {
            let id = CardId::try_from(id).unwrap_or(CardId::MAX);
            self.parent.push(id);
            self.next.push(id);
            self.size.push(1);
        }
    }

    /// Takes whole groups apart: every card is a group of its own again.
    pub fn scatter(&mut self, cards: &[CardId]) {
        for id in cards {
            self.parent[*id as usize] = *id;
            self.next[*id as usize] = *id;
            self.size[*id as usize] = 1;
        }
    }

    /// Forgets who must be kept apart.
    pub fn forget_apart(&mut self) {
        self.apart.clear();
    }

    /// The cards of a group, beginning with the given one.
    pub fn members(&self, of: CardId) -> impl Iterator<Item = CardId> {
        let mut at = Some(of);
        std::iter::from_fn(move || {
            let now = at?;
            let after = self.next[now as usize];
            at = (after != of).then_some(after);
            Some(now)
        })
    }

    #[must_use]
    pub fn size(&self, root: CardId) -> u32 {
        self.size[root as usize]
    }

    fn unite(&mut self, a: CardId, b: CardId) {
        let (big, small) = if self.size[a as usize] >= self.size[b as usize] { (a, b) } else { (b, a) };
        self.parent[small as usize] = big;
        self.size[big as usize] += self.size[small as usize];
        self.next.swap(big as usize, small as usize);
    }

    fn held_apart(&mut self, a: CardId, b: CardId) -> bool {
        if self.apart.is_empty() {
            return false;
        }
        let small = if self.size[a as usize] <= self.size[b as usize] { a } else { b };
        let other = if small == a { b } else { a };
        let members: Vec<CardId> = self.members(small).collect();
        for member in members {
            for enemy in self.apart.get(&member).cloned().unwrap_or_default() {
                if self.find(enemy) == other {
                    return true;
                }
            }
        }
        false
    }

    /// A person's decision: joins without looking at names. `false` when another decision keeps them apart.
    pub fn must_join(&mut self, a: CardId, b: CardId) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return true;
        }
        if self.held_apart(a, b) {
            return false;
        }
        self.unite(a, b);
        true
    }

    /// Joins the groups of a link unless some card of one contradicts some card of the other.
    pub fn join(&mut self, base: &Base, link: &Link) -> bool {
        let (a, b) = (self.find(link.a), self.find(link.b));
        if a == b {
            return true;
        }
        if self.held_apart(a, b) || self.contradict(base, a, b) {
            return false;
        }
        self.unite(a, b);
        true
    }

    /// Whether the groups of a link exclude each other, by names or by decision.
    pub fn contradicts(&mut self, base: &Base, link: &Link) -> bool {
        let (a, b) = (self.find(link.a), self.find(link.b));
        a != b && (self.held_apart(a, b) || self.contradict(base, a, b))
    }

    fn contradict(&self, base: &Base, a: CardId, b: CardId) -> bool {
        let product = u64::from(self.size(a)) * u64::from(self.size(b));
        if product <= CHECKS {
            return self.members(a).any(|x| {
                self.members(b).any(|y| compare::name_veto(base, base.card(x), base.card(y)).is_some())
            });
        }
        // Large groups repeat themselves: only different names are checked, and too many of those are not one person.
        let (xs, ys) = (self.namings(base, a), self.namings(base, b));
        xs.len() as u64 * ys.len() as u64 > CHECKS
            || xs
                .iter()
                .any(|x| ys.iter().any(|y| compare::name_veto(base, base.card(*x), base.card(*y)).is_some()))
    }

    /// One card for each way in which a group's person is named.
    fn namings(&self, base: &Base, group: CardId) -> Vec<CardId> {
        let mut seen = ahash::AHashSet::new();
        self.members(group)
            .filter(|id| {
                let card = base.card(*id);
                seen.insert((card.name, card.national))
            })
            .collect()
    }
}

/// Puts links into the one order that does not depend on who came first.
pub fn order(base: &Base, links: &mut [Link]) {
    use rayon::slice::ParallelSliceMut;
    let key = |l: &Link| {
        let (x, y) = (base.card(l.a).fingerprint, base.card(l.b).fingerprint);
        (x.min(y), x.max(y))
    };
    links.par_sort_unstable_by(|l, r| {
        r.given.cmp(&l.given).then(r.bits.total_cmp(&l.bits)).then_with(|| key(l).cmp(&key(r)))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::batch::PersonRecord;

    fn base(names: &[&str]) -> Base {
        let mut base = Base::default();
        for (i, name) in names.iter().enumerate() {
            base.add(&PersonRecord { id: &i.to_string(), full_name: name, ..PersonRecord::default() });
        }
        base
    }

    fn link(a: CardId, b: CardId) -> Link {
        Link { a, b, bits: 10.0, given: false }
    }

    #[test]
    fn an_initial_does_not_glue_brothers() {
        let base = base(&["Петренко О.", "Петренко Олексій", "Петренко Олександр"]);
        let mut it = Clusters::new(3);
        assert!(it.join(&base, &link(0, 1)));
        assert!(!it.join(&base, &link(0, 2)));
        assert_eq!(it.find(0), it.find(1));
        assert_ne!(it.find(0), it.find(2));
    }

    #[test]
    fn decisions_of_people_hold() {
        let base = base(&["Петренко Олексій", "Петренко Олексій", "Петренко Олексій"]);
        let mut it = Clusters::new(3);
        it.keep_apart(0, 2);
        assert!(it.must_join(0, 1));
        assert!(!it.must_join(1, 2), "2 is apart from 0, which 1 has joined");
        assert!(!it.join(&base, &link(1, 2)));
    }
}
