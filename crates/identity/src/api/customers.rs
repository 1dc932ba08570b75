use access::{Answer, Op, need, page::Page};
use ahash::AHashMap;
use axum::{Json, extract::Query};
use basis::{CustomerId, Fault, Money};
use serde::Deserialize;
use store::Tx;
use utoipa::IntoParams;

use super::shapes::{CustomerLine, shown};
use crate::store::people::{self, ContactRow, ListRow, Sort};

#[derive(Debug, Deserialize, IntoParams)]
pub struct ListQuery {
    /// Words of the name in any of the three languages, a part of a phone, or the beginning of an e-mail.
    search: Option<String>,
    /// `name` (default), `recent`, `value`.
    sort: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Customers.
#[utoipa::path(get, path = "/api/customers", tag = "identity", params(ListQuery), responses((status = 200, body = Page<CustomerLine>)))]
pub(super) async fn list(
    need::Viewer(op): need::Viewer,
    Query(query): Query<ListQuery>,
) -> Answer<Page<CustomerLine>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let sort = match query.sort.as_deref() {
        None | Some("name" | "") => Sort::Name,
        Some("recent") => Sort::Recent,
        Some("value") => Sort::Value,
        Some(other) => {
            return Err(Fault::invalid(
                "sort",
                format!("\"{other}\" is no order of customers; use name, recent or value"),
            )
            .into());
        }
    };
    let after = query
        .cursor
        .as_deref()
        .and_then(|c| c.rsplit_once('~'))
        .and_then(|(value, id)| Some((value.to_owned(), id.parse().ok()?)));
    let mut tx = op.app.db.read().await?;
    let search = query.search.unwrap_or_default();
    let mut rows = people::list(&mut tx, op.ws(), &search, sort, after, i64::from(limit) + 1).await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|row| cursor(row, sort));
    Ok(Json(Page { items: lines(&mut tx, &op, &rows).await?, next }))
}

async fn lines(tx: &mut Tx, op: &Op, rows: &[ListRow]) -> Result<Vec<CustomerLine>, Fault> {
    let ids: Vec<i64> = rows.iter().map(|r| r.id).collect();
    let mut contacts: AHashMap<i64, Vec<ContactRow>> = AHashMap::new();
    for contact in people::contacts(tx, op.ws(), &ids).await? {
        contacts.entry(contact.customer_id).or_default().push(contact);
    }
    Ok(rows.iter().map(|row| line(op, row, &contacts.remove(&row.id).unwrap_or_default())).collect())
}

/// The first customers by the words of a search, their contacts as the role may see them.
///
/// # Errors
/// The database's.
pub async fn find(tx: &mut Tx, op: &Op, search: &str, limit: i64) -> Result<Vec<CustomerLine>, Fault> {
    let rows = people::list(tx, op.ws(), search, Sort::Name, None, limit).await?;
    lines(tx, op, &rows).await
}

/// `2024-09-01` of days since 1970-01-01.
fn date(day: i64) -> Option<String> {
    let days = jiff::Span::new().try_days(day).ok()?;
    Some(jiff::civil::Date::constant(1970, 1, 1).checked_add(days).ok()?.to_string())
}

fn cursor(row: &ListRow, sort: Sort) -> String {
    let value = match sort {
        Sort::Name => row.sort_key.clone(),
        Sort::Recent => row.last_day.unwrap_or(-1_000_000).to_string(),
        Sort::Value => row.revenue_minor.to_string(),
    };
    format!("{value}~{}", row.id)
}

/// One line, with its contacts as this role may see them.
pub(super) fn line(op: &Op, row: &ListRow, contacts: &[ContactRow]) -> CustomerLine {
    let of =
        |kind: &str| contacts.iter().filter(|c| c.kind == kind).map(|c| shown(op, kind, &c.value)).collect();
    CustomerLine {
        id: CustomerId(row.id),
        name: row.display_name.clone(),
        phones: of("phone"),
        emails: of("email"),
        city: row.city.clone(),
        orders: row.orders,
        last_order_day: row.last_day.and_then(date),
        stage: row.stage.clone(),
        revenue: Money { minor: row.revenue_minor, currency: op.workspace.currency },
    }
}
