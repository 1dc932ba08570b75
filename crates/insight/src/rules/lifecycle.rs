//! Lifecycle stages from the person's own rhythm and the base's lapse threshold.

use super::occasions::Occasion;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a customer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Never bought.
    None,
    /// One purchase, within the threshold.
    New,
    /// Two or more, the last within 1.5 × the own mean gap.
    Developing,
    /// Past that, within the threshold.
    AtRisk,
    /// Silent for longer than the threshold.
    Lapsed,
    /// Bought again after having lapsed, within the threshold.
    Returned,
}

impl Stage {
    pub const ALL: [Self; 6] =
        [Self::New, Self::Developing, Self::AtRisk, Self::Lapsed, Self::Returned, Self::None];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::New => "new",
            Self::Developing => "developing",
            Self::AtRisk => "at_risk",
            Self::Lapsed => "lapsed",
            Self::Returned => "returned",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// The stage on the day `as_of`; `occasions` are sorted by day and not later than it.
    #[must_use]
    pub fn of(occasions: &[Occasion], as_of: i32, lapse_days: f64) -> Self {
        let Some(last) = occasions.last() else { return Self::None };
        let silent = f64::from(as_of - last.day);
        if silent > lapse_days {
            return Self::Lapsed;
        }
        let [.., before, _] = occasions else { return Self::New };
        if f64::from(last.day - before.day) > lapse_days {
            return Self::Returned;
        }
        let own = mean_gap(occasions).unwrap_or(lapse_days);
        if silent <= 1.5 * own { Self::Developing } else { Self::AtRisk }
    }
}

/// Days between purchases, on average; `None` with fewer than two.
#[must_use]
pub fn mean_gap(occasions: &[Occasion]) -> Option<f64> {
    let (first, last) = (occasions.first()?, occasions.last()?);
    (occasions.len() > 1).then(|| f64::from(last.day - first.day) / (occasions.len() - 1) as f64)
}

/// Gaps between the purchases of a whole base, as counts by length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    counts: BTreeMap<i32, u64>,
    total: u64,
}

impl Gaps {
    pub fn add(&mut self, occasions: &[Occasion]) {
        for pair in occasions.windows(2) {
            *self.counts.entry(pair[1].day - pair[0].day).or_default() += 1;
            self.total += 1;
        }
    }

    #[must_use]
    pub const fn len(&self) -> u64 {
        self.total
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Percentile by linear interpolation between the neighbouring gaps; `None` when nobody came back.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let place = share.clamp(0.0, 1.0) * (self.total - 1) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a count")]
        let below = place.floor() as u64;
        let at = |wanted: u64| {
            let mut seen = 0;
            for (gap, n) in &self.counts {
                seen += n;
                if seen > wanted {
                    return f64::from(*gap);
                }
            }
            0.0
        };
        let low = at(below);
        let high = at((below + 1).min(self.total - 1));
        Some(low + (high - low) * (place - place.floor()))
    }
}

/// Without repeat purchases in the base there is no rhythm to learn from.
pub const DEFAULT_LAPSE_DAYS: f64 = 180.0;

/// The share of gaps that the threshold leaves below itself.
pub const LAPSE_PERCENTILE: f64 = 0.8;

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: &[i32]) -> Vec<Occasion> {
        days.iter().map(|d| Occasion { day: *d, minor: 100 }).collect()
    }

    #[test]
    fn stages() {
        let l = 100.0;
        assert_eq!(Stage::of(&[], 50, l), Stage::None);
        assert_eq!(Stage::of(&days(&[0]), 100, l), Stage::New);
        assert_eq!(Stage::of(&days(&[0]), 101, l), Stage::Lapsed);
        assert_eq!(Stage::of(&days(&[0, 20]), 50, l), Stage::Developing);
        assert_eq!(Stage::of(&days(&[0, 20]), 51, l), Stage::AtRisk);
        assert_eq!(Stage::of(&days(&[0, 20]), 120, l), Stage::AtRisk);
        assert_eq!(Stage::of(&days(&[0, 20]), 121, l), Stage::Lapsed);
        assert_eq!(Stage::of(&days(&[0, 101]), 101, l), Stage::Returned);
        assert_eq!(Stage::of(&days(&[0, 101]), 201, l), Stage::Returned);
        assert_eq!(Stage::of(&days(&[0, 101, 110]), 111, l), Stage::Developing);
        // A yearly buyer's own rhythm does not stretch the base's threshold.
        assert_eq!(Stage::of(&days(&[0, 90, 180]), 281, l), Stage::Lapsed);
    }

    #[test]
    fn percentile_is_that_of_numpy() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.percentile(0.8), None);
        gaps.add(&days(&[0, 1, 3, 6, 10, 15]));
        // numpy.percentile([1, 2, 3, 4, 5], 80) = 4.2.
        assert!((gaps.percentile(0.8).unwrap() - 4.2).abs() < 1e-12);
        assert_eq!(gaps.percentile(1.0), Some(5.0));
        assert_eq!(gaps.len(), 5);
    }
}
