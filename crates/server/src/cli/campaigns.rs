//! Campaigns from a file.

use std::path::{Path, PathBuf};

use access::Op;
use basis::{CampaignId, Fault};
use campaign::{Channel, Draft, Severity, State};
use clap::{Args, Subcommand};
use serde_json::json;

use super::Where;
use crate::{exit, jobs, routes, serve};

#[derive(Debug, Subcommand)]
pub enum Campaigns {
    /// Says what stands against a launch; exit 4 when it would be refused.
    Check(Check),
    /// Keeps the campaign of a file and launches it.
    Launch(Launch),
    /// Waves, funnel and ledger of a campaign, as JSON.
    Status(One),
    /// Nothing more is sent until it is resumed.
    Pause(One),
    /// Goes on where it was paused.
    Resume(One),
    /// Ends it for good.
    Stop(One),
}

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    place: Where,
    file: PathBuf,
}

#[derive(Debug, Args)]
pub struct Launch {
    #[command(flatten)]
    place: Where,
    file: PathBuf,
    /// Letters cannot be called back, so the launch is asked for.
    #[arg(long)]
    yes: bool,
    /// Send here until the waves that are due are done, instead of by the running server.
    #[arg(long)]
    run: bool,
    /// The address that the letters' links lead to.
    #[arg(long, env = "OTKLIK_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
}

#[derive(Debug, Args)]
pub struct One {
    #[command(flatten)]
    place: Where,
    id: CampaignId,
}

async fn read(op: &Op, file: &Path) -> Result<Draft, Fault> {
    let named = |fault: Fault| Fault { detail: format!("{}: {}", file.display(), fault.detail), ..fault };
    let text = std::fs::read_to_string(file)
        .map_err(|e| Fault::invalid("campaign_file", format!("{} cannot be read: {e}", file.display())))?;
    let read = campaign::parse_file(&text, file.parent().unwrap_or(Path::new("."))).map_err(named)?;
    let mut draft = read.draft;
    if let Some(name) = read.segment {
        let found = audience::segment_by_name(&op.app, op.ws(), &name).await?;
        let missing =
            || Fault::invalid("segment", format!("{}: there is no segment \"{name}\"", file.display()));
        draft.segment_id = Some(found.ok_or_else(missing)?);
    }
    // A wave without a sender of its own is sent by the workspace's.
    for wave in
        draft.waves.iter_mut().filter(|wave| wave.channel == Channel::Email && wave.from_address.is_empty())
    {
        if let Some(from) = channel::default_from(&op.app, op.ws()).await? {
            wave.from_name = from.name;
            wave.from_address = from.address;
        }
    }
    Ok(draft)
}

async fn findings(op: &Op, draft: &Draft) -> Result<Vec<campaign::Finding>, Fault> {
    let mut channels: Vec<Channel> = draft.waves.iter().map(|wave| wave.channel).collect();
    channels.sort_unstable();
    channels.dedup();
    let mut found = campaign::check(op, draft).await?;
    found.extend(routes::sender_findings(op, &channels).await?);
    found.sort_by_key(|finding| finding.severity);
    Ok(found)
}

impl Campaigns {
    pub async fn run(self) -> Result<(), Fault> {
        match self {
            Self::Check(check) => check.run().await,
            Self::Launch(launch) => launch.run().await,
            Self::Status(one) => {
                let op = one.place.op().await?;
                let report = report::funnel(&op.app, op.ws(), one.id).await?;
                exit::print_json(&report.status_json())
            }
            Self::Pause(one) => one.change(State::Paused).await,
            Self::Resume(one) => one.change(State::Running).await,
            Self::Stop(one) => one.change(State::Stopped).await,
        }
    }
}

impl Check {
    async fn run(self) -> Result<(), Fault> {
        let op = self.place.op().await?;
        let draft = read(&op, &self.file).await?;
        let found = findings(&op, &draft).await?;
        let ok = found.iter().all(|finding| finding.severity != Severity::Refuse);
        exit::print_json(&json!({ "ok": ok, "findings": found, "waves": waves_of(&draft) }))?;
        if ok {
            Ok(())
        } else {
            Err(Fault::refused("launch_refused", "the campaign cannot be launched as it is"))
        }
    }
}

/// What the file says, wave by wave: variants with the shares that they get and the fields that are their own.
fn waves_of(draft: &Draft) -> Vec<serde_json::Value> {
    draft
        .waves
        .iter()
        .map(|wave| {
            // Shares that cannot be stand among the findings.
            let shares = campaign::shares(&wave.variants).unwrap_or_default();
            let variants: Vec<_> = wave
                .variants
                .iter()
                .enumerate()
                .map(|(at, variant)| {
                    json!({ "name": variant.name, "share": shares.get(at), "own": variant.own_fields() })
                })
                .collect();
            json!({ "channel": wave.channel, "target": wave.target, "variants": variants })
        })
        .collect()
}

impl Launch {
    async fn run(self) -> Result<(), Fault> {
        let place = serve::Place { public_url: self.public_url.clone(), ..self.place.place() };
        let app = serve::open(&place).await?;
        let workspace = access::workspace_by_name(&app, self.place.workspace.as_deref()).await?;
        let op = Op::system(app, workspace);
        let draft = read(&op, &self.file).await?;
        let found = findings(&op, &draft).await?;
        for finding in &found {
            exit::say(&format!("{:?}: {}: {}", finding.severity, finding.place, finding.message));
        }
        if !self.yes {
            return Err(Fault::refused(
                "not_confirmed",
                "letters cannot be called back; add --yes to launch",
            ));
        }
        let id = campaign::create(&op, &draft).await?;
        let senders: Vec<_> = found.into_iter().filter(|f| f.place.starts_with("senders.")).collect();
        campaign::launch(&op, id, &senders).await?;
        exit::print_json(&json!({ "campaign_id": id }))?;
        if self.run { send_here(&op, id).await } else { Ok(()) }
    }
}

/// Drives the campaign until nothing of it is due.
async fn send_here(op: &Op, id: CampaignId) -> Result<(), Fault> {
    let stop = tokio_util::sync::CancellationToken::new();
    let senders =
        tokio::spawn(channel::run_senders(op.app.clone(), crate::inbound::handler(&op.app), stop.clone()));
    loop {
        jobs::drain(&op.app).await?;
        jobs::beat(&op.app).await?;
        jobs::drain(&op.app).await?;
        if !channel::anything_due(&op.app, &op.workspace, id).await? {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    stop.cancel();
    senders.await.map_err(|e| Fault::internal("sender", format!("the sender ended: {e}")))
}

impl One {
    async fn change(self, to: State) -> Result<(), Fault> {
        let op = self.place.op().await?;
        let mut tx = op.app.db.write().await?;
        let done = match to {
            State::Paused => campaign::pause(&mut tx, op.ws(), self.id, "by_hand").await?,
            State::Running => campaign::resume(&mut tx, op.ws(), self.id).await?,
            _ => campaign::stop(&mut tx, op.ws(), self.id, op.campaign_now()).await?,
        };
        let state = campaign::campaign(&mut tx, op.ws(), self.id).await?.state;
        op.audit(&mut tx, "campaign_state", "campaign", self.id, json!({ "asked": to })).await?;
        tx.commit().await?;
        if done {
            exit::print_json(&json!({ "campaign_id": self.id, "state": state }))
        } else {
            Err(Fault::conflict("state", format!("the campaign is {state}; it cannot become {to}")))
        }
    }
}
