//! Complaints that other slices hear of: a sign of a bad experience, beside those about messages and those told on calls.

use crate::changes;
use access::App;
use basis::{CustomerId, Fault, Time, WorkspaceId};
use store::Tx;

/// A complaint as its slice knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Complaint {
    /// The id that it has there.
    pub id: i64,
    pub customer: CustomerId,
    /// On the campaign clock.
    pub at: Time,
}

/// Writes a complaint down, or takes the one of this id away; the profiles of whom it concerns are due. Nothing happens
/// when it stands so already.
///
/// # Errors
/// Of the database.
pub async fn set(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    id: i64,
    complaint: Option<Complaint>,
) -> Result<(), Fault> {
    let before = store::fetch_optional!(
        *tx,
        (i64, i64),
        "SELECT customer_id, at FROM complaints WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id
    )?;
    let after = complaint.map(|c| (c.customer.get(), c.at.millis()));
    if before == after {
        return Ok(());
    }
    store::execute!(*tx, "DELETE FROM complaints WHERE workspace_id = $1 AND id = $2", ws.get(), id)?;
    if let Some((customer, at)) = after {
        store::execute!(
            *tx,
            "INSERT INTO complaints (workspace_id, id, customer_id, at) VALUES ($1, $2, $3, $4)",
            ws.get(),
            id,
            customer,
            at
        )?;
    }
    let touched: Vec<i64> = before.iter().chain(&after).map(|(customer, _)| *customer).collect();
    changes::mark_customers(tx, ws, &touched).await?;
    changes::enqueue(tx, app, ws).await
}
