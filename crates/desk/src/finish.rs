//! How a call ended.

use access::Op;
use basis::{CallTaskId, CategoryId, Fault, FaultKind, OrderId, Time, WorkspaceId, visible};
use channel::ledger;
use identity::Correction;
use permission::Consent;
use response::Answered;
use serde::Deserialize;
use serde_json::json;
use store::Tx;
use utoipa::ToSchema;

use crate::{
    incoming::preferred_email,
    rules::outcome::{Next, Outcome, next},
    store::{
        objections,
        task::{self, About, Done, TaskRow},
    },
    take::{LEASE, script_shown},
};

/// What the operator writes down.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Ended {
    pub outcome: Outcome,
    /// Of leaving; a refusal needs one of `GET /api/leaving-reasons`.
    pub reason: Option<String>,
    /// To whom the person goes; kept with a refusal.
    pub competitor: Option<String>,
    /// Which employee of the shop displeased; kept with a refusal.
    pub employee: Option<String>,
    /// Which order displeased; kept with a refusal, and it must be one of this person's.
    #[schema(value_type = Option<String>)]
    pub order_id: Option<OrderId>,
    #[serde(default)]
    pub note: String,
    /// When to call again, on the campaign clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Time>,
    /// Data that the person corrected.
    pub corrections: Option<Corrections>,
    /// Categories that the person named; a consent with the words of the script as proof.
    #[schema(value_type = Option<Vec<String>>)]
    pub interests: Option<Vec<CategoryId>>,
    /// What the person objected, in the order in which it was said. Whether the answer worked is told by the outcome.
    #[serde(default)]
    pub objections: Vec<Raised>,
}

/// An objection that was heard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Raised {
    /// Of `GET /api/objections`.
    pub code: String,
    /// Of the words that the operator had on the screen; the newest by default.
    pub version: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Corrections {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
}

const LONGEST_NOTE: usize = 2_000;

/// The task, when it is in this operator's hands.
pub(crate) async fn held(tx: &mut Tx, op: &Op, id: CallTaskId) -> Result<TaskRow, Fault> {
    let row = task::task(tx, op.ws(), id).await?;
    if row.taken_by != Some(op.actor.id) {
        return Err(Fault::forbidden("not_your_task", "This task is not in your hands."));
    }
    Ok(row)
}

/// Writes an outcome down.
///
/// # Errors
/// A task of somebody else, a task that is over, an outcome that lacks its reason or date.
pub async fn outcome(op: &Op, id: CallTaskId, ended: &Ended) -> Result<(), Fault> {
    let ws = op.ws();
    op.app.key(ws, "suppression").await?;
    let note: String = visible(&ended.note).chars().take(LONGEST_NOTE).collect();
    let mut tx = op.app.db.read().await?;
    let row = held(&mut tx, op, id).await?;
    let dictionary = insight::store::dictionary(&mut tx, ws).await?;
    let raised = raised(&mut tx, ws, ended).await?;
    drop(tx);
    if row.state == "done" && row.outcome.as_deref() == Some(ended.outcome.as_str()) {
        // The answer to the first sending was lost on its way.
        return Ok(());
    }
    let (reason, now) = (ended.reason.as_deref(), op.campaign_now());
    let after = next(ended.outcome, reason, &dictionary, ended.next_at, row.attempts + 1, now)?;
    if row.state != "taken" {
        return Err(gone());
    }
    correct(op, &row, ended.corrections.as_ref()).await?;
    let mut tx = op.app.db.write().await?;
    let row = held(&mut tx, op, id).await?;
    if row.state != "taken" {
        return Err(gone());
    }
    if let Some(attempt) = objections::open_attempt(&mut tx, ws, id).await? {
        objections::keep(&mut tx, ws, attempt, &raised).await?;
    }
    write(&mut tx, op, &row, ended, &note, after).await?;
    tx.commit().await?;
    op.app.hub.publish(ws, "desk", json!({ "done": id }));
    op.app.hub.publish(ws, format!("campaign:{}", row.campaign_id), json!({ "call": ended.outcome }));
    Ok(())
}

/// The objections of a talk with the versions that were seen.
async fn raised(tx: &mut Tx, ws: WorkspaceId, ended: &Ended) -> Result<Vec<(String, i64)>, Fault> {
    if ended.objections.is_empty() {
        return Ok(Vec::new());
    }
    let odd = |what: String| Fault::invalid("objections", what.clone()).with_field("objections", what);
    if !ended.outcome.reached() {
        return Err(odd(
            "Nobody talked in this call: objections go with agreed, refused or call later.".to_owned()
        ));
    }
    let library = objections::objections(tx, ws).await?;
    let mut raised: Vec<(String, i64)> = Vec::new();
    for heard in &ended.objections {
        let known = library
            .iter()
            .find(|o| o.code == heard.code)
            .ok_or_else(|| odd(format!("There is no objection \"{}\" in the library.", heard.code)))?;
        let version = heard.version.unwrap_or(known.version);
        if !(1..=known.version).contains(&version) {
            return Err(odd(format!("The objection \"{}\" has no version {version}.", heard.code)));
        }
        if !raised.iter().any(|(code, _)| *code == heard.code) {
            raised.push((heard.code.clone(), version));
        }
    }
    Ok(raised)
}

fn gone() -> Fault {
    Fault::conflict("task_gone", "The task went back to the queue: it was held for too long without a sign.")
}

async fn correct(op: &Op, row: &TaskRow, corrections: Option<&Corrections>) -> Result<(), Fault> {
    let Some(new) = corrections.cloned() else { return Ok(()) };
    let change = Correction { name: new.name, phone: new.phone, email: new.email, address: new.address };
    match identity::correct(op, row.customer(), &change).await {
        Err(fault) if fault.kind == FaultKind::Invalid && fault.code == "nothing_to_correct" => Ok(()),
        other => other,
    }
}

async fn write(
    tx: &mut Tx,
    op: &Op,
    row: &TaskRow,
    ended: &Ended,
    note: &str,
    after: Next,
) -> Result<(), Fault> {
    let (ws, id, at) = (op.ws(), row.id(), op.campaign_now());
    let outcome = ended.outcome.as_str();
    task::close_attempt(tx, ws, id, outcome, note, op.now(), at).await?;
    match after {
        Next::Reached => ledger::finish_call(tx, ws, row.message(), true, outcome, at).await?,
        Next::Failed => ledger::finish_call(tx, ws, row.message(), false, outcome, at).await?,
        Next::Again(due) => ledger::return_call(tx, ws, row.message(), due).await?,
    };
    // Read after the ledger moved: the call itself is the contact that earns the reaction.
    let contact = ledger::row(tx, ws, row.message())
        .await?
        .ok_or_else(|| Fault::not_found("task", "There is no such task."))?;
    let answered = Answered {
        app: &op.app,
        workspace: &op.workspace,
        row: &contact,
        at,
        actor_kind: op.actor.kind_str(),
        actor_id: op.actor.id,
    };
    let data = json!({ "outcome": outcome, "reason": ended.reason, "task": id });
    match ended.outcome {
        Outcome::Agreed => agreed(tx, op, row, &answered, ended, &data).await?,
        Outcome::Refused => {
            let proof = json!({ "via": "call", "operator": op.actor.id.to_string(), "task": id, "reason": ended.reason });
            answered.refuse(tx, "refused", proof, &data).await?;
        }
        Outcome::CallLater => {
            answered.note(tx, outcome, "call", &data).await?;
        }
        Outcome::WrongNumber => {
            answered.note(tx, outcome, "call", &data).await?;
            if let Some(number) = &contact.address {
                permission::set_contact_state(tx, ws, "phone", number, "wrong_number", "call", at).await?;
            }
        }
        Outcome::NoAnswer => {
            answered.note(tx, outcome, "call", &data).await?;
        }
    }
    match after {
        Next::Again(due) => {
            task::give_back(tx, ws, id, Some(outcome), due).await?;
        }
        Next::Reached | Next::Failed => {
            let about = about(tx, ws, row, ended).await?;
            let done = Done { outcome: Some(outcome), reason: ended.reason.as_deref(), note, about };
            task::finish(tx, ws, id, &done, at).await?;
        }
    }
    if after == Next::Failed {
        channel::plan_next(tx, &op.app, &op.workspace, row.message()).await?;
        response::settle_dead(tx, &op.app, ws, row.campaign(), row.customer(), at).await?;
    }
    Ok(())
}

const LONGEST_WORD: usize = 80;

/// What a refusal is about, as far as the person said it.
async fn about(tx: &mut Tx, ws: WorkspaceId, row: &TaskRow, ended: &Ended) -> Result<About, Fault> {
    if ended.outcome != Outcome::Refused {
        return Ok(About::default());
    }
    let word = |text: &Option<String>| {
        let text: String = visible(text.as_deref().unwrap_or_default()).chars().take(LONGEST_WORD).collect();
        Some(text).filter(|text| !text.is_empty())
    };
    if let Some(order) = ended.order_id
        && !task::is_order_of(tx, ws, order, row.customer()).await?
    {
        return Err(Fault::invalid("order_id", "This is not an order of the person on the line.")
            .with_field("order_id", "an order of this customer"));
    }
    Ok(About { competitor: word(&ended.competitor), employee: word(&ended.employee), order: ended.order_id })
}

/// The words of the script, who heard the yes and when: the proof of a consent given by voice.
async fn agreed(
    tx: &mut Tx,
    op: &Op,
    row: &TaskRow,
    answered: &Answered<'_>,
    ended: &Ended,
    data: &serde_json::Value,
) -> Result<(), Fault> {
    let (language, text) = script_shown(tx, op, row).await?;
    let interests = ended.interests.as_deref().unwrap_or_default();
    let proof = json!({
        "via": "call", "operator": op.actor.id.to_string(), "task": row.id(), "at": op.now(),
        "language": language, "text": text, "interests": interests,
    });
    if !interests.is_empty() {
        let chosen: Vec<(CategoryId, bool)> = interests.iter().map(|id| (*id, true)).collect();
        let customer = identity::current_id(tx, op.ws(), row.customer()).await?;
        permission::choose_interests(tx, op.ws(), customer, &chosen, answered.at).await?;
    }
    // The yes is to letters as well, at the address that the card has now.
    let customer = identity::current_id(tx, op.ws(), row.customer()).await?;
    if let Some(email) = preferred_email(tx, op, customer).await? {
        let consent = Consent {
            customer_id: customer,
            kind: "email",
            value: &email,
            purpose: "marketing",
            channel: "email",
            basis: "consent",
            proof: proof.clone(),
            at: answered.at,
        };
        permission::give(tx, &op.app, op.ws(), &consent).await?;
    }
    answered.agree(tx, "agreed", proof, data).await
}

/// Gives the task back unsolved.
///
/// # Errors
/// A task of somebody else.
pub async fn release(op: &Op, id: CallTaskId) -> Result<(), Fault> {
    let (ws, at) = (op.ws(), op.campaign_now());
    let mut tx = op.app.db.write().await?;
    let row = held(&mut tx, op, id).await?;
    if row.state == "taken" {
        ledger::return_call(&mut tx, ws, row.message(), at).await?;
        task::close_attempt(&mut tx, ws, id, "released", "", op.now(), at).await?;
        task::give_back(&mut tx, ws, id, None, at).await?;
    }
    tx.commit().await?;
    op.app.hub.publish(ws, "desk", json!({ "released": id }));
    Ok(())
}

/// The operator is still on the call. Answers until when the task is held.
///
/// # Errors
/// A task of somebody else, or one that went back to the queue.
pub async fn keep(op: &Op, id: CallTaskId) -> Result<Time, Fault> {
    let until = op.now().plus(LEASE);
    let mut tx = op.app.db.write().await?;
    held(&mut tx, op, id).await?;
    if !task::renew(&mut tx, op.ws(), id, op.actor.id, until).await? {
        return Err(gone());
    }
    tx.commit().await?;
    Ok(until)
}
