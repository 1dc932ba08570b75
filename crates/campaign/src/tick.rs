//! The heartbeat: waves whose time has come start, campaigns whose waves are over finish.

use access::{App, Workspace};
use basis::{Fault, WaveId, WorkspaceId};
use serde_json::json;
use store::{Tx, jobs, jobs::NewJob};

use crate::{
    JOB_PLAN_WAVE, journey,
    rules::{Kind, State, expires_at},
    store::{Campaign, WaveState, finish_wave, list, start_wave, waves},
};

/// Starts what is due and finishes what is over, in one workspace, on its campaign clock. Running it twice at once does no harm.
pub async fn tick(app: &App, workspace: &Workspace) -> Result<Vec<WaveId>, Fault> {
    let now = workspace.campaign_now(app.now());
    let ws = workspace.id;
    let mut tx = app.db.read().await?;
    let running: Vec<Campaign> =
        list(&mut tx, ws).await?.into_iter().filter(|c| c.state == State::Running).collect();
    drop(tx);
    let mut started = Vec::new();
    for owner in running {
        if owner.kind == Kind::Journey {
            started.extend(journey::beat(app, workspace, &owner, now).await?);
            continue;
        }
        let id = owner.id;
        let mut tx = app.db.read().await?;
        let all = waves(&mut tx, ws, id).await?;
        drop(tx);
        let mut open = 0;
        for wave in &all {
            match wave.state {
                WaveState::Waiting => {
                    open += 1;
                    let Some(due) = wave.due_at.filter(|due| *due <= now) else { continue };
                    let mut tx = app.db.write().await?;
                    if start_wave(&mut tx, ws, id, wave, due, now).await? {
                        ask_plan(&mut tx, app, ws, wave.id).await?;
                        started.push(wave.id);
                    }
                    tx.commit().await?;
                    app.hub.publish(
                        ws,
                        format!("campaign:{id}"),
                        json!({ "wave": wave.id, "state": "running" }),
                    );
                }
                WaveState::Running => {
                    // What could not be contacted by its expiry never will be.
                    if wave.due_at.is_some_and(|due| expires_at(due).plus_days(1) < now) {
                        let mut tx = app.db.write().await?;
                        finish_wave(&mut tx, ws, wave.id, now).await?;
                        tx.commit().await?;
                    } else {
                        open += 1;
                    }
                }
                WaveState::Done | WaveState::Stopped => {}
            }
        }
        if open == 0 {
            let mut tx = app.db.write().await?;
            store::execute!(
                tx,
                "UPDATE campaigns SET state = 'finished', finished_at = $3 WHERE workspace_id = $1 AND id = $2 AND state = 'running'",
                ws.get(),
                id.get(),
                now.millis()
            )?;
            tx.commit().await?;
            app.hub.publish(ws, format!("campaign:{id}"), json!({ "state": "finished" }));
        }
    }
    Ok(started)
}

/// Asks for the rows of a wave; false when that was asked already.
pub(crate) async fn ask_plan(tx: &mut Tx, app: &App, ws: WorkspaceId, wave: WaveId) -> Result<bool, Fault> {
    let key = wave.to_string();
    let job = NewJob {
        id: app.next_id(),
        kind: JOB_PLAN_WAVE,
        payload: json!({ "wave_id": wave }).to_string(),
        dedup_key: Some(&key),
        run_after: app.now(),
    };
    Ok(jobs::enqueue(tx, ws, job, app.now()).await?)
}
