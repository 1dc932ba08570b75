//! What a chosen set of customers earned month by month, beside the whole base.

use access::{App, Workspace};
use basis::{Fault, Money};
use serde::Serialize;
use utoipa::ToSchema;

use crate::derived::{MonthRow, months_of};
use crate::rules::cohorts::month_name;
use crate::snapshot;

/// A month of some customers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GroupMonth {
    pub month: String,
    /// Active at its start, new or returned: the denominator.
    pub active: u64,
    pub buyers: u64,
    #[schema(value_type = Object)]
    pub revenue: Money,
    /// Revenue ÷ active customers, minor units; absent when nobody was.
    pub arpu_minor: Option<f64>,
    /// The same of the whole base.
    pub base_arpu_minor: Option<f64>,
    /// The month is under way.
    pub partial: bool,
}

/// Revenue of customers by month under the base's lapse threshold; the months are those of the metrics page.
///
/// # Errors
/// When the database fails.
pub async fn group_months(
    app: &App,
    workspace: &Workspace,
    customers: Vec<i64>,
) -> Result<Vec<GroupMonth>, Fault> {
    let snapshot = snapshot::current(app, workspace).await?;
    let currency = workspace.currency;
    snapshot::blocking(move || {
        let of_base = &snapshot.derived().months;
        let rows = months_of(&snapshot, &customers);
        let now = crate::rules::cohorts::month_of(snapshot.as_of);
        rows.iter()
            .zip(of_base)
            .map(|(row, base)| GroupMonth {
                month: month_name(row.month),
                active: row.period.active,
                buyers: row.period.buyers,
                revenue: Money::new(row.period.revenue_minor, currency),
                arpu_minor: arpu(row),
                base_arpu_minor: arpu(base),
                partial: row.month >= now,
            })
            .collect()
    })
    .await
}

pub(crate) fn arpu(row: &MonthRow) -> Option<f64> {
    let active = row.period.active;
    (active > 0).then(|| row.period.revenue_minor as f64 / active as f64)
}
