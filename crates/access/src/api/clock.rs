use axum::Json;
use basis::{Fault, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Answer, need, set_clock};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockAction {
    Pause,
    Run,
    StepDay,
}

#[derive(Deserialize, ToSchema)]
pub struct ClockChange {
    pub action: ClockAction,
    /// Campaign seconds per real second when it runs; up to 100,000.
    pub speed: Option<f64>,
}

#[derive(Serialize, ToSchema)]
pub struct ClockNow {
    #[schema(value_type = String, format = DateTime)]
    pub campaign_now: Time,
    pub speed: f64,
    pub paused: bool,
}

/// Pauses, runs or steps the campaign clock of a simulated workspace.
#[utoipa::path(post, path = "/api/clock", tag = "access", request_body = ClockChange, responses((status = 200, body = ClockNow)))]
pub(super) async fn set(
    need::Supervisor(op): need::Supervisor,
    Json(body): Json<ClockChange>,
) -> Answer<ClockNow> {
    if !op.workspace.simulated {
        return Err(Fault::refused(
            "real_workspace",
            "Only the clock of a simulated workspace can be moved.",
        )
        .into());
    }
    let now = op.campaign_now();
    let speed =
        body.speed.unwrap_or(if op.workspace.clock.speed == 0.0 { 3600.0 } else { op.workspace.clock.speed });
    if !(0.0..=100_000.0).contains(&speed) {
        return Err(Fault::invalid("speed", "The speed is a number from 0 to 100000.").into());
    }
    let clock = match body.action {
        ClockAction::Pause => set_clock(&op.app, op.ws(), now, 0.0).await?,
        ClockAction::Run => set_clock(&op.app, op.ws(), now, speed).await?,
        ClockAction::StepDay => {
            set_clock(&op.app, op.ws(), now.plus_days(1), op.workspace.clock.speed).await?
        }
    };
    let campaign_now = clock.at(op.now());
    Ok(Json(ClockNow { campaign_now, speed: clock.speed, paused: clock.speed == 0.0 }))
}
