//! Solved at first contact: the same person did not come back with the same topic, on whatever channel, within some days.

use std::collections::BTreeMap;

const DAY: i64 = 86_400_000;

/// Something that a person came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who: a customer, or a profile of nobody known.
    pub person: String,
    pub topic: String,
    pub came_at: i64,
    /// Answered or closed at.
    pub handled_at: Option<i64>,
}

/// How a contact counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Handled, and no repeat.
    Solved,
    /// The person came again with it.
    Repeated,
    /// The days are over and nobody has handled it.
    Unhandled,
    /// It is a repeat itself: counted with the contact that it repeats.
    Again,
    /// The days are not over.
    Pending,
    /// It has no topic, or nobody knows who came.
    Unknown,
}

impl Verdict {
    /// Whether it is in the denominator.
    #[must_use]
    pub const fn measured(self) -> bool {
        matches!(self, Self::Solved | Self::Repeated | Self::Unhandled)
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Solved => "solved",
            Self::Repeated => "repeated",
            Self::Unhandled => "unhandled",
            Self::Again => "again",
            Self::Pending => "pending",
            Self::Unknown => "unknown",
        }
    }
}

/// A verdict for each contact, in their order. A contact is a first one when no first contact of the person with the topic came
/// within `days` before it.
#[must_use]
pub fn verdicts(contacts: &[Contact], now: i64, days: i64) -> Vec<Verdict> {
    let window = days * DAY;
    let mut threads: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, c) in contacts.iter().enumerate() {
        if !c.person.is_empty() && !c.topic.is_empty() {
            threads.entry((&c.person, &c.topic)).or_default().push(at);
        }
    }
    let mut out = vec![Verdict::Unknown; contacts.len()];
    for places in threads.values_mut() {
        places.sort_by_key(|at| (contacts[*at].came_at, *at));
        let mut first: Option<usize> = None;
        for &at in places.iter() {
            let c = &contacts[at];
            match first {
                Some(before) if c.came_at - contacts[before].came_at <= window => {
                    out[at] = Verdict::Again;
                    out[before] = Verdict::Repeated;
                }
                _ => {
                    first = Some(at);
                    let over = now > c.came_at + window;
                    out[at] = match c.handled_at {
                        _ if !over => Verdict::Pending,
                        Some(handled) if handled <= c.came_at + window => Verdict::Solved,
                        _ => Verdict::Unhandled,
                    };
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn came(person: &str, topic: &str, day: i64, handled: bool) -> Contact {
        Contact {
            person: person.to_owned(),
            topic: topic.to_owned(),
            came_at: day * DAY,
            handled_at: handled.then_some(day * DAY + 1),
        }
    }

    #[test]
    fn a_repeat_within_the_days_is_no_solution() {
        let all = [
            came("1", "delivery", 0, true),
            came("1", "delivery", 5, true),
            came("1", "product", 6, true),
            came("2", "delivery", 6, true),
            came("1", "delivery", 9, true),
            came("2", "price", 6, false),
            came("3", "price", 28, true),
            came("", "price", 1, true),
        ];
        use Verdict::{Again, Pending, Repeated, Solved, Unhandled, Unknown};
        // The contact of day 9 is past the window of day 0, so it begins anew.
        assert_eq!(
            verdicts(&all, 30 * DAY, 7),
            [Repeated, Again, Solved, Solved, Solved, Unhandled, Pending, Unknown]
        );
    }

    proptest! {
        #[test]
        fn repeats_and_firsts_are_apart(all in proptest::collection::vec((0_u8..3, 0_u8..2, 0_i64..40, any::<bool>()), 0..40), days in 1_i64..10) {
            let contacts: Vec<Contact> = all.iter().map(|(p, t, d, h)| came(&p.to_string(), &t.to_string(), *d, *h)).collect();
            let verdicts = verdicts(&contacts, 100 * DAY, days);
            for (at, c) in contacts.iter().enumerate() {
                let other = |v: Verdict| contacts.iter().enumerate().any(|(o, x)| o != at && verdicts[o] == v && x.person == c.person && x.topic == c.topic && (x.came_at - c.came_at).abs() <= days * DAY);
                prop_assert!(verdicts[at] != Verdict::Again || other(Verdict::Repeated));
                prop_assert!(verdicts[at] != Verdict::Repeated || other(Verdict::Again));
                prop_assert!(verdicts[at] != Verdict::Pending);
            }
        }
    }
}
