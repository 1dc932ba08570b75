//! Refreshing profiles: the whole base, or the customers whose orders changed. Under one version of the
//! model both give the same profiles.

use crate::contacts;
use crate::orders::day_of;
use crate::projection;
use crate::rules::lifecycle::Stage;
use crate::rules::model::Model;
use crate::rules::moves::{Standing, cause};
use crate::rules::purchases::Purchases;
use crate::rules::rhythm::{Addressed, Rhythm};
use crate::snapshot::{self, Snapshot, SnapshotChange};
use crate::store::{self, Change, StageMove, State, StoredProfile};
use ::store::Pace;
use access::{App, Workspace};
use basis::{CustomerId, Fault, Time, WorkspaceId};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::time::Instant;

/// Rows a write transaction holds at first; a send or a click never waits long for a refresh.
const BATCH: usize = 1_000;

/// A model is learnt anew when the base grew by this share, or after this many days.
const GROWTH: f64 = 0.1;
const MODEL_DAYS: i32 = 7;

/// Refreshes every profile of a workspace; learns a new model version when the old one is outgrown.
///
/// # Errors
/// When the database fails.
pub async fn refresh(app: &App, ws: WorkspaceId) -> Result<(), Fault> {
    let workspace = access::load_workspace(app, ws).await?;
    now(app, &workspace, Threshold::Held).await.map(drop)
}

/// What becomes of the lapse threshold in a full refresh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Threshold {
    /// As it is, unless the base has outgrown it.
    Held,
    /// Learnt from today's gaps.
    Learnt,
    /// Set by a person, in days.
    Set(f64),
}

/// Refreshes a workspace in its turn.
pub(crate) async fn now(
    app: &App,
    workspace: &Workspace,
    threshold: Threshold,
) -> Result<Arc<Snapshot>, Fault> {
    let _turn = snapshot::turn(app, workspace.id).lock_owned().await;
    run(app, workspace, threshold).await
}

/// Refreshes the profiles of these customers only, under the model version in force. Ids that were merged
/// away lose their profile; the ids that live on must be among them.
///
/// # Errors
/// When the database fails.
pub async fn refresh_customers(app: &App, ws: WorkspaceId, customers: &[CustomerId]) -> Result<(), Fault> {
    let workspace = access::load_workspace(app, ws).await?;
    let _turn = snapshot::turn(app, ws).lock_owned().await;
    let mut changed: Vec<i64> = customers.iter().map(|c| c.get()).collect();
    changed.sort_unstable();
    changed.dedup();
    match snapshot::fresh(app, &workspace).await? {
        Some(old) => some(app, &workspace, old, changed).await,
        None => run(app, &workspace, Threshold::Held).await.map(drop),
    }
}

/// Customers a turn takes from the list of those that are due.
const TURN: i64 = 50_000;

/// A larger part of the base than one in this many is refreshed as a whole.
pub(crate) const PART: usize = 5;

/// Refreshes whoever was marked as due since the last refresh.
///
/// # Errors
/// When the database fails.
pub async fn refresh_changed(app: &App, ws: WorkspaceId) -> Result<(), Fault> {
    let workspace = access::load_workspace(app, ws).await?;
    loop {
        let _turn = snapshot::turn(app, ws).lock_owned().await;
        let mut tx = app.db.read().await?;
        let due = store::due(&mut tx, ws, TURN).await?;
        drop(tx);
        if due.is_empty() {
            return Ok(());
        }
        let old = snapshot::fresh(app, &workspace).await?;
        let Some(old) = old.filter(|s| due.len() <= s.purchases.ids.len() / PART) else {
            // It settles all that was due when it began.
            run(app, &workspace, Threshold::Held).await?;
            continue;
        };
        some(app, &workspace, old, due.iter().map(|c| c.customer_id).collect()).await?;
        settle(app, ws, &due).await?;
    }
}

async fn settle(app: &App, ws: WorkspaceId, changes: &[Change]) -> Result<(), Fault> {
    for chunk in changes.chunks(2_000) {
        let mut tx = app.db.write().await?;
        store::settle(&mut tx, ws, chunk).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The incremental refresh of sorted ids; the caller holds the turn.
async fn some(app: &App, workspace: &Workspace, old: Arc<Snapshot>, changed: Vec<i64>) -> Result<(), Fault> {
    let (ws, as_of) = (workspace.id, old.as_of);
    let mut tx = app.db.read().await?;
    let (living, rows, troubles) = store::purchases_of(&mut tx, workspace, &changed, as_of).await?;
    let stored = store::profiles_of(&mut tx, ws, &changed).await?;
    // Counting what is left out reads every order: a large base is counted anew by the daily refresh.
    let small = old.purchases.ids.len() < snapshot::LARGE;
    let left_out = if small { Some(store::left_out(&mut tx, workspace, as_of).await?) } else { None };
    drop(tx);
    let gone: Vec<i64> = changed.iter().copied().filter(|id| living.binary_search(id).is_err()).collect();
    let (change, fresh, old) = snapshot::blocking(move || {
        let (profiles, memory) = old.profiles_with(&living, &rows, &troubles);
        let fresh: Vec<StoredProfile> =
            living.iter().zip(&profiles).map(|(id, profile)| StoredProfile::of(*id, profile)).collect();
        (SnapshotChange { living, gone, rows, troubles, profiles, memory, left_out }, fresh, old)
    })
    .await?;
    write(app, ws, as_of, &stored, &fresh, None, &change.gone).await?;
    set_state(
        app,
        ws,
        old.revision,
        &State {
            revision: old.revision + 1,
            model_version: old.model.version,
            as_of: i64::from(as_of),
            refreshed_at: app.now().millis(),
            left_out: change.left_out.unwrap_or(old.left_out),
        },
    )
    .await?;
    // Nobody else holds it most of the time, and then the change costs no copy of the base.
    drop(snapshot::take(app, ws));
    let place = app.clone();
    let snapshot = snapshot::blocking(move || {
        let added = projection::append(&place, ws, old.revision, &change);
        let snapshot = Arc::new(Arc::unwrap_or_clone(old).changed(change));
        if !added {
            projection::write(&place, ws, snapshot.revision, &snapshot.purchases);
        }
        snapshot
    })
    .await?;
    snapshot::remember(app, ws, Arc::clone(&snapshot));
    warm(snapshot);
    Ok(())
}

fn warm(snapshot: Arc<Snapshot>) {
    tokio::task::spawn_blocking(move || snapshot.warm());
}

/// The refresh itself; the caller holds the turn.
pub(crate) async fn run(
    app: &App,
    workspace: &Workspace,
    threshold: Threshold,
) -> Result<Arc<Snapshot>, Fault> {
    let (ws, as_of) = (workspace.id, snapshot::today(app, workspace));
    let mut tx = app.db.read().await?;
    let due = store::due(&mut tx, ws, i64::MAX).await?;
    let before = store::state(&mut tx, ws).await?;
    let known = match &before {
        Some(state) => store::model(&mut tx, ws, state.model_version).await?,
        None => None,
    };
    let (purchases, left_out) = store::purchases(&mut tx, workspace, as_of).await?;
    let stored = store::profiles(&mut tx, ws).await?;
    let outgrown = threshold != Threshold::Held || outgrown(known.as_ref(), &purchases, as_of);
    let addressed = if outgrown { store::addressed(&mut tx, ws).await? } else { Vec::new() };
    drop(tx);
    let zone = workspace.tz();
    let revision = before.as_ref().map_or(1, |s| s.revision + 1);
    let (snapshot, by_old_threshold, fresh) = snapshot::blocking(move || {
        let before = known.as_ref().map(|m| m.lapse_days);
        let model = match known {
            Some(model) if !outgrown => model,
            known => {
                let addressed = places_of(&purchases, &addressed, |at| day_of(at.date(&zone)));
                learn(known.as_ref(), &purchases, as_of, &addressed, threshold)
            }
        };
        let moved_by_version = before.filter(|days| (days - model.lapse_days).abs() > 0.0).map(|days| {
            let base = purchases.base();
            (0..base.customers()).map(|i| Stage::of(base.of(i), as_of, days)).collect::<Vec<_>>()
        });
        let snapshot = Snapshot::build(revision, as_of, model, purchases, left_out);
        let fresh: Vec<StoredProfile> = snapshot
            .purchases
            .ids
            .iter()
            .zip(&snapshot.profiles)
            .map(|(id, profile)| StoredProfile::of(*id, profile))
            .collect();
        (Arc::new(snapshot), moved_by_version, fresh)
    })
    .await?;
    if outgrown {
        let mut tx = app.db.write().await?;
        store::publish_model(&mut tx, ws, &snapshot.model, app.now()).await?;
        tx.commit().await?;
    }
    let gone: Vec<i64> =
        stored.iter().map(|p| p.customer_id).filter(|id| snapshot.purchases.place(*id).is_none()).collect();
    write(app, ws, as_of, &stored, &fresh, by_old_threshold.as_deref(), &gone).await?;
    let state = State {
        revision: snapshot.revision,
        model_version: snapshot.model.version,
        as_of: i64::from(snapshot.as_of),
        refreshed_at: app.now().millis(),
        left_out: snapshot.left_out,
    };
    set_state(app, ws, revision - 1, &state).await?;
    settle(app, ws, &due).await?;
    let (kept, place) = (Arc::clone(&snapshot), app.clone());
    snapshot::blocking(move || {
        // The first page should not have to wait for these.
        kept.warm();
        projection::write(&place, ws, kept.revision, &kept.purchases);
    })
    .await?;
    snapshot::remember(app, ws, Arc::clone(&snapshot));
    if snapshot.purchases.ids.len() >= snapshot::LARGE
        && let Err(error) = contacts::load(app, workspace, &snapshot).await
    {
        tracing::warn!(%error, "the contacts could not be read");
    }
    Ok(snapshot)
}

/// Whether a new version of the model is due.
fn outgrown(known: Option<&Model>, purchases: &Purchases, as_of: i32) -> bool {
    let Some(model) = known else { return true };
    let buyers = (0..purchases.ids.len()).filter(|i| !purchases.base().of(*i).is_empty()).count() as f64;
    let grown = (buyers - model.customers as f64).abs() > GROWTH * model.customers as f64;
    grown || as_of - model.made_day >= MODEL_DAYS
}

/// The next version. The threshold of the version before stays in force unless the base has outgrown it.
fn learn(
    known: Option<&Model>,
    purchases: &Purchases,
    as_of: i32,
    addressed: &[Addressed],
    threshold: Threshold,
) -> Model {
    let base = purchases.base();
    let held = known.map(Model::rhythm);
    let today = Rhythm::learn(base, as_of, addressed, held.map(|r| r.lapse_days));
    let rhythm = match (threshold, held) {
        (Threshold::Held, Some(held)) => held.or_outgrown_by(today),
        (Threshold::Set(days), _) => today.set_by_hand(days),
        (Threshold::Held, None) | (Threshold::Learnt, _) => today,
    };
    Model::learn(known.map_or(1, |m| m.version + 1), base, as_of, &rhythm)
}

/// Campaigns' people by their places, sorted.
fn places_of(
    purchases: &Purchases,
    rows: &[store::AddressedRow],
    day: impl Fn(Time) -> i32,
) -> Vec<Addressed> {
    let mut all: Vec<Addressed> = rows
        .iter()
        .filter_map(|row| {
            let place = purchases.place(row.customer_id)?;
            let from = day(Time::from_millis(row.launched_at));
            let window = i32::try_from(store::window_days(&row.goal)).unwrap_or(i32::MAX);
            Some(Addressed { place, from, until: from.saturating_add(window) })
        })
        .collect();
    all.sort_unstable();
    all
}

fn standing(profile: &StoredProfile) -> Standing {
    Standing {
        stage: Stage::from_name(&profile.stage).unwrap_or(Stage::None),
        purchases: profile.orders,
        last_day: profile.last_day,
    }
}

/// Writes what differs, in short transactions; a step between stages is logged with the profile it belongs to.
/// `by_old_threshold` holds the stages of `fresh` under the threshold before, when it is another one now.
async fn write(
    app: &App,
    ws: WorkspaceId,
    as_of: i32,
    stored: &[StoredProfile],
    fresh: &[StoredProfile],
    by_old_threshold: Option<&[Stage]>,
    gone: &[i64],
) -> Result<(), Fault> {
    let before: HashMap<i64, &StoredProfile> = stored.iter().map(|p| (p.customer_id, p)).collect();
    let (changed, places): (Vec<&StoredProfile>, Vec<usize>) = fresh
        .iter()
        .zip(0..)
        .filter(|(p, _)| before.get(&p.customer_id).is_none_or(|old| *old != *p))
        .unzip();
    let pace = Pace::new(BATCH, 100, 8_000);
    let (mut rest, mut places) = (changed.as_slice(), places.as_slice());
    while !rest.is_empty() {
        let (chunk, its_places);
        let size = pace.size().min(rest.len());
        (chunk, rest) = rest.split_at(size);
        (its_places, places) = places.split_at(size);
        let moved: Vec<(&StoredProfile, &StoredProfile, usize)> = chunk
            .iter()
            .zip(its_places)
            .filter_map(|(p, place)| {
                let old = before.get(&p.customer_id)?;
                (old.stage != p.stage).then_some((*p, *old, *place))
            })
            .collect();
        let ids = app.next_ids(moved.len());
        let moves: Vec<StageMove> = moved
            .iter()
            .zip(ids)
            .map(|((p, old, place), id)| StageMove {
                id,
                customer_id: p.customer_id,
                from_stage: old.stage.clone(),
                to_stage: p.stage.clone(),
                day: i64::from(as_of),
                cause: cause(standing(old), standing(p), by_old_threshold.map(|stages| stages[*place]))
                    .name()
                    .to_owned(),
            })
            .collect();
        let mut tx = app.db.write_resumable().await?;
        let begun = Instant::now();
        store::write_profiles(&mut tx, ws, chunk, as_of).await?;
        store::log_moves(&mut tx, ws, &moves, app.now()).await?;
        tx.commit().await?;
        pace.learn(chunk.len(), begun.elapsed());
    }
    for chunk in gone.chunks(BATCH) {
        let mut tx = app.db.write().await?;
        store::forget_profiles(&mut tx, ws, chunk).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The profiles stand at a new revision, unless another process has moved them on meanwhile: then the refresh is
/// done again, on what it wrote.
async fn set_state(app: &App, ws: WorkspaceId, before: i64, state: &State) -> Result<(), Fault> {
    let mut tx = app.db.write().await?;
    let won = store::set_state(&mut tx, ws, before, state).await?;
    tx.commit().await?;
    if won {
        Ok(())
    } else {
        // Jobs try again after an internal fault.
        Err(Fault::internal(
            "refreshed_meanwhile",
            "another process refreshed the profiles meanwhile".to_owned(),
        ))
    }
}
