//! What the pages show of a whole base, computed once for each snapshot.

use crate::rules::cohorts::{month_of, month_start};
use crate::rules::lifecycle::Stage;
use crate::rules::model::{Base, histories};
use crate::rules::occasions::Occasion;
use crate::rules::periods::{Period, first_lapse, neighbours, neighbours_of, period, usual_gap};
use crate::rules::profile::Profile;
use crate::rules::value::{Forecast, base_value};
use crate::snapshot::Snapshot;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A month and what happened in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonthRow {
    /// Months since year 0.
    pub month: i32,
    pub period: Period,
}

/// Buyers and revenue of a cohort some months after the first purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CohortCell {
    pub customers: u64,
    pub revenue_minor: i64,
}

#[derive(Debug, Clone, Default)]
pub struct Derived {
    /// The last two years, oldest first; the last one may be under way.
    pub months: Vec<MonthRow>,
    /// By cohort month; the n-th cell is n months after the first purchase.
    pub cohorts: BTreeMap<i32, Vec<CohortCell>>,
    pub value: Option<Forecast>,
    pub usual_gap: Option<f64>,
    /// The first day on which anybody could have lapsed.
    pub first_lapse: Option<i32>,
    /// The last 365 days.
    pub year: Period,
    pub headcount: Headcount,
}

/// Customers of the base by what their profiles say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Headcount {
    pub buyers: u64,
    pub one_time: u64,
    /// Neither lapsed nor without purchases.
    pub active: u64,
    pub at_risk_now: u64,
    /// In the order of [`Stage::ALL`].
    pub stages: [u64; Stage::ALL.len()],
    pub revenue: f64,
    pub orders: f64,
    /// Customers by the month of the last purchase.
    pub last_months: BTreeMap<i32, u64>,
    /// Medians in days.
    pub since_last: Option<f64>,
    pub age: Option<f64>,
}

impl Headcount {
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut all = Self::default();
        let (mut since_last, mut ages) = (Vec::new(), Vec::new());
        for (place, profile) in snapshot.profiles.iter().enumerate() {
            all.buyers += u64::from(profile.purchases > 0);
            all.one_time += u64::from(profile.purchases == 1);
            all.active += u64::from(!matches!(profile.stage, Stage::Lapsed | Stage::None));
            all.at_risk_now += u64::from(at_risk_now(profile));
            for (stage, count) in Stage::ALL.iter().zip(&mut all.stages) {
                *count += u64::from(profile.stage == *stage);
            }
            all.revenue += profile.revenue_minor as f64;
            all.orders += snapshot.purchases.orders(place).iter().map(|n| f64::from(*n)).sum::<f64>();
            if let Some(day) = profile.last_day {
                since_last.push(snapshot.as_of - day);
                *all.last_months.entry(month_of(day)).or_default() += 1;
            }
            ages.extend(profile.first_day.map(|day| snapshot.as_of - day));
        }
        Self { since_last: median(&mut since_last), age: median(&mut ages), ..all }
    }
}

fn median(days: &mut [i32]) -> Option<f64> {
    if days.is_empty() {
        return None;
    }
    days.sort_unstable();
    let (low, high) = (days[(days.len() - 1) / 2], days[days.len() / 2]);
    Some(f64::midpoint(f64::from(low), f64::from(high)))
}

const MONTHS: i32 = 24;

/// Whom the daily queue holds: the stage at risk, and those of the active stages whose risk is a half or more.
#[must_use]
pub fn at_risk_now(profile: &Profile) -> bool {
    match profile.stage {
        Stage::AtRisk => true,
        Stage::New | Stage::Developing | Stage::Returned => profile.risk.is_some_and(|r| r >= 0.5),
        Stage::Lapsed | Stage::None => false,
    }
}

/// The months of the trend, and the first day of each.
fn last_months(first_day: Option<i32>, as_of: i32) -> (Vec<i32>, Vec<i32>) {
    let last = month_of(as_of);
    let first = first_day.map_or(last, month_of).max(last - MONTHS + 1);
    (first..=last).filter_map(|month| Some((month, crate::orders::day_of(month_start(month)?)))).unzip()
}

fn rows(months: Vec<i32>, periods: Vec<Period>) -> Vec<MonthRow> {
    months.into_iter().zip(periods).map(|(month, period)| MonthRow { month, period }).collect()
}

/// The months of some customers, as [`Derived::months`] of everybody: the same months, the same threshold.
pub fn months_of(snapshot: &Snapshot, customers: &[i64]) -> Vec<MonthRow> {
    let months: Vec<i32> = snapshot.derived().months.iter().map(|row| row.month).collect();
    let starts: Vec<i32> =
        months.iter().filter_map(|month| month_start(*month)).map(crate::orders::day_of).collect();
    let mut places: Vec<usize> =
        customers.iter().filter_map(|customer| snapshot.purchases.place(*customer)).collect();
    places.sort_unstable();
    places.dedup();
    let lapse = snapshot.model.lapse_days;
    rows(months, neighbours_of(&snapshot.purchases, &places, &starts, snapshot.as_of, lapse))
}

impl Derived {
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let base = snapshot.purchases.base();
        let lapse = snapshot.model.lapse_days;
        let first_day = base.iter().filter_map(|o| o.first()).map(|o| o.day).min();
        let (months, starts) = last_months(first_day, snapshot.as_of);
        let periods = neighbours(&snapshot.purchases, &starts, snapshot.as_of, lapse);
        let months = rows(months, periods);
        let expected: f64 =
            snapshot.profiles.iter().filter_map(|p| p.expected_value_minor).map(|v| v as f64).sum();
        let all = histories(base, snapshot.as_of);
        Self {
            months,
            cohorts: cohorts(base),
            value: base_value(&snapshot.model, &all, expected, snapshot.revision.unsigned_abs()),
            usual_gap: usual_gap(base),
            first_lapse: first_lapse(base, lapse),
            year: period(&snapshot.purchases, snapshot.as_of - 364, snapshot.as_of, lapse),
            headcount: Headcount::of(snapshot),
        }
    }
}

/// Buyers and revenue by the month of the first purchase and the months since.
fn cohorts(base: Base<'_>) -> BTreeMap<i32, Vec<CohortCell>> {
    const CHUNK: usize = 32_768;
    let chunks: Vec<usize> = (0..base.customers()).step_by(CHUNK).collect();
    let parts: Vec<BTreeMap<i32, Vec<CohortCell>>> = chunks
        .into_par_iter()
        .map(|from| {
            let mut cohorts = BTreeMap::new();
            for i in from..(from + CHUNK).min(base.customers()) {
                add_to_cohort(&mut cohorts, base.of(i));
            }
            cohorts
        })
        .collect();
    let mut all: BTreeMap<i32, Vec<CohortCell>> = BTreeMap::new();
    for (cohort, cells) in parts.into_iter().flatten() {
        let row = all.entry(cohort).or_default();
        if row.len() < cells.len() {
            row.resize(cells.len(), CohortCell::default());
        }
        for (sum, cell) in row.iter_mut().zip(cells) {
            sum.customers += cell.customers;
            sum.revenue_minor = sum.revenue_minor.saturating_add(cell.revenue_minor);
        }
    }
    all
}

fn add_to_cohort(cohorts: &mut BTreeMap<i32, Vec<CohortCell>>, occasions: &[Occasion]) {
    let Some(start) = occasions.first() else { return };
    let cohort = month_of(start.day);
    let row = cohorts.entry(cohort).or_default();
    let mut before = i32::MIN;
    for o in occasions {
        let month = month_of(o.day);
        let index = usize::try_from(month - cohort).unwrap_or(0);
        if row.len() <= index {
            row.resize(index + 1, CohortCell::default());
        }
        row[index].customers += u64::from(month != before);
        row[index].revenue_minor = row[index].revenue_minor.saturating_add(o.minor);
        before = month;
    }
}
