//! The columnar projection: purchases as Parquet beside the database, of one revision. It may be deleted at
//! any time; the next start reads the database instead.

use crate::rules::profile::Trouble;
use crate::rules::purchases::{DayRow, Purchases, TroubleRow};
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
    let base = purchases.base();
    let counts = |i: usize| u32::try_from(base.of(i).len()).unwrap_or(u32::MAX);
    let customers: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", Arc::new(Int64Array::from_iter_values(purchases.ids.iter().copied()))),
        ("occasions", Arc::new(UInt32Array::from_iter_values((0..purchases.ids.len()).map(counts)))),
        (
            "trouble_orders",
            Arc::new(UInt32Array::from_iter_values(purchases.troubles.iter().map(|t| t.orders))),
        ),
        (
            "trouble_day",
            Arc::new(Int32Array::from_iter_values(purchases.troubles.iter().map(|t| t.last_day))),
        ),
    ];
    write_file(&folder.join("customers.parquet"), revision, customers)?;
    let occasions: Vec<(&str, ArrayRef)> = vec![
        ("day", Arc::new(Int32Array::from_iter_values(base.iter().flatten().map(|o| o.day)))),
        ("minor", Arc::new(Int64Array::from_iter_values(base.iter().flatten().map(|o| o.minor)))),
        (
            "orders",
            Arc::new(UInt32Array::from_iter_values(
                (0..purchases.ids.len()).flat_map(|i| purchases.orders(i)).copied(),
            )),
        ),
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
    let Some(customers) = read_file(&folder.join("customers.parquet"), revision)? else { return Ok(None) };
    let (mut ids, mut owners, mut troubles) = (Vec::new(), Vec::new(), Vec::new());
    for batch in &customers {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("no column {name}"));
        let customer = column("customer_id")?.as_primitive::<Int64Type>().values();
        let counts = column("occasions")?.as_primitive::<UInt32Type>().values();
        let orders = column("trouble_orders")?.as_primitive::<UInt32Type>().values();
        let days = column("trouble_day")?.as_primitive::<Int32Type>().values();
        for i in 0..batch.num_rows() {
            ids.push(customer[i]);
            owners.extend(std::iter::repeat_n(customer[i], counts[i] as usize));
            if orders[i] > 0 {
                let trouble = Trouble { orders: orders[i], last_day: days[i] };
                troubles.push(TroubleRow { customer: customer[i], trouble });
            }
        }
    }
    let Some(occasions) = read_file(&folder.join("occasions.parquet"), revision)? else { return Ok(None) };
    let mut rows: Vec<DayRow> = Vec::with_capacity(owners.len());
    for batch in &occasions {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("no column {name}"));
        let days = column("day")?.as_primitive::<Int32Type>().values();
        let minors = column("minor")?.as_primitive::<Int64Type>().values();
        let orders = column("orders")?.as_primitive::<UInt32Type>().values();
        for i in 0..batch.num_rows() {
            let Some(customer) = owners.get(rows.len()) else { return Ok(None) };
            rows.push(DayRow { customer: *customer, day: days[i], minor: minors[i], orders: orders[i] });
        }
    }
    let whole = rows.len() == owners.len();
    Ok(whole.then(|| Purchases::assemble(ids, &rows, &troubles)))
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
        let row = |customer, day, minor, orders| DayRow { customer, day, minor, orders };
        let rows = [row(3, 1, 10, 1), row(3, 2, 20, 2), row(9, 7, 0, 1)];
        let trouble = TroubleRow { customer: 5, trouble: Trouble { orders: 2, last_day: 4 } };
        let purchases = Purchases::assemble(vec![3, 5, 9], &rows, &[trouble]);
        let content = |p: &Purchases| -> Vec<String> {
            (0..p.ids.len())
                .map(|i| format!("{} {:?} {:?} {:?}", p.ids[i], p.base().of(i), p.orders(i), p.troubles[i]))
                .collect()
        };
        try_write(folder.path(), 7, &purchases).unwrap();
        assert_eq!(content(&try_read(folder.path(), 7).unwrap().unwrap()), content(&purchases));
        assert!(try_read(folder.path(), 8).unwrap().is_none());
        std::fs::remove_file(folder.path().join("occasions.parquet")).unwrap();
        assert!(try_read(folder.path(), 7).unwrap().is_none());
    }
}
