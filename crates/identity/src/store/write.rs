//! The difference goes into the database, a few hundred people a transaction.

use access::Op;
use ahash::AHashMap;
use basis::{CustomerId, Fault, Lang, collation_key, fold};
use serde_json::json;
use store::{Tx, Value};

use super::plan::{Merge, Person, Plan, Question};
use crate::rules::golden::ContactKind;

/// People a transaction: some two thousand rows.
const PEOPLE: usize = 300;
const DAY: i64 = 86_400_000;

struct CustomerRow {
    id: i64,
    display_name: String,
    search_key: String,
    sort_key: String,
    language: Option<Lang>,
}

struct ContactRow<'a> {
    id: i64,
    customer: i64,
    kind: &'static str,
    value: &'a str,
    source: i64,
    first: i64,
    last: i64,
    seen: i64,
    preferred: bool,
}

/// Writes a plan.
pub async fn write(op: &Op, plan: Plan) -> Result<(), Fault> {
    let mut merges: AHashMap<i64, Vec<&Merge>> = AHashMap::new();
    for merge in &plan.merges {
        merges.entry(merge.customer).or_default().push(merge);
    }
    let mut absorbed: AHashMap<i64, Vec<i64>> = AHashMap::new();
    for (old, id) in &plan.merged {
        absorbed.entry(*id).or_default().push(*old);
    }
    for people in plan.people.chunks(PEOPLE) {
        let mut tx = op.app.db.write().await?;
        write_people(&mut tx, op, &plan, people, &merges).await?;
        for person in people {
            for old in absorbed.remove(&person.id).unwrap_or_default() {
                absorb(&mut tx, op, old, person.id).await?;
            }
        }
        if !plan.first {
            let ids: Vec<String> = people.iter().map(|p| p.id.to_string()).collect();
            let payload = json!({ "customer_ids": ids });
            store::outbox::publish(&mut tx, op.ws(), op.next_id(), "customers_changed", &payload, op.now())
                .await?;
        }
        tx.commit().await?;
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
    let now = op.now().millis();
    let known: Vec<i64> = people.iter().filter(|p| !p.is_new).map(|p| p.id).collect();
    clear(tx, ws, &known).await?;
    let rows: Vec<(CustomerRow, &Person)> = people
        .iter()
        .map(|p| {
            let display_name = p.profile.display_name();
            let row = CustomerRow {
                id: p.id,
                search_key: fold(&display_name),
                sort_key: collation_key(&display_name),
                display_name,
                language: p.language(),
            };
            (row, p)
        })
        .collect();
    store::insert_many!(
        *tx,
        "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, language, birth_date, city, created_at, updated_at)",
        &rows,
        |r| [
            ws,
            r.0.id,
            r.0.display_name.as_str(),
            r.1.profile.given.as_str(),
            r.1.profile.family.as_str(),
            r.1.profile.patronymic.as_str(),
            r.0.search_key.as_str(),
            r.0.sort_key.as_str(),
            r.0.language.map(Lang::as_str),
            r.1.profile.birth_date.as_deref(),
            r.1.profile.city.as_str(),
            now,
            now
        ],
        "ON CONFLICT (workspace_id, id) DO UPDATE SET display_name = excluded.display_name, given_name = excluded.given_name,
         family_name = excluded.family_name, patronymic = excluded.patronymic, search_key = excluded.search_key, sort_key = excluded.sort_key,
         language = excluded.language, birth_date = excluded.birth_date, city = excluded.city, updated_at = excluded.updated_at"
    )?;
    let arrivals: Vec<(i64, i64)> =
        people.iter().flat_map(|p| p.arrivals.iter().map(|r| (*r, p.id))).collect();
    store::insert_many!(
        *tx,
        "INSERT INTO record_customers (workspace_id, record_id, customer_id)",
        &arrivals,
        |r| [ws, r.0, r.1],
        "ON CONFLICT (workspace_id, record_id) DO UPDATE SET customer_id = excluded.customer_id"
    )?;
    write_contacts(tx, op, plan, people, now).await?;
    write_places(tx, op, people, now).await?;
    let merges: Vec<&Merge> =
        people.iter().flat_map(|p| merges.get(&p.id).into_iter().flatten().copied()).collect();
    write_merges(tx, op, &merges, now).await
}

async fn write_contacts(tx: &mut Tx, op: &Op, plan: &Plan, people: &[Person], now: i64) -> Result<(), Fault> {
    let count = people.iter().map(|p| p.profile.contacts.len()).sum();
    let mut ids = op.app.next_ids(count).into_iter();
    let at = |day: i32| if day == 0 { now } else { i64::from(day) * DAY };
    let contacts: Vec<ContactRow<'_>> = people
        .iter()
        .flat_map(|p| p.profile.contacts.iter().map(move |c| (p.id, c)))
        .map(|(customer, c)| ContactRow {
            id: ids.next().unwrap_or_default(),
            customer,
            kind: match c.kind {
                ContactKind::Phone => "phone",
                ContactKind::Email => "email",
            },
            value: &c.value,
            source: plan.source(c.source),
            first: at(c.first_day),
            last: at(c.last_day),
            seen: i64::from(c.seen),
            preferred: c.preferred,
        })
        .collect();
    let ws = op.ws().get();
    store::insert_many!(
        *tx,
        "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)",
        &contacts,
        |c| [ws, c.id, c.customer, c.kind, c.value, c.source, c.first, c.last, c.seen, c.preferred]
    )?;
    Ok(())
}

async fn write_places(tx: &mut Tx, op: &Op, people: &[Person], now: i64) -> Result<(), Fault> {
    let at = |day: i32| if day == 0 { now } else { i64::from(day) * DAY };
    let places: Vec<_> =
        people.iter().flat_map(|p| p.profile.places.iter().map(move |a| (p.id, a))).collect();
    let ids = op.app.next_ids(places.len());
    let places: Vec<_> = places.into_iter().zip(ids).collect();
    let ws = op.ws().get();
    store::insert_many!(
        *tx,
        "INSERT INTO addresses (workspace_id, id, customer_id, text, city, match_key, pickup, first_seen, last_seen)",
        &places,
        |p| [
            ws,
            p.1,
            p.0.0,
            p.0.1.text.as_str(),
            p.0.1.city.as_str(),
            p.0.1.match_key.as_str(),
            p.0.1.pickup,
            at(p.0.1.first_day),
            at(p.0.1.last_day)
        ]
    )?;
    Ok(())
}

async fn write_merges(tx: &mut Tx, op: &Op, merges: &[&Merge], now: i64) -> Result<(), Fault> {
    let ids = op.app.next_ids(merges.len());
    // A decision of a person already has its row.
    let rows: Vec<_> = merges.iter().zip(ids).filter(|(m, _)| !m.by_hand).collect();
    let ws = op.ws().get();
    store::insert_many!(
        *tx,
        "INSERT INTO merges (workspace_id, id, customer_id, merged_id, record_a, record_b, weight, probability, reasons, kind, made_by, actor_id, at)",
        &rows,
        |m| [
            ws,
            m.1,
            m.0.customer,
            0_i64,
            m.0.record_a,
            m.0.record_b,
            m.0.weight,
            m.0.probability,
            m.0.reasons.as_str(),
            m.0.kind,
            "engine",
            0_i64,
            now
        ]
    )?;
    Ok(())
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
async fn leave(op: &Op, plan: &Plan) -> Result<(), Fault> {
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

/// The queue is made anew, as far as the plan reaches; answered questions stay answered.
async fn write_questions(op: &Op, plan: &Plan) -> Result<(), Fault> {
    let ws = op.ws().get();
    let questions: &[Question] = &plan.questions;
    let mut tx = op.app.db.write().await?;
    match &plan.scope {
        None => {
            store::execute!(tx, "DELETE FROM review_pairs WHERE workspace_id = $1 AND state = 'open'", ws)?;
        }
        Some(records) => {
            for some in records.chunks(1_000) {
                let list = list_of(some);
                let sql = format!(
                    "DELETE FROM review_pairs WHERE workspace_id = $1 AND state = 'open' AND (record_a IN ({list}) OR record_b IN ({list}))"
                );
                tx.execute_dyn(&sql, &[Value::Int(ws)]).await?;
            }
        }
    }
    let ids = op.app.next_ids(questions.len());
    let rows: Vec<_> = questions.iter().zip(ids).collect();
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
