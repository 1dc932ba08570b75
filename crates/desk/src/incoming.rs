//! Somebody phones back after a message and asks for the letter again.

use access::Op;
use basis::{CampaignId, CustomerId, Fault, MessageId, Time};
use channel::ledger;
use response::Answered;
use serde::Serialize;
use serde_json::json;
use store::{Tx, Value, dialect};
use utoipa::ToSchema;

use crate::rules::number::readings;

/// Who has this number, and what reached them last.
#[derive(Debug, Serialize, ToSchema)]
pub struct Caller {
    pub customer: CallerCustomer,
    pub campaign: Option<CallerCampaign>,
    pub wave: Option<CallerWave>,
    /// A letter of that campaign went out.
    pub letter_sent: bool,
    /// There is a letter that can be sent again.
    pub can_resend: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CallerCustomer {
    #[schema(value_type = String)]
    pub id: CustomerId,
    pub name: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CallerCampaign {
    #[schema(value_type = String)]
    pub id: CampaignId,
    pub name: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CallerWave {
    /// The first wave is 1.
    pub number: i64,
    pub channel: String,
    #[schema(value_type = String, format = DateTime)]
    pub sent_at: Time,
}

#[derive(sqlx::FromRow)]
struct LastRow {
    campaign_id: i64,
    campaign: String,
    state: String,
    position: i64,
    channel: String,
    sent_at: i64,
}

/// People with a number, each with the last message that was sent to them.
///
/// # Errors
/// Not a number at all.
pub async fn callers(op: &Op, phone: &str) -> Result<Vec<Caller>, Fault> {
    let ws = op.ws();
    let numbers = readings(phone);
    if numbers.is_empty() {
        return Err(Fault::invalid("phone", "This is not a telephone number.")
            .with_field("phone", "digits, as +380961234567 or 096 123 45 67"));
    }
    let mut tx = op.app.db.read().await?;
    let sql = format!(
        "SELECT DISTINCT c.id, c.display_name FROM contact_points p JOIN customers c ON c.workspace_id = p.workspace_id AND c.id = p.customer_id
         WHERE p.workspace_id = $1 AND p.kind = 'phone' AND p.value IN {} ORDER BY c.id LIMIT 20",
        dialect::text_list(tx.engine(), 2)
    );
    let args = [Value::Int(ws.get()), Value::Text(json!(numbers).to_string())];
    let people: Vec<(i64, String)> = tx.fetch_dyn(&sql, &args).await?;
    let mut out = Vec::new();
    for (id, name) in people {
        let customer = CustomerId(id);
        let ids = identity::current_ids(&mut tx, ws, customer).await?;
        let last = last_contact(&mut tx, op, &ids).await?;
        let letter = match &last {
            Some(last) => letter_of(&mut tx, op, &ids, CampaignId(last.campaign_id)).await?,
            None => None,
        };
        let goes_on = last.as_ref().is_some_and(|l| l.state != "draft" && l.state != "stopped");
        out.push(Caller {
            customer: CallerCustomer { id: customer, name },
            letter_sent: letter.as_ref().is_some_and(|l| l.sent_at.is_some()),
            can_resend: letter.is_some() && goes_on,
            campaign: last
                .as_ref()
                .map(|l| CallerCampaign { id: CampaignId(l.campaign_id), name: l.campaign.clone() }),
            wave: last.map(|l| CallerWave {
                number: l.position + 1,
                channel: l.channel,
                sent_at: Time::from_millis(l.sent_at),
            }),
        });
    }
    drop(tx);
    let mut tx = op.app.db.write().await?;
    for caller in &out {
        op.audit(&mut tx, "desk.caller_found", "customer", caller.customer.id, json!({})).await?;
    }
    tx.commit().await?;
    Ok(out)
}

fn id_list(ids: &[CustomerId]) -> Value {
    Value::Text(json!(ids.iter().map(|id| id.get()).collect::<Vec<_>>()).to_string())
}

async fn last_contact(tx: &mut Tx, op: &Op, ids: &[CustomerId]) -> Result<Option<LastRow>, Fault> {
    let sql = format!(
        "SELECT g.campaign_id, c.name AS campaign, c.state, w.position, g.channel, g.sent_at
         FROM messages g JOIN campaigns c ON c.workspace_id = g.workspace_id AND c.id = g.campaign_id
         JOIN waves w ON w.workspace_id = g.workspace_id AND w.id = g.wave_id
         WHERE g.workspace_id = $1 AND g.customer_id IN {} AND g.sent_at IS NOT NULL ORDER BY g.sent_at DESC, g.id DESC LIMIT 1",
        dialect::id_list(tx.engine(), 2)
    );
    Ok(tx.fetch_dyn(&sql, &[Value::Int(op.ws().get()), id_list(ids)]).await?.pop())
}

/// The letter of a campaign to a person, whatever became of it.
async fn letter_of(
    tx: &mut Tx,
    op: &Op,
    ids: &[CustomerId],
    campaign: CampaignId,
) -> Result<Option<ledger::Row>, Fault> {
    let sql = format!(
        "SELECT g.id FROM messages g WHERE g.workspace_id = $1 AND g.customer_id IN {} AND g.campaign_id = $3 AND g.channel = 'email'
         ORDER BY g.sent_at IS NULL, g.id LIMIT 1",
        dialect::id_list(tx.engine(), 2)
    );
    let args = [Value::Int(op.ws().get()), id_list(ids), Value::Int(campaign.get())];
    let found: Vec<(i64,)> = tx.fetch_dyn(&sql, &args).await?;
    match found.first() {
        Some((id,)) => Ok(ledger::row(tx, op.ws(), MessageId(*id)).await?),
        None => Ok(None),
    }
}

/// The e-mail that a card prefers now; it may have been corrected a minute ago.
pub(crate) async fn preferred_email(
    tx: &mut Tx,
    op: &Op,
    customer: CustomerId,
) -> Result<Option<String>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (String,),
        "SELECT value FROM contact_points WHERE workspace_id = $1 AND customer_id = $2 AND kind = 'email' ORDER BY preferred DESC, last_seen DESC, id DESC LIMIT 1",
        op.ws().get(),
        customer.get()
    )?;
    Ok(row.map(|(value,)| value))
}

/// Sends the letter of a campaign once more, because the person phoned and asked for it: the one re-send there is, by hand.
/// It counts as an answer to the last message that was sent.
///
/// # Errors
/// No letter of that campaign to that person, or one that is about to be sent anyway.
pub async fn resend(op: &Op, customer: CustomerId, campaign: CampaignId) -> Result<(), Fault> {
    let (ws, at) = (op.ws(), op.campaign_now());
    op.app.key(ws, "suppression").await?;
    let mut tx = op.app.db.write().await?;
    let ids = identity::current_ids(&mut tx, ws, customer).await?;
    let letter = letter_of(&mut tx, op, &ids, campaign)
        .await?
        .ok_or_else(|| Fault::not_found("letter", "This person got no letter in this campaign."))?;
    let current = identity::current_id(&mut tx, ws, customer).await?;
    let address = preferred_email(&mut tx, op, current).await?;
    if letter.address.is_none() && address.is_none() {
        return Err(Fault::invalid(
            "no_email",
            "There is no e-mail on the card: ask for it and correct the card first.",
        ));
    }
    let proof = json!({
        "via": "inbound_call", "operator": op.actor.id.to_string(), "at": op.now(),
        "text": "The person phoned and asked for the letter to be sent again.",
    });
    let answered = Answered {
        app: &op.app,
        workspace: &op.workspace,
        row: &letter,
        at,
        actor_kind: op.actor.kind_str(),
        actor_id: op.actor.id,
    };
    answered.agree(&mut tx, "resend", proof, &json!({ "outcome": "resend" })).await?;
    let again = ledger::resend(&mut tx, ws, letter.id, address.as_deref(), at, at.plus_days(3)).await?;
    if !again {
        return Err(Fault::conflict("letter_on_its_way", "The letter is about to be sent anyway."));
    }
    op.audit(
        &mut tx,
        "desk.resend",
        "customer",
        current,
        json!({ "campaign": campaign, "message": letter.id }),
    )
    .await?;
    tx.commit().await?;
    op.app.hub.publish(ws, format!("campaign:{campaign}"), json!({ "resend": true }));
    Ok(())
}
