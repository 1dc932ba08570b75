//! Months that differ from the usual beyond chance.

use basis::Time;
use serde::Serialize;
use utoipa::ToSchema;

use super::{month_days, period_list};
use crate::derived::MonthRow;
use crate::orders::day_of;
use crate::rules::alarms::{Month, Way, alarm};
use crate::rules::cohorts::{month_name, month_of};

/// A month that differs from the six before it by more than chance.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alert {
    /// churn_grew; unsubscribes_grew: unsubscribed or complained, of those who could be written to; base_ages: the share of
    /// newcomers fell.
    code: &'static str,
    month: String,
    /// What the month counts, and of how many.
    some: u64,
    all: u64,
    /// Now, and as it used to be.
    rate: f64,
    usual: f64,
    /// 95% interval of the growth or of the fall.
    low: f64,
    high: f64,
    list: String,
}

/// Whom messages may still reach, and the months in which others asked to be left alone.
pub(super) struct Refusals {
    /// A right to be written to, now.
    lawful: u64,
    /// The month of each person's first refusal.
    months: Vec<i32>,
}

impl Refusals {
    pub(super) fn of(lawful: u64, first: &[(i64, i64)], zone: &jiff::tz::TimeZone) -> Self {
        let month = |at: i64| month_of(day_of(Time::from_millis(at).date(zone)));
        Self { lawful, months: first.iter().map(|(_, at)| month(*at)).collect() }
    }

    /// People who left in a month, of those who could be written to when it began: those who can now and those who left since.
    fn in_month(&self, month: i32) -> Month {
        let count = |of: &dyn Fn(i32) -> bool| self.months.iter().filter(|m| of(**m)).count() as u64;
        Month { some: count(&|m| m == month), all: self.lawful + count(&|m| m >= month) }
    }
}

/// The last whole month against the six before it.
pub(super) fn alerts(months: &[MonthRow], refusals: &Refusals, as_of: i32) -> Vec<Alert> {
    let whole: Vec<&MonthRow> = months
        .iter()
        .filter(|m| month_days(m.month, i32::MAX).is_some_and(|(_, end)| end <= as_of))
        .collect();
    let Some((from, to)) = whole.last().and_then(|last| month_days(last.month, as_of)) else {
        return Vec::new();
    };
    let look = |code: &'static str, way: Way, list: &str, of: &dyn Fn(&MonthRow) -> Month| {
        let series: Vec<Month> = whole.iter().map(|row| of(row)).collect();
        let found = alarm(&series, way)?;
        let month = series.last()?;
        Some(Alert {
            code,
            month: month_name(whole.last()?.month),
            some: month.some,
            all: month.all,
            rate: found.rate,
            usual: found.usual,
            low: found.moved.low,
            high: found.moved.high,
            list: period_list(list, from, to),
        })
    };
    [
        look("churn_grew", Way::Grew, "churned", &|m| Month {
            some: m.period.churned,
            all: m.period.active_at_start,
        }),
        look("unsubscribes_grew", Way::Grew, "refused", &|m| refusals.in_month(m.month)),
        look("base_ages", Way::Fell, "new", &|m| Month {
            some: m.period.new_customers,
            all: m.period.active_at_start + m.period.new_customers,
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
