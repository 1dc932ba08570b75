//! The contact point that a colleague chose by hand: shown first, and the first that letters and calls try.

use access::Op;
use ahash::AHashMap;
use basis::{CustomerId, Fault, WorkspaceId};
use serde_json::json;
use store::{Tx, Value};

use super::people::{self, ContactRow};
use super::rows::Contact;
use super::said::said;
use super::write::list_of;

/// (customer, kind) → the value chosen last among the records of the customer.
async fn choices(
    tx: &mut Tx,
    ws: WorkspaceId,
    customers: &[i64],
) -> Result<AHashMap<(i64, String), String>, Fault> {
    let mut out = AHashMap::new();
    for some in customers.chunks(1_000) {
        let sql = format!(
            "SELECT rc.customer_id, ch.kind, ch.value FROM chosen_contacts ch
             JOIN record_customers rc ON rc.workspace_id = ch.workspace_id AND rc.record_id = ch.record_id
             WHERE ch.workspace_id = $1 AND rc.customer_id IN ({}) ORDER BY ch.at, ch.record_id",
            list_of(some)
        );
        let rows: Vec<(i64, String, String)> = tx.fetch_dyn(&sql, &[Value::Int(ws.get())]).await?;
        out.extend(rows.into_iter().map(|(customer, kind, value)| ((customer, kind), value)));
    }
    Ok(out)
}

/// Lets what was chosen by hand win over what the engine would show first. A choice whose value the customer has no more is idle.
pub async fn put_first(tx: &mut Tx, ws: WorkspaceId, contacts: &mut [Contact<'_>]) -> Result<(), Fault> {
    let (any,) = store::fetch_one!(
        *tx,
        (i64,),
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM chosen_contacts WHERE workspace_id = $1 LIMIT 1) first_one",
        ws.get()
    )?;
    if any == 0 {
        return Ok(());
    }
    let mut customers: Vec<i64> = contacts.iter().map(|c| c.customer).collect();
    customers.dedup();
    for ((customer, kind), value) in choices(tx, ws, &customers).await? {
        let mine = |c: &Contact<'_>| c.customer == customer && c.kind == kind;
        if contacts.iter().any(|c| mine(c) && c.value == value) {
            for contact in contacts.iter_mut().filter(|c| mine(c)) {
                contact.preferred = contact.value == value;
            }
        }
    }
    Ok(())
}

/// Chooses a contact point of a customer by hand, or gives the choice back to the engine.
///
/// # Errors
/// No such customer or contact point, or the database's.
pub async fn choose(op: &Op, customer: CustomerId, contact: i64, by_hand: bool) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    let ws = op.ws().get();
    let row = people::customer(&mut tx, op, customer).await?;
    let contacts = people::contacts(&mut tx, op.ws(), &[row.id]).await?;
    let chosen = contacts
        .iter()
        .find(|c| c.id == contact)
        .ok_or_else(|| Fault::not_found("contact", "the customer has no such contact point any more"))?;
    forget(&mut tx, ws, row.id, &chosen.kind).await?;
    let value = if by_hand { chosen.value.clone() } else { by_engine(&contacts, &chosen.kind) };
    if by_hand {
        let (said, _) = said(&mut tx, op.ws(), CustomerId(row.id)).await?;
        let named = said.iter().find(|s| s.kind == chosen.kind && s.value == chosen.value).map(|s| s.record);
        let record = match named {
            Some(record) => Some(record),
            None => people::records(&mut tx, op.ws(), CustomerId(row.id), 1).await?.first().map(|r| r.id),
        };
        let record = record.ok_or_else(|| Fault::conflict("no_record", "the customer has no record left"))?;
        store::execute!(
            tx,
            "INSERT INTO chosen_contacts (workspace_id, record_id, kind, value, chosen_by, at) VALUES ($1, $2, $3, $4, $5, $6)",
            ws,
            record,
            chosen.kind.as_str(),
            value.as_str(),
            op.actor.id,
            op.campaign_now().millis()
        )?;
    }
    store::execute!(
        tx,
        "UPDATE contact_points SET preferred = (value = $4) WHERE workspace_id = $1 AND customer_id = $2 AND kind = $3",
        ws,
        row.id,
        chosen.kind.as_str(),
        value
    )?;
    let detail = json!({ "kind": chosen.kind, "by_hand": by_hand });
    op.audit(&mut tx, "customer.prefer", "customer", row.id, detail).await?;
    tx.commit().await?;
    Ok(())
}

async fn forget(tx: &mut Tx, ws: i64, customer: i64, kind: &str) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "DELETE FROM chosen_contacts WHERE workspace_id = $1 AND kind = $3 AND record_id IN
           (SELECT record_id FROM record_customers WHERE workspace_id = $1 AND customer_id = $2)",
        ws,
        customer,
        kind
    )?;
    Ok(())
}

/// What the engine shows first: the one seen last, then the one seen most often.
fn by_engine(contacts: &[ContactRow], kind: &str) -> String {
    contacts
        .iter()
        .filter(|c| c.kind == kind)
        .max_by(|a, b| {
            a.last_seen.cmp(&b.last_seen).then(a.seen.cmp(&b.seen)).then_with(|| b.value.cmp(&a.value))
        })
        .map(|c| c.value.clone())
        .unwrap_or_default()
}

/// Kinds of contact points of a customer that were chosen by hand, with the values.
///
/// # Errors
/// The database's.
pub async fn by_hand(tx: &mut Tx, ws: WorkspaceId, customer: i64) -> Result<Vec<(String, String)>, Fault> {
    Ok(choices(tx, ws, &[customer]).await?.into_iter().map(|((_, kind), value)| (kind, value)).collect())
}
