#![doc = include_str!("../README.md")]

use basis::{CampaignId, CustomerId, InteractionId, MessageId, Time, WaveId, WorkspaceId};
use serde::Serialize;
use store::{Result, Tx, Value};

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Interaction {
    pub id: InteractionId,
    pub customer_id: CustomerId,
    /// On the campaign clock of the workspace.
    pub at: Time,
    /// A stable word: `order`, `letter_sent`, `letter_bounced`, `click`, `choice`, `opt_out`, `sms_sent`, `reply`, `call`, `merge`, `consent`, `note`.
    pub kind: String,
    /// `email`, `sms`, `call`, `web`, `import`, `system`.
    pub channel: String,
    /// `in`, `out`, `none`.
    pub direction: String,
    pub campaign_id: Option<CampaignId>,
    pub wave_id: Option<WaveId>,
    pub message_id: Option<MessageId>,
    /// `customer`, `user`, `token`, `system`, `machine`.
    pub actor_kind: String,
    pub actor_id: i64,
    pub data: serde_json::Value,
}

impl Interaction {
    /// Something that the product itself did or noticed, without a campaign.
    pub fn system(id: i64, customer_id: CustomerId, at: Time, kind: &str, channel: &str) -> Self {
        Self {
            id: InteractionId(id),
            customer_id,
            at,
            kind: kind.to_owned(),
            channel: channel.to_owned(),
            direction: "none".to_owned(),
            campaign_id: None,
            wave_id: None,
            message_id: None,
            actor_kind: "system".to_owned(),
            actor_id: 0,
            data: serde_json::json!({}),
        }
    }
}

/// A row as the timeline page shows it.
#[derive(Debug, Clone, Serialize, PartialEq)]
pub struct Entry {
    pub id: InteractionId,
    pub at: Time,
    pub kind: String,
    pub channel: String,
    pub direction: String,
    pub campaign_id: Option<CampaignId>,
    pub wave_id: Option<WaveId>,
    pub message_id: Option<MessageId>,
    pub actor_kind: String,
    pub actor_id: String,
    pub data: serde_json::Value,
}

/// Writes one interaction.
pub async fn record(tx: &mut Tx, workspace: WorkspaceId, interaction: &Interaction) -> Result<()> {
    record_many(tx, workspace, std::slice::from_ref(interaction)).await
}

/// Writes many; keep the transaction short, 2,000 at most.
pub async fn record_many(tx: &mut Tx, workspace: WorkspaceId, interactions: &[Interaction]) -> Result<()> {
    store::insert_many!(
        *tx,
        "INSERT INTO interactions (workspace_id, id, customer_id, at, kind, channel, direction, campaign_id, wave_id, message_id, actor_kind, actor_id, data)",
        interactions,
        |i| [
            workspace.get(),
            i.id.get(),
            i.customer_id.get(),
            i.at.millis(),
            i.kind.clone(),
            i.channel.clone(),
            i.direction.clone(),
            i.campaign_id.map(CampaignId::get),
            i.wave_id.map(WaveId::get),
            i.message_id.map(MessageId::get),
            i.actor_kind.clone(),
            i.actor_id,
            i.data.to_string(),
        ]
    )?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    at: i64,
    kind: String,
    channel: String,
    direction: String,
    campaign_id: Option<i64>,
    wave_id: Option<i64>,
    message_id: Option<i64>,
    actor_kind: String,
    actor_id: i64,
    data: String,
}

/// What happened with a person, newest first: pass all ids that the person ever had, the kinds that are wanted (none means all),
/// and the last entry of the page before.
pub async fn of_customer(
    tx: &mut Tx,
    workspace: WorkspaceId,
    ids: &[CustomerId],
    kinds: &[&'static str],
    before: Option<(Time, InteractionId)>,
    limit: u32,
) -> Result<Vec<Entry>> {
    let list: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let (at, id) = before.map_or((i64::MAX, i64::MAX), |(at, id)| (at.millis(), id.get()));
    // Words of the program, so that nothing can be injected.
    let wanted = match kinds {
        [] => String::new(),
        some => format!(" AND kind IN ('{}')", some.join("', '")),
    };
    let sql = format!(
        "SELECT id, at, kind, channel, direction, campaign_id, wave_id, message_id, actor_kind, actor_id, data FROM interactions
         WHERE workspace_id = $1 AND customer_id IN {}{wanted} AND (at < $3 OR (at = $3 AND id < $4)) ORDER BY at DESC, id DESC LIMIT $5",
        store::dialect::id_list(tx.engine(), 2)
    );
    let args = [
        Value::Int(workspace.get()),
        Value::Text(serde_json::json!(list).to_string()),
        Value::Int(at),
        Value::Int(id),
        Value::Int(i64::from(limit)),
    ];
    let rows: Vec<Row> = tx.fetch_dyn(&sql, &args).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Entry {
                id: InteractionId(row.id),
                at: Time::from_millis(row.at),
                kind: row.kind,
                channel: row.channel,
                direction: row.direction,
                campaign_id: row.campaign_id.map(CampaignId),
                wave_id: row.wave_id.map(WaveId),
                message_id: row.message_id.map(MessageId),
                actor_kind: row.actor_kind,
                actor_id: row.actor_id.to_string(),
                data: serde_json::from_str(&row.data).map_err(|_| store::Error::Impossible {
                    table: "interactions",
                    column: "data",
                    row: row.id,
                    value: row.data.clone(),
                })?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_timeline_reads_newest_first_over_all_ids_of_a_person() {
        store::testing::on_both(|db| async move {
            let ws = WorkspaceId(1);
            let mut tx = db.write().await.unwrap();
            let entries: Vec<Interaction> = (1..=5)
                .map(|n| {
                    let customer = CustomerId(if n % 2 == 0 { 10 } else { 11 });
                    Interaction::system(n, customer, Time::from_millis(n * 1000), "note", "system")
                })
                .collect();
            record_many(&mut tx, ws, &entries).await.unwrap();
            tx.commit().await.unwrap();

            let mut tx = db.read().await.unwrap();
            let both = [CustomerId(10), CustomerId(11)];
            let first = of_customer(&mut tx, ws, &both, &[], None, 3).await.unwrap();
            assert_eq!(first.iter().map(|e| e.id.get()).collect::<Vec<_>>(), [5, 4, 3]);
            let last = first.last().map(|e| (e.at, e.id));
            let rest = of_customer(&mut tx, ws, &both, &[], last, 3).await.unwrap();
            assert_eq!(rest.iter().map(|e| e.id.get()).collect::<Vec<_>>(), [2, 1]);
            assert_eq!(of_customer(&mut tx, ws, &both, &["note", "call"], None, 9).await.unwrap().len(), 5);
            assert!(of_customer(&mut tx, ws, &both, &["call"], None, 9).await.unwrap().is_empty());
            assert!(of_customer(&mut tx, WorkspaceId(2), &both, &[], None, 3).await.unwrap().is_empty());
        })
        .await;
    }
}
