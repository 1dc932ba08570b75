//! What an operator may write down, and what follows for the task.

use std::time::Duration;

use basis::{Fault, Time};
use insight::rules::dictionary::Dictionary;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Agreed,
    Refused,
    CallLater,
    WrongNumber,
    NoAnswer,
}

impl Outcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Refused => "refused",
            Self::CallLater => "call_later",
            Self::WrongNumber => "wrong_number",
            Self::NoAnswer => "no_answer",
        }
    }

    /// The right person was on the line.
    pub const fn reached(self) -> bool {
        matches!(self, Self::Agreed | Self::Refused | Self::CallLater)
    }
}

/// A task is given up after so many calls without an answer.
pub const MOST_ATTEMPTS: i64 = 3;

/// Nobody plans a call further ahead.
const FURTHEST: Duration = Duration::from_hours(24 * 90);

/// What becomes of the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is over; the person was spoken with.
    Reached,
    /// It is over; the contact failed.
    Failed,
    /// It comes back.
    Again(Time),
}

/// The next step after an outcome. `attempts` counts the calls made, this one included.
///
/// # Errors
/// A refusal without a known reason; a date that is missing, past or too far.
pub fn next(
    outcome: Outcome,
    reason: Option<&str>,
    dictionary: &Dictionary,
    next_at: Option<Time>,
    attempts: i64,
    now: Time,
) -> Result<Next, Fault> {
    match outcome {
        Outcome::Agreed => Ok(Next::Reached),
        Outcome::Refused => match reason {
            Some(reason) if dictionary.offered(reason).is_some() => Ok(Next::Reached),
            _ => {
                let offered: Vec<&str> = dictionary
                    .reasons()
                    .iter()
                    .filter(|reason| !reason.retired)
                    .map(|reason| reason.code.as_str())
                    .collect();
                let what = format!("why the person leaves is one of: {}", offered.join(", "));
                Err(Fault::invalid("reason", "A refusal needs the reason of leaving.")
                    .with_field("reason", what))
            }
        },
        Outcome::CallLater => match next_at {
            Some(at) if at > now && at <= now.plus(FURTHEST) => Ok(Next::Again(at)),
            _ => Err(Fault::invalid("next_at", "\"Call later\" needs a date within the next 90 days.")
                .with_field("next_at", "a moment on the campaign clock, after now")),
        },
        Outcome::WrongNumber => Ok(Next::Failed),
        Outcome::NoAnswer if attempts >= MOST_ATTEMPTS => Ok(Next::Failed),
        // Not at the same time of day again: who was at work at noon may be at home in the evening.
        Outcome::NoAnswer if attempts <= 1 => Ok(Next::Again(now.plus(Duration::from_hours(4)))),
        Outcome::NoAnswer => Ok(Next::Again(now.plus(Duration::from_hours(21)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Time = Time::from_millis(1_725_181_200_000);

    fn of(
        outcome: Outcome,
        reason: Option<&str>,
        next_at: Option<Time>,
        attempts: i64,
        now: Time,
    ) -> Result<Next, Fault> {
        next(outcome, reason, &Dictionary::default(), next_at, attempts, now)
    }

    #[test]
    fn a_retired_reason_is_not_taken_any_more() {
        let mut bonus = Dictionary::default().reason("bonus").unwrap().clone();
        bonus.retired = true;
        let changed = Dictionary::of(vec![bonus]);
        assert!(next(Outcome::Refused, Some("bonus"), &changed, None, 1, NOW).is_err());
        assert_eq!(of(Outcome::Refused, Some("bonus"), None, 1, NOW).unwrap(), Next::Reached);
    }

    #[test]
    fn a_refusal_needs_a_reason_of_the_list() {
        assert!(of(Outcome::Refused, None, None, 1, NOW).is_err());
        assert!(of(Outcome::Refused, Some("because"), None, 1, NOW).is_err());
        assert_eq!(of(Outcome::Refused, Some("price"), None, 1, NOW).unwrap(), Next::Reached);
    }

    #[test]
    fn a_call_later_needs_a_date_to_come() {
        assert!(of(Outcome::CallLater, None, None, 1, NOW).is_err());
        assert!(of(Outcome::CallLater, None, Some(NOW), 1, NOW).is_err());
        assert!(of(Outcome::CallLater, None, Some(NOW.plus_days(91)), 1, NOW).is_err());
        let at = NOW.plus_days(2);
        assert_eq!(of(Outcome::CallLater, None, Some(at), 1, NOW).unwrap(), Next::Again(at));
    }

    #[test]
    fn who_never_answers_is_called_three_times_at_different_hours() {
        let mut at = NOW;
        let mut hours = Vec::new();
        for attempt in 1..=3 {
            hours.push(at.millis() / 3_600_000 % 24);
            match of(Outcome::NoAnswer, None, None, attempt, at).unwrap() {
                Next::Again(later) => at = later,
                end => assert_eq!((attempt, end), (3, Next::Failed)),
            }
        }
        hours.dedup();
        assert_eq!(hours.len(), 3);
    }

    proptest! {
        #[test]
        fn a_task_that_comes_back_comes_back_later(attempts in 0_i64..10, ahead in -5_i64..200) {
            for outcome in [Outcome::CallLater, Outcome::NoAnswer] {
                if let Ok(Next::Again(at)) = of(outcome, None, Some(NOW.plus_days(ahead)), attempts, NOW) {
                    prop_assert!(at > NOW);
                }
            }
        }
    }
}
