//! Planning: rows that will be sent, and rows that say why not.

use basis::{CampaignId, CustomerId, Time, WaveId, WorkspaceId};
use campaign::VariantNo;
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
    pub variant: Option<VariantNo>,
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
    let planned: Vec<(&NewRow, &str)> = rows.iter().map(|row| (row, row.excluded.as_str())).collect();
    let wave = Wave { ws, campaign, wave, channel, due_at, expires_at };
    let mut inserted = wave.insert(tx, &planned).await?;
    let sql = format!(
        "SELECT customer_id FROM messages WHERE workspace_id = $1 AND campaign_id = $2 AND wave_id = $3 AND channel = $4 AND customer_id IN {}",
        store::dialect::id_list(tx.engine(), 5)
    );
    let args = [
        Value::Int(ws.get()),
        Value::Int(campaign.get()),
        Value::Int(wave.wave.get()),
        Value::Text(channel.to_owned()),
        Value::Text(id_json(rows.iter().map(|r| r.customer_id.get()))),
    ];
    let present: Vec<(i64,)> = tx.fetch_dyn(&sql, &args).await?;
    let present: std::collections::HashSet<i64> = present.into_iter().map(|(id,)| id).collect();
    let shared: Vec<(&NewRow, &str)> = rows
        .iter()
        .filter(|row| !present.contains(&row.customer_id.get()))
        .map(|row| (row, "shared_address"))
        .collect();
    if !shared.is_empty() {
        inserted += wave.insert(tx, &shared).await?;
    }
    Ok(inserted)
}

/// What all rows of a batch share.
struct Wave<'a> {
    ws: WorkspaceId,
    campaign: CampaignId,
    wave: WaveId,
    channel: &'a str,
    due_at: Time,
    expires_at: Time,
}

impl Wave<'_> {
    /// Rows with the reason why they are not sent, empty for those that are.
    async fn insert(&self, tx: &mut Tx, rows: &[(&NewRow, &str)]) -> Result<u64> {
        store::insert_many!(
            *tx,
            "INSERT INTO messages (workspace_id, id, campaign_id, wave_id, customer_id, channel, address, state, reason, detail, epoch, attempts, due_at, expires_at, language, variant)",
            rows,
            |row| [
                self.ws.get(),
                row.0.id,
                self.campaign.get(),
                self.wave.get(),
                row.0.customer_id.get(),
                self.channel.to_owned(),
                row.0.address.clone(),
                if row.1.is_empty() { "planned" } else { "excluded" },
                row.1.to_owned(),
                "",
                0_i64,
                0_i64,
                self.due_at.millis(),
                self.expires_at.millis(),
                row.0.language.clone(),
                row.0.variant.map(VariantNo::get),
            ],
            "ON CONFLICT DO NOTHING"
        )
    }
}
