use crate::orders::day_name;
use crate::refresh::{self, Threshold};
use crate::rules::btyd::ModelKind;
use crate::rules::check::FrequencyBin;
use crate::rules::model::{KeptFit, Model};
use crate::snapshot;
use access::{Answer, need};
use axum::Json;
use basis::Fault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct Parameter {
    name: &'static str,
    value: f64,
    /// Absent when the data does not determine it.
    standard_error: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FitCard {
    model: String,
    parameters: Vec<Parameter>,
    log_likelihood: f64,
    customers: u64,
    converged: bool,
    iterations: u32,
    /// Fitted with a weak prior, because the likelihood alone has no maximum.
    with_prior: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CandidateCard {
    model: String,
    converged: bool,
    log_likelihood: Option<f64>,
    holdout_rmse: Option<f64>,
    holdout_expected: Option<f64>,
    holdout_actual: Option<f64>,
    chosen: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BinCard {
    repeats: u32,
    customers: u64,
    expected: f64,
    actual: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TrackCard {
    day: String,
    expected: f64,
    actual: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HoldoutCard {
    calibration_end: String,
    holdout_end: String,
    customers: u64,
    /// By repeat purchases in the calibration; the last bin holds that many and more.
    bins: Vec<BinCard>,
    /// Cumulative repeat purchases by week.
    track: Vec<TrackCard>,
}

/// The models behind the forecasts and how they did on days they had not seen.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelCheck {
    version: i64,
    made_day: String,
    customers: u64,
    lapse_days: f64,
    lapse_is_default: bool,
    /// The threshold was set by a person.
    lapse_by_hand: bool,
    /// The day since which the threshold holds.
    lapse_day: String,
    /// Gaps that a campaign ended, left out of the threshold.
    campaign_gaps: u64,
    gaps: u64,
    median_gap_days: f64,
    purchases: Option<FitCard>,
    spend: Option<FitCard>,
    /// Of frequency and spend; the spend model wants it near zero.
    spend_correlation: Option<f64>,
    candidates: Vec<CandidateCard>,
    holdout: Option<HoldoutCard>,
    /// Why there is no forecast or no check: too_few_repeats, history_too_short; empty when there are both.
    remarks: Vec<&'static str>,
}

fn fit_card(fit: &KeptFit) -> FitCard {
    let names = ModelKind::from_name(&fit.model).map_or(&[] as &[&str], ModelKind::parameter_names);
    FitCard {
        model: fit.model.clone(),
        parameters: names
            .iter()
            .zip(&fit.parameters)
            .enumerate()
            .map(|(i, (name, value))| Parameter {
                name,
                value: *value,
                standard_error: fit.standard_errors.get(i).copied().flatten(),
            })
            .collect(),
        log_likelihood: fit.log_likelihood,
        customers: fit.customers,
        converged: fit.converged,
        iterations: fit.iterations,
        with_prior: fit.with_prior,
    }
}

fn card(model: &Model) -> ModelCheck {
    let bin = |b: &FrequencyBin| BinCard {
        repeats: b.repeats,
        customers: b.customers,
        expected: b.expected,
        actual: b.actual,
    };
    let mut remarks = Vec::new();
    if model.purchases.is_none() {
        remarks.push("too_few_repeats");
    }
    if model.check.is_none() {
        remarks.push("history_too_short");
    }
    ModelCheck {
        version: model.version,
        made_day: day_name(model.made_day),
        customers: model.customers,
        lapse_days: model.lapse_days,
        lapse_is_default: model.lapse_is_default,
        lapse_by_hand: model.lapse_by_hand,
        lapse_day: day_name(model.rhythm().day),
        campaign_gaps: model.campaign_gaps,
        gaps: model.gaps,
        median_gap_days: model.median_gap,
        purchases: model.purchases.as_ref().map(fit_card),
        spend: model.spend.as_ref().map(fit_card),
        spend_correlation: model.spend_correlation,
        candidates: model
            .candidates
            .iter()
            .map(|c| CandidateCard {
                model: c.model.clone(),
                converged: c.converged,
                log_likelihood: c.log_likelihood,
                holdout_rmse: c.holdout_rmse,
                holdout_expected: c.holdout_expected,
                holdout_actual: c.holdout_actual,
                chosen: c.chosen,
            })
            .collect(),
        holdout: model.check.as_ref().map(|c| HoldoutCard {
            calibration_end: day_name(c.calibration_end),
            holdout_end: day_name(c.holdout_end),
            customers: c.customers,
            bins: c.bins.iter().map(bin).collect(),
            track: c
                .track
                .iter()
                .map(|p| TrackCard { day: day_name(p.day), expected: p.expected, actual: p.actual })
                .collect(),
        }),
        remarks,
    }
}

/// Parameters with their errors, the choice of the model, and the hold-out check drawn for the own data.
#[utoipa::path(get, path = "/api/insight/models", tag = "insight", responses((status = 200, body = ModelCheck)))]
pub(super) async fn models(need::Viewer(op): need::Viewer) -> Answer<ModelCheck> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    Ok(Json(card(&snapshot.model)))
}

/// Refreshes the profiles now; a model that is outgrown is learnt anew and published as the next version.
#[utoipa::path(post, path = "/api/insight/refresh", tag = "insight", responses((status = 200, body = ModelCheck)))]
pub(super) async fn relearn(need::Marketer(op): need::Marketer) -> Answer<ModelCheck> {
    let snapshot = refresh::now(&op.app, &op.workspace, Threshold::Held).await?;
    Ok(Json(card(&snapshot.model)))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct ThresholdChoice {
    /// Days of silence after which a customer counts as lapsed; null learns them from today's gaps.
    days: Option<f64>,
}

/// Sets the lapse threshold, or learns it anew: the next version, by which the whole history is judged.
#[utoipa::path(post, path = "/api/insight/threshold", tag = "insight", request_body = ThresholdChoice, responses((status = 200, body = ModelCheck)))]
pub(super) async fn set_threshold(
    need::Marketer(op): need::Marketer,
    Json(choice): Json<ThresholdChoice>,
) -> Answer<ModelCheck> {
    let threshold = match choice.days {
        None => Threshold::Learnt,
        Some(days) if (1.0..=3_650.0).contains(&days) => Threshold::Set(days),
        Some(_) => {
            return Err(
                Fault::invalid("threshold", "The threshold is a number of days from 1 to 3650.").into()
            );
        }
    };
    let snapshot = refresh::now(&op.app, &op.workspace, threshold).await?;
    Ok(Json(card(&snapshot.model)))
}
