//! One sender of one workspace and channel.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use access::{App, Workspace};
use basis::{Fault, Time, WaveId, WorkspaceId};
use parking_lot::RwLock;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::day::{Day, next_day};
use super::journal::{Journal, Scribe};
use super::{Composed, Composer};
use crate::ledger::{self, Claimed, Settled};
use crate::rules::governor::{TokenBucket, WarmUp, retry_after};
use crate::rules::incoming::{BounceKind, severity};
use crate::transport::{Outcome, Outgoing, Payload, Transport};

/// How fast a sender may go, and how patient it is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub rate_per_second: f64,
    pub warm_up: Option<(WarmUp, Time)>,
    /// Rows under lease at once.
    pub batch: u32,
    /// A sender that did not renew its lease for so long is dead.
    pub lease: Duration,
    /// Tries of a message that was put off, before it counts as failed.
    pub most_attempts: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            rate_per_second: 100.0,
            warm_up: None,
            batch: 200,
            lease: Duration::from_secs(20),
            most_attempts: 8,
        }
    }
}

pub struct Sender {
    app: App,
    /// Read anew before each batch: its clock may have been moved.
    workspace: Arc<RwLock<Workspace>>,
    channel: &'static str,
    transport: Arc<dyn Transport>,
    composer: Arc<dyn Composer>,
    pace: Pace,
    epoch: i64,
    journal: Journal,
    buckets: Mutex<HashMap<WaveId, TokenBucket>>,
    day: Mutex<Day>,
    started: Instant,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender")
            .field("channel", &self.channel)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

impl Sender {
    #[must_use]
    pub fn new(
        app: App,
        workspace: Workspace,
        channel: &'static str,
        transport: Arc<dyn Transport>,
        composer: Arc<dyn Composer>,
        pace: Pace,
    ) -> Arc<Self> {
        let epoch = app.next_id();
        let workspace = Arc::new(RwLock::new(workspace));
        let journal = Journal::start(Scribe {
            app: app.clone(),
            workspace: Arc::clone(&workspace),
            channel,
            epoch,
            composer: Arc::clone(&composer),
        });
        Arc::new(Self {
            app,
            workspace,
            channel,
            transport,
            composer,
            pace,
            epoch,
            journal,
            buckets: Mutex::new(HashMap::new()),
            day: Mutex::new(Day::default()),
            started: Instant::now(),
        })
    }

    fn workspace(&self) -> Workspace {
        self.workspace.read().clone()
    }

    async fn refresh(&self) -> Result<Workspace, Fault> {
        let id = self.workspace.read().id;
        let fresh = access::load_workspace(&self.app, id).await?;
        *self.workspace.write() = fresh.clone();
        Ok(fresh)
    }

    /// Says that this sender lives, takes over from dead ones and ends what has expired.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn housekeeping(&self) -> Result<(), Fault> {
        let workspace = self.refresh().await?;
        let ws = workspace.id;
        let real = self.app.now();
        let mut tx = self.app.db.write().await?;
        ledger::renew_lease(&mut tx, ws, self.epoch, self.channel, real).await?;
        let (again, uncertain) = ledger::recover(&mut tx, ws, self.channel, real, self.pace.lease).await?;
        let expired = ledger::expire(&mut tx, ws, self.channel, workspace.campaign_now(real)).await?;
        tx.commit().await?;
        if again + uncertain > 0 {
            tracing::warn!(
                channel = self.channel,
                again,
                uncertain,
                "ledger: took over from a sender that stopped"
            );
        }
        if expired > 0 {
            tracing::info!(channel = self.channel, expired, "ledger: messages expired");
        }
        Ok(())
    }

    /// Claims one batch and carries it out. Answers how many rows it claimed.
    ///
    /// # Errors
    /// The database or the composer failed; what was leased is given back.
    pub async fn pass(&self) -> Result<usize, Fault> {
        let workspace = self.refresh().await?;
        let ws = workspace.id;
        let now = workspace.campaign_now(self.app.now());
        // No more than two seconds' worth: the rules are asked when the batch is claimed.
        let most = f64::from(self.pace.batch).min((self.pace.rate_per_second * 2.0).ceil().max(1.0));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and the batch size"
        )]
        let most = most as u32;
        let mut tx = self.app.db.write().await?;
        let rows = ledger::claim(&mut tx, ws, self.channel, now, self.epoch, most).await?;
        tx.commit().await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let claimed = rows.len();
        if let Err(e) = self.carry_out(&workspace, rows, now).await {
            let mut tx = self.app.db.write().await?;
            ledger::release(&mut tx, ws, self.epoch).await?;
            tx.commit().await?;
            return Err(e);
        }
        Ok(claimed)
    }

    async fn carry_out(&self, workspace: &Workspace, rows: Vec<Claimed>, now: Time) -> Result<(), Fault> {
        let composed = self.composer.compose(&self.app, workspace, self.channel, &rows).await?;
        let mut ready = Vec::with_capacity(rows.len());
        let mut put_off = Vec::new();
        self.turn_day(workspace, now).await?;
        for (row, composed) in rows.into_iter().zip(composed) {
            match composed {
                Composed::Ready { payload, rate_per_second } => {
                    if self.over_ceiling(&row, now).await {
                        let until = next_day(&workspace.tz(), now);
                        put_off.push((row, Composed::Held { until, reason: "warm_up".into() }));
                    } else {
                        ready.push((row, payload, rate_per_second));
                    }
                }
                other => put_off.push((row, other)),
            }
        }
        self.write_put_off(workspace.id, &put_off).await?;
        let lanes = Arc::new(Semaphore::new(self.transport.lanes().max(1)));
        let mut under_way = JoinSet::new();
        for (row, payload, rate) in ready {
            self.wait_for_token(row.wave_id, rate).await;
            let Ok(lane) = Arc::clone(&lanes).acquire_owned().await else { break };
            under_way.spawn(offer(
                Arc::clone(&self.transport),
                self.journal.clone(),
                self.clocks(),
                row,
                payload,
                lane,
            ));
            // Outcomes that are in already may ask to slow down.
            while let Some(done) = under_way.try_join_next() {
                self.mind_pace(done.ok()).await;
            }
        }
        while let Some(done) = under_way.join_next().await {
            self.mind_pace(done.ok()).await;
        }
        Ok(())
    }

    fn clocks(&self) -> Clocks {
        Clocks {
            app: self.app.clone(),
            workspace: Arc::clone(&self.workspace),
            most_attempts: self.pace.most_attempts,
        }
    }

    async fn turn_day(&self, workspace: &Workspace, now: Time) -> Result<(), Fault> {
        if self.channel != "email" || self.pace.warm_up.is_none() {
            return Ok(());
        }
        let mut tx = self.app.db.read().await?;
        self.day.lock().await.turn(&mut tx, workspace.id, &workspace.tz(), now).await?;
        Ok(())
    }

    async fn over_ceiling(&self, row: &Claimed, now: Time) -> bool {
        let Some((plan, since)) = self.pace.warm_up.filter(|_| self.channel == "email") else { return false };
        let day = u32::try_from((now.millis() - since.millis()).max(0) / 86_400_000).unwrap_or(u32::MAX);
        let Some(ceiling) = plan.ceiling(day) else { return false };
        let mut counts = self.day.lock().await;
        if counts.sent_to(&row.address) >= ceiling {
            return true;
        }
        counts.count(&row.address);
        false
    }

    async fn write_put_off(&self, ws: WorkspaceId, rows: &[(Claimed, Composed)]) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut tx = self.app.db.write().await?;
        for (row, composed) in rows {
            match composed {
                Composed::Held { until, reason } => {
                    ledger::postpone(&mut tx, ws, self.epoch, row.id, *until, reason).await?;
                }
                Composed::Refused { reason, detail } => {
                    ledger::refuse(&mut tx, ws, self.epoch, row.id, reason, detail).await?;
                }
                Composed::Ready { .. } => {}
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn wait_for_token(&self, wave: WaveId, rate: Option<f64>) {
        let allowed = rate.map_or(self.pace.rate_per_second, |r| r.min(self.pace.rate_per_second));
        loop {
            let wait = {
                let now = self.started.elapsed();
                let mut buckets = self.buckets.lock().await;
                let bucket = buckets
                    .entry(wave)
                    .or_insert_with(|| TokenBucket::new(allowed, (allowed / 10.0).max(1.0), now));
                bucket.speed_up(allowed);
                bucket.take(now).err()
            };
            match wait {
                None => return,
                Some(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    async fn mind_pace(&self, done: Option<(WaveId, bool)>) {
        if let Some((wave, true)) = done
            && let Some(bucket) = self.buckets.lock().await.get_mut(&wave)
        {
            bucket.slow_down(self.started.elapsed());
        }
    }

    /// Sends until `stop`; then finishes what is under way and gives the rest back.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let beat = {
            let this = Arc::clone(&self);
            let stop = stop.clone();
            tokio::spawn(async move {
                loop {
                    if let Err(e) = this.housekeeping().await {
                        tracing::warn!(channel = this.channel, error = %e, "sender: housekeeping failed");
                    }
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(this.pace.lease / 4) => {}
                    }
                }
            })
        };
        while !stop.is_cancelled() {
            let idle = match self.pass().await {
                Ok(0) => Duration::from_millis(200),
                Ok(_) => Duration::ZERO,
                Err(e) => {
                    tracing::warn!(channel = self.channel, error = %e, "sender: pass failed");
                    Duration::from_secs(1)
                }
            };
            if !idle.is_zero() {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(idle) => {}
                }
            }
        }
        let _ = beat.await;
        self.transport.close().await;
        if let Err(e) = self.hand_in().await {
            tracing::warn!(channel = self.channel, error = %e, "sender: could not hand in its lease");
        }
    }

    async fn hand_in(&self) -> Result<(), Fault> {
        let ws = self.workspace().id;
        let mut tx = self.app.db.write().await?;
        ledger::release(&mut tx, ws, self.epoch).await?;
        ledger::forget_lease(&mut tx, ws, self.epoch).await?;
        tx.commit().await?;
        Ok(())
    }
}

struct Clocks {
    app: App,
    workspace: Arc<RwLock<Workspace>>,
    most_attempts: i64,
}

async fn offer(
    transport: Arc<dyn Transport>,
    journal: Journal,
    clocks: Clocks,
    row: Claimed,
    payload: Payload,
    lane: tokio::sync::OwnedSemaphorePermit,
) -> (WaveId, bool) {
    let wave = row.wave_id;
    let message = Outgoing { ledger: row.id.get(), payload };
    let outcome = transport.send(&message, &journal).await;
    let throttled = matches!(&outcome, Outcome::Deferred { throttled: true, .. });
    let now = clocks.workspace.read().campaign_now(clocks.app.now());
    let [byte] = clocks.app.random::<1>();
    let settled = settle(&row, outcome, now, clocks.most_attempts, f64::from(byte) / 255.0);
    // The lane is free while the outcome goes to the disk.
    drop(lane);
    journal.outcome(row, settled).await;
    (wave, throttled)
}

/// What an outcome means for the row.
fn settle(row: &Claimed, outcome: Outcome, now: Time, most_attempts: i64, spread: f64) -> Settled {
    match outcome {
        Outcome::Accepted { reference, detail } => {
            Settled::Accepted { at: now, provider_id: reference.filter(|r| !r.is_empty()), detail }
        }
        Outcome::Rejected { status, detail } => {
            let reason = match severity(status.as_deref(), &detail) {
                BounceKind::Hard => "hard_bounce",
                BounceKind::Soft | BounceKind::Notice => "soft_bounce",
            };
            Settled::Rejected { at: now, reason: reason.into(), detail }
        }
        Outcome::Deferred { detail, .. } if row.attempts >= most_attempts => {
            Settled::Rejected { at: now, reason: "gave_up".into(), detail }
        }
        Outcome::Deferred { detail, .. } => {
            let attempt = u32::try_from(row.attempts).unwrap_or(u32::MAX);
            Settled::Deferred { due_at: now.plus(retry_after(attempt, spread)), detail }
        }
        Outcome::Uncertain { detail } => Settled::Uncertain { detail },
        Outcome::Withdrawn => Settled::Withdrawn,
    }
}
