//! Who tells this slice that profiles are due: the server, in the name of imports and of the outbox.

use crate::{JOB_REFRESH_CHANGED, store};
use ::store::Tx;
use ::store::jobs::{self, NewJob};
use access::App;
use basis::{Fault, ImportId, RecordId, WorkspaceId};

/// Customers marked in one transaction.
const PAGE: i64 = 2_000;

/// Marks customers as due, in the caller's transaction; [`enqueue`] asks for the refresh.
///
/// # Errors
/// When the database fails.
pub async fn mark_customers(tx: &mut Tx, ws: WorkspaceId, customers: &[i64]) -> Result<(), Fault> {
    Ok(store::mark(tx, ws, customers).await?)
}

/// Marks the customers of an import's records.
///
/// # Errors
/// When the database fails.
pub async fn mark_import(app: &App, ws: WorkspaceId, import: ImportId) -> Result<(), Fault> {
    let mut after = i64::MIN;
    loop {
        let mut tx = app.db.write().await?;
        let last = store::mark_import(&mut tx, ws, import.get(), after, PAGE).await?;
        tx.commit().await?;
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// Marks the customers of records that are about to leave them.
///
/// # Errors
/// When the database fails.
pub async fn mark_records(app: &App, ws: WorkspaceId, records: &[RecordId]) -> Result<(), Fault> {
    for chunk in records.chunks(2_000) {
        let ids: Vec<i64> = chunk.iter().map(|r| r.get()).collect();
        let mut tx = app.db.write().await?;
        store::mark_records(&mut tx, ws, &ids).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Asks for a refresh of whoever is due. Never left out as a double: a refresh under way may have read the list
/// already, and one that finds nobody due costs nothing.
///
/// # Errors
/// When the database fails.
pub async fn enqueue(tx: &mut Tx, app: &App, ws: WorkspaceId) -> Result<(), Fault> {
    let job = NewJob {
        id: app.next_id(),
        kind: JOB_REFRESH_CHANGED,
        payload: "{}".to_owned(),
        dedup_key: None,
        run_after: app.now(),
    };
    jobs::enqueue(tx, ws, job, app.now()).await?;
    Ok(())
}
