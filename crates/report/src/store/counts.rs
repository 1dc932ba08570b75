use std::collections::{BTreeMap, HashMap};

use basis::{CampaignId, Fault, Time, WaveId, WorkspaceId};
use sqlx::FromRow;
use store::{Tx, Value};

use crate::rules::cell;

#[derive(Debug, FromRow)]
pub struct CampaignRow {
    pub name: String,
    pub kind: String,
    pub state: String,
    pub pause_reason: Option<String>,
    pub launched_at: Option<i64>,
    pub goal: String,
}

pub async fn campaign(tx: &mut Tx, ws: WorkspaceId, id: CampaignId) -> Result<CampaignRow, Fault> {
    store::fetch_optional!(
        *tx,
        CampaignRow,
        "SELECT name, kind, state, pause_reason, launched_at, goal FROM campaigns WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?
    .ok_or_else(|| Fault::not_found("campaign", format!("there is no campaign {id} in this workspace")))
}

#[derive(Debug, FromRow)]
pub struct WaveRow {
    pub id: i64,
    pub position: i64,
    pub channel: String,
    pub state: String,
    pub due_at: Option<i64>,
    pub started_at: Option<i64>,
}

pub async fn waves(tx: &mut Tx, ws: WorkspaceId, id: CampaignId) -> Result<Vec<WaveRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        WaveRow,
        "SELECT id, position, channel, state, due_at, started_at FROM waves WHERE workspace_id = $1 AND campaign_id = $2 ORDER BY position",
        ws.get(),
        id.get()
    )?)
}

/// Counts by wave and name.
pub type ByWave = HashMap<i64, BTreeMap<String, i64>>;

fn args(ws: WorkspaceId, id: CampaignId, at: Time) -> [Value; 3] {
    [Value::Int(ws.get()), Value::Int(id.get()), Value::Int(at.millis())]
}

fn gather(rows: Vec<(i64, String, i64)>) -> ByWave {
    let mut out = ByWave::new();
    for (wave, name, count) in rows {
        out.entry(wave).or_default().insert(name, count);
    }
    out
}

/// The cells of each wave that count rows of the ledger.
pub async fn of_ledger(tx: &mut Tx, ws: WorkspaceId, id: CampaignId, at: Time) -> Result<ByWave, Fault> {
    let parts: Vec<String> = cell::OF_LEDGER
        .iter()
        .filter_map(|name| {
            let condition = cell::of_ledger(name)?;
            Some(format!(
                "SELECT g.wave_id, '{name}' AS name, COUNT(*) AS n FROM messages g
                 WHERE g.workspace_id = $1 AND g.campaign_id = $2 AND $3 = $3 AND {condition} GROUP BY g.wave_id"
            ))
        })
        .collect();
    Ok(gather(tx.fetch_dyn(&parts.join(" UNION ALL "), &args(ws, id, at)).await?))
}

/// The cells of each wave that count people by what they answered.
pub async fn of_reactions(tx: &mut Tx, ws: WorkspaceId, id: CampaignId, at: Time) -> Result<ByWave, Fault> {
    let parts: Vec<String> = cell::OF_REACTIONS
        .iter()
        .filter_map(|name| {
            let condition = cell::of_reactions(name)?;
            Some(format!(
                "SELECT x.wave_id, '{name}' AS name, COUNT(DISTINCT x.customer_id) AS n FROM reactions x
                 WHERE x.workspace_id = $1 AND x.campaign_id = $2 AND x.verdict = 'human' AND x.at <= $3 AND {condition} GROUP BY x.wave_id"
            ))
        })
        .collect();
    Ok(gather(tx.fetch_dyn(&parts.join(" UNION ALL "), &args(ws, id, at)).await?))
}

/// A row of the ledger as the split of its wave sees it, and the reactions of its person to the wave.
const OF_VARIANT: &str =
    "messages g WHERE g.workspace_id = $1 AND g.campaign_id = $2 AND $3 = $3 AND g.variant IS NOT NULL";

/// Counts by wave, variant and name.
pub type ByVariant = HashMap<(i64, i64), BTreeMap<String, i64>>;

/// The cells of each variant of each wave.
pub async fn of_variants(tx: &mut Tx, ws: WorkspaceId, id: CampaignId, at: Time) -> Result<ByVariant, Fault> {
    let parts: Vec<String> = cell::OF_VARIANT
        .iter()
        .filter_map(|name| {
            let condition = match cell::of_ledger(name) {
                Some(condition) => condition,
                None => format!(
                    "EXISTS (SELECT 1 FROM reactions x WHERE x.workspace_id = $1 AND x.campaign_id = $2 AND x.wave_id = g.wave_id
                       AND x.customer_id = g.customer_id AND x.verdict = 'human' AND x.at <= $3 AND {})",
                    cell::of_reactions(name)?
                ),
            };
            Some(format!(
                "SELECT g.wave_id, g.variant, '{name}' AS name, COUNT(*) AS n FROM {OF_VARIANT} AND {condition} GROUP BY g.wave_id, g.variant"
            ))
        })
        .collect();
    let rows: Vec<(i64, i64, String, i64)> =
        tx.fetch_dyn(&parts.join(" UNION ALL "), &args(ws, id, at)).await?;
    let mut out = ByVariant::new();
    for (wave, variant, name, count) in rows {
        out.entry((wave, variant)).or_default().insert(name, count);
    }
    Ok(out)
}

/// One person who drew a variant.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct DrawnRow {
    /// As the audience was frozen.
    pub member: i64,
    /// The card that this person has now.
    pub customer_id: i64,
    pub variant: i64,
    pub positive: bool,
}

/// Everybody who drew a variant of a wave, with whether they answered well to it.
pub async fn drawn(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: CampaignId,
    wave: WaveId,
) -> Result<Vec<DrawnRow>, Fault> {
    let positive = cell::of_reactions("positive").unwrap_or_default();
    let sql = format!(
        "SELECT g.customer_id AS member, COALESCE(a.current_id, g.customer_id) AS customer_id, g.variant,
           EXISTS (SELECT 1 FROM reactions x WHERE x.workspace_id = $1 AND x.campaign_id = $2 AND x.wave_id = $3
             AND x.customer_id = g.customer_id AND x.verdict = 'human' AND {positive}) AS positive
         FROM messages g LEFT JOIN customer_aliases a ON a.workspace_id = g.workspace_id AND a.customer_id = g.customer_id
         WHERE g.workspace_id = $1 AND g.campaign_id = $2 AND g.wave_id = $3 AND g.variant IS NOT NULL
         ORDER BY g.customer_id"
    );
    let args = [Value::Int(ws.get()), Value::Int(id.get()), Value::Int(wave.get())];
    Ok(tx.fetch_dyn(&sql, &args).await?)
}

/// Rows kept out of each wave, by reason.
pub async fn excluded(tx: &mut Tx, ws: WorkspaceId, id: CampaignId) -> Result<ByWave, Fault> {
    Ok(gather(store::fetch_all!(
        *tx,
        (i64, String, i64),
        "SELECT wave_id, reason, COUNT(*) FROM messages WHERE workspace_id = $1 AND campaign_id = $2 AND state = 'excluded' GROUP BY wave_id, reason",
        ws.get(),
        id.get()
    )?))
}

/// Rows of each wave by their state now.
pub async fn ledger(tx: &mut Tx, ws: WorkspaceId, id: CampaignId) -> Result<ByWave, Fault> {
    Ok(gather(store::fetch_all!(
        *tx,
        (i64, String, i64),
        "SELECT wave_id, state, COUNT(*) FROM messages WHERE workspace_id = $1 AND campaign_id = $2 AND state <> 'excluded' GROUP BY wave_id, state",
        ws.get(),
        id.get()
    )?))
}

/// Treated people by the cell of the partition.
pub async fn partition(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: CampaignId,
    at: Time,
) -> Result<BTreeMap<String, i64>, Fault> {
    let sql = format!("SELECT cell, COUNT(*) FROM ({}) AS p GROUP BY cell", cell::partition());
    let rows: Vec<(String, i64)> = tx.fetch_dyn(&sql, &args(ws, id, at)).await?;
    Ok(rows.into_iter().collect())
}

/// Where the treated people of a journey are, by the name of the place; `steps` is how many it has.
pub async fn journey(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: CampaignId,
    steps: usize,
) -> Result<BTreeMap<String, i64>, Fault> {
    let waiting = (1..=steps).map(|number| format!("step.{number}"));
    let places = cell::JOURNEY.iter().map(|name| (*name).to_owned()).chain(waiting);
    let cases: Vec<String> = places
        .filter_map(|name| cell::of_journey(&name).map(|when| format!("WHEN {when} THEN '{name}'")))
        .collect();
    let sql = format!(
        "SELECT place, COUNT(*) FROM (SELECT CASE {} END AS place FROM campaign_members m
         WHERE m.workspace_id = $1 AND m.campaign_id = $2 AND NOT m.holdout) AS p WHERE place IS NOT NULL GROUP BY place",
        cases.join(" ")
    );
    let args = [Value::Int(ws.get()), Value::Int(id.get())];
    let rows: Vec<(String, i64)> = tx.fetch_dyn(&sql, &args).await?;
    Ok(rows.into_iter().collect())
}

/// One arm of the comparison.
#[derive(Debug, Clone, Copy, Default, FromRow)]
pub struct ArmRow {
    pub holdout: bool,
    pub people: i64,
    pub bought: i64,
    pub revenue: i64,
}

/// Treated and hold-out: people, buyers, what they spent.
pub async fn arms(tx: &mut Tx, ws: WorkspaceId, id: CampaignId, at: Time) -> Result<Vec<ArmRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        ArmRow,
        "SELECT holdout, COUNT(*) AS people,
           COUNT(CASE WHEN bought_at IS NOT NULL AND bought_at <= $3 THEN 1 END) AS bought,
           CAST(COALESCE(SUM(CASE WHEN bought_at IS NOT NULL AND bought_at <= $3 THEN bought_minor ELSE 0 END), 0) AS BIGINT) AS revenue
         FROM campaign_members WHERE workspace_id = $1 AND campaign_id = $2 GROUP BY holdout",
        ws.get(),
        id.get(),
        at.millis()
    )?)
}
