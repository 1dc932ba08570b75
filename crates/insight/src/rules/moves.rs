//! Why a customer stands at another stage than before. A step that the customer did not make is never a win.

use super::lifecycle::Stage;

/// What moved a customer from stage to stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// They bought.
    Purchase,
    /// They did not.
    Silence,
    /// A new version judges the same purchases by another threshold.
    Version,
    /// Records of the past were added, moved or taken away: a late import, a merge, an undone import.
    Records,
}

impl Cause {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Silence => "silence",
            Self::Version => "version",
            Self::Records => "records",
        }
    }
}

/// What a profile said of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub stage: Stage,
    pub purchases: i64,
    pub last_day: Option<i64>,
}

/// Why `before` became `after`; `by_old_threshold` is the stage that the threshold before would give today, when it
/// is another one now.
#[must_use]
pub fn cause(before: Standing, after: Standing, by_old_threshold: Option<Stage>) -> Cause {
    if by_old_threshold.is_some_and(|stage| stage != after.stage) {
        return Cause::Version;
    }
    if before.purchases == after.purchases && before.last_day == after.last_day {
        // Silence leads nowhere else.
        let silent = matches!(after.stage, Stage::AtRisk | Stage::Lapsed);
        return if silent { Cause::Silence } else { Cause::Records };
    }
    let bought = after.purchases > before.purchases && after.last_day > before.last_day;
    // Who buys after having lapsed has returned; who then stands elsewhere had never lapsed.
    let fits = before.stage != Stage::Lapsed || after.stage == Stage::Returned;
    // A first purchase that is past the threshold already, or one that leaves the customer overdue, is of the past.
    let recent = !matches!(after.stage, Stage::AtRisk | Stage::Lapsed);
    if bought && fits && recent { Cause::Purchase } else { Cause::Records }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stage: Stage, purchases: i64, last_day: i64) -> Standing {
        Standing { stage, purchases, last_day: (purchases > 0).then_some(last_day) }
    }

    #[test]
    fn customers_move_themselves_by_buying_or_by_silence() {
        for (before, after, expected) in [
            (at(Stage::Lapsed, 2, 10), at(Stage::Returned, 3, 200), Cause::Purchase),
            (at(Stage::New, 1, 10), at(Stage::Developing, 2, 20), Cause::Purchase),
            (at(Stage::None, 0, 0), at(Stage::New, 1, 20), Cause::Purchase),
            (at(Stage::Developing, 2, 10), at(Stage::AtRisk, 2, 10), Cause::Silence),
            (at(Stage::New, 1, 10), at(Stage::Lapsed, 1, 10), Cause::Silence),
        ] {
            assert_eq!(cause(before, after, None), expected, "{before:?} {after:?}");
            // A threshold that says the same of them has not moved them.
            assert_eq!(cause(before, after, Some(after.stage)), expected);
        }
    }

    #[test]
    fn what_nobody_did_is_neither_won_nor_lost() {
        for (before, after) in [
            (at(Stage::Lapsed, 1, 10), at(Stage::New, 1, 10)),
            (at(Stage::Lapsed, 2, 10), at(Stage::Developing, 2, 10)),
            (at(Stage::Lapsed, 2, 10), at(Stage::AtRisk, 2, 10)),
        ] {
            assert_eq!(cause(before, after, Some(Stage::Lapsed)), Cause::Version, "{after:?}");
        }
        for (before, after) in [
            (at(Stage::Lapsed, 1, 10), at(Stage::Developing, 2, 50)),
            (at(Stage::Developing, 2, 10), at(Stage::New, 1, 5)),
            (at(Stage::None, 0, 0), at(Stage::Lapsed, 1, 20)),
            (at(Stage::Developing, 3, 10), at(Stage::AtRisk, 4, 12)),
            (at(Stage::New, 1, 10), at(Stage::None, 0, 0)),
        ] {
            assert_eq!(cause(before, after, None), Cause::Records, "{before:?} {after:?}");
        }
    }
}
