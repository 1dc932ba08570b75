//! Who can be talked to, by channel: a contact that is not known to be broken, and a right to use it.

use crate::snapshot::{self, Snapshot};
use access::Workspace;
use basis::{Fault, Time};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use store::Tx;

/// Channels of the base-health page, in its order.
pub const CHANNELS: [&str; 3] = ["email", "sms", "call"];

/// What is known of one customer on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// Has a contact that no channel has reported broken.
    pub reachable: bool,
    /// The source of such a contact declares a basis for advertising.
    pub basis: bool,
    /// The person gave a consent.
    pub given: bool,
    /// The person withdrew it; the last word counts.
    pub withdrawn: bool,
}

impl Reach {
    /// A consent or a declared basis, and no refusal.
    #[must_use]
    pub const fn lawful(self) -> bool {
        self.reachable && (self.given || self.basis) && !self.withdrawn
    }
}

/// Customers of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelTotals {
    pub reachable: u64,
    pub lawful: u64,
    /// Reachable through a contact whose source declares a basis.
    pub basis: u64,
    pub given: u64,
    pub withdrawn: u64,
}

/// Customers of the base; on any channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub reachable: u64,
    pub lawful: u64,
    pub dead: u64,
    pub channels: [ChannelTotals; CHANNELS.len()],
}

/// One entry a customer of the snapshot, by place.
#[derive(Debug, Clone)]
pub struct Contacts {
    pub by_place: Vec<[Reach; CHANNELS.len()]>,
    pub dead: Vec<bool>,
    pub totals: Totals,
    /// Of the customers, by place: to settle in another snapshot.
    ids: Vec<i64>,
    revision: i64,
    read_at: Time,
}

impl Contacts {
    fn nothing_known(snapshot: &Snapshot, read_at: Time) -> Self {
        let ids = snapshot.purchases.ids.clone();
        Self {
            by_place: vec![Default::default(); ids.len()],
            dead: vec![false; ids.len()],
            totals: Totals::default(),
            ids,
            revision: snapshot.revision,
            read_at,
        }
    }

    #[must_use]
    pub fn any(&self, place: usize) -> bool {
        self.by_place[place].iter().any(|r| r.reachable)
    }

    fn counted(mut self) -> Self {
        let mut totals = Totals::default();
        for (reaches, dead) in self.by_place.iter().zip(&self.dead) {
            totals.reachable += u64::from(reaches.iter().any(|r| r.reachable));
            totals.lawful += u64::from(reaches.iter().any(|r| r.lawful()));
            totals.dead += u64::from(*dead);
            for (channel, reach) in totals.channels.iter_mut().zip(reaches) {
                channel.reachable += u64::from(reach.reachable);
                channel.lawful += u64::from(reach.lawful());
                channel.basis += u64::from(reach.reachable && reach.basis);
                channel.given += u64::from(reach.given);
                channel.withdrawn += u64::from(reach.withdrawn);
            }
        }
        self.totals = totals;
        self
    }

    /// The same for the places of a newer snapshot; nothing is known yet of those who came since.
    fn settled(&self, snapshot: &Snapshot) -> Self {
        let mut settled = Self::nothing_known(snapshot, self.read_at);
        let mut from = 0;
        for (place, id) in settled.ids.iter().enumerate() {
            while self.ids.get(from).is_some_and(|known| known < id) {
                from += 1;
            }
            if self.ids.get(from) == Some(id) {
                settled.by_place[place] = self.by_place[from];
                settled.dead[place] = self.dead[from];
            }
        }
        settled.counted()
    }
}

/// A base of this many customers is not read for every page.
const LARGE: usize = 20_000;

/// How long an answer is reused: contacts change by the second while a campaign runs.
const FRESH_MILLIS: i64 = 20_000;

type Key = (std::path::PathBuf, i64);
static KEPT: LazyLock<Mutex<HashMap<Key, Arc<Contacts>>>> = LazyLock::new(Mutex::default);

/// One reading of a workspace at a time: pages that are asked for meanwhile do not read the base once each.
static TURNS: LazyLock<Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>> = LazyLock::new(Mutex::default);

#[derive(Deserialize)]
struct Declared {
    purpose: String,
    channel: String,
}

/// Reads the contacts of the whole base, or reuses the answer of some seconds ago.
///
/// # Errors
/// When the database fails.
pub async fn load(
    app: &access::App,
    workspace: &Workspace,
    snapshot: &Arc<Snapshot>,
) -> Result<Arc<Contacts>, Fault> {
    let key = (app.data_dir.clone(), workspace.id.get());
    let large = snapshot.purchases.ids.len() >= LARGE;
    let turn =
        Arc::clone(TURNS.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default());
    let Some(known) = kept(&key).filter(|_| large) else {
        let asked = app.now();
        let _turn = turn.lock().await;
        // Somebody who had the turn before may have read it meanwhile.
        if let Some(known) =
            kept(&key).filter(|k| k.revision == snapshot.revision && k.read_at >= asked && large)
        {
            return Ok(known);
        }
        return reload(app, workspace, Contacts::nothing_known(snapshot, asked)).await;
    };
    // A page does not wait for a large base to be read again: the next one sees it.
    let moved_on = known.revision != snapshot.revision;
    if (moved_on || app.now().millis() - known.read_at.millis() >= FRESH_MILLIS)
        && let Ok(turn) = turn.try_lock_owned()
    {
        // The snapshot itself is not held: the next refresh changes it in place when nobody else does.
        let empty = Contacts::nothing_known(snapshot, app.now());
        let (app, workspace) = (app.clone(), workspace.clone());
        tokio::spawn(async move {
            let _turn = turn;
            if let Err(error) = reload(&app, &workspace, empty).await {
                tracing::warn!(%error, "the contacts could not be read");
            }
        });
    }
    if !moved_on {
        return Ok(known);
    }
    let snapshot = Arc::clone(snapshot);
    snapshot::blocking(move || Arc::new(known.settled(&snapshot))).await
}

fn kept(key: &Key) -> Option<Arc<Contacts>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
}

async fn reload(app: &access::App, workspace: &Workspace, empty: Contacts) -> Result<Arc<Contacts>, Fault> {
    let key = (app.data_dir.clone(), workspace.id.get());
    let mut tx = app.db.read().await?;
    let contacts = read(&mut tx, workspace, empty).await?;
    drop(tx);
    let fresh = snapshot::blocking(move || Arc::new(contacts.counted())).await?;
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&fresh));
    Ok(fresh)
}

/// Bases that each source declares, by channel.
async fn declared_bases(tx: &mut Tx, ws: i64) -> Result<HashMap<i64, [bool; CHANNELS.len()]>, Fault> {
    let sources = store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT id, legal_basis FROM sources WHERE workspace_id = $1",
        ws
    )?;
    let mut bases = HashMap::new();
    for (id, text) in sources {
        let declared: Vec<Declared> = serde_json::from_str(if text.is_empty() { "[]" } else { &text })
            .map_err(|_| ::store::Error::Impossible {
                table: "sources",
                column: "legal_basis",
                row: id,
                value: text.clone(),
            })?;
        let covers = CHANNELS.map(|channel| {
            declared.iter().any(|d| d.purpose == "marketing" && (d.channel == "all" || d.channel == channel))
        });
        bases.insert(id, covers);
    }
    Ok(bases)
}

/// Contacts that a channel has reported broken; few beside those that work.
const BROKEN: &str = "SELECT cp.id, cp.customer_id FROM contact_states s
    JOIN contact_points cp ON cp.workspace_id = s.workspace_id AND cp.kind = s.kind AND cp.value = s.value
    WHERE s.workspace_id = $1 AND s.state IN ('hard_bounced', 'wrong_number', 'dead')";

/// Numbers instead of names: a base of millions is read without a text for each row.
const POINTS: &str = "SELECT id, customer_id, source_id,
    CAST(CASE kind WHEN 'email' THEN 1 WHEN 'phone' THEN 2 ELSE 0 END AS BIGINT)
    FROM contact_points WHERE workspace_id = $1";

/// The channel counts from 1 in the order of [`CHANNELS`]; 0 is all of them, -1 none.
const CONSENTS: &str = "SELECT c.at, c.id, COALESCE(a.current_id, c.customer_id),
    CAST(CASE c.channel WHEN 'all' THEN 0 WHEN 'email' THEN 1 WHEN 'sms' THEN 2 WHEN 'call' THEN 3 ELSE -1 END AS BIGINT),
    CAST(CASE c.state WHEN 'given' THEN 1 WHEN 'withdrawn' THEN 2 ELSE 0 END AS BIGINT)
    FROM consents c
    LEFT JOIN customer_aliases a ON a.workspace_id = c.workspace_id AND a.customer_id = c.customer_id
    WHERE c.workspace_id = $1 AND c.purpose = 'marketing'";

async fn read(tx: &mut Tx, workspace: &Workspace, mut contacts: Contacts) -> Result<Contacts, Fault> {
    let ws = workspace.id.get();
    let args = [store::Value::Int(ws)];
    let bases = declared_bases(tx, ws).await?;
    let mut broken: HashSet<i64> = HashSet::new();
    tx.scan::<(i64, i64)>(BROKEN, &args, |(id, _)| {
        broken.insert(id);
    })
    .await?;
    let Contacts { ids, by_place, dead, .. } = &mut contacts;
    // Contacts of neighbours mostly stand together.
    let mut near = 0;
    let mut place = |id: i64| {
        near =
            (near..near + 3).find(|at| ids.get(*at) == Some(&id)).or_else(|| ids.binary_search(&id).ok())?;
        Some(near)
    };
    tx.scan::<(i64, i64, i64, i64)>(POINTS, &args, |(id, customer, source, kind)| {
        let fits = match kind {
            1 => [true, false, false],
            2 => [false, true, true],
            _ => return,
        };
        let Some(place) = place(customer).filter(|_| !broken.contains(&id)) else { return };
        let basis = bases.get(&source).copied().unwrap_or_default();
        for ((reach, fits), basis) in by_place[place].iter_mut().zip(fits).zip(basis) {
            reach.reachable |= fits;
            reach.basis |= fits && basis;
        }
    })
    .await?;
    let mut consents: Vec<(i64, i64, i64, i64, i64)> = Vec::new();
    tx.scan(CONSENTS, &args, |row| consents.push(row)).await?;
    // In the order of time, so that the last word stands.
    consents.sort_unstable();
    for (_, _, customer, channel, state) in consents {
        let Some(place) = place(customer) else { continue };
        for (reach, number) in by_place[place].iter_mut().zip(1..) {
            if channel == 0 || channel == number {
                reach.given = state == 1;
                reach.withdrawn = state == 2;
            }
        }
    }
    let gone =
        store::fetch_all!(*tx, (i64,), "SELECT customer_id FROM dead_customers WHERE workspace_id = $1", ws)?;
    for (id,) in gone {
        if let Some(place) = place(id) {
            dead[place] = true;
            // Every channel failed: a contact that nothing was reported of is none either.
            for reach in &mut by_place[place] {
                reach.reachable = false;
            }
        }
    }
    Ok(contacts)
}
