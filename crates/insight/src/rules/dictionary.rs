//! Why customers leave, on two levels: four reasons of the literature, and what exactly displeased.
//!
//! The first level is closed, because reports are made of it. The second is the workspace's own: the shipped reasons may be
//! renamed or retired, others added. A reason never moves to another first level, or the counts of past talks would move with it.

use serde::{Deserialize, Serialize};

/// The first level.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// Bad service.
    Service,
    /// Weak marketing: no bonuses and gifts, a rival's programme lured.
    Marketing,
    /// A "bad" product: its value or use was not understood, or it did not fit.
    Product,
    /// Nobody's fault.
    Natural,
    /// Told, but none of the four.
    Other,
}

impl Driver {
    pub const ALL: [Self; 5] = [Self::Service, Self::Marketing, Self::Product, Self::Natural, Self::Other];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Marketing => "marketing",
            Self::Product => "product",
            Self::Natural => "natural",
            Self::Other => "other",
        }
    }

    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == word)
    }

    /// controllable, natural or other.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Service | Self::Marketing | Self::Product => "controllable",
            Self::Natural => "natural",
            Self::Other => "other",
        }
    }
}

/// What a reason calls for besides itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    Nothing,
    /// To whom they went.
    Competitor,
    /// Which order it was.
    Order,
    /// Which employee of the shop it was.
    Employee,
}

impl Asks {
    const ALL: [Self; 4] = [Self::Nothing, Self::Competitor, Self::Order, Self::Employee];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Competitor => "competitor",
            Self::Order => "order",
            Self::Employee => "employee",
        }
    }

    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == word)
    }
}

/// A reason of the second level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Reason {
    pub code: String,
    pub driver: Driver,
    /// The workspace's words; empty where the catalogue's are used.
    pub name: String,
    pub asks: Asks,
    /// Not offered any more; talks of the past keep it.
    pub retired: bool,
    /// Part of the product.
    pub shipped: bool,
}

/// The second level as it is shipped.
pub const SHIPPED: [(&str, Driver, Asks); 14] = [
    ("delivery", Driver::Service, Asks::Order),
    ("feedback", Driver::Service, Asks::Employee),
    ("indifferent", Driver::Service, Asks::Employee),
    ("pushy", Driver::Service, Asks::Employee),
    ("service", Driver::Service, Asks::Employee),
    ("competitor", Driver::Marketing, Asks::Competitor),
    ("bonus", Driver::Marketing, Asks::Nothing),
    ("price", Driver::Marketing, Asks::Competitor),
    ("value", Driver::Product, Asks::Order),
    ("use", Driver::Product, Asks::Order),
    ("product", Driver::Product, Asks::Order),
    ("moved", Driver::Natural, Asks::Nothing),
    ("interests", Driver::Natural, Asks::Nothing),
    ("other", Driver::Other, Asks::Nothing),
];

/// The dictionary of one workspace, in the order in which it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    reasons: Vec<Reason>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl Dictionary {
    /// The shipped reasons under the workspace's changes, then its own, by the first level.
    #[must_use]
    pub fn of(own: Vec<Reason>) -> Self {
        let mut reasons: Vec<Reason> = SHIPPED
            .iter()
            .map(|(code, driver, asks)| {
                let changed = own.iter().find(|r| r.code == *code);
                Reason {
                    code: (*code).to_owned(),
                    driver: *driver,
                    name: changed.map(|r| r.name.clone()).unwrap_or_default(),
                    asks: changed.map_or(*asks, |r| r.asks),
                    retired: changed.is_some_and(|r| r.retired),
                    shipped: true,
                }
            })
            .collect();
        reasons.extend(own.into_iter().filter(|r| SHIPPED.iter().all(|(code, ..)| *code != r.code)));
        reasons.sort_by_key(|r| r.driver);
        Self { reasons }
    }

    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    #[must_use]
    pub fn reason(&self, code: &str) -> Option<&Reason> {
        self.reasons.iter().find(|r| r.code == code)
    }

    /// A reason that may be given now.
    #[must_use]
    pub fn offered(&self, code: &str) -> Option<&Reason> {
        self.reason(code).filter(|r| !r.retired)
    }

    /// The first level of a reason; one that nobody knows stands among the others.
    #[must_use]
    pub fn driver(&self, code: &str) -> Driver {
        self.reason(code).map_or(Driver::Other, |r| r.driver)
    }

    /// Codes of a first level.
    pub fn codes(&self, driver: Driver) -> impl Iterator<Item = &str> {
        self.reasons.iter().filter(move |r| r.driver == driver).map(|r| r.code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(code: &str, driver: Driver, retired: bool) -> Reason {
        let name = format!("own words of {code}");
        Reason { code: code.to_owned(), driver, name, asks: Asks::Nothing, retired, shipped: false }
    }

    #[test]
    fn a_workspace_renames_retires_and_adds() {
        let all = Dictionary::of(vec![
            own("delivery", Driver::Natural, true),
            own("own_1", Driver::Marketing, false),
        ]);
        assert_eq!(all.reasons().len(), SHIPPED.len() + 1);
        let delivery = all.reason("delivery").unwrap();
        assert_eq!((delivery.driver, delivery.retired), (Driver::Service, true), "the first level stays");
        assert_eq!(delivery.name, "own words of delivery");
        assert!(all.offered("delivery").is_none() && all.offered("own_1").is_some());
        assert_eq!(
            all.codes(Driver::Marketing).collect::<Vec<_>>(),
            ["competitor", "bonus", "price", "own_1"]
        );
        assert_eq!(all.driver("of an older version"), Driver::Other);
    }

    #[test]
    fn natural_reasons_are_outside_what_the_shop_controls() {
        let all = Dictionary::default();
        let kinds = ["delivery", "bonus", "use", "moved", "other"].map(|code| all.driver(code).kind());
        assert_eq!(kinds, ["controllable", "controllable", "controllable", "natural", "other"]);
    }
}
