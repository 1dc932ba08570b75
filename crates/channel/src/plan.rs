//! From a wave to rows of the ledger.

use std::collections::HashMap;

use access::{App, Workspace};
use basis::{CampaignId, CustomerId, Fault, MessageId, Time, WaveId, WorkspaceId};
use campaign::{Kind, LanguageRule, WaveContent};
use permission::Purpose;
use store::{Tx, Value};

use crate::ledger::{self, NewRow};

/// People a transaction; on SQLite everybody waits for it.
const BATCH: i64 = 500;

/// Plans a wave: one row per person it goes to, sendable or excluded with the reason. Running it again
/// adds nobody twice.
pub async fn plan_wave(app: &App, ws: WorkspaceId, wave: WaveId) -> Result<(), Fault> {
    let mut tx = app.db.read().await?;
    let kind = campaign::wave_content(&mut tx, ws, wave).await?.kind;
    drop(tx);
    match kind {
        Kind::Once => plan_all(app, ws, wave).await,
        Kind::Journey => plan_step(app, ws, wave).await,
    }
}

/// Everybody of a wave over a frozen audience.
async fn plan_all(app: &App, ws: WorkspaceId, wave: WaveId) -> Result<(), Fault> {
    let mut after = CustomerId(0);
    let mut planned = 0;
    loop {
        let workspace = access::load_workspace(app, ws).await?;
        let now = workspace.campaign_now(app.now());
        let mut tx = app.db.read().await?;
        let targets = campaign::wave_targets(&mut tx, ws, wave, after, BATCH).await?;
        let Some(&last) = targets.last() else { return Ok(()) };
        let batch = Batch::of(&mut tx, app, &workspace, wave, &targets, now).await?;
        drop(tx);
        let mut tx = app.db.write().await?;
        planned += batch.write(&mut tx, ws).await?;
        tx.commit().await?;
        batch.tell(app, ws, planned);
        after = last;
    }
}

/// Whoever's turn for a step of a journey has come: the row and the turn of the next step are one commit.
async fn plan_step(app: &App, ws: WorkspaceId, wave: WaveId) -> Result<(), Fault> {
    let mut planned = 0;
    loop {
        let workspace = access::load_workspace(app, ws).await?;
        let now = workspace.campaign_now(app.now());
        let mut tx = app.db.write().await?;
        campaign::pass_by(&mut tx, ws, wave, now).await?;
        tx.commit().await?;
        let mut tx = app.db.read().await?;
        let targets = campaign::step_targets(&mut tx, ws, wave, now, BATCH).await?;
        if targets.is_empty() {
            return Ok(());
        }
        let batch = Batch::of(&mut tx, app, &workspace, wave, &targets, now).await?;
        drop(tx);
        let mut tx = app.db.write().await?;
        planned += batch.write(&mut tx, ws).await?;
        campaign::step_taken(&mut tx, ws, wave, &targets, now).await?;
        tx.commit().await?;
        batch.tell(app, ws, planned);
    }
}

/// Rows of one transaction.
struct Batch {
    content: WaveContent,
    due: Time,
    expires: Time,
    rows: Vec<NewRow>,
}

impl Batch {
    async fn of(
        tx: &mut Tx,
        app: &App,
        workspace: &Workspace,
        wave: WaveId,
        people: &[CustomerId],
        now: Time,
    ) -> Result<Self, Fault> {
        let content = campaign::wave_content(tx, workspace.id, wave).await?;
        let rows = new_rows(tx, app, workspace, &content, people).await?;
        let expires = campaign::contact_expires_at(tx, workspace.id, &content, now).await?;
        Ok(Self { due: content.due_at.unwrap_or(now), expires, rows, content })
    }

    async fn write(&self, tx: &mut Tx, ws: WorkspaceId) -> Result<u64, Fault> {
        let content = &self.content;
        let channel = content.channel.as_str();
        let (due, expires) = (self.due, self.expires);
        Ok(ledger::plan_rows(tx, ws, content.campaign_id, content.id, channel, due, expires, &self.rows)
            .await?)
    }

    fn tell(&self, app: &App, ws: WorkspaceId, planned: u64) {
        let topic = format!("campaign:{}", self.content.campaign_id);
        app.hub.publish(ws, topic, serde_json::json!({ "planned": planned }));
    }
}

/// The next wave's row of the person of this message, planned at once: a bounce does not wait. Nothing
/// happens when there is no later wave, when the campaign has ended for the person, or when the row is
/// there already.
pub async fn plan_next(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    message: MessageId,
) -> Result<bool, Fault> {
    let ws = workspace.id;
    let Some(row) = ledger::row(tx, ws, message).await? else { return Ok(false) };
    let Some(next) = campaign::next_wave(tx, ws, row.wave_id).await? else { return Ok(false) };
    let may = campaign::may_still(tx, ws, next, &[row.customer_id]).await?;
    if may.is_empty() {
        return Ok(false);
    }
    let now = workspace.campaign_now(app.now());
    let mut batch = Batch::of(tx, app, workspace, next, &may, now).await?;
    // The steps of a journey keep their intervals.
    if batch.content.kind == Kind::Journey {
        return Ok(false);
    }
    batch.due = now;
    let planned = batch.write(tx, ws).await?;
    Ok(planned > 0)
}

/// Whether something of the campaign is still to be done now: a message that is due, or a wave whose rows
/// are not all there.
pub async fn anything_due(app: &App, workspace: &Workspace, campaign: CampaignId) -> Result<bool, Fault> {
    let workspace = access::load_workspace(app, workspace.id).await?;
    let now = workspace.campaign_now(app.now());
    let mut tx = app.db.read().await?;
    let (due,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM messages WHERE workspace_id = $1 AND campaign_id = $2 AND channel <> 'call'
           AND (state IN ('leased', 'intent') OR (state IN ('planned', 'deferred', 'held') AND due_at <= $3 AND expires_at > $3))",
        workspace.id.get(),
        campaign.get(),
        now.millis()
    )?;
    if due > 0 {
        return Ok(true);
    }
    let (planning,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM waves w JOIN jobs j ON j.workspace_id = w.workspace_id AND j.dedup_key = CAST(w.id AS TEXT)
         WHERE w.workspace_id = $1 AND w.campaign_id = $2 AND j.kind = 'channel.plan_wave' AND j.state IN ('waiting', 'running')",
        workspace.id.get(),
        campaign.get()
    )?;
    Ok(planning > 0)
}

async fn new_rows(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    content: &WaveContent,
    people: &[CustomerId],
) -> Result<Vec<NewRow>, Fault> {
    let channel: permission::Channel = content.channel.as_str().parse().map_err(|_| {
        Fault::internal("channel", format!("no rules for channel {}", content.channel.as_str()))
    })?;
    let reach = permission::reach(tx, app, workspace, people, &[channel], Purpose::Marketing).await?;
    let languages = languages(tx, workspace, people).await?;
    let ids = app.next_ids(reach.len());
    Ok(reach
        .into_iter()
        .zip(ids)
        .map(|(reach, id)| {
            let (address, excluded) = match reach.channels.into_iter().next() {
                Some(Ok(address)) => (Some(address), String::new()),
                Some(Err(reason)) => (None, reason.code().to_owned()),
                None => (None, "no_contact".to_owned()),
            };
            let own = languages.get(&reach.customer_id).map(String::as_str);
            let language = match content.language {
                LanguageRule::ByCustomer => own.unwrap_or(workspace.language.as_str()).to_owned(),
                rule => rule.as_str().to_owned(),
            };
            let variant = content.variant_of(reach.customer_id);
            NewRow {
                id,
                customer_id: reach.customer_id,
                address,
                excluded,
                language: Some(language),
                variant,
            }
        })
        .collect())
}

async fn languages(
    tx: &mut Tx,
    workspace: &Workspace,
    people: &[CustomerId],
) -> Result<HashMap<CustomerId, String>, Fault> {
    let list: Vec<i64> = people.iter().map(|id| id.get()).collect();
    let sql = format!(
        "SELECT id, language FROM customers WHERE workspace_id = $1 AND id IN {} AND language IS NOT NULL",
        store::dialect::id_list(tx.engine(), 2)
    );
    let args = [Value::Int(workspace.id.get()), Value::Text(serde_json::json!(list).to_string())];
    let rows: Vec<(i64, String)> = tx.fetch_dyn(&sql, &args).await?;
    Ok(rows.into_iter().map(|(id, language)| (CustomerId(id), language)).collect())
}
