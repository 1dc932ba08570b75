//! Who tells this slice that profiles are due: the server, in the name of imports and of the outbox.

use crate::refresh::PART;
use crate::{JOB_REFRESH, JOB_REFRESH_CHANGED, store};
use ::store::Tx;
use ::store::jobs::{self, NewJob};
use access::App;
use basis::{Fault, ImportId, RecordId, WorkspaceId};

/// Customers marked in one transaction.
const PAGE: usize = 2_000;

/// Marks customers as due, in the caller's transaction; [`enqueue`] asks for the refresh.
///
/// # Errors
/// When the database fails.
pub async fn mark_customers(tx: &mut Tx, ws: WorkspaceId, customers: &[i64]) -> Result<(), Fault> {
    Ok(store::mark(tx, ws, customers).await?)
}

/// An import is over: asks for the refresh of the customers whose records it stored, or of everybody when they are many.
///
/// # Errors
/// When the database fails.
pub async fn after_import(app: &App, ws: WorkspaceId, import: ImportId) -> Result<(), Fault> {
    let mut tx = app.db.read().await?;
    let customers = match store::state(&mut tx, ws).await? {
        Some(_) => Some(store::customers_of_import(&mut tx, ws, import.get()).await?),
        None => None,
    };
    let known = store::profile_count(&mut tx, ws).await?;
    drop(tx);
    let few = customers.filter(|customers| customers.len() <= known / PART);
    for chunk in few.iter().flat_map(|few| few.chunks(PAGE)) {
        let mut tx = app.db.write().await?;
        store::mark(&mut tx, ws, chunk).await?;
        tx.commit().await?;
    }
    let mut tx = app.db.write().await?;
    ask(&mut tx, app, ws, if few.is_some() { JOB_REFRESH_CHANGED } else { JOB_REFRESH }).await?;
    tx.commit().await?;
    Ok(())
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
    ask(tx, app, ws, JOB_REFRESH_CHANGED).await
}

async fn ask(tx: &mut Tx, app: &App, ws: WorkspaceId, kind: &str) -> Result<(), Fault> {
    let job =
        NewJob { id: app.next_id(), kind, payload: "{}".to_owned(), dedup_key: None, run_after: app.now() };
    jobs::enqueue(tx, ws, job, app.now()).await?;
    Ok(())
}
