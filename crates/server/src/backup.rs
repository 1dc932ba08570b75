//! One file with everything: the database as SQLite, the installation's key, uploaded files. Works for both engines, in both directions.

use std::{
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use access::App;
use basis::{Clock, Fault, SystemClock, Time};
use channel::ledger::restored;
use serde::Serialize;
use serde_json::json;
use store::{Db, Engine};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::serve::{self, Place};

const DATABASE: &str = "database.sqlite";
const KEY: &str = "secret.key";
const MANIFEST: &str = "otklik-backup.json";

fn io(path: &Path) -> impl Fn(std::io::Error) -> Fault {
    let path = path.to_owned();
    move |e| Fault::internal("backup", format!("{}: {e}", path.display()))
}

fn packing(e: impl std::fmt::Display) -> Fault {
    Fault::internal("backup", format!("the backup cannot be packed: {e}"))
}

/// Writes a backup while the server runs; answers its size in bytes.
pub async fn write(app: &App, place: &Place, file: &Path) -> Result<u64, Fault> {
    if file.exists() {
        return Err(Fault::refused(
            "backup",
            format!("{} is there already; name another file", file.display()),
        ));
    }
    let copy = place.data.join(format!(".backup-{}.sqlite", app.now().millis()));
    match app.db.engine() {
        Engine::Sqlite => store::backup_sqlite(&app.db, &copy).await?,
        Engine::Postgres => {
            let into = Db::open_sqlite(&copy).await?;
            into.migrate(app.now()).await?;
            store::copy(&app.db, &into).await?;
            into.close().await;
        }
    }
    let packed = pack(app, place, file, &copy);
    std::fs::remove_file(&copy).map_err(io(&copy))?;
    packed
}

fn pack(app: &App, place: &Place, file: &Path, copy: &Path) -> Result<u64, Fault> {
    use std::os::unix::fs::OpenOptionsExt;
    // The keys are in it: nobody else may read it.
    let out =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(io(file))?;
    let mut zip = ZipWriter::new(out);
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
    let manifest = json!({ "format": 1, "version": env!("CARGO_PKG_VERSION"), "made_at": app.now() });
    zip.start_file(MANIFEST, options).map_err(packing)?;
    zip.write_all(manifest.to_string().as_bytes()).map_err(packing)?;
    zip.start_file(KEY, options).map_err(packing)?;
    zip.write_all(app.master_key().to_hex().as_bytes()).map_err(packing)?;
    zip.start_file(DATABASE, options).map_err(packing)?;
    std::io::copy(&mut File::open(copy).map_err(io(copy))?, &mut zip).map_err(packing)?;
    for path in objects(&place.data)? {
        let Ok(name) = path.strip_prefix(&place.data) else { continue };
        zip.start_file(format!("files/{}", name.display()), options).map_err(packing)?;
        std::io::copy(&mut File::open(&path).map_err(io(&path))?, &mut zip).map_err(packing)?;
    }
    let out = zip.finish().map_err(packing)?;
    out.sync_all().map_err(packing)?;
    out.metadata().map(|m| m.len()).map_err(packing)
}

/// Files of the data folder besides the database and the key.
fn objects(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).map_err(io(&next))? {
            let entry = entry.map_err(io(&next))?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let own = next == folder && (name.contains(".sqlite") || name == KEY);
            if entry.file_type().map_err(io(&path))?.is_dir() {
                open.push(path);
            } else if !own {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What a restore did.
#[derive(Debug, Serialize)]
pub struct Restored {
    pub campaigns_paused: u64,
    /// Contacts that may have been made after the backup; never made again by themselves.
    pub uncertain: u64,
}

/// Puts a backup in place. What is there already is kept beside it (SQLite) or refused (PostgreSQL).
pub async fn read(place: &Place, file: &Path) -> Result<Restored, Fault> {
    let not_ours = |why: String| {
        Fault::invalid("backup", format!("{} is not a backup of otklik: {why}", file.display()))
    };
    let input = File::open(file).map_err(|e| Fault::invalid("backup", format!("{}: {e}", file.display())))?;
    let mut zip = ZipArchive::new(input).map_err(|e| not_ours(e.to_string()))?;
    let mut key = String::new();
    zip.by_name(KEY).map_err(|e| not_ours(e.to_string()))?.read_to_string(&mut key).map_err(packing)?;
    access::MasterKey::from_hex(&key)?;
    std::fs::create_dir_all(&place.data).map_err(io(&place.data))?;
    let now = SystemClock.now();
    let unpacked = place.data.join(format!(".restore-{}.sqlite", now.millis()));
    {
        let mut out = File::create(&unpacked).map_err(io(&unpacked))?;
        std::io::copy(&mut zip.by_name(DATABASE).map_err(|e| not_ours(e.to_string()))?, &mut out)
            .map_err(packing)?;
        out.sync_all().map_err(io(&unpacked))?;
    }
    let db = Db::open_sqlite(&unpacked).await?;
    db.migrate(now).await?;
    let evidence = later_sends(place).await?;
    let done = settle(&db, evidence.as_deref(), now).await?;
    if place.database_url.is_some() {
        let target = serve::open_db(place).await?;
        target.migrate(now).await?;
        store::copy(&db, &target).await?;
        db.close().await;
        std::fs::remove_file(&unpacked).map_err(io(&unpacked))?;
    } else {
        db.close().await;
        let database = place.data.join("otklik.sqlite");
        for suffix in ["", "-wal", "-shm"] {
            let old = place.data.join(format!("otklik.sqlite{suffix}"));
            if old.exists() {
                let aside = place.data.join(format!("before-restore-{}.sqlite{suffix}", now.millis()));
                std::fs::rename(&old, &aside).map_err(io(&old))?;
            }
        }
        std::fs::rename(&unpacked, &database).map_err(io(&database))?;
    }
    write_key(&place.data.join(KEY), &key)?;
    unpack_files(&mut zip, &place.data)?;
    Ok(done)
}

fn write_key(path: &Path, key: &str) -> Result<(), Fault> {
    use std::os::unix::fs::OpenOptionsExt;
    if path.exists() {
        std::fs::remove_file(path).map_err(io(path))?;
    }
    let mut out =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io(path))?;
    out.write_all(key.as_bytes()).map_err(io(path))
}

fn unpack_files(zip: &mut ZipArchive<File>, folder: &Path) -> Result<(), Fault> {
    for place in 0..zip.len() {
        let mut entry = zip.by_index(place).map_err(packing)?;
        // `enclosed_name` refuses paths that lead out of the folder.
        let Some(name) = entry.enclosed_name() else { continue };
        let Ok(name) = name.strip_prefix("files") else { continue };
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io(parent))?;
        }
        let mut out = File::create(&path).map_err(io(&path))?;
        std::io::copy(&mut entry, &mut out).map_err(packing)?;
    }
    Ok(())
}

/// What the database that is being replaced knows of its ledger. Nothing when it is gone.
async fn later_sends(place: &Place) -> Result<Option<Vec<restored::Sent>>, Fault> {
    let path = place.data.join("otklik.sqlite");
    if place.database_url.is_some() || !path.exists() {
        return Ok(None);
    }
    let db = Db::open_sqlite(&path).await?;
    if db.migration_state().await?.applied == 0 {
        return Ok(None);
    }
    let mut tx = db.read().await?;
    let rows = restored::sent(&mut tx).await?;
    drop(tx);
    db.close().await;
    Ok(Some(rows))
}

/// Campaigns wait for a person, and nothing that may have been sent since the backup is sent again.
async fn settle(db: &Db, sent: Option<&[restored::Sent]>, now: Time) -> Result<Restored, Fault> {
    let mut tx = db.write().await?;
    let campaigns_paused = campaign::pause_restored(&mut tx).await?;
    let uncertain = match sent {
        Some(sent) => restored::mark_sent(&mut tx, sent).await?,
        None => {
            campaign::stop_due_of_restored(&mut tx, now).await?;
            restored::mark_open(&mut tx).await?
        }
    };
    tx.commit().await?;
    Ok(Restored { campaigns_paused, uncertain })
}
