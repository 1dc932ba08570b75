//! Who can be talked to, by channel: a contact that is not known to be broken, and a right to use it.

use crate::snapshot::Snapshot;
use access::Workspace;
use basis::{Fault, Time};
use serde::Deserialize;
use std::collections::HashMap;
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

/// One entry a customer of the snapshot, by place.
#[derive(Debug, Clone)]
pub struct Contacts {
    pub by_place: Vec<[Reach; CHANNELS.len()]>,
    pub dead: Vec<bool>,
    revision: i64,
    read_at: Time,
}

impl Contacts {
    #[must_use]
    pub fn any(&self, place: usize) -> bool {
        self.by_place[place].iter().any(|r| r.reachable)
    }
}

/// How long an answer is reused: contacts change by the second while a campaign runs.
const FRESH_MILLIS: i64 = 20_000;

type Kept = HashMap<(std::path::PathBuf, i64), Arc<Contacts>>;
static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

#[derive(Deserialize)]
struct Declared {
    purpose: String,
    channel: String,
}

#[derive(sqlx::FromRow)]
struct ContactRow {
    customer_id: i64,
    kind: String,
    source_id: i64,
    state: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ConsentRow {
    customer_id: i64,
    channel: String,
    state: String,
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
    let now = app.now();
    let small = snapshot.purchases.ids.len() < 20_000;
    let known = KEPT.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some(known) = known.filter(|k| !small && k.revision == snapshot.revision) {
        if now.millis() - known.read_at.millis() >= FRESH_MILLIS {
            // A page does not wait for a large base to be read again: the next one sees it.
            let (app, workspace, snapshot) = (app.clone(), workspace.clone(), Arc::clone(snapshot));
            tokio::spawn(async move {
                if let Err(error) = reload(&app, &workspace, &snapshot).await {
                    tracing::warn!(%error, "the contacts could not be read");
                }
            });
        }
        return Ok(known);
    }
    reload(app, workspace, snapshot).await
}

async fn reload(
    app: &access::App,
    workspace: &Workspace,
    snapshot: &Snapshot,
) -> Result<Arc<Contacts>, Fault> {
    let key = (app.data_dir.clone(), workspace.id.get());
    let now = app.now();
    let mut tx = app.db.read().await?;
    let fresh = Arc::new(read(&mut tx, workspace, snapshot, now).await?);
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&fresh));
    Ok(fresh)
}

async fn read(tx: &mut Tx, workspace: &Workspace, snapshot: &Snapshot, now: Time) -> Result<Contacts, Fault> {
    let ws = workspace.id.get();
    let sources = store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT id, legal_basis FROM sources WHERE workspace_id = $1",
        ws
    )?;
    let mut bases: HashMap<i64, [bool; CHANNELS.len()]> = HashMap::new();
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
    let rows = store::fetch_all!(
        *tx,
        ContactRow,
        "SELECT cp.customer_id, cp.kind, cp.source_id, s.state FROM contact_points cp
         LEFT JOIN contact_states s ON s.workspace_id = cp.workspace_id AND s.kind = cp.kind AND s.value = cp.value
         WHERE cp.workspace_id = $1",
        ws
    )?;
    let count = snapshot.purchases.ids.len();
    let mut contacts = Contacts {
        by_place: vec![Default::default(); count],
        dead: vec![false; count],
        revision: snapshot.revision,
        read_at: now,
    };
    for row in rows {
        let Some(place) = snapshot.purchases.place(row.customer_id) else { continue };
        if matches!(row.state.as_deref(), Some("hard_bounced" | "wrong_number" | "dead")) {
            continue;
        }
        for (at, channel) in CHANNELS.into_iter().enumerate() {
            let fits = if channel == "email" { row.kind == "email" } else { row.kind == "phone" };
            if fits {
                let reach = &mut contacts.by_place[place][at];
                reach.reachable = true;
                reach.basis |= bases.get(&row.source_id).is_some_and(|b| b[at]);
            }
        }
    }
    // In the order of time, so that the last word stands.
    let consents = store::fetch_all!(
        *tx,
        ConsentRow,
        "SELECT COALESCE(a.current_id, c.customer_id) AS customer_id, c.channel, c.state FROM consents c
         LEFT JOIN customer_aliases a ON a.workspace_id = c.workspace_id AND a.customer_id = c.customer_id
         WHERE c.workspace_id = $1 AND c.purpose = 'marketing' ORDER BY c.at, c.id",
        ws
    )?;
    for row in consents {
        let Some(place) = snapshot.purchases.place(row.customer_id) else { continue };
        for (at, channel) in CHANNELS.into_iter().enumerate() {
            if row.channel == channel || row.channel == "all" {
                let reach = &mut contacts.by_place[place][at];
                reach.given = row.state == "given";
                reach.withdrawn = row.state == "withdrawn";
            }
        }
    }
    let dead =
        store::fetch_all!(*tx, (i64,), "SELECT customer_id FROM dead_customers WHERE workspace_id = $1", ws)?;
    for (id,) in dead {
        if let Some(place) = snapshot.purchases.place(id) {
            contacts.dead[place] = true;
        }
    }
    Ok(contacts)
}
