//! Typed ids: one type per table, so that an order's id never finds a customer.

use std::sync::Mutex;

use crate::{Clock, Rng};

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            pub fn get(self) -> i64 {
                self.0
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
        impl From<i64> for $name {
            fn from(value: i64) -> Self {
                Self(value)
            }
        }
        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(&self.0)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map(Self).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

typed_ids! {
    /// A tenant: a shop or a contact centre.
    WorkspaceId,
    UserId, SessionId, TokenId,
    /// Where records come from: "orders of the shop", "addresses of the call centre".
    SourceId,
    /// One load of one or more files of a source.
    ImportId,
    /// One row of a source; its versions share the id.
    RecordId,
    CustomerId, ContactPointId, MergeId, ReviewId,
    OrderId, OrderLineId, ProductId, CategoryId,
    SegmentId, AudienceId, TemplateId,
    CampaignId, WaveId,
    /// A row of the ledger: one planned contact.
    MessageId,
    CallTaskId, ConsentId, SuppressionId,
    InteractionId, JobId, EventId,
    /// A line of the backlog of improvements.
    ImprovementId,
    /// What an operator is to practise.
    CoachingId,
    /// What an operator may offer, and a personal code of it.
    OfferId, OfferCodeId,
    /// Something that came in and waits for a person.
    CareItemId,
}

/// Makes ids that are unique without asking the database: 41 bits of milliseconds since 2020,
/// 10 bits of the process's own random number, 12 bits of a counter.
#[derive(Debug)]
pub struct IdGenerator {
    node: i64,
    state: Mutex<(i64, i64)>,
}

const EPOCH_MS: i64 = 1_577_836_800_000;

impl IdGenerator {
    pub fn new(rng: &mut Rng) -> Self {
        Self { node: i64::from(rng.below(1024)), state: Mutex::new((0, 0)) }
    }

    /// The next id. More than 4,096 ids in a millisecond borrow from the following ones, so the call never waits.
    pub fn next(&self, clock: &dyn Clock) -> i64 {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.step(&mut state, clock.now())
    }

    /// `count` growing ids.
    pub fn take(&self, clock: &dyn Clock, count: usize) -> Vec<i64> {
        let now = clock.now();
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (0..count).map(|_| self.step(&mut state, now)).collect()
    }

    fn step(&self, state: &mut (i64, i64), now: crate::Time) -> i64 {
        let now = (now.millis() - EPOCH_MS).max(0);
        if now > state.0 {
            *state = (now, 0);
        } else if state.1 == 4095 {
            *state = (state.0 + 1, 0);
        } else {
            state.1 += 1;
        }
        (state.0 << 22) | (self.node << 12) | state.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ManualClock, Time};

    #[test]
    fn ids_grow_and_never_repeat_within_one_millisecond() {
        let clock = ManualClock::new(Time::from_millis(1_700_000_000_000));
        let ids = IdGenerator::new(&mut Rng::seeded(7));
        let made = ids.take(&clock, 20_000);
        assert!(made.windows(2).all(|w| w[0] < w[1]));
        assert!(made.iter().all(|id| *id > 0));
    }

    #[test]
    fn an_id_is_a_string_in_json() {
        let json = serde_json::to_string(&CustomerId(9_007_199_254_740_993)).unwrap();
        assert_eq!(json, "\"9007199254740993\"");
        assert_eq!(serde_json::from_str::<CustomerId>(&json).unwrap(), CustomerId(9_007_199_254_740_993));
    }
}
