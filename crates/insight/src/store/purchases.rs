//! Orders as purchases: paid or new, not negative, up to a day, of one customer on one day together.

use crate::orders::day_of;
use crate::rules::profile::Trouble;
use crate::rules::purchases::{DayRow, Purchases, TroubleRow};
use access::Workspace;
use basis::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{Result, Tx, Value};

#[derive(sqlx::FromRow)]
struct OccasionRow {
    customer_id: i64,
    day: i64,
    minor: i64,
    orders: i64,
}

impl From<OccasionRow> for DayRow {
    fn from(row: OccasionRow) -> Self {
        Self {
            customer: row.customer_id,
            day: i32::try_from(row.day).unwrap_or(i32::MAX),
            minor: row.minor,
            orders: u32::try_from(row.orders).unwrap_or(u32::MAX),
        }
    }
}

#[derive(sqlx::FromRow)]
struct BadOrders {
    customer_id: i64,
    orders: i64,
    last_day: i64,
}

/// A complaint, about a message or of any other kind, or a refusal because of service, delivery or product; on the campaign clock.
#[derive(sqlx::FromRow)]
struct Complaint {
    customer_id: i64,
    at: i64,
}

/// Bad orders and complaints of each customer, those after `as_of` left out.
fn join(
    orders: Vec<BadOrders>,
    complaints: Vec<Complaint>,
    workspace: &Workspace,
    as_of: i32,
) -> Vec<TroubleRow> {
    let zone = workspace.tz();
    let mut troubles: BTreeMap<i64, Trouble> = BTreeMap::new();
    for row in orders {
        let trouble = troubles.entry(row.customer_id).or_default();
        trouble.orders = u32::try_from(row.orders).unwrap_or(u32::MAX);
        trouble.last_day = i32::try_from(row.last_day).unwrap_or(i32::MAX);
    }
    for row in complaints {
        let day = day_of(Time::from_millis(row.at).date(&zone));
        if day <= as_of {
            let trouble = troubles.entry(row.customer_id).or_default();
            trouble.complaints += 1;
            trouble.complained_day = trouble.complained_day.max(day);
        }
    }
    troubles.into_iter().map(|(customer, trouble)| TroubleRow { customer, trouble }).collect()
}

/// Complaints of customers that fit `{only}`: a condition on `x.customer_id`.
fn complaints_sql(only: &str) -> String {
    format!(
        "SELECT x.customer_id, x.at FROM (
           SELECT COALESCE(a.current_id, r.customer_id) AS customer_id, r.at AS at FROM reactions r
             LEFT JOIN customer_aliases a ON a.workspace_id = r.workspace_id AND a.customer_id = r.customer_id
             WHERE r.workspace_id = $1 AND r.kind = 'complaint'
           UNION ALL
           SELECT COALESCE(a.current_id, t.customer_id), t.finished_at FROM call_tasks t
             LEFT JOIN customer_aliases a ON a.workspace_id = t.workspace_id AND a.customer_id = t.customer_id
             WHERE t.workspace_id = $1 AND t.outcome = 'refused' AND t.finished_at IS NOT NULL
               AND (t.reason IN ('delivery', 'feedback', 'indifferent', 'pushy', 'service', 'value', 'use', 'product')
                 OR t.reason IN (SELECT d.code FROM leaving_reasons d WHERE d.workspace_id = $1 AND d.driver IN ('service', 'product')))
           UNION ALL
           SELECT COALESCE(a.current_id, k.customer_id), k.at FROM complaints k
             LEFT JOIN customer_aliases a ON a.workspace_id = k.workspace_id AND a.customer_id = k.customer_id
             WHERE k.workspace_id = $1
         ) x{only}"
    )
}

/// Orders that are not purchases, or not counted in money.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema,
)]
pub struct LeftOutOrders {
    /// Cancelled or returned.
    pub cancelled: i64,
    /// Dated after today.
    pub later: i64,
    /// A purchase with a negative amount.
    pub negative: i64,
    /// In another currency: counted as purchases, not in sums.
    pub foreign_currency: i64,
    /// Orders whose record belongs to no customer.
    pub guests: i64,
}

/// All purchases up to the day `as_of`, and what was left out: one pass over the orders.
pub async fn purchases(tx: &mut Tx, workspace: &Workspace, as_of: i32) -> Result<(Purchases, LeftOutOrders)> {
    let ws = workspace.id.get();
    let ids: Vec<(i64,)> =
        store::fetch_all!(*tx, (i64,), "SELECT id FROM customers WHERE workspace_id = $1 ORDER BY id", ws)?;
    let mut all = AllOrders { as_of: i64::from(as_of), ..AllOrders::default() };
    tx.scan(
        "SELECT rc.customer_id, o.day, o.amount_minor, CASE WHEN o.status IN ('paid', 'new') THEN 1 ELSE 0 END,
           CASE WHEN o.currency = $2 THEN 1 ELSE 0 END
         FROM orders o LEFT JOIN record_customers rc ON rc.workspace_id = o.workspace_id AND rc.record_id = o.record_id
         WHERE o.workspace_id = $1",
        &[Value::Int(ws), Value::Text(workspace.currency.to_string())],
        |row| all.take(row),
    )
    .await?;
    let complaints = tx.fetch_dyn::<Complaint>(&complaints_sql(""), &[Value::Int(ws)]).await?;
    let AllOrders { mut rows, bad, left_out, .. } = all;
    rows.sort_unstable_by_key(|r| (r.customer, r.day));
    rows.dedup_by(|next, day| {
        let same = (next.customer, next.day) == (day.customer, day.day);
        if same {
            day.minor += next.minor;
            day.orders += 1;
        }
        same
    });
    let ids = ids.into_iter().map(|row| row.0).collect();
    let troubles = join(bad.into_values().collect(), complaints, workspace, as_of);
    Ok((Purchases::assemble(ids, &rows, &troubles), left_out))
}

/// Customer, day, amount, whether it is a purchase, whether it is in the workspace's currency.
type OrderCells = (Option<i64>, i64, i64, i32, i32);

/// What the pass over the orders gathers.
#[derive(Default)]
struct AllOrders {
    as_of: i64,
    rows: Vec<DayRow>,
    bad: BTreeMap<i64, BadOrders>,
    left_out: LeftOutOrders,
}

impl AllOrders {
    fn take(&mut self, (customer, day, minor, purchase, ours): OrderCells) {
        let (purchase, ours, passed) = (purchase == 1, ours == 1, day <= self.as_of);
        self.left_out.guests += i64::from(customer.is_none());
        self.left_out.cancelled += i64::from(!purchase);
        self.left_out.later += i64::from(purchase && !passed);
        self.left_out.negative += i64::from(purchase && minor < 0);
        self.left_out.foreign_currency += i64::from(purchase && !ours);
        let Some(customer) = customer.filter(|_| passed) else { return };
        if !purchase {
            let bad = self.bad.entry(customer).or_insert(BadOrders {
                customer_id: customer,
                orders: 0,
                last_day: day,
            });
            bad.orders += 1;
            bad.last_day = bad.last_day.max(day);
        } else if minor >= 0 {
            let day = i32::try_from(day).unwrap_or(i32::MAX);
            self.rows.push(DayRow { customer, day, minor: if ours { minor } else { 0 }, orders: 1 });
        }
    }
}

pub async fn left_out(tx: &mut Tx, workspace: &Workspace, as_of: i32) -> Result<LeftOutOrders> {
    let currency = workspace.currency.to_string();
    store::fetch_one!(
        *tx,
        LeftOutOrders,
        "SELECT COUNT(CASE WHEN o.status IN ('cancelled', 'returned') THEN 1 END) AS cancelled,
           COUNT(CASE WHEN o.status IN ('paid', 'new') AND o.day > $3 THEN 1 END) AS later,
           COUNT(CASE WHEN o.status IN ('paid', 'new') AND o.amount_minor < 0 THEN 1 END) AS negative,
           COUNT(CASE WHEN o.status IN ('paid', 'new') AND o.currency <> $2 THEN 1 END) AS foreign_currency,
           COUNT(CASE WHEN rc.customer_id IS NULL THEN 1 END) AS guests
         FROM orders o LEFT JOIN record_customers rc ON rc.workspace_id = o.workspace_id AND rc.record_id = o.record_id
         WHERE o.workspace_id = $1",
        workspace.id.get(),
        currency.as_str(),
        i64::from(as_of)
    )
}

/// Purchases of some customers only, with the ids among them that live.
pub async fn purchases_of(
    tx: &mut Tx,
    workspace: &Workspace,
    customers: &[i64],
    as_of: i32,
) -> Result<(Vec<i64>, Vec<DayRow>, Vec<TroubleRow>)> {
    let (mut living, mut rows, mut troubles) = (Vec::new(), Vec::new(), Vec::new());
    for chunk in customers.chunks(2_000) {
        let list = store::dialect::id_list(tx.engine(), 2);
        let args = [
            Value::Int(workspace.id.get()),
            Value::Text(serde_json::json!(chunk).to_string()),
            Value::Int(i64::from(as_of)),
            Value::Text(workspace.currency.to_string()),
        ];
        let ids: Vec<(i64,)> = tx
            .fetch_dyn(
                &format!("SELECT id FROM customers WHERE workspace_id = $1 AND id IN {list} ORDER BY id"),
                &args[..2],
            )
            .await?;
        living.extend(ids.into_iter().map(|row| row.0));
        let sql = format!(
            "SELECT rc.customer_id, o.day, CAST(SUM(CASE WHEN o.currency = $4 THEN o.amount_minor ELSE 0 END) AS BIGINT) AS minor, COUNT(*) AS orders
             FROM record_customers rc JOIN orders o ON o.workspace_id = rc.workspace_id AND o.record_id = rc.record_id
             WHERE rc.workspace_id = $1 AND rc.customer_id IN {list} AND o.status IN ('paid', 'new') AND o.amount_minor >= 0 AND o.day <= $3
             GROUP BY rc.customer_id, o.day ORDER BY rc.customer_id, o.day"
        );
        rows.extend(tx.fetch_dyn::<OccasionRow>(&sql, &args).await?.into_iter().map(DayRow::from));
        let sql = format!(
            "SELECT rc.customer_id, COUNT(*) AS orders, MAX(o.day) AS last_day
             FROM record_customers rc JOIN orders o ON o.workspace_id = rc.workspace_id AND o.record_id = rc.record_id
             WHERE rc.workspace_id = $1 AND rc.customer_id IN {list} AND o.status IN ('cancelled', 'returned') AND o.day <= $3
             GROUP BY rc.customer_id ORDER BY rc.customer_id"
        );
        let orders = tx.fetch_dyn::<BadOrders>(&sql, &args[..3]).await?;
        let sql = complaints_sql(&format!(" WHERE x.customer_id IN {list}"));
        let complaints = tx.fetch_dyn::<Complaint>(&sql, &args[..2]).await?;
        troubles.extend(join(orders, complaints, workspace, as_of));
    }
    Ok((living, rows, troubles))
}
