//! The workspace's part of the dictionary of leaving reasons.

use crate::rules::dictionary::{Asks, Dictionary, Driver, Reason};
use basis::WorkspaceId;
use store::{Error, Result, Tx};

#[derive(sqlx::FromRow)]
struct Row {
    code: String,
    driver: String,
    name: String,
    asks: String,
    retired: bool,
}

/// The dictionary of a workspace.
///
/// # Errors
/// When the database fails or holds a word that nobody knows.
pub async fn dictionary(tx: &mut Tx, ws: WorkspaceId) -> Result<Dictionary> {
    let rows = store::fetch_all!(
        *tx,
        Row,
        "SELECT code, driver, name, asks, retired FROM leaving_reasons WHERE workspace_id = $1 ORDER BY position, code",
        ws.get()
    )?;
    let own = rows.into_iter().map(|row| {
        let odd = |column: &'static str, value: &str| Error::Impossible {
            table: "leaving_reasons",
            column,
            row: ws.get(),
            value: format!("{value} ({})", row.code),
        };
        Ok(Reason {
            driver: Driver::of(&row.driver).ok_or_else(|| odd("driver", &row.driver))?,
            asks: Asks::of(&row.asks).ok_or_else(|| odd("asks", &row.asks))?,
            name: row.name,
            retired: row.retired,
            shipped: false,
            code: row.code,
        })
    });
    Ok(Dictionary::of(own.collect::<Result<Vec<_>>>()?))
}

/// Writes a reason of the workspace down, or its change of a shipped one.
///
/// # Errors
/// When the database fails.
pub async fn set_reason(tx: &mut Tx, ws: WorkspaceId, reason: &Reason) -> Result<()> {
    store::execute!(
        *tx,
        "INSERT INTO leaving_reasons (workspace_id, code, driver, name, asks, retired, position) VALUES ($1, $2, $3, $4, $5, $6, 0)
         ON CONFLICT (workspace_id, code) DO UPDATE SET name = excluded.name, asks = excluded.asks, retired = excluded.retired",
        ws.get(),
        reason.code.as_str(),
        reason.driver.as_str(),
        reason.name.as_str(),
        reason.asks.as_str(),
        reason.retired
    )?;
    Ok(())
}

/// Adds a reason behind those that are there.
///
/// # Errors
/// When the database fails.
pub async fn add_reason(tx: &mut Tx, ws: WorkspaceId, reason: &Reason, position: i64) -> Result<()> {
    store::execute!(
        *tx,
        "INSERT INTO leaving_reasons (workspace_id, code, driver, name, asks, retired, position) VALUES ($1, $2, $3, $4, $5, FALSE, $6)",
        ws.get(),
        reason.code.as_str(),
        reason.driver.as_str(),
        reason.name.as_str(),
        reason.asks.as_str(),
        position
    )?;
    Ok(())
}
