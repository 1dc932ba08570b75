//! Orders from a Parquet file, row groups in parallel, straight into buckets: the file is never held whole.

use super::{Columns, Ids, InputError, Loaded, Sieve, dates, money};
use crate::rules::occasions::{Order, Scatter};
use ahash::AHashMap;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::statistics::Statistics;
use rayon::prelude::*;
use std::fs::File;
use std::path::Path;

const BATCH: usize = 65_536;
const SECONDS_PER_DAY: i64 = 86_400;

pub(super) fn load(path: &Path, columns: &Columns, until: Option<i32>) -> Result<Loaded, InputError> {
    let file = File::open(path).map_err(|e| InputError::of_file(path, e.to_string()))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default())
        .map_err(|e| InputError::of_file(path, format!("not a Parquet file: {e}")))?;
    let source = Source::new(path, &metadata, columns)?;
    match source.number_range() {
        Some((low, high, rows)) if dense(low, high, rows) => source.load_dense(low, high, until),
        _ => source.load_interned(until),
    }
}

/// Ids are used as codes when their range is not much wider than the number of orders.
fn dense(low: i64, high: i64, rows: i64) -> bool {
    high.checked_sub(low).is_some_and(|range| range < i64::from(u32::MAX) && range / 4 <= rows.max(1 << 16))
}

struct Source<'a> {
    path: &'a Path,
    metadata: &'a ArrowReaderMetadata,
    columns: &'a Columns,
    /// Leaf places of customer, date and amount.
    leaves: Vec<usize>,
}

impl<'a> Source<'a> {
    fn new(
        path: &'a Path,
        metadata: &'a ArrowReaderMetadata,
        columns: &'a Columns,
    ) -> Result<Self, InputError> {
        let names: Vec<&str> = metadata.schema().fields().iter().map(|f| f.name().as_str()).collect();
        let place = |name: &str| {
            names.iter().position(|n| *n == name).ok_or_else(|| InputError {
                file: path.display().to_string(),
                line: None,
                column: Some(name.to_string()),
                what: format!("there is no such column; the file has: {}", names.join(", ")),
            })
        };
        let mut leaves = vec![place(&columns.customer)?, place(&columns.date)?];
        if let Some(amount) = &columns.amount {
            leaves.push(place(amount)?);
        }
        Ok(Self { path, metadata, columns, leaves })
    }

    fn number_range(&self) -> Option<(i64, i64, i64)> {
        let parquet = self.metadata.metadata();
        let mut range: Option<(i64, i64)> = None;
        for group in parquet.row_groups() {
            let (low, high) = match group.column(self.leaves[0]).statistics()? {
                Statistics::Int32(s) => (i64::from(*s.min_opt()?), i64::from(*s.max_opt()?)),
                Statistics::Int64(s) => (*s.min_opt()?, *s.max_opt()?),
                _ => return None,
            };
            range = Some(range.map_or((low, high), |(a, b)| (a.min(low), b.max(high))));
        }
        // Unsigned columns carry signed statistics; leave them to the slow path.
        let field = self.metadata.schema().field(self.leaves[0]);
        if !matches!(field.data_type(), DataType::Int32 | DataType::Int64 | DataType::Int16) {
            return None;
        }
        range.map(|(low, high)| (low, high, parquet.file_metadata().num_rows()))
    }

    fn fault(&self, error: &impl ToString) -> InputError {
        InputError::of_file(self.path, error.to_string())
    }

    fn batches(
        &self,
        group: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, InputError>> + use<'_>, InputError> {
        // Opened anew: a cloned handle shares its place in the file with those of the other threads.
        let file = File::open(self.path).map_err(|e| self.fault(&e))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), self.leaves.iter().copied());
        let reader = builder
            .with_projection(mask)
            .with_row_groups(vec![group])
            .with_batch_size(BATCH)
            .build()
            .map_err(|e| self.fault(&e))?;
        Ok(reader.map(|batch| batch.map_err(|e| self.fault(&e))))
    }

    /// Days and minor units of a batch; `None` where the cell is empty.
    fn read_batch(
        &self,
        batch: &RecordBatch,
        days: &mut Vec<i32>,
        minors: &mut Vec<i64>,
    ) -> Result<bool, InputError> {
        let date = column(batch, &self.columns.date)?;
        let amount = self.columns.amount.as_deref().map(|name| column(batch, name)).transpose()?;
        read_days(date, days).map_err(|what| self.column_fault(&self.columns.date, what))?;
        minors.clear();
        match (&amount, &self.columns.amount) {
            (Some(array), Some(name)) => {
                read_minors(array, name, minors).map_err(|what| self.column_fault(name, what))?;
            }
            _ => minors.resize(batch.num_rows(), 0),
        }
        Ok(date.null_count() > 0 || amount.is_some_and(|a| a.null_count() > 0))
    }

    fn column_fault(&self, column: &str, what: String) -> InputError {
        InputError {
            file: self.path.display().to_string(),
            line: None,
            column: Some(column.to_string()),
            what,
        }
    }

    fn load_dense(&self, low: i64, high: i64, until: Option<i32>) -> Result<Loaded, InputError> {
        let codes = usize::try_from(high - low + 1).map_err(|e| self.fault(&e))?;
        let groups = self.metadata.metadata().num_row_groups();
        let threads = rayon::current_num_threads().max(1);
        let parts: Vec<Result<(Scatter, Sieve), InputError>> = (0..threads)
            .into_par_iter()
            .map(|thread| {
                let mut scatter = Scatter::new(codes);
                let mut sieve = Sieve { until, ..Sieve::default() };
                let (mut ids, mut days, mut minors) = (Vec::new(), Vec::new(), Vec::new());
                for group in (thread..groups).step_by(threads) {
                    for batch in self.batches(group)? {
                        let batch = batch?;
                        let customer = column(&batch, &self.columns.customer)?;
                        read_codes(customer, low, &mut ids)
                            .map_err(|what| self.column_fault(&self.columns.customer, what))?;
                        let gaps =
                            self.read_batch(&batch, &mut days, &mut minors)? || customer.null_count() > 0;
                        for i in 0..batch.num_rows() {
                            if gaps && !self.complete(&batch, i, &mut sieve)? {
                                continue;
                            }
                            if let Some(order) = sieve.pass(ids[i], days[i], minors[i]) {
                                scatter.push(order);
                            }
                        }
                    }
                }
                Ok((scatter, sieve))
            })
            .collect();
        let mut scatter = Scatter::new(codes);
        let mut sieve = Sieve { until, ..Sieve::default() };
        for part in parts {
            let (s, v) = part?;
            scatter.append(s);
            sieve.merge(&v);
        }
        Ok(finish(scatter, Ids::Dense { base: low }, &sieve, until))
    }

    /// Whether a row with empty cells can be used; counts it when not.
    fn complete(&self, batch: &RecordBatch, row: usize, sieve: &mut Sieve) -> Result<bool, InputError> {
        if column(batch, &self.columns.customer)?.is_null(row) {
            sieve.left_out.guests += 1;
            return Ok(false);
        }
        let amount_blank = match &self.columns.amount {
            Some(name) => column(batch, name)?.is_null(row),
            None => false,
        };
        if amount_blank || column(batch, &self.columns.date)?.is_null(row) {
            sieve.left_out.blank += 1;
            return Ok(false);
        }
        Ok(true)
    }

    fn load_interned(&self, until: Option<i32>) -> Result<Loaded, InputError> {
        let mut texts: AHashMap<Box<str>, u32> = AHashMap::new();
        let mut numbers: AHashMap<i64, u32> = AHashMap::new();
        let mut orders: Vec<Order> = Vec::new();
        let mut sieve = Sieve { until, ..Sieve::default() };
        let (mut days, mut minors, mut wide) = (Vec::new(), Vec::new(), Vec::new());
        for group in 0..self.metadata.metadata().num_row_groups() {
            for batch in self.batches(group)? {
                let batch = batch?;
                self.read_batch(&batch, &mut days, &mut minors)?;
                let customer = column(&batch, &self.columns.customer)?;
                let is_text =
                    matches!(customer.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
                if !is_text {
                    read_wide(customer, &mut wide)
                        .map_err(|what| self.column_fault(&self.columns.customer, what))?;
                }
                for i in 0..batch.num_rows() {
                    if !self.complete(&batch, i, &mut sieve)? {
                        continue;
                    }
                    let next = u32::try_from(texts.len() + numbers.len()).map_err(|e| self.fault(&e))?;
                    let code = if is_text {
                        let id = text(customer, i).trim();
                        if id.is_empty() {
                            sieve.left_out.guests += 1;
                            continue;
                        }
                        match texts.get(id) {
                            Some(code) => *code,
                            None => *texts.entry(id.into()).or_insert(next),
                        }
                    } else {
                        *numbers.entry(wide[i]).or_insert(next)
                    };
                    orders.extend(sieve.pass(code, days[i], minors[i]));
                }
            }
        }
        let codes = texts.len() + numbers.len();
        let mut scatter = Scatter::new(codes);
        let ids = if numbers.is_empty() {
            let mut names = vec![String::new(); codes];
            for (name, code) in texts {
                names[code as usize] = name.into();
            }
            Ids::texts(names)
        } else {
            let mut sorted: Vec<(i64, u32)> = numbers.into_iter().collect();
            sorted.sort_unstable();
            let mut place = vec![0u32; codes];
            for (at, (_, code)) in sorted.iter().enumerate() {
                place[*code as usize] = u32::try_from(at).unwrap_or(u32::MAX);
            }
            for order in &mut orders {
                order.customer = place[order.customer as usize];
            }
            Ids::Numbers(sorted.into_iter().map(|(id, _)| id).collect())
        };
        for order in orders {
            scatter.push(order);
        }
        Ok(finish(scatter, ids, &sieve, until))
    }
}

fn finish(scatter: Scatter, ids: Ids, sieve: &Sieve, until: Option<i32>) -> Loaded {
    Loaded {
        scatter,
        ids,
        orders: sieve.used,
        left_out: sieve.left_out,
        until: until.or(sieve.last).unwrap_or_default(),
    }
}

fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef, InputError> {
    batch.column_by_name(name).ok_or_else(|| InputError {
        file: String::new(),
        line: None,
        column: Some(name.to_string()),
        what: "there is no such column".into(),
    })
}

fn text(array: &ArrayRef, row: usize) -> &str {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row),
        DataType::Utf8View => array.as_string_view().value(row),
        _ => "",
    }
}

/// Ids minus the base; cells outside u32 belong to empty rows.
fn read_codes(array: &ArrayRef, base: i64, out: &mut Vec<u32>) -> Result<(), String> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the column's range was checked from its statistics"
    )]
    let code = |v: i64| v.wrapping_sub(base) as u32;
    out.clear();
    match array.data_type() {
        DataType::Int16 => {
            out.extend(array.as_primitive::<Int16Type>().values().iter().map(|v| code(i64::from(*v))));
        }
        DataType::Int32 => {
            out.extend(array.as_primitive::<Int32Type>().values().iter().map(|v| code(i64::from(*v))));
        }
        DataType::Int64 => out.extend(array.as_primitive::<Int64Type>().values().iter().map(|v| code(*v))),
        other => return Err(format!("customers cannot be of type {other}")),
    }
    Ok(())
}

fn read_wide(array: &ArrayRef, out: &mut Vec<i64>) -> Result<(), String> {
    out.clear();
    match array.data_type() {
        DataType::Int16 => {
            out.extend(array.as_primitive::<Int16Type>().values().iter().map(|v| i64::from(*v)));
        }
        DataType::Int32 => {
            out.extend(array.as_primitive::<Int32Type>().values().iter().map(|v| i64::from(*v)));
        }
        DataType::Int64 => out.extend_from_slice(array.as_primitive::<Int64Type>().values()),
        DataType::UInt16 => {
            out.extend(array.as_primitive::<UInt16Type>().values().iter().map(|v| i64::from(*v)));
        }
        DataType::UInt32 => {
            out.extend(array.as_primitive::<UInt32Type>().values().iter().map(|v| i64::from(*v)));
        }
        DataType::UInt64 => {
            for v in array.as_primitive::<UInt64Type>().values() {
                out.push(i64::try_from(*v).map_err(|_| format!("the customer id {v} is too large"))?);
            }
        }
        other => return Err(format!("customers cannot be of type {other}")),
    }
    Ok(())
}

fn read_days(array: &ArrayRef, out: &mut Vec<i32>) -> Result<(), String> {
    let day = |v: i64, per_second: i64| {
        i32::try_from(v.div_euclid(per_second * SECONDS_PER_DAY)).unwrap_or(i32::MAX)
    };
    out.clear();
    match array.data_type() {
        DataType::Date32 => out.extend_from_slice(array.as_primitive::<Date32Type>().values()),
        DataType::Date64 => {
            out.extend(array.as_primitive::<Date64Type>().values().iter().map(|v| day(*v, 1000)));
        }
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => {
                out.extend(array.as_primitive::<TimestampSecondType>().values().iter().map(|v| day(*v, 1)));
            }
            TimeUnit::Millisecond => {
                out.extend(
                    array.as_primitive::<TimestampMillisecondType>().values().iter().map(|v| day(*v, 1000)),
                );
            }
            TimeUnit::Microsecond => out.extend(
                array.as_primitive::<TimestampMicrosecondType>().values().iter().map(|v| day(*v, 1_000_000)),
            ),
            TimeUnit::Nanosecond => out.extend(
                array
                    .as_primitive::<TimestampNanosecondType>()
                    .values()
                    .iter()
                    .map(|v| day(*v, 1_000_000_000)),
            ),
        },
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            for row in 0..array.len() {
                if array.is_null(row) {
                    out.push(0);
                    continue;
                }
                let value = text(array, row);
                out.push(dates::parse_day(value, None).ok_or_else(|| format!("{value:?} is not a date"))?);
            }
        }
        other => return Err(format!("dates cannot be of type {other}")),
    }
    Ok(())
}

/// Amounts in minor units: whole numbers of a column named `…_minor` are minor units already, every other
/// number is in major units.
fn read_minors(array: &ArrayRef, name: &str, out: &mut Vec<i64>) -> Result<(), String> {
    let scale = if name.ends_with("_minor") { 1 } else { 100 };
    let float = |v: f64| -> Result<i64, String> {
        money::from_float(if scale == 1 { v / 100.0 } else { v })
            .ok_or_else(|| format!("{v} is not an amount"))
    };
    let blank = |row: usize| array.is_null(row);
    match array.data_type() {
        DataType::Int32 => {
            out.extend(array.as_primitive::<Int32Type>().values().iter().map(|v| i64::from(*v) * scale));
        }
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>().values();
            if scale == 1 {
                out.extend_from_slice(values);
            } else {
                for v in values {
                    out.push(v.checked_mul(scale).ok_or_else(|| format!("{v} is too large an amount"))?);
                }
            }
        }
        DataType::Float64 => {
            for (row, v) in array.as_primitive::<Float64Type>().values().iter().enumerate() {
                out.push(if blank(row) { 0 } else { float(*v)? });
            }
        }
        DataType::Float32 => {
            for (row, v) in array.as_primitive::<Float32Type>().values().iter().enumerate() {
                out.push(if blank(row) { 0 } else { float(f64::from(*v))? });
            }
        }
        DataType::Decimal128(_, places) => {
            let unit = 10f64.powi(i32::from(*places));
            for (row, v) in array.as_primitive::<Decimal128Type>().values().iter().enumerate() {
                out.push(if blank(row) { 0 } else { float(*v as f64 / unit)? });
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            for row in 0..array.len() {
                let value = if blank(row) { "0" } else { text(array, row) };
                out.push(super::parse_minor(value).ok_or_else(|| format!("{value:?} is not an amount"))?);
            }
        }
        other => return Err(format!("amounts cannot be of type {other}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Date32Array, Int64Array};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;
    use std::sync::Arc;

    /// Threads that read row groups of one file do not get in each other's way.
    #[test]
    fn row_groups_are_read_in_parallel() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.parquet");
        let rows = 60_000i64;
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("customer", Arc::new(Int64Array::from_iter_values((0..rows).map(|i| (i * 7_919) % 5_000)))),
            ("day", Arc::new(Date32Array::from_iter_values((0..60_000).map(|i| i / 100)))),
            ("amount_minor", Arc::new(Int64Array::from_iter_values(0..rows))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(1_000)).build();
        let file = File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let columns = Columns {
            customer: "customer".into(),
            date: "day".into(),
            amount: Some("amount_minor".into()),
            date_order: None,
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build().unwrap();
        for _ in 0..5 {
            let loaded = pool.install(|| load(&path, &columns, None)).unwrap();
            let totals = crate::rules::occasions::per_customer(loaded.scatter, |_, o| {
                Some(o.iter().map(|o| o.minor).sum::<i64>())
            });
            assert_eq!((loaded.orders, totals.len()), (60_000, 5_000));
            assert_eq!(totals.iter().sum::<i64>(), rows * (rows - 1) / 2);
        }
    }
}
