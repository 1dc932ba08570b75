//! The steps of an item and the words that it may hold.

use basis::Fault;

pub const TOPICS: [&str; 8] =
    ["delivery", "product", "service", "price", "payment", "return", "site", "other"];
pub const CHANNELS: [&str; 7] = ["social", "review", "email", "sms", "call", "letter", "other"];
pub const OUTCOMES: [&str; 4] = ["solved", "not_solved", "needless", "mistake"];

/// What is done with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Take,
    Release,
    Answer,
    Close,
    /// One step back: a closed item is open again, an answer was no answer.
    Back,
}

/// The status after a step.
///
/// # Errors
/// A step that does not fit the status.
pub fn next(status: &str, answered: bool, step: Step) -> Result<&'static str, Fault> {
    match (status, step) {
        ("new" | "in_work", Step::Take) => Ok("in_work"),
        ("new" | "in_work", Step::Release) => Ok("new"),
        ("answered", Step::Take | Step::Release) => Ok("answered"),
        ("new" | "in_work" | "answered", Step::Answer) => Ok("answered"),
        ("new" | "in_work" | "answered", Step::Close) => Ok("closed"),
        ("closed", Step::Back) => Ok(if answered { "answered" } else { "in_work" }),
        ("answered", Step::Back) => Ok("in_work"),
        ("closed", _) => Err(Fault::conflict(
            "care_closed",
            "This is closed already. Open it again first, if there is more to do.",
        )),
        _ => Err(Fault::conflict("care_step", "There is no step to take back.")),
    }
}

/// A word of a closed list.
///
/// # Errors
/// Any other word.
pub fn one_of(field: &'static str, word: &str, known: &[&'static str]) -> Result<&'static str, Fault> {
    known.iter().find(|k| **k == word).copied().ok_or_else(|| {
        let what = format!("\"{word}\" is not one of: {}", known.join(", "));
        Fault::invalid("care_word", what.clone()).with_field(field, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STEPS: [Step; 5] = [Step::Take, Step::Release, Step::Answer, Step::Close, Step::Back];

    proptest! {
        #[test]
        fn whatever_is_done_the_way_back_is_open(steps in proptest::collection::vec(0_usize..5, 0..30)) {
            let (mut status, mut answered) = ("new", false);
            for step in steps.into_iter().map(|n| STEPS[n]) {
                let before = status;
                let Ok(after) = next(status, answered, step) else { continue };
                answered = match step {
                    Step::Answer => true,
                    Step::Back if before == "answered" => false,
                    _ => answered,
                };
                status = after;
                prop_assert!(status != "answered" || answered);
                prop_assert!(!matches!(status, "new" | "in_work") || !answered);
                if status == "closed" {
                    prop_assert!(next(status, answered, Step::Answer).is_err());
                    prop_assert!(next(status, answered, Step::Back).is_ok());
                }
            }
        }
    }
}
