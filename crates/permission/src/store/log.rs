use access::App;
use basis::{CampaignId, ConsentId, CustomerId, Fault, Time, WorkspaceId};
use serde::Serialize;
use store::{Tx, Value};
use timeline::Interaction;

use super::stops::{Suppress, lift_own_refusals, suppress};
use crate::rules::terms::{Basis, Purpose};

/// A person's word on a purpose and a channel, with its proof.
#[derive(Debug, Clone)]
pub struct Consent<'a> {
    pub customer_id: CustomerId,
    /// Kind and value of the contact through which it was said.
    pub kind: &'a str,
    pub value: &'a str,
    /// `marketing`, `service`, `automatic_calls`, `processing`.
    pub purpose: &'a str,
    /// `all`, `email`, `sms`, `call`, `auto_call` …
    pub channel: &'a str,
    /// `consent`, `soft_opt_in`, `contract`.
    pub basis: &'a str,
    /// The text shown, the defaults shown, the page, the address asked from, the operator.
    pub proof: serde_json::Value,
    pub at: Time,
}

/// Notes a consent. A consent without a proof is refused: it would not carry anything.
pub async fn give(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    consent: &Consent<'_>,
) -> Result<ConsentId, Fault> {
    let basis: Basis = consent.basis.parse()?;
    if basis == Basis::Consent && is_empty(&consent.proof) {
        return Err(Fault::refused(
            "consent_without_proof",
            "A consent is kept with its proof: the text shown, where and when.",
        ));
    }
    let id = write(tx, app, ws, consent, "given").await?;
    if consent.purpose == Purpose::Marketing.as_str() {
        lift_own_refusals(tx, app, ws, consent.kind, consent.value, consent.channel, consent.at).await?;
    }
    Ok(id)
}

/// Notes a withdrawal.
pub async fn withdraw(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    consent: &Consent<'_>,
) -> Result<ConsentId, Fault> {
    write(tx, app, ws, consent, "withdrawn").await
}

/// The person wants nothing more: marketing is withdrawn on every channel, and each contact value the person has goes on the
/// stop-list, so that the refusal outlives merges, splits, undo and re-imports.
#[expect(
    clippy::too_many_arguments,
    reason = "what, whose, through which contact, why, in which campaign, with what proof, when"
)]
pub async fn opt_out(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    customer: CustomerId,
    through: (&str, &str),
    reason: &str,
    campaign_id: Option<CampaignId>,
    proof: serde_json::Value,
    at: Time,
) -> Result<(), Fault> {
    let (kind, value) = through;
    let word = Consent {
        customer_id: customer,
        kind,
        value,
        purpose: Purpose::Marketing.as_str(),
        channel: "all",
        basis: Basis::Consent.as_str(),
        proof,
        at,
    };
    withdraw(tx, app, ws, &word).await?;
    let mut values = store::fetch_all!(
        *tx,
        (String, String),
        "SELECT DISTINCT cp.kind, cp.value FROM contact_points cp
         WHERE cp.workspace_id = $1 AND cp.customer_id = COALESCE((SELECT a.current_id FROM customer_aliases a WHERE a.workspace_id = $1 AND a.customer_id = $2), $2)",
        ws.get(),
        customer.get()
    )?;
    if !value.is_empty() && !values.iter().any(|(k, v)| k == kind && v == value) {
        values.push((kind.to_owned(), value.to_owned()));
    }
    for (kind, value) in &values {
        suppress(tx, app, ws, &Suppress { kind, value, channel: "all", reason, campaign_id, at }).await?;
    }
    Ok(())
}

fn is_empty(proof: &serde_json::Value) -> bool {
    match proof {
        serde_json::Value::Null => true,
        serde_json::Value::Object(map) => map.is_empty(),
        serde_json::Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

async fn write(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    consent: &Consent<'_>,
    state: &str,
) -> Result<ConsentId, Fault> {
    consent.purpose.parse::<Purpose>()?;
    let ids = app.next_ids(2);
    let (id, interaction) = (ids[0], ids[1]);
    store::execute!(
        *tx,
        "INSERT INTO consents (workspace_id, id, customer_id, kind, value, purpose, channel, state, basis, proof, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        ws.get(),
        id,
        consent.customer_id.get(),
        consent.kind,
        consent.value,
        consent.purpose,
        consent.channel,
        state,
        consent.basis,
        consent.proof.to_string(),
        consent.at.millis()
    )?;
    let channel = if consent.channel == "all" { "system" } else { consent.channel };
    let mut entry = Interaction::system(interaction, consent.customer_id, consent.at, "consent", channel);
    entry.data = serde_json::json!({ "purpose": consent.purpose, "channel": consent.channel, "state": state, "basis": consent.basis });
    timeline::record(tx, ws, &entry).await?;
    Ok(ConsentId(id))
}

/// A line of the consent log.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct ConsentEntry {
    pub id: i64,
    pub customer_id: i64,
    pub kind: String,
    pub value: String,
    pub purpose: String,
    pub channel: String,
    pub state: String,
    pub basis: String,
    pub proof: String,
    pub at: i64,
}

/// The log of a person, newest first: what was said under any id of the person and through any of the person's contacts.
pub async fn consents_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
) -> Result<Vec<ConsentEntry>, Fault> {
    let sql = "SELECT id, customer_id, kind, value, purpose, channel, state, basis, proof, at FROM consents c
         WHERE c.workspace_id = $1 AND (c.customer_id = $2
           OR c.customer_id IN (SELECT a.customer_id FROM customer_aliases a WHERE a.workspace_id = $1 AND a.current_id = $2)
           OR EXISTS (SELECT 1 FROM contact_points p WHERE p.workspace_id = $1 AND p.customer_id = $2 AND p.kind = c.kind AND p.value = c.value))
         ORDER BY c.at DESC, c.id DESC LIMIT 500";
    Ok(tx.fetch_dyn(sql, &[Value::Int(ws.get()), Value::Int(customer.get())]).await?)
}
