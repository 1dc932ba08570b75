//! Group commit: intents and outcomes of all lanes go to the ledger together, one transaction for all
//! that queued up while the last one was on its way to the disk.

use std::sync::Arc;
use std::time::Duration;

use access::{App, Workspace};
use basis::Fault;
use parking_lot::RwLock;
use tokio::sync::{mpsc, oneshot};

use super::Composer;
use crate::ledger::{self, Claimed, Settled};
use crate::transport::{BoxFuture, Intent};

enum Note {
    Intent(i64, oneshot::Sender<bool>),
    Outcome(Box<(Claimed, Settled)>, oneshot::Sender<()>),
}

/// Handle of the task that writes.
#[derive(Debug, Clone)]
pub struct Journal {
    notes: mpsc::Sender<Note>,
}

/// More than the lanes of any transport: the queue never blocks them for long.
const QUEUE: usize = 1024;
const MOST_AT_ONCE: usize = 256;

pub(super) struct Scribe {
    pub app: App,
    pub workspace: Arc<RwLock<Workspace>>,
    pub channel: &'static str,
    pub epoch: i64,
    pub composer: Arc<dyn Composer>,
}

impl Journal {
    pub(super) fn start(scribe: Scribe) -> Self {
        let (notes, queue) = mpsc::channel(QUEUE);
        tokio::spawn(scribe.run(queue));
        Self { notes }
    }

    /// Writes an outcome; returns once it is on the disk (or given up, when the row is left as uncertain).
    pub async fn outcome(&self, row: Claimed, settled: Settled) {
        let (done, wait) = oneshot::channel();
        if self.notes.send(Note::Outcome(Box::new((row, settled)), done)).await.is_ok() {
            let _ = wait.await;
        }
    }
}

impl Intent for Journal {
    fn record(&self, ledger: i64) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let (answer, wait) = oneshot::channel();
            if self.notes.send(Note::Intent(ledger, answer)).await.is_err() {
                return false;
            }
            wait.await.unwrap_or(false)
        })
    }
}

impl Scribe {
    async fn run(self, mut queue: mpsc::Receiver<Note>) {
        let mut notes = Vec::with_capacity(MOST_AT_ONCE);
        while queue.recv_many(&mut notes, MOST_AT_ONCE).await > 0 {
            let mut intents = Vec::new();
            let mut outcomes = Vec::new();
            let mut written = Vec::new();
            for note in notes.drain(..) {
                match note {
                    Note::Intent(id, answer) => intents.push((id, answer)),
                    Note::Outcome(outcome, done) => {
                        outcomes.push(*outcome);
                        written.push(done);
                    }
                }
            }
            let ids: Vec<i64> = intents.iter().map(|(id, _)| *id).collect();
            let granted = self.commit_with_patience(&ids, &outcomes).await;
            for (id, answer) in intents {
                let _ = answer.send(granted.contains(&id));
            }
            for done in written {
                let _ = done.send(());
            }
        }
    }

    /// Outcomes are facts and worth some tries; intents that can't be written are withdrawn.
    async fn commit_with_patience(&self, intents: &[i64], outcomes: &[(Claimed, Settled)]) -> Vec<i64> {
        let mut wait = Duration::from_millis(20);
        for attempt in 1..=8 {
            match self.commit(intents, outcomes).await {
                Ok(granted) => return granted,
                Err(e) => {
                    tracing::warn!(channel = self.channel, attempt, error = %e, "ledger: commit failed");
                    if outcomes.is_empty() {
                        break;
                    }
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_secs(2));
                }
            }
        }
        Vec::new()
    }

    async fn commit(&self, intents: &[i64], outcomes: &[(Claimed, Settled)]) -> Result<Vec<i64>, Fault> {
        let workspace = self.workspace.read().clone();
        let ws = workspace.id;
        let mut tx = self.app.db.write().await?;
        let granted = if intents.is_empty() {
            Vec::new()
        } else {
            ledger::record_intents(&mut tx, ws, self.epoch, intents).await?
        };
        if !outcomes.is_empty() {
            let pairs: Vec<_> = outcomes.iter().map(|(row, settled)| (row.id, settled.clone())).collect();
            let taken = ledger::settle(&mut tx, ws, self.epoch, &pairs).await?;
            let taken: Vec<(Claimed, Settled)> =
                outcomes.iter().filter(|(row, _)| taken.contains(&row.id)).cloned().collect();
            if !taken.is_empty() {
                self.composer.after(&mut tx, &self.app, &workspace, self.channel, &taken).await?;
            }
        }
        tx.commit().await?;
        Ok(granted)
    }
}
