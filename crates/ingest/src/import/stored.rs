//! The order that a stored record makes: the same rules as at import, over the payload.

use serde_json::{Map, Value};

use super::draft::{OrderDraft, Parsed, order_of};
use crate::{
    preview::TableKind,
    rules::{dates::DateOrder, mapping::Mapping, record::Cells, role::Role},
    table::{Reading, Row, Setting, Shape},
};

/// Reads a payload again with the mapping of its file. `None` for records that are no orders.
pub fn order_of_payload(
    payload: &str,
    kind: TableKind,
    mapping: &Mapping,
    setting: &Setting,
) -> Option<OrderDraft> {
    let fields: Map<String, Value> = serde_json::from_str(payload).ok()?;
    let lines = match fields.get("lines").and_then(Value::as_array) {
        Some(lines) => lines.iter().filter_map(Value::as_object).map(cells_of).collect(),
        None => vec![Vec::new()],
    };
    let base = cells_of(&fields);
    let mut roles: Vec<Role> = base.iter().map(|(role, _)| *role).collect();
    for (role, _) in lines.iter().flatten() {
        if !roles.contains(role) {
            roles.push(*role);
        }
    }
    // A column that was there and empty in this record still tells what an empty cell means.
    for role in mapping.columns.keys() {
        if !roles.contains(role) && *role != Role::Ignore {
            roles.push(*role);
        }
    }
    let reading = Reading {
        date_order: mapping.file.date_order.unwrap_or(DateOrder::Dmy),
        decimal: mapping.file.decimal,
        currency: mapping.file.currency.unwrap_or(setting.currency),
        timezone: mapping
            .file
            .timezone
            .as_deref()
            .and_then(|name| jiff::tz::TimeZone::get(name).ok())
            .unwrap_or_else(|| setting.timezone.clone()),
        statuses: mapping.status_words(),
    };
    let headers = roles.iter().map(|role| role.as_str().to_owned()).collect();
    let shape = Shape::new(kind, headers, roles.clone(), reading, "");
    let mut group = Vec::with_capacity(lines.len());
    for line in &lines {
        let cell = |role: &Role| {
            let found = line.iter().chain(&base).find(|(have, _)| have == role);
            found.map_or("", |(_, text)| text.as_str())
        };
        let cells: Cells = roles.iter().map(cell).collect();
        group.push(Parsed::of(&Row::made(&shape, &cells, 0)).ok()?);
    }
    order_of(&group, &shape)
}

/// The first text of each role; an order needs no second phone.
fn cells_of(fields: &Map<String, Value>) -> Vec<(Role, String)> {
    fields
        .iter()
        .filter_map(|(name, value)| {
            let role: Role = name.parse().ok()?;
            let text = value.as_str().or_else(|| value.as_array()?.first()?.as_str())?;
            Some((role, text.to_owned()))
        })
        .collect()
}
