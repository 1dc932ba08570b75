//! The queue of doubtful pairs, as somebody wants to work through it.

use basis::{Fault, WorkspaceId, fold};
use serde::Deserialize;
use store::Tx;

/// An open question.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Asked {
    pub id: i64,
    pub record_a: i64,
    pub record_b: i64,
    pub customer_a: i64,
    pub customer_b: i64,
    pub probability: f64,
    pub reasons: String,
    pub value_minor: i64,
    sort_key: String,
    search_a: String,
    search_b: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The most money first.
    Value,
    Likely,
    Unlikely,
    Name,
}

/// The queue is kept at 2,000 questions; what came since the last whole run is more.
const MOST: i64 = 5_000;

#[derive(Deserialize)]
struct Reason<'a> {
    #[serde(borrow)]
    field: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    level: std::borrow::Cow<'a, str>,
}

impl Asked {
    /// Whether both records say something of this field, and not the same.
    fn differs_in(&self, field: &str) -> bool {
        let reasons: Vec<Reason<'_>> = serde_json::from_str(&self.reasons).unwrap_or_default();
        reasons.iter().any(|r| r.field == field && r.level != "same" && !r.level.ends_with("_same"))
    }

    fn names(&self, words: &[String]) -> bool {
        words.iter().all(|w| self.search_a.contains(w) || self.search_b.contains(w))
    }
}

/// Open questions in the wanted order; those of `later` come last, in the order in which they were put off.
///
/// # Errors
/// The database's.
pub async fn open(
    tx: &mut Tx,
    ws: WorkspaceId,
    order: Order,
    differs: &str,
    name: &str,
    later: &[i64],
) -> Result<Vec<Asked>, Fault> {
    let mut rows = store::fetch_all!(
        *tx,
        Asked,
        "SELECT q.id, q.record_a, q.record_b, q.customer_a, q.customer_b, q.probability, q.reasons, q.value_minor,
                a.sort_key, a.search_key AS search_a, b.search_key AS search_b
         FROM review_pairs q
         JOIN customers a ON a.workspace_id = q.workspace_id AND a.id = q.customer_a
         JOIN customers b ON b.workspace_id = q.workspace_id AND b.id = q.customer_b
         WHERE q.workspace_id = $1 AND q.state = 'open' ORDER BY q.value_minor DESC, q.id LIMIT $2",
        ws.get(),
        MOST
    )?;
    let words: Vec<String> = name.split_whitespace().map(fold).filter(|w| !w.is_empty()).collect();
    rows.retain(|q| (differs.is_empty() || q.differs_in(differs)) && q.names(&words));
    // Stable, so that equals keep the order of value.
    match order {
        Order::Value => {}
        Order::Likely => rows.sort_by(|a, b| b.probability.total_cmp(&a.probability)),
        Order::Unlikely => rows.sort_by(|a, b| a.probability.total_cmp(&b.probability)),
        Order::Name => rows.sort_by(|a, b| a.sort_key.cmp(&b.sort_key)),
    }
    rows.sort_by_key(|q| later.iter().position(|id| *id == q.id).map_or(0, |at| at + 1));
    Ok(rows)
}

/// The open question about two records.
///
/// # Errors
/// The database's.
pub async fn of_records(tx: &mut Tx, ws: WorkspaceId, records: (i64, i64)) -> Result<Option<Asked>, Fault> {
    Ok(store::fetch_optional!(
        *tx,
        Asked,
        "SELECT q.id, q.record_a, q.record_b, q.customer_a, q.customer_b, q.probability, q.reasons, q.value_minor,
                a.sort_key, a.search_key AS search_a, b.search_key AS search_b
         FROM review_pairs q
         JOIN customers a ON a.workspace_id = q.workspace_id AND a.id = q.customer_a
         JOIN customers b ON b.workspace_id = q.workspace_id AND b.id = q.customer_b
         WHERE q.workspace_id = $1 AND q.state = 'open' AND q.record_a = $2 AND q.record_b = $3",
        ws.get(),
        records.0,
        records.1
    )?)
}
