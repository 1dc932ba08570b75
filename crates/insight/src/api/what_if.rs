use super::inputs::Costs;
use crate::contacts;
use crate::rules::lifecycle::Stage;
use crate::rules::periods::ratio;
use crate::rules::stat::StatError;
use crate::rules::what_if::{self, ChurnCut, Potential, WinBack};
use crate::snapshot;
use crate::store;
use access::{Answer, Op, need};
use axum::Json;
use basis::Fault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
pub struct ChurnQuestion {
    /// By which share churn is cut, 0 to 1.
    cut: f64,
}

/// Own figures that the answer rests on.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct OwnFigures {
    active: u64,
    yearly_churn: f64,
    /// Margin of the last year ÷ its buyers, minor units.
    margin_per_active_minor: f64,
    margin_share: f64,
    margin_is_default: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChurnAnswer {
    own: OwnFigures,
    answer: ChurnCut,
}

fn invalid(error: StatError) -> Fault {
    Fault::invalid("what_if", error.0)
}

async fn own(op: &Op) -> Result<OwnFigures, Fault> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let mut tx = op.app.db.read().await?;
    let costs = Costs::of(&store::inputs(&mut tx, op.ws()).await?);
    drop(tx);
    snapshot::blocking(move || {
        let year = snapshot.derived().year;
        let margin = costs.margin_share.unwrap_or(1.0);
        OwnFigures {
            active: year.active_at_end,
            yearly_churn: year.churn(snapshot.as_of, snapshot.derived().first_lapse).unwrap_or(0.0),
            margin_per_active_minor: if year.buyers > 0 {
                year.revenue_minor as f64 * margin / year.buyers as f64
            } else {
                0.0
            },
            margin_share: margin,
            margin_is_default: costs.margin_share.is_none(),
        }
    })
    .await
}

/// Churn lower by a share: who stays, what they bring.
#[utoipa::path(post, path = "/api/insight/what-if/churn", tag = "insight", request_body = ChurnQuestion, responses((status = 200, body = ChurnAnswer)))]
pub(super) async fn churn_cut(
    need::Viewer(op): need::Viewer,
    Json(question): Json<ChurnQuestion>,
) -> Answer<ChurnAnswer> {
    if !(0.0..=1.0).contains(&question.cut) {
        return Err(Fault::invalid("cut", "The cut is a share from 0 to 1.").into());
    }
    let own = own(&op).await?;
    let answer =
        what_if::churn_cut(own.active as f64, own.yearly_churn, own.margin_per_active_minor, question.cut);
    Ok(Json(ChurnAnswer { own, answer }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct SpendQuestion {
    /// What is spent on keeping customers in a year, minor units.
    spend_minor: f64,
    /// By which share it cuts churn, 0 to 1: an assumption to be tested.
    cut: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SpendAnswer {
    own: OwnFigures,
    answer: ChurnCut,
    profit_minor: f64,
    /// Extra margin ÷ spend.
    payback: Option<f64>,
    /// The cut at which the spend pays for itself.
    break_even_cut: Option<f64>,
}

/// Money spent on keeping customers, and the cut of churn that pays for it.
#[utoipa::path(post, path = "/api/insight/what-if/retention-spend", tag = "insight", request_body = SpendQuestion, responses((status = 200, body = SpendAnswer)))]
pub(super) async fn retention_spend(
    need::Viewer(op): need::Viewer,
    Json(question): Json<SpendQuestion>,
) -> Answer<SpendAnswer> {
    let spend_fits = (0.0..f64::INFINITY).contains(&question.spend_minor);
    if !spend_fits || !(0.0..=1.0).contains(&question.cut) {
        return Err(Fault::invalid(
            "spend",
            "The spend must not be negative, and the cut is a share from 0 to 1.",
        )
        .into());
    }
    let own = own(&op).await?;
    let at = |cut| what_if::churn_cut(own.active as f64, own.yearly_churn, own.margin_per_active_minor, cut);
    let answer = at(question.cut);
    let full = at(1.0).extra_margin_minor;
    Ok(Json(SpendAnswer {
        own,
        answer,
        profit_minor: answer.extra_margin_minor - question.spend_minor,
        payback: (question.spend_minor > 0.0).then(|| answer.extra_margin_minor / question.spend_minor),
        // The extra margin grows in proportion to the cut.
        break_even_cut: (full > 0.0).then(|| question.spend_minor / full).filter(|cut| *cut <= 1.0),
    }))
}

/// Own figures from which a plan of a win-back starts; what the base does not tell is absent.
#[derive(Debug, Serialize, ToSchema)]
pub struct WinBackStart {
    /// Lapsed customers with a right and a way to reach them.
    people: u64,
    /// Share of the lapsed that bought again by themselves within 14 days, from the last year.
    baseline: Option<f64>,
    average_order_minor: Option<f64>,
    margin_share: Option<f64>,
}

/// Whom a win-back would address and what they usually spend.
#[utoipa::path(get, path = "/api/insight/what-if/win-back", tag = "insight", responses((status = 200, body = WinBackStart)))]
pub(super) async fn win_back_start(need::Viewer(op): need::Viewer) -> Answer<WinBackStart> {
    const WINDOW_DAYS: f64 = 14.0;
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let contacts = contacts::load(&op.app, &op.workspace, &snapshot).await?;
    let mut tx = op.app.db.read().await?;
    let costs = Costs::of(&store::inputs(&mut tx, op.ws()).await?);
    drop(tx);
    let answer = snapshot::blocking(move || {
        let lapsed = |place: &usize| snapshot.profiles[*place].stage == Stage::Lapsed;
        let everyone = 0..snapshot.profiles.len();
        let people = everyone
            .clone()
            .filter(lapsed)
            .filter(|place| contacts.by_place[*place].iter().any(|r| r.lawful()))
            .count() as u64;
        let year = snapshot.derived().year;
        let of = everyone.filter(lapsed).count() as f64 + year.returned as f64;
        WinBackStart {
            people,
            baseline: ratio(year.returned as f64 * WINDOW_DAYS / 365.0, of),
            average_order_minor: ratio(year.revenue_minor as f64, year.orders as f64),
            margin_share: costs.margin_share,
        }
    })
    .await?;
    Ok(Json(answer))
}

/// The potential of a win-back before it is started, and the sample that would prove it.
#[utoipa::path(post, path = "/api/insight/what-if/win-back", tag = "insight", request_body = WinBack, responses((status = 200, body = Potential)))]
pub(super) async fn win_back(_who: need::Viewer, Json(plan): Json<WinBack>) -> Answer<Potential> {
    Ok(Json(what_if::win_back(&plan).map_err(invalid)?))
}
