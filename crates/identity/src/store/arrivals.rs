//! Records of a first import on their way to the engine.
//!
//! While nobody is known yet, what an import stores is kept as the engine takes it, so that the whole base need not be read back
//! and parsed again once the import is over. It is used only when it is all there is; else the base is read.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use access::Op;
use basis::{Fault, SourceId, WorkspaceId};
use ingest::import::Change;
use store::Tx;
use tokio::task::JoinHandle;

use super::load::{self, DESK, Loaded, Stored};
use super::models;

/// What has arrived in a workspace since its import began.
#[derive(Debug, Default)]
struct Arrivals {
    loaded: Loaded,
    desk: Option<i64>,
    /// A record came twice or out of order: what is kept is not what is stored.
    spoilt: bool,
}

impl Arrivals {
    fn take_in(&mut self, source: SourceId, changes: &[Change]) {
        for change in changes {
            let id = change.record.get();
            if !change.is_new || self.loaded.records.last().is_some_and(|last| *last >= id) {
                *self = Self { spoilt: true, ..Self::default() };
            }
            if self.spoilt {
                return;
            }
            let order = change.draft.order.as_ref();
            let number = load::number_of(source.get(), self.desk, &mut self.loaded.sources);
            self.loaded.push(
                Stored {
                    id,
                    kind: change.draft.kind.as_str(),
                    key: &change.draft.key,
                    payload: &change.draft.payload,
                    day: order.map(|o| o.day),
                    amount_minor: order.map(|o| o.amount.minor),
                    customer_id: None,
                },
                number,
            );
        }
    }
}

/// The arrivals of each workspace; the work on them goes on beside the writing of the next portion.
#[derive(Debug, Default)]
struct Kept(Mutex<HashMap<WorkspaceId, JoinHandle<Arrivals>>>);

impl Kept {
    fn lock(&self) -> MutexGuard<'_, HashMap<WorkspaceId, JoinHandle<Arrivals>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps what was stored, while nobody is known in the workspace.
pub async fn keep(op: &Op, source: SourceId, changes: Vec<Change>) -> Result<(), Fault> {
    let kept = op.app.kept::<Kept>();
    let running = kept.lock().remove(&op.ws());
    let mut arrivals = match running {
        Some(running) => running.await.map_err(|e| fell(&e))?,
        None => {
            let mut tx = op.app.db.read().await?;
            if models::state(&mut tx, op.ws()).await?.is_some() {
                return Ok(());
            }
            Arrivals { desk: load::source_named(&mut tx, op.ws(), DESK).await?, ..Arrivals::default() }
        }
    };
    let work = tokio::task::spawn_blocking(move || {
        arrivals.take_in(source, &changes);
        arrivals
    });
    kept.lock().insert(op.ws(), work);
    Ok(())
}

/// Lets go of what is kept of a workspace.
pub fn forget(op: &Op) {
    drop(op.app.kept::<Kept>().lock().remove(&op.ws()));
}

/// What has arrived, if that is the whole base and nobody has decided or found anything about it.
pub async fn whole_base(tx: &mut Tx, op: &Op) -> Result<Option<Loaded>, Fault> {
    let running = op.app.kept::<Kept>().lock().remove(&op.ws());
    let Some(running) = running else { return Ok(None) };
    let Arrivals { mut loaded, spoilt, .. } = running.await.map_err(|e| fell(&e))?;
    if spoilt {
        return Ok(None);
    }
    let (records, people, decisions) = store::fetch_one!(
        *tx,
        (i64, i64, i64),
        "SELECT (SELECT COUNT(*) FROM records WHERE workspace_id = $1 AND current),
           (SELECT COUNT(*) FROM record_customers WHERE workspace_id = $1),
           (SELECT COUNT(*) FROM manual_links WHERE workspace_id = $1)",
        op.ws().get()
    )?;
    if usize::try_from(records).ok() != Some(loaded.records.len()) || people > 0 || decisions > 0 {
        return Ok(None);
    }
    loaded.batch.shrink();
    Ok(Some(loaded))
}

fn fell(error: &tokio::task::JoinError) -> Fault {
    Fault::internal("identity_arrivals", format!("the records could not be kept: {error}"))
}
