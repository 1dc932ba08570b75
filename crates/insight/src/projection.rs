//! The columnar projection: purchases as Parquet beside the database, of one revision. It may be deleted at
//! any time; the next start reads the database instead.

use crate::rules::occasions::Occasion;
use crate::rules::profile::Trouble;
use crate::snapshot::Purchases;
use access::App;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, UInt32Type};
use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, UInt32Array};
use basis::WorkspaceId;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const REVISION: &str = "otklik.revision";

fn folder(app: &App, ws: WorkspaceId) -> PathBuf {
    app.data_dir.join("projections").join(ws.to_string())
}

/// Writes the projection; a failure is logged, because nothing depends on it.
pub fn write(app: &App, ws: WorkspaceId, revision: i64, purchases: &Purchases) {
    if let Err(error) = try_write(&folder(app, ws), revision, purchases) {
        tracing::warn!(%error, "the projection of purchases could not be written");
    }
}

/// Reads the projection of this revision; `None` when there is none that can be used.
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
    let counts = |i: usize| purchases.offsets[i + 1] - purchases.offsets[i];
    let customers: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", Arc::new(Int64Array::from_iter_values(purchases.ids.iter().copied()))),
        ("occasions", Arc::new(UInt32Array::from_iter_values((0..purchases.ids.len()).map(counts)))),
        ("trouble_orders", Arc::new(UInt32Array::from_iter_values(purchases.troubles.iter().map(|t| t.orders)))),
        ("trouble_day", Arc::new(Int32Array::from_iter_values(purchases.troubles.iter().map(|t| t.last_day)))),
    ];
    write_file(&folder.join("customers.parquet"), revision, customers)?;
    let occasions: Vec<(&str, ArrayRef)> = vec![
        ("day", Arc::new(Int32Array::from_iter_values(purchases.occasions.iter().map(|o| o.day)))),
        ("minor", Arc::new(Int64Array::from_iter_values(purchases.occasions.iter().map(|o| o.minor)))),
        ("orders", Arc::new(UInt32Array::from_iter_values(purchases.orders.iter().copied()))),
    ];
    write_file(&folder.join("occasions.parquet"), revision, occasions)
}

fn write_file(path: &Path, revision: i64, columns: Vec<(&str, ArrayRef)>) -> Result<(), Box<dyn Error>> {
    let batch = RecordBatch::try_from_iter(columns)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_key_value_metadata(Some(vec![KeyValue::new(REVISION.to_owned(), revision.to_string())]))
        .build();
    // Written aside and renamed, so that a crash never leaves half a file under the name.
    let aside = path.with_extension("tmp");
    let mut writer = ArrowWriter::try_new(File::create(&aside)?, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    std::fs::rename(&aside, path)?;
    Ok(())
}

fn try_read(folder: &Path, revision: i64) -> Result<Option<Purchases>, Box<dyn Error>> {
    let mut purchases = Purchases { offsets: vec![0], ..Purchases::default() };
    let Some(customers) = read_file(&folder.join("customers.parquet"), revision)? else { return Ok(None) };
    let mut end = 0u32;
    for batch in &customers {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("no column {name}"));
        purchases.ids.extend_from_slice(column("customer_id")?.as_primitive::<Int64Type>().values());
        for count in column("occasions")?.as_primitive::<UInt32Type>().values() {
            end += count;
            purchases.offsets.push(end);
        }
        let orders = column("trouble_orders")?.as_primitive::<UInt32Type>();
        let days = column("trouble_day")?.as_primitive::<Int32Type>();
        purchases.troubles.extend(
            orders.values().iter().zip(days.values()).map(|(o, d)| Trouble { orders: *o, last_day: *d }),
        );
    }
    let Some(occasions) = read_file(&folder.join("occasions.parquet"), revision)? else { return Ok(None) };
    for batch in &occasions {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("no column {name}"));
        let days = column("day")?.as_primitive::<Int32Type>();
        let minors = column("minor")?.as_primitive::<Int64Type>();
        purchases
            .occasions
            .extend(days.values().iter().zip(minors.values()).map(|(d, m)| Occasion { day: *d, minor: *m }));
        purchases.orders.extend_from_slice(column("orders")?.as_primitive::<UInt32Type>().values());
    }
    let whole = end as usize == purchases.occasions.len();
    Ok(whole.then_some(purchases))
}

fn read_file(path: &Path, revision: i64) -> Result<Option<Vec<RecordBatch>>, Box<dyn Error>> {
    if !path.exists() {
        return Ok(None);
    }
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let metadata = builder.metadata().file_metadata().key_value_metadata();
    let same = metadata.is_some_and(|pairs| {
        pairs.iter().any(|pair| pair.key == REVISION && pair.value.as_deref() == Some(&revision.to_string()))
    });
    if !same {
        return Ok(None);
    }
    Ok(Some(builder.build()?.collect::<Result<Vec<_>, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_another_revision_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let purchases = Purchases {
            ids: vec![3, 5, 9],
            offsets: vec![0, 2, 2, 3],
            occasions: vec![
                Occasion { day: 1, minor: 10 },
                Occasion { day: 2, minor: 20 },
                Occasion { day: 7, minor: 0 },
            ],
            orders: vec![1, 2, 1],
            troubles: vec![
                Trouble::default(),
                Trouble { orders: 2, last_day: 4 },
                Trouble::default(),
            ],
        };
        try_write(folder.path(), 7, &purchases).unwrap();
        assert_eq!(try_read(folder.path(), 7).unwrap(), Some(purchases));
        assert_eq!(try_read(folder.path(), 8).unwrap(), None);
        std::fs::remove_file(folder.path().join("occasions.parquet")).unwrap();
        assert_eq!(try_read(folder.path(), 7).unwrap(), None);
    }
}
