//! Stable customer ids: a new partition takes over the ids of the old one wherever people can still be recognised.

use ahash::{AHashMap, AHashSet};

/// What becomes of one customer of the new partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Keeps this id.
    Kept(i64),
    New,
}

/// The ids of the new partition.
#[derive(Debug, Default)]
pub struct Assignment {
    /// By number of the new customer.
    pub identities: Vec<Identity>,
    /// Old ids that live on inside another customer: (old id, number of the new customer).
    pub merged: Vec<(i64, u32)>,
    /// New customers split off old ones that live on elsewhere: (old id, number of the new customer).
    pub split: Vec<(i64, u32)>,
    /// Old ids without any record left.
    pub gone: Vec<i64>,
}

/// Gives ids. `customer_of` holds the new customer of each record, `old_of` its old id (`None` for a new record), `gone_from` the old
/// ids of records that are no more. An id goes to the customer that has most of its records; ties go to the older id and the first
/// record, so the outcome does not depend on the order in which records are listed within a customer.
#[must_use]
pub fn assign(customer_of: &[u32], old_of: &[Option<i64>], gone_from: &[i64]) -> Assignment {
    let customers = customer_of.iter().max().map_or(0, |m| *m as usize + 1);
    let mut shared: AHashMap<(i64, u32), u32> = AHashMap::new();
    for (customer, old) in customer_of.iter().zip(old_of) {
        if let Some(old) = old {
            *shared.entry((*old, *customer)).or_default() += 1;
        }
    }
    let mut claims: Vec<(i64, u32, u32)> =
        shared.into_iter().map(|((old, customer), n)| (old, customer, n)).collect();
    claims.sort_unstable_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)).then(a.1.cmp(&b.1)));
    let mut it = Assignment { identities: vec![Identity::New; customers], ..Assignment::default() };
    let mut taken: AHashSet<i64> = AHashSet::new();
    let mut left: Vec<(i64, u32)> = Vec::new();
    for (old, customer, _) in &claims {
        let place = &mut it.identities[*customer as usize];
        if *place == Identity::New && !taken.contains(old) {
            *place = Identity::Kept(*old);
            taken.insert(*old);
        } else {
            left.push((*old, *customer));
        }
    }
    let mut merged: AHashSet<i64> = AHashSet::new();
    for (old, customer) in left {
        if taken.contains(&old) {
            if it.identities[customer as usize] == Identity::New {
                it.split.push((old, customer));
            }
        } else if merged.insert(old) {
            it.merged.push((old, customer));
        }
    }
    it.gone = gone_from.iter().copied().filter(|old| !taken.contains(old) && !merged.contains(old)).collect();
    it.gone.sort_unstable();
    it.gone.dedup();
    it.merged.sort_unstable();
    it.split.sort_unstable();
    it
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_growing_customer_keeps_its_id() {
        let it = assign(&[0, 0, 1], &[Some(7), None, None], &[]);
        assert_eq!(it.identities, [Identity::Kept(7), Identity::New]);
        assert!(it.merged.is_empty() && it.split.is_empty());
    }

    #[test]
    fn merging_and_splitting() {
        let it = assign(&[0, 0, 0], &[Some(7), Some(8), Some(8)], &[]);
        assert_eq!(it.identities, [Identity::Kept(8)]);
        assert_eq!(it.merged, [(7, 0)]);
        let it = assign(&[0, 0, 1], &[Some(7), Some(7), Some(7)], &[]);
        assert_eq!(it.identities, [Identity::Kept(7), Identity::New]);
        assert_eq!(it.split, [(7, 1)]);
        assert_eq!(assign(&[], &[], &[5]).gone, [5]);
    }

    proptest! {
        #[test]
        fn every_old_id_has_one_fate(rows in proptest::collection::vec((0_u32..6, proptest::option::of(1_i64..6)), 0..30)) {
            // Dense numbers in order of the first row.
            let mut dense: AHashMap<u32, u32> = AHashMap::new();
            let customers: Vec<u32> = rows.iter().map(|r| { let next = u32::try_from(dense.len()).unwrap(); *dense.entry(r.0).or_insert(next) }).collect();
            let olds: Vec<Option<i64>> = rows.iter().map(|r| r.1).collect();
            let it = assign(&customers, &olds, &[]);
            let kept: Vec<i64> = it.identities.iter().filter_map(|i| match i { Identity::Kept(id) => Some(*id), Identity::New => None }).collect();
            let unique: AHashSet<i64> = kept.iter().copied().collect();
            prop_assert_eq!(unique.len(), kept.len());
            for old in olds.iter().flatten() {
                let fates = usize::from(kept.contains(old)) + it.merged.iter().filter(|m| m.0 == *old).count();
                prop_assert_eq!(fates, 1);
            }
        }
    }
}
