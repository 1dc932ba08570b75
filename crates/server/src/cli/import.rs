//! Files into the base.

use std::path::PathBuf;

use access::Op;
use basis::{Fault, ImportId};
use clap::{Args, Subcommand};
use ingest::{
    DateOrder, Input, Mapping, Setting,
    import::{Import as Done, ImportState, NewFile, begin_import, remembered_of, write_reject_files},
};
use serde_json::json;

use super::Where;
use crate::{exit, jobs, subscriptions::ImportSteps};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Import {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    load: Load,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Takes an import back; what it changed is as before.
    Undo(Undo),
}

#[derive(Debug, Args)]
struct Undo {
    #[command(flatten)]
    place: Where,
    import_id: ImportId,
}

#[derive(Debug, Args)]
struct Load {
    #[command(flatten)]
    place: Where,
    /// Whose files they are; the file's name by default. The mapping is remembered under it.
    #[arg(long, env = "OTKLIK_SOURCE", value_name = "NAME")]
    source: Option<String>,
    /// What the columns mean, when the guess is wrong.
    #[arg(long, env = "OTKLIK_MAPPING", value_name = "FILE.toml")]
    mapping: Option<PathBuf>,
    /// How dates as 03/04/2024 are read, when the file does not tell: dmy, mdy or ymd.
    #[arg(long, env = "OTKLIK_DATE_ORDER", value_name = "ORDER")]
    date_order: Option<String>,
    /// The folder for the rows that cannot be used; the data folder by default.
    #[arg(long, env = "OTKLIK_REJECTS", value_name = "DIR")]
    rejects: Option<PathBuf>,
    #[arg(long)]
    json: bool,
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Import {
    pub async fn run(self) -> Result<(), Fault> {
        match self.other {
            Some(Other::Undo(undo)) => {
                let op = undo.place.op().await?;
                let done = ingest::undo_import(&op, undo.import_id, ImportSteps::default().steps()).await?;
                jobs::drain(&op.app).await?;
                exit::print_json(&json!({ "import_id": done.id, "state": "undone" }))
            }
            None => self.load.run().await,
        }
    }
}

impl Load {
    async fn run(self) -> Result<(), Fault> {
        if self.files.is_empty() {
            return Err(Fault::invalid("file", "name at least one file to import"));
        }
        let op = self.place.op_or_first().await?;
        let order = self.date_order.as_deref().map(date_order).transpose()?;
        let given = self.mapping.as_deref().map(read_mapping).transpose()?;
        let mut imports = Vec::new();
        for (source, files) in self.by_source() {
            let remembered = {
                let mut tx = op.app.db.read().await?;
                remembered_of(&mut tx, &op, &source).await?
            };
            let mut mapping = given.clone().or(remembered).unwrap_or_default();
            if order.is_some() {
                mapping.file.date_order = order;
            }
            // A file that cannot be read is refused before anything is written.
            for file in &files {
                ingest::read_table(&Input::path(file), Some(&mapping), &Setting::default())?;
            }
            imports.push(run_one(&op, &source, &files, &mapping).await?);
        }
        jobs::drain(&op.app).await?;
        let folder = self.rejects.clone().unwrap_or_else(|| op.app.data_dir.clone());
        report(&op, &imports, &folder, self.json).await
    }

    /// One import a source; without a name each file is a source of its own.
    fn by_source(&self) -> Vec<(String, Vec<PathBuf>)> {
        match &self.source {
            Some(name) => vec![(name.clone(), self.files.clone())],
            None => self
                .files
                .iter()
                .map(|file| {
                    let stem =
                        file.file_stem().map_or_else(|| "files".into(), |s| s.to_string_lossy().into_owned());
                    (stem, vec![file.clone()])
                })
                .collect(),
        }
    }
}

fn date_order(word: &str) -> Result<DateOrder, Fault> {
    match word {
        "dmy" => Ok(DateOrder::Dmy),
        "mdy" => Ok(DateOrder::Mdy),
        "ymd" => Ok(DateOrder::Ymd),
        other => {
            Err(Fault::invalid("date_order", format!("\"{other}\" is not a date order; use dmy, mdy or ymd")))
        }
    }
}

fn read_mapping(path: &std::path::Path) -> Result<Mapping, Fault> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Fault::invalid("mapping", format!("{}: {e}", path.display())))?;
    Mapping::parse(&text).map_err(|e| Fault::invalid("mapping", format!("{}: {e}", path.display())))
}

async fn run_one(op: &Op, source: &str, files: &[PathBuf], mapping: &Mapping) -> Result<Done, Fault> {
    let files: Vec<NewFile> = files
        .iter()
        .map(|path| NewFile {
            name: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            path: path.to_string_lossy().into_owned(),
        })
        .collect();
    let mut tx = op.app.db.write().await?;
    let import = begin_import(&mut tx, op, source, &files, mapping).await?;
    tx.commit().await?;
    ingest::run_import(op, import.id, ImportSteps::default().steps()).await
}

async fn report(op: &Op, imports: &[Done], folder: &std::path::Path, as_json: bool) -> Result<(), Fault> {
    let mut shown = Vec::new();
    for import in imports {
        let rejects = write_reject_files(op, import, folder).await?;
        for file in &import.files {
            let rejects_file = rejects.iter().find(|(name, _)| *name == file.file).map(|(_, path)| path);
            shown.push(json!({
                "file": file.file, "rows": file.rows, "new": file.new, "changed": file.changed,
                "unchanged": file.unchanged, "rejected": file.rejected, "rejects_file": rejects_file
            }));
            if !as_json {
                exit::print(&format!(
                    "{}: {} rows: {} new, {} changed, {} unchanged, {} rejected",
                    file.file, file.rows, file.new, file.changed, file.unchanged, file.rejected
                ))?;
                if let Some(path) = rejects_file {
                    exit::say(&format!(
                        "otklik: the rejected rows are in {path}; correct them there and import that file"
                    ));
                }
            }
        }
    }
    if as_json {
        let ids: Vec<String> = imports.iter().map(|import| import.id.to_string()).collect();
        let mut answer = json!({ "import_id": ids.first(), "files": shown });
        if ids.len() > 1 {
            answer["import_ids"] = json!(ids);
        }
        exit::print_json(&answer)?;
    }
    match imports.iter().find(|import| import.state == ImportState::Failed) {
        Some(import) => {
            let why = import.error.clone().unwrap_or_else(|| "the import failed".to_owned());
            Err(Fault::invalid("import_failed", why))
        }
        None if imports.iter().all(Done::is_all_rejected) && !imports.is_empty() => Err(Fault::invalid(
            "all_rejected",
            "not one row could be used; the rejects file says why, row by row",
        )),
        None => Ok(()),
    }
}
