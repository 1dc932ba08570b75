//! SQL of orders, products and categories.

use ahash::AHashMap;
use basis::{
    CategoryId, Currency, CustomerId, Fault, Money, OrderId, ProductId, RecordId, SourceId, WorkspaceId,
};
use store::{Tx, Value};

#[derive(Debug)]
pub(crate) struct NewOrder<'a> {
    pub id: i64,
    pub record_id: i64,
    pub number: &'a str,
    pub ordered_at: i64,
    pub day: i64,
    pub delivered_day: Option<i64>,
    pub status: &'static str,
    pub status_text: &'a str,
    pub promo_code: Option<&'a str>,
    pub amount_minor: i64,
    pub currency: String,
}

#[derive(Debug)]
pub(crate) struct NewLine {
    pub order_id: i64,
    pub line_no: i64,
    pub product_id: i64,
    pub quantity: i64,
    pub amount_minor: Option<i64>,
}

fn json<T: serde::Serialize>(list: &[T]) -> Value {
    Value::Text(serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned()))
}

fn ids(records: &[RecordId]) -> Value {
    json(&records.iter().map(|record| record.get()).collect::<Vec<_>>())
}

pub(crate) async fn insert_orders(
    tx: &mut Tx,
    ws: WorkspaceId,
    source: SourceId,
    orders: &[NewOrder<'_>],
) -> Result<(), Fault> {
    store::insert_many!(
        *tx,
        "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, delivered_day, status, status_text, amount_minor, currency, promo_code)",
        orders,
        |o| [
            ws.get(),
            o.id,
            o.record_id,
            source.get(),
            o.number,
            o.ordered_at,
            o.day,
            o.delivered_day,
            o.status,
            o.status_text,
            o.amount_minor,
            o.currency.as_str(),
            o.promo_code
        ]
    )?;
    Ok(())
}

pub(crate) async fn insert_lines(tx: &mut Tx, ws: WorkspaceId, lines: &[NewLine]) -> Result<(), Fault> {
    store::insert_many!(
        *tx,
        "INSERT INTO order_lines (workspace_id, order_id, line_no, product_id, quantity, amount_minor)",
        lines,
        |l| [ws.get(), l.order_id, l.line_no, l.product_id, l.quantity, l.amount_minor]
    )?;
    Ok(())
}

pub(crate) async fn order_ids(
    tx: &mut Tx,
    ws: WorkspaceId,
    records: &[RecordId],
) -> Result<AHashMap<RecordId, OrderId>, Fault> {
    if records.is_empty() {
        return Ok(AHashMap::new());
    }
    let list = store::dialect::id_list(tx.engine(), 2);
    let sql = format!("SELECT record_id, id FROM orders WHERE workspace_id = $1 AND record_id IN {list}");
    let rows: Vec<(i64, i64)> = tx.fetch_dyn(&sql, &[Value::Int(ws.get()), ids(records)]).await?;
    Ok(rows.into_iter().map(|(record, id)| (RecordId(record), OrderId(id))).collect())
}

pub(crate) async fn delete_orders(tx: &mut Tx, ws: WorkspaceId, records: &[RecordId]) -> Result<(), Fault> {
    if records.is_empty() {
        return Ok(());
    }
    let list = store::dialect::id_list(tx.engine(), 2);
    let args = [Value::Int(ws.get()), ids(records)];
    let lines = format!(
        "DELETE FROM order_lines WHERE workspace_id = $1 AND order_id IN
           (SELECT id FROM orders WHERE workspace_id = $1 AND record_id IN {list})"
    );
    tx.execute_dyn(&lines, &args).await?;
    let orders = format!("DELETE FROM orders WHERE workspace_id = $1 AND record_id IN {list}");
    tx.execute_dyn(&orders, &args).await?;
    Ok(())
}

pub(crate) async fn products_by_key(
    tx: &mut Tx,
    ws: WorkspaceId,
    keys: &[&str],
) -> Result<Vec<(String, ProductId)>, Fault> {
    let list = store::dialect::text_list(tx.engine(), 2);
    let sql = format!("SELECT title_key, id FROM products WHERE workspace_id = $1 AND title_key IN {list}");
    let rows: Vec<(String, i64)> = tx.fetch_dyn(&sql, &[Value::Int(ws.get()), json(keys)]).await?;
    Ok(rows.into_iter().map(|(key, id)| (key, ProductId(id))).collect())
}

/// (id, title, key) of products without a category; those whose key is taken stay as they are.
pub(crate) async fn insert_products(
    tx: &mut Tx,
    ws: WorkspaceId,
    new: &[(i64, &str, &str)],
) -> Result<(), Fault> {
    store::insert_many!(
        *tx,
        "INSERT INTO products (workspace_id, id, title, title_key)",
        new,
        |p| [ws.get(), p.0, p.1, p.2],
        "ON CONFLICT (workspace_id, title_key) DO NOTHING"
    )?;
    Ok(())
}

/// A bought title of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderItem {
    pub product: ProductId,
    pub title: String,
    pub quantity: i64,
}

/// An order with what was bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub record: RecordId,
    pub number: String,
    pub day: i64,
    pub ordered_at: i64,
    pub delivered_day: Option<i64>,
    /// `new`, `paid`, `cancelled`, `returned`.
    pub status: String,
    /// The word of the source.
    pub status_text: String,
    pub promo_code: Option<String>,
    pub amount: Money,
    pub items: Vec<OrderItem>,
}

#[derive(sqlx::FromRow)]
struct OrderRow {
    id: i64,
    record_id: i64,
    number: String,
    day: i64,
    ordered_at: i64,
    delivered_day: Option<i64>,
    status: String,
    status_text: String,
    promo_code: Option<String>,
    amount_minor: i64,
    currency: String,
}

/// The orders of one customer, newest first.
///
/// # Errors
/// The database.
pub async fn orders_of_customer(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
    limit: i64,
) -> Result<Vec<Order>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        OrderRow,
        "SELECT o.id, o.record_id, o.number, o.day, o.ordered_at, o.delivered_day, o.status, o.status_text, o.promo_code, o.amount_minor, o.currency
         FROM record_customers rc JOIN orders o ON o.workspace_id = rc.workspace_id AND o.record_id = rc.record_id
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2 ORDER BY o.ordered_at DESC, o.id DESC LIMIT $3",
        ws.get(),
        customer.get(),
        limit
    )?;
    let mut items = items_of(tx, ws, &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    rows.into_iter()
        .map(|row| {
            let currency: Currency = row.currency.parse().map_err(|_| store::Error::Impossible {
                table: "orders",
                column: "currency",
                row: row.id,
                value: row.currency.clone(),
            })?;
            Ok(Order {
                items: items.remove(&row.id).unwrap_or_default(),
                id: OrderId(row.id),
                record: RecordId(row.record_id),
                number: row.number,
                day: row.day,
                ordered_at: row.ordered_at,
                delivered_day: row.delivered_day,
                status: row.status,
                status_text: row.status_text,
                promo_code: row.promo_code,
                amount: Money::new(row.amount_minor, currency),
            })
        })
        .collect()
}

async fn items_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    orders: &[i64],
) -> Result<AHashMap<i64, Vec<OrderItem>>, Fault> {
    if orders.is_empty() {
        return Ok(AHashMap::new());
    }
    let list = store::dialect::id_list(tx.engine(), 2);
    let sql = format!(
        "SELECT l.order_id, l.product_id, p.title, l.quantity
         FROM order_lines l JOIN products p ON p.workspace_id = l.workspace_id AND p.id = l.product_id
         WHERE l.workspace_id = $1 AND l.order_id IN {list} ORDER BY l.order_id, l.line_no"
    );
    let rows: Vec<(i64, i64, String, i64)> =
        tx.fetch_dyn(&sql, &[Value::Int(ws.get()), json(orders)]).await?;
    let mut items: AHashMap<i64, Vec<OrderItem>> = AHashMap::new();
    for (order, product, title, quantity) in rows {
        items.entry(order).or_default().push(OrderItem { product: ProductId(product), title, quantity });
    }
    Ok(items)
}

/// A category with its names in the three languages.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Category {
    pub id: i64,
    /// A stable word for segments and links.
    pub key: String,
    pub name_ru: String,
    pub name_uk: String,
    pub name_en: String,
    pub position: i64,
    /// Where it is explained how to use what is of it.
    pub guide_url: Option<String>,
    pub products: i64,
}

pub(crate) async fn categories(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<Category>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        Category,
        "SELECT c.id, c.key, c.name_ru, c.name_uk, c.name_en, c.position, c.guide_url,
                (SELECT COUNT(*) FROM products p WHERE p.workspace_id = c.workspace_id AND p.category_id = c.id) AS products
         FROM categories c WHERE c.workspace_id = $1 ORDER BY c.position, c.id",
        ws.get()
    )?)
}

pub(crate) async fn insert_category(tx: &mut Tx, ws: WorkspaceId, category: &Category) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO categories (workspace_id, id, key, name_ru, name_uk, name_en, position, guide_url) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        ws.get(),
        category.id,
        category.key.as_str(),
        category.name_ru.as_str(),
        category.name_uk.as_str(),
        category.name_en.as_str(),
        category.position,
        category.guide_url.as_deref()
    )?;
    Ok(())
}

pub(crate) async fn update_category(tx: &mut Tx, ws: WorkspaceId, category: &Category) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "UPDATE categories SET name_ru = $3, name_uk = $4, name_en = $5, position = $6, guide_url = $7 WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        category.id,
        category.name_ru.as_str(),
        category.name_uk.as_str(),
        category.name_en.as_str(),
        category.position,
        category.guide_url.as_deref()
    )?;
    Ok(())
}

/// Its products become uncategorised.
pub(crate) async fn delete_category(tx: &mut Tx, ws: WorkspaceId, id: CategoryId) -> Result<u64, Fault> {
    store::execute!(
        *tx,
        "UPDATE products SET category_id = NULL WHERE workspace_id = $1 AND category_id = $2",
        ws.get(),
        id.get()
    )?;
    Ok(store::execute!(
        *tx,
        "DELETE FROM categories WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?)
}

pub(crate) async fn set_products_category(
    tx: &mut Tx,
    ws: WorkspaceId,
    products: &[i64],
    category: Option<CategoryId>,
) -> Result<u64, Fault> {
    let list = store::dialect::id_list(tx.engine(), 2);
    let mut args = vec![Value::Int(ws.get()), json(products)];
    let target = match category {
        Some(id) => {
            args.push(Value::Int(id.get()));
            "$3"
        }
        None => "NULL",
    };
    let sql = format!("UPDATE products SET category_id = {target} WHERE workspace_id = $1 AND id IN {list}");
    Ok(tx.execute_dyn(&sql, &args).await?)
}

/// A product with how many orders hold it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct ProductRow {
    pub id: i64,
    pub title: String,
    pub category_id: Option<i64>,
    pub orders: i64,
}

/// Which products are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProductFilter {
    pub category: Option<CategoryId>,
    pub uncategorised: bool,
    /// Folded.
    pub search: String,
    /// From behind this title key and id.
    pub after: Option<(String, i64)>,
    pub limit: u32,
}

pub(crate) async fn products(
    tx: &mut Tx,
    ws: WorkspaceId,
    filter: &ProductFilter,
) -> Result<Vec<(ProductRow, String)>, Fault> {
    let mut sql = String::from(
        "SELECT p.id, p.title, p.category_id,
                (SELECT COUNT(DISTINCT l.order_id) FROM order_lines l WHERE l.workspace_id = p.workspace_id AND l.product_id = p.id) AS orders,
                p.title_key
         FROM products p WHERE p.workspace_id = $1",
    );
    let mut args = vec![Value::Int(ws.get())];
    let place = |args: &mut Vec<Value>, value: Value| {
        args.push(value);
        format!("${}", args.len())
    };
    if let Some(category) = filter.category {
        let n = place(&mut args, Value::Int(category.get()));
        sql.push_str(&format!(" AND p.category_id = {n}"));
    }
    if filter.uncategorised {
        sql.push_str(" AND p.category_id IS NULL");
    }
    if !filter.search.is_empty() {
        // Folded keys hold letters, digits and spaces only, so there is nothing to escape.
        let n = place(&mut args, Value::Text(format!("%{}%", filter.search)));
        sql.push_str(&format!(" AND p.title_key LIKE {n}"));
    }
    if let Some((key, id)) = &filter.after {
        let key = place(&mut args, Value::Text(key.clone()));
        let id = place(&mut args, Value::Int(*id));
        sql.push_str(&format!(" AND (p.title_key > {key} OR (p.title_key = {key} AND p.id > {id}))"));
    }
    let limit = place(&mut args, Value::Int(i64::from(filter.limit) + 1));
    sql.push_str(&format!(" ORDER BY p.title_key, p.id LIMIT {limit}"));
    let rows: Vec<(i64, String, Option<i64>, i64, String)> = tx.fetch_dyn(&sql, &args).await?;
    Ok(rows
        .into_iter()
        .map(|(id, title, category_id, orders, key)| (ProductRow { id, title, category_id, orders }, key))
        .collect())
}
