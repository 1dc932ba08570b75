//! Decisions of people: merge, keep apart, undo.

use access::Op;
use basis::{Fault, MergeId, ReviewId};
use serde_json::json;
use store::Tx;

use super::run::{self, Touched};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Pair {
    pub record_a: i64,
    pub record_b: i64,
    pub customer_a: i64,
    pub customer_b: i64,
    pub weight: f64,
    pub probability: f64,
    pub reasons: String,
    pub state: String,
}

async fn pair(tx: &mut Tx, op: &Op, id: ReviewId) -> Result<Pair, Fault> {
    store::fetch_optional!(
        *tx,
        Pair,
        "SELECT record_a, record_b, customer_a, customer_b, weight, probability, reasons, state FROM review_pairs WHERE workspace_id = $1 AND id = $2",
        op.ws().get(),
        id.get()
    )?
    .ok_or_else(|| Fault::not_found("review", format!("there is no question {id} here")))
}

/// Answers a question; the answer is undone under the question's id.
///
/// # Errors
/// Answered already, or the database's.
pub async fn decide(op: &Op, id: ReviewId, merge: bool) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    let pair = pair(&mut tx, op, id).await?;
    if pair.state != "open" {
        return Err(Fault::conflict("review_decided", "this pair has been decided already"));
    }
    let ws = op.ws().get();
    let state = if merge { "merged" } else { "apart" };
    store::execute!(
        tx,
        "UPDATE review_pairs SET state = $3, decided_by = $4, decided_at = $5 WHERE workspace_id = $1 AND id = $2",
        ws,
        id.get(),
        state,
        op.actor.id,
        op.now().millis()
    )?;
    link(&mut tx, op, pair.record_a, pair.record_b, merge).await?;
    if merge {
        store::execute!(
            tx,
            "INSERT INTO merges (workspace_id, id, customer_id, merged_id, record_a, record_b, weight, probability, reasons, kind, made_by, actor_id, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            ws,
            op.next_id(),
            pair.customer_a,
            pair.customer_b,
            pair.record_a,
            pair.record_b,
            pair.weight,
            pair.probability,
            pair.reasons,
            "by_hand",
            "user",
            op.actor.id,
            op.campaign_now().millis()
        )?;
    }
    op.audit(&mut tx, if merge { "review.merge" } else { "review.apart" }, "review", id, json!({})).await?;
    tx.commit().await?;
    run::refresh(op, Touched::Decisions).await?;
    Ok(())
}

/// Takes an answer back. Says which two records it was about: the engine may ask about them under another id.
///
/// # Errors
/// Not answered, or the database's.
pub async fn undo_review(op: &Op, id: ReviewId) -> Result<(i64, i64), Fault> {
    let mut tx = op.app.db.write().await?;
    let pair = pair(&mut tx, op, id).await?;
    if pair.state == "open" {
        return Err(Fault::conflict("review_open", "this pair has not been decided"));
    }
    let ws = op.ws().get();
    store::execute!(
        tx,
        "UPDATE review_pairs SET state = 'open', decided_by = NULL, decided_at = NULL WHERE workspace_id = $1 AND id = $2",
        ws,
        id.get()
    )?;
    unlink(&mut tx, op, pair.record_a, pair.record_b).await?;
    store::execute!(
        tx,
        "UPDATE merges SET undone_at = $4 WHERE workspace_id = $1 AND record_a = $2 AND record_b = $3 AND made_by = 'user' AND undone_at IS NULL",
        ws,
        pair.record_a,
        pair.record_b,
        op.campaign_now().millis()
    )?;
    op.audit(&mut tx, "review.undo", "review", id, json!({})).await?;
    tx.commit().await?;
    run::refresh(op, Touched::Decisions).await?;
    Ok((pair.record_a, pair.record_b))
}

/// Undoes a merge: the two records are kept apart from now on.
///
/// # Errors
/// Undone already, or the database's.
pub async fn undo_merge(op: &Op, id: MergeId) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    let ws = op.ws().get();
    let row = store::fetch_optional!(
        tx,
        (i64, i64, Option<i64>),
        "SELECT record_a, record_b, undone_at FROM merges WHERE workspace_id = $1 AND id = $2",
        ws,
        id.get()
    )?
    .ok_or_else(|| Fault::not_found("merge", format!("there is no merge {id} here")))?;
    if row.2.is_some() {
        return Err(Fault::conflict("merge_undone", "this merge has been undone already"));
    }
    store::execute!(
        tx,
        "UPDATE merges SET undone_at = $3 WHERE workspace_id = $1 AND id = $2",
        ws,
        id.get(),
        op.campaign_now().millis()
    )?;
    store::execute!(
        tx,
        "UPDATE review_pairs SET state = 'apart', decided_by = $4, decided_at = $5 WHERE workspace_id = $1 AND record_a = $2 AND record_b = $3",
        ws,
        row.0.min(row.1),
        row.0.max(row.1),
        op.actor.id,
        op.now().millis()
    )?;
    link(&mut tx, op, row.0, row.1, false).await?;
    op.audit(&mut tx, "merge.undo", "merge", id, json!({})).await?;
    tx.commit().await?;
    run::refresh(op, Touched::Decisions).await?;
    Ok(())
}

/// Writes a decision about two records over an older one.
pub async fn link(tx: &mut Tx, op: &Op, a: i64, b: i64, must: bool) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO manual_links (workspace_id, record_a, record_b, must, made_by, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace_id, record_a, record_b) DO UPDATE SET must = excluded.must, made_by = excluded.made_by, at = excluded.at",
        op.ws().get(),
        a.min(b),
        a.max(b),
        must,
        op.actor.id,
        op.now().millis()
    )?;
    Ok(())
}

/// Forgets a decision about two records.
pub async fn unlink(tx: &mut Tx, op: &Op, a: i64, b: i64) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "DELETE FROM manual_links WHERE workspace_id = $1 AND record_a = $2 AND record_b = $3",
        op.ws().get(),
        a.min(b),
        a.max(b)
    )?;
    Ok(())
}
