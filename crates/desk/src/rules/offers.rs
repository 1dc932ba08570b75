//! Which offers of the catalogue fit the talk, and why; and the codes that are said on the phone.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferKind {
    /// A share of the next order.
    Percent,
    /// A fixed sum off the next order.
    Sum,
    Delivery,
    Gift,
    /// An expert of the shop phones back.
    Expert,
    Other,
}

impl OfferKind {
    const ALL: [Self; 6] = [Self::Percent, Self::Sum, Self::Delivery, Self::Gift, Self::Expert, Self::Other];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Sum => "sum",
            Self::Delivery => "delivery",
            Self::Gift => "gift",
            Self::Expert => "expert",
            Self::Other => "other",
        }
    }

    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What the talk is about so far.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// reason:CODE, driver:CODE, objection:CODE, signal:CODE.
    pub gaps: BTreeSet<String>,
    /// Revenue of the customer so far.
    pub value_minor: i64,
}

/// What an offer asks of a talk.
#[derive(Debug, Clone, Default)]
pub struct Terms<'a> {
    pub gaps: &'a [String],
    pub least_value_minor: i64,
    pub cost_minor: i64,
    pub month_limit: Option<i64>,
    pub month_budget_minor: Option<i64>,
}

/// What was promised this month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Promised {
    pub issued: i64,
    pub minor: i64,
}

/// How an offer stands to a talk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fit {
    /// The gaps that it answers here; none for an offer to everybody.
    pub why: Vec<String>,
    /// value, limit, budget; why it may not be given.
    pub refused: Option<&'static str>,
    /// Answers what was said, or is for everybody.
    pub fits: bool,
}

pub fn fit(terms: &Terms<'_>, said: &Said, promised: Promised) -> Fit {
    let why: Vec<String> = terms.gaps.iter().filter(|gap| said.gaps.contains(*gap)).cloned().collect();
    let refused = if said.value_minor < terms.least_value_minor {
        Some("value")
    } else if terms.month_limit.is_some_and(|most| promised.issued >= most) {
        Some("limit")
    } else if terms.month_budget_minor.is_some_and(|most| promised.minor + terms.cost_minor > most) {
        Some("budget")
    } else {
        None
    };
    Fit { fits: terms.gaps.is_empty() || !why.is_empty(), why, refused }
}

impl Fit {
    /// What answers the talk stands first, then what is for everybody, then the rest; what may not be given is last of all.
    pub fn rank(&self) -> (bool, bool, usize) {
        (self.refused.is_some(), !self.fits, usize::MAX - self.why.len())
    }
}

/// Letters and digits that are not taken for one another on the phone.
const SIGNS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A code of 10 signs, 50 bits: nobody guesses one that was issued.
pub fn code(random: [u8; 10]) -> String {
    random.iter().map(|byte| char::from(SIGNS[usize::from(byte & 31)])).collect()
}

/// What a redeemed code cost the margin: the share that was taken off, at most what was promised; else what was promised.
pub fn cost(percent: i64, promised_minor: i64, paid_minor: i64) -> i64 {
    if !(1..100).contains(&percent) {
        return promised_minor;
    }
    // The sum of the order is after the discount: paid = full × (1 − p), so the discount is paid × p ÷ (1 − p).
    let off = i128::from(paid_minor.max(0)) * i128::from(percent) / i128::from(100 - percent);
    i64::try_from(off).unwrap_or(i64::MAX).min(promised_minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answers_the_talk_comes_first_and_what_may_not_be_given_last() {
        let gaps = |list: &[&str]| list.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>();
        let (price, both, none, other) = (
            gaps(&["reason:price"]),
            gaps(&["reason:price", "objection:dear"]),
            gaps(&[]),
            gaps(&["reason:moved"]),
        );
        let said =
            Said { gaps: gaps(&["reason:price", "objection:dear"]).into_iter().collect(), value_minor: 500 };
        let of = |gaps, least| {
            fit(&Terms { gaps, least_value_minor: least, ..Terms::default() }, &said, Promised::default())
        };
        let mut all = [of(&other, 0), of(&none, 0), of(&both, 501), of(&price, 0), of(&both, 500)];
        all.sort_by_key(Fit::rank);
        let why: Vec<usize> = all.iter().map(|f| f.why.len()).collect();
        assert_eq!(why, [2, 1, 0, 0, 2]);
        assert_eq!((all[2].fits, all[3].fits, all[4].refused), (true, false, Some("value")));
    }

    #[test]
    fn a_month_holds_its_limit_and_its_budget() {
        let terms = Terms {
            cost_minor: 100,
            month_limit: Some(3),
            month_budget_minor: Some(250),
            ..Terms::default()
        };
        let refused = |issued, minor| fit(&terms, &Said::default(), Promised { issued, minor }).refused;
        assert_eq!(refused(2, 150), None);
        assert_eq!(refused(2, 151), Some("budget"));
        assert_eq!(refused(3, 0), Some("limit"));
    }

    #[test]
    fn a_code_can_be_said_on_the_phone() {
        let code = code([0, 31, 32, 63, 64, 100, 200, 250, 255, 7]);
        assert_eq!(code.len(), 10);
        assert!(code.bytes().all(|b| SIGNS.contains(&b)) && !code.contains(['0', 'O', '1', 'I']));
    }

    #[test]
    fn a_discount_costs_its_share_and_never_more_than_was_promised() {
        assert_eq!(cost(10, 10_000, 9_000), 1_000);
        assert_eq!(cost(10, 500, 9_000), 500);
        assert_eq!(cost(0, 500, 9_000), 500);
        assert_eq!(cost(100, 500, 0), 500);
        assert_eq!(cost(10, 500, -900), 0);
    }
}
