//! What the pages show of a whole base, computed once for each snapshot.

use crate::rules::cohorts::{month_of, month_start};
use crate::rules::lifecycle::Stage;
use crate::rules::model::histories;
use crate::rules::periods::{Period, period, usual_gap};
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
    /// The last 365 days.
    pub year: Period,
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

impl Derived {
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let base = snapshot.purchases.base();
        let lapse = snapshot.model.lapse_days;
        let last = month_of(snapshot.as_of);
        let first_day = base.iter().filter_map(|o| o.first()).map(|o| o.day).min();
        let first = first_day.map_or(last, month_of).max(last - MONTHS + 1);
        let months = (first..=last)
            .into_par_iter()
            .filter_map(|month| {
                let from = crate::orders::day_of(month_start(month)?);
                let to = (crate::orders::day_of(month_start(month + 1)?) - 1).min(snapshot.as_of);
                Some(MonthRow { month, period: period(&snapshot.purchases, from, to, lapse) })
            })
            .collect();
        let mut cohorts: BTreeMap<i32, Vec<CohortCell>> = BTreeMap::new();
        for occasions in base.iter() {
            let Some(start) = occasions.first() else { continue };
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
        let all = histories(base, snapshot.as_of);
        Self {
            months,
            cohorts,
            value: base_value(&snapshot.model, &all, snapshot.revision.unsigned_abs()),
            usual_gap: usual_gap(base),
            year: period(&snapshot.purchases, snapshot.as_of - 364, snapshot.as_of, lapse),
        }
    }
}
