//! Makes the stored people equal to what the engine finds: a few records at a time on the living base, or the whole base anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use access::{App, Op};
use ahash::{AHashMap, AHashSet};
use basis::{Fault, ImportId, WorkspaceId};
use serde::Serialize;

use super::arrivals;
use super::load::{self, Loaded};
use super::models::{self, Effect, Reason, State};
use super::plan::{self, Plan};
use super::write;
use crate::rules::card::Base;
use crate::rules::frozen::{Frozen, traces};
use crate::rules::live::{Live, Row};
use crate::rules::resolve::Bands;

/// What happened since the last run.
#[derive(Debug, Clone)]
pub enum Touched {
    /// An import or its undo stored all it will.
    Import(ImportId),
    /// These records are new, changed or no longer in force.
    Records(Vec<i64>),
    /// People decided about pairs; records are as they were.
    Decisions,
    /// Nobody knows: everything is compared with what is stored.
    Anything,
    /// As [`Touched::Anything`], and every card is written anew.
    All,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Refreshed {
    /// Records looked at: of the whole base, or of the people who may have changed.
    pub records: usize,
    pub customers: usize,
    /// Customers that went into others, and parts that left.
    pub merged: usize,
    pub split: usize,
    /// Cards written.
    pub written: usize,
}

/// A workspace's base in memory, as of the mark in the database.
#[derive(Debug)]
struct Engine {
    live: Live,
    state: State,
    /// Record and row of each other, and the money behind a row.
    row_of: AHashMap<i64, Row>,
    records: Vec<i64>,
    values: Vec<i64>,
    /// Database ids of the sources by their numbers.
    sources: Vec<i64>,
}

/// Workspaces whose base is kept in memory at the same time.
const KEPT: usize = 4;

/// What the slice keeps while the installation runs.
#[derive(Debug, Default)]
struct Engines {
    /// The most recently used last.
    kept: Mutex<Vec<(WorkspaceId, Engine)>>,
    locks: Mutex<HashMap<WorkspaceId, Arc<tokio::sync::Mutex<()>>>>,
    /// Records whose change was told before the import that changes them ended.
    told: Mutex<HashMap<WorkspaceId, AHashSet<i64>>>,
}

impl Engines {
    fn take(&self, ws: WorkspaceId) -> Option<Engine> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|k| k.0 == ws)?;
        Some(kept.remove(at).1)
    }

    fn keep(&self, ws: WorkspaceId, engine: Engine) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.0 != ws);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((ws, engine));
    }

    fn told(&self, ws: WorkspaceId) -> AHashSet<i64> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).remove(&ws).unwrap_or_default()
    }
}

/// Remembers that records change; the run at the end of their import takes them in.
pub fn tell(op: &Op, records: impl IntoIterator<Item = i64>) {
    let engines = op.app.kept::<Engines>();
    let mut told = engines.told.lock().unwrap_or_else(PoisonError::into_inner);
    told.entry(op.ws()).or_default().extend(records);
}

/// Runs over one workspace wait for each other, as do erasures.
pub fn lock_of(app: &App, ws: WorkspaceId) -> Arc<tokio::sync::Mutex<()>> {
    let engines = app.kept::<Engines>();
    let mut locks = engines.locks.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(locks.entry(ws).or_default())
}

/// Lets go of what is kept in memory of a workspace.
pub fn drop_engine(op: &Op) {
    arrivals::forget(op);
    drop(op.app.kept::<Engines>().take(op.ws()));
}

/// After an erasure: the base is read anew, and what only the erased records said leaves the frequencies of every version.
///
/// # Errors
/// The database's.
pub async fn forget(op: &Op, traces: AHashSet<u64>) -> Result<(), Fault> {
    drop_engine(op);
    refresh_locked(op, Touched::Anything).await?;
    let engines = op.app.kept::<Engines>();
    let Some(mut engine) = engines.take(op.ws()) else { return Ok(()) };
    let (engine, lone) = blocking(move || {
        let lone = engine.live.forget(&traces);
        (engine, lone)
    })
    .await?;
    models::forget(op, &lone).await?;
    engines.keep(op.ws(), engine);
    Ok(())
}

/// Hashes under which the values of these records are counted.
///
/// # Errors
/// The database's.
pub async fn traces_of(op: &Op, records: &[i64]) -> Result<AHashSet<u64>, Fault> {
    let mut tx = op.app.db.read().await?;
    let state = models::state(&mut tx, op.ws()).await?;
    let frozen = match state {
        Some(state) => models::read(&mut tx, op.ws(), state.model_id).await?,
        None => None,
    };
    let loaded = load::load_some(&mut tx, op.ws(), records, &mut Vec::new()).await?;
    drop(tx);
    let Some(frozen) = frozen else { return Ok(AHashSet::new()) };
    let base = Base::read_as(&loaded.batch, frozen.plan, frozen.month_first);
    Ok(base.cards.iter().flat_map(|card| traces(&base, card)).collect())
}

/// Brings people up to date. The outcome depends on the set of records, on decisions and on the version of beliefs in force, not on
/// the order in which they arrived; ids stay with the people they were given to.
///
/// # Errors
/// The database's.
pub async fn refresh(op: &Op, touched: Touched) -> Result<Refreshed, Fault> {
    let lock = lock_of(&op.app, op.ws());
    let _guard = lock.lock().await;
    refresh_locked(op, touched).await
}

/// As [`refresh`], for a caller that holds the lock.
pub async fn refresh_locked(op: &Op, touched: Touched) -> Result<Refreshed, Fault> {
    let engines = op.app.kept::<Engines>();
    let mut tx = op.app.db.read().await?;
    let state = models::state(&mut tx, op.ws()).await?;
    let engine = engines.take(op.ws()).filter(|e| Some(e.state) == state);
    let mut told: AHashSet<i64> = AHashSet::new();
    let known = match &touched {
        Touched::Import(import) => {
            told = engines.told(op.ws());
            if state.is_some() {
                told.extend(load::records_of_import(&mut tx, op.ws(), *import).await?);
            }
            true
        }
        Touched::Records(records) => {
            told.extend(records.iter().copied());
            true
        }
        Touched::Decisions => true,
        Touched::Anything | Touched::All => false,
    };
    drop(tx);
    if let Some(engine) = engine
        && known
        && !outgrown(engine.live.beliefs(), engine.row_of.len() + told.len())
    {
        return step(op, &engines, engine, told.into_iter().collect()).await;
    }
    whole(op, &engines, state, told, matches!(touched, Touched::All), None).await
}

/// Whether a base has changed its size by a third since its beliefs were learned.
fn outgrown(beliefs: &Frozen, records: usize) -> bool {
    beliefs.records.abs_diff(records).saturating_mul(3) > beliefs.records
}

/// Learns anew from the base as it is and puts the new version in force.
///
/// # Errors
/// The database's.
pub async fn relearn(op: &Op) -> Result<Refreshed, Fault> {
    let lock = lock_of(&op.app, op.ws());
    let _guard = lock.lock().await;
    let engines = op.app.kept::<Engines>();
    drop(engines.take(op.ws()));
    let mut tx = op.app.db.read().await?;
    let state = models::state(&mut tx, op.ws()).await?;
    drop(tx);
    whole(op, &engines, state, AHashSet::new(), false, Some(Reason::Asked)).await
}

/// Takes a version of beliefs back: people are what the version before it finds in the records as they are now.
///
/// # Errors
/// Not in force, or nothing to go back to.
pub async fn undo_relearn(op: &Op, model: i64) -> Result<Refreshed, Fault> {
    let lock = lock_of(&op.app, op.ws());
    let _guard = lock.lock().await;
    drop_engine(op);
    let (state, _) = models::take_back(op, model).await?;
    let engines = op.app.kept::<Engines>();
    whole_under(op, &engines, state).await
}

async fn whole_under(op: &Op, engines: &Engines, state: State) -> Result<Refreshed, Fault> {
    let mut tx = op.app.db.read().await?;
    let frozen = models::read(&mut tx, op.ws(), state.model_id).await?;
    drop(tx);
    let made = make_whole(op, frozen, &AHashSet::new(), false).await?;
    finish(op, engines, made, None).await
}

/// The whole base anew, under the version in force or a new one.
async fn whole(
    op: &Op,
    engines: &Engines,
    state: Option<State>,
    changed: AHashSet<i64>,
    all: bool,
    asked: Option<Reason>,
) -> Result<Refreshed, Fault> {
    let mut frozen = None;
    let mut reason = asked;
    if asked.is_none() {
        let mut tx = op.app.db.read().await?;
        if let Some(state) = state {
            frozen = models::read(&mut tx, op.ws(), state.model_id).await?;
        }
        let (records,) = store::fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM records WHERE workspace_id = $1 AND current",
            op.ws().get()
        )?;
        drop(tx);
        let records = usize::try_from(records).unwrap_or(0);
        if frozen.is_none() {
            reason = Some(Reason::First);
        } else if frozen.as_ref().is_some_and(|f| outgrown(f, records)) {
            reason = Some(Reason::Growth);
            frozen = None;
        }
    }
    let made = make_whole(op, frozen, &changed, all).await?;
    finish(op, engines, made, reason).await
}

/// An engine and what it wants written.
struct Made {
    engine: Engine,
    plan: Plan,
}

async fn make_whole(
    op: &Op,
    frozen: Option<Frozen>,
    changed: &AHashSet<i64>,
    all: bool,
) -> Result<Made, Fault> {
    let mut tx = op.app.db.read().await?;
    let mut loaded = match arrivals::whole_base(&mut tx, op).await? {
        Some(arrived) => arrived,
        None => load::load(&mut tx, op.ws()).await?,
    };
    loaded.leftover = load::leftover(&mut tx, op.ws()).await?;
    drop(tx);
    loaded.changed = changed.iter().filter_map(|id| loaded.records.binary_search(id).ok()).collect();
    let app = op.app.clone();
    blocking(move || {
        let mut live = Live::build(&loaded.batch, &loaded.decisions, Bands::default(), frozen);
        let values: Vec<i64> = (0..loaded.batch.len()).map(|row| loaded.batch.value(row)).collect();
        let settled = live.whole(|row| values.get(row as usize).copied().unwrap_or(0));
        let mut plan = plan::plan(&loaded, &settled.found, all, |n| app.next_ids(n));
        drop(settled);
        plan.take_records(&loaded);
        let row_of = (0_u32..).zip(&loaded.records).map(|(row, id)| (*id, row)).collect();
        let state = State { model_id: 0, mark: 0 };
        let engine = Engine { live, state, row_of, records: loaded.records, values, sources: loaded.sources };
        Made { engine, plan }
    })
    .await
}

/// Writes a plan, publishes the version it stands on when that is new, and keeps the engine.
async fn finish(op: &Op, engines: &Engines, made: Made, publish: Option<Reason>) -> Result<Refreshed, Fault> {
    let Made { mut engine, plan } = made;
    let done = Refreshed {
        records: plan.records,
        customers: plan.customers,
        merged: plan.merged.len(),
        split: plan.split.len(),
        written: plan.people.len(),
    };
    write::write(op, plan).await?;
    if let Some(reason) = publish {
        let effect = Effect {
            records: done.records,
            customers: done.customers,
            merged: done.merged,
            split: done.split,
        };
        models::publish(op, engine.live.beliefs(), reason, effect).await?;
    }
    let mut tx = op.app.db.write().await?;
    if let Some(state) = models::state(&mut tx, op.ws()).await? {
        engine.state = State { mark: op.next_id(), ..state };
        models::set_state(&mut tx, op.ws(), engine.state).await?;
    }
    tx.commit().await?;
    engines.keep(op.ws(), engine);
    tracing::info!(
        records = done.records,
        customers = done.customers,
        written = done.written,
        "people of the base are up to date"
    );
    Ok(done)
}

/// A few records join, change or leave.
async fn step(
    op: &Op,
    engines: &Engines,
    mut engine: Engine,
    mut changed: Vec<i64>,
) -> Result<Refreshed, Fault> {
    changed.sort_unstable();
    let mut tx = op.app.db.read().await?;
    let mut sources = std::mem::take(&mut engine.sources);
    let arrived = load::load_some(&mut tx, op.ws(), &changed, &mut sources).await?;
    let withdrawn = load::withdrawn_of(&mut tx, op.ws(), &changed).await?;
    let links = load::links(&mut tx, op.ws()).await?;
    drop(tx);
    let (mut engine, affected, changed) = blocking(move || {
        engine.sources = sources;
        let affected = engine.absorb(&changed, &arrived, &links);
        (engine, affected, changed)
    })
    .await?;
    let mut tx = op.app.db.read().await?;
    let mut sources = std::mem::take(&mut engine.sources);
    let mut loaded = load::load_some(&mut tx, op.ws(), &affected, &mut sources).await?;
    drop(tx);
    loaded.withdrawn = withdrawn;
    loaded.sources.clone_from(&sources);
    loaded.changed = changed.iter().filter_map(|id| loaded.records.binary_search(id).ok()).collect();
    let app = op.app.clone();
    let (engine, plan) = blocking(move || {
        engine.sources = sources;
        let plan = engine.plan(&loaded, |n| app.next_ids(n));
        (engine, plan)
    })
    .await?;
    match plan {
        Some(plan) => finish(op, engines, Made { engine, plan }, None).await,
        // Records changed meanwhile without a word: the whole base is compared.
        None => {
            let state = engine.state;
            drop(engine);
            whole(op, engines, Some(state), AHashSet::new(), false, None).await
        }
    }
}

impl Engine {
    /// Takes changes in; answers with the records of everybody who may have changed, in order.
    fn absorb(&mut self, changed: &[i64], arrived: &Loaded, links: &[(i64, i64, bool)]) -> Vec<i64> {
        for record in changed {
            if let Some(row) = self.row_of.remove(record) {
                self.live.remove(row);
            }
        }
        for (at, record) in arrived.records.iter().enumerate() {
            let row = self.live.insert(&arrived.batch.get(at));
            self.row_of.insert(*record, row);
            self.records.push(*record);
            self.values.push(arrived.batch.value(at));
        }
        self.live.decide(load::decisions_of(links, |record| {
            self.row_of.get(record).and_then(|row| usize::try_from(*row).ok())
        }));
        let rows = self.live.unsettled();
        let mut affected: Vec<i64> =
            rows.iter().filter_map(|row| self.records.get(*row as usize).copied()).collect();
        affected.sort_unstable();
        affected
    }

    /// What has to be written of the affected records.
    fn plan(&mut self, loaded: &Loaded, ids: impl FnMut(usize) -> Vec<i64>) -> Option<Plan> {
        let (records, values) = (&self.records, &self.values);
        let record = |row: Row| records.get(row as usize).copied().unwrap_or(0);
        let settled = self.live.settle_by(|row| values.get(row as usize).copied().unwrap_or(0), record);
        if !settled.rows.iter().map(|row| record(*row)).eq(loaded.records.iter().copied()) {
            return None;
        }
        let mut plan = plan::plan(loaded, &settled.found, false, ids);
        plan.take_records(loaded);
        plan.first = false;
        plan.scope =
            Some(loaded.records.iter().copied().chain(loaded.withdrawn.iter().map(|w| w.0)).collect());
        Some(plan)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Fault::internal("identity_engine", format!("the engine fell: {e}")))
}
