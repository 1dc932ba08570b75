//! Versions of beliefs in the database.

use std::fmt::Write as _;

use access::Op;
use ahash::AHashSet;
use basis::{Fault, WorkspaceId};
use serde_json::json;
use store::Tx;

use crate::rules::frozen::Frozen;

/// Why a version was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    First,
    /// The base has grown or shrunk by a third since.
    Growth,
    /// A person asked.
    Asked,
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Growth => "growth",
            Self::Asked => "asked",
        }
    }
}

/// The version in force and the mark of the last change of the people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct State {
    pub model_id: i64,
    pub mark: i64,
}

/// What a version changed when it came into force.
#[derive(Debug, Clone, Copy, Default)]
pub struct Effect {
    pub records: usize,
    pub customers: usize,
    pub merged: usize,
    pub split: usize,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct VersionRow {
    pub id: i64,
    pub learned_at: i64,
    pub reason: String,
    pub records: i64,
    pub customers: i64,
    pub merged: i64,
    pub split: i64,
    pub beliefs: String,
    pub previous_id: Option<i64>,
    pub undone_at: Option<i64>,
}

/// Values of older versions are dropped: those can be read about, not gone back to.
const KEPT: usize = 3;
/// Values a row of the table.
const PART: usize = 4_000;

pub async fn state(tx: &mut Tx, ws: WorkspaceId) -> Result<Option<State>, Fault> {
    Ok(store::fetch_optional!(
        *tx,
        State,
        "SELECT model_id, mark FROM identity_state WHERE workspace_id = $1",
        ws.get()
    )?)
}

pub async fn set_state(tx: &mut Tx, ws: WorkspaceId, state: State) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO identity_state (workspace_id, model_id, mark) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id) DO UPDATE SET model_id = excluded.model_id, mark = excluded.mark",
        ws.get(),
        state.model_id,
        state.mark
    )?;
    Ok(())
}

/// Versions, newest first.
pub async fn versions(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<VersionRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        VersionRow,
        "SELECT id, learned_at, reason, records, customers, merged, split, beliefs, previous_id, undone_at
         FROM identity_models WHERE workspace_id = $1 ORDER BY id DESC LIMIT 100",
        ws.get()
    )?)
}

/// A version as it was learned.
pub async fn read(tx: &mut Tx, ws: WorkspaceId, id: i64) -> Result<Option<Frozen>, Fault> {
    let head = store::fetch_optional!(
        *tx,
        (String,),
        "SELECT beliefs FROM identity_models WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id
    )?;
    let Some(mut frozen) = head.and_then(|h| serde_json::from_str::<Frozen>(&h.0).ok()) else {
        return Ok(None);
    };
    let parts = store::fetch_all!(
        *tx,
        (String,),
        "SELECT body FROM identity_model_values WHERE workspace_id = $1 AND model_id = $2 ORDER BY part",
        ws.get(),
        id
    )?;
    // A version without its values has been dropped; one that knew none keeps an empty part.
    if parts.is_empty() {
        return Ok(None);
    }
    for (body,) in parts {
        frozen.known.extend(body.split(',').filter_map(|entry| {
            let (hash, n) = entry.split_once(':')?;
            Some((u64::from_str_radix(hash, 16).ok()?, n.parse().ok()?))
        }));
    }
    Ok(Some(frozen))
}

/// Puts a new version in force. Answers with its number.
pub async fn publish(op: &Op, frozen: &Frozen, reason: Reason, effect: Effect) -> Result<i64, Fault> {
    let ws = op.ws();
    let id = op.next_id();
    write_values(op, id, frozen).await?;
    let mut tx = op.app.db.write().await?;
    let previous = state(&mut tx, ws).await?.map(|s| s.model_id);
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let beliefs = serde_json::to_string(frozen)
        .map_err(|e| Fault::internal("identity_model", format!("the model cannot be written: {e}")))?;
    store::execute!(
        tx,
        "INSERT INTO identity_models (workspace_id, id, learned_at, actor_id, reason, records, customers, merged, split, beliefs, previous_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        ws.get(),
        id,
        op.campaign_now().millis(),
        if reason == Reason::Asked { op.actor.id } else { 0 },
        reason.word(),
        number(effect.records),
        number(effect.customers),
        number(effect.merged),
        number(effect.split),
        beliefs,
        previous
    )?;
    set_state(&mut tx, ws, State { model_id: id, mark: op.next_id() }).await?;
    let fact = json!({ "model_id": id.to_string(), "reason": reason.word(), "merged": effect.merged, "split": effect.split });
    store::outbox::publish(&mut tx, ws, op.next_id(), "identity_model_published", &fact, op.now()).await?;
    op.audit(&mut tx, "identity.learn", "identity_model", id, fact).await?;
    let old: Vec<i64> = versions(&mut tx, ws).await?.iter().skip(KEPT).map(|v| v.id).collect();
    for model in old {
        drop_values(&mut tx, ws, model).await?;
    }
    tx.commit().await?;
    Ok(id)
}

async fn drop_values(tx: &mut Tx, ws: WorkspaceId, model: i64) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "DELETE FROM identity_model_values WHERE workspace_id = $1 AND model_id = $2",
        ws.get(),
        model
    )?;
    Ok(())
}

async fn write_values(op: &Op, model: i64, frozen: &Frozen) -> Result<(), Fault> {
    let mut all: Vec<(u64, u32)> = frozen.known.iter().map(|(hash, n)| (*hash, *n)).collect();
    all.sort_unstable();
    let mut bodies: Vec<String> = all
        .chunks(PART)
        .map(|chunk| {
            let mut body = String::with_capacity(chunk.len() * 20);
            for (at, (hash, n)) in chunk.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                // Writing to a string cannot fail.
                let _ = write!(body, "{comma}{hash:x}:{n}");
            }
            body
        })
        .collect();
    if bodies.is_empty() {
        bodies.push(String::new());
    }
    let parts: Vec<(i64, String)> = (0_i64..).zip(bodies).collect();
    let ws = op.ws().get();
    for some in parts.chunks(20) {
        let mut tx = op.app.db.write().await?;
        store::insert_many!(
            tx,
            "INSERT INTO identity_model_values (workspace_id, model_id, part, body)",
            some,
            |p| [ws, model, p.0, p.1.as_str()]
        )?;
        tx.commit().await?;
    }
    Ok(())
}

/// Takes values out of every version kept: what an erased person alone had leaves the frequencies too.
pub async fn forget(op: &Op, traces: &AHashSet<u64>) -> Result<(), Fault> {
    if traces.is_empty() {
        return Ok(());
    }
    let ws = op.ws();
    let mut tx = op.app.db.read().await?;
    let kept: Vec<i64> = versions(&mut tx, ws).await?.iter().take(KEPT).map(|v| v.id).collect();
    let mut held = Vec::new();
    for id in kept {
        if let Some(mut frozen) = read(&mut tx, ws, id).await? {
            let before = frozen.known.len();
            frozen.known.retain(|hash, _| !traces.contains(hash));
            if frozen.known.len() < before {
                held.push((id, frozen));
            }
        }
    }
    drop(tx);
    for (id, frozen) in held {
        let mut tx = op.app.db.write().await?;
        drop_values(&mut tx, ws, id).await?;
        tx.commit().await?;
        write_values(op, id, &frozen).await?;
    }
    Ok(())
}

/// Marks a version as taken back and puts the one before it in force.
pub async fn take_back(op: &Op, id: i64) -> Result<(State, Frozen), Fault> {
    let ws = op.ws();
    let mut tx = op.app.db.write().await?;
    let in_force = state(&mut tx, ws).await?;
    let version = versions(&mut tx, ws).await?.into_iter().find(|v| v.id == id);
    let Some(version) = version else {
        return Err(Fault::not_found("identity_model", format!("there is no version {id} here")));
    };
    if in_force.is_none_or(|s| s.model_id != id) {
        return Err(Fault::conflict(
            "identity_model_not_in_force",
            "only the version in force can be taken back",
        ));
    }
    let gone = || Fault::conflict("identity_model_first", "there is no earlier version to go back to");
    let previous = version.previous_id.ok_or_else(gone)?;
    let frozen = read(&mut tx, ws, previous).await?.ok_or_else(gone)?;
    store::execute!(
        tx,
        "UPDATE identity_models SET undone_at = $3 WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id,
        op.campaign_now().millis()
    )?;
    let state = State { model_id: previous, mark: op.next_id() };
    set_state(&mut tx, ws, state).await?;
    op.audit(&mut tx, "identity.learn_undo", "identity_model", id, json!({})).await?;
    tx.commit().await?;
    Ok((state, frozen))
}
