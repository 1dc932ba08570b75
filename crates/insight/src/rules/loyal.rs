//! Regular customers beside the rest: what they spend, how often they buy, what they send back.

use super::purchases::Purchases;

/// Purchases that make a customer a regular one.
pub const REGULAR: usize = 3;

/// A group of customers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Group {
    pub customers: u64,
    pub purchases: u64,
    pub revenue_minor: i64,
    /// Days from each customer's first purchase to today, at least one, summed.
    pub days: f64,
    /// Orders that were cancelled or returned.
    pub sent_back: u64,
    /// Customers who complained.
    pub complained: u64,
}

impl Group {
    fn add(&mut self, occasions: usize, revenue: i64, days: i32, trouble: super::profile::Trouble) {
        self.customers += 1;
        self.purchases += occasions as u64;
        self.revenue_minor = self.revenue_minor.saturating_add(revenue);
        self.days += f64::from(days.max(1));
        self.sent_back += u64::from(trouble.orders);
        self.complained += u64::from(trouble.complaints > 0);
    }
}

/// Regular customers, those with two purchases, and one-time buyers.
#[must_use]
pub fn groups(purchases: &Purchases, as_of: i32) -> [Group; 3] {
    let mut groups = [Group::default(); 3];
    for place in 0..purchases.ids.len() {
        let occasions = purchases.base().of(place);
        let Some(first) = occasions.first() else { continue };
        let revenue = occasions.iter().map(|o| o.minor).sum();
        let at = match occasions.len() {
            REGULAR.. => 0,
            2 => 1,
            _ => 2,
        };
        groups[at].add(occasions.len(), revenue, as_of - first.day, purchases.troubles[place]);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::profile::Trouble;
    use crate::rules::purchases::{DayRow, TroubleRow};

    #[test]
    fn each_buyer_stands_in_one_group() {
        let row = |customer, day, minor| DayRow { customer, day, minor, orders: 1 };
        let rows =
            [row(1, 0, 10), row(1, 50, 20), row(1, 100, 30), row(2, 0, 5), row(2, 10, 5), row(3, 90, 7)];
        let trouble = Trouble { orders: 2, last_day: 100, complaints: 1, complained_day: 100 };
        let all = Purchases::assemble(vec![1, 2, 3, 4], &rows, &[TroubleRow { customer: 3, trouble }]);
        let [regular, two, once] = groups(&all, 100);
        assert_eq!((regular.customers, regular.purchases, regular.revenue_minor), (1, 3, 60));
        assert_eq!((two.customers, two.purchases), (1, 2));
        assert_eq!((once.customers, once.sent_back, once.complained), (1, 2, 1));
        assert_eq!((regular.days, once.days), (100.0, 10.0));
    }
}
