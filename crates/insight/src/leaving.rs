//! Why customers left, as they told an operator: the last reason of each, unless they have bought since.

use crate::orders::day_of;
use crate::rules::lifecycle::Stage;
use crate::snapshot::Snapshot;
use crate::store::LeavingReason;
use basis::Time;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Reasons that the shop could do something about.
const CONTROLLABLE: [&str; 5] = ["service", "price", "product", "competitor", "delivery"];
/// Reasons that it could not: natural churn.
const NATURAL: [&str; 2] = ["moved", "interests"];

/// controllable, natural or other.
#[must_use]
pub fn kind(reason: &str) -> &'static str {
    if CONTROLLABLE.contains(&reason) {
        "controllable"
    } else if NATURAL.contains(&reason) {
        "natural"
    } else {
        "other"
    }
}

/// Reasons by the customer's place in a snapshot.
#[derive(Debug, Clone, Default)]
pub struct Told(BTreeMap<usize, String>);

impl Told {
    /// From reasons in the order of time; who bought on a later day came back, and the reason is history.
    #[must_use]
    pub fn of(snapshot: &Snapshot, reasons: Vec<LeavingReason>, zone: &TimeZone) -> Self {
        let mut told = BTreeMap::new();
        for reason in reasons {
            let Some(place) = snapshot.purchases.place(reason.customer_id) else { continue };
            let day = day_of(Time::from_millis(reason.at).date(zone));
            if day <= snapshot.as_of && snapshot.profiles[place].last_day.is_none_or(|last| last <= day) {
                told.insert(place, reason.reason);
            } else {
                told.remove(&place);
            }
        }
        Self(told)
    }

    pub fn iter(&self) -> impl Iterator<Item = (usize, &str)> {
        self.0.iter().map(|(place, reason)| (*place, reason.as_str()))
    }

    /// Whether a list by reason holds the customer at a place: a reason, a kind, or `unknown` for who lapsed
    /// without telling.
    #[must_use]
    pub fn fits(&self, snapshot: &Snapshot, place: usize, wanted: &str) -> bool {
        match self.0.get(&place) {
            Some(reason) => reason == wanted || kind(reason) == wanted,
            None => wanted == "unknown" && snapshot.profiles[place].stage == Stage::Lapsed,
        }
    }
}
