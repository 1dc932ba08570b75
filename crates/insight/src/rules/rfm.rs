//! Recency, frequency, monetary value and their quintiles.

use super::occasions::Occasion;
use std::collections::BTreeMap;

/// One customer's RFM; scores from 1 (worst) to 5 (best).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rfm {
    pub customer: u32,
    pub recency_days: u32,
    /// Purchase occasions, the first included.
    pub frequency: u32,
    pub monetary_minor: i64,
    pub r: u8,
    pub f: u8,
    pub m: u8,
}

impl Rfm {
    /// Unscored, as of `until`.
    #[must_use]
    pub fn of(customer: u32, occasions: &[Occasion], until: i32) -> Option<Self> {
        let seen = &occasions[..occasions.partition_point(|o| o.day <= until)];
        let last = seen.last()?;
        Some(Self {
            customer,
            recency_days: u32::try_from(until - last.day).unwrap_or(0),
            frequency: u32::try_from(seen.len()).unwrap_or(u32::MAX),
            monetary_minor: seen.iter().map(|o| o.minor).sum(),
            r: 0,
            f: 0,
            m: 0,
        })
    }
}

/// Gives each customer its fifth of the base on each axis, as SQL's `ntile(5)` does; ties are broken by
/// `rank`, the place of the customer's id, so that a score never depends on the order of the input.
pub fn score(rows: &mut [Rfm], rank: impl Fn(u32) -> u32) {
    let fifth = |values: &mut [(i64, u32, u32)], set: &mut dyn FnMut(u32, u8)| {
        let n = values.len();
        let mut rest = values;
        let mut done = 0;
        for score in 1..=5u8 {
            // The first n mod 5 fifths hold one more.
            let size = n / 5 + usize::from(usize::from(score) <= n % 5);
            done += size;
            if size == 0 {
                continue;
            }
            if done < n {
                rest.select_nth_unstable(size - 1);
            }
            let (now, later) = rest.split_at_mut(size);
            for (_, _, at) in now.iter() {
                set(*at, score);
            }
            rest = later;
        }
    };
    let index = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
    let mut keys: Vec<(i64, u32, u32)> = Vec::with_capacity(rows.len());
    let fill = |keys: &mut Vec<(i64, u32, u32)>, rows: &[Rfm], value: &dyn Fn(&Rfm) -> i64| {
        keys.clear();
        keys.extend(rows.iter().enumerate().map(|(i, r)| (value(r), rank(r.customer), index(i))));
    };
    fill(&mut keys, rows, &|r| -i64::from(r.recency_days));
    fifth(&mut keys, &mut |at, score| rows[at as usize].r = score);
    fill(&mut keys, rows, &|r| i64::from(r.frequency));
    fifth(&mut keys, &mut |at, score| rows[at as usize].f = score);
    fill(&mut keys, rows, &|r| r.monetary_minor);
    fifth(&mut keys, &mut |at, score| rows[at as usize].m = score);
}

/// Gives customers of the same value the same score: the lowest that any of them has. On a map, two bands that both
/// say "one purchase" would tell customers apart who do not differ.
pub fn level(rows: &mut [Rfm]) {
    let axis = |rows: &mut [Rfm], value: &dyn Fn(&Rfm) -> i64, score: &dyn Fn(&mut Rfm) -> &mut u8| {
        let mut lowest: BTreeMap<i64, u8> = BTreeMap::new();
        for row in rows.iter_mut() {
            let (value, score) = (value(row), *score(row));
            let least = lowest.entry(value).or_insert(score);
            *least = score.min(*least);
        }
        for row in rows {
            let least = lowest.get(&value(row)).copied();
            let score = score(row);
            *score = least.unwrap_or(*score);
        }
    };
    axis(rows, &|r| i64::from(r.recency_days), &|r| &mut r.r);
    axis(rows, &|r| i64::from(r.frequency), &|r| &mut r.f);
    axis(rows, &|r| r.monetary_minor, &|r| &mut r.m);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_customers_share_a_score() {
        let mut rows: Vec<Rfm> = (0..10u32)
            .map(|i| Rfm {
                customer: i,
                recency_days: i,
                frequency: if i < 7 { 1 } else { i },
                monetary_minor: 5,
                r: 0,
                f: 0,
                m: 0,
            })
            .collect();
        score(&mut rows, |c| c);
        level(&mut rows);
        let f: Vec<u8> = rows.iter().map(|r| r.f).collect();
        assert_eq!(f, [1, 1, 1, 1, 1, 1, 1, 4, 5, 5]);
        assert!(rows.iter().all(|r| r.m == 1));
        // Values that differ keep their fifths.
        assert_eq!((rows[0].r, rows[9].r), (5, 1));
    }

    proptest! {
        #[test]
        fn quintiles_equal_ntile(rows in prop::collection::vec((0u32..50, 1u32..6, 0i64..20), 0..120)) {
            let mut scored: Vec<Rfm> = rows
                .iter()
                .enumerate()
                .map(|(i, &(recency_days, frequency, monetary_minor))| Rfm {
                    customer: u32::try_from(i).unwrap(), recency_days, frequency, monetary_minor, r: 0, f: 0, m: 0,
                })
                .collect();
            score(&mut scored, |c| c);
            // The definition: sort by (value, id), number the rows, cut in five.
            let n = scored.len();
            let ntile = |place: usize| {
                let (big, extra) = (n / 5 + 1, n % 5);
                if place < big * extra { place / big + 1 } else { extra + (place - big * extra) / (n / 5).max(1) + 1 }
            };
            for (value, got) in [
                (Box::new(|r: &Rfm| -i64::from(r.recency_days)) as Box<dyn Fn(&Rfm) -> i64>,
                 Box::new(|r: &Rfm| r.r) as Box<dyn Fn(&Rfm) -> u8>),
                (Box::new(|r: &Rfm| i64::from(r.frequency)), Box::new(|r: &Rfm| r.f)),
                (Box::new(|r: &Rfm| r.monetary_minor), Box::new(|r: &Rfm| r.m)),
            ] {
                let mut order: Vec<&Rfm> = scored.iter().collect();
                order.sort_by_key(|r| (value(r), r.customer));
                for (place, row) in order.into_iter().enumerate() {
                    prop_assert_eq!(usize::from(got(row)), ntile(place));
                }
            }
        }
    }
}
