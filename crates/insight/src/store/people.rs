//! What lists show of customers.

use basis::WorkspaceId;
use store::{Result, Tx, Value};

/// Name and city of customers, for lists.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Face {
    pub id: i64,
    pub display_name: String,
    pub city: String,
}

pub async fn faces(tx: &mut Tx, ws: WorkspaceId, customers: &[i64]) -> Result<Vec<Face>> {
    let sql = format!(
        "SELECT id, display_name, city FROM customers WHERE workspace_id = $1 AND id IN {}",
        store::dialect::id_list(tx.engine(), 2)
    );
    let args = [Value::Int(ws.get()), Value::Text(serde_json::json!(customers).to_string())];
    tx.fetch_dyn(&sql, &args).await
}

/// The id that lives on for one that was merged away.
pub async fn current_id(tx: &mut Tx, ws: WorkspaceId, customer: i64) -> Result<i64> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT current_id FROM customer_aliases WHERE workspace_id = $1 AND customer_id = $2",
        ws.get(),
        customer
    )?;
    Ok(row.map_or(customer, |row| row.0))
}

/// Contact values of customers, for masked lists.
pub async fn contact_values(
    tx: &mut Tx,
    ws: WorkspaceId,
    customers: &[i64],
) -> Result<Vec<(i64, String, String)>> {
    let sql = format!(
        "SELECT customer_id, kind, value FROM contact_points WHERE workspace_id = $1 AND customer_id IN {} ORDER BY preferred DESC, last_seen DESC",
        store::dialect::id_list(tx.engine(), 2)
    );
    let args = [Value::Int(ws.get()), Value::Text(serde_json::json!(customers).to_string())];
    tx.fetch_dyn(&sql, &args).await
}
