//! The published models and the revision that the profiles stand at.

use super::LeftOutOrders;
use crate::rules::model::Model;
use basis::{Time, WorkspaceId};
use store::{Error, Result, Tx};

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

/// Writes down that the profiles now stand at `state`; false when they no longer stood at the revision `before`.
pub async fn set_state(tx: &mut Tx, ws: WorkspaceId, before: i64, state: &State) -> Result<bool> {
    let left_out = serde_json::json!(state.left_out).to_string();
    let touched = store::execute!(
        *tx,
        "INSERT INTO insight_state (workspace_id, revision, model_version, as_of, refreshed_at, left_out) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace_id) DO UPDATE SET revision = excluded.revision, model_version = excluded.model_version,
           as_of = excluded.as_of, refreshed_at = excluded.refreshed_at, left_out = excluded.left_out
         WHERE insight_state.revision = $7",
        ws.get(),
        state.revision,
        state.model_version,
        state.as_of,
        state.refreshed_at,
        left_out.as_str(),
        before
    )?;
    Ok(touched == 1)
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
