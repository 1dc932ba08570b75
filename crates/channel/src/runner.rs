//! What the server keeps running: senders of every workspace, the inbound receivers, and the watch over
//! bounces, complaints and finished waves.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use access::{App, Workspace};
use basis::{CampaignId, Fault, Time, WaveId, WorkspaceId};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::compose::ProductComposer;
use crate::inbound::{Limits, Protocol, Receiver};
use crate::inbox::{InboundHandler, MailInbox, SmsInbox};
use crate::ledger;
use crate::rules::governor::PauseReason;
use crate::sender::{Pace, Sender};
use crate::settings::{self, SenderKind};
use crate::smpp::Smsc;
use crate::smtp::Relay;
use crate::transport::Transport;

const WATCH_EVERY: Duration = Duration::from_millis(500);

struct Running {
    /// The configuration it runs with.
    updated_at: i64,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Runs the senders of all workspaces until `stop`: starts them as configurations appear, restarts them as
/// they change.
pub async fn run_senders(app: App, handler: Arc<dyn InboundHandler>, stop: CancellationToken) {
    let mut running: HashMap<(WorkspaceId, &'static str), Running> = HashMap::new();
    while !stop.is_cancelled() {
        match access::workspaces(&app).await {
            Ok(workspaces) => {
                for workspace in workspaces {
                    for kind in SenderKind::ALL {
                        if let Err(e) = adjust(&app, &handler, &workspace, kind, &mut running).await {
                            tracing::warn!(channel = kind.as_str(), error = %e, "sender: could not be started");
                        }
                    }
                    if let Err(e) = watch(&app, &workspace).await {
                        tracing::warn!(error = %e, "sender: the watch failed");
                    }
                }
            }
            Err(e) => tracing::warn!(error = %e, "sender: workspaces could not be read"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(WATCH_EVERY) => {}
        }
    }
    for (_, one) in running {
        one.stop.cancel();
        let _ = one.task.await;
    }
}

async fn adjust(
    app: &App,
    handler: &Arc<dyn InboundHandler>,
    workspace: &Workspace,
    kind: SenderKind,
    running: &mut HashMap<(WorkspaceId, &'static str), Running>,
) -> Result<(), Fault> {
    let place = (workspace.id, kind.as_str());
    let stored = settings::stored(app, workspace.id, kind).await?;
    let wanted = stored.map(|(_, updated_at)| updated_at);
    if running.get(&place).is_some_and(|r| Some(r.updated_at) == wanted && !r.task.is_finished()) {
        return Ok(());
    }
    if let Some(old) = running.remove(&place) {
        old.stop.cancel();
        let _ = old.task.await;
    }
    let Some(updated_at) = wanted else { return Ok(()) };
    let stop = CancellationToken::new();
    let task = match kind {
        SenderKind::Email => start_email(app, workspace, &stop).await?,
        SenderKind::Sms => start_sms(app, handler, workspace, &stop).await?,
    };
    running.insert(place, Running { updated_at, stop, task });
    Ok(())
}

async fn start_email(
    app: &App,
    workspace: &Workspace,
    stop: &CancellationToken,
) -> Result<JoinHandle<()>, Fault> {
    let Some(config) = settings::email(app, workspace.id).await? else { return Ok(tokio::spawn(async {})) };
    let relay = Relay::new(settings::smtp_config(app, workspace, &config).await?, config.lanes);
    let since = first_letter(app, workspace).await?.unwrap_or_else(|| workspace.campaign_now(app.now()));
    let pace = Pace {
        rate_per_second: config.rate_per_second,
        warm_up: config.warm_up.map(|plan| (plan, since)),
        ..Pace::default()
    };
    Ok(start(app, workspace, SenderKind::Email, relay, pace, stop))
}

async fn start_sms(
    app: &App,
    handler: &Arc<dyn InboundHandler>,
    workspace: &Workspace,
    stop: &CancellationToken,
) -> Result<JoinHandle<()>, Fault> {
    let Some(config) = settings::sms(app, workspace.id).await? else { return Ok(tokio::spawn(async {})) };
    let inbox = SmsInbox { app: app.clone(), workspace: workspace.id, handler: Arc::clone(handler) };
    let smsc = Smsc::new(settings::smpp_config(app, workspace, &config).await?, Arc::new(inbox));
    let pace = Pace { rate_per_second: config.rate_per_second, ..Pace::default() };
    // Receipts and answers come while nothing is sent, too.
    let bound = Arc::clone(&smsc);
    let until = stop.clone();
    tokio::spawn(async move {
        while !until.is_cancelled() {
            if let Err(e) = bound.keep_bound().await {
                tracing::debug!(error = %e, "sms: not bound");
            }
            tokio::select! {
                () = until.cancelled() => {}
                () = tokio::time::sleep(Duration::from_secs(5)) => {}
            }
        }
    });
    Ok(start(app, workspace, SenderKind::Sms, smsc, pace, stop))
}

fn start(
    app: &App,
    workspace: &Workspace,
    kind: SenderKind,
    transport: Arc<dyn Transport>,
    pace: Pace,
    stop: &CancellationToken,
) -> JoinHandle<()> {
    let composer = Arc::new(ProductComposer::default());
    let sender = Sender::new(app.clone(), workspace.clone(), kind.as_str(), transport, composer, pace);
    tokio::spawn(sender.run(stop.clone()))
}

/// Warm-up counts from the first letter of the workspace.
async fn first_letter(app: &App, workspace: &Workspace) -> Result<Option<Time>, Fault> {
    let mut tx = app.db.read().await?;
    let (first,) = store::fetch_one!(
        tx,
        (Option<i64>,),
        "SELECT MIN(sent_at) FROM messages WHERE workspace_id = $1 AND channel = 'email'",
        workspace.id.get()
    )?;
    Ok(first.map(Time::from_millis))
}

/// Pauses campaigns that pass a limit and finishes waves that have nothing left to do.
///
/// # Errors
/// The database did not answer.
pub async fn watch(app: &App, workspace: &Workspace) -> Result<(), Fault> {
    let ws = workspace.id;
    let mut tx = app.db.read().await?;
    let over = store::fetch_all!(
        tx,
        (i64, i64),
        "SELECT w.id, w.campaign_id FROM waves w JOIN campaigns c ON c.workspace_id = w.workspace_id AND c.id = w.campaign_id
         WHERE w.workspace_id = $1 AND w.state = 'running' AND c.kind = 'once'
           AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.workspace_id = w.workspace_id AND m.campaign_id = w.campaign_id
             AND m.wave_id = w.id AND m.state IN ('planned', 'leased', 'intent', 'deferred', 'held'))
           AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.workspace_id = w.workspace_id AND j.kind = 'channel.plan_wave'
             AND j.state IN ('waiting', 'running') AND j.dedup_key = CAST(w.id AS TEXT))",
        ws.get()
    )?;
    let mailing = store::fetch_all!(
        tx,
        (i64,),
        "SELECT DISTINCT c.id FROM campaigns c JOIN waves w ON w.workspace_id = c.workspace_id AND w.campaign_id = c.id
         WHERE c.workspace_id = $1 AND c.state = 'running' AND w.channel = 'email' AND w.state = 'running'",
        ws.get()
    )?;
    let mut pauses = Vec::new();
    if !mailing.is_empty() {
        let limits = settings::email(app, ws).await?.map(|e| e.pause).unwrap_or_default();
        for (campaign,) in mailing {
            let sums = ledger::sums(&mut tx, ws, CampaignId(campaign)).await?;
            let count = |n: i64| u64::try_from(n).unwrap_or(0);
            let exceeded = limits.exceeded(count(sums.tried), count(sums.bounced), count(sums.complained));
            pauses.extend(exceeded.map(|reason| (CampaignId(campaign), reason)));
        }
    }
    drop(tx);
    if over.is_empty() && pauses.is_empty() {
        return Ok(());
    }
    let now = workspace.campaign_now(app.now());
    let mut tx = app.db.write().await?;
    for &(wave, _) in &over {
        campaign::finish_wave(&mut tx, ws, WaveId(wave), now).await?;
    }
    for &(campaign, reason) in &pauses {
        let word = match reason {
            PauseReason::Bounces => "bounces",
            PauseReason::Complaints => "complaints",
        };
        campaign::pause(&mut tx, ws, campaign, word).await?;
        tracing::warn!(%campaign, word, "campaign paused itself");
    }
    tx.commit().await?;
    for (wave, campaign) in over {
        app.hub.publish(
            ws,
            format!("campaign:{campaign}"),
            serde_json::json!({ "wave": wave.to_string(), "state": "done" }),
        );
    }
    for (campaign, _) in pauses {
        app.hub.publish(ws, format!("campaign:{campaign}"), serde_json::json!({ "state": "paused" }));
    }
    Ok(())
}

/// Where bounces, unsubscribes and replies come in.
#[derive(Debug, Clone, Default)]
pub struct InboundConfig {
    pub smtp: Option<SocketAddr>,
    pub lmtp: Option<SocketAddr>,
    /// Our name in greetings; the bounce domain when empty.
    pub host: String,
}

/// The ports that were opened (port 0 lets the system choose).
#[derive(Debug, Clone, Copy, Default)]
pub struct InboundPorts {
    pub smtp: Option<SocketAddr>,
    pub lmtp: Option<SocketAddr>,
}

/// Opens the receivers and serves them in the background until `stop`.
///
/// # Errors
/// A port could not be opened.
pub async fn run_inbound(
    app: App,
    config: InboundConfig,
    handler: Arc<dyn InboundHandler>,
    stop: CancellationToken,
) -> Result<InboundPorts, Fault> {
    let inbox = MailInbox::new(app, handler);
    inbox.refresh().await?;
    let mut ports = InboundPorts::default();
    for (protocol, addr) in [(Protocol::Smtp, config.smtp), (Protocol::Lmtp, config.lmtp)] {
        let Some(addr) = addr else { continue };
        let cannot =
            |e: std::io::Error| Fault::conflict("listen", format!("cannot receive mail on {addr}: {e}"));
        let listener = TcpListener::bind(addr).await.map_err(cannot)?;
        let bound = listener.local_addr().map_err(cannot)?;
        match protocol {
            Protocol::Smtp => ports.smtp = Some(bound),
            Protocol::Lmtp => ports.lmtp = Some(bound),
        }
        let host = if config.host.is_empty() { inbox.host() } else { config.host.clone() };
        let receiver = Receiver { protocol, host, limits: Limits::default(), mailbox: Arc::clone(&inbox) };
        tokio::spawn(receiver.serve(listener, stop.clone()));
    }
    tokio::spawn(async move {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_secs(2)) => {}
            }
            if let Err(e) = inbox.refresh().await {
                tracing::warn!(error = %e, "inbound mail: addresses could not be read");
            }
        }
    });
    Ok(ports)
}
