//! All that is known of a person, as one JSON document.

use access::Op;
use basis::{CustomerId, Fault, Time};
use serde_json::{Value, json};
use store::Tx;

use crate::store::{people, write::list_of};

/// Everything stored about a person, without masks; the export is written to the audit log.
///
/// # Errors
/// No such customer, or the database's.
pub async fn export_person(op: &Op, customer: CustomerId) -> Result<Value, Fault> {
    let mut tx = op.app.db.write().await?;
    let row = people::customer(&mut tx, op, customer).await?;
    op.audit(&mut tx, "customer.export", "customer", row.id, json!({})).await?;
    tx.commit().await?;
    let mut tx = op.app.db.read().await?;
    let ids = people::current_ids(&mut tx, op.ws(), CustomerId(row.id)).await?;
    let list = list_of(&ids.iter().map(|id| id.get()).collect::<Vec<_>>());
    let contacts: Vec<Value> = people::contacts(&mut tx, op.ws(), &[row.id])
        .await?
        .into_iter()
        .map(|c| json!({ "kind": c.kind, "value": c.value, "source": c.source, "status": c.state, "first_seen": time(c.first_seen), "last_seen": time(c.last_seen), "records": c.seen }))
        .collect();
    Ok(json!({
        "customer": {
            "id": row.id.to_string(), "name": row.display_name, "given_name": row.given_name, "family_name": row.family_name,
            "patronymic": row.patronymic, "language": row.language, "birth_date": row.birth_date, "city": row.city,
            "created_at": time(row.created_at), "updated_at": time(row.updated_at),
        },
        "earlier_ids": ids.iter().skip(1).map(ToString::to_string).collect::<Vec<_>>(),
        "contacts": contacts,
        "addresses": addresses(&mut tx, op, row.id).await?,
        "records": records(&mut tx, op, row.id).await?,
        "orders": orders(&mut tx, op, row.id).await?,
        "consents": consents(&mut tx, op, &list).await?,
        "messages": messages(&mut tx, op, &list).await?,
        "timeline": timeline_of(&mut tx, op, &ids).await?,
    }))
}

fn time(millis: i64) -> String {
    Time::from_millis(millis).timestamp().to_string()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

async fn addresses(tx: &mut Tx, op: &Op, customer: i64) -> Result<Vec<Value>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (String, String, bool, i64, i64),
        "SELECT text, city, pickup, first_seen, last_seen FROM addresses WHERE workspace_id = $1 AND customer_id = $2 ORDER BY last_seen DESC, id",
        op.ws().get(),
        customer
    )?;
    Ok(rows.into_iter().map(|r| json!({ "text": r.0, "city": r.1, "pickup": r.2, "first_seen": time(r.3), "last_seen": time(r.4) })).collect())
}

/// Every version of every row the person is known by, as it came.
async fn records(tx: &mut Tx, op: &Op, customer: i64) -> Result<Vec<Value>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (String, String, i64, bool, String, i64, String),
        "SELECT r.kind, r.key, r.version, r.current, r.file, r.line, r.payload FROM record_customers rc
         JOIN records r ON r.workspace_id = rc.workspace_id AND r.id = rc.record_id
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2 ORDER BY r.id, r.version",
        op.ws().get(),
        customer
    )?;
    Ok(rows
        .into_iter()
        .map(|r| json!({ "kind": r.0, "key": r.1, "version": r.2, "current": r.3, "file": r.4, "line": r.5, "as_it_came": parsed(&r.6) }))
        .collect())
}

async fn orders(tx: &mut Tx, op: &Op, customer: i64) -> Result<Vec<Value>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, String, i64, String, i64, String),
        "SELECT o.id, o.number, o.ordered_at, o.status, o.amount_minor, o.currency FROM record_customers rc
         JOIN orders o ON o.workspace_id = rc.workspace_id AND o.record_id = rc.record_id
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2 ORDER BY o.ordered_at, o.id",
        op.ws().get(),
        customer
    )?;
    let lines = store::fetch_all!(
        *tx,
        (i64, String, i64),
        "SELECT l.order_id, p.title, l.quantity FROM record_customers rc
         JOIN orders o ON o.workspace_id = rc.workspace_id AND o.record_id = rc.record_id
         JOIN order_lines l ON l.workspace_id = o.workspace_id AND l.order_id = o.id
         JOIN products p ON p.workspace_id = l.workspace_id AND p.id = l.product_id
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2 ORDER BY l.order_id, l.line_no",
        op.ws().get(),
        customer
    )?;
    Ok(rows
        .into_iter()
        .map(|o| {
            let items: Vec<Value> = lines.iter().filter(|l| l.0 == o.0).map(|l| json!({ "title": l.1, "quantity": l.2 })).collect();
            json!({ "number": o.1, "ordered_at": time(o.2), "status": o.3, "amount": { "minor": o.4, "currency": o.5 }, "items": items })
        })
        .collect())
}

/// Contact kind and value, purpose, channel, state, basis, proof, time.
type ConsentRow = (String, String, String, String, String, String, String, i64);

async fn consents(tx: &mut Tx, op: &Op, ids: &str) -> Result<Vec<Value>, Fault> {
    let sql = format!(
        "SELECT kind, value, purpose, channel, state, basis, proof, at FROM consents WHERE workspace_id = $1 AND customer_id IN ({ids}) ORDER BY at, id"
    );
    let rows: Vec<ConsentRow> = tx.fetch_dyn(&sql, &[store::Value::Int(op.ws().get())]).await?;
    Ok(rows
        .into_iter()
        .map(|c| json!({ "kind": c.0, "value": c.1, "purpose": c.2, "channel": c.3, "state": c.4, "basis": c.5, "proof": parsed(&c.6), "at": time(c.7) }))
        .collect())
}

async fn messages(tx: &mut Tx, op: &Op, ids: &str) -> Result<Vec<Value>, Fault> {
    let sql = format!(
        "SELECT channel, COALESCE(address, '') AS address, state, reason, due_at, sent_at FROM messages WHERE workspace_id = $1 AND customer_id IN ({ids}) ORDER BY due_at, id"
    );
    let rows: Vec<(String, String, String, String, i64, Option<i64>)> =
        tx.fetch_dyn(&sql, &[store::Value::Int(op.ws().get())]).await?;
    Ok(rows
        .into_iter()
        .map(|m| json!({ "channel": m.0, "address": m.1, "state": m.2, "reason": m.3, "due_at": time(m.4), "sent_at": m.5.map(time) }))
        .collect())
}

async fn timeline_of(tx: &mut Tx, op: &Op, ids: &[CustomerId]) -> Result<Vec<Value>, Fault> {
    let mut out = Vec::new();
    let mut before = None;
    loop {
        let page = timeline::of_customer(tx, op.ws(), ids, &[], before, 200).await?;
        let Some(last) = page.last() else { break };
        before = Some((last.at, last.id));
        out.extend(page.iter().filter_map(|e| serde_json::to_value(e).ok()));
        if page.len() < 200 {
            break;
        }
    }
    Ok(out)
}
