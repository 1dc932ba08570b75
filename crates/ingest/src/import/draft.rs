//! From rows to drafts of records and orders: pure, so that an undo makes the same order from the stored payload.

use basis::{Currency, Money, Time};
use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::{
    preview::TableKind,
    problem::{Reason, Reject},
    rules::{items::Item, money::Decimal, role::Role, status::OrderStatus},
    table::{At, Row, Shape},
};

/// A record as it will be stored, with the order that it makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub kind: TableKind,
    /// Unique within the source: the order number, or `address/ID`, `person/ID`; without a number a hash of the content.
    pub key: String,
    /// First line in its file.
    pub line: u64,
    /// How many rows of the file it took: more than one for an order of several product rows.
    pub rows: u32,
    /// JSON: role → text as it came (a list when several columns share the role), `other` → {header: text}, and for
    /// orders of several rows `lines` → [{items, quantity, price, amount}].
    pub payload: String,
    pub fingerprint: String,
    pub order: Option<OrderDraft>,
    /// Where the person came from, as the source says it.
    pub channel: Option<String>,
    /// When the source wrote it.
    pub touched_at: Option<Time>,
    /// The same key stood earlier in this import.
    pub seen_before: bool,
}

/// An order as the shop's figures need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDraft {
    pub number: String,
    pub ordered_at: Time,
    /// The shop's local day, counted from 1970-01-01.
    pub day: i64,
    pub delivered_day: Option<i64>,
    pub status: OrderStatus,
    pub status_text: String,
    /// In capitals.
    pub promo_code: Option<String>,
    /// An empty cell counts as nothing paid.
    pub amount: Money,
    pub lines: Vec<LineDraft>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDraft {
    pub title: String,
    pub quantity: i64,
    pub amount_minor: Option<i64>,
}

/// Roles that belong to a product row, not to its order.
const LINE_ROLES: [Role; 4] = [Role::Items, Role::Quantity, Role::Price, Role::Amount];

/// One row of a group with its typed values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub line: u64,
    pub number: String,
    ordered: Option<At>,
    delivered: Option<At>,
    status: Option<OrderStatus>,
    status_text: String,
    promo_code: String,
    channel: String,
    amount: Option<Money>,
    quantity: Option<Decimal>,
    price: Option<Decimal>,
    currency: Currency,
    items: Vec<Item>,
    record_id: String,
    customer_key: String,
    payload: Payload,
}

/// What the row adds to the stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Payload {
    /// The whole of it, for records of one row: written straight from the cells, as most of an import is this.
    Text(String),
    /// To be joined with the other rows of its order.
    Fields(Map<String, Value>),
}

impl Parsed {
    /// Reads all values of a row that the record and its order need.
    pub fn of(row: &Row<'_>) -> Result<Self, Reject> {
        let shape = row.shape();
        let orders = matches!(shape.kind, TableKind::Order | TableKind::Line);
        let ordered = row.date(Role::OrderDate)?;
        let mut parsed = Self {
            line: row.line,
            number: row.text(Role::OrderId).to_owned(),
            ordered,
            delivered: None,
            status: None,
            status_text: String::new(),
            promo_code: row.text(Role::PromoCode).to_owned(),
            channel: row.text(Role::Channel).to_owned(),
            amount: None,
            quantity: None,
            price: None,
            currency: row.currency()?,
            items: Vec::new(),
            record_id: row.text(Role::RecordId).to_owned(),
            customer_key: row.text(Role::CustomerKey).to_owned(),
            payload: if shape.kind == TableKind::Line {
                Payload::Fields(fields_of(row))
            } else {
                Payload::Text(payload_text(row))
            },
        };
        if !orders {
            let someone = [
                Role::FullName,
                Role::GivenName,
                Role::FamilyName,
                Role::Email,
                Role::Phone,
                Role::Social,
                Role::CustomerKey,
                Role::OrderId,
                Role::Address,
                Role::Street,
            ];
            let usable = someone.into_iter().any(|role| !row.text(role).is_empty());
            return if usable { Ok(parsed) } else { Err(whole_row(row, Reason::NothingUsable)) };
        }
        if parsed.number.is_empty() && shape.has(Role::OrderId) {
            return Err(row.reject_role(Role::OrderId, Reason::NoOrderId));
        }
        if ordered.is_none() {
            return Err(row.reject_role(Role::OrderDate, Reason::NoOrderDate));
        }
        parsed.delivered = row.date(Role::DeliveryDate)?;
        parsed.status = row.status()?;
        parsed.status_text = row.text(Role::Status).to_owned();
        parsed.amount = row.money(Role::Amount)?;
        parsed.quantity = row.decimal(Role::Quantity)?;
        parsed.price = row.decimal(Role::Price)?;
        parsed.items = row.items();
        Ok(parsed)
    }

    /// The sum of this row alone.
    fn total(&self) -> Option<Money> {
        match (self.price, self.amount) {
            (Some(price), _) => self.quantity.unwrap_or(Decimal::from_whole(1)).times(price, self.currency),
            (None, amount) => amount,
        }
    }

    fn is_below_zero(&self) -> bool {
        self.quantity.is_some_and(Decimal::is_negative) || self.amount.is_some_and(|money| money.minor < 0)
    }
}

fn whole_row(row: &Row<'_>, reason: Reason) -> Reject {
    Reject { line: row.line, column: None, reason }
}

/// The roles that hold something in a row, in the order of their first columns, with their cells. Empty cells are left
/// out, so that a new empty column changes no record.
fn filled<'a>(row: &Row<'a>) -> impl Iterator<Item = (Role, Vec<&'a str>)> + use<'a> {
    let (shape, cells) = (row.shape(), row.cells());
    shape.roles.iter().enumerate().filter_map(move |(index, role)| {
        let columns = shape.columns(*role);
        if matches!(role, Role::Other | Role::Ignore) || columns.first() != Some(&index) {
            return None;
        }
        let filled: Vec<&str> =
            columns.iter().map(|at| cells.get(*at).trim()).filter(|cell| !cell.is_empty()).collect();
        (!filled.is_empty()).then_some((*role, filled))
    })
}

/// Header and cell of the columns without a role.
fn others<'a>(row: &Row<'a>) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    let (shape, cells) = (row.shape(), row.cells());
    let pair = move |at: &usize| (shape.headers.get(*at).map_or("", String::as_str), cells.get(*at).trim());
    shape.columns(Role::Other).iter().map(pair).filter(|(_, cell)| !cell.is_empty())
}

fn payload_text(row: &Row<'_>) -> String {
    let mut out = String::with_capacity(256);
    out.push('{');
    for (role, cells) in filled(row) {
        json_key(&mut out, role.as_str());
        if let [only] = cells.as_slice() {
            json_text(&mut out, only);
            continue;
        }
        for (place, cell) in cells.iter().enumerate() {
            out.push(if place == 0 { '[' } else { ',' });
            json_text(&mut out, cell);
        }
        out.push(']');
    }
    for (place, (header, cell)) in others(row).enumerate() {
        if place == 0 {
            json_key(&mut out, Role::Other.as_str());
            out.push('{');
        }
        json_key(&mut out, header);
        json_text(&mut out, cell);
    }
    if others(row).next().is_some() {
        out.push('}');
    }
    out.push('}');
    out
}

fn json_key(out: &mut String, key: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    json_text(out, key);
    out.push(':');
}

/// A JSON string (RFC 8259 §7).
fn json_text(out: &mut String, text: &str) {
    use std::fmt::Write;
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

fn fields_of(row: &Row<'_>) -> Map<String, Value> {
    let text = |cell: &str| Value::String(cell.to_owned());
    let mut fields = Map::new();
    for (role, cells) in filled(row) {
        let value =
            if let [only] = cells.as_slice() { text(only) } else { cells.into_iter().map(text).collect() };
        fields.insert(role.as_str().to_owned(), value);
    }
    let other: Map<String, Value> =
        others(row).map(|(header, cell)| (header.to_owned(), text(cell))).collect();
    if !other.is_empty() {
        fields.insert(Role::Other.as_str().to_owned(), Value::Object(other));
    }
    fields
}

/// One record of the rows of a group (one row, but for files with one row per product).
pub(crate) fn draft_of(group: Vec<Parsed>, shape: &Shape) -> Option<Draft> {
    let order = order_of(&group, shape);
    let rows = u32::try_from(group.len()).unwrap_or(u32::MAX);
    let first = group.first()?;
    let line = first.line;
    let id = [
        (&first.number, Role::OrderId),
        (&first.record_id, Role::RecordId),
        (&first.customer_key, Role::CustomerKey),
    ];
    let own = |role: Role| {
        id.iter()
            .find(|(_, have)| *have == role)
            .map(|(text, _)| text.as_str())
            .filter(|text| !text.is_empty())
    };
    let id = match shape.kind {
        TableKind::Order | TableKind::Line => {
            own(Role::OrderId).or_else(|| own(Role::RecordId)).map(str::to_owned)
        }
        TableKind::Address => {
            own(Role::RecordId).or_else(|| own(Role::OrderId)).map(|id| format!("address/{id}"))
        }
        TableKind::Person => {
            let id = own(Role::RecordId).or_else(|| own(Role::CustomerKey)).or_else(|| own(Role::OrderId));
            id.map(|id| format!("person/{id}"))
        }
    };
    let channel = group.iter().map(|row| channel_of(&row.channel)).find(|name| !name.is_empty());
    let touched_at = group.iter().find_map(|row| row.ordered).map(|at| instant(at, shape));
    let payload = joined(group);
    let hash = blake3::hash(payload.as_bytes());
    let fingerprint = hash.to_hex()[..32].to_owned();
    // Without a number of its own a row is known by its content.
    let key = id.unwrap_or_else(|| format!("#{}", &fingerprint[..20]));
    Some(Draft {
        kind: shape.kind,
        key,
        line,
        rows,
        payload,
        fingerprint,
        order,
        channel,
        touched_at,
        seen_before: false,
    })
}

/// The payload of all rows: what they have in common once, the products as `lines`.
fn joined(group: Vec<Parsed>) -> String {
    let mut fields = Map::new();
    let mut lines = Vec::with_capacity(group.len());
    for parsed in group {
        let mut own = match parsed.payload {
            Payload::Text(text) => return text,
            Payload::Fields(own) => own,
        };
        let line: Map<String, Value> = LINE_ROLES
            .iter()
            .filter_map(|role| Some((role.as_str().to_owned(), own.shift_remove(role.as_str())?)))
            .collect();
        lines.push(Value::Object(line));
        for (role, value) in own {
            // A cell that only a later row fills belongs to the order too.
            fields.entry(role).or_insert(value);
        }
    }
    fields.insert("lines".to_owned(), Value::Array(lines));
    Value::Object(fields).to_string()
}

pub(crate) fn order_of(group: &[Parsed], shape: &Shape) -> Option<OrderDraft> {
    if !matches!(shape.kind, TableKind::Order | TableKind::Line) {
        return None;
    }
    let first = group.first()?;
    let ordered = group.iter().find_map(|row| row.ordered)?;
    let status_row = group.iter().find(|row| row.status.is_some());
    let below_zero = group.iter().all(Parsed::is_below_zero);
    let status = match status_row.and_then(|row| row.status) {
        Some(status) => status,
        None if below_zero => OrderStatus::Returned,
        // A status column with an empty cell: nothing is known to have happened yet.
        None if shape.has(Role::Status) => OrderStatus::New,
        None => OrderStatus::Paid,
    };
    let currency = group.iter().find_map(|row| row.amount).map_or(first.currency, |money| money.currency);
    let lines = if shape.kind == TableKind::Line {
        group.iter().flat_map(|row| row.items.iter().map(|item| line_of(item, row))).collect()
    } else {
        first.items.iter().map(|item| line_of_list(item, first, first.items.len())).collect()
    };
    Some(OrderDraft {
        number: first.number.clone(),
        ordered_at: instant(ordered, shape),
        day: day_number(ordered.local.date()),
        delivered_day: group.iter().find_map(|row| row.delivered).map(|at| day_number(at.local.date())),
        status,
        status_text: status_row.map(|row| row.status_text.clone()).unwrap_or_default(),
        promo_code: group.iter().map(|row| promo_of(&row.promo_code)).find(|code| !code.is_empty()),
        amount: Money::new(sum_of(group, shape), currency),
        lines,
    })
}

/// Characters of a channel's name, as of entered costs by channel.
const LONGEST_CHANNEL: usize = 60;
const LONGEST_CODE: usize = 40;

fn channel_of(text: &str) -> String {
    basis::visible(text).chars().take(LONGEST_CHANNEL).collect()
}

/// A code is compared without case and spaces, as people dictate it.
fn promo_of(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).take(LONGEST_CODE).collect()
}

/// The sum of the order: its own amount when a file repeats it in each product row, else the rows together.
fn sum_of(group: &[Parsed], shape: &Shape) -> i64 {
    let amounts: Vec<i64> = group.iter().filter_map(|row| row.amount).map(|money| money.minor).collect();
    if shape.has(Role::Price)
        && let Some(first) = amounts.first()
        && (amounts.len() == 1 || amounts.iter().all(|minor| minor == first))
    {
        return *first;
    }
    group.iter().filter_map(Parsed::total).fold(0, |sum, money| sum.saturating_add(money.minor))
}

fn line_of(item: &Item, row: &Parsed) -> LineDraft {
    let whole = row.quantity.and_then(Decimal::whole);
    LineDraft {
        title: item.title.clone(),
        quantity: whole.unwrap_or_else(|| i64::from(item.quantity)),
        amount_minor: row.total().map(|money| money.minor),
    }
}

/// In a list the sum of the order is known and that of one title only when it is the only one.
fn line_of_list(item: &Item, row: &Parsed, titles: usize) -> LineDraft {
    let amount = if titles == 1 { row.amount.map(|money| money.minor) } else { None };
    LineDraft { title: item.title.clone(), quantity: i64::from(item.quantity), amount_minor: amount }
}

fn instant(at: At, shape: &Shape) -> Time {
    let zoned = shape.timezone().to_ambiguous_zoned(at.local).compatible();
    zoned.map_or_else(
        |_| Time::from_millis(day_number(at.local.date()) * 86_400_000),
        |z| z.timestamp().into(),
    )
}

fn day_number(date: Date) -> i64 {
    let since = date.since(Date::constant(1970, 1, 1));
    since.map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn payloads_are_json_whatever_the_cell(text in "\\PC{0,20}|[\\x00-\\x22\\\\]{0,12}") {
            let mut out = String::new();
            json_text(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
