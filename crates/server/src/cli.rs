//! The command line: one file a command.

mod analysis;
mod campaigns;
mod data;
mod import;
mod people;
mod resolve;
mod run;
mod status;

use std::{net::IpAddr, path::PathBuf};

use access::{App, NewWorkspace, Op, workspace_by_name};
use basis::Fault;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::{
    exit,
    serve::{self, Place},
};

/// Otklik wins customers back: imports a shop's base, makes people of it, writes to them, calls them, and proves what it earned.
#[derive(Debug, Parser)]
#[command(name = "otklik", version, propagate_version = true)]
pub struct Cli {
    /// A file of options (TOML; keys as the long options with `_` for `-`).
    #[arg(long, global = true, env = "OTKLIK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// Where the data is and which workspace is meant.
#[derive(Debug, Clone, Args)]
pub struct Where {
    /// The folder with the database, keys and uploaded files.
    #[arg(long, env = "OTKLIK_DATA", default_value = "./otklik-data", value_name = "DIR")]
    data: PathBuf,
    /// A PostgreSQL instead of the folder's own database.
    #[arg(long, env = "OTKLIK_DATABASE_URL", value_name = "URL")]
    database_url: Option<String>,
    /// The workspace's name, when there are several.
    #[arg(long, env = "OTKLIK_WORKSPACE", value_name = "NAME")]
    workspace: Option<String>,
}

impl Where {
    pub fn place(&self) -> Place {
        Place {
            data: self.data.clone(),
            database_url: self.database_url.clone(),
            public_url: None,
            trusted_proxies: Vec::<IpAddr>::new(),
        }
    }

    pub async fn app(&self) -> Result<App, Fault> {
        serve::open(&self.place()).await
    }

    /// The operation of whoever owns the folder, in the workspace that is meant.
    pub async fn op(&self) -> Result<Op, Fault> {
        self.op_in(self.app().await?).await
    }

    async fn op_in(&self, app: App) -> Result<Op, Fault> {
        let workspace = workspace_by_name(&app, self.workspace.as_deref()).await?;
        Ok(Op::system(app, workspace))
    }

    /// As [`Where::op`]; an empty folder gets its first workspace, so that a script needs no browser.
    pub async fn op_or_first(&self) -> Result<Op, Fault> {
        let app = self.app().await?;
        if access::workspaces(&app).await?.is_empty() {
            let spoken = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok());
            let language = spoken.and_then(|locale| locale.get(..2)?.parse().ok()).unwrap_or_default();
            let zone = jiff::tz::TimeZone::system();
            let new = NewWorkspace::by_language(
                self.workspace.as_deref(),
                language,
                zone.iana_name().unwrap_or("UTC"),
            );
            exit::say(&format!(
                "otklik: made the workspace \"{}\" (language {}, rules of contact {}, {}, {}); change this in its settings",
                new.name, new.language, new.jurisdiction, new.currency, new.timezone
            ));
            access::create_workspace(&app, new).await?;
        }
        self.op_in(app).await
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The whole story with simulated people on this machine.
    Demo(run::Demo),
    /// The server: cabinet, API, public pages, senders.
    Serve(run::Serve),
    /// Files into the base.
    Import(import::Import),
    /// Files into people, without a workspace.
    Resolve(resolve::Resolve),
    /// Campaigns: check, launch, status, pause, resume, stop.
    #[command(subcommand)]
    Campaign(campaigns::Campaigns),
    /// What there is and what goes on.
    Status(status::Status),
    /// Members of a workspace.
    #[command(subcommand)]
    User(people::User),
    /// API tokens.
    #[command(subcommand)]
    Token(people::Token),
    /// Removes a person's data everywhere.
    Erase(people::Erase),
    /// Everything known of a person, as JSON.
    Export(people::Export),
    /// The database, the keys and the files in one file.
    Backup(data::Backup),
    /// A backup into an empty place; campaigns come back paused.
    Restore(data::Restore),
    /// Brings the schema up to date.
    Migrate(data::Migrate),
    /// All data from one database into another.
    Copy(data::Copy),
    #[command(flatten)]
    Analysis(analysis::Analysis),
    /// A completion script for a shell.
    Completions { shell: clap_complete::Shell },
    /// The OpenAPI document.
    #[command(hide = true)]
    Openapi,
}

fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("OTKLIK_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,otklik=info"));
    let json = std::env::var("OTKLIK_LOG_FORMAT").is_ok_and(|format| format == "json");
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Set twice only by tests in one process.
    drop(if json { builder.json().try_init() } else { builder.try_init() });
}

pub async fn run(cli: Cli) -> Result<(), Fault> {
    log_to_stderr();
    match cli.command {
        Command::Demo(command) => command.run().await,
        Command::Serve(command) => command.run().await,
        Command::Import(command) => command.run().await,
        Command::Resolve(command) => command.run(),
        Command::Campaign(command) => command.run().await,
        Command::Status(command) => command.run().await,
        Command::User(command) => command.run().await,
        Command::Token(command) => command.run().await,
        Command::Erase(command) => command.run().await,
        Command::Export(command) => command.run().await,
        Command::Backup(command) => command.run().await,
        Command::Restore(command) => command.run().await,
        Command::Migrate(command) => command.run().await,
        Command::Copy(command) => command.run().await,
        Command::Analysis(command) => command.run(),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "otklik", &mut std::io::stdout());
            Ok(())
        }
        Command::Openapi => {
            let text = crate::openapi::text().map_err(|e| Fault::internal("openapi", e.to_string()))?;
            crate::exit::print(text.trim_end())
        }
    }
}
