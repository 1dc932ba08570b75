//! The next task for an operator.

use std::{collections::BTreeMap, time::Duration};

use access::Op;
use basis::{CallTaskId, CampaignId, Fault, Lang, MessageId, Time, WaveId};
use channel::ledger;
use content::{LetterSource, Links, Short};
use permission::{Decision, GateQuery, Purpose};
use serde::Serialize;
use serde_json::json;
use store::Tx;
use utoipa::ToSchema;

use crate::store::task::{self, About, Attempt, Done, TaskRow};

/// An operator who is not heard of for so long (real time) is lost.
pub const LEASE: Duration = Duration::from_mins(15);

/// Tasks looked at in one go when rules close or move some of them.
const LOOK: i64 = 20;

/// The task in hand.
#[derive(Debug, Serialize, ToSchema)]
pub struct Task {
    #[schema(value_type = String)]
    pub id: CallTaskId,
    /// The card, as the page of the customer shows it, with masks.
    #[schema(value_type = Object)]
    pub customer: serde_json::Value,
    /// The number to call; shown to the operator who holds the task and to nobody else.
    pub number: Option<String>,
    pub script: String,
    #[schema(value_type = String)]
    pub script_language: Lang,
    pub wave: TaskWave,
    pub campaign: TaskCampaign,
    /// Calls made before this one.
    pub attempts: i64,
    /// A letter of this campaign was taken by the person's mail server.
    pub letter_sent: bool,
    /// Until when the task is held, in real time; `keep` renews it.
    #[schema(value_type = String, format = DateTime)]
    pub held_until: Time,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TaskWave {
    #[schema(value_type = String)]
    pub id: WaveId,
    /// The first wave is 1.
    pub number: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TaskCampaign {
    #[schema(value_type = String)]
    pub id: CampaignId,
    pub name: String,
}

/// Gives the operator the task in hand, or the one that waits longest and may be called now. `None` when there is none.
///
/// # Errors
/// Of the database.
pub async fn next(op: &Op) -> Result<Option<Task>, Fault> {
    let ws = op.ws();
    // Keys are made in transactions of their own.
    op.app.key(ws, "suppression").await?;
    loop {
        let until = op.now().plus(LEASE);
        let mut tx = op.app.db.write().await?;
        if let Some(row) = task::in_hand(&mut tx, ws, op.actor.id, op.now()).await? {
            task::renew(&mut tx, ws, row.id(), op.actor.id, until).await?;
            tx.commit().await?;
            return show(op, &row, until).await.map(Some);
        }
        let due = task::due(&mut tx, ws, op.campaign_now(), LOOK).await?;
        if due.is_empty() {
            return Ok(None);
        }
        let mut taken = None;
        for row in due {
            if try_take(&mut tx, op, &row, until).await? {
                taken = Some(row);
                break;
            }
        }
        tx.commit().await?;
        op.app.hub.publish(ws, "desk", json!({ "taken": taken.is_some() }));
        if let Some(row) = taken {
            return show(op, &row, until).await.map(Some);
        }
    }
}

/// Whether the task may be called at this instant; if so it is the operator's. Otherwise it is moved or closed.
async fn try_take(tx: &mut Tx, op: &Op, row: &TaskRow, until: Time) -> Result<bool, Fault> {
    let (ws, now) = (op.ws(), op.campaign_now());
    let Some(contact) = ledger::row(tx, ws, row.message()).await? else {
        // The person was erased.
        task::finish(
            tx,
            ws,
            row.id(),
            &Done { outcome: None, reason: None, note: "", about: About::default() },
            now,
        )
        .await?;
        return Ok(false);
    };
    let wanted = campaign::may_still(tx, ws, row.wave(), &[row.customer()]).await?;
    let decision = if wanted.is_empty() {
        Some("answered")
    } else {
        let query = GateQuery {
            customer_id: row.customer(),
            channel: "call".parse()?,
            address: contact.address.clone().unwrap_or_default(),
            purpose: Purpose::Marketing,
            at: now,
            campaign_id: Some(row.campaign()),
            expires_at: Some(contact.expires_at),
        };
        match permission::gate(tx, &op.app, &op.workspace, &query).await? {
            Decision::Allow => None,
            Decision::Held { until, .. } => {
                task::postpone(tx, ws, row.id(), until.max(now.plus(Duration::from_secs(1)))).await?;
                return Ok(false);
            }
            Decision::Refused(reason) => Some(reason.code()),
        }
    };
    if let Some(reason) = decision {
        ledger::exclude_call(tx, ws, row.message(), reason).await?;
        task::finish(
            tx,
            ws,
            row.id(),
            &Done { outcome: None, reason: Some(reason), note: "", about: About::default() },
            now,
        )
        .await?;
        return Ok(false);
    }
    if !task::take(tx, ws, row.id(), op.actor.id, until).await? {
        return Ok(false);
    }
    if !ledger::take_call(tx, ws, row.message()).await? {
        task::finish(
            tx,
            ws,
            row.id(),
            &Done { outcome: None, reason: Some("closed"), note: "", about: About::default() },
            now,
        )
        .await?;
        return Ok(false);
    }
    let attempt = Attempt {
        id: op.next_id(),
        task: row.id(),
        customer: row.customer(),
        operator: op.actor.id,
        number: contact.address.as_deref().unwrap_or_default(),
        started: op.now(),
        at: now,
    };
    task::open_attempt(tx, ws, &attempt).await?;
    op.audit(tx, "desk.number_shown", "customer", row.customer(), json!({ "task": row.id() })).await?;
    Ok(true)
}

async fn show(op: &Op, row: &TaskRow, held_until: Time) -> Result<Task, Fault> {
    let ws = op.ws();
    let mut tx = op.app.db.read().await?;
    let contact = ledger::row(&mut tx, ws, row.message())
        .await?
        .ok_or_else(|| Fault::not_found("task", "There is no such task."))?;
    let wave = campaign::wave_content(&mut tx, ws, row.wave()).await?;
    let campaign = campaign::campaign(&mut tx, ws, row.campaign()).await?;
    let wanted = contact.language.as_deref().and_then(|l| l.parse().ok()).unwrap_or(op.workspace.language);
    let recipients = content::recipients(&mut tx, ws, &[row.customer()], op.campaign_now()).await?;
    let (letters,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM messages WHERE workspace_id = $1 AND customer_id = $2 AND campaign_id = $3 AND channel = 'email' AND sent_at IS NOT NULL AND bounced_at IS NULL",
        ws.get(),
        row.customer().get(),
        row.campaign().get()
    )?;
    drop(tx);
    let recipient = recipients.get(&row.customer()).cloned().unwrap_or_default();
    let (script_language, script) = script(op, &wave.texts(contact.variant), wanted, &recipient)?;
    let card = identity::card(op, row.customer()).await?;
    Ok(Task {
        id: row.id(),
        customer: serde_json::to_value(card).map_err(|e| Fault::internal("card", e.to_string()))?,
        number: contact.address,
        script,
        script_language,
        wave: TaskWave { id: row.wave(), number: wave.position + 1 },
        campaign: TaskCampaign { id: row.campaign(), name: campaign.name },
        attempts: row.attempts,
        letter_sent: letters > 0,
        held_until,
    })
}

/// The script of the wave for this person; the product's own where the wave has none.
pub(crate) fn script(
    op: &Op,
    bodies: &BTreeMap<Lang, LetterSource>,
    wanted: Lang,
    recipient: &content::Recipient,
) -> Result<(Lang, String), Fault> {
    let own =
        bodies.get_key_value(&wanted).or_else(|| bodies.iter().next()).map(|(l, s)| (*l, s.text.as_str()));
    let (lang, source) = match own {
        Some((lang, text)) if !text.trim().is_empty() => (lang, text),
        _ => (wanted, content::defaults::call_script(wanted)),
    };
    let broken = |what: String| Fault::internal("script", what);
    let short = Short::compile(lang, "script", source).map_err(|e| broken(e.to_string()))?;
    let merge = recipient.merge(lang, &content::sender_of(&op.workspace), Links::default());
    let text = short.render(&merge, &mut |_| None).map_err(|e| broken(e.to_string()))?;
    Ok((lang, text))
}

/// The words that a consent given on the phone agrees to: the script as it was shown.
pub(crate) async fn script_shown(tx: &mut Tx, op: &Op, row: &TaskRow) -> Result<(Lang, String), Fault> {
    let wave = campaign::wave_content(tx, op.ws(), row.wave()).await?;
    let contact = ledger::row(tx, op.ws(), MessageId(row.message_id)).await?;
    let variant = contact.as_ref().and_then(|c| c.variant);
    let wanted =
        contact.and_then(|c| c.language).and_then(|l| l.parse().ok()).unwrap_or(op.workspace.language);
    let recipients = content::recipients(tx, op.ws(), &[row.customer()], op.campaign_now()).await?;
    script(op, &wave.texts(variant), wanted, &recipients.get(&row.customer()).cloned().unwrap_or_default())
}
