//! SQL of this slice. Orders and customers are read, never written.

use crate::rules::model::Model;
use crate::rules::profile::{Profile, Trouble};
use crate::rules::purchases::{DayRow, Purchases, TroubleRow};
use access::Workspace;
use basis::{Time, WorkspaceId};
use serde::{Deserialize, Serialize};
use store::{Error, Result, Tx, Value};

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

impl From<BadOrders> for TroubleRow {
    fn from(row: BadOrders) -> Self {
        let trouble = Trouble {
            orders: u32::try_from(row.orders).unwrap_or(u32::MAX),
            last_day: i32::try_from(row.last_day).unwrap_or(i32::MAX),
        };
        Self { customer: row.customer_id, trouble }
    }
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

/// Which refresh the profiles stand at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub revision: i64,
    pub model_version: i64,
    pub as_of: i64,
    pub refreshed_at: i64,
    pub left_out: LeftOutOrders,
}

#[derive(sqlx::FromRow)]
struct StateRow {
    revision: i64,
    model_version: i64,
    as_of: i64,
    refreshed_at: i64,
    left_out: String,
}

pub async fn state(tx: &mut Tx, ws: WorkspaceId) -> Result<Option<State>> {
    let row = store::fetch_optional!(
        *tx,
        StateRow,
        "SELECT revision, model_version, as_of, refreshed_at, left_out FROM insight_state WHERE workspace_id = $1",
        ws.get()
    )?;
    row.map(|row| {
        Ok(State {
            revision: row.revision,
            model_version: row.model_version,
            as_of: row.as_of,
            refreshed_at: row.refreshed_at,
            left_out: parse("insight_state", "left_out", row.revision, &row.left_out)?,
        })
    })
    .transpose()
}

fn parse<T: serde::de::DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    row: i64,
    text: &str,
) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Error::Impossible { table, column, row, value: text.to_owned() })
}

/// Writes down that the profiles now stand at `state`.
pub async fn set_state(tx: &mut Tx, ws: WorkspaceId, state: &State) -> Result<()> {
    let left_out = serde_json::json!(state.left_out).to_string();
    store::execute!(
        *tx,
        "INSERT INTO insight_state (workspace_id, revision, model_version, as_of, refreshed_at, left_out) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace_id) DO UPDATE SET revision = excluded.revision, model_version = excluded.model_version,
           as_of = excluded.as_of, refreshed_at = excluded.refreshed_at, left_out = excluded.left_out",
        ws.get(),
        state.revision,
        state.model_version,
        state.as_of,
        state.refreshed_at,
        left_out.as_str()
    )?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct ModelRow {
    version: i64,
    model: String,
}

pub async fn model(tx: &mut Tx, ws: WorkspaceId, version: i64) -> Result<Option<Model>> {
    let row = store::fetch_optional!(
        *tx,
        ModelRow,
        "SELECT version, model FROM insight_models WHERE workspace_id = $1 AND version = $2",
        ws.get(),
        version
    )?;
    row.map(|row| parse("insight_models", "model", row.version, &row.model)).transpose()
}

pub async fn publish_model(tx: &mut Tx, ws: WorkspaceId, model: &Model, at: Time) -> Result<()> {
    let text = serde_json::json!(model).to_string();
    store::execute!(
        *tx,
        "INSERT INTO insight_models (workspace_id, version, made_day, made_at, model) VALUES ($1, $2, $3, $4, $5)",
        ws.get(),
        model.version,
        i64::from(model.made_day),
        at.millis(),
        text.as_str()
    )?;
    Ok(())
}

/// All purchases up to the day `as_of`, and what was left out.
pub async fn purchases(tx: &mut Tx, workspace: &Workspace, as_of: i32) -> Result<(Purchases, LeftOutOrders)> {
    let (ws, currency) = (workspace.id.get(), workspace.currency.to_string());
    let ids: Vec<(i64,)> =
        store::fetch_all!(*tx, (i64,), "SELECT id FROM customers WHERE workspace_id = $1 ORDER BY id", ws)?;
    let rows = store::fetch_all!(
        *tx,
        OccasionRow,
        "SELECT rc.customer_id, o.day, CAST(SUM(CASE WHEN o.currency = $2 THEN o.amount_minor ELSE 0 END) AS BIGINT) AS minor, COUNT(*) AS orders
         FROM orders o JOIN record_customers rc ON rc.workspace_id = o.workspace_id AND rc.record_id = o.record_id
         WHERE o.workspace_id = $1 AND o.status IN ('paid', 'new') AND o.amount_minor >= 0 AND o.day <= $3
         GROUP BY rc.customer_id, o.day ORDER BY rc.customer_id, o.day",
        ws,
        currency.as_str(),
        i64::from(as_of)
    )?;
    let troubles = store::fetch_all!(
        *tx,
        BadOrders,
        "SELECT rc.customer_id, COUNT(*) AS orders, MAX(o.day) AS last_day
         FROM orders o JOIN record_customers rc ON rc.workspace_id = o.workspace_id AND rc.record_id = o.record_id
         WHERE o.workspace_id = $1 AND o.status IN ('cancelled', 'returned') AND o.day <= $2
         GROUP BY rc.customer_id ORDER BY rc.customer_id",
        ws,
        i64::from(as_of)
    )?;
    let left_out = left_out(tx, workspace, as_of).await?;
    let ids = ids.into_iter().map(|row| row.0).collect();
    let rows: Vec<DayRow> = rows.into_iter().map(DayRow::from).collect();
    let troubles: Vec<TroubleRow> = troubles.into_iter().map(TroubleRow::from).collect();
    Ok((Purchases::assemble(ids, &rows, &troubles), left_out))
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
        troubles.extend(tx.fetch_dyn::<BadOrders>(&sql, &args[..3]).await?.into_iter().map(TroubleRow::from));
    }
    Ok((living, rows, troubles))
}

/// A profile as it is stored.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct StoredProfile {
    pub customer_id: i64,
    pub orders: i64,
    pub first_day: Option<i64>,
    pub last_day: Option<i64>,
    pub revenue_minor: i64,
    pub mean_gap: Option<f64>,
    pub stage: String,
    pub p_alive: Option<f64>,
    pub expected_orders: Option<f64>,
    pub expected_value_minor: Option<i64>,
    pub risk: Option<f64>,
    pub signals: String,
}

impl StoredProfile {
    #[must_use]
    pub fn of(customer_id: i64, profile: &Profile) -> Self {
        Self {
            customer_id,
            orders: i64::from(profile.purchases),
            first_day: profile.first_day.map(i64::from),
            last_day: profile.last_day.map(i64::from),
            revenue_minor: profile.revenue_minor,
            mean_gap: profile.mean_gap,
            stage: profile.stage.name().to_owned(),
            p_alive: profile.p_alive,
            expected_orders: profile.expected_orders,
            expected_value_minor: profile.expected_value_minor,
            risk: profile.risk,
            signals: serde_json::json!(profile.signals).to_string(),
        }
    }
}

/// Every stored profile, by customer.
pub async fn profiles(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<StoredProfile>> {
    store::fetch_all!(
        *tx,
        StoredProfile,
        "SELECT customer_id, orders, first_day, last_day, revenue_minor, mean_gap, stage, p_alive, expected_orders, expected_value_minor, risk, signals
         FROM profiles WHERE workspace_id = $1 ORDER BY customer_id",
        ws.get()
    )
}

/// The stored profiles of some customers, by customer.
pub async fn profiles_of(tx: &mut Tx, ws: WorkspaceId, customers: &[i64]) -> Result<Vec<StoredProfile>> {
    let mut all = Vec::new();
    for chunk in customers.chunks(2_000) {
        let sql = format!(
            "SELECT customer_id, orders, first_day, last_day, revenue_minor, mean_gap, stage, p_alive, expected_orders, expected_value_minor, risk, signals
             FROM profiles WHERE workspace_id = $1 AND customer_id IN {} ORDER BY customer_id",
            store::dialect::id_list(tx.engine(), 2)
        );
        let args = [Value::Int(ws.get()), Value::Text(serde_json::json!(chunk).to_string())];
        all.extend(tx.fetch_dyn::<StoredProfile>(&sql, &args).await?);
    }
    Ok(all)
}

/// Inserts or replaces profiles.
pub async fn write_profiles(tx: &mut Tx, ws: WorkspaceId, rows: &[StoredProfile], as_of: i32) -> Result<()> {
    store::insert_many!(
        *tx,
        "INSERT INTO profiles (workspace_id, customer_id, orders, first_day, last_day, revenue_minor, mean_gap, stage, p_alive, expected_orders, expected_value_minor, risk, signals, as_of)",
        rows,
        |r| [
            ws.get(),
            r.customer_id,
            r.orders,
            r.first_day,
            r.last_day,
            r.revenue_minor,
            r.mean_gap,
            r.stage.clone(),
            r.p_alive,
            r.expected_orders,
            r.expected_value_minor,
            r.risk,
            r.signals.clone(),
            i64::from(as_of),
        ],
        "ON CONFLICT (workspace_id, customer_id) DO UPDATE SET orders = excluded.orders, first_day = excluded.first_day, last_day = excluded.last_day,
           revenue_minor = excluded.revenue_minor, mean_gap = excluded.mean_gap, stage = excluded.stage, p_alive = excluded.p_alive,
           expected_orders = excluded.expected_orders, expected_value_minor = excluded.expected_value_minor, risk = excluded.risk,
           signals = excluded.signals, as_of = excluded.as_of"
    )?;
    Ok(())
}

/// Removes the profiles of customers that are no more.
pub async fn forget_profiles(tx: &mut Tx, ws: WorkspaceId, customers: &[i64]) -> Result<()> {
    let sql = format!(
        "DELETE FROM profiles WHERE workspace_id = $1 AND customer_id IN {}",
        store::dialect::id_list(tx.engine(), 2)
    );
    let args = [Value::Int(ws.get()), Value::Text(serde_json::json!(customers).to_string())];
    tx.execute_dyn(&sql, &args).await?;
    Ok(())
}

/// A step from stage to stage.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StageMove {
    pub id: i64,
    pub customer_id: i64,
    pub from_stage: String,
    pub to_stage: String,
    pub day: i64,
}

pub async fn log_moves(tx: &mut Tx, ws: WorkspaceId, moves: &[StageMove], at: Time) -> Result<()> {
    store::insert_many!(
        *tx,
        "INSERT INTO stage_moves (workspace_id, id, customer_id, from_stage, to_stage, day, at)",
        moves,
        |m| [ws.get(), m.id, m.customer_id, m.from_stage.clone(), m.to_stage.clone(), m.day, at.millis()]
    )?;
    Ok(())
}

/// Moves newest first, before the given id.
pub async fn moves(tx: &mut Tx, ws: WorkspaceId, before: i64, limit: i64) -> Result<Vec<StageMove>> {
    store::fetch_all!(
        *tx,
        StageMove,
        "SELECT id, customer_id, from_stage, to_stage, day FROM stage_moves WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        ws.get(),
        before,
        limit
    )
}

/// Moves of one customer, newest first.
pub async fn moves_of(tx: &mut Tx, ws: WorkspaceId, customer: i64) -> Result<Vec<StageMove>> {
    store::fetch_all!(
        *tx,
        StageMove,
        "SELECT id, customer_id, from_stage, to_stage, day FROM stage_moves WHERE workspace_id = $1 AND customer_id = $2 ORDER BY id DESC LIMIT 50",
        ws.get(),
        customer
    )
}

/// How many moves there were between two days, by kind.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MoveCount {
    pub from_stage: String,
    pub to_stage: String,
    pub moves: i64,
}

pub async fn move_counts(tx: &mut Tx, ws: WorkspaceId, from: i32, to: i32) -> Result<Vec<MoveCount>> {
    store::fetch_all!(
        *tx,
        MoveCount,
        "SELECT from_stage, to_stage, COUNT(*) AS moves FROM stage_moves WHERE workspace_id = $1 AND day BETWEEN $2 AND $3
         GROUP BY from_stage, to_stage ORDER BY from_stage, to_stage",
        ws.get(),
        i64::from(from),
        i64::from(to)
    )
}

/// Name and city of customers, for lists.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Face {
    pub id: i64,
    pub display_name: String,
    pub city: String,
}

pub async fn faces(tx: &mut Tx, ws: WorkspaceId, customers: &[i64]) -> Result<Vec<Face>> {
    let sql = format!(
        "SELECT id, display_name, city FROM customers WHERE workspace_id = $1 AND id IN {}",
        store::dialect::id_list(tx.engine(), 2)
    );
    let args = [Value::Int(ws.get()), Value::Text(serde_json::json!(customers).to_string())];
    tx.fetch_dyn(&sql, &args).await
}

/// The id that lives on for one that was merged away.
pub async fn current_id(tx: &mut Tx, ws: WorkspaceId, customer: i64) -> Result<i64> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT current_id FROM customer_aliases WHERE workspace_id = $1 AND customer_id = $2",
        ws.get(),
        customer
    )?;
    Ok(row.map_or(customer, |row| row.0))
}

/// An entered cost or share.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct InputRow {
    pub month: i64,
    pub kind: String,
    pub amount: f64,
}

pub async fn inputs(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<InputRow>> {
    store::fetch_all!(
        *tx,
        InputRow,
        "SELECT month, kind, amount FROM insight_inputs WHERE workspace_id = $1 ORDER BY month, kind",
        ws.get()
    )
}

pub async fn set_input(tx: &mut Tx, ws: WorkspaceId, row: &InputRow) -> Result<()> {
    store::execute!(
        *tx,
        "INSERT INTO insight_inputs (workspace_id, month, kind, amount) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, month, kind) DO UPDATE SET amount = excluded.amount",
        ws.get(),
        row.month,
        row.kind.as_str(),
        row.amount
    )?;
    Ok(())
}

pub async fn remove_input(tx: &mut Tx, ws: WorkspaceId, month: i64, kind: &str) -> Result<()> {
    store::execute!(
        *tx,
        "DELETE FROM insight_inputs WHERE workspace_id = $1 AND month = $2 AND kind = $3",
        ws.get(),
        month,
        kind
    )?;
    Ok(())
}

/// Contact values of customers, for masked lists.
pub async fn contact_values(
    tx: &mut Tx,
    ws: WorkspaceId,
    customers: &[i64],
) -> Result<Vec<(i64, String, String)>> {
    let sql = format!(
        "SELECT customer_id, kind, value FROM contact_points WHERE workspace_id = $1 AND customer_id IN {} ORDER BY preferred DESC, last_seen DESC",
        store::dialect::id_list(tx.engine(), 2)
    );
    let args = [Value::Int(ws.get()), Value::Text(serde_json::json!(customers).to_string())];
    tx.fetch_dyn(&sql, &args).await
}
