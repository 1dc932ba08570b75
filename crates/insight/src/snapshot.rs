//! A workspace's purchases and profiles in memory: what every page of this slice reads. Built from the
//! database or, when it is of the same revision, from the Parquet projection beside it; replaced as a whole
//! by a refresh.

use crate::derived::Derived;
use crate::projection;
use crate::rules::model::{Base, Model};
use crate::rules::occasions::Occasion;
use crate::rules::profile::{Forecaster, Profile, Trouble};
use crate::rules::rfm::{self, Rfm};
use crate::store::{self, State};
use access::{App, Workspace};
use basis::{Fault, WorkspaceId};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

/// Purchases of all customers, by customer: the columnar truth of the kernels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purchases {
    /// Sorted ids of all customers, those without purchases included.
    pub ids: Vec<i64>,
    /// Occasions of customer i are `offsets[i]..offsets[i + 1]`.
    pub offsets: Vec<u32>,
    pub occasions: Vec<Occasion>,
    /// Paid orders behind each occasion.
    pub orders: Vec<u32>,
    /// Cancelled and returned orders by customer.
    pub troubles: Vec<Trouble>,
}

impl Purchases {
    #[must_use]
    pub fn base(&self) -> Base<'_> {
        Base { offsets: &self.offsets, occasions: &self.occasions }
    }

    #[must_use]
    pub fn place(&self, customer: i64) -> Option<usize> {
        self.ids.binary_search(&customer).ok()
    }

    /// From rows sorted by (customer, day).
    #[must_use]
    pub fn assemble(ids: Vec<i64>, rows: &[store::OccasionRow], troubles: &[store::TroubleRow]) -> Self {
        let mut purchases = Self {
            offsets: Vec::with_capacity(ids.len() + 1),
            occasions: Vec::with_capacity(rows.len()),
            orders: Vec::with_capacity(rows.len()),
            troubles: vec![Trouble::default(); ids.len()],
            ids,
        };
        purchases.offsets.push(0);
        let mut next = 0;
        for id in &purchases.ids {
            while next < rows.len() && rows[next].customer_id < *id {
                next += 1;
            }
            while next < rows.len() && rows[next].customer_id == *id {
                let row = &rows[next];
                purchases.occasions.push(Occasion { day: day(row.day), minor: row.minor });
                purchases.orders.push(u32::try_from(row.orders).unwrap_or(u32::MAX));
                next += 1;
            }
            purchases.offsets.push(u32::try_from(purchases.occasions.len()).unwrap_or(u32::MAX));
        }
        for trouble in troubles {
            if let Ok(place) = purchases.ids.binary_search(&trouble.customer_id) {
                purchases.troubles[place] = Trouble {
                    orders: u32::try_from(trouble.orders).unwrap_or(u32::MAX),
                    last_day: day(trouble.last_day),
                };
            }
        }
        purchases
    }

    /// The same with the rows of some customers replaced: what an incremental refresh does. `changed` is
    /// sorted; a changed id without rows has no purchases, a new id joins.
    #[must_use]
    pub fn with_changes(
        &self,
        changed: &[i64],
        rows: &[store::OccasionRow],
        troubles: &[store::TroubleRow],
        gone: &[i64],
    ) -> Self {
        let mut ids: Vec<i64> = Vec::with_capacity(self.ids.len() + changed.len());
        ids.extend_from_slice(&self.ids);
        ids.extend(changed.iter().filter(|id| self.place(**id).is_none()));
        ids.sort_unstable();
        ids.retain(|id| gone.binary_search(id).is_err());
        let fresh = Self::assemble(changed.to_vec(), rows, troubles);
        let mut merged = Self {
            offsets: Vec::with_capacity(ids.len() + 1),
            occasions: Vec::with_capacity(self.occasions.len() + rows.len()),
            orders: Vec::with_capacity(self.occasions.len() + rows.len()),
            troubles: Vec::with_capacity(ids.len()),
            ids,
        };
        merged.offsets.push(0);
        // Unchanged customers are copied in runs: a small change costs a copy of memory, not a walk.
        let mut at = 0;
        let mut old = 0;
        while at < merged.ids.len() {
            let id = merged.ids[at];
            let from = fresh.place(id).map(|place| (&fresh, place));
            if let Some((source, place)) = from {
                merged.copy_run(source, place, place + 1);
                at += 1;
                continue;
            }
            while old < self.ids.len() && self.ids[old] < id {
                old += 1;
            }
            let start = old;
            while at < merged.ids.len()
                && old < self.ids.len()
                && self.ids[old] == merged.ids[at]
                && fresh.place(merged.ids[at]).is_none()
            {
                at += 1;
                old += 1;
            }
            merged.copy_run(self, start, old);
        }
        merged
    }

    fn copy_run(&mut self, source: &Self, from: usize, to: usize) {
        let (start, end) = (source.offsets[from], source.offsets[to]);
        let base = u32::try_from(self.occasions.len()).unwrap_or(u32::MAX);
        self.occasions.extend_from_slice(&source.occasions[start as usize..end as usize]);
        self.orders.extend_from_slice(&source.orders[start as usize..end as usize]);
        self.troubles.extend_from_slice(&source.troubles[from..to]);
        self.offsets.extend(source.offsets[from + 1..=to].iter().map(|o| o - start + base));
    }
}

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
    /// Scores of customers with purchases, by place in `purchases.ids`; zero for the others.
    pub rfm: Vec<Rfm>,
    pub left_out: store::LeftOutOrders,
    derived: Arc<OnceLock<Derived>>,
}

/// Profiles of the customers at `places`, in their order.
#[must_use]
pub fn profiles(purchases: &Purchases, model: &Model, as_of: i32, places: &[usize]) -> Vec<Profile> {
    places
        .par_chunks(20_000)
        .flat_map_iter(|chunk| {
            let mut forecaster = Forecaster::new(model);
            chunk
                .iter()
                .map(|&place| {
                    forecaster.profile(purchases.base().of(place), purchases.troubles[place], as_of)
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

impl Snapshot {
    #[must_use]
    pub fn build(revision: i64, as_of: i32, model: Model, purchases: Purchases, left_out: store::LeftOutOrders) -> Self {
        let all: Vec<usize> = (0..purchases.ids.len()).collect();
        let profiles = profiles(&purchases, &model, as_of, &all);
        let rfm = score_all(&purchases, as_of);
        Self { revision, as_of, model, purchases, profiles, rfm, left_out, derived: Arc::default() }
    }
}

impl Snapshot {
    /// Figures of the whole base, computed on the first call.
    #[must_use]
    pub fn derived(&self) -> &Derived {
        self.derived.get_or_init(|| Derived::of(self))
    }
}

fn score_all(purchases: &Purchases, as_of: i32) -> Vec<Rfm> {
    let mut rows: Vec<Rfm> = (0..purchases.ids.len())
        .filter_map(|i| Rfm::of(u32::try_from(i).unwrap_or(u32::MAX), purchases.base().of(i), as_of))
        .collect();
    rfm::score(&mut rows, |customer| customer);
    let empty =
        Rfm { customer: 0, recency_days: 0, frequency: 0, monetary_minor: 0, r: 0, f: 0, m: 0 };
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

pub(crate) fn remembered(app: &App, ws: WorkspaceId, revision: i64) -> Option<Arc<Snapshot>> {
    SNAPSHOTS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&(app.data_dir.clone(), ws))
        .filter(|s| s.revision == revision)
        .cloned()
}

/// The snapshot of the workspace's latest refresh; refreshes first when there was none, or when the campaign
/// day has moved on.
///
/// # Errors
/// When the database cannot be read.
pub async fn current(app: &App, workspace: &Workspace) -> Result<Arc<Snapshot>, Fault> {
    let today = today(app, workspace);
    let mut tx = app.db.read().await?;
    let state = store::state(&mut tx, workspace.id).await?;
    let Some(state) = state.filter(|s| s.as_of >= i64::from(today)) else {
        drop(tx);
        return crate::refresh::run(app, workspace).await;
    };
    if let Some(snapshot) = remembered(app, workspace.id, state.revision) {
        return Ok(snapshot);
    }
    let snapshot = load(app, workspace, &state, &mut tx).await?;
    remember(app, workspace.id, Arc::clone(&snapshot));
    Ok(snapshot)
}

/// Rebuilds the snapshot of a revision that another process, or an earlier run, has written.
async fn load(app: &App, workspace: &Workspace, state: &State, tx: &mut ::store::Tx) -> Result<Arc<Snapshot>, Fault> {
    let as_of = day(state.as_of);
    let Some(model) = store::model(tx, workspace.id, state.model_version).await? else {
        return Err(Fault::internal("model", format!("the model version {} is missing", state.model_version)));
    };
    let purchases = match projection::read(app, workspace.id, state.revision) {
        Some(purchases) => purchases,
        None => store::purchases(tx, workspace, as_of).await?.0,
    };
    let (revision, left_out) = (state.revision, state.left_out);
    blocking(move || Arc::new(Snapshot::build(revision, as_of, model, purchases, left_out))).await
}

/// Runs heavy arithmetic off the threads that answer requests.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Fault::internal("insight", e.to_string()))
}

/// The shop's local day on the campaign clock.
#[must_use]
pub fn today(app: &App, workspace: &Workspace) -> i32 {
    let date = workspace.campaign_now(app.now()).date(&workspace.tz());
    crate::orders::day_of(date)
}
