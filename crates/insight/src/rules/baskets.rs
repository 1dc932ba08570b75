//! What the orders of a campaign's people are worth beside the hold-out's and everybody else's, and what they were
//! worth to the shop before and after it.

use super::stat::StatError;
use super::stat::mean::{MeanDifference, Moments, lift};
use serde::Serialize;

/// Orders that a growth of the average order needs on each side. Below it two lucky baskets make a headline, and the
/// normal interval of a ratio is not to be trusted.
pub const ENOUGH_ORDERS: u64 = 10;

/// The average order of one group.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, utoipa::ToSchema)]
pub struct Basket {
    pub orders: u64,
    /// Minor units; absent without orders.
    pub mean_minor: Option<f64>,
}

/// Average orders within the window.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Baskets {
    pub treated: Basket,
    pub holdout: Basket,
    /// Orders of whoever was not in the campaign at all, in the same days.
    pub others: Basket,
    /// Growth with its 95% interval; absent when either side has fewer than [`ENOUGH_ORDERS`].
    #[schema(value_type = Option<Object>)]
    pub growth: Option<MeanDifference>,
    #[schema(value_type = Option<Object>)]
    pub growth_over_others: Option<MeanDifference>,
    /// How many orders each side needs.
    pub enough: u64,
}

fn basket(values: &Moments) -> Basket {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of orders")]
    let orders = values.n as u64;
    Basket { orders, mean_minor: (orders > 0).then(|| values.mean()) }
}

/// Compares the values of single orders, in minor units. Descriptive: who buys differs between the groups.
///
/// # Errors
/// A level out of range.
pub fn baskets(
    treated: &Moments,
    holdout: &Moments,
    others: &Moments,
    level: f64,
) -> Result<Baskets, StatError> {
    let growth = |over: &Moments| {
        let (a, b) = (basket(treated), basket(over));
        let enough = a.orders.min(b.orders) >= ENOUGH_ORDERS && over.sum > 0.0;
        enough.then(|| lift(over, treated, level)).transpose()
    };
    Ok(Baskets {
        treated: basket(treated),
        holdout: basket(holdout),
        others: basket(others),
        growth: growth(holdout)?,
        growth_over_others: growth(others)?,
        enough: ENOUGH_ORDERS,
    })
}

/// What a person of a group has brought on average, in minor units of margin.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, utoipa::ToSchema)]
pub struct Lifetime {
    /// Until the launch.
    pub before_minor: Option<f64>,
    /// Until today.
    pub now_minor: Option<f64>,
}

impl Lifetime {
    #[must_use]
    pub fn of(people: u64, before_minor: f64, now_minor: f64, margin_share: f64) -> Self {
        let each = |sum: f64| (people > 0).then(|| sum * margin_share / people as f64);
        Self { before_minor: each(before_minor), now_minor: each(now_minor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(n: u32, minor: f64) -> Moments {
        Moments::of((0..n).map(|i| if i % 2 == 0 { minor * 0.9 } else { minor * 1.1 }))
    }

    #[test]
    fn two_lucky_baskets_are_no_growth() {
        let few = baskets(&orders(2, 50_000.0), &orders(2, 30_000.0), &orders(400, 40_000.0), 0.95).unwrap();
        assert_eq!((few.growth, few.growth_over_others), (None, None));
        assert_eq!((few.treated.orders, few.treated.mean_minor), (2, Some(50_000.0)));
        let many =
            baskets(&orders(40, 50_000.0), &orders(9, 40_000.0), &orders(400, 40_000.0), 0.95).unwrap();
        assert_eq!(many.growth, None);
        let growth = many.growth_over_others.unwrap();
        assert!((growth.difference - 0.25).abs() < 1e-9 && growth.low > 0.0 && growth.low < growth.high);
        let none = baskets(&Moments::default(), &Moments::default(), &Moments::default(), 0.95).unwrap();
        assert_eq!((none.treated.mean_minor, none.growth), (None, None));
    }

    #[test]
    fn a_lifetime_is_per_person_assigned() {
        let all = Lifetime::of(4, 800.0, 1_000.0, 0.5);
        assert_eq!((all.before_minor, all.now_minor), (Some(100.0), Some(125.0)));
        assert_eq!(Lifetime::of(0, 0.0, 0.0, 1.0), Lifetime::default());
    }
}
