use crate::orders::day_name;
use crate::rules::cohorts::month_name;
use crate::snapshot;
use access::{Answer, need};
use axum::Json;
use basis::Money;
use serde::Serialize;
use utoipa::ToSchema;

/// A square of the RFM map.
#[derive(Debug, Serialize, ToSchema)]
pub struct RfmCell {
    /// Recency score, 5 = most recent.
    r: u8,
    /// Frequency score, 5 = most often.
    f: u8,
    customers: u64,
    #[schema(value_type = Object)]
    revenue: Money,
    #[schema(value_type = Object)]
    value_at_risk: Money,
    list: String,
}

/// What a score means: the values that its customers have.
#[derive(Debug, Serialize, ToSchema)]
pub struct Band {
    /// recency, frequency, monetary.
    axis: &'static str,
    score: u8,
    customers: u64,
    /// Days, purchases, or minor units.
    low: i64,
    high: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RfmMap {
    as_of: String,
    customers: u64,
    cells: Vec<RfmCell>,
    bands: Vec<Band>,
}

/// The base by recency and frequency, in fifths.
#[utoipa::path(get, path = "/api/insight/rfm", tag = "insight", responses((status = 200, body = RfmMap)))]
pub(super) async fn rfm(need::Viewer(op): need::Viewer) -> Answer<RfmMap> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let currency = op.workspace.currency;
    let map = snapshot::blocking(move || {
        let mut cells = [[(0u64, 0i64, 0i64); 5]; 5];
        let mut bands = [[(0u64, i64::MAX, i64::MIN); 5]; 3];
        let mut customers = 0;
        for (row, profile) in snapshot.rfm().iter().zip(&snapshot.profiles) {
            if row.r == 0 {
                continue;
            }
            customers += 1;
            let cell = &mut cells[usize::from(row.r - 1)][usize::from(row.f - 1)];
            cell.0 += 1;
            cell.1 = cell.1.saturating_add(profile.revenue_minor);
            cell.2 = cell.2.saturating_add(profile.value_at_risk_minor);
            for (axis, (score, value)) in [
                (row.r, i64::from(row.recency_days)),
                (row.f, i64::from(row.frequency)),
                (row.m, row.monetary_minor),
            ]
            .into_iter()
            .enumerate()
            {
                let band = &mut bands[axis][usize::from(score - 1)];
                *band = (band.0 + 1, band.1.min(value), band.2.max(value));
            }
        }
        let mut list = Vec::new();
        for r in (1..=5u8).rev() {
            for f in 1..=5u8 {
                let (n, revenue, risk) = cells[usize::from(r - 1)][usize::from(f - 1)];
                list.push(RfmCell {
                    r,
                    f,
                    customers: n,
                    revenue: Money::new(revenue, currency),
                    value_at_risk: Money::new(risk, currency),
                    list: format!("figure=rfm&r={r}&f={f}"),
                });
            }
        }
        let bands =
            ["recency", "frequency", "monetary"]
                .into_iter()
                .zip(bands)
                .flat_map(|(axis, scores)| {
                    scores.into_iter().zip(1u8..).filter(|((n, ..), _)| *n > 0).map(
                        move |((customers, low, high), score)| Band { axis, score, customers, low, high },
                    )
                })
                .collect();
        RfmMap { as_of: day_name(snapshot.as_of), customers, cells: list, bands }
    })
    .await?;
    Ok(Json(map))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CohortMonth {
    /// Months since the first purchase.
    index: usize,
    customers: u64,
    /// Of the cohort.
    share: f64,
    #[schema(value_type = Object)]
    revenue: Money,
    list: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CohortRow {
    /// Month of the first purchase.
    cohort: String,
    customers: u64,
    months: Vec<CohortMonth>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CohortTriangle {
    as_of: String,
    cohorts: Vec<CohortRow>,
}

/// Of those who first bought in a month, how many bought again one, two, … months later, and for how much.
#[utoipa::path(get, path = "/api/insight/cohorts", tag = "insight", responses((status = 200, body = CohortTriangle)))]
pub(super) async fn cohorts(need::Viewer(op): need::Viewer) -> Answer<CohortTriangle> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let currency = op.workspace.currency;
    let triangle = snapshot::blocking(move || {
        let last = crate::rules::cohorts::month_of(snapshot.as_of);
        let cohorts = snapshot
            .derived()
            .cohorts
            .iter()
            .map(|(cohort, cells)| {
                let size = cells.first().map_or(0, |c| c.customers);
                // The triangle is drawn to its edge: a month in which nobody came back is a zero.
                let width = usize::try_from(last - cohort + 1).unwrap_or(0);
                let months = (0..width)
                    .map(|index| {
                        let cell = cells.get(index).copied().unwrap_or_default();
                        CohortMonth {
                            index,
                            customers: cell.customers,
                            share: if size == 0 { 0.0 } else { cell.customers as f64 / size as f64 },
                            revenue: Money::new(cell.revenue_minor, currency),
                            list: format!("figure=cohort&value={}&index={index}", month_name(*cohort)),
                        }
                    })
                    .collect();
                CohortRow { cohort: month_name(*cohort), customers: size, months }
            })
            .collect();
        CohortTriangle { as_of: day_name(snapshot.as_of), cohorts }
    })
    .await?;
    Ok(Json(triangle))
}
