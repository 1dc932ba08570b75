//! Backup, restore, migrate, copy.

use std::path::PathBuf;

use basis::Fault;
use clap::Args;
use serde_json::json;
use store::Db;

use super::Where;
use crate::{backup, exit, serve};

#[derive(Debug, Args)]
pub struct Backup {
    #[command(flatten)]
    place: Where,
    /// The file to write; it must not exist.
    file: PathBuf,
}

impl Backup {
    pub async fn run(self) -> Result<(), Fault> {
        let app = self.place.app().await?;
        let bytes = backup::write(&app, &self.place.place(), &self.file).await?;
        exit::say(&format!(
            "otklik: {} holds the keys that open every secret in it; keep it as safe as them",
            self.file.display()
        ));
        exit::print_json(&json!({ "file": self.file, "bytes": bytes }))
    }
}

#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    place: Where,
    /// A file made by `otklik backup`.
    file: PathBuf,
}

impl Restore {
    pub async fn run(self) -> Result<(), Fault> {
        let done = backup::read(&self.place.place(), &self.file).await?;
        exit::say(
            "otklik: running campaigns are paused; look at the uncertain messages before you resume them",
        );
        exit::print_json(&done)
    }
}

#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    place: Where,
    /// Only tell what would be done; exit 1 when something would.
    #[arg(long)]
    check: bool,
}

impl Migrate {
    pub async fn run(self) -> Result<(), Fault> {
        let place = self.place.place();
        let db = serve::open_db(&place).await?;
        let state = db.migration_state().await?;
        if self.check {
            exit::print_json(
                &json!({ "applied": state.applied, "known": state.known, "current": state.is_current() }),
            )?;
            return if state.is_current() {
                Ok(())
            } else {
                Err(Fault::conflict(
                    "migration",
                    format!("{} migrations are missing; run `otklik migrate`", state.known - state.applied),
                ))
            };
        }
        let applied = serve::migrate(&place, &db).await?;
        exit::print_json(&json!({ "applied": applied }))
    }
}

#[derive(Debug, Args)]
pub struct Copy {
    /// A postgres:// URL or the path of a SQLite file or of a data folder.
    #[arg(long, env = "OTKLIK_FROM")]
    from: String,
    /// The same; must be empty.
    #[arg(long, env = "OTKLIK_TO")]
    to: String,
}

async fn named(text: &str, must_exist: bool) -> Result<Db, Fault> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(Db::open_postgres(text).await?);
    }
    let mut path = PathBuf::from(text.strip_prefix("sqlite://").unwrap_or(text));
    if path.is_dir() || path.extension().is_none() {
        if !must_exist {
            std::fs::create_dir_all(&path)
                .map_err(|e| Fault::internal("folder", format!("{}: {e}", path.display())))?;
        }
        path.push("otklik.sqlite");
    }
    if must_exist && !path.exists() {
        return Err(Fault::invalid("from", format!("{} is not there", path.display())));
    }
    Ok(Db::open_sqlite(&path).await?)
}

impl Copy {
    pub async fn run(self) -> Result<(), Fault> {
        use basis::Clock;
        let from = named(&self.from, true).await?;
        if !from.migration_state().await?.is_current() {
            return Err(Fault::refused(
                "migration",
                "the source has an older schema; run `otklik migrate` on it first",
            ));
        }
        let to = named(&self.to, false).await?;
        to.migrate(basis::SystemClock.now()).await?;
        let rows = store::copy(&from, &to).await?;
        exit::say(
            "otklik: copied; take the data folder's secret.key along, the secrets in the database are sealed with it",
        );
        exit::print_json(&json!({ "rows": rows }))
    }
}
