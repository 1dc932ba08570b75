//! A workspace's purchases and profiles in memory: what every page of this slice reads. Built from the
//! database or, when it is of the same revision, from the Parquet projection beside it; replaced as a whole
//! by a refresh.

use crate::derived::Derived;
use crate::projection;
use crate::rules::forecast_tables::Memory;
use crate::rules::lifecycle::Stage;
use crate::rules::model::Model;
use crate::rules::occasions::Occasion;
use crate::rules::profile::{Forecaster, Profile};
use crate::rules::purchases::{Changed, DayRow, Purchases, TroubleRow};
use crate::rules::rfm::{self, Rfm};
use crate::store::{self, State};
use access::{App, Workspace};
use basis::{Fault, WorkspaceId};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

/// A day of the database; impossible ones end up outside every period.
fn day(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// All that the pages read, at one revision.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub revision: i64,
    /// The campaign day of the figures.
    pub as_of: i32,
    pub model: Model,
    pub purchases: Purchases,
    pub profiles: Vec<Profile>,
    pub left_out: store::LeftOutOrders,
    memory: Memory,
    rfm: OnceLock<Vec<Rfm>>,
    derived: OnceLock<Derived>,
    /// Of the revision before, shown for the moment that a large base takes to be counted anew.
    derived_before: Option<Box<Derived>>,
}

/// What an incremental refresh found.
#[derive(Debug)]
pub struct SnapshotChange {
    /// Changed customers that are there, sorted.
    pub living: Vec<i64>,
    /// Changed customers that are no more, sorted.
    pub gone: Vec<i64>,
    pub rows: Vec<DayRow>,
    pub troubles: Vec<TroubleRow>,
    /// Of `living`, in its order.
    pub profiles: Vec<Profile>,
    pub memory: Memory,
    /// Absent when they were not counted anew.
    pub left_out: Option<store::LeftOutOrders>,
}

/// Profiles of all customers, and what the forecaster has learnt on the way.
#[must_use]
pub fn profiles(purchases: &Purchases, model: &Model, as_of: i32) -> (Vec<Profile>, Memory) {
    let places: Vec<usize> = (0..purchases.ids.len()).collect();
    let parts: Vec<(Vec<Profile>, Memory)> = places
        .par_chunks(50_000)
        .map(|chunk| {
            let mut forecaster = Forecaster::new(model);
            let profiles = chunk
                .iter()
                .map(|&place| {
                    forecaster.profile(purchases.base().of(place), purchases.troubles[place], as_of)
                })
                .collect();
            (profiles, forecaster.into_memory())
        })
        .collect();
    let mut all = Vec::with_capacity(places.len());
    let mut memory = Memory::default();
    for (profiles, part) in parts {
        all.extend(profiles);
        memory.extend(part);
    }
    (all, memory)
}

impl Snapshot {
    #[must_use]
    pub fn build(
        revision: i64,
        as_of: i32,
        model: Model,
        purchases: Purchases,
        left_out: store::LeftOutOrders,
    ) -> Self {
        let (profiles, memory) = profiles(&purchases, &model, as_of);
        Self {
            revision,
            as_of,
            model,
            purchases,
            profiles,
            left_out,
            memory,
            rfm: OnceLock::new(),
            derived: OnceLock::new(),
            derived_before: None,
        }
    }

    /// Profiles of customers with these purchases, under this snapshot's model and on its day; `ids`, rows and
    /// troubles are sorted by customer.
    #[must_use]
    pub fn profiles_with(
        &self,
        ids: &[i64],
        rows: &[DayRow],
        troubles: &[TroubleRow],
    ) -> (Vec<Profile>, Memory) {
        let mut forecaster = Forecaster::knowing(&self.model, &self.memory);
        let mut occasions = Vec::new();
        let mut next = 0;
        let profiles = ids
            .iter()
            .map(|id| {
                next += rows[next..].partition_point(|r| r.customer < *id);
                let from = next;
                next += rows[next..].iter().take_while(|r| r.customer == *id).count();
                occasions.clear();
                occasions.extend(rows[from..next].iter().map(|r| Occasion { day: r.day, minor: r.minor }));
                let trouble = troubles.binary_search_by_key(id, |t| t.customer).ok();
                forecaster.profile(
                    &occasions,
                    trouble.map(|at| troubles[at].trouble).unwrap_or_default(),
                    self.as_of,
                )
            })
            .collect();
        (profiles, forecaster.into_memory())
    }

    /// The next revision on the same day under the same model: customers that changed get the purchases and the
    /// profiles of `change`.
    #[must_use]
    pub fn changed(mut self, change: SnapshotChange) -> Self {
        let SnapshotChange { living, gone, rows, troubles, profiles, memory, left_out } = change;
        let Changed { places, moved } = self.purchases.replace(&living, &gone, &rows, &troubles);
        let nobody = Profile::without_purchases(Stage::None);
        if let Some(from) = moved {
            let mut before = std::mem::take(&mut self.profiles);
            self.profiles = from
                .into_iter()
                .map(|at| {
                    before
                        .get_mut(at)
                        .map_or_else(|| nobody.clone(), |p| std::mem::replace(p, nobody.clone()))
                })
                .collect();
        }
        self.profiles.resize(self.purchases.ids.len(), nobody);
        for (place, profile) in places.into_iter().zip(profiles) {
            self.profiles[place] = profile;
        }
        self.memory.extend(memory);
        self.revision += 1;
        self.left_out = left_out.unwrap_or(self.left_out);
        if self.purchases.ids.len() >= LARGE
            && let Some(derived) = self.derived.take()
        {
            self.derived_before = Some(Box::new(derived));
        }
        (self.rfm, self.derived) = (OnceLock::new(), OnceLock::new());
        self
    }

    /// Scores by place; zeros for customers without purchases.
    #[must_use]
    pub fn rfm(&self) -> &[Rfm] {
        self.rfm.get_or_init(|| score_all(&self.purchases, self.as_of))
    }

    /// Figures of the whole base, computed on the first call; of a large base those of the revision before until
    /// [`Self::warm`] has computed them.
    #[must_use]
    pub fn derived(&self) -> &Derived {
        match (self.derived.get(), &self.derived_before) {
            (Some(derived), _) => derived,
            (None, Some(before)) => before,
            (None, None) => self.derived.get_or_init(|| Derived::of(self)),
        }
    }

    /// Computes what the pages show before somebody waits for it.
    pub fn warm(&self) {
        let _warm = self.rfm();
        let _warm = self.derived.get_or_init(|| Derived::of(self));
    }
}

fn score_all(purchases: &Purchases, as_of: i32) -> Vec<Rfm> {
    let mut rows: Vec<Rfm> = (0..purchases.ids.len())
        .filter_map(|i| Rfm::of(u32::try_from(i).unwrap_or(u32::MAX), purchases.base().of(i), as_of))
        .collect();
    rfm::score(&mut rows, |customer| customer);
    rfm::level(&mut rows);
    let empty = Rfm { customer: 0, recency_days: 0, frequency: 0, monetary_minor: 0, r: 0, f: 0, m: 0 };
    let mut all = vec![empty; purchases.ids.len()];
    for row in rows {
        all[row.customer as usize] = row;
    }
    all
}

type Key = (PathBuf, WorkspaceId);

/// The newest snapshot of each workspace of this process. A key holds the data folder, because a process of
/// the tests opens several installations.
static SNAPSHOTS: LazyLock<Mutex<HashMap<Key, Arc<Snapshot>>>> = LazyLock::new(Mutex::default);

pub(crate) fn remember(app: &App, ws: WorkspaceId, snapshot: Arc<Snapshot>) {
    SNAPSHOTS.lock().unwrap_or_else(PoisonError::into_inner).insert((app.data_dir.clone(), ws), snapshot);
}

/// Takes the snapshot out, to be changed in place; the caller holds the turn, and whoever asks meanwhile waits for it.
pub(crate) fn take(app: &App, ws: WorkspaceId) -> Option<Arc<Snapshot>> {
    SNAPSHOTS.lock().unwrap_or_else(PoisonError::into_inner).remove(&(app.data_dir.clone(), ws))
}

/// One refresh of a workspace at a time in this process: two would log the same steps between stages twice.
static TURNS: LazyLock<Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>> = LazyLock::new(Mutex::default);

pub(crate) fn turn(app: &App, ws: WorkspaceId) -> Arc<tokio::sync::Mutex<()>> {
    let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(turns.entry((app.data_dir.clone(), ws)).or_default())
}

/// A base of this many customers is shown as it was for the moment that its refresh takes.
pub(crate) const LARGE: usize = 50_000;

/// The snapshot of the workspace's latest refresh; refreshes first when there was none, or when the campaign
/// day has moved on. A large base is never waited for when an older snapshot is at hand.
///
/// # Errors
/// When the database cannot be read.
pub async fn current(app: &App, workspace: &Workspace) -> Result<Arc<Snapshot>, Fault> {
    let state = todays_state(app, workspace).await?;
    let older = newest(app, workspace.id);
    if let Some(snapshot) =
        older.as_ref().filter(|s| state.as_ref().is_some_and(|t| t.revision == s.revision))
    {
        return Ok(Arc::clone(snapshot));
    }
    let turn = turn(app, workspace.id);
    if let Some(older) = older.filter(|s| s.purchases.ids.len() >= LARGE) {
        if let Ok(guard) = turn.try_lock_owned() {
            let (app, workspace) = (app.clone(), workspace.clone());
            tokio::spawn(async move {
                let _guard = guard;
                if let Err(error) = renew(&app, &workspace).await {
                    tracing::warn!(%error, "the refresh of profiles failed");
                }
            });
        }
        return Ok(older);
    }
    let _guard = turn.lock_owned().await;
    renew(app, workspace).await
}

/// Loads the snapshot of today, or makes it; the caller holds the turn.
async fn renew(app: &App, workspace: &Workspace) -> Result<Arc<Snapshot>, Fault> {
    match fresh(app, workspace).await? {
        Some(snapshot) => Ok(snapshot),
        None => crate::refresh::run(app, workspace, crate::refresh::Threshold::Held).await,
    }
}

fn newest(app: &App, ws: WorkspaceId) -> Option<Arc<Snapshot>> {
    SNAPSHOTS.lock().unwrap_or_else(PoisonError::into_inner).get(&(app.data_dir.clone(), ws)).cloned()
}

async fn todays_state(app: &App, workspace: &Workspace) -> Result<Option<State>, Fault> {
    let today = today(app, workspace);
    let mut tx = app.db.read().await?;
    Ok(store::state(&mut tx, workspace.id).await?.filter(|s| s.as_of >= i64::from(today)))
}

/// The snapshot of today, if there is one; the caller holds the turn.
pub(crate) async fn fresh(app: &App, workspace: &Workspace) -> Result<Option<Arc<Snapshot>>, Fault> {
    let Some(state) = todays_state(app, workspace).await? else { return Ok(None) };
    if let Some(snapshot) = newest(app, workspace.id).filter(|s| s.revision == state.revision) {
        return Ok(Some(snapshot));
    }
    let mut tx = app.db.read().await?;
    let snapshot = load(app, workspace, &state, &mut tx).await?;
    drop(tx);
    remember(app, workspace.id, Arc::clone(&snapshot));
    Ok(Some(snapshot))
}

/// Rebuilds the snapshot of a revision that another process, or an earlier run, has written.
async fn load(
    app: &App,
    workspace: &Workspace,
    state: &State,
    tx: &mut ::store::Tx,
) -> Result<Arc<Snapshot>, Fault> {
    let as_of = day(state.as_of);
    let Some(model) = store::model(tx, workspace.id, state.model_version).await? else {
        return Err(Fault::internal(
            "model",
            format!("the model version {} is missing", state.model_version),
        ));
    };
    let purchases = match projection::read(app, workspace.id, state.revision) {
        Some(purchases) => purchases,
        None => store::purchases(tx, workspace, as_of).await?.0,
    };
    let (revision, left_out) = (state.revision, state.left_out);
    blocking(move || Arc::new(Snapshot::build(revision, as_of, model, purchases, left_out))).await
}

/// Runs heavy arithmetic off the threads that answer requests.
///
/// # Errors
/// When the work panics.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Fault::internal("insight", e.to_string()))
}

/// The shop's local day on the campaign clock.
#[must_use]
pub fn today(app: &App, workspace: &Workspace) -> i32 {
    let date = workspace.campaign_now(app.now()).date(&workspace.tz());
    crate::orders::day_of(date)
}
