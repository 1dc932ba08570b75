//! Orders from a Parquet file, row groups in parallel, straight into buckets: the file is never held whole.

use super::parquet_arrow::{column, read_codes, read_days, read_minors, read_wide, text};
use super::parquet_pages::{Kind, Numbers, Values, reads};
use super::{Columns, Ids, InputError, Loaded, Sieve};
use crate::rules::scatter::{Order, Scatter};
use ahash::AHashMap;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use rayon::prelude::*;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const BATCH: usize = 65_536;
/// Rows of three columns that stay in the processor's cache between being decoded and being scattered.
const STRIP: usize = 1024;

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
    /// Places of customer, date and amount among the file's fields.
    roots: Vec<usize>,
}

/// A field that is one flat column.
struct Leaf<'a> {
    chunk: &'a ColumnChunkMetaData,
    kind: &'a DataType,
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
        let mut roots = vec![place(&columns.customer)?, place(&columns.date)?];
        if let Some(amount) = &columns.amount {
            roots.push(place(amount)?);
        }
        Ok(Self { path, metadata, columns, roots })
    }

    /// The column of a field in a row group; `None` when the field holds others.
    fn leaf(&self, group: usize, root: usize) -> Option<Leaf<'_>> {
        let field = self.metadata.schema().field(root);
        let chunks = self.metadata.metadata().row_group(group).columns();
        let chunk = chunks.iter().find(|chunk| chunk.column_path().parts() == [field.name().as_str()])?;
        Some(Leaf { chunk, kind: field.data_type() })
    }

    fn number_range(&self) -> Option<(i64, i64, i64)> {
        let parquet = self.metadata.metadata();
        let mut range: Option<(i64, i64)> = None;
        for group in 0..parquet.num_row_groups() {
            let leaf = self.leaf(group, self.roots[0])?;
            // Unsigned columns carry signed statistics; leave them to the slow path.
            if !matches!(leaf.kind, DataType::Int32 | DataType::Int64 | DataType::Int16) {
                return None;
            }
            let (low, high) = match leaf.chunk.statistics()? {
                Statistics::Int32(s) => (i64::from(*s.min_opt()?), i64::from(*s.max_opt()?)),
                Statistics::Int64(s) => (*s.min_opt()?, *s.max_opt()?),
                _ => return None,
            };
            range = Some(range.map_or((low, high), |(a, b)| (a.min(low), b.max(high))));
        }
        range.map(|(low, high)| (low, high, parquet.file_metadata().num_rows()))
    }

    /// The columns of a row group when all can be read straight from their pages.
    fn numbers(&self, group: usize) -> Option<Vec<(Leaf<'_>, Kind)>> {
        let leaves: Vec<Leaf<'_>> =
            self.roots.iter().map(|root| self.leaf(group, *root)).collect::<Option<_>>()?;
        let kinds = leaves.iter().enumerate().map(|(place, leaf)| match place {
            0 => Kind::of_ids(leaf.chunk, leaf.kind),
            1 => Kind::of_days(leaf.chunk, leaf.kind),
            _ => Kind::of_minors(leaf.chunk, leaf.kind, self.columns.amount.as_deref().unwrap_or_default()),
        });
        let kinds: Vec<Kind> = kinds.collect::<Option<_>>()?;
        leaves.iter().all(|leaf| reads(leaf.chunk)).then(|| leaves.into_iter().zip(kinds).collect())
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
        let mask = ProjectionMask::roots(builder.parquet_schema(), self.roots.iter().copied());
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
        // Neighbouring row groups by thread: the days of a file written day by day stay in order.
        let parts: Vec<Result<(Scatter, Sieve), InputError>> = (0..threads)
            .into_par_iter()
            .map(|thread| {
                let mut scatter = Scatter::new(codes);
                let mut sieve = Sieve { until, ..Sieve::default() };
                for group in thread * groups / threads..(thread + 1) * groups / threads {
                    match self.numbers(group) {
                        Some(columns) => {
                            self.read_pages(group, &columns, (low, high), &mut sieve, &mut scatter)?;
                        }
                        None => self.read_arrays(group, low, &mut sieve, &mut scatter)?,
                    }
                }
                Ok((scatter, sieve))
            })
            .collect();
        let mut parts = parts.into_iter();
        let (mut scatter, mut sieve) =
            parts.next().unwrap_or_else(|| Ok((Scatter::new(codes), Sieve::default())))?;
        for part in parts {
            let (s, v) = part?;
            scatter.append(s);
            sieve.merge(&v);
        }
        Ok(finish(scatter, Ids::Dense { base: low }, &sieve, until))
    }

    fn read_pages(
        &self,
        group: usize,
        columns: &[(Leaf<'_>, Kind)],
        (low, high): (i64, i64),
        sieve: &mut Sieve,
        scatter: &mut Scatter,
    ) -> Result<(), InputError> {
        // Opened anew: a cloned handle shares its place in the file with those of the other threads.
        let file = Arc::new(File::open(self.path).map_err(|e| self.fault(&e))?);
        let rows = self.metadata.metadata().row_group(group).num_rows();
        let rows = usize::try_from(rows).map_err(|e| self.fault(&e))?;
        let mut readers = Vec::with_capacity(columns.len());
        for (leaf, kind) in columns {
            let fault = |what| self.column_fault(leaf.chunk.column_path().string().as_str(), what);
            readers.push((Numbers::open(&file, leaf.chunk, rows, *kind).map_err(fault)?, leaf));
        }
        let mut strip = Strip::default();
        for from in (0..rows).step_by(STRIP) {
            let count = STRIP.min(rows - from);
            for ((reader, leaf), values) in readers.iter_mut().zip(&mut strip.columns) {
                reader
                    .read(count, values)
                    .map_err(|what| self.column_fault(leaf.chunk.column_path().string().as_str(), what))?;
            }
            strip.columns[readers.len()..].iter_mut().for_each(|values| values.values.resize(count, 0));
            strip
                .scatter((low, high), sieve, scatter)
                .map_err(|what| self.column_fault(&self.columns.customer, what))?;
        }
        Ok(())
    }

    fn read_arrays(
        &self,
        group: usize,
        low: i64,
        sieve: &mut Sieve,
        scatter: &mut Scatter,
    ) -> Result<(), InputError> {
        let (mut ids, mut days, mut minors) = (Vec::new(), Vec::new(), Vec::new());
        for batch in self.batches(group)? {
            let batch = batch?;
            let customer = column(&batch, &self.columns.customer)?;
            read_codes(customer, low, &mut ids)
                .map_err(|what| self.column_fault(&self.columns.customer, what))?;
            let gaps = self.read_batch(&batch, &mut days, &mut minors)? || customer.null_count() > 0;
            for i in 0..batch.num_rows() {
                if gaps && !self.complete(&batch, i, sieve)? {
                    continue;
                }
                if let Some(order) = sieve.pass(ids[i], days[i], minors[i]) {
                    scatter.push(order);
                }
            }
        }
        Ok(())
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

/// Some rows of customer, date and amount; without a column of amounts these are zeros.
#[derive(Default)]
struct Strip {
    columns: [Values; 3],
}

impl Strip {
    fn scatter(
        &self,
        (low, high): (i64, i64),
        sieve: &mut Sieve,
        scatter: &mut Scatter,
    ) -> Result<(), String> {
        let [ids, days, minors] = self.columns.each_ref().map(|column| column.values.as_slice());
        let present = |column: usize, row: usize| self.columns[column].present.get(row).is_none_or(|p| *p);
        let range = (high - low).cast_unsigned();
        let outside = |id: i64| id.wrapping_sub(low).cast_unsigned() > range;
        // Empty cells are zeros, which may lie outside; a row is looked at only when there is such an id at all.
        if ids.iter().fold(false, |any, id| any | outside(*id))
            && let Some(row) = (0..ids.len()).find(|row| present(0, *row) && outside(ids[*row]))
        {
            return Err(format!("the statistics promise ids from {low} to {high}, and one is {}", ids[row]));
        }
        if self.columns.iter().all(|column| column.present.is_empty()) && sieve.pass_all(days, minors) {
            scatter.push_all(low, ids, days, minors);
            return Ok(());
        }
        for row in 0..ids.len() {
            if !present(0, row) {
                sieve.left_out.guests += 1;
            } else if !present(1, row) || !present(2, row) {
                sieve.left_out.blank += 1;
            } else {
                let code = u32::try_from(ids[row] - low).unwrap_or(u32::MAX);
                let day = i32::try_from(days[row]).unwrap_or(i32::MAX);
                if let Some(order) = sieve.pass(code, day, minors[row]) {
                    scatter.push(order);
                }
            }
        }
        Ok(())
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
