//! Records of a workspace as the engine takes them.

use std::borrow::Cow;

use ahash::AHashSet;
use basis::{Fault, ImportId, WorkspaceId};
use serde::{Deserialize, de::IgnoredAny};
use store::{Tx, Value};

use super::people::RecordRow;
use super::write::list_of;
use crate::rules::batch::{PersonRecord, RecordBatch};
use crate::rules::golden::BY_HAND;
use crate::rules::resolve::Decisions;

/// The source that holds what colleagues correct by hand.
pub const DESK: &str = "desk";

/// Everything the engine needs, and how its rows map to the database.
#[derive(Debug, Default)]
pub struct Loaded {
    pub batch: RecordBatch,
    pub records: Vec<i64>,
    /// The customer of each row until now.
    pub old_of: Vec<Option<i64>>,
    /// Customers of records that are no longer in force, with those records.
    pub withdrawn: Vec<(i64, i64)>,
    /// Customers without a record: what a crash left of a first run.
    pub leftover: Vec<i64>,
    /// Database ids of the sources by their numbers in the batch.
    pub sources: Vec<i64>,
    pub decisions: Decisions,
    /// Rows whose content is new since the last run.
    pub changed: AHashSet<usize>,
}

/// A stored record on its way to the engine.
#[derive(Debug, sqlx::FromRow)]
struct PayloadRow {
    id: i64,
    kind: String,
    key: String,
    source_id: i64,
    payload: String,
    day: Option<i64>,
    amount_minor: Option<i64>,
    customer_id: Option<i64>,
}

/// What the engine reads of a record.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    pub id: i64,
    pub kind: &'a str,
    pub key: &'a str,
    pub payload: &'a str,
    pub day: Option<i64>,
    pub amount_minor: Option<i64>,
    pub customer_id: Option<i64>,
}

impl PayloadRow {
    fn stored(&self) -> Stored<'_> {
        Stored {
            id: self.id,
            kind: &self.kind,
            key: &self.key,
            payload: &self.payload,
            day: self.day,
            amount_minor: self.amount_minor,
            customer_id: self.customer_id,
        }
    }
}

impl<'a> Stored<'a> {
    #[must_use]
    pub fn of(record: &'a RecordRow) -> Self {
        Self {
            id: record.id,
            kind: &record.kind,
            key: &record.key,
            payload: &record.payload,
            day: record.day,
            amount_minor: None,
            customer_id: None,
        }
    }
}

/// A cell of the payload: one column, or several of one role.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Cell<'a> {
    #[serde(borrow)]
    One(Cow<'a, str>),
    #[serde(borrow)]
    Many(Vec<Cow<'a, str>>),
    /// Columns kept under their own headers say nothing about who it is.
    Named(IgnoredAny),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Payload<'a> {
    #[serde(borrow)]
    order_id: Option<Cell<'a>>,
    #[serde(borrow)]
    customer_key: Option<Cell<'a>>,
    #[serde(borrow)]
    full_name: Option<Cell<'a>>,
    #[serde(borrow)]
    given_name: Option<Cell<'a>>,
    #[serde(borrow)]
    family_name: Option<Cell<'a>>,
    #[serde(borrow)]
    patronymic: Option<Cell<'a>>,
    #[serde(borrow)]
    phone: Option<Cell<'a>>,
    #[serde(borrow)]
    email: Option<Cell<'a>>,
    #[serde(borrow)]
    address: Option<Cell<'a>>,
    #[serde(borrow)]
    street: Option<Cell<'a>>,
    #[serde(borrow)]
    house: Option<Cell<'a>>,
    #[serde(borrow)]
    city: Option<Cell<'a>>,
    #[serde(borrow)]
    region: Option<Cell<'a>>,
    #[serde(borrow)]
    postcode: Option<Cell<'a>>,
    #[serde(borrow)]
    birth_date: Option<Cell<'a>>,
    #[serde(borrow)]
    national_id: Option<Cell<'a>>,
    #[serde(borrow)]
    social: Option<Cell<'a>>,
    #[serde(borrow)]
    other: Option<Cell<'a>>,
    #[serde(borrow)]
    order_date: Option<Cell<'a>>,
}

fn text<'c>(cell: &'c Option<Cell<'_>>, by: &str) -> Cow<'c, str> {
    match cell {
        None | Some(Cell::Named(_)) => Cow::Borrowed(""),
        Some(Cell::One(one)) => Cow::Borrowed(one),
        Some(Cell::Many(many)) => Cow::Owned(many.join(by)),
    }
}

/// The columns of a [`PayloadRow`] in order.
type PayloadCells = (i64, String, String, i64, String, Option<i64>, Option<i64>, Option<i64>);

/// Words that shops write where a customer has no number.
const GUESTS: [&str; 10] = ["(blank)", "guest", "null", "none", "nan", "n/a", "0", "-", "гость", "гість"];

impl Loaded {
    pub fn push(&mut self, row: Stored<'_>, source: u16) {
        let payload: Payload<'_> = serde_json::from_str(row.payload).unwrap_or_default();
        let is_order = matches!(row.kind, "order" | "line");
        let own = format!("#{}", row.id);
        let order = text(&payload.order_id, " ");
        let account = text(&payload.customer_key, " ");
        let guest = GUESTS.iter().any(|g| account.eq_ignore_ascii_case(g) || account.to_lowercase() == **g);
        let day = row
            .day
            .or_else(|| day_of(&text(&payload.order_date, " ")))
            .and_then(|d| i32::try_from(d).ok())
            .unwrap_or(0);
        let number = if order.is_empty() { row.key } else { order.as_ref() };
        self.batch.push(&PersonRecord {
            id: if is_order { number } else { &own },
            order: if is_order { "" } else { &order },
            account: if guest { "" } else { &account },
            source,
            day,
            value: row.amount_minor.unwrap_or(0),
            full_name: &text(&payload.full_name, " "),
            given_name: &text(&payload.given_name, " "),
            family_name: &text(&payload.family_name, " "),
            patronymic: &text(&payload.patronymic, " "),
            phone: &text(&payload.phone, ", "),
            email: &text(&payload.email, ", "),
            address: &text(&payload.address, ", "),
            street: &text(&payload.street, " "),
            house: &text(&payload.house, " "),
            city: &text(&payload.city, " "),
            region: &text(&payload.region, " "),
            postcode: &text(&payload.postcode, " "),
            birth_date: &text(&payload.birth_date, " "),
            national_id: &text(&payload.national_id, " "),
            other: &text(&payload.other, " "),
            social: &text(&payload.social, ", "),
        });
        self.records.push(row.id);
        self.old_of.push(row.customer_id);
    }
}

/// Days since 1970-01-01 of a date as written in the usual three orders; the day first when in doubt.
fn day_of(cell: &str) -> Option<i64> {
    let ymd = crate::rules::date::parse(cell.split(' ').next().unwrap_or_default(), false);
    let date = jiff::civil::Date::new(
        i16::try_from(ymd / 10_000).ok()?,
        i8::try_from(ymd / 100 % 100).ok()?,
        i8::try_from(ymd % 100).ok()?,
    )
    .ok()?;
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second().div_euclid(86_400))
}

/// The number of a source in the engine; what colleagues wrote has its own.
pub fn number_of(source: i64, desk: Option<i64>, sources: &mut Vec<i64>) -> u16 {
    if Some(source) == desk {
        return BY_HAND;
    }
    let at = sources.iter().position(|s| *s == source).unwrap_or_else(|| {
        sources.push(source);
        sources.len() - 1
    });
    u16::try_from(at).unwrap_or(BY_HAND - 1)
}

/// Reads the records in force among these, in the order of their ids.
pub async fn load_some(
    tx: &mut Tx,
    ws: WorkspaceId,
    records: &[i64],
    sources: &mut Vec<i64>,
) -> Result<Loaded, Fault> {
    let mut it = Loaded::default();
    let desk = source_named(tx, ws, DESK).await?;
    for some in records.chunks(1_000) {
        let sql = format!(
            "SELECT r.id, r.kind, r.key, r.source_id, r.payload, o.day, o.amount_minor, rc.customer_id
             FROM records r
             LEFT JOIN orders o ON o.workspace_id = r.workspace_id AND o.record_id = r.id
             LEFT JOIN record_customers rc ON rc.workspace_id = r.workspace_id AND rc.record_id = r.id
             WHERE r.workspace_id = $1 AND r.current AND r.id IN ({}) ORDER BY r.id",
            list_of(some)
        );
        let rows: Vec<PayloadRow> = tx.fetch_dyn(&sql, &[Value::Int(ws.get())]).await?;
        for row in &rows {
            it.push(row.stored(), number_of(row.source_id, desk, sources));
        }
    }
    Ok(it)
}

/// Which of these records have a customer but are no longer in force.
pub async fn withdrawn_of(tx: &mut Tx, ws: WorkspaceId, records: &[i64]) -> Result<Vec<(i64, i64)>, Fault> {
    let mut out = Vec::new();
    for some in records.chunks(1_000) {
        let sql = format!(
            "SELECT rc.record_id, rc.customer_id FROM record_customers rc
             WHERE rc.workspace_id = $1 AND rc.record_id IN ({}) AND NOT EXISTS
               (SELECT 1 FROM records r WHERE r.workspace_id = rc.workspace_id AND r.id = rc.record_id AND r.current)
             ORDER BY rc.record_id",
            list_of(some)
        );
        let rows: Vec<(i64, i64)> = tx.fetch_dyn(&sql, &[Value::Int(ws.get())]).await?;
        out.extend(rows);
    }
    Ok(out)
}

/// Reads all records in force.
pub async fn load(tx: &mut Tx, ws: WorkspaceId) -> Result<Loaded, Fault> {
    let mut it = Loaded::default();
    let desk: Option<i64> = source_named(tx, ws, DESK).await?;
    tx.scan(
        "SELECT r.id, r.kind, r.key, r.source_id, r.payload, o.day, o.amount_minor, rc.customer_id
         FROM records r
         LEFT JOIN orders o ON o.workspace_id = r.workspace_id AND o.record_id = r.id
         LEFT JOIN record_customers rc ON rc.workspace_id = r.workspace_id AND rc.record_id = r.id
         WHERE r.workspace_id = $1 AND r.current ORDER BY r.id",
        &[Value::Int(ws.get())],
        |(id, kind, key, source, payload, day, amount_minor, customer_id): PayloadCells| {
            let number = number_of(source, desk, &mut it.sources);
            let (kind, key, payload) = (kind.as_str(), key.as_str(), payload.as_str());
            it.push(Stored { id, kind, key, payload, day, amount_minor, customer_id }, number);
        },
    )
    .await?;
    it.batch.shrink();
    it.withdrawn = withdrawn(tx, ws, it.old_of.iter().flatten().count()).await?;
    // Records are loaded in the order of their ids.
    it.decisions = decisions_of(&links(tx, ws).await?, |record| it.records.binary_search(record).ok());
    Ok(it)
}

pub async fn source_named(tx: &mut Tx, ws: WorkspaceId, name: &str) -> Result<Option<i64>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT id FROM sources WHERE workspace_id = $1 AND name = $2",
        ws.get(),
        name
    )?;
    Ok(row.map(|r| r.0))
}

/// Records that have a customer but are no longer in force.
async fn withdrawn(tx: &mut Tx, ws: WorkspaceId, in_force: usize) -> Result<Vec<(i64, i64)>, Fault> {
    let (all,) = store::fetch_one!(
        *tx,
        (i64,),
        "SELECT COUNT(*) FROM record_customers WHERE workspace_id = $1",
        ws.get()
    )?;
    if usize::try_from(all).unwrap_or(usize::MAX) == in_force {
        return Ok(Vec::new());
    }
    Ok(store::fetch_all!(
        *tx,
        (i64, i64),
        "SELECT rc.record_id, rc.customer_id FROM record_customers rc
         WHERE rc.workspace_id = $1 AND NOT EXISTS
           (SELECT 1 FROM records r WHERE r.workspace_id = rc.workspace_id AND r.id = rc.record_id AND r.current)
         ORDER BY rc.record_id",
        ws.get()
    )?)
}

/// Customers that no record belongs to.
pub async fn leftover(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<i64>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64,),
        "SELECT c.id FROM customers c WHERE c.workspace_id = $1 AND NOT EXISTS
           (SELECT 1 FROM record_customers rc WHERE rc.workspace_id = c.workspace_id AND rc.customer_id = c.id)
         ORDER BY c.id",
        ws.get()
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What people decided about pairs of records, in the order in which they did.
pub async fn links(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(i64, i64, bool)>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        (i64, i64, bool),
        "SELECT record_a, record_b, must FROM manual_links WHERE workspace_id = $1 ORDER BY at, record_a, record_b",
        ws.get()
    )?)
}

/// The same about rows.
pub fn decisions_of(links: &[(i64, i64, bool)], row_of: impl Fn(&i64) -> Option<usize>) -> Decisions {
    let mut it = Decisions::default();
    for (a, b, must) in links {
        if let (Some(a), Some(b)) = (row_of(a), row_of(b)) {
            if *must { it.together.push((a, b)) } else { it.apart.push((a, b)) }
        }
    }
    it
}

/// Records that an import stored and that are in force.
pub async fn records_of_import(tx: &mut Tx, ws: WorkspaceId, import: ImportId) -> Result<Vec<i64>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64,),
        "SELECT id FROM records WHERE workspace_id = $1 AND import_id = $2 AND current",
        ws.get(),
        import.get()
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(id: i64, kind: &'a str, key: &'a str, payload: &'a str) -> Stored<'a> {
        Stored { id, kind, key, payload, day: None, amount_minor: None, customer_id: None }
    }

    #[test]
    fn payloads_as_an_import_writes_them() {
        let mut it = Loaded::default();
        it.push(
            row(
                1,
                "order",
                "order/100003",
                r#"{"order_id":"100003","full_name":"Кирилук \"Ирина\"","phone":["093","050"]}"#,
            ),
            0,
        );
        it.push(row(2, "address", "address/A1", r#"{"record_id":"A1","order_date":"02.03.2022","order_id":"100003","full_name":"Кирилук","other":{"Operator":"Світлана"}}"#), 1);
        assert_eq!((it.batch.id(0), it.batch.get(0).phone), ("100003", "093, 050"));
        assert_eq!(
            (it.batch.id(1), it.batch.order(1), it.batch.get(1).full_name),
            ("#2", "100003", "Кирилук")
        );
        assert_eq!(it.batch.day(1), 19_053);
    }
}
