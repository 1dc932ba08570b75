//! Planning: rows that will be sent, and rows that say why not.

use basis::{CampaignId, CustomerId, Time, WaveId, WorkspaceId};
use store::{Result, Tx, Value};

use super::id_json;

/// One person of a wave.
#[derive(Debug, Clone)]
pub struct NewRow {
    pub id: i64,
    pub customer_id: CustomerId,
    /// `None` together with a reason of exclusion.
    pub address: Option<String>,
    /// Empty: to be sent. Else why not: `no_contact`, `no_consent`, `suppressed`, `dead` …
    pub excluded: String,
    pub language: Option<String>,
}

/// Inserts the rows of one batch and answers how many are new. A person who has a row in this wave keeps
/// it; an address that another person of the wave has already makes the row excluded as
/// `shared_address`. Calling it again with the same people changes nothing.
#[expect(clippy::too_many_arguments, reason = "the columns that all rows of a wave share")]
pub async fn plan_rows(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    wave: WaveId,
    channel: &str,
    due_at: Time,
    expires_at: Time,
    rows: &[NewRow],
) -> Result<u64> {
    let state = |r: &NewRow| if r.excluded.is_empty() { "planned" } else { "excluded" };
    let mut inserted = store::insert_many!(
        *tx,
        "INSERT INTO messages (workspace_id, id, campaign_id, wave_id, customer_id, channel, address, state, reason, detail, epoch, attempts, due_at, expires_at, language)",
        rows,
        |r| [
            ws.get(),
            r.id,
            campaign.get(),
            wave.get(),
            r.customer_id.get(),
            channel.to_owned(),
            r.address.clone(),
            state(r),
            r.excluded.clone(),
            "",
            0_i64,
            0_i64,
            due_at.millis(),
            expires_at.millis(),
            r.language.clone(),
        ],
        "ON CONFLICT DO NOTHING"
    )?;
    let sql = format!(
        "SELECT customer_id FROM messages WHERE workspace_id = $1 AND campaign_id = $2 AND wave_id = $3 AND channel = $4 AND customer_id IN {}",
        store::dialect::id_list(tx.engine(), 5)
    );
    let args = [
        Value::Int(ws.get()),
        Value::Int(campaign.get()),
        Value::Int(wave.get()),
        Value::Text(channel.to_owned()),
        Value::Text(id_json(rows.iter().map(|r| r.customer_id.get()))),
    ];
    let present: Vec<(i64,)> = tx.fetch_dyn(&sql, &args).await?;
    let present: std::collections::HashSet<i64> = present.into_iter().map(|(id,)| id).collect();
    let shared: Vec<&NewRow> = rows.iter().filter(|r| !present.contains(&r.customer_id.get())).collect();
    if !shared.is_empty() {
        inserted += store::insert_many!(
            *tx,
            "INSERT INTO messages (workspace_id, id, campaign_id, wave_id, customer_id, channel, address, state, reason, detail, epoch, attempts, due_at, expires_at, language)",
            shared,
            |r| [
                ws.get(),
                r.id,
                campaign.get(),
                wave.get(),
                r.customer_id.get(),
                channel.to_owned(),
                r.address.clone(),
                "excluded",
                "shared_address",
                "",
                0_i64,
                0_i64,
                due_at.millis(),
                expires_at.millis(),
                r.language.clone(),
            ],
            "ON CONFLICT DO NOTHING"
        )?;
    }
    Ok(inserted)
}
