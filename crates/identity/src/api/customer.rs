use access::{Answer, Op, need};
use ahash::AHashMap;
use axum::{Json, extract::Path};
use basis::{Currency, CustomerId, Fault, Money, Time};
use serde::Serialize;
use store::Tx;
use utoipa::ToSchema;

use super::shapes::{CardContact, LinkReason, reasons_of, with_values};
use crate::store::said::{Cells, Said, cells_of, said};
use crate::store::{chosen, people, write::list_of};

/// All that is known of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerCard {
    #[schema(value_type = String)]
    pub id: CustomerId,
    pub name: String,
    pub given_name: String,
    pub family_name: String,
    pub patronymic: String,
    /// `ru` or `uk`, by the person's own spelling.
    pub language: Option<String>,
    pub birth_date: Option<String>,
    pub city: String,
    pub stage: String,
    pub contacts: Vec<CardContact>,
    pub addresses: Vec<CardAddress>,
    pub orders: Vec<CardOrder>,
    pub totals: CardTotals,
    #[schema(value_type = Vec<Object>)]
    pub consents: Vec<serde_json::Value>,
    #[schema(value_type = Vec<Object>)]
    pub preferences: Vec<serde_json::Value>,
    pub merges: Vec<MergeLine>,
    pub completeness: CardCompleteness,
    /// Every channel failed.
    pub dead: bool,
    /// Records that make this customer.
    pub records: i64,
    /// How records write the name.
    pub written: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CardAddress {
    pub id: String,
    pub text: String,
    pub city: String,
    /// A pick-up branch, nobody's home.
    pub pickup: bool,
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Time,
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Time,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CardOrder {
    pub id: String,
    pub number: String,
    /// Days since 1970-01-01.
    pub day: i64,
    pub status: String,
    #[schema(value_type = Object)]
    pub amount: Money,
    pub items: Vec<CardItem>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CardItem {
    pub title: String,
    pub quantity: i64,
}

#[derive(Debug, Default, Serialize, ToSchema)]
pub struct CardTotals {
    pub orders: i64,
    #[schema(value_type = Object)]
    pub revenue: Option<Money>,
    pub first_day: Option<i64>,
    pub last_day: Option<i64>,
}

/// How complete the card is: one point a part, of eight.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardCompleteness {
    /// 0 to 1.
    pub score: f64,
    /// `given_name`, `family_name`, `patronymic`, `phone`, `email`, `address`, `birth_date`, `consent`.
    pub missing: Vec<&'static str>,
}

/// Why two records are one person.
#[derive(Debug, Serialize, ToSchema)]
pub struct MergeLine {
    pub id: String,
    pub customer_id: String,
    pub name: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    pub kind: String,
    pub weight: f64,
    pub probability: f64,
    pub reasons: Vec<LinkReason>,
    pub record_a: String,
    pub record_b: String,
    /// `engine`, `user`.
    pub made_by: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub undone_at: Option<Time>,
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct MergeRow {
    pub id: i64,
    customer_id: i64,
    name: String,
    at: i64,
    kind: String,
    weight: f64,
    probability: f64,
    reasons: String,
    record_a: i64,
    record_b: i64,
    made_by: String,
    undone_at: Option<i64>,
}

impl MergeLine {
    fn of(op: &Op, row: MergeRow, cells: &AHashMap<i64, Cells>) -> Self {
        let reasons = reasons_of(&row.reasons);
        Self {
            id: row.id.to_string(),
            customer_id: row.customer_id.to_string(),
            name: row.name,
            at: Time::from_millis(row.at),
            kind: row.kind,
            weight: row.weight,
            probability: row.probability,
            reasons: with_values(op, reasons, cells.get(&row.record_a), cells.get(&row.record_b)),
            record_a: row.record_a.to_string(),
            record_b: row.record_b.to_string(),
            made_by: row.made_by,
            undone_at: row.undone_at.map(Time::from_millis),
        }
    }
}

/// Merges with what both records say.
pub(super) async fn merge_lines(tx: &mut Tx, op: &Op, rows: Vec<MergeRow>) -> Result<Vec<MergeLine>, Fault> {
    let cells = cells_of(tx, op.ws(), rows.iter().flat_map(|m| [m.record_a, m.record_b])).await?;
    Ok(rows.into_iter().map(|row| MergeLine::of(op, row, &cells)).collect())
}

/// A customer's card; an id that was merged away answers with the customer it lives on in.
#[utoipa::path(get, path = "/api/customers/{id}", tag = "identity", params(("id" = String, Path)), responses((status = 200, body = CustomerCard), (status = 404)))]
pub(super) async fn show(need::Viewer(op): need::Viewer, Path(id): Path<CustomerId>) -> Answer<CustomerCard> {
    let mut tx = op.app.db.read().await?;
    let mut card = card_of(&mut tx, &op, id).await?;
    let (said, written) = said(&mut tx, op.ws(), card.id).await?;
    card.written = written;
    if op.unmasked() {
        with_typed(&mut card.contacts, &said);
    }
    Ok(Json(card))
}

/// Puts beside each contact how records write it, where that is another way.
pub(super) fn with_typed(contacts: &mut [CardContact], said: &[Said]) {
    for contact in contacts {
        for way in said.iter().filter(|s| s.kind == contact.kind && s.value == contact.value) {
            if way.typed != way.value && !way.typed.is_empty() && !contact.typed.contains(&way.typed) {
                contact.typed.push(way.typed.clone());
            }
        }
        contact.typed.truncate(5);
    }
}

/// Contact points of a customer as this role may see them.
pub(super) async fn contacts_of(
    tx: &mut Tx,
    op: &Op,
    customer: i64,
    full: bool,
) -> Result<Vec<CardContact>, Fault> {
    let by_hand = chosen::by_hand(tx, op.ws(), customer).await?;
    let rows = people::contacts(tx, op.ws(), &[customer]).await?;
    Ok(rows
        .iter()
        .map(|c| CardContact {
            by_hand: c.preferred && by_hand.iter().any(|(kind, value)| *kind == c.kind && *value == c.value),
            ..CardContact::of(op, c, full)
        })
        .collect())
}

/// Reads a card.
pub(super) async fn card_of(tx: &mut Tx, op: &Op, id: CustomerId) -> Result<CustomerCard, Fault> {
    let row = people::customer(tx, op, id).await?;
    let ws = op.ws().get();
    let contacts = contacts_of(tx, op, row.id, false).await?;
    let addresses = addresses(tx, ws, row.id).await?;
    let orders = orders(tx, ws, row.id).await?;
    let ids: Vec<i64> = people::current_ids(tx, op.ws(), CustomerId(row.id))
        .await?
        .into_iter()
        .map(CustomerId::get)
        .collect();
    let consents = consents(tx, op, &ids).await?;
    let preferences = preferences(tx, op, &ids).await?;
    let merges = store::fetch_all!(
        *tx,
        MergeRow,
        "SELECT m.id, m.customer_id, c.display_name AS name, m.at, m.kind, m.weight, m.probability, m.reasons, m.record_a, m.record_b, m.made_by, m.undone_at
         FROM merges m JOIN customers c ON c.workspace_id = m.workspace_id AND c.id = m.customer_id
         WHERE m.workspace_id = $1 AND m.customer_id = $2 ORDER BY m.id LIMIT 200",
        ws,
        row.id
    )?;
    let profile = store::fetch_optional!(
        *tx,
        (i64, i64, Option<i64>, Option<i64>, String),
        "SELECT orders, revenue_minor, first_day, last_day, stage FROM profiles WHERE workspace_id = $1 AND customer_id = $2",
        ws,
        row.id
    )?;
    let dead = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT at FROM dead_customers WHERE workspace_id = $1 AND customer_id = $2",
        ws,
        row.id
    )?
    .is_some();
    let (records,) = store::fetch_one!(
        *tx,
        (i64,),
        "SELECT COUNT(*) FROM record_customers WHERE workspace_id = $1 AND customer_id = $2",
        ws,
        row.id
    )?;
    let has = |kind: &str| contacts.iter().any(|c| c.kind == kind);
    let completeness = completeness(&[
        ("given_name", !row.given_name.is_empty()),
        ("family_name", !row.family_name.is_empty()),
        ("patronymic", !row.patronymic.is_empty()),
        ("phone", has("phone")),
        ("email", has("email")),
        ("address", addresses.iter().any(|a| !a.pickup)),
        ("birth_date", row.birth_date.is_some()),
        ("consent", !consents.is_empty()),
    ]);
    let (totals, stage) = match profile {
        Some((orders, revenue, first_day, last_day, stage)) => (
            CardTotals {
                orders,
                revenue: Some(Money { minor: revenue, currency: op.workspace.currency }),
                first_day,
                last_day,
            },
            stage,
        ),
        None => (CardTotals::default(), "none".to_owned()),
    };
    Ok(CustomerCard {
        id: CustomerId(row.id),
        name: row.display_name,
        given_name: row.given_name,
        family_name: row.family_name,
        patronymic: row.patronymic,
        language: row.language,
        birth_date: row.birth_date,
        city: row.city,
        stage,
        contacts,
        addresses,
        orders,
        totals,
        consents,
        preferences,
        merges: merge_lines(tx, op, merges).await?,
        completeness,
        dead,
        records,
        written: Vec::new(),
    })
}

fn completeness(parts: &[(&'static str, bool)]) -> CardCompleteness {
    let missing: Vec<&'static str> = parts.iter().filter(|p| !p.1).map(|p| p.0).collect();
    let (all, gone) = (u32::try_from(parts.len()).unwrap_or(1), u32::try_from(missing.len()).unwrap_or(0));
    CardCompleteness { score: f64::from(all - gone) / f64::from(all), missing }
}

async fn addresses(tx: &mut Tx, ws: i64, customer: i64) -> Result<Vec<CardAddress>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, String, String, bool, i64, i64),
        "SELECT id, text, city, pickup, first_seen, last_seen FROM addresses WHERE workspace_id = $1 AND customer_id = $2 ORDER BY pickup, last_seen DESC, id",
        ws,
        customer
    )?;
    Ok(rows
        .into_iter()
        .map(|a| CardAddress {
            id: a.0.to_string(),
            text: a.1,
            city: a.2,
            pickup: a.3,
            first_seen: Time::from_millis(a.4),
            last_seen: Time::from_millis(a.5),
        })
        .collect())
}

async fn orders(tx: &mut Tx, ws: i64, customer: i64) -> Result<Vec<CardOrder>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, String, i64, String, i64, String),
        "SELECT o.id, o.number, o.day, o.status, o.amount_minor, o.currency FROM record_customers rc
         JOIN orders o ON o.workspace_id = rc.workspace_id AND o.record_id = rc.record_id
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2 ORDER BY o.day DESC, o.id DESC LIMIT 500",
        ws,
        customer
    )?;
    let lines = if rows.is_empty() {
        Vec::new()
    } else {
        let ids: Vec<i64> = rows.iter().map(|o| o.0).collect();
        let sql = format!(
            "SELECT l.order_id, p.title, l.quantity FROM order_lines l JOIN products p ON p.workspace_id = l.workspace_id AND p.id = l.product_id \
             WHERE l.workspace_id = $1 AND l.order_id IN ({}) ORDER BY l.order_id, l.line_no",
            list_of(&ids)
        );
        tx.fetch_dyn::<(i64, String, i64)>(&sql, &[store::Value::Int(ws)]).await?
    };
    let mut out = Vec::with_capacity(rows.len());
    for (id, number, day, status, minor, currency) in rows {
        let currency: Currency = currency.parse().map_err(|_| {
            Fault::internal("order_currency", format!("orders.currency of order {id} is no currency"))
        })?;
        let items = lines
            .iter()
            .filter(|l| l.0 == id)
            .map(|l| CardItem { title: l.1.clone(), quantity: l.2 })
            .collect();
        out.push(CardOrder {
            id: id.to_string(),
            number,
            day,
            status,
            amount: Money { minor, currency },
            items,
        });
    }
    Ok(out)
}

async fn consents(tx: &mut Tx, op: &Op, ids: &[i64]) -> Result<Vec<serde_json::Value>, Fault> {
    let sql = format!(
        "SELECT purpose, channel, state, basis, at FROM consents WHERE workspace_id = $1 AND customer_id IN ({}) ORDER BY at DESC, id DESC LIMIT 100",
        list_of(ids)
    );
    let rows: Vec<(String, String, String, String, i64)> =
        tx.fetch_dyn(&sql, &[store::Value::Int(op.ws().get())]).await?;
    Ok(rows
        .into_iter()
        .map(|c| serde_json::json!({ "purpose": c.0, "channel": c.1, "state": c.2, "basis": c.3, "at": Time::from_millis(c.4) }))
        .collect())
}

async fn preferences(tx: &mut Tx, op: &Op, ids: &[i64]) -> Result<Vec<serde_json::Value>, Fault> {
    let name = match op.lang.as_str() {
        "ru" => "name_ru",
        "uk" => "name_uk",
        _ => "name_en",
    };
    let sql = format!(
        "SELECT p.category_id, c.{name}, p.chosen, p.at FROM preferences p JOIN categories c ON c.workspace_id = p.workspace_id AND c.id = p.category_id \
         WHERE p.workspace_id = $1 AND p.customer_id IN ({}) ORDER BY c.position, p.at",
        list_of(ids)
    );
    let rows: Vec<(i64, String, bool, i64)> = tx.fetch_dyn(&sql, &[store::Value::Int(op.ws().get())]).await?;
    Ok(rows
        .into_iter()
        .map(|p| serde_json::json!({ "category_id": p.0.to_string(), "name": p.1, "chosen": p.2, "at": Time::from_millis(p.3) }))
        .collect())
}
