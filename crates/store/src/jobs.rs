//! Work that outlives a request: enqueued in the transaction that causes it, claimed under a lease, run at least once.

use std::time::Duration;

use basis::{Time, WorkspaceId};

use crate::{Db, Result, Tx, dialect};

/// A job that this worker holds until `lease_until`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Job {
    pub workspace_id: i64,
    pub id: i64,
    pub kind: String,
    pub payload: String,
    pub attempts: i64,
}

/// How a job ended: try again later, or never.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error("{0}")]
    Retry(String),
    #[error("{0}")]
    Fail(String),
}

impl From<crate::Error> for JobError {
    fn from(error: crate::Error) -> Self {
        Self::Retry(error.to_string())
    }
}

impl From<basis::Fault> for JobError {
    fn from(fault: basis::Fault) -> Self {
        match fault.kind {
            basis::FaultKind::Internal | basis::FaultKind::TooMany => Self::Retry(fault.to_string()),
            _ => Self::Fail(fault.to_string()),
        }
    }
}

/// What to enqueue.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    pub id: i64,
    pub kind: &'a str,
    pub payload: String,
    /// A job of the same kind and key that still waits or runs makes this one unnecessary.
    pub dedup_key: Option<&'a str>,
    pub run_after: Time,
}

/// Enqueues and answers whether it was needed.
pub async fn enqueue(tx: &mut Tx, workspace: WorkspaceId, job: NewJob<'_>, now: Time) -> Result<bool> {
    let touched = crate::execute!(
        *tx,
        "INSERT INTO jobs (workspace_id, id, kind, payload, dedup_key, state, run_after, attempts, created_at)
         VALUES ($1, $2, $3, $4, $5, 'waiting', $6, 0, $7) ON CONFLICT DO NOTHING",
        workspace.get(),
        job.id,
        job.kind,
        job.payload,
        job.dedup_key,
        job.run_after.millis(),
        now.millis()
    )?;
    Ok(touched == 1)
}

/// Takes the job that is due longest; a job whose worker was lost (its lease ran out) is taken again.
pub async fn claim(db: &Db, now: Time, lease: Duration) -> Result<Option<Job>> {
    let mut tx = db.write().await?;
    // Materialised, or PostgreSQL may run the inner SELECT once per outer row and lock more than the one job.
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT workspace_id, id FROM jobs
           WHERE (state = 'waiting' AND run_after <= $1) OR (state = 'running' AND lease_until < $1)
           ORDER BY run_after LIMIT 1{})
         UPDATE jobs SET state = 'running', lease_until = $2, attempts = attempts + 1
         WHERE (workspace_id, id) IN (SELECT workspace_id, id FROM due)
         RETURNING workspace_id, id, kind, payload, attempts",
        dialect::skip_locked(&tx)
    );
    let args = [crate::Value::Int(now.millis()), crate::Value::Int(now.plus(lease).millis())];
    let job = tx.fetch_dyn::<Job>(&sql, &args).await?.pop();
    tx.commit().await?;
    Ok(job)
}

/// Writes down how a job ended; a retry waits 2^attempts seconds, an hour at most, and is given up after 20.
pub async fn finish(db: &Db, job: &Job, outcome: std::result::Result<(), JobError>, now: Time) -> Result<()> {
    let (state, error, again) = match outcome {
        Ok(()) => ("done", None, now),
        Err(JobError::Retry(why)) if job.attempts < 20 => {
            let wait = 1_u64 << u32::try_from(job.attempts.clamp(0, 12)).unwrap_or(12);
            ("waiting", Some(why), now.plus(Duration::from_secs(wait.min(3600))))
        }
        Err(JobError::Retry(why) | JobError::Fail(why)) => ("failed", Some(why), now),
    };
    let mut tx = db.write().await?;
    crate::execute!(
        tx,
        "UPDATE jobs SET state = $3, last_error = $4, run_after = $5, finished_at = $6, lease_until = NULL WHERE workspace_id = $1 AND id = $2",
        job.workspace_id,
        job.id,
        state,
        error,
        again.millis(),
        now.millis()
    )?;
    tx.commit().await
}
