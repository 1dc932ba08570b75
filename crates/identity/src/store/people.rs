//! Reading people.

use access::Op;
use basis::{CustomerId, Fault, WorkspaceId, fold};
use store::{Tx, Value};

/// The id that a customer lives on under.
///
/// # Errors
/// The database's.
pub async fn current_id(tx: &mut Tx, ws: WorkspaceId, customer: CustomerId) -> Result<CustomerId, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT current_id FROM customer_aliases WHERE workspace_id = $1 AND customer_id = $2",
        ws.get(),
        customer.get()
    )?;
    Ok(row.map_or(customer, |r| CustomerId(r.0)))
}

/// Every id the person ever had, the current one first.
///
/// # Errors
/// The database's.
pub async fn current_ids(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
) -> Result<Vec<CustomerId>, Fault> {
    let current = current_id(tx, ws, customer).await?;
    let rows = store::fetch_all!(
        *tx,
        (i64,),
        "SELECT customer_id FROM customer_aliases WHERE workspace_id = $1 AND current_id = $2 ORDER BY customer_id",
        ws.get(),
        current.get()
    )?;
    Ok(std::iter::once(current).chain(rows.into_iter().map(|r| CustomerId(r.0))).collect())
}

/// A line of a list of customers.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ListRow {
    pub id: i64,
    pub display_name: String,
    pub city: String,
    pub sort_key: String,
    pub orders: i64,
    pub last_day: Option<i64>,
    pub revenue_minor: i64,
    pub stage: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Name,
    Recent,
    Value,
}

pub const LIST: &str = "SELECT c.id, c.display_name, c.city, c.sort_key, COALESCE(p.orders, 0) AS orders, p.last_day, \
     COALESCE(p.revenue_minor, 0) AS revenue_minor, COALESCE(p.stage, 'none') AS stage \
     FROM customers c LEFT JOIN profiles p ON p.workspace_id = c.workspace_id AND p.customer_id = c.id";

/// Customers by search words and order. The cursor is the sort value and id of the last line of the page before.
///
/// # Errors
/// The database's.
pub async fn list(
    tx: &mut Tx,
    ws: WorkspaceId,
    search: &str,
    sort: Sort,
    after: Option<(String, i64)>,
    limit: i64,
) -> Result<Vec<ListRow>, Fault> {
    let mut args = vec![Value::Int(ws.get())];
    let mut wheres = vec!["c.workspace_id = $1".to_owned()];
    search_terms(search, &mut args, &mut wheres);
    let (key, descending) = match sort {
        Sort::Name => ("c.sort_key", false),
        Sort::Recent => ("COALESCE(p.last_day, -1000000)", true),
        Sort::Value => ("COALESCE(p.revenue_minor, 0)", true),
    };
    if let Some((value, id)) = after {
        let value =
            if sort == Sort::Name { Value::Text(value) } else { Value::Int(value.parse().unwrap_or(0)) };
        args.push(value);
        let k = args.len();
        args.push(Value::Int(id));
        let i = args.len();
        let sign = if descending { '<' } else { '>' };
        wheres.push(format!("({key} {sign} ${k} OR ({key} = ${k} AND c.id > ${i}))"));
    }
    args.push(Value::Int(limit));
    let direction = if descending { "DESC" } else { "ASC" };
    let sql = format!(
        "{LIST} WHERE {} ORDER BY {key} {direction}, c.id LIMIT ${}",
        wheres.join(" AND "),
        args.len()
    );
    Ok(tx.fetch_dyn(&sql, &args).await?)
}

/// Words of a search become conditions on stored keys: digits look into phones, `@` into e-mails, letters into names.
fn search_terms(search: &str, args: &mut Vec<Value>, wheres: &mut Vec<String>) {
    let digits: String = search.chars().filter(char::is_ascii_digit).collect();
    if search.contains('@') {
        args.push(Value::Text(format!("{}%", like_safe(&search.trim().to_lowercase()))));
        wheres.push(contact_condition("email", args.len()));
    } else if digits.len() >= 4 && !search.chars().any(char::is_alphabetic) {
        args.push(Value::Text(format!("%{}%", digits.trim_start_matches('0'))));
        wheres.push(contact_condition("phone", args.len()));
    } else {
        for word in search.split_whitespace().take(5) {
            let key = fold(word);
            if key.is_empty() {
                continue;
            }
            args.push(Value::Text(format!("%{key}%")));
            wheres.push(format!("c.search_key LIKE ${}", args.len()));
        }
    }
}

fn contact_condition(kind: &str, arg: usize) -> String {
    format!(
        "c.id IN (SELECT cp.customer_id FROM contact_points cp WHERE cp.workspace_id = $1 AND cp.kind = '{kind}' AND cp.value LIKE ${arg})"
    )
}

/// Without the signs that LIKE reads as wildcards; the underscore matches itself too.
fn like_safe(text: &str) -> String {
    text.replace(['%', '\\'], "")
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ContactRow {
    pub id: i64,
    pub customer_id: i64,
    pub kind: String,
    pub value: String,
    pub source: String,
    pub first_seen: i64,
    pub last_seen: i64,
    pub seen: i64,
    pub preferred: bool,
    pub state: String,
}

/// Contact points of several customers, the preferred ones first.
///
/// # Errors
/// The database's.
pub async fn contacts(tx: &mut Tx, ws: WorkspaceId, customers: &[i64]) -> Result<Vec<ContactRow>, Fault> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT cp.id, cp.customer_id, cp.kind, cp.value, COALESCE(s.name, 'desk') AS source, cp.first_seen, cp.last_seen, cp.seen, cp.preferred, \
         COALESCE(cs.state, 'ok') AS state FROM contact_points cp \
         LEFT JOIN sources s ON s.workspace_id = cp.workspace_id AND s.id = cp.source_id \
         LEFT JOIN contact_states cs ON cs.workspace_id = cp.workspace_id AND cs.kind = cp.kind AND cs.value = cp.value \
         WHERE cp.workspace_id = $1 AND cp.customer_id IN ({}) ORDER BY cp.customer_id, cp.kind DESC, cp.preferred DESC, cp.last_seen DESC, cp.id",
        super::write::list_of(customers)
    );
    Ok(tx.fetch_dyn(&sql, &[Value::Int(ws.get())]).await?)
}

/// A record of a customer, for graphs and comparisons.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RecordRow {
    pub id: i64,
    pub key: String,
    pub source: String,
    pub kind: String,
    pub payload: String,
    pub day: Option<i64>,
}

/// Records in force of a customer.
///
/// # Errors
/// The database's.
pub async fn records(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
    limit: i64,
) -> Result<Vec<RecordRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        RecordRow,
        "SELECT r.id, r.key, COALESCE(s.name, '') AS source, r.kind, r.payload, o.day FROM record_customers rc
         JOIN records r ON r.workspace_id = rc.workspace_id AND r.id = rc.record_id AND r.current
         LEFT JOIN sources s ON s.workspace_id = r.workspace_id AND s.id = r.source_id
         LEFT JOIN orders o ON o.workspace_id = r.workspace_id AND o.record_id = r.id
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2 ORDER BY r.id LIMIT $3",
        ws.get(),
        customer.get(),
        limit
    )?)
}

/// A customer's own row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CustomerRow {
    pub id: i64,
    pub display_name: String,
    pub given_name: String,
    pub family_name: String,
    pub patronymic: String,
    pub language: Option<String>,
    pub birth_date: Option<String>,
    pub city: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A customer under its current id.
///
/// # Errors
/// Not found, or the database's.
pub async fn customer(tx: &mut Tx, op: &Op, id: CustomerId) -> Result<CustomerRow, Fault> {
    let current = current_id(tx, op.ws(), id).await?;
    store::fetch_optional!(
        *tx,
        CustomerRow,
        "SELECT id, display_name, given_name, family_name, patronymic, language, birth_date, city, created_at, updated_at
         FROM customers WHERE workspace_id = $1 AND id = $2",
        op.ws().get(),
        current.get()
    )?
    .ok_or_else(|| Fault::not_found("customer", format!("there is no customer {id} here")))
}
