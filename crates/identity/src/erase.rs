//! The right to be forgotten: values go everywhere, a keyed hash of each record's key stays, so that the same file imported again
//! does not bring the person back.

use access::Op;
use ahash::AHashSet;
use basis::{CustomerId, Fault};
use ingest::import::ERASURE_KEY;
use serde_json::json;
use store::{Tx, Value};

use crate::store::run;
use crate::store::{people, write::list_of};

/// Erases a person. Campaign counts stay: they hold the customer's number, which names nobody any more.
///
/// # Errors
/// No such customer, or the database's.
pub async fn erase(op: &Op, customer: CustomerId) -> Result<(), Fault> {
    let lock = run::lock_of(&op.app, op.ws());
    let _guard = lock.lock().await;
    let key = op.app.key(op.ws(), ERASURE_KEY).await?;
    let traces = traces_of(op, customer).await?;
    let mut tx = op.app.db.write().await?;
    let row = people::customer(&mut tx, op, customer).await?;
    let ws = op.ws().get();
    let ids: Vec<i64> = people::current_ids(&mut tx, op.ws(), CustomerId(row.id))
        .await?
        .into_iter()
        .map(CustomerId::get)
        .collect();
    let records = store::fetch_all!(
        tx,
        (i64, i64, String),
        "SELECT DISTINCT r.id, r.source_id, r.key FROM record_customers rc JOIN records r ON r.workspace_id = rc.workspace_id AND r.id = rc.record_id
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2",
        ws,
        row.id
    )?;
    let now = op.now().millis();
    let hashes: Vec<String> =
        records.iter().map(|r| ingest::erased_hash(&key, basis::SourceId(r.1), &r.2)).collect();
    store::insert_many!(
        tx,
        "INSERT INTO tombstones (workspace_id, hash, erased_at)",
        &hashes,
        |h| [ws, h.as_str(), now],
        "ON CONFLICT (workspace_id, hash) DO NOTHING"
    )?;
    let values = people::contacts(&mut tx, op.ws(), &[row.id]).await?;
    wipe_values(
        &mut tx,
        ws,
        &values.iter().map(|c| (c.kind.clone(), c.value.clone())).collect::<Vec<_>>(),
        row.id,
    )
    .await?;
    let records: Vec<i64> = records.into_iter().map(|r| r.0).collect();
    wipe_records(&mut tx, ws, &records).await?;
    wipe_person(&mut tx, ws, &ids).await?;
    op.audit(&mut tx, "customer.erase", "customer", row.id, json!({ "records": records.len() })).await?;
    store::outbox::publish(
        &mut tx,
        op.ws(),
        op.next_id(),
        "customer_erased",
        &json!({ "customer_id": row.id.to_string() }),
        op.now(),
    )
    .await?;
    tx.commit().await?;
    ingest::sweep_uploads(op, None).await?;
    // What the person bridged comes apart, and what only this person had is no longer counted.
    run::forget(op, traces).await?;
    op.app.db.tidy().await?;
    op.app.db.scrub().await?;
    Ok(())
}

/// Where the values of a person's records are counted.
async fn traces_of(op: &Op, customer: CustomerId) -> Result<AHashSet<u64>, Fault> {
    let mut tx = op.app.db.read().await?;
    let current = people::current_id(&mut tx, op.ws(), customer).await?;
    let records = store::fetch_all!(
        tx,
        (i64,),
        "SELECT record_id FROM record_customers WHERE workspace_id = $1 AND customer_id = $2",
        op.ws().get(),
        current.get()
    )?;
    drop(tx);
    run::traces_of(op, &records.into_iter().map(|r| r.0).collect::<Vec<_>>()).await
}

/// Values of contacts in tables that are keyed by value; those another person has too stay.
async fn wipe_values(tx: &mut Tx, ws: i64, values: &[(String, String)], customer: i64) -> Result<(), Fault> {
    for (kind, value) in values {
        let shared = store::fetch_optional!(
            *tx,
            (i64,),
            "SELECT customer_id FROM contact_points WHERE workspace_id = $1 AND kind = $2 AND value = $3 AND customer_id <> $4 LIMIT 1",
            ws,
            kind.as_str(),
            value.as_str(),
            customer
        )?;
        if shared.is_none() {
            store::execute!(
                *tx,
                "DELETE FROM contact_states WHERE workspace_id = $1 AND kind = $2 AND value = $3",
                ws,
                kind.as_str(),
                value.as_str()
            )?;
            store::execute!(
                *tx,
                "UPDATE inbound SET address = '', data = '{}' WHERE workspace_id = $1 AND address = $2",
                ws,
                value.as_str()
            )?;
        }
        let digits = value.trim_start_matches('+');
        store::execute!(
            *tx,
            "DELETE FROM rejects WHERE workspace_id = $1 AND raw LIKE $2",
            ws,
            format!("%{}%", digits.replace(['%', '_'], ""))
        )?;
    }
    Ok(())
}

async fn wipe_records(tx: &mut Tx, ws: i64, records: &[i64]) -> Result<(), Fault> {
    for records in records.chunks(500) {
        let list = list_of(records);
        for sql in [
            format!(
                "DELETE FROM order_lines WHERE workspace_id = $1 AND order_id IN (SELECT id FROM orders WHERE workspace_id = $1 AND record_id IN ({list}))"
            ),
            format!("DELETE FROM orders WHERE workspace_id = $1 AND record_id IN ({list})"),
            format!(
                "DELETE FROM manual_links WHERE workspace_id = $1 AND (record_a IN ({list}) OR record_b IN ({list}))"
            ),
            format!(
                "DELETE FROM review_pairs WHERE workspace_id = $1 AND (record_a IN ({list}) OR record_b IN ({list}))"
            ),
            format!(
                "DELETE FROM merges WHERE workspace_id = $1 AND (record_a IN ({list}) OR record_b IN ({list}))"
            ),
            format!("DELETE FROM chosen_contacts WHERE workspace_id = $1 AND record_id IN ({list})"),
            format!("DELETE FROM record_customers WHERE workspace_id = $1 AND record_id IN ({list})"),
            format!("DELETE FROM records WHERE workspace_id = $1 AND id IN ({list})"),
        ] {
            tx.execute_dyn(&sql, &[Value::Int(ws)]).await?;
        }
    }
    Ok(())
}

async fn wipe_person(tx: &mut Tx, ws: i64, ids: &[i64]) -> Result<(), Fault> {
    let list = list_of(ids);
    for sql in [
        format!("DELETE FROM contact_points WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!("DELETE FROM addresses WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!("DELETE FROM merges WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!(
            "DELETE FROM review_pairs WHERE workspace_id = $1 AND (customer_a IN ({list}) OR customer_b IN ({list}))"
        ),
        format!("DELETE FROM consents WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!("DELETE FROM preferences WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!("DELETE FROM interactions WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!("DELETE FROM profiles WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!("DELETE FROM stage_moves WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!(
            "UPDATE messages SET address = NULL, detail = '' WHERE workspace_id = $1 AND customer_id IN ({list})"
        ),
        format!("UPDATE reactions SET data = '{{}}' WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!(
            "UPDATE call_tasks SET note = '', competitor = NULL, employee = NULL WHERE workspace_id = $1 AND customer_id IN ({list})"
        ),
        format!(
            "UPDATE call_attempts SET number = '', note = '' WHERE workspace_id = $1 AND customer_id IN ({list})"
        ),
        format!(
            "UPDATE outbox_events SET payload = '{{}}' WHERE workspace_id = $1 AND delivered AND kind LIKE 'customer%' AND payload LIKE '%{}%'",
            ids[0]
        ),
        format!("DELETE FROM complaints WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!(
            "DELETE FROM care_changes WHERE workspace_id = $1 AND item_id IN (SELECT i.id FROM care_items i WHERE i.workspace_id = $1 AND i.customer_id IN ({list}))"
        ),
        format!(
            "UPDATE mentions SET profile = '', email = '', phone = '', url = '', order_number = '' WHERE workspace_id = $1
               AND id IN (SELECT i.id FROM care_items i WHERE i.workspace_id = $1 AND i.customer_id IN ({list}))"
        ),
        format!(
            "UPDATE care_items SET author = '', text = '', answer = '', resolution = '', compensation = '', employee = '', order_id = NULL
             WHERE workspace_id = $1 AND customer_id IN ({list})"
        ),
        format!("DELETE FROM customers WHERE workspace_id = $1 AND id IN ({list})"),
    ] {
        tx.execute_dyn(&sql, &[Value::Int(ws)]).await?;
    }
    Ok(())
}
