use basis::{Fault, Time, WorkspaceId};
use store::Tx;

use crate::rules::deadline::CareSettings;

pub async fn settings(tx: &mut Tx, ws: WorkspaceId) -> Result<CareSettings, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (String,),
        "SELECT settings FROM care_settings WHERE workspace_id = $1",
        ws.get()
    )?;
    Ok(row.and_then(|(text,)| serde_json::from_str(&text).ok()).unwrap_or_default())
}

pub async fn set(tx: &mut Tx, ws: WorkspaceId, settings: &CareSettings, at: Time) -> Result<(), Fault> {
    let text = serde_json::to_string(settings).map_err(|e| Fault::internal("json", e.to_string()))?;
    store::execute!(
        *tx,
        "INSERT INTO care_settings (workspace_id, settings, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id) DO UPDATE SET settings = excluded.settings, updated_at = excluded.updated_at",
        ws.get(),
        text,
        at.millis()
    )?;
    Ok(())
}
