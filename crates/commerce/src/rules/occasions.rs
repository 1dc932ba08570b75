use basis::{Currency, Money};

/// An order as the count of purchases needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// The shop's local day.
    pub day: i64,
    pub amount: Money,
    /// Neither cancelled nor returned.
    pub counts: bool,
}

/// All orders of one customer on one day in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    pub day: i64,
    pub currency: Currency,
    pub minor: i64,
    pub orders: u32,
}

/// Purchases of one customer, oldest first: orders of one shop-local day are one, cancelled and returned ones none.
/// Sums never mix currencies, so a day with two currencies is two entries.
pub fn occasions(purchases: &[Purchase]) -> Vec<Occasion> {
    let mut counted: Vec<&Purchase> = purchases.iter().filter(|purchase| purchase.counts).collect();
    counted.sort_by_key(|purchase| (purchase.day, purchase.amount.currency));
    let mut found: Vec<Occasion> = Vec::new();
    for purchase in counted {
        let Money { minor, currency } = purchase.amount;
        match found.last_mut() {
            Some(last) if last.day == purchase.day && last.currency == currency => {
                last.minor = last.minor.saturating_add(minor);
                last.orders += 1;
            }
            _ => found.push(Occasion { day: purchase.day, currency, minor, orders: 1 }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bought(day: i64, minor: i64, counts: bool) -> Purchase {
        Purchase { day, amount: Money::new(minor, Currency::UAH), counts }
    }

    #[test]
    fn orders_of_a_day_are_one_purchase_and_returns_none() {
        let found =
            occasions(&[bought(7, 100, true), bought(3, 50, true), bought(7, 20, true), bought(9, 5, false)]);
        let days: Vec<(i64, i64, u32)> = found.iter().map(|o| (o.day, o.minor, o.orders)).collect();
        assert_eq!(days, [(3, 50, 1), (7, 120, 2)]);
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter_and_no_money_is_lost(rows in prop::collection::vec((0_i64..9, 0_i64..999, any::<bool>()), 0..30)) {
            let purchases: Vec<Purchase> = rows.iter().map(|(day, minor, counts)| bought(*day, *minor, *counts)).collect();
            let mut backwards = purchases.clone();
            backwards.reverse();
            prop_assert_eq!(occasions(&purchases), occasions(&backwards));
            let sum: i64 = occasions(&purchases).iter().map(|o| o.minor).sum();
            prop_assert_eq!(sum, rows.iter().filter(|r| r.2).map(|r| r.1).sum::<i64>());
        }
    }
}
