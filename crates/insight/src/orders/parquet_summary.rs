//! A summary of a base in a Parquet file: one row a customer with the columns x, t_x and T.

use super::InputError;
use super::parquet_pages::{Kind, Numbers, Values, reads};
use crate::rules::btyd::Cell;
use crate::rules::btyd::cells::{compress, compress_days};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const NAMES: [&str; 3] = ["x", "t_x", "T"];
const STRIP: usize = 4096;

/// Histories of many customers.
#[derive(Debug, Clone)]
pub enum Summary {
    /// Times are whole numbers.
    Whole {
        x: Vec<u32>,
        t_x: Vec<u32>,
        t: Vec<u32>,
    },
    Exact(Vec<Cell>),
}

impl Summary {
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Whole { x, .. } => x.len(),
            Self::Exact(cells) => cells.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Equal histories merged, with times multiplied: 1/7 makes weeks of days.
    #[must_use]
    pub fn into_cells(self, times: f64) -> Vec<Cell> {
        match self {
            Self::Whole { x, t_x, t } => compress_days(&x, &t_x, &t, times),
            Self::Exact(mut cells) => {
                for cell in &mut cells {
                    (cell.t_x, cell.t) = (cell.t_x * times, cell.t * times);
                }
                compress(cells)
            }
        }
    }
}

/// Reads a summary.
///
/// # Errors
/// When the file cannot be read, a column is missing or of another type, a cell is empty, or a row is no history.
pub fn read_summary(path: &Path) -> Result<Summary, InputError> {
    let fault = |e: &dyn ToString| InputError::of_file(path, e.to_string());
    let file = File::open(path).map_err(|e| fault(&e))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default())
        .map_err(|e| InputError::of_file(path, format!("not a Parquet file: {e}")))?;
    let mut kinds = Vec::with_capacity(NAMES.len());
    for name in NAMES {
        let field = metadata.schema().fields().iter().find(|field| field.name() == name);
        let field = field.ok_or_else(|| cell_fault(path, name, "there is no such column".into()))?;
        kinds.push(field.data_type().clone());
    }
    let whole = |kind: &DataType| matches!(kind, DataType::Int16 | DataType::Int32 | DataType::Int64);
    if kinds.iter().all(whole) {
        read_whole(path, file, &metadata, &kinds)
    } else {
        read_exact(path, file, metadata)
    }
}

fn cell_fault(path: &Path, column: &str, what: String) -> InputError {
    InputError { file: path.display().to_string(), line: None, column: Some(column.to_owned()), what }
}

/// Why a row is no history.
fn broken(x: f64, t_x: f64, t: f64) -> Option<String> {
    if x < 0.0 || x.fract() != 0.0 || x > f64::from(u32::MAX) {
        return Some(format!("{x} is not a number of repeat purchases"));
    }
    if !(t_x >= 0.0 && t_x <= t && t.is_finite()) {
        return Some(format!("{t_x} does not lie between 0 and T = {t}"));
    }
    (x == 0.0 && t_x > 0.0).then(|| format!("{t_x} without a repeat purchase (x = 0)"))
}

fn read_whole(
    path: &Path,
    file: File,
    metadata: &ArrowReaderMetadata,
    kinds: &[DataType],
) -> Result<Summary, InputError> {
    let parquet = metadata.metadata();
    let rows = usize::try_from(parquet.file_metadata().num_rows()).unwrap_or(0);
    let mut columns: [Vec<u32>; 3] = std::array::from_fn(|_| Vec::with_capacity(rows));
    let file = Arc::new(file);
    let mut strip: [Values; 3] = Default::default();
    for group in parquet.row_groups() {
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let mut readers = Vec::with_capacity(NAMES.len());
        for (name, kind) in NAMES.into_iter().zip(kinds) {
            let chunk = group.columns().iter().find(|chunk| chunk.column_path().parts() == [name]);
            let known = chunk.filter(|chunk| reads(chunk)).and_then(|c| Some((c, Kind::of_ids(c, kind)?)));
            let Some((chunk, kind)) = known else {
                // Some other encoding.
                let file = File::open(path).map_err(|e| InputError::of_file(path, e.to_string()))?;
                return read_exact(path, file, metadata.clone());
            };
            let reader = Numbers::open(&file, chunk, rows, kind);
            readers.push(reader.map_err(|what| cell_fault(path, name, what))?);
        }
        for from in (0..rows).step_by(STRIP) {
            let count = STRIP.min(rows - from);
            for ((reader, name), values) in readers.iter_mut().zip(NAMES).zip(&mut strip) {
                reader.read(count, values).map_err(|what| cell_fault(path, name, what))?;
                if !values.present.is_empty() {
                    return Err(cell_fault(path, name, "there is an empty cell".into()));
                }
            }
            take(path, &strip, &mut columns)?;
        }
    }
    let [x, t_x, t] = columns;
    Ok(Summary::Whole { x, t_x, t })
}

/// Checks some rows and appends them.
fn take(path: &Path, strip: &[Values; 3], columns: &mut [Vec<u32>; 3]) -> Result<(), InputError> {
    let [x, t_x, t] = strip.each_ref().map(|column| column.values.as_slice());
    let rows = x.iter().zip(t_x).zip(t).map(|((x, t_x), t)| (*x, *t_x, *t));
    // All bits together show a negative or a large number in any cell, without a branch for each.
    let look = |(bits, odd): (i64, bool), (x, t_x, t): (i64, i64, i64)| {
        (bits | x | t_x | t, odd | (t_x > t) | ((x == 0) & (t_x > 0)))
    };
    let (bits, odd) = rows.clone().fold((0, false), look);
    let fits = u32::try_from(bits).is_ok();
    if !fits || odd {
        for (x, t_x, t) in rows.clone() {
            if let Some(what) = broken(x as f64, t_x as f64, t as f64) {
                return Err(cell_fault(path, "t_x", what));
            }
        }
        if !fits {
            return Err(cell_fault(path, "T", "a time is too long".into()));
        }
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "all bits were looked at")]
    for (column, values) in columns.iter_mut().zip([x, t_x, t]) {
        column.extend(values.iter().map(|v| *v as u32));
    }
    Ok(())
}

fn read_exact(path: &Path, file: File, metadata: ArrowReaderMetadata) -> Result<Summary, InputError> {
    let fault = |e: &dyn ToString| InputError::of_file(path, e.to_string());
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let mask = ProjectionMask::columns(builder.parquet_schema(), NAMES);
    let reader = builder.with_projection(mask).with_batch_size(STRIP).build().map_err(|e| fault(&e))?;
    let mut cells = Vec::new();
    let mut values: [Vec<f64>; 3] = Default::default();
    for batch in reader {
        let batch = batch.map_err(|e| fault(&e))?;
        for (name, values) in NAMES.into_iter().zip(&mut values) {
            let array = batch.column_by_name(name).ok_or_else(|| fault(&"there is no such column"))?;
            values.clear();
            read_numbers(array, values).map_err(|what| cell_fault(path, name, what))?;
        }
        let [x, t_x, t] = values.each_ref();
        for ((x, t_x), t) in x.iter().zip(t_x).zip(t) {
            if let Some(what) = broken(*x, *t_x, *t) {
                return Err(cell_fault(path, "t_x", what));
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count, as checked"
            )]
            cells.push(Cell::one(*x as u32, *t_x, *t));
        }
    }
    Ok(Summary::Exact(cells))
}

fn read_numbers(array: &ArrayRef, out: &mut Vec<f64>) -> Result<(), String> {
    if array.null_count() > 0 {
        return Err("there is an empty cell".into());
    }
    match array.data_type() {
        DataType::Int16 => {
            out.extend(array.as_primitive::<Int16Type>().values().iter().map(|v| f64::from(*v)));
        }
        DataType::Int32 => {
            out.extend(array.as_primitive::<Int32Type>().values().iter().map(|v| f64::from(*v)));
        }
        DataType::Int64 => out.extend(array.as_primitive::<Int64Type>().values().iter().map(|v| *v as f64)),
        DataType::Float32 => {
            out.extend(array.as_primitive::<Float32Type>().values().iter().map(|v| f64::from(*v)));
        }
        DataType::Float64 => out.extend_from_slice(array.as_primitive::<Float64Type>().values()),
        other => return Err(format!("numbers cannot be of type {other}")),
    }
    Ok(())
}
