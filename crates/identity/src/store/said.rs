//! What the records of people say, as it was typed.

use ahash::AHashMap;
use basis::{CustomerId, Fault, WorkspaceId};
use serde_json::Value as Json;
use store::{Tx, Value};

use super::load::{Loaded, Stored};
use super::people;
use super::write::list_of;
use crate::rules::card::Base;
use crate::rules::phone;

/// Records of one customer that are read again for its card.
const RECORDS: i64 = 300;

/// A contact point as one record names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub record: i64,
    pub kind: &'static str,
    /// As in `contact_points`.
    pub value: String,
    pub typed: String,
}

/// Every contact point that the records of a customer name, and every way in which they write the name.
///
/// # Errors
/// The database's.
pub async fn said(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
) -> Result<(Vec<Said>, Vec<String>), Fault> {
    let mut loaded = Loaded::default();
    for record in people::records(tx, ws, customer, RECORDS).await? {
        loaded.push(Stored::of(&record), 0);
    }
    let base = Base::read(&loaded.batch);
    let mut contacts = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (row, record) in loaded.records.iter().enumerate() {
        let cells = loaded.batch.get(row);
        let card = base.card(base.card_of[row]);
        let phones = base.phones(card).iter().filter_map(|p| phone::e164(*p));
        contacts.extend(phones.map(|value| Said {
            record: *record,
            kind: "phone",
            value,
            typed: one_line(cells.phone),
        }));
        contacts.extend(base.emails(card).iter().map(|e| Said {
            record: *record,
            kind: "email",
            value: base.emails.text(*e).to_owned(),
            typed: one_line(cells.email),
        }));
        let name =
            one_line(&[cells.full_name, cells.family_name, cells.given_name, cells.patronymic].join(" "));
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    Ok((contacts, names))
}

/// A cell without its breaks and doubled spaces, short enough for a card.
fn one_line(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect()
}

/// A code such as `phone_same` as field and level. Levels of addresses keep their own words.
#[must_use]
pub fn field_and_level(code: &str) -> (&str, &str) {
    let known = [
        "given_name",
        "surname",
        "patronymic",
        "phone",
        "email",
        "birth_date",
        "document",
        "profile",
        "home",
        "house",
        "street",
        "town",
        "branch",
        "address",
        "postcode",
        "region",
        "other",
    ];
    let field = known
        .into_iter()
        .find(|f| code.strip_prefix(f).is_some_and(|r| r.starts_with('_')))
        .unwrap_or("other");
    match field {
        "home" | "house" | "street" | "town" | "branch" => ("address", code),
        _ => (field, code.strip_prefix(field).unwrap_or(code).trim_start_matches('_')),
    }
}

/// The cells of a record that a reason of a link speaks about.
#[derive(Debug, Clone, Default)]
pub struct Cells(Json);

impl Cells {
    /// What the record says about a field of a reason; `None` when nothing, or when it is nothing to show.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<String> {
        let roles: &[&str] = match field {
            "given_name" | "surname" | "patronymic" => {
                &["full_name", "family_name", "given_name", "patronymic"]
            }
            "phone" => &["phone"],
            "email" => &["email"],
            "address" => &["city", "address", "street", "house"],
            "birth_date" => &["birth_date"],
            "postcode" => &["postcode"],
            "region" => &["region"],
            "order" => &["order_id"],
            _ => return None,
        };
        let text: Vec<String> = roles.iter().map(|role| self.text(role)).filter(|t| !t.is_empty()).collect();
        let text = one_line(&text.join(", "));
        (!text.is_empty()).then_some(text)
    }

    /// The text of one role; several columns of one role are joined.
    #[must_use]
    pub fn text(&self, role: &str) -> String {
        match &self.0[role] {
            Json::String(one) => one.clone(),
            Json::Array(many) => many.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", "),
            _ => String::new(),
        }
    }

    #[must_use]
    pub fn read(payload: &str) -> Self {
        Self(serde_json::from_str(payload).unwrap_or_default())
    }
}

/// The cells of these records as they are in force.
///
/// # Errors
/// The database's.
pub async fn cells_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    records: impl IntoIterator<Item = i64>,
) -> Result<AHashMap<i64, Cells>, Fault> {
    let mut ids: Vec<i64> = records.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut out = AHashMap::new();
    for some in ids.chunks(500) {
        let sql = format!(
            "SELECT id, payload FROM records WHERE workspace_id = $1 AND current AND id IN ({})",
            list_of(some)
        );
        let rows: Vec<(i64, String)> = tx.fetch_dyn(&sql, &[Value::Int(ws.get())]).await?;
        out.extend(rows.into_iter().map(|(id, payload)| (id, Cells::read(&payload))));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_finds_its_cell_whatever_the_columns() {
        let cells = Cells::read(
            r#"{"family_name":"Терехина","given_name":" Наталья","phone":["096 510","22 20"],"city":"Киев","address":""}"#,
        );
        assert_eq!(cells.of("surname").as_deref(), Some("Терехина, Наталья"));
        assert_eq!(cells.of("phone").as_deref(), Some("096 510, 22 20"));
        assert_eq!(cells.of("address").as_deref(), Some("Киев"));
        assert_eq!(cells.of("email"), None);
        assert_eq!(cells.of("document"), None, "the number of a document is nobody's to read");
        assert_eq!(Cells::read("[broken").of("phone"), None);
    }
}
