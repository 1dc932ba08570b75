//! Opening an installation, listening, stopping.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use access::{App, AppConfig, MasterKey};
use basis::{Fault, Rng, SystemClock};
use metrics_exporter_prometheus::PrometheusBuilder;
use store::Db;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{exit, inbound, jobs, routes};

/// Where an installation is.
#[derive(Debug, Clone)]
pub struct Place {
    pub data: PathBuf,
    pub database_url: Option<String>,
    pub public_url: Option<String>,
    pub trusted_proxies: Vec<IpAddr>,
}

fn io(path: &Path, error: &std::io::Error) -> Fault {
    Fault::internal("data_folder", format!("{}: {error}", path.display()))
}

/// The database of a place, not migrated.
pub async fn open_db(place: &Place) -> Result<Db, Fault> {
    std::fs::create_dir_all(&place.data).map_err(|e| io(&place.data, &e))?;
    let db = match &place.database_url {
        Some(url) => Db::open_postgres(url).await?,
        None => Db::open_sqlite(&place.data.join("otklik.sqlite")).await?,
    };
    Ok(db)
}

/// Opens an installation and brings its schema up to date.
pub async fn open(place: &Place) -> Result<App, Fault> {
    let db = open_db(place).await?;
    migrate(place, &db).await?;
    app_over(place, db)
}

/// Applies what is missing; a SQLite file with data is copied first.
pub async fn migrate(place: &Place, db: &Db) -> Result<Vec<&'static str>, Fault> {
    use basis::Clock;
    let now = SystemClock.now();
    let state = db.migration_state().await?;
    if state.applied > 0 && !state.is_current() && place.database_url.is_none() {
        let to = place.data.join(format!("before-migration-{}-{}.sqlite", state.applied, now.millis()));
        store::backup_sqlite(db, &to).await?;
        exit::say(&format!("otklik: the database before the migration is kept in {}", to.display()));
    }
    Ok(db.migrate(now).await?)
}

pub fn app_over(place: &Place, db: Db) -> Result<App, Fault> {
    let mut rng = Rng::from_entropy();
    let master_key = match std::env::var("OTKLIK_SECRET_KEY") {
        Ok(hex) => MasterKey::from_hex(&hex)?,
        Err(_) => MasterKey::of_folder(&place.data, &mut rng)?,
    };
    Ok(App::new(AppConfig {
        db,
        clock: Arc::new(SystemClock),
        rng,
        data_dir: place.data.clone(),
        master_key,
        public_url: place.public_url.clone().unwrap_or_else(|| "http://127.0.0.1:8080".to_owned()),
        public_url_given: place.public_url.is_some(),
        trusted_proxies: place.trusted_proxies.clone(),
    }))
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    /// Where bounces and replies arrive, when asked for.
    pub inbound_smtp: Option<SocketAddr>,
    stop: CancellationToken,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

/// What a server listens on.
#[derive(Debug, Clone)]
pub struct Listen {
    pub http: String,
    pub smtp: Option<SocketAddr>,
    pub lmtp: Option<SocketAddr>,
    /// Whether campaigns are driven by the heartbeat; the headless demo drives them itself.
    pub workers: bool,
}

/// Starts listening and working.
pub async fn start(app: &App, listen: &Listen) -> Result<Server, Fault> {
    let taken = |e: std::io::Error| {
        Fault::internal(
            "listen",
            format!("cannot listen on {}: {e}; choose another address with --listen", listen.http),
        )
    };
    let listener = TcpListener::bind(&listen.http).await.map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    if !app.public_url_given() {
        app.set_public_url(&format!("http://{address}"));
    }
    // A second recorder in one process (tests) reads the first one's numbers.
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    drop(metrics::set_global_recorder(recorder));
    let site = routes::site(app.clone(), handle).into_make_service_with_connect_info::<SocketAddr>();
    let stop = CancellationToken::new();
    let mut tasks = Vec::new();
    let until = stop.clone();
    tasks.push(tokio::spawn(async move {
        let served = axum::serve(listener, site).with_graceful_shutdown(until.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "the web server ended");
        }
    }));
    tasks.push(tokio::spawn(channel::run_senders(app.clone(), inbound::handler(app), stop.clone())));
    let mut receivers = None;
    if listen.smtp.is_some() || listen.lmtp.is_some() {
        receivers = Some(inbound::listen(app, listen.smtp, listen.lmtp, &stop).await?);
    }
    if listen.workers {
        tasks.push(tokio::spawn(jobs::run_forever(app.clone(), stop.clone())));
    }
    let inbound_smtp = receivers.and_then(|ports| ports.smtp);
    Ok(Server { address, inbound_smtp, stop, tasks })
}

impl Server {
    /// Stops taking requests, lets what runs end, for ten seconds at most: pages that listen for news never end by themselves.
    pub async fn stop(self) {
        self.stop.cancel();
        let all = futures::future::join_all(self.tasks);
        if tokio::time::timeout(std::time::Duration::from_secs(10), all).await.is_err() {
            tracing::info!("stopped with requests still open");
        }
    }

    /// Waits for Ctrl-C or SIGTERM.
    pub async fn wait(self) {
        let mut term = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(term) => term,
            Err(error) => {
                tracing::error!(%error, "signals cannot be heard");
                return;
            }
        };
        tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = term.recv() => {} }
        exit::say("otklik: stopping");
        self.stop().await;
    }
}
