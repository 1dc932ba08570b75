//! Why customers left, as they told an operator: the last reason of each, unless they have bought since.

use crate::derived::at_risk_now;
use crate::orders::day_of;
use crate::rules::dictionary::{Dictionary, Driver};
use crate::rules::lifecycle::Stage;
use crate::rules::profile::Signal;
use crate::snapshot::Snapshot;
use crate::store::LeavingReason;
use basis::Time;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Reasons by the customer's place in a snapshot.
#[derive(Debug, Clone, Default)]
pub struct Told {
    words: BTreeMap<usize, LeavingReason>,
    dictionary: Dictionary,
}

impl Told {
    /// From reasons in the order of time; who bought on a later day came back, and the reason is history.
    #[must_use]
    pub fn of(
        snapshot: &Snapshot,
        reasons: Vec<LeavingReason>,
        dictionary: Dictionary,
        zone: &TimeZone,
    ) -> Self {
        let mut words = BTreeMap::new();
        for reason in reasons {
            let Some(place) = snapshot.purchases.place(reason.customer_id) else { continue };
            let day = day_of(Time::from_millis(reason.at).date(zone));
            if day <= snapshot.as_of && snapshot.profiles[place].last_day.is_none_or(|last| last <= day) {
                words.insert(place, reason);
            } else {
                words.remove(&place);
            }
        }
        Self { words, dictionary }
    }

    pub fn iter(&self) -> impl Iterator<Item = (usize, &LeavingReason)> {
        self.words.iter().map(|(place, word)| (*place, word))
    }

    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// The first level of a reason.
    #[must_use]
    pub fn driver(&self, reason: &str) -> Driver {
        self.dictionary.driver(reason)
    }

    /// What the customer at a place said.
    #[must_use]
    pub fn word(&self, place: usize) -> Option<&LeavingReason> {
        self.words.get(&place)
    }

    /// Whether a list by reason holds the customer at a place: a reason, a kind, or `unknown` for who lapsed
    /// without telling.
    #[must_use]
    pub fn fits(&self, snapshot: &Snapshot, place: usize, wanted: &str) -> bool {
        match self.words.get(&place) {
            Some(word) => word.reason == wanted || self.driver(&word.reason).kind() == wanted,
            None => wanted == "unknown" && snapshot.profiles[place].stage == Stage::Lapsed,
        }
    }
}

/// Customers at risk now by their signals, all who are at risk, who lapsed without a word, and all who lapsed.
#[must_use]
pub fn signal_counts(snapshot: &Snapshot, told: &Told) -> (BTreeMap<&'static str, i64>, i64, i64, i64) {
    let mut signals: BTreeMap<&'static str, i64> = BTreeMap::new();
    let (mut at_risk, mut silent, mut lapsed) = (0, 0, 0);
    for (place, profile) in snapshot.profiles.iter().enumerate() {
        if profile.stage == Stage::Lapsed {
            lapsed += 1;
            silent += i64::from(told.word(place).is_none());
        }
        if !at_risk_now(profile) {
            continue;
        }
        at_risk += 1;
        let names: BTreeSet<&'static str> = profile.signals.iter().map(Signal::name).collect();
        for name in names {
            *signals.entry(name).or_default() += 1;
        }
    }
    (signals, at_risk, silent, lapsed)
}
