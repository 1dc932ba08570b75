//! Customers whose profile is due: marked in the transaction that changed their orders or records, settled when
//! the profile is refreshed.

use basis::WorkspaceId;
use store::{Result, Tx, Value};

/// A customer that is due. Every mark counts one up, so that a customer marked again while its profile is being
/// refreshed stays due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Change {
    pub customer_id: i64,
    pub marks: i64,
}

/// Marks customers as due.
///
/// # Errors
/// When the database fails.
pub async fn mark(tx: &mut Tx, ws: WorkspaceId, customers: &[i64]) -> Result<()> {
    // One statement may not touch a row twice.
    let mut ids = customers.to_vec();
    ids.sort_unstable();
    ids.dedup();
    store::insert_many!(
        *tx,
        "INSERT INTO insight_changes (workspace_id, customer_id, marks)",
        &ids,
        |id| [ws.get(), *id, 1_i64],
        "ON CONFLICT (workspace_id, customer_id) DO UPDATE SET marks = insight_changes.marks + 1"
    )?;
    Ok(())
}

/// The customers of an import's records, each once.
///
/// # Errors
/// When the database fails.
pub async fn customers_of_import(tx: &mut Tx, ws: WorkspaceId, import: i64) -> Result<Vec<i64>> {
    let ids: Vec<(i64,)> = store::fetch_all!(
        *tx,
        (i64,),
        "SELECT rc.customer_id FROM records r
         JOIN record_customers rc ON rc.workspace_id = r.workspace_id AND rc.record_id = r.id
         WHERE r.workspace_id = $1 AND r.import_id = $2",
        ws.get(),
        import
    )?;
    let mut ids: Vec<i64> = ids.into_iter().map(|row| row.0).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Marks the customers of these records.
///
/// # Errors
/// When the database fails.
pub async fn mark_records(tx: &mut Tx, ws: WorkspaceId, records: &[i64]) -> Result<()> {
    let sql = format!(
        "SELECT DISTINCT customer_id FROM record_customers WHERE workspace_id = $1 AND record_id IN {}",
        store::dialect::id_list(tx.engine(), 2)
    );
    let args = [Value::Int(ws.get()), Value::Text(serde_json::json!(records).to_string())];
    let ids: Vec<(i64,)> = tx.fetch_dyn(&sql, &args).await?;
    mark(tx, ws, &ids.into_iter().map(|row| row.0).collect::<Vec<_>>()).await
}

/// Who is due, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due(tx: &mut Tx, ws: WorkspaceId, limit: i64) -> Result<Vec<Change>> {
    store::fetch_all!(
        *tx,
        Change,
        "SELECT customer_id, marks FROM insight_changes WHERE workspace_id = $1 ORDER BY customer_id LIMIT $2",
        ws.get(),
        limit
    )
}

/// Takes off the list whoever was not marked again since `changes` was read.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut Tx, ws: WorkspaceId, changes: &[Change]) -> Result<()> {
    let mut by_marks: std::collections::BTreeMap<i64, Vec<i64>> = std::collections::BTreeMap::new();
    for change in changes {
        by_marks.entry(change.marks).or_default().push(change.customer_id);
    }
    let sql = format!(
        "DELETE FROM insight_changes WHERE workspace_id = $1 AND marks = $3 AND customer_id IN {}",
        store::dialect::id_list(tx.engine(), 2)
    );
    for (marks, customers) in by_marks {
        let list = serde_json::json!(customers).to_string();
        tx.execute_dyn(&sql, &[Value::Int(ws.get()), Value::Text(list), Value::Int(marks)]).await?;
    }
    Ok(())
}
