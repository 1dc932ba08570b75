//! What people bought in the days after something happened to them: a launch, a contact.

use crate::orders::{day_name, day_of};
use crate::rules::profile::Forecaster;
use crate::rules::since::{Since, since};
use crate::snapshot::{self, Snapshot};
use access::{App, Workspace};
use basis::{Fault, Time};

/// Days before the window whose revenue is the covariate.
const BEFORE_DAYS: i32 = 365;

/// Days whose purchases count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub from: i32,
    /// The last day that counts: the window's end or today.
    pub until: i32,
    /// The window is not over: only intervals that hold at any time may be looked at again and again.
    pub open: bool,
}

impl Window {
    pub fn of(from: i32, days: i64, today: i32) -> Self {
        let end = from.saturating_add(i32::try_from(days).unwrap_or(i32::MAX));
        Self { from, until: end.min(today), open: end > today }
    }

    /// A customer's purchases before, within and after the window; `each` hears of those within it: days since its start, minor
    /// units, orders.
    pub fn spent(self, snapshot: &Snapshot, customer: i64, mut each: impl FnMut(usize, i64, u32)) -> Spent {
        let mut spent = Spent::default();
        let Some(place) = snapshot.purchases.place(customer) else { return spent };
        let orders = snapshot.purchases.orders(place);
        for (at, o) in snapshot.purchases.base().of(place).iter().enumerate() {
            spent.life_minor += o.minor;
            if o.day < self.from {
                spent.life_before_minor += o.minor;
            }
            if o.day > self.until {
                spent.later_minor += o.minor;
                spent.later_orders += orders[at];
            }
            if o.day < self.from && o.day >= self.from - BEFORE_DAYS {
                spent.before_minor += o.minor;
            } else if o.day >= self.from && o.day <= self.until {
                spent.after_minor += o.minor;
                spent.orders += orders[at];
                each(usize::try_from(o.day - self.from).unwrap_or(0), o.minor, orders[at]);
            }
        }
        spent
    }
}

/// What a person spent, in minor units of the workspace's currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// In the year before the window.
    pub before_minor: i64,
    pub after_minor: i64,
    /// Paid orders within the window.
    pub orders: u32,
    /// In all, and before the window.
    pub life_minor: i64,
    pub life_before_minor: i64,
    /// After the window.
    pub later_minor: i64,
    pub later_orders: u32,
}

/// What each of the people asked for bought, in their order.
#[derive(Debug, Clone)]
pub struct Outcomes {
    pub from_day: String,
    pub until_day: String,
    pub open: bool,
    pub people: Vec<Spent>,
}

/// What customers bought from the day of `from` on, for so many days.
///
/// # Errors
/// When the database fails.
pub async fn outcomes(
    app: &App,
    workspace: &Workspace,
    customers: Vec<i64>,
    from: Time,
    days: i64,
) -> Result<Outcomes, Fault> {
    let snapshot = snapshot::current(app, workspace).await?;
    let from = day_of(from.date(&workspace.tz()));
    snapshot::blocking(move || {
        let window = Window::of(from, days, snapshot.as_of);
        Outcomes {
            from_day: day_name(window.from),
            until_day: day_name(window.until),
            open: window.open,
            people: customers.iter().map(|id| window.spent(&snapshot, *id, |_, _, _| {})).collect(),
        }
    })
    .await
}

/// Purchases of customers before and after a moment of each, in the order asked for; `None` of who is no customer any more.
/// The second part is the day of the figures.
///
/// # Errors
/// When the database fails.
pub async fn since_moments(
    app: &App,
    workspace: &Workspace,
    moments: Vec<(i64, Time)>,
) -> Result<(Vec<Option<Since>>, i32), Fault> {
    let snapshot = snapshot::current(app, workspace).await?;
    let zone = workspace.tz();
    snapshot::blocking(move || {
        let mut forecaster = Forecaster::new(&snapshot.model);
        let (as_of, lapse) = (snapshot.as_of, snapshot.model.lapse_days);
        let each = |(customer, at): &(i64, Time)| {
            let place = snapshot.purchases.place(*customer)?;
            let occasions = snapshot.purchases.base().of(place);
            let day = day_of(at.date(&zone));
            let then = forecaster.profile(occasions, snapshot.purchases.troubles[place], day);
            Some(since(occasions, day, as_of, lapse, then.expected_value_minor))
        };
        (moments.iter().map(each).collect(), as_of)
    })
    .await
}
