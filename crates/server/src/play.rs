//! `otklik demo`: the product as it is, a base of invented people, and those people answering over real protocols.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use access::{
    App, NewWorkspace, Op, Role, Workspace, create_workspace, load_workspace, set_clock, workspaces,
};
use basis::{CampaignId, Currency, Fault, Lang, Time};
use campaign::State;
use demo::{Simulation, SimulationConfig};
use ingest::{
    Input, Mapping,
    import::{NewFile, begin_import, run_import},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    exit, jobs,
    serve::{self, Listen, Place, Server},
    subscriptions::ImportSteps,
};

/// What was asked for.
#[derive(Debug)]
pub struct Wanted {
    pub place: Place,
    pub listen: String,
    pub seed: u64,
    /// Leave the story to the person: only people and senders are set up.
    pub by_hand: bool,
}

const MARKER: &str = "demo.json";
const EMAIL: &str = "demo@otklik.example";
const WORKSPACE: &str = "Книжкова крамниця (демо)";
/// 2024-09-01 10:30 in Kyiv, right after the base's last order.
const START: Time = Time::from_millis(1_725_175_800_000);
/// Campaign seconds a second: a day in half a minute.
const SPEED: f64 = 2880.0;
/// A story that is not over by then has gone wrong somewhere.
const LONGEST_DAYS: i64 = 75;

/// What the folder remembers of its demo.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    seed: u64,
    by_hand: bool,
    seeded: bool,
    campaign_id: Option<CampaignId>,
    /// Where the campaign clock stood; real time that passes while nothing runs does not count.
    clock: Time,
}

/// A demo that is ready to be played.
struct Stage {
    app: App,
    workspace: Workspace,
    marker: Marker,
    path: PathBuf,
    /// Known only in the run that made it.
    password: Option<String>,
}

impl Stage {
    fn op(&self) -> Op {
        Op::system(self.app.clone(), self.workspace.clone())
    }

    fn save(&self) -> Result<(), Fault> {
        let io = |e: std::io::Error| Fault::internal("demo", format!("{}: {e}", self.path.display()));
        let text =
            serde_json::to_string_pretty(&self.marker).map_err(|e| Fault::internal("demo", e.to_string()))?;
        std::fs::write(&self.path, text).map_err(io)
    }

    async fn set_clock(&mut self, to: Time, speed: f64) -> Result<(), Fault> {
        self.workspace.clock = set_clock(&self.app, self.workspace.id, to, speed).await?;
        self.marker.clock = to;
        Ok(())
    }
}

/// Opens a fresh folder or a demo's own; any other is refused.
async fn stage(wanted: &Wanted) -> Result<Stage, Fault> {
    let folder = &wanted.place.data;
    let path = folder.join(MARKER);
    let known = match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str::<Marker>(&text).map_err(|e| {
            Fault::refused(
                "demo_folder",
                format!("{} is damaged ({e}); start the demo in a new folder", path.display()),
            )
        })?),
        Err(_) => None,
    };
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if known.is_none() && occupied {
        return Err(Fault::refused(
            "demo_folder",
            format!("{} holds something that is not a demo; name a new folder with --data", folder.display()),
        ));
    }
    let app = serve::open(&wanted.place).await?;
    let there = workspaces(&app).await?;
    let ours = there.iter().find(|workspace| workspace.name == WORKSPACE && workspace.simulated);
    if known.is_none() && !there.is_empty() {
        return Err(Fault::refused(
            "demo_folder",
            "this database holds something that is not a demo; name an empty one",
        ));
    }
    let marker = known.unwrap_or(Marker {
        seed: wanted.seed,
        by_hand: wanted.by_hand,
        seeded: false,
        campaign_id: None,
        clock: START,
    });
    let workspace = match ours {
        Some(found) => found.clone(),
        None => {
            let new = NewWorkspace {
                name: WORKSPACE.to_owned(),
                simulated: true,
                language: Lang::Uk,
                timezone: "Europe/Kyiv".to_owned(),
                jurisdiction: "ua".to_owned(),
                currency: Currency::UAH,
            };
            create_workspace(&app, new).await?
        }
    };
    let mut stage = Stage { app, workspace, marker, path, password: None };
    stage.save()?;
    let clock = stage.marker.clock;
    stage.set_clock(clock, 0.0).await?;
    if !access::any_administrator(&stage.app).await? {
        let password =
            std::env::var("OTKLIK_DEMO_PASSWORD").unwrap_or_else(|_| readable_password(&stage.app));
        let ws = stage.workspace.id;
        access::add_user(&stage.app, ws, EMAIL, "Demo", Role::Administrator, Lang::Uk, password.clone())
            .await?;
        stage.password = Some(password);
    }
    if !stage.marker.seeded {
        identify_sender(&stage).await?;
        stage.workspace = load_workspace(&stage.app, stage.workspace.id).await?;
        if !stage.marker.by_hand {
            fill(&stage).await?;
        }
        stage.marker.seeded = true;
        stage.save()?;
    }
    Ok(stage)
}

/// Fifteen letters and digits that are not taken for one another.
fn readable_password(app: &App) -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let parts: Vec<String> = app
        .random::<15>()
        .chunks(5)
        .map(|part| part.iter().map(|b| char::from(LETTERS[usize::from(*b) % LETTERS.len()])).collect())
        .collect();
    parts.join("-")
}

/// Who the letters are from.
async fn identify_sender(stage: &Stage) -> Result<(), Fault> {
    let settings = json!({ "sender": {
        "shop_name": "Книжкова крамниця", "shop_url": "https://bookshop.example", "legal_name": "ФОП Вигадана Крамниця (демо)",
        "postal_address": "01001, Київ, вул. Вигадана, 1", "email": "shop@bookshop.example", "phone": "+380440000000"
    } });
    let mut tx = stage.app.db.write().await?;
    store::execute!(
        tx,
        "UPDATE workspaces SET settings = $2 WHERE id = $1",
        stage.workspace.id.get(),
        settings.to_string()
    )?;
    tx.commit().await?;
    Ok(())
}

/// The legal basis of the demo's people, labelled for what it is.
const MAPPING: &str = r#"
[consent]
basis = "consent"
purposes = ["advertising", "service", "ad_audiences"]
channels = ["email", "sms", "call"]
proof = "simulated: invented people of the demo, seeded with a consent"
"#;

/// The name says what they are, wherever it is shown.
const REVIEWS: &str = "simulated-reviews.csv";

/// The bookshop's base: orders, addresses, catalogue.
async fn fill(stage: &Stage) -> Result<(), Fault> {
    let op = stage.op();
    let folder = stage.app.data_dir.join("demo");
    std::fs::create_dir_all(&folder)
        .map_err(|e| Fault::internal("demo", format!("{}: {e}", folder.display())))?;
    let mapping = Mapping::parse(MAPPING).map_err(|e| Fault::internal("demo", e.to_string()))?;
    let files = [
        ("Замовлення крамниці", "orders.csv", demo::orders_csv()),
        ("Адреси кол-центру", "addresses.csv", demo::addresses_csv()),
    ];
    for (source, name, content) in files {
        let path = folder.join(name);
        std::fs::write(&path, content)
            .map_err(|e| Fault::internal("demo", format!("{}: {e}", path.display())))?;
        let file = NewFile { name: name.to_owned(), path: path.to_string_lossy().into_owned() };
        let mut tx = stage.app.db.write().await?;
        let import = begin_import(&mut tx, &op, source, &[file], &mapping).await?;
        tx.commit().await?;
        run_import(&op, import.id, ImportSteps::default().steps()).await?;
    }
    for category in demo::categories() {
        let names = [&category.name_ru, &category.name_uk, &category.name_en];
        commerce::ensure_category(&op, &category.key, names.map(String::as_str)).await?;
    }
    commerce::load_catalogue(&op, Input::bytes("catalogue.csv", demo::catalogue_csv().to_vec())).await?;
    let reviews = demo::reviews_csv(START, &stage.workspace.tz());
    let read = care::read(REVIEWS, &reviews, &stage.workspace.tz(), None, START)?;
    care::take_in(&op, REVIEWS, &read.mentions).await?;
    jobs::drain(&stage.app).await?;
    // The planner has to know that this base is no longer empty.
    stage.app.db.tidy().await?;
    Ok(())
}

/// The product and the people, both running.
struct Play {
    server: Server,
    people: Simulation,
}

async fn token(stage: &Stage, role: Role) -> Result<String, Fault> {
    let name = format!("demo.token.{role}");
    if let Some(kept) = stage.app.unseal(stage.workspace.id, &name).await? {
        return String::from_utf8(kept).map_err(|e| Fault::internal("demo", e.to_string()));
    }
    let (_, token) = access::add_token(&stage.app, stage.workspace.id, "simulated people", role).await?;
    stage.app.seal(stage.workspace.id, &name, token.as_bytes()).await?;
    Ok(token)
}

async fn start(stage: &Stage, listen: &str, workers: bool) -> Result<Play, Fault> {
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let listen = Listen { http: listen.to_owned(), smtp: Some(any), lmtp: None, workers };
    // By hand the calls are the person's own.
    let operator_token = if stage.marker.by_hand { None } else { Some(token(stage, Role::Operator).await?) };
    let marketer_token = token(stage, Role::Marketer).await?;
    let server = serve::start(&stage.app, &listen).await?;
    let inbound_smtp = server
        .inbound_smtp
        .ok_or_else(|| Fault::internal("demo", "the receiver of bounces does not listen"))?;
    let config = SimulationConfig {
        seed: stage.marker.seed,
        base_url: format!("http://{}", server.address),
        inbound_smtp,
        operator_token,
        marketer_token,
    };
    let failed = |e: demo::Error| Fault::internal("demo", e.to_string());
    let people = Simulation::start(config).await.map_err(failed)?;
    let email = json!({
        "host": "127.0.0.1", "port": people.smtp_port(), "security": "none",
        "domain": "bookshop.example", "bounce_domain": "bounce.bookshop.example", "rate_per_second": 500.0
    });
    let sms = json!({
        "host": "127.0.0.1", "port": people.smpp_port(), "system_id": "otklik", "source": "KNYHARNIA", "rate_per_second": 200.0
    });
    channel::settings::save(&stage.app, &stage.workspace, channel::SenderKind::Email, &email, None).await?;
    channel::settings::save(&stage.app, &stage.workspace, channel::SenderKind::Sms, &sms, Some("demo"))
        .await?;
    Ok(Play { server, people })
}

const STORY: &str = r#"
name = "Активація бази: осінь 2024"
language = "by-customer"
[audience]
all = true
[holdout]
share = 0.1
[goal]
kind = "consent"
window_days = 30
[[wave]]
channel = "email"
from = "Книжкова крамниця <shop@bookshop.example>"
[[wave]]
channel = "sms"
after_days = 7
to = "silent"
[[wave]]
channel = "call"
after_days = 3
to = "silent"
"#;

/// Launches the story's campaign, once.
async fn launch(stage: &mut Stage) -> Result<CampaignId, Fault> {
    if let Some(known) = stage.marker.campaign_id {
        return Ok(known);
    }
    let op = stage.op();
    let read = campaign::parse_file(STORY, std::path::Path::new("."))?;
    let id = campaign::create(&op, &read.draft).await?;
    campaign::launch(&op, id, &[]).await?;
    stage.marker.campaign_id = Some(id);
    stage.save()?;
    Ok(id)
}

/// Opens the demo for a browser and plays until stopped.
pub async fn open(wanted: &Wanted) -> Result<(), Fault> {
    let mut stage = stage(wanted).await?;
    let play = start(&stage, &wanted.listen, true).await?;
    let clock = stage.marker.clock;
    if !stage.marker.by_hand {
        launch(&mut stage).await?;
    }
    stage.set_clock(clock, if stage.marker.by_hand { 0.0 } else { SPEED }).await?;
    let password = match &stage.password {
        Some(password) => format!("password {password}"),
        None => "password as printed at the first start".to_owned(),
    };
    exit::print(&format!(
        "otklik: open http://{}  login {EMAIL}  {password}  (a demo: the people in it are simulated)",
        play.server.address
    ))?;
    let stop = CancellationToken::new();
    let (until, keeper) = (stop.clone(), tokio::spawn(keep_clock(stage, stop.clone())));
    let people = tokio::spawn(async move { play.people.run(until).await });
    play.server.wait().await;
    stop.cancel();
    for task in [people, keeper] {
        drop(tokio::time::timeout(Duration::from_secs(5), task).await);
    }
    Ok(())
}

/// Notes where the campaign clock stands, so that the time in which nothing runs does not pass for the people.
async fn keep_clock(mut stage: Stage, stop: CancellationToken) {
    loop {
        tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(Duration::from_secs(1)) => {} }
        let noted = async {
            let workspace = load_workspace(&stage.app, stage.workspace.id).await?;
            stage.marker.clock = workspace.campaign_now(stage.app.now());
            stage.save()
        };
        if let Err(fault) = noted.await {
            tracing::warn!(%fault, "the demo's clock could not be noted");
        }
        if stop.is_cancelled() {
            return;
        }
    }
}

/// Plays to the end, a day at a step, and prints the final funnel.
pub async fn headless(wanted: &Wanted, as_json: bool) -> Result<(), Fault> {
    let began = Instant::now();
    let mut stage = stage(wanted).await?;
    let mut play = start(&stage, "127.0.0.1:0", false).await?;
    let id = launch(&mut stage).await?;
    let first_day = stage.marker.clock;
    let mut over = false;
    for day in 0..LONGEST_DAYS {
        stage.set_clock(first_day.plus_days(day), 0.0).await?;
        settle(&stage, &mut play, id).await?;
        stage.save()?;
        let mut tx = stage.app.db.read().await?;
        let state = campaign::campaign(&mut tx, stage.workspace.id, id).await?.state;
        drop(tx);
        tracing::info!(day, %state, seconds = began.elapsed().as_secs(), "a day of the demo has passed");
        // Orders go on to arrive for the goal's window.
        if state == State::Finished && day >= 31 {
            over = true;
            break;
        }
    }
    let report = report::funnel(&stage.app, stage.workspace.id, id).await?;
    let records = records(&stage).await?;
    play.server.stop().await;
    let shown = report.headless_json(stage.marker.seed, records);
    if as_json {
        exit::print_json(&shown)?;
    } else {
        let text =
            serde_json::to_string_pretty(&shown).map_err(|e| Fault::internal("json", e.to_string()))?;
        exit::print(&text)?;
    }
    exit::say(&format!("otklik: played in {} s; the people in it are simulated", began.elapsed().as_secs()));
    if let Some(password) = &stage.password {
        exit::say(&format!(
            "otklik: `otklik demo` with the same --data opens it: login {EMAIL}  password {password}"
        ));
    }
    if over {
        Ok(())
    } else {
        Err(Fault::internal("demo", format!("the story was not over after {LONGEST_DAYS} days")))
    }
}

async fn records(stage: &Stage) -> Result<i64, Fault> {
    let mut tx = stage.app.db.read().await?;
    let (count,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM records WHERE workspace_id = $1 AND current AND kind = 'order'",
        stage.workspace.id.get()
    )?;
    Ok(count)
}

/// Until nobody does anything any more at this hour: no job, no letter on its way, no person who acts.
async fn settle(stage: &Stage, play: &mut Play, id: CampaignId) -> Result<(), Fault> {
    let mut quiet = 0;
    while quiet < 2 {
        jobs::drain(&stage.app).await?;
        jobs::beat(&stage.app).await?;
        jobs::drain(&stage.app).await?;
        while channel::anything_due(&stage.app, &stage.workspace, id).await? {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let acted = play.people.tick().await.map_err(|e| Fault::internal("demo", e.to_string()))?;
        jobs::beat(&stage.app).await?;
        quiet = if acted == 0 { quiet + 1 } else { 0 };
    }
    Ok(())
}
