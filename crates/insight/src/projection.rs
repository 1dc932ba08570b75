//! The columnar projection: purchases as Parquet beside the database. A base of one revision, and behind it a small
//! segment for each incremental refresh, whose customers replace those of the files before it; a segment that
//! grew too long a tail makes the next refresh write a new base. The manifest names the files and the revision; all
//! of it may be deleted at any time, and then the next start reads the database instead.

use crate::rules::profile::Trouble;
use crate::rules::purchases::{DayRow, Purchases, TroubleRow};
use crate::snapshot::SnapshotChange;
use access::App;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, UInt32Type};
use arrow_array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, UInt32Array};
use basis::WorkspaceId;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which files make up the purchases of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    revision: i64,
    /// Customers of the base.
    customers: usize,
    /// The base first, then the changes in their order.
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    revision: i64,
    customers: usize,
}

/// A tail of more changed customers than one in this many of the base, or of more parts than [`MOST_PARTS`], costs
/// more to read than a new base costs to write.
const TAIL: usize = 4;
const MOST_PARTS: usize = 64;

fn folder(app: &App, ws: WorkspaceId) -> PathBuf {
    app.data_dir.join("projections").join(ws.to_string())
}

/// Writes a new base; a failure is logged, because nothing depends on it.
pub fn write(app: &App, ws: WorkspaceId, revision: i64, purchases: &Purchases) {
    if let Err(error) = try_write(&folder(app, ws), revision, purchases) {
        tracing::warn!(%error, "the projection of purchases could not be written");
    }
}

/// Adds what changed since the revision `before`; false when a new base is due instead.
#[must_use]
pub fn append(app: &App, ws: WorkspaceId, before: i64, change: &SnapshotChange) -> bool {
    try_append(&folder(app, ws), before, change).unwrap_or_else(|error| {
        tracing::warn!(%error, "the projection of purchases could not be added to");
        false
    })
}

/// Reads the purchases of this revision; `None` when there are none that can be used.
#[must_use]
pub fn read(app: &App, ws: WorkspaceId, revision: i64) -> Option<Purchases> {
    match try_read(&folder(app, ws), revision) {
        Ok(purchases) => purchases,
        Err(error) => {
            tracing::debug!(%error, "no projection of purchases can be used");
            None
        }
    }
}

fn try_write(folder: &Path, revision: i64, purchases: &Purchases) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let base = purchases.base();
    let count = purchases.ids.len();
    let rows = Rows {
        ids: purchases.ids.clone(),
        lives: vec![true; count],
        counts: (0..count).map(|i| u32::try_from(base.of(i).len()).unwrap_or(u32::MAX)).collect(),
        troubles: purchases.troubles.clone(),
        days: base.iter().flatten().map(|o| o.day).collect(),
        minors: base.iter().flatten().map(|o| o.minor).collect(),
        orders: (0..count).flat_map(|i| purchases.orders(i)).copied().collect(),
    };
    rows.write(folder, revision)?;
    let part = Part { revision, customers: count };
    publish(folder, &Manifest { revision, customers: count, parts: vec![part] })
}

fn try_append(folder: &Path, before: i64, change: &SnapshotChange) -> Result<bool, Box<dyn Error>> {
    let Some(mut manifest) = manifest(folder)?.filter(|m| m.revision == before) else { return Ok(false) };
    let changed = change.living.len() + change.gone.len();
    let tail: usize = manifest.parts.iter().skip(1).map(|p| p.customers).sum();
    if tail + changed > manifest.customers / TAIL || manifest.parts.len() >= MOST_PARTS {
        return Ok(false);
    }
    manifest.revision = before + 1;
    Rows::of(change).write(folder, manifest.revision)?;
    manifest.parts.push(Part { revision: manifest.revision, customers: changed });
    publish(folder, &manifest)?;
    Ok(true)
}

fn manifest(folder: &Path) -> Result<Option<Manifest>, Box<dyn Error>> {
    match std::fs::read(folder.join("manifest.json")) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The manifest is the last to be written; then files that it does not name are of no use.
fn publish(folder: &Path, manifest: &Manifest) -> Result<(), Box<dyn Error>> {
    let aside = folder.join("manifest.tmp");
    std::fs::write(&aside, serde_json::to_vec(manifest)?)?;
    std::fs::rename(&aside, folder.join("manifest.json"))?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let stem =
            path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.rsplit('-').next()?.parse::<i64>().ok());
        let named = stem.is_some_and(|revision| manifest.parts.iter().any(|p| p.revision == revision));
        if path.extension().is_some_and(|e| e == "parquet") && !named {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The rows of one part: customers, and their occasions in the same order.
#[derive(Debug, Default)]
struct Rows {
    ids: Vec<i64>,
    /// False for who is no more.
    lives: Vec<bool>,
    counts: Vec<u32>,
    troubles: Vec<Trouble>,
    days: Vec<i32>,
    minors: Vec<i64>,
    orders: Vec<u32>,
}

impl Rows {
    fn of(change: &SnapshotChange) -> Self {
        let mut rows = Self::default();
        let mut next = 0;
        let mut gone = change.gone.iter().copied().peekable();
        let mut living = change.living.iter().copied().peekable();
        while living.peek().is_some() || gone.peek().is_some() {
            let first_gone = gone.next_if(|g| living.peek().is_none_or(|l| g < l));
            let Some(id) = first_gone.or_else(|| living.next()) else { break };
            let from = next + change.rows[next..].partition_point(|r| r.customer < id);
            next = from + change.rows[from..].iter().take_while(|r| r.customer == id).count();
            let trouble = change.troubles.binary_search_by_key(&id, |t| t.customer).ok();
            rows.ids.push(id);
            rows.lives.push(first_gone.is_none());
            rows.counts.push(u32::try_from(next - from).unwrap_or(u32::MAX));
            rows.troubles.push(trouble.map(|at| change.troubles[at].trouble).unwrap_or_default());
            for row in &change.rows[from..next] {
                rows.days.push(row.day);
                rows.minors.push(row.minor);
                rows.orders.push(row.orders);
            }
        }
        rows
    }

    fn write(self, folder: &Path, revision: i64) -> Result<(), Box<dyn Error>> {
        let troubles = &self.troubles;
        let of_troubles = |f: fn(&Trouble) -> u32| -> ArrayRef {
            Arc::new(UInt32Array::from_iter_values(troubles.iter().map(f)))
        };
        let days_of_troubles = |f: fn(&Trouble) -> i32| -> ArrayRef {
            Arc::new(Int32Array::from_iter_values(troubles.iter().map(f)))
        };
        let customers: Vec<(&str, ArrayRef)> = vec![
            ("customer_id", Arc::new(Int64Array::from(self.ids))),
            ("lives", Arc::new(BooleanArray::from(self.lives))),
            ("occasions", Arc::new(UInt32Array::from(self.counts))),
            ("trouble_orders", of_troubles(|t| t.orders)),
            ("trouble_day", days_of_troubles(|t| t.last_day)),
            ("complaints", of_troubles(|t| t.complaints)),
            ("complained_day", days_of_troubles(|t| t.complained_day)),
        ];
        write_file(&file(folder, "customers", revision), customers)?;
        let occasions: Vec<(&str, ArrayRef)> = vec![
            ("day", Arc::new(Int32Array::from(self.days))),
            ("minor", Arc::new(Int64Array::from(self.minors))),
            ("orders", Arc::new(UInt32Array::from(self.orders))),
        ];
        write_file(&file(folder, "occasions", revision), occasions)
    }

    fn read(folder: &Path, revision: i64) -> Result<Self, Box<dyn Error>> {
        let mut rows = Self::default();
        for batch in read_file(&file(folder, "customers", revision))? {
            let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("no column {name}"));
            rows.ids.extend(column("customer_id")?.as_primitive::<Int64Type>().values());
            rows.lives.extend(column("lives")?.as_boolean().values());
            rows.counts.extend(column("occasions")?.as_primitive::<UInt32Type>().values());
            let orders = column("trouble_orders")?.as_primitive::<UInt32Type>().values();
            let days = column("trouble_day")?.as_primitive::<Int32Type>().values();
            let complaints = column("complaints")?.as_primitive::<UInt32Type>().values();
            let complained = column("complained_day")?.as_primitive::<Int32Type>().values();
            rows.troubles.extend((0..batch.num_rows()).map(|i| Trouble {
                orders: orders[i],
                last_day: days[i],
                complaints: complaints[i],
                complained_day: complained[i],
            }));
        }
        for batch in read_file(&file(folder, "occasions", revision))? {
            let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("no column {name}"));
            rows.days.extend(column("day")?.as_primitive::<Int32Type>().values());
            rows.minors.extend(column("minor")?.as_primitive::<Int64Type>().values());
            rows.orders.extend(column("orders")?.as_primitive::<UInt32Type>().values());
        }
        let occasions: usize = rows.counts.iter().map(|n| *n as usize).sum();
        if occasions == rows.days.len() {
            Ok(rows)
        } else {
            Err("the files of a part do not belong together".into())
        }
    }

    fn days(&self) -> Vec<DayRow> {
        let owners =
            self.ids.iter().zip(&self.counts).flat_map(|(id, n)| std::iter::repeat_n(*id, *n as usize));
        let occasions = self.days.iter().zip(&self.minors).zip(&self.orders);
        owners
            .zip(occasions)
            .map(|(customer, ((day, minor), orders))| DayRow {
                customer,
                day: *day,
                minor: *minor,
                orders: *orders,
            })
            .collect()
    }

    fn troubles(&self) -> Vec<TroubleRow> {
        let all = self.ids.iter().zip(&self.troubles);
        all.filter(|(_, trouble)| **trouble != Trouble::default())
            .map(|(customer, trouble)| TroubleRow { customer: *customer, trouble: *trouble })
            .collect()
    }

    fn who(&self, lives: bool) -> Vec<i64> {
        self.ids.iter().zip(&self.lives).filter(|(_, l)| **l == lives).map(|(id, _)| *id).collect()
    }
}

fn file(folder: &Path, kind: &str, revision: i64) -> PathBuf {
    folder.join(format!("{kind}-{revision}.parquet"))
}

fn write_file(path: &Path, columns: Vec<(&str, ArrayRef)>) -> Result<(), Box<dyn Error>> {
    let batch = RecordBatch::try_from_iter(columns)?;
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?)).build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<RecordBatch>, Box<dyn Error>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    Ok(builder.build()?.collect::<Result<Vec<_>, _>>()?)
}

fn try_read(folder: &Path, revision: i64) -> Result<Option<Purchases>, Box<dyn Error>> {
    let Some(manifest) = manifest(folder)?.filter(|m| m.revision == revision) else { return Ok(None) };
    let Some((base, changes)) = manifest.parts.split_first() else { return Ok(None) };
    let rows = Rows::read(folder, base.revision)?;
    let mut purchases = Purchases::assemble(rows.who(true), &rows.days(), &rows.troubles());
    for part in changes {
        let rows = Rows::read(folder, part.revision)?;
        purchases.replace(&rows.who(true), &rows.who(false), &rows.days(), &rows.troubles());
    }
    Ok(Some(purchases))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(p: &Purchases) -> Vec<String> {
        (0..p.ids.len())
            .map(|i| format!("{} {:?} {:?} {:?}", p.ids[i], p.base().of(i), p.orders(i), p.troubles[i]))
            .collect()
    }

    const fn row(customer: i64, day: i32, minor: i64, orders: u32) -> DayRow {
        DayRow { customer, day, minor, orders }
    }

    fn trouble(customer: i64) -> TroubleRow {
        let trouble = Trouble { orders: 2, last_day: 4, complaints: 1, complained_day: 9 };
        TroubleRow { customer, trouble }
    }

    fn change(
        living: Vec<i64>,
        gone: Vec<i64>,
        rows: Vec<DayRow>,
        troubles: Vec<TroubleRow>,
    ) -> SnapshotChange {
        SnapshotChange {
            living,
            gone,
            rows,
            troubles,
            profiles: Vec::new(),
            memory: crate::rules::forecast_tables::Memory::default(),
            left_out: None,
        }
    }

    #[test]
    fn what_is_written_is_read_and_another_revision_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let rows = [row(3, 1, 10, 1), row(3, 2, 20, 2), row(9, 7, 0, 1)];
        let purchases = Purchases::assemble(vec![3, 5, 9], &rows, &[trouble(5)]);
        try_write(folder.path(), 7, &purchases).unwrap();
        assert_eq!(content(&try_read(folder.path(), 7).unwrap().unwrap()), content(&purchases));
        assert!(try_read(folder.path(), 8).unwrap().is_none());
        std::fs::remove_file(folder.path().join("occasions-7.parquet")).unwrap();
        assert!(try_read(folder.path(), 7).is_err());
    }

    #[test]
    fn segments_stand_for_the_base_until_they_grow_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let ids: Vec<i64> = (1..=40).map(|i| i * 10).collect();
        let rows: Vec<DayRow> = ids.iter().map(|id| row(*id, 1, 100, 1)).collect();
        let mut purchases = Purchases::assemble(ids, &rows, &[]);
        try_write(folder.path(), 1, &purchases).unwrap();
        let steps = [
            change(
                vec![20, 25],
                vec![30],
                vec![row(20, 1, 100, 1), row(20, 4, 5, 2), row(25, 3, 7, 1)],
                vec![],
            ),
            change(vec![20, 500], vec![10, 25], vec![row(500, 8, 1, 1)], vec![trouble(20)]),
            change(vec![25], vec![], vec![row(25, 9, 9, 1)], vec![]),
        ];
        for (revision, step) in (1i64..).zip(&steps) {
            assert!(try_append(folder.path(), revision, step).unwrap());
            purchases.replace(&step.living, &step.gone, &step.rows, &step.troubles);
            assert_eq!(
                content(&try_read(folder.path(), revision + 1).unwrap().unwrap()),
                content(&purchases)
            );
        }
        assert!(!try_append(folder.path(), 9, &steps[0]).unwrap(), "a gap in the revisions");
        let long = change((1..=10).collect(), vec![], vec![], vec![]);
        assert!(!try_append(folder.path(), 4, &long).unwrap(), "a new base is due");
        try_write(folder.path(), 5, &purchases).unwrap();
        assert_eq!(content(&try_read(folder.path(), 5).unwrap().unwrap()), content(&purchases));
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 3, "the old parts are gone");
    }
}
