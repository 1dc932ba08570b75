//! Stored profiles and the log of steps between stages.

use crate::rules::profile::Profile;
use basis::{Time, WorkspaceId};
use store::{Result, Tx, Value};

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

/// How many profiles are stored.
pub async fn profile_count(tx: &mut Tx, ws: WorkspaceId) -> Result<usize> {
    let (n,) =
        store::fetch_one!(*tx, (i64,), "SELECT COUNT(*) FROM profiles WHERE workspace_id = $1", ws.get())?;
    Ok(usize::try_from(n).unwrap_or(0))
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
pub async fn write_profiles(tx: &mut Tx, ws: WorkspaceId, rows: &[&StoredProfile], as_of: i32) -> Result<()> {
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
            r.stage.as_str(),
            r.p_alive,
            r.expected_orders,
            r.expected_value_minor,
            r.risk,
            r.signals.as_str(),
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
    /// purchase, silence, version, records.
    pub cause: String,
}

pub async fn log_moves(tx: &mut Tx, ws: WorkspaceId, moves: &[StageMove], at: Time) -> Result<()> {
    store::insert_many!(
        *tx,
        "INSERT INTO stage_moves (workspace_id, id, customer_id, from_stage, to_stage, day, at, cause)",
        moves,
        |m| [
            ws.get(),
            m.id,
            m.customer_id,
            m.from_stage.clone(),
            m.to_stage.clone(),
            m.day,
            at.millis(),
            m.cause.clone()
        ]
    )?;
    Ok(())
}

/// Moves newest first, before the given id.
pub async fn moves(tx: &mut Tx, ws: WorkspaceId, before: i64, limit: i64) -> Result<Vec<StageMove>> {
    store::fetch_all!(
        *tx,
        StageMove,
        "SELECT id, customer_id, from_stage, to_stage, day, cause FROM stage_moves WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
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
        "SELECT id, customer_id, from_stage, to_stage, day, cause FROM stage_moves WHERE workspace_id = $1 AND customer_id = $2 ORDER BY id DESC LIMIT 50",
        ws.get(),
        customer
    )
}

/// How many customers took a step between two days, by kind.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MoveCount {
    pub from_stage: String,
    pub to_stage: String,
    pub cause: String,
    pub moves: i64,
}

/// Customers who are still there, each once a kind.
pub async fn move_counts(tx: &mut Tx, ws: WorkspaceId, from: i32, to: i32) -> Result<Vec<MoveCount>> {
    store::fetch_all!(
        *tx,
        MoveCount,
        "SELECT m.from_stage, m.to_stage, m.cause, COUNT(DISTINCT m.customer_id) AS moves FROM stage_moves m
         JOIN customers c ON c.workspace_id = m.workspace_id AND c.id = m.customer_id
         WHERE m.workspace_id = $1 AND m.day BETWEEN $2 AND $3
         GROUP BY m.from_stage, m.to_stage, m.cause ORDER BY m.from_stage, m.to_stage, m.cause",
        ws.get(),
        i64::from(from),
        i64::from(to)
    )
}

/// Who took a step between two days.
pub async fn moved(
    tx: &mut Tx,
    ws: WorkspaceId,
    [from_stage, to_stage, cause]: [&str; 3],
    from: i32,
    to: i32,
) -> Result<Vec<i64>> {
    let rows = store::fetch_all!(
        *tx,
        (i64,),
        "SELECT DISTINCT customer_id FROM stage_moves
         WHERE workspace_id = $1 AND from_stage = $2 AND to_stage = $3 AND cause = $4 AND day BETWEEN $5 AND $6",
        ws.get(),
        from_stage,
        to_stage,
        cause,
        i64::from(from),
        i64::from(to)
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
