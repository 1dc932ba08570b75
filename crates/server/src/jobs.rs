//! The workers: jobs by kind, the heartbeat of campaigns, events of the outbox.

use std::time::Duration;

use access::{App, Op, load_workspace, workspaces};
use basis::{CampaignId, Fault, WaveId, WorkspaceId};
use serde::Deserialize;
use store::jobs::{self, Job, JobError};
use tokio_util::sync::CancellationToken;

const LEASE: Duration = Duration::from_secs(15 * 60);
const IDLE: Duration = Duration::from_millis(250);

#[derive(Deserialize)]
struct OfCampaign {
    campaign_id: CampaignId,
}

#[derive(Deserialize)]
struct OfWave {
    wave_id: WaveId,
}

fn payload<T: for<'de> Deserialize<'de>>(job: &Job) -> Result<T, JobError> {
    serde_json::from_str(&job.payload)
        .map_err(|e| JobError::Fail(format!("the payload of {} is odd: {e}", job.kind)))
}

/// Does one job.
async fn run(app: &App, job: &Job) -> Result<(), JobError> {
    let ws = WorkspaceId(job.workspace_id);
    let op = Op::system(app.clone(), load_workspace(app, ws).await?);
    match job.kind.as_str() {
        campaign::JOB_LAUNCH => campaign::run_launch(&op, payload::<OfCampaign>(job)?.campaign_id).await?,
        campaign::JOB_ENTER => campaign::run_enter(&op, &payload::<campaign::EnterJob>(job)?).await?,
        campaign::JOB_PLAN_WAVE => channel::plan_wave(app, ws, payload::<OfWave>(job)?.wave_id).await?,
        other => {
            if !crate::subscriptions::run_job(&op, other, &job.payload).await? {
                return Err(JobError::Fail(format!("nobody does jobs of the kind \"{other}\"")));
            }
        }
    }
    Ok(())
}

/// Takes one job and does it; false when none is due.
pub async fn step(app: &App) -> Result<bool, Fault> {
    let Some(job) = jobs::claim(&app.db, app.now(), LEASE).await? else { return Ok(false) };
    let outcome = run(app, &job).await;
    if let Err(error) = &outcome {
        tracing::warn!(kind = job.kind, job = job.id, %error, "job {} did not succeed", job.kind);
    }
    metrics::counter!("otklik_jobs_total", "kind" => job.kind.clone(), "ok" => outcome.is_ok().to_string())
        .increment(1);
    jobs::finish(&app.db, &job, outcome, app.now()).await?;
    Ok(true)
}

/// Does everything that is due now, the events included: for commands that run without a server.
pub async fn drain(app: &App) -> Result<(), Fault> {
    loop {
        let heard = crate::subscriptions::deliver(app).await?;
        if !step(app).await? && heard == 0 {
            return Ok(());
        }
    }
}

/// One round of what campaigns need besides jobs.
pub async fn beat(app: &App) -> Result<(), Fault> {
    advance(app).await?;
    settle(app).await
}

/// Waves that are due start, their calls become tasks.
async fn advance(app: &App) -> Result<(), Fault> {
    for workspace in workspaces(app).await? {
        campaign::tick(app, &workspace).await?;
        desk::make_tasks(app, &workspace).await?;
        care::gather(app, &workspace).await?;
    }
    Ok(())
}

/// Answers that were left over are handled, and who cannot be reached is found.
async fn settle(app: &App) -> Result<(), Fault> {
    for workspace in workspaces(app).await? {
        response::handle_waiting(app, &workspace).await?;
        response::find_dead(app, &workspace).await?;
    }
    Ok(())
}

/// Does it again and again until told to stop.
async fn again<F: Future<Output = Result<(), Fault>>>(stop: CancellationToken, round: impl Fn() -> F) {
    while !stop.is_cancelled() {
        if let Err(fault) = round().await {
            tracing::error!(%fault, "the heartbeat failed");
        }
        tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(IDLE) => {} }
    }
}

/// Runs until told to stop.
pub async fn run_forever(app: App, stop: CancellationToken) {
    // A flood of answers must not keep a wave or an operator waiting: each has a round of its own.
    let heart = again(stop.clone(), || advance(&app));
    let answers = again(stop.clone(), || settle(&app));
    let work = async {
        while !stop.is_cancelled() {
            let busy =
                async { Ok::<_, Fault>(crate::subscriptions::deliver(&app).await? > 0 || step(&app).await?) };
            match busy.await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(fault) => tracing::error!(%fault, "the job worker failed"),
            }
            tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(IDLE) => {} }
        }
    };
    tokio::join!(heart, answers, work);
}
