use super::inputs::Costs;
use crate::figures::Figure;
use crate::orders::day_name;
use crate::rules::lifecycle::Stage;
use crate::snapshot;
use crate::store;
use access::{Answer, need};
use axum::Json;
use basis::Money;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct StageValue {
    stage: &'static str,
    customers: u64,
    #[schema(value_type = Object)]
    realised: Money,
    /// Absent without a model.
    #[schema(value_type = Option<Object>)]
    expected: Option<Money>,
    #[schema(value_type = Option<Object>)]
    value_at_risk: Option<Money>,
    list: String,
}

/// What the base is worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct BaseValue {
    as_of: String,
    /// Which model forecasts; absent when none could be fitted.
    model: Option<String>,
    horizon_days: u32,
    margin_share: f64,
    /// The margin was not entered: figures are revenue.
    margin_is_default: bool,
    figures: Vec<Figure>,
    stages: Vec<StageValue>,
}

/// Value of the base: what customers brought and what the next twelve months are expected to bring.
#[utoipa::path(get, path = "/api/insight/value", tag = "insight", responses((status = 200, body = BaseValue)))]
pub(super) async fn value(need::Viewer(op): need::Viewer) -> Answer<BaseValue> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let mut tx = op.app.db.read().await?;
    let costs = Costs::of(&store::inputs(&mut tx, op.ws()).await?);
    drop(tx);
    let currency = op.workspace.currency;
    let answer = snapshot::blocking(move || {
        let margin = costs.margin_share.unwrap_or(1.0);
        let forecast = snapshot.derived().value;
        let mut stages = Vec::new();
        let (mut realised_all, mut buyers) = (0.0, 0u64);
        for stage in Stage::ALL {
            let (mut n, mut realised, mut expected, mut risk) = (0u64, 0.0, 0.0, 0.0);
            for p in snapshot.profiles.iter().filter(|p| p.stage == stage) {
                n += 1;
                realised += p.revenue_minor as f64;
                expected += p.expected_value_minor.unwrap_or(0) as f64;
                risk += p.value_at_risk_minor as f64;
            }
            realised_all += realised;
            buyers += if stage == Stage::None { 0 } else { n };
            #[expect(clippy::cast_possible_truncation, reason = "a share of sums of minor units")]
            let money = |v: f64| Money::new((v * margin).round() as i64, currency);
            stages.push(StageValue {
                stage: stage.name(),
                customers: n,
                realised: money(realised),
                expected: forecast.map(|_| money(expected)),
                value_at_risk: forecast.map(|_| money(risk)),
                list: format!("figure=stage&value={}", stage.name()),
            });
        }
        let expected = forecast.map(|f| f.expected * margin);
        let mut base_value = Figure::money("base_value", expected, currency).listed("figure=buyers");
        if let Some(f) = forecast {
            base_value = base_value.between(f.low * margin, f.high * margin);
        }
        let total = realised_all * margin + expected.unwrap_or(0.0);
        let figures = vec![
            base_value,
            Figure::money("realised", Some(realised_all * margin), currency).listed("figure=buyers"),
            Figure::money_ratio("ltv", total, buyers as f64, currency)
                .unless(expected.is_none())
                .listed("figure=buyers"),
            Figure::money_ratio("ltv_realised", realised_all * margin, buyers as f64, currency)
                .listed("figure=buyers"),
            Figure::money_ratio("ltv_expected", expected.unwrap_or(0.0), buyers as f64, currency)
                .unless(expected.is_none())
                .listed("figure=buyers"),
        ];
        BaseValue {
            as_of: day_name(snapshot.as_of),
            model: snapshot.model.purchases.as_ref().map(|m| m.model.clone()),
            horizon_days: 365,
            margin_share: margin,
            margin_is_default: costs.margin_share.is_none(),
            figures,
            stages,
        }
    })
    .await?;
    Ok(Json(answer))
}
