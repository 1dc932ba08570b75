//! From a draft to a running campaign: checked, asked for once, frozen, started.

use access::Op;
use basis::{AudienceId, CampaignId, CustomerId, Fault};
use serde_json::json;
use store::{jobs, jobs::NewJob};

use crate::{
    JOB_LAUNCH, journey,
    members::{Walk, insert_members},
    rules::{Channel, Draft, Entry, Finding, Kind, Severity, State, findings},
    store::{Campaign, campaign, waves},
};

/// The draft that a campaign was made from.
pub(crate) async fn draft_of(op: &Op, id: CampaignId) -> Result<(Campaign, Draft), Fault> {
    let mut tx = op.app.db.read().await?;
    let owner = campaign(&mut tx, op.ws(), id).await?;
    let waves = waves(&mut tx, op.ws(), id).await?;
    let draft = Draft {
        name: owner.name.clone(),
        kind: owner.kind,
        entry: owner.entry,
        language: owner.language,
        segment_id: owner.segment_id,
        holdout_share: owner.holdout_share,
        goal: owner.goal.clone(),
        waves: waves.into_iter().map(|wave| wave.draft).collect(),
    };
    Ok((owner, draft))
}

/// Everything that stands against a launch, but for what only the senders know.
pub async fn check(op: &Op, draft: &Draft) -> Result<Vec<Finding>, Fault> {
    let sender = content::sender_of(&op.workspace);
    let mut found = findings(draft, &sender, op.workspace.language);
    if !op.workspace.simulated
        && !op.app.public_url_given()
        && draft.waves.iter().any(|wave| wave.channel != Channel::Call)
    {
        found.push(Finding::refuse(
            "public_url",
            "public_url",
            "Start the server with --public-url: the links of the letters must lead to an address that the recipients reach.",
        ));
    }
    // Whoever enters a journey may come later.
    if draft.kind == Kind::Once && audience::count(&op.app, op.ws(), draft.segment_id).await? == 0 {
        found.push(Finding::refuse("empty_audience", "segment_id", "There is nobody in this audience."));
    }
    found.sort_by_key(|finding| finding.severity);
    Ok(found)
}

/// Asks for the launch: draft → launching, with the job that does the rest. Of two presses of the button one counts.
///
/// # Errors
/// [`basis::FaultKind::Refused`] with a field per refusal when the draft cannot be launched.
pub async fn launch(op: &Op, id: CampaignId, senders: &[Finding]) -> Result<(), Fault> {
    let (owner, draft) = draft_of(op, id).await?;
    if owner.state != State::Draft {
        return Err(Fault::conflict("launched", "This campaign was launched already."));
    }
    let found = check(op, &draft).await?;
    let refusals: Vec<&Finding> =
        found.iter().chain(senders).filter(|finding| finding.severity == Severity::Refuse).collect();
    if !refusals.is_empty() {
        let mut fault = Fault::refused("launch_refused", "The campaign cannot be launched as it is.");
        for finding in refusals {
            fault = fault.with_field(&finding.place, &finding.message);
        }
        return Err(fault);
    }
    let mut tx = op.app.db.write().await?;
    let touched = store::execute!(
        tx,
        "UPDATE campaigns SET state = 'launching' WHERE workspace_id = $1 AND id = $2 AND state = 'draft'",
        op.ws().get(),
        id.get()
    )?;
    if touched == 0 {
        return Err(Fault::conflict("launched", "This campaign was launched already."));
    }
    let key = id.to_string();
    let job = NewJob {
        id: op.next_id(),
        kind: JOB_LAUNCH,
        payload: json!({ "campaign_id": id }).to_string(),
        dedup_key: Some(&key),
        run_after: op.now(),
    };
    jobs::enqueue(&mut tx, op.ws(), job, op.now()).await?;
    op.audit(&mut tx, "campaign_launched", "campaign", id, json!({})).await?;
    tx.commit().await?;
    Ok(())
}

const BATCH: i64 = 2_000;

/// Does what `launch` asked for: freezes the audience, copies it to the members, sets the first wave due. Every step can be
/// repeated after a crash.
pub async fn run_launch(op: &Op, id: CampaignId) -> Result<(), Fault> {
    let (owner, draft) = draft_of(op, id).await?;
    if owner.state != State::Launching {
        return Ok(());
    }
    let audience_id = match owner.audience_id {
        Some(known) => known,
        None => {
            let salt = hex::encode(op.app.random::<16>());
            let frozen = match (owner.kind, owner.entry) {
                (Kind::Journey, Entry::Hand) => audience::open(op, &salt, owner.holdout_share).await?,
                _ => audience::freeze(op, owner.segment_id, &salt, owner.holdout_share).await?,
            };
            let mut tx = op.app.db.write().await?;
            store::execute!(
                tx,
                "UPDATE campaigns SET audience_id = $3 WHERE workspace_id = $1 AND id = $2",
                op.ws().get(),
                id.get(),
                frozen.get()
            )?;
            tx.commit().await?;
            frozen
        }
    };
    let now = op.campaign_now();
    let walk = match owner.kind {
        Kind::Once => None,
        Kind::Journey => draft.waves.first().map(|wave| journey::walk(op, wave.after_days)),
    };
    copy_members(op, id, audience_id, walk).await?;
    let mut tx = op.app.db.write().await?;
    match owner.kind {
        Kind::Once => store::execute!(
            tx,
            "UPDATE waves SET due_at = $3 WHERE workspace_id = $1 AND campaign_id = $2 AND position = 0",
            op.ws().get(),
            id.get(),
            now.millis()
        )?,
        Kind::Journey => journey::open_steps(&mut tx, op.ws(), id, now).await?,
    };
    store::execute!(
        tx,
        "UPDATE campaigns SET state = 'running', launched_at = $3, looked_at = $3 WHERE workspace_id = $1 AND id = $2 AND state = 'launching'",
        op.ws().get(),
        id.get(),
        now.millis()
    )?;
    tx.commit().await?;
    op.app.hub.publish(op.ws(), format!("campaign:{id}"), json!({ "state": "running" }));
    Ok(())
}

/// The frozen people as members; those of a journey enter it at once.
async fn copy_members(
    op: &Op,
    id: CampaignId,
    audience: AudienceId,
    walk: Option<Walk>,
) -> Result<(), Fault> {
    let mut after = CustomerId(0);
    loop {
        let mut tx = op.app.db.write().await?;
        let people = store::fetch_all!(
            tx,
            (i64, bool),
            "SELECT customer_id, holdout FROM audience_members WHERE workspace_id = $1 AND audience_id = $2 AND customer_id > $3 ORDER BY customer_id LIMIT $4",
            op.ws().get(),
            audience.get(),
            after.get(),
            BATCH
        )?;
        let Some((last, _)) = people.last() else { return Ok(()) };
        after = CustomerId(*last);
        let people: Vec<(CustomerId, bool)> =
            people.into_iter().map(|(customer, holdout)| (CustomerId(customer), holdout)).collect();
        insert_members(&mut tx, op.ws(), id, &people, walk).await?;
        tx.commit().await?;
    }
}
