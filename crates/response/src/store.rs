//! SQL of the answers.

use basis::{CampaignId, CustomerId, Fault, Lang, MessageId, Time, WaveId, WorkspaceId};
use store::{Tx, Value, dialect};

use crate::rules::credit::Contact;

/// The id under which a person lives on, and every id they ever had, that one included.
pub async fn ids_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
) -> Result<(CustomerId, Vec<CustomerId>), Fault> {
    let (current,) = store::fetch_one!(
        *tx,
        (i64,),
        "SELECT COALESCE((SELECT current_id FROM customer_aliases WHERE workspace_id = $1 AND customer_id = $2), $2)",
        ws.get(),
        customer.get()
    )?;
    let rows = store::fetch_all!(
        *tx,
        (i64,),
        "SELECT customer_id FROM customer_aliases WHERE workspace_id = $1 AND current_id = $2",
        ws.get(),
        current
    )?;
    let mut all: Vec<CustomerId> = rows.into_iter().map(|(id,)| CustomerId(id)).collect();
    for id in [CustomerId(current), customer] {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    Ok((CustomerId(current), all))
}

/// Contacts of a campaign with one person that were sent.
pub async fn contacts(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
) -> Result<Vec<Contact>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, i64, Option<i64>),
        "SELECT id, wave_id, sent_at FROM messages WHERE workspace_id = $1 AND customer_id = $2 AND campaign_id = $3 AND sent_at IS NOT NULL",
        ws.get(),
        customer.get(),
        campaign.get()
    )?;
    Ok(rows.into_iter().map(|(message, wave, sent_at)| Contact { message, wave, sent_at }).collect())
}

/// A reaction as it is written.
#[derive(Debug, Clone)]
pub struct NewReaction<'a> {
    pub id: i64,
    pub campaign: CampaignId,
    pub wave: WaveId,
    pub message: MessageId,
    pub customer: CustomerId,
    pub kind: &'a str,
    pub human: bool,
    pub at: Time,
    pub data: &'a serde_json::Value,
}

pub async fn add_reaction(tx: &mut Tx, ws: WorkspaceId, new: &NewReaction<'_>) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO reactions (workspace_id, id, campaign_id, wave_id, message_id, customer_id, kind, verdict, at, data)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        ws.get(),
        new.id,
        new.campaign.get(),
        new.wave.get(),
        new.message.get(),
        new.customer.get(),
        new.kind,
        if new.human { "human" } else { "machine" },
        new.at.millis(),
        new.data.to_string()
    )?;
    Ok(())
}

/// An earlier click on a link of the same letter.
#[derive(Debug, Clone)]
pub struct Click {
    pub id: i64,
    pub human: bool,
    pub link: u16,
    /// Real time.
    pub real: i64,
    /// Campaign clock.
    pub at: i64,
}

pub async fn clicks(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
    message: MessageId,
) -> Result<Vec<Click>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, String, i64, String),
        "SELECT id, verdict, at, data FROM reactions WHERE workspace_id = $1 AND customer_id = $2 AND message_id = $3 AND kind = 'click'",
        ws.get(),
        customer.get(),
        message.get()
    )?;
    Ok(rows
        .into_iter()
        .map(|(id, verdict, at, data)| {
            let data: serde_json::Value = serde_json::from_str(&data).unwrap_or_default();
            let number = |name: &str| data.get(name).and_then(serde_json::Value::as_i64).unwrap_or(0);
            Click {
                id,
                human: verdict == "human",
                link: u16::try_from(number("link")).unwrap_or(0),
                real: number("real"),
                at,
            }
        })
        .collect())
}

/// Clicks that turned out to be a scanner's.
pub async fn to_machine(tx: &mut Tx, ws: WorkspaceId, ids: &[i64]) -> Result<u64, Fault> {
    let sql = format!(
        "UPDATE reactions SET verdict = 'machine' WHERE workspace_id = $1 AND id IN {}",
        dialect::id_list(tx.engine(), 2)
    );
    Ok(tx.execute_dyn(&sql, &[Value::Int(ws.get()), Value::Text(serde_json::json!(ids).to_string())]).await?)
}

/// Whether a click of the person themself is left in a campaign.
pub async fn has_human_click(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
) -> Result<bool, Fault> {
    let (count,) = store::fetch_one!(
        *tx,
        (i64,),
        "SELECT COUNT(*) FROM reactions WHERE workspace_id = $1 AND customer_id = $2 AND campaign_id = $3 AND verdict = 'human' AND kind IN ('click', 'reply')",
        ws.get(),
        customer.get(),
        campaign.get()
    )?;
    Ok(count > 0)
}

/// Where a tracked link leads, and how many there are in the wave.
pub async fn link(
    tx: &mut Tx,
    ws: WorkspaceId,
    wave: WaveId,
    number: u16,
) -> Result<Option<(String, usize)>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT number, url FROM links WHERE workspace_id = $1 AND wave_id = $2",
        ws.get(),
        wave.get()
    )?;
    let count = rows.len();
    Ok(rows.into_iter().find(|(n, _)| *n == i64::from(number)).map(|(_, url)| (url, count)))
}

#[derive(sqlx::FromRow)]
struct CategoryRow {
    id: i64,
    name_ru: String,
    name_uk: String,
    name_en: String,
}

/// The categories offered, in their order, by name.
pub async fn categories(tx: &mut Tx, ws: WorkspaceId, lang: Lang) -> Result<Vec<(i64, String)>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        CategoryRow,
        "SELECT id, name_ru, name_uk, name_en FROM categories WHERE workspace_id = $1 ORDER BY position, id",
        ws.get()
    )?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let name = match lang {
                Lang::Ru => row.name_ru,
                Lang::Uk => row.name_uk,
                Lang::En => row.name_en,
            };
            (row.id, name)
        })
        .collect())
}

/// The last message sent to an address: what an answer without a return address is about.
pub async fn last_message_to(
    tx: &mut Tx,
    ws: WorkspaceId,
    channel: &str,
    address: &str,
) -> Result<Option<MessageId>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT g.id FROM messages g
         WHERE g.workspace_id = $1 AND g.channel = $4 AND g.address = $3 AND g.sent_at IS NOT NULL AND g.customer_id IN (
           SELECT cp.customer_id FROM contact_points cp WHERE cp.workspace_id = $1 AND cp.kind = $2 AND cp.value = $3
           UNION
           SELECT a.customer_id FROM contact_points cp JOIN customer_aliases a ON a.workspace_id = cp.workspace_id AND a.current_id = cp.customer_id
           WHERE cp.workspace_id = $1 AND cp.kind = $2 AND cp.value = $3)
         ORDER BY g.sent_at DESC, g.id DESC LIMIT 1",
        ws.get(),
        kind_of(channel),
        address,
        channel
    )?;
    Ok(row.map(|(id,)| MessageId(id)))
}

/// Everyone who has this contact now.
pub async fn owners(tx: &mut Tx, ws: WorkspaceId, kind: &str, value: &str) -> Result<Vec<CustomerId>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64,),
        "SELECT DISTINCT customer_id FROM contact_points WHERE workspace_id = $1 AND kind = $2 AND value = $3 ORDER BY customer_id",
        ws.get(),
        kind,
        value
    )?;
    Ok(rows.into_iter().map(|(id,)| CustomerId(id)).collect())
}

/// The kind of contact that a channel uses.
pub fn kind_of(channel: &str) -> &'static str {
    if channel == "email" { "email" } else { "phone" }
}
