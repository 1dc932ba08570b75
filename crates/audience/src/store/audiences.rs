use access::Op;
use basis::{AudienceId, CustomerId, Fault, SegmentId, WorkspaceId};
use store::Tx;

use super::{customers::ids, segments::rule_of};
use crate::rules::holdout::held_out;

/// Rows a transaction; a send or a click waits no longer than that takes.
const CHUNK: usize = 2_000;

/// Freezes the customers of a segment (`None`: the whole base) with the hold-out set aside. The audience's own row is written
/// last, so that one which was broken off is nobody's audience.
pub async fn freeze(
    op: &Op,
    segment: Option<SegmentId>,
    salt: &str,
    holdout_share: f64,
) -> Result<AudienceId, Fault> {
    if !(0.0..=0.9).contains(&holdout_share) {
        return Err(Fault::invalid("holdout_share", "the hold-out is a share from 0 to 0.9"));
    }
    let (ws, now) = (op.ws(), op.campaign_now());
    let mut tx = op.app.db.read().await?;
    let (json, rule) = rule_of(&mut tx, ws, segment).await?;
    let members = ids(&mut tx, &op.workspace, now, &rule).await?;
    drop(tx);
    let id = AudienceId(op.next_id());
    for chunk in members.chunks(CHUNK) {
        let mut tx = op.app.db.write().await?;
        store::insert_many!(
            tx,
            "INSERT INTO audience_members (workspace_id, audience_id, customer_id, holdout)",
            chunk,
            |customer| [ws.get(), id.get(), customer.get(), held_out(salt, *customer, holdout_share)]
        )?;
        tx.commit().await?;
    }
    keep(op, id, segment, &json, salt, holdout_share, members.len()).await?;
    Ok(id)
}

/// An audience that nobody is in yet: people are drawn with its salt as they come.
pub async fn open(op: &Op, salt: &str, holdout_share: f64) -> Result<AudienceId, Fault> {
    let id = AudienceId(op.next_id());
    keep(op, id, None, &serde_json::json!({}), salt, holdout_share, 0).await?;
    Ok(id)
}

async fn keep(
    op: &Op,
    id: AudienceId,
    segment: Option<SegmentId>,
    rule: &serde_json::Value,
    salt: &str,
    holdout_share: f64,
    customers: usize,
) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    store::execute!(
        tx,
        "INSERT INTO audiences (workspace_id, id, segment_id, rule, salt, holdout_share, frozen_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        op.ws().get(),
        id.get(),
        segment.map(SegmentId::get),
        rule.to_string(),
        salt,
        holdout_share,
        op.campaign_now().millis()
    )?;
    op.audit(&mut tx, "audience_frozen", "audience", id, serde_json::json!({ "customers": customers }))
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Who is in a segment now (`None`: the whole base), in the order of ids.
pub async fn members(op: &Op, segment: Option<SegmentId>) -> Result<Vec<CustomerId>, Fault> {
    let mut tx = op.app.db.read().await?;
    let (_, rule) = rule_of(&mut tx, op.ws(), segment).await?;
    ids(&mut tx, &op.workspace, op.campaign_now(), &rule).await
}

/// The salt with which a frozen audience was split; every further split of the same people is drawn with it.
pub async fn salt(tx: &mut Tx, ws: WorkspaceId, id: AudienceId) -> Result<Option<String>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (String,),
        "SELECT salt FROM audiences WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?;
    Ok(row.map(|(salt,)| salt))
}
