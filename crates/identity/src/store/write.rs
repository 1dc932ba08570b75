//! The difference goes into the database, a few hundred people a transaction.

use access::Op;
use ahash::AHashMap;
use basis::{CustomerId, Fault};
use serde_json::json;
use store::{Pace, Tx, Value};
use tokio::time::Instant;

use super::plan::{Merge, Person, Plan, Question};
use super::{chosen, first, rows};

/// People a transaction: some two thousand rows to begin with.
const PEOPLE: usize = 300;
/// Writes a plan.
pub async fn write(op: &Op, plan: Plan) -> Result<(), Fault> {
    if plan.first {
        first::write(op, &plan).await?;
        return write_questions(op, &plan).await;
    }
    let mut merges: AHashMap<i64, Vec<&Merge>> = AHashMap::new();
    for merge in &plan.merges {
        merges.entry(merge.customer).or_default().push(merge);
    }
    let mut absorbed: AHashMap<i64, Vec<i64>> = AHashMap::new();
    for (old, id) in &plan.merged {
        absorbed.entry(*id).or_default().push(*old);
    }
    let pace = Pace::new(PEOPLE, 50, 4_000);
    let mut rest = plan.people.as_slice();
    while !rest.is_empty() {
        let people;
        (people, rest) = rest.split_at(pace.size().min(rest.len()));
        let mut tx = op.app.db.write_resumable().await?;
        let begun = Instant::now();
        write_people(&mut tx, op, &plan, people, &merges).await?;
        for person in people {
            for old in absorbed.remove(&person.id).unwrap_or_default() {
                absorb(&mut tx, op, old, person.id).await?;
            }
        }
        let ids: Vec<String> = people.iter().map(|p| p.id.to_string()).collect();
        let payload = json!({ "customer_ids": ids });
        store::outbox::publish(&mut tx, op.ws(), op.next_id(), "customers_changed", &payload, op.now())
            .await?;
        tx.commit().await?;
        pace.learn(people.len(), begun.elapsed());
    }
    let mut tx = op.app.db.write().await?;
    for (id, olds) in absorbed {
        for old in olds {
            absorb(&mut tx, op, old, id).await?;
        }
    }
    for (old, part) in plan.split.iter().take(1_000) {
        tell(
            &mut tx,
            op,
            *old,
            "customer_split",
            json!({ "customer_id": old.to_string(), "part_id": part.to_string() }),
        )
        .await?;
    }
    tx.commit().await?;
    leave(op, &plan).await?;
    write_questions(op, &plan).await
}

async fn write_people(
    tx: &mut Tx,
    op: &Op,
    plan: &Plan,
    people: &[Person],
    merges: &AHashMap<i64, Vec<&Merge>>,
) -> Result<(), Fault> {
    let ws = op.ws().get();
    // What is told of people is told by the clock of the workspace.
    let now = op.campaign_now().millis();
    let known: Vec<i64> = people.iter().filter(|p| !p.is_new).map(|p| p.id).collect();
    clear(tx, ws, &known).await?;
    rows::customers(tx, ws, people, now).await?;
    let arrivals: Vec<(i64, i64)> =
        people.iter().flat_map(|p| p.arrivals.iter().map(|r| (*r, p.id))).collect();
    rows::arrivals(tx, ws, &arrivals).await?;
    let mut contacts: Vec<rows::Contact<'_>> =
        people.iter().flat_map(|p| rows::contacts_of(p, plan, now)).collect();
    chosen::put_first(tx, op.ws(), &mut contacts).await?;
    rows::contacts(tx, op, &contacts).await?;
    let places: Vec<rows::Place<'_>> = people.iter().flat_map(|p| rows::places_of(p, now)).collect();
    rows::places(tx, op, &places).await?;
    let merges: Vec<&Merge> =
        people.iter().flat_map(|p| merges.get(&p.id).into_iter().flatten().copied()).collect();
    rows::merges(tx, op, &merges, now).await
}

/// Removes what is derived of these customers; it is written anew in the same transaction.
async fn clear(tx: &mut Tx, ws: i64, customers: &[i64]) -> Result<(), Fault> {
    if customers.is_empty() {
        return Ok(());
    }
    let list = list_of(customers);
    for sql in [
        format!("DELETE FROM contact_points WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!("DELETE FROM addresses WHERE workspace_id = $1 AND customer_id IN ({list})"),
        format!(
            "DELETE FROM merges WHERE workspace_id = $1 AND customer_id IN ({list}) AND made_by = 'engine' AND undone_at IS NULL"
        ),
    ] {
        tx.execute_dyn(&sql, &[Value::Int(ws)]).await?;
    }
    Ok(())
}

/// Ids as a list for SQL: numbers only, so nothing can be injected.
pub fn list_of(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// A customer has gone into another: the id becomes an alias.
async fn absorb(tx: &mut Tx, op: &Op, old: i64, id: i64) -> Result<(), Fault> {
    let ws = op.ws().get();
    clear(tx, ws, &[old]).await?;
    store::execute!(
        *tx,
        "UPDATE merges SET customer_id = $3 WHERE workspace_id = $1 AND customer_id = $2",
        ws,
        old,
        id
    )?;
    store::execute!(*tx, "DELETE FROM customers WHERE workspace_id = $1 AND id = $2", ws, old)?;
    store::execute!(
        *tx,
        "UPDATE customer_aliases SET current_id = $3 WHERE workspace_id = $1 AND current_id = $2",
        ws,
        old,
        id
    )?;
    store::execute!(
        *tx,
        "INSERT INTO customer_aliases (workspace_id, customer_id, current_id) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id, customer_id) DO UPDATE SET current_id = excluded.current_id",
        ws,
        old,
        id
    )?;
    tell(
        tx,
        op,
        id,
        "customer_merged",
        json!({ "customer_id": id.to_string(), "merged_id": old.to_string() }),
    )
    .await
}

/// An event for the slices below and a line on the timeline.
async fn tell(
    tx: &mut Tx,
    op: &Op,
    customer: i64,
    kind: &str,
    payload: serde_json::Value,
) -> Result<(), Fault> {
    store::outbox::publish(tx, op.ws(), op.next_id(), kind, &payload, op.now()).await?;
    let word = kind.trim_start_matches("customer_").replace("merged", "merge");
    let mut entry =
        timeline::Interaction::system(op.next_id(), CustomerId(customer), op.campaign_now(), &word, "system");
    entry.data = payload;
    timeline::record(tx, op.ws(), &entry).await?;
    Ok(())
}

/// Records that are no longer in force leave, and so do customers without records.
pub async fn leave(op: &Op, plan: &Plan) -> Result<(), Fault> {
    let ws = op.ws().get();
    for records in plan.forgotten.chunks(1_000) {
        let mut tx = op.app.db.write().await?;
        let sql = format!(
            "DELETE FROM record_customers WHERE workspace_id = $1 AND record_id IN ({})",
            list_of(records)
        );
        tx.execute_dyn(&sql, &[Value::Int(ws)]).await?;
        tx.commit().await?;
    }
    for customers in plan.gone.chunks(PEOPLE) {
        let mut tx = op.app.db.write().await?;
        clear(&mut tx, ws, customers).await?;
        let sql = format!("DELETE FROM customers WHERE workspace_id = $1 AND id IN ({})", list_of(customers));
        tx.execute_dyn(&sql, &[Value::Int(ws)]).await?;
        for customer in customers {
            store::outbox::publish(
                &mut tx,
                op.ws(),
                op.next_id(),
                "customer_gone",
                &json!({ "customer_id": customer.to_string() }),
                op.now(),
            )
            .await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// The queue is made anew, as far as the plan reaches; answered questions stay answered. A question that is still open keeps its
/// id: it may be on somebody's screen.
async fn write_questions(op: &Op, plan: &Plan) -> Result<(), Fault> {
    let ws = op.ws().get();
    let questions: &[Question] = &plan.questions;
    let mut tx = op.app.db.write().await?;
    let scopes: Vec<String> = match &plan.scope {
        None => vec![String::new()],
        Some(records) => records
            .chunks(1_000)
            .map(|some| {
                let list = list_of(some);
                format!(" AND (record_a IN ({list}) OR record_b IN ({list}))")
            })
            .collect(),
    };
    let mut asked: AHashMap<(i64, i64), i64> = AHashMap::new();
    for scope in scopes {
        let open = format!("WHERE workspace_id = $1 AND state = 'open'{scope}");
        let sql = format!("SELECT id, record_a, record_b FROM review_pairs {open}");
        let rows: Vec<(i64, i64, i64)> = tx.fetch_dyn(&sql, &[Value::Int(ws)]).await?;
        asked.extend(rows.into_iter().map(|(id, a, b)| ((a, b), id)));
        tx.execute_dyn(&format!("DELETE FROM review_pairs {open}"), &[Value::Int(ws)]).await?;
    }
    let ids = op.app.next_ids(questions.len());
    let rows: Vec<_> = questions
        .iter()
        .zip(ids)
        .map(|(q, id)| (q, asked.get(&(q.record_a, q.record_b)).copied().unwrap_or(id)))
        .collect();
    store::insert_many!(
        tx,
        "INSERT INTO review_pairs (workspace_id, id, record_a, record_b, customer_a, customer_b, weight, probability, reasons, value_minor, state)",
        &rows,
        |q| [
            ws,
            q.1,
            q.0.record_a,
            q.0.record_b,
            q.0.customer_a,
            q.0.customer_b,
            q.0.weight,
            q.0.probability,
            q.0.reasons.as_str(),
            q.0.value,
            "open"
        ],
        "ON CONFLICT (workspace_id, record_a, record_b) DO NOTHING"
    )?;
    tx.commit().await?;
    Ok(())
}
