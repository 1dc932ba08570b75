//! Whose a profile, an e-mail, a phone or an order is.

use basis::{CustomerId, Fault, OrderId, WorkspaceId};
use store::{Tx, Value, dialect};

/// The one customer who has a contact; nobody when several have it.
pub async fn owner(
    tx: &mut Tx,
    ws: WorkspaceId,
    kind: &str,
    values: &[String],
) -> Result<Option<CustomerId>, Fault> {
    if values.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT DISTINCT p.customer_id FROM contact_points p WHERE p.workspace_id = $1 AND p.kind = $2 AND p.value IN {} LIMIT 2",
        dialect::text_list(tx.engine(), 3)
    );
    let args = [
        Value::Int(ws.get()),
        Value::Text(kind.to_owned()),
        Value::Text(serde_json::json!(values).to_string()),
    ];
    let found: Vec<(i64,)> = tx.fetch_dyn(&sql, &args).await?;
    Ok(match found.as_slice() {
        [(one,)] => Some(CustomerId(*one)),
        _ => None,
    })
}

pub async fn exists(tx: &mut Tx, ws: WorkspaceId, customer: CustomerId) -> Result<bool, Fault> {
    let (found,) = store::fetch_one!(
        *tx,
        (i64,),
        "SELECT COUNT(*) FROM customers WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        customer.get()
    )?;
    Ok(found > 0)
}

/// An order of the customer by its number.
pub async fn order(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
    number: &str,
) -> Result<Option<OrderId>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT o.id FROM orders o JOIN record_customers r ON r.workspace_id = o.workspace_id AND r.record_id = o.record_id
         WHERE o.workspace_id = $1 AND r.customer_id = $2 AND o.number = $3 ORDER BY o.id DESC LIMIT 1",
        ws.get(),
        customer.get(),
        number
    )?;
    Ok(row.map(|(id,)| OrderId(id)))
}

/// The number of an order.
pub async fn order_number(tx: &mut Tx, ws: WorkspaceId, id: i64) -> Result<Option<String>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (String,),
        "SELECT number FROM orders WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id
    )?;
    Ok(row.map(|(number,)| number))
}
