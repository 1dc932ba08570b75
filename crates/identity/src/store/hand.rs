//! Two cards that somebody looks at side by side: one person, two people, or undecided again.

use access::Op;
use basis::{CustomerId, Fault, Time};
use serde_json::json;
use store::Tx;

use super::load::{Loaded, Stored};
use super::run::{self, Touched};
use super::said::field_and_level;
use super::{decide, people};
use crate::rules::card::Base;
use crate::rules::compare;
use crate::rules::model::{self, Model};
use crate::rules::resolve::reasons;

/// Records of each card that are compared with those of the other.
const RECORDS: i64 = 40;

/// How alike two cards are by their two most alike records.
#[derive(Debug, Clone)]
pub struct Likeness {
    pub record_a: i64,
    pub record_b: i64,
    pub bits: f32,
    /// Codes with the bits each adds.
    pub reasons: Vec<(&'static str, f32)>,
    /// Names or sexes that one person cannot have together.
    pub contradicts: bool,
}

impl Likeness {
    #[must_use]
    pub fn probability(&self) -> f64 {
        if self.contradicts { 0.0 } else { model::probability(self.bits) }
    }
}

/// An earlier decision of a person about two cards.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Earlier {
    pub record_a: i64,
    pub record_b: i64,
    pub at: i64,
    pub who: String,
}

/// Compares two customers.
///
/// # Errors
/// One of them has no record, or the database's.
pub async fn likeness(tx: &mut Tx, op: &Op, a: i64, b: i64) -> Result<Likeness, Fault> {
    let mut loaded = Loaded::default();
    for record in people::records(tx, op.ws(), CustomerId(a), RECORDS).await? {
        loaded.push(Stored::of(&record), 0);
    }
    let half = loaded.records.len();
    for record in people::records(tx, op.ws(), CustomerId(b), RECORDS).await? {
        loaded.push(Stored::of(&record), 0);
    }
    let (customers,) = store::fetch_one!(
        *tx,
        (i64,),
        "SELECT COUNT(*) FROM customers WHERE workspace_id = $1",
        op.ws().get()
    )?;
    let base = Base::read(&loaded.batch);
    let model = Model::learn_frequencies(&base).sized(usize::try_from(customers).unwrap_or(usize::MAX));
    let mut best: Option<Likeness> = None;
    for left in 0..half {
        for right in half..loaded.records.len() {
            let c = compare::compare(
                &base,
                &model,
                base.card(base.card_of[left]),
                base.card(base.card_of[right]),
            );
            let contradicts = c.veto.is_some();
            let bits = model.prior + model.sum(&c.levels) + c.rarity;
            let better = best.as_ref().is_none_or(|b| {
                (b.contradicts && !contradicts) || (b.contradicts == contradicts && bits > b.bits)
            });
            if better {
                best = Some(Likeness {
                    record_a: loaded.records[left],
                    record_b: loaded.records[right],
                    bits,
                    reasons: reasons(&model, &c),
                    contradicts,
                });
            }
        }
    }
    best.ok_or_else(|| Fault::conflict("no_record", "one of the two customers has no record left"))
}

/// Decisions that two cards are two people (`must` false) or one, the oldest first.
///
/// # Errors
/// The database's.
pub async fn decided(tx: &mut Tx, op: &Op, a: i64, b: i64, must: bool) -> Result<Vec<Earlier>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        Earlier,
        "SELECT ml.record_a, ml.record_b, ml.at, COALESCE(u.name, '') AS who FROM manual_links ml
         JOIN record_customers ra ON ra.workspace_id = ml.workspace_id AND ra.record_id = ml.record_a
         JOIN record_customers rb ON rb.workspace_id = ml.workspace_id AND rb.record_id = ml.record_b
         LEFT JOIN users u ON u.id = ml.made_by
         WHERE ml.workspace_id = $1 AND ml.must = $4
           AND ((ra.customer_id = $2 AND rb.customer_id = $3) OR (ra.customer_id = $3 AND rb.customer_id = $2))
         ORDER BY ml.at, ml.record_a, ml.record_b",
        op.ws().get(),
        a,
        b,
        must
    )?)
}

/// Both customers under their current ids; two names of one customer are no pair.
async fn two(tx: &mut Tx, op: &Op, a: CustomerId, b: CustomerId) -> Result<(i64, i64), Fault> {
    let (a, b) = (people::customer(tx, op, a).await?.id, people::customer(tx, op, b).await?.id);
    if a == b {
        return Err(Fault::conflict("same_customer", "these two are one customer already"));
    }
    Ok((a, b))
}

async fn forget_all(tx: &mut Tx, op: &Op, earlier: &[Earlier], state: &str) -> Result<(), Fault> {
    for e in earlier {
        decide::unlink(tx, op, e.record_a, e.record_b).await?;
        store::execute!(
            *tx,
            "UPDATE review_pairs SET state = $4 WHERE workspace_id = $1 AND record_a = $2 AND record_b = $3 AND state = 'apart'",
            op.ws().get(),
            e.record_a,
            e.record_b,
            state
        )?;
    }
    Ok(())
}

/// What came of joining two cards by hand.
#[derive(Debug, Clone, Copy)]
pub struct Joined {
    pub customer: CustomerId,
    pub merge: i64,
}

/// Joins two cards. A decision that keeps them apart stands against it, unless the caller has seen it and decides `over` it.
///
/// # Errors
/// One customer already, kept apart by an earlier decision, or the database's.
pub async fn join(op: &Op, a: CustomerId, b: CustomerId, over: bool) -> Result<Joined, Fault> {
    let mut tx = op.app.db.write().await?;
    let (a, b) = two(&mut tx, op, a, b).await?;
    let against = decided(&mut tx, op, a, b, false).await?;
    if let Some(first) = against.first()
        && !over
    {
        let day = Time::from_millis(first.at).timestamp().to_zoned(op.workspace.tz()).date();
        let who = if first.who.is_empty() { String::new() } else { format!(" by {}", first.who) };
        let text =
            format!("it was decided on {day}{who} that these are two people; take that back to join them");
        return Err(Fault::conflict("kept_apart", text));
    }
    forget_all(&mut tx, op, &against, "merged").await?;
    let found = likeness(&mut tx, op, a, b).await?;
    decide::link(&mut tx, op, found.record_a, found.record_b, true).await?;
    let said: Vec<_> = found
        .reasons
        .iter()
        .map(|(code, bits)| {
            let (field, level) = field_and_level(code);
            json!({ "field": field, "level": level, "weight": (f64::from(*bits) * 100.0).round() / 100.0 })
        })
        .collect();
    let merge = op.next_id();
    store::execute!(
        tx,
        "INSERT INTO merges (workspace_id, id, customer_id, merged_id, record_a, record_b, weight, probability, reasons, kind, made_by, actor_id, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'by_hand', 'user', $10, $11)",
        op.ws().get(),
        merge,
        a,
        b,
        found.record_a.min(found.record_b),
        found.record_a.max(found.record_b),
        f64::from(found.bits),
        1.0_f64,
        serde_json::Value::Array(said).to_string(),
        op.actor.id,
        op.campaign_now().millis()
    )?;
    let detail = json!({ "other": b.to_string(), "over": against.len() });
    op.audit(&mut tx, "customer.join", "customer", a, detail).await?;
    tx.commit().await?;
    run::refresh(op, Touched::Decisions).await?;
    let mut tx = op.app.db.read().await?;
    let now = people::current_id(&mut tx, op.ws(), CustomerId(a)).await?;
    if now != people::current_id(&mut tx, op.ws(), CustomerId(b)).await? {
        return Err(Fault::conflict(
            "not_joined",
            "an earlier decision about a third record keeps these two apart; look at the decisions of both cards",
        ));
    }
    Ok(Joined { customer: now, merge })
}

/// Keeps two cards apart, whatever later records say; an open question about them is answered by it.
///
/// # Errors
/// One customer already, or the database's.
pub async fn keep_apart(op: &Op, a: CustomerId, b: CustomerId) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    let (a, b) = two(&mut tx, op, a, b).await?;
    let together = decided(&mut tx, op, a, b, true).await?;
    forget_all(&mut tx, op, &together, "apart").await?;
    let open = store::fetch_all!(
        tx,
        (i64, i64, i64),
        "SELECT id, record_a, record_b FROM review_pairs WHERE workspace_id = $1 AND state = 'open'
           AND ((customer_a = $2 AND customer_b = $3) OR (customer_a = $3 AND customer_b = $2))",
        op.ws().get(),
        a,
        b
    )?;
    for (id, record_a, record_b) in &open {
        decide::link(&mut tx, op, *record_a, *record_b, false).await?;
        store::execute!(
            tx,
            "UPDATE review_pairs SET state = 'apart', decided_by = $3, decided_at = $4 WHERE workspace_id = $1 AND id = $2",
            op.ws().get(),
            *id,
            op.actor.id,
            op.now().millis()
        )?;
    }
    if open.is_empty() {
        let found = likeness(&mut tx, op, a, b).await?;
        decide::link(&mut tx, op, found.record_a, found.record_b, false).await?;
    }
    op.audit(&mut tx, "customer.apart", "customer", a, json!({ "other": b.to_string() })).await?;
    tx.commit().await?;
    run::refresh(op, Touched::Decisions).await?;
    Ok(())
}

/// Takes decisions that keep two cards apart back: the engine judges them again.
///
/// # Errors
/// One customer already, nothing was decided, or the database's.
pub async fn undecide(op: &Op, a: CustomerId, b: CustomerId) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    let (a, b) = two(&mut tx, op, a, b).await?;
    let apart = decided(&mut tx, op, a, b, false).await?;
    if apart.is_empty() {
        return Err(Fault::conflict("not_decided", "nobody has decided about these two"));
    }
    forget_all(&mut tx, op, &apart, "open").await?;
    op.audit(&mut tx, "customer.undecide", "customer", a, json!({ "other": b.to_string() })).await?;
    tx.commit().await?;
    run::refresh(op, Touched::Decisions).await?;
    Ok(())
}
