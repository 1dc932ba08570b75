//! Rows of people, as they are inserted.

use access::Op;
use basis::{Fault, Lang};
use store::Tx;

use super::plan::{Merge, Person, Plan};
use crate::rules::golden::{self, ContactKind};

const DAY: i64 = 86_400_000;

/// A day of the engine as an instant; a day that nobody knows is now.
fn instant(day: i32, now: i64) -> i64 {
    if day == 0 { now } else { i64::from(day) * DAY }
}

pub async fn customers(tx: &mut Tx, ws: i64, people: &[Person], now: i64) -> Result<(), Fault> {
    store::insert_many!(
        *tx,
        "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, language, birth_date, city, created_at, updated_at)",
        people,
        |p| [
            ws,
            p.id,
            p.display_name.as_str(),
            p.profile.given.as_str(),
            p.profile.family.as_str(),
            p.profile.patronymic.as_str(),
            p.search_key.as_str(),
            p.sort_key.as_str(),
            p.language().map(Lang::as_str),
            p.profile.birth_date.as_deref(),
            p.profile.city.as_str(),
            now,
            now
        ],
        "ON CONFLICT (workspace_id, id) DO UPDATE SET display_name = excluded.display_name, given_name = excluded.given_name,
         family_name = excluded.family_name, patronymic = excluded.patronymic, search_key = excluded.search_key, sort_key = excluded.sort_key,
         language = excluded.language, birth_date = excluded.birth_date, city = excluded.city, updated_at = excluded.updated_at"
    )?;
    Ok(())
}

/// (record, customer) each.
pub async fn arrivals(tx: &mut Tx, ws: i64, arrivals: &[(i64, i64)]) -> Result<(), Fault> {
    store::insert_many!(
        *tx,
        "INSERT INTO record_customers (workspace_id, record_id, customer_id)",
        arrivals,
        |r| [ws, r.0, r.1],
        "ON CONFLICT (workspace_id, record_id) DO UPDATE SET customer_id = excluded.customer_id"
    )?;
    Ok(())
}

/// A contact point of a customer.
#[derive(Debug)]
pub struct Contact<'a> {
    pub customer: i64,
    pub kind: &'static str,
    pub value: &'a str,
    source: i64,
    first: i64,
    last: i64,
    seen: i64,
    pub preferred: bool,
}

pub fn contacts_of<'a>(person: &'a Person, plan: &'a Plan, now: i64) -> impl Iterator<Item = Contact<'a>> {
    person.profile.contacts.iter().map(move |c| Contact {
        customer: person.id,
        kind: match c.kind {
            ContactKind::Phone => "phone",
            ContactKind::Email => "email",
            ContactKind::Social => "social",
        },
        value: &c.value,
        source: plan.source(c.source),
        first: instant(c.first_day, now),
        last: instant(c.last_day, now),
        seen: i64::from(c.seen),
        preferred: c.preferred,
    })
}

pub async fn contacts(tx: &mut Tx, op: &Op, contacts: &[Contact<'_>]) -> Result<(), Fault> {
    let ws = op.ws().get();
    let rows: Vec<(&Contact<'_>, i64)> = contacts.iter().zip(op.app.next_ids(contacts.len())).collect();
    store::insert_many!(
        *tx,
        "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)",
        &rows,
        |c| [
            ws,
            c.1,
            c.0.customer,
            c.0.kind,
            c.0.value,
            c.0.source,
            c.0.first,
            c.0.last,
            c.0.seen,
            c.0.preferred
        ]
    )?;
    Ok(())
}

/// An address of a customer.
#[derive(Debug)]
pub struct Place<'a> {
    customer: i64,
    place: &'a golden::Place,
    first: i64,
    last: i64,
}

pub fn places_of(person: &Person, now: i64) -> impl Iterator<Item = Place<'_>> {
    person.profile.places.iter().map(move |place| Place {
        customer: person.id,
        place,
        first: instant(place.first_day, now),
        last: instant(place.last_day, now),
    })
}

pub async fn places(tx: &mut Tx, op: &Op, places: &[Place<'_>]) -> Result<(), Fault> {
    let ws = op.ws().get();
    let rows: Vec<(&Place<'_>, i64)> = places.iter().zip(op.app.next_ids(places.len())).collect();
    store::insert_many!(
        *tx,
        "INSERT INTO addresses (workspace_id, id, customer_id, text, city, match_key, pickup, first_seen, last_seen)",
        &rows,
        |p| [
            ws,
            p.1,
            p.0.customer,
            p.0.place.text.as_str(),
            p.0.place.city.as_str(),
            p.0.place.match_key.as_str(),
            p.0.place.pickup,
            p.0.first,
            p.0.last
        ]
    )?;
    Ok(())
}

pub async fn merges(tx: &mut Tx, op: &Op, merges: &[&Merge], now: i64) -> Result<(), Fault> {
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
