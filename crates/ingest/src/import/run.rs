//! The import itself: portions of records in short transactions, each with its checkpoint.

use std::{sync::Arc, time::Duration};

use access::Op;
use ahash::AHashMap;
use basis::{Fault, ImportId, RecordId, SourceId};
use store::Pace;
use tokio::sync::mpsc;

use super::{
    draft::Draft,
    reader::{Keys, Portion, read_portions},
    state::{FileProgress, Import, ImportState},
    steps::{Change, Steps},
};
use crate::{
    preview::{Preview, sniff_with},
    problem::Unusable,
    read::Input,
    rules::mapping::Mapping,
    store as sql,
    table::{Setting, Table},
};

/// Portions read ahead of the writer.
const AHEAD: usize = 3;
/// People follow the page by this rhythm.
const NEWS_EVERY: Duration = Duration::from_millis(300);

/// Runs an import to its end, or goes on with one that a crash broke off. Safe to call twice.
///
/// # Errors
/// Of the database. A file that cannot be used is no error of this function: the import ends as `failed`.
pub async fn run_import(op: &Op, id: ImportId, steps: Steps<'_>) -> Result<Import, Fault> {
    let mut run = match Run::prepare(op, id, steps).await? {
        Ok(run) => run,
        Err(finished) => return Ok(finished),
    };
    for index in 0..run.import.files.len() {
        if run.import.files[index].finished {
            continue;
        }
        if let Err(problem) = run.file(index).await? {
            // What was stored before the file broke off is in force, so people and figures follow it.
            steps.people.finish(op, id).await?;
            return run.end(ImportState::Failed, Some(problem.to_string())).await;
        }
    }
    steps.people.finish(op, id).await?;
    run.end(ImportState::Done, None).await
}

struct Run<'a> {
    op: &'a Op,
    steps: Steps<'a>,
    import: Import,
    /// As given by a person.
    mapping: Mapping,
    remembered: Mapping,
    /// The source held nothing before: only keys repeated within the import can be known already.
    fresh: bool,
    /// Records of undone imports: they come back under their ids.
    undone: AHashMap<String, (i64, i64)>,
    tombstones: Option<[u8; 32]>,
    keys: Keys,
    pace: Arc<Pace>,
    /// What the columns of the files turned out to mean, to be remembered.
    learnt: Mapping,
    last_news: tokio::time::Instant,
}

impl<'a> Run<'a> {
    async fn prepare(op: &'a Op, id: ImportId, steps: Steps<'a>) -> Result<Result<Self, Import>, Fault> {
        let ws = op.ws();
        let mut tx = op.app.db.write().await?;
        let missing = || Fault::not_found("import", format!("there is no import {id}"));
        let mut import = sql::import(&mut tx, ws, id).await?.ok_or_else(missing)?;
        if matches!(import.state, ImportState::Done | ImportState::Undone) {
            return Ok(Err(import));
        }
        let source = sql::source(&mut tx, ws, import.source_id).await?.ok_or_else(missing)?;
        sql::set_state(&mut tx, ws, id, ImportState::Running, None, op.now()).await?;
        let held = sql::source_has_records(&mut tx, ws, import.source_id).await?;
        let undone_imports = sql::undone_imports(&mut tx, ws, import.source_id).await?;
        let mut undone = AHashMap::new();
        if !undone_imports.is_empty() {
            for (key, record, version) in sql::records_of_imports(&mut tx, ws, &undone_imports).await? {
                undone.insert(key, (record, version));
            }
        }
        let erased = sql::has_tombstones(&mut tx, ws).await?;
        tx.commit().await?;
        import.state = ImportState::Running;
        let parse =
            |toml: &str| Mapping::parse(toml).map_err(|e| Fault::invalid("mapping_wrong", e.to_string()));
        let mapping = parse(&import.mapping)?;
        let remembered = Mapping::remembered(&source.mapping);
        let fresh = !held && undone.is_empty() && import.rows_done() == 0;
        Ok(Ok(Self {
            op,
            steps,
            mapping,
            learnt: remembered.clone(),
            remembered,
            fresh,
            undone,
            tombstones: if erased { Some(op.app.key(ws, ERASURE_KEY).await?) } else { None },
            keys: Keys::default(),
            pace: Arc::new(Pace::new(500, 100, 2_000)),
            import,
            last_news: tokio::time::Instant::now(),
        }))
    }

    async fn file(&mut self, index: usize) -> Result<Result<(), Unusable>, Fault> {
        let progress = &self.import.files[index];
        let skip = progress.rows;
        let input = Input::path(&progress.path).named(&progress.file);
        let (mapping, remembered) = (self.mapping.clone(), self.remembered.clone());
        let setting = setting_of(self.op, &remembered);
        let opened = blocking(move || {
            let preview = sniff_with(&input, Some(&mapping), Some(&remembered))?;
            let statuses = merged(&preview, &mapping, &remembered);
            let table = Table::open(&input, &preview, Some(&statuses), &setting)?;
            Ok((table, statuses))
        });
        let (mut table, complete) = match opened.await? {
            Ok(opened) => opened,
            Err(problem) => return Ok(Err(problem)),
        };
        self.import.files[index].headers = table.shape().headers.clone();
        self.import.files[index].mapping = complete.to_toml();
        learn(&mut self.learnt, &complete);

        let (send, mut receive) = mpsc::channel::<Portion>(AHEAD);
        let mut keys = std::mem::take(&mut self.keys);
        let pace = Arc::clone(&self.pace);
        let reading = tokio::task::spawn_blocking(move || {
            let outcome = read_portions(&mut table, skip, &mut keys, &pace, |portion| {
                send.blocking_send(portion).is_ok()
            });
            (outcome, keys)
        });
        while let Some(portion) = receive.recv().await {
            let begun = tokio::time::Instant::now();
            let records = portion.drafts.len();
            let changes = self.store(index, portion).await?;
            self.pace.learn(records, begun.elapsed());
            if !changes.is_empty() {
                self.steps.people.apply(self.op, self.import.source_id, changes).await?;
            }
            if self.last_news.elapsed() > NEWS_EVERY {
                self.news();
            }
        }
        let (outcome, keys) = reading
            .await
            .map_err(|error| Fault::internal("import_reader", format!("the reader fell: {error}")))?;
        self.keys = keys;
        if let Err(problem) = outcome {
            return Ok(Err(problem));
        }
        self.import.files[index].finished = true;
        let mut tx = self.op.app.db.write().await?;
        sql::set_progress(&mut tx, self.op.ws(), self.import.id, &self.import.files).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Stores a portion in one transaction and counts it.
    async fn store(&mut self, index: usize, mut portion: Portion) -> Result<Vec<Change>, Fault> {
        let (ws, op) = (self.op.ws(), self.op);
        let source = self.import.source_id;
        let mut tx = op.app.db.write_resumable().await?;
        let before = self.import.files[index].clone();
        let mut progress = before.clone();
        progress.rows += portion.rows;
        progress.rejected += u64::try_from(portion.rejects.len()).unwrap_or(u64::MAX);
        if let Some(key) = &self.tombstones {
            let erased = drop_erased(&mut tx, op, source, key, &mut portion.drafts).await?;
            // Who was erased stays so; the row is counted as one that changed nothing.
            progress.unchanged += erased;
        }
        let known = self.known(&mut tx, &portion.drafts).await?;
        let sorted = sort(portion.drafts, known, &self.undone, &mut progress, || op.next_id());
        let file = progress.file.clone();
        sql::supersede(&mut tx, ws, &sorted.superseded).await?;
        let rows: Vec<sql::NewRecord<'_>> = sorted
            .changes
            .iter()
            .zip(&sorted.current)
            .map(|(change, current)| new_record(change, *current, &file))
            .collect();
        sql::insert_records(&mut tx, ws, source, self.import.id, &rows).await?;
        drop(rows);
        let changes: Vec<Change> = sorted
            .changes
            .into_iter()
            .zip(sorted.current)
            .filter_map(|(change, current)| current.then_some(change))
            .collect();
        self.steps.orders.store(&mut tx, op, source, &changes).await?;
        if !portion.rejects.is_empty() {
            let rows: Vec<sql::RejectRow> =
                portion.rejects.iter().map(|row| reject_row(row, &file)).collect();
            sql::insert_rejects(&mut tx, ws, self.import.id, &rows).await?;
        }
        self.import.files[index] = progress;
        if let Err(error) = sql::set_progress(&mut tx, ws, self.import.id, &self.import.files).await {
            self.import.files[index] = before;
            return Err(error);
        }
        tx.commit().await?;
        Ok(changes)
    }

    async fn known(
        &self,
        tx: &mut store::Tx,
        drafts: &[Draft],
    ) -> Result<AHashMap<String, sql::Current>, Fault> {
        let asked = drafts.iter().filter(|draft| !self.fresh || draft.seen_before);
        let keys: Vec<&str> = asked.map(|draft| draft.key.as_str()).collect();
        let rows = sql::current_of(tx, self.op.ws(), self.import.source_id, &keys).await?;
        Ok(rows.into_iter().map(|row| (row.key.clone(), row)).collect())
    }

    async fn end(mut self, state: ImportState, error: Option<String>) -> Result<Import, Fault> {
        let (ws, op, id) = (self.op.ws(), self.op, self.import.id);
        let mut tx = op.app.db.write().await?;
        sql::set_state(&mut tx, ws, id, state, error.as_deref(), op.now()).await?;
        if state == ImportState::Done {
            sql::remember_mapping(&mut tx, ws, self.import.source_id, &self.learnt.to_toml()).await?;
            if let Some(consent) = &self.mapping.consent {
                let basis = super::legal_basis(consent);
                sql::set_legal_basis(&mut tx, ws, self.import.source_id, &basis.to_string()).await?;
            }
        }
        tx.commit().await?;
        if self.import.rows_done() > 10_000 {
            op.app.db.tidy().await?;
        }
        self.import.state = state;
        self.import.error = error;
        self.import.finished_at = Some(op.now());
        crate::uploads::forget_files(op, &self.import).await;
        self.news();
        Ok(self.import)
    }

    fn news(&mut self) {
        self.last_news = tokio::time::Instant::now();
        publish(self.op, &self.import);
    }
}

/// Tells the pages that watch this import.
pub(crate) fn publish(op: &Op, import: &Import) {
    let view = crate::api::ImportView::from(import);
    let data = serde_json::to_value(view).unwrap_or_default();
    op.app.hub.publish(op.ws(), format!("import:{}", import.id), data);
}

/// The purpose of the workspace's key under which erased records are remembered.
pub const ERASURE_KEY: &str = "erasure";

/// What a tombstone holds of an erased record: a keyed hash of its source and key.
pub fn erased_hash(key: &[u8; 32], source: SourceId, record_key: &str) -> String {
    blake3::keyed_hash(key, format!("{source}\u{1f}{record_key}").as_bytes()).to_hex().to_string()
}

async fn drop_erased(
    tx: &mut store::Tx,
    op: &Op,
    source: SourceId,
    key: &[u8; 32],
    drafts: &mut Vec<Draft>,
) -> Result<u64, Fault> {
    let hashes: Vec<String> = drafts.iter().map(|draft| erased_hash(key, source, &draft.key)).collect();
    let erased = sql::erased_among(tx, op.ws(), &hashes).await?;
    if erased.is_empty() {
        return Ok(0);
    }
    let mut rows = 0;
    let mut hash = hashes.iter();
    drafts.retain(|draft| {
        let keep = hash.next().is_none_or(|hash| !erased.contains(hash));
        rows += if keep { 0 } else { u64::from(draft.rows) };
        keep
    });
    Ok(rows)
}

/// A portion sorted into what is new, changed and as before.
struct Sorted {
    changes: Vec<Change>,
    /// For each change whether its version is the one in force after this portion.
    current: Vec<bool>,
    superseded: Vec<i64>,
}

fn sort(
    drafts: Vec<Draft>,
    mut known: AHashMap<String, sql::Current>,
    undone: &AHashMap<String, (i64, i64)>,
    progress: &mut FileProgress,
    mut next_id: impl FnMut() -> i64,
) -> Sorted {
    let repeats = drafts.iter().any(|draft| draft.seen_before);
    let mut sorted = Sorted {
        changes: Vec::with_capacity(drafts.len()),
        current: Vec::with_capacity(drafts.len()),
        superseded: Vec::new(),
    };
    // Where in this portion a key stands, for files that give one order several times.
    let mut here: AHashMap<String, usize> = AHashMap::new();
    for draft in drafts {
        let rows = u64::from(draft.rows);
        let (id, version, is_new) = match known.get(&draft.key) {
            Some(current) if current.fingerprint == draft.fingerprint => {
                progress.unchanged += rows;
                continue;
            }
            Some(current) => {
                match here.get(&draft.key) {
                    Some(at) => sorted.current[*at] = false,
                    None => sorted.superseded.push(current.id),
                }
                (current.id, current.version + 1, false)
            }
            None => match undone.get(&draft.key) {
                Some((id, version)) => (*id, version + 1, true),
                None => (next_id(), 1, true),
            },
        };
        if is_new {
            progress.new += rows;
        } else {
            progress.changed += rows;
        }
        if repeats {
            // A later row of this portion with the same key has to see this one.
            let fingerprint = draft.fingerprint.clone();
            known.insert(draft.key.clone(), sql::Current { key: String::new(), id, version, fingerprint });
            here.insert(draft.key.clone(), sorted.changes.len());
        }
        sorted.changes.push(Change { record: RecordId(id), version, is_new, draft });
        sorted.current.push(true);
    }
    sorted
}

fn new_record<'a>(change: &'a Change, current: bool, file: &'a str) -> sql::NewRecord<'a> {
    sql::NewRecord {
        id: change.record.get(),
        version: change.version,
        current,
        kind: change.draft.kind.as_str(),
        key: &change.draft.key,
        file,
        line: i64::try_from(change.draft.line).unwrap_or(i64::MAX),
        fingerprint: &change.draft.fingerprint,
        payload: &change.draft.payload,
        channel: change.draft.channel.as_deref(),
        touched_at: change.draft.touched_at.map(basis::Time::millis),
    }
}

fn reject_row(row: &super::reader::Rejected, file: &str) -> sql::RejectRow {
    sql::RejectRow {
        file: file.to_owned(),
        line: i64::try_from(row.reject.line).unwrap_or(i64::MAX),
        column_name: row.reject.column.clone().unwrap_or_default(),
        reason: row.reject.reason.to_string(),
        raw: serde_json::to_string(&row.cells).unwrap_or_else(|_| "[]".to_owned()),
    }
}

/// What the workspace and the source's memory say about cells that do not say it themselves.
pub(crate) fn setting_of(op: &Op, remembered: &Mapping) -> Setting {
    let zone = remembered.file.timezone.as_deref().and_then(|name| jiff::tz::TimeZone::get(name).ok());
    Setting { timezone: zone.unwrap_or_else(|| op.workspace.tz()), currency: op.workspace.currency }
}

/// The whole mapping by which a file is read: what was seen, with the words of statuses and the zone from the mapping
/// given now, else from the one remembered.
fn merged(preview: &Preview, mapping: &Mapping, remembered: &Mapping) -> Mapping {
    let mut all = preview.mapping();
    all.status = if mapping.status.is_empty() { remembered.status.clone() } else { mapping.status.clone() };
    all.file.timezone = mapping.file.timezone.clone().or_else(|| remembered.file.timezone.clone());
    all.consent = mapping.consent.clone();
    all
}

/// Adds what one file showed to what is remembered: roles by header, the order of dates, the currency. How a file is
/// encoded and cut is seen anew each time.
fn learn(learnt: &mut Mapping, seen: &Mapping) {
    use crate::rules::mapping::Headers;
    for (role, headers) in &seen.columns {
        for header in headers.iter() {
            for have in learnt.columns.values_mut() {
                let kept: Vec<String> = have.iter().filter(|h| *h != header).map(str::to_owned).collect();
                *have = Headers::Many(kept);
            }
            let entry = learnt.columns.entry(*role).or_insert_with(|| Headers::Many(Vec::new()));
            let mut list: Vec<String> = entry.iter().map(str::to_owned).collect();
            list.push(header.to_owned());
            *entry = Headers::Many(list);
        }
    }
    learnt.columns.retain(|_, headers| headers.iter().next().is_some());
    learnt.file.date_order = seen.file.date_order.or(learnt.file.date_order);
    learnt.file.decimal = seen.file.decimal.or(learnt.file.decimal);
    learnt.file.currency = seen.file.currency.or(learnt.file.currency);
    learnt.file.timezone = seen.file.timezone.clone().or_else(|| learnt.file.timezone.clone());
    if !seen.status.is_empty() {
        learnt.status = seen.status.clone();
    }
    if seen.consent.is_some() {
        learnt.consent = seen.consent.clone();
    }
}

async fn blocking<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(body)
        .await
        .map_err(|error| Fault::internal("import_reader", format!("the reader fell: {error}")))
}
