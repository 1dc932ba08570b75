//! The rhythm of a base: after how many days of silence a customer counts as lapsed. It is learnt from the gaps
//! between purchases and then held: a threshold that follows every late return would lengthen while a win-back
//! succeeds, and rewrite the months before it.

use super::lifecycle::{DEFAULT_LAPSE_DAYS, Gaps, LAPSE_PERCENTILE};
use super::model::Base;

/// A threshold is learnt anew by itself when the gaps it rests on have grown or shrunk by this factor: a base that
/// was imported in parts is another base afterwards, one that lives on is not.
pub const OUTGROWN: f64 = 1.5;

/// What the stages of a base are judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rhythm {
    pub lapse_days: f64,
    pub median_gap: f64,
    /// Nobody has come back yet: both are defaults.
    pub is_default: bool,
    /// The threshold was set by a person and is kept until a person changes it.
    pub by_hand: bool,
    /// The gaps that were counted.
    pub gaps: u64,
    /// Gaps that a campaign ended, left out.
    pub campaign_gaps: u64,
    /// The day on which it was learnt.
    pub day: i32,
}

/// From the launch of a campaign that addressed a customer to the end of its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Addressed {
    /// The customer's place.
    pub place: usize,
    pub from: i32,
    pub until: i32,
}

/// Whether a lapsed customer came back in answer to a campaign: without it the gap would still be open, and open
/// gaps are not counted either.
fn won_back(addressed: &[Addressed], last: i32, next: i32, lapse_days: f64) -> bool {
    addressed.iter().any(|a| f64::from(a.from - last) > lapse_days && next >= a.from && next <= a.until)
}

impl Rhythm {
    /// Learns from all gaps; `addressed` is sorted, `in_force` the threshold that its customers had crossed.
    #[must_use]
    pub fn learn(base: Base<'_>, as_of: i32, addressed: &[Addressed], in_force: Option<f64>) -> Self {
        let mut gaps = Gaps::default();
        let mut campaign_gaps = 0;
        let mut rest = addressed;
        for (place, occasions) in base.iter().enumerate() {
            let mine;
            (_, rest) = rest.split_at(rest.partition_point(|a| a.place < place));
            (mine, rest) = rest.split_at(rest.partition_point(|a| a.place == place));
            let Some(lapse_days) = in_force.filter(|_| !mine.is_empty()) else {
                gaps.add(occasions);
                continue;
            };
            for pair in occasions.windows(2) {
                if won_back(mine, pair[0].day, pair[1].day, lapse_days) {
                    campaign_gaps += 1;
                } else {
                    gaps.add(pair);
                }
            }
        }
        let lapse = gaps.percentile(LAPSE_PERCENTILE);
        Self {
            lapse_days: lapse.unwrap_or(DEFAULT_LAPSE_DAYS).max(1.0),
            median_gap: gaps.percentile(0.5).unwrap_or(DEFAULT_LAPSE_DAYS).max(1.0),
            is_default: lapse.is_none(),
            by_hand: false,
            gaps: gaps.len(),
            campaign_gaps,
            day: as_of,
        }
    }

    /// The same gaps under a threshold that a person has set.
    #[must_use]
    pub const fn set_by_hand(self, lapse_days: f64) -> Self {
        Self { lapse_days, is_default: false, by_hand: true, ..self }
    }

    /// The rhythm from now on, given what the gaps say today: this one, unless it is outgrown.
    #[must_use]
    pub fn or_outgrown_by(self, today: Self) -> Self {
        if self.by_hand {
            return self;
        }
        let (before, now) = (self.gaps as f64, today.gaps as f64);
        let grown = now >= before * OUTGROWN || now * OUTGROWN <= before;
        if grown && today.gaps != self.gaps { today } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::purchases::{DayRow, Purchases};

    fn base(customers: &[&[i32]]) -> Purchases {
        let rows: Vec<DayRow> = (0i64..)
            .zip(customers)
            .flat_map(|(customer, days)| {
                days.iter().map(move |day| DayRow { customer, day: *day, minor: 100, orders: 1 })
            })
            .collect();
        Purchases::assemble((0i64..).take(customers.len()).collect(), &rows, &[])
    }

    #[test]
    fn nobody_came_back() {
        let rhythm = Rhythm::learn(base(&[&[1], &[5]]).base(), 9, &[], None);
        assert!(rhythm.is_default);
        assert_eq!((rhythm.lapse_days, rhythm.gaps, rhythm.day), (DEFAULT_LAPSE_DAYS, 0, 9));
    }

    #[test]
    fn a_return_that_a_campaign_won_is_no_gap() {
        let customers = base(&[&[0, 30], &[0, 400], &[0, 40], &[0, 400]]);
        // The second and the fourth had lapsed when they were addressed; the fourth came after the window.
        let addressed = [
            Addressed { place: 0, from: 25, until: 39 },
            Addressed { place: 1, from: 390, until: 404 },
            Addressed { place: 3, from: 350, until: 364 },
        ];
        let rhythm = Rhythm::learn(customers.base(), 410, &addressed, Some(100.0));
        assert_eq!((rhythm.gaps, rhythm.campaign_gaps), (3, 1));
        let all = Rhythm::learn(customers.base(), 410, &[], Some(100.0));
        assert_eq!(all.gaps, 4);
        assert!(rhythm.lapse_days < all.lapse_days);
        // Without a threshold in force nobody had lapsed.
        assert_eq!(Rhythm::learn(customers.base(), 410, &addressed, None).gaps, 4);
    }

    #[test]
    fn it_is_held_until_it_is_outgrown() {
        let known = Rhythm {
            lapse_days: 100.0,
            median_gap: 40.0,
            is_default: false,
            by_hand: false,
            gaps: 200,
            campaign_gaps: 0,
            day: 0,
        };
        let today = |gaps| Rhythm { lapse_days: 120.0, gaps, day: 9, ..known };
        for held in [134, 200, 299] {
            assert_eq!(known.or_outgrown_by(today(held)), known, "{held}");
        }
        for new in [0, 133, 300, 5_000] {
            assert_eq!(known.or_outgrown_by(today(new)), today(new), "{new}");
        }
        let by_hand = known.set_by_hand(90.0);
        assert_eq!(by_hand.or_outgrown_by(today(5_000)), by_hand);
        let default = Rhythm { is_default: true, gaps: 0, ..known };
        assert_eq!(default.or_outgrown_by(today(1)), today(1));
        assert_eq!(default.or_outgrown_by(Rhythm { gaps: 0, day: 9, ..known }), default);
    }
}
