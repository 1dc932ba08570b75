//! One run over a workspace: read, resolve, compare with what is stored, write the difference in short transactions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use access::Op;
use basis::{Fault, ImportId, WorkspaceId};
use serde::Serialize;

use super::plan::{self, Plan};
use super::{load, write};
use crate::rules::resolve::{Bands, resolve};

/// Which records have new content since the last run. Records without a customer and changed groups are found by themselves.
#[derive(Debug, Clone)]
pub enum Touched {
    Import(ImportId),
    Records(Vec<i64>),
    /// Decisions changed, records did not.
    Nothing,
    /// Write every card anew.
    All,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Refreshed {
    pub records: usize,
    pub customers: usize,
    /// Customers that went into others, and parts that left.
    pub merged: usize,
    pub split: usize,
    /// Cards written.
    pub written: usize,
}

/// Runs over one workspace wait for each other, as do erasures.
pub fn lock_of(ws: WorkspaceId) -> Arc<tokio::sync::Mutex<()>> {
    static LOCKS: OnceLock<Mutex<HashMap<WorkspaceId, Arc<tokio::sync::Mutex<()>>>>> = OnceLock::new();
    let mut locks = LOCKS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(locks.entry(ws).or_default())
}

/// Makes the stored people equal to what the engine finds in the records in force. The outcome depends on the set of records and
/// decisions only, not on the order in which they arrived; ids stay with the people they were given to.
///
/// # Errors
/// The database's.
pub async fn refresh(op: &Op, touched: Touched) -> Result<Refreshed, Fault> {
    let lock = lock_of(op.ws());
    let _guard = lock.lock().await;
    refresh_locked(op, touched).await
}

/// As [`refresh`], for a caller that holds the lock.
pub async fn refresh_locked(op: &Op, touched: Touched) -> Result<Refreshed, Fault> {
    let plan = make_plan(op, touched).await?;
    let done = Refreshed {
        records: plan.records,
        customers: plan.customers,
        merged: plan.merged.len(),
        split: plan.split.len(),
        written: plan.people.len(),
    };
    write::write(op, plan).await?;
    tracing::info!(
        records = done.records,
        customers = done.customers,
        written = done.written,
        "people of the base are up to date"
    );
    Ok(done)
}

async fn make_plan(op: &Op, touched: Touched) -> Result<Plan, Fault> {
    let mut tx = op.app.db.read().await?;
    let mut loaded = load::load(&mut tx, op.ws()).await?;
    let all = matches!(touched, Touched::All);
    loaded.changed = match touched {
        Touched::Import(import) => load::rows_of_import(&mut tx, op.ws(), import, &loaded.records).await?,
        Touched::Records(records) => {
            records.iter().filter_map(|id| loaded.records.binary_search(id).ok()).collect()
        }
        Touched::Nothing | Touched::All => ahash::AHashSet::new(),
    };
    drop(tx);
    let app = op.app.clone();
    tokio::task::spawn_blocking(move || {
        let found = resolve(&loaded.batch, &loaded.decisions, Bands::default());
        let mut plan = plan::plan(&loaded, &found, all, |n| app.next_ids(n));
        plan.take_records(&loaded);
        plan
    })
    .await
    .map_err(|e| Fault::internal("identity_engine", format!("the engine fell: {e}")))
}
