use super::inputs::Costs;
use crate::orders::day_name;
use crate::rules::occasions::History;
use crate::rules::profile::Signal;
use crate::rules::value::{Forecast, forecast as forecast_of};
use crate::snapshot;
use crate::store;
use access::{Answer, need};
use axum::Json;
use axum::extract::Path;
use basis::{Fault, Money};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct CardMove {
    from: String,
    to: String,
    day: String,
}

/// What the orders of one customer say about the next twelve months.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardForecast {
    as_of: String,
    stage: &'static str,
    purchases: u32,
    first_day: Option<String>,
    last_day: Option<String>,
    mean_gap_days: Option<f64>,
    /// When the next order was due by the own rhythm: last purchase + own mean gap.
    due_day: Option<String>,
    /// When the next order is likely to come, if one comes: the median.
    next_day: Option<String>,
    p_alive: Option<f64>,
    /// 1 − P(alive) × min(1, 1.5 ÷ overdue ratio).
    risk: Option<f64>,
    /// The reasons, for words.
    #[schema(value_type = Vec<Object>)]
    signals: Vec<Signal>,
    /// Purchases in twelve months with their 80% interval.
    expected_orders: Option<Forecast>,
    /// Revenue of twelve months in minor units with its 80% interval.
    expected_value: Option<Forecast>,
    /// Probability of no purchase in twelve months.
    none_probability: Option<f64>,
    currency: String,
    /// Realised margin so far.
    #[schema(value_type = Object)]
    realised: Money,
    /// Realised margin + expected margin of twelve months.
    #[schema(value_type = Option<Object>)]
    ltv: Option<Money>,
    #[schema(value_type = Object)]
    value_at_risk: Money,
    margin_share: f64,
    r: Option<u8>,
    f: Option<u8>,
    m: Option<u8>,
    moves: Vec<CardMove>,
    model: Option<String>,
    model_version: i64,
}

/// Stage, chance of being alive, next order, twelve-month value with intervals, risk and its reasons.
#[utoipa::path(get, path = "/api/customers/{id}/forecast", tag = "insight", params(("id" = String, Path)), responses((status = 200, body = CardForecast)))]
pub(super) async fn forecast(need::Anyone(op): need::Anyone, Path(id): Path<String>) -> Answer<CardForecast> {
    let unknown = || Fault::not_found("customer", "There is no such customer.");
    let id: i64 = id.parse().map_err(|_| unknown())?;
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let mut tx = op.app.db.read().await?;
    let id = store::current_id(&mut tx, op.ws(), id).await?;
    let costs = Costs::of(&store::inputs(&mut tx, op.ws()).await?);
    let moves = store::moves_of(&mut tx, op.ws(), id).await?;
    drop(tx);
    let place = snapshot.purchases.place(id).ok_or_else(unknown)?;
    let currency = op.workspace.currency;
    let answer = snapshot::blocking(move || {
        let p = &snapshot.profiles[place];
        let occasions = snapshot.purchases.base().of(place);
        let future = History::of(0, occasions, snapshot.as_of)
            .and_then(|h| forecast_of(&snapshot.model, &h, id.unsigned_abs()));
        let margin = costs.margin_share.unwrap_or(1.0);
        #[expect(clippy::cast_possible_truncation, reason = "a share of a sum of minor units")]
        let money = |v: f64| Money::new((v * margin).round() as i64, currency);
        let scores = (p.purchases > 0).then(|| snapshot.rfm()[place]);
        #[expect(clippy::cast_possible_truncation, reason = "days, clamped")]
        let later =
            |from: i32, days: f64| day_name(from.saturating_add(days.round().clamp(0.0, 36_500.0) as i32));
        CardForecast {
            as_of: day_name(snapshot.as_of),
            stage: p.stage.name(),
            purchases: p.purchases,
            first_day: p.first_day.map(day_name),
            last_day: p.last_day.map(day_name),
            mean_gap_days: p.mean_gap,
            due_day: p.last_day.zip(p.mean_gap).map(|(last, gap)| later(last, gap)),
            next_day: future.and_then(|f| f.next_in_days).map(|days| later(snapshot.as_of, days)),
            p_alive: p.p_alive,
            risk: p.risk,
            signals: p.signals.clone(),
            expected_orders: future.map(|f| f.purchases),
            expected_value: future.map(|f| f.value),
            none_probability: future.map(|f| f.none),
            currency: currency.to_string(),
            realised: money(p.revenue_minor as f64),
            ltv: p.expected_value_minor.map(|v| money(p.revenue_minor as f64 + v as f64)),
            value_at_risk: money(p.value_at_risk_minor as f64),
            margin_share: margin,
            r: scores.map(|s| s.r),
            f: scores.map(|s| s.f),
            m: scores.map(|s| s.m),
            moves: moves
                .into_iter()
                .map(|m| CardMove {
                    from: m.from_stage,
                    to: m.to_stage,
                    day: i32::try_from(m.day).map(day_name).unwrap_or_default(),
                })
                .collect(),
            model: snapshot.model.purchases.as_ref().map(|m| m.model.clone()),
            model_version: snapshot.model.version,
        }
    })
    .await?;
    Ok(Json(answer))
}
