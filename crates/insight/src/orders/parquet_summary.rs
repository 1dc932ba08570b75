//! A summary of a base in a Parquet file: one row a customer with the columns x, t_x and T.

use super::InputError;
use super::parquet_pages::{Kind, Numbers, Values, reads};
use crate::rules::btyd::Cell;
use crate::rules::btyd::cells::{Tally, compress, compress_days};
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
    let opened = Opened::new(path)?;
    let mut columns: [Vec<u32>; 3] = std::array::from_fn(|_| Vec::with_capacity(opened.rows()));
    let take =
        |rows: [&[u32]; 3]| columns.iter_mut().zip(rows).for_each(|(c, some)| c.extend_from_slice(some));
    if opened.read_whole(take)? {
        let [x, t_x, t] = columns;
        return Ok(Summary::Whole { x, t_x, t });
    }
    opened.read_exact().map(Summary::Exact)
}

/// Reads a summary into cells, as [`Summary::into_cells`] makes them, and never holds the rows.
///
/// # Errors
/// As [`read_summary`].
pub fn read_cells(path: &Path, times: f64) -> Result<Vec<Cell>, InputError> {
    let opened = Opened::new(path)?;
    let mut tally = Tally::default();
    if opened.read_whole(|[x, t_x, t]| tally.add(x, t_x, t))? {
        return Ok(tally.into_cells(times));
    }
    Ok(Summary::Exact(opened.read_exact()?).into_cells(times))
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

/// A file with the columns of a summary.
struct Opened<'a> {
    path: &'a Path,
    file: Arc<File>,
    metadata: ArrowReaderMetadata,
    kinds: Vec<DataType>,
}

impl<'a> Opened<'a> {
    fn new(path: &'a Path) -> Result<Self, InputError> {
        let file = File::open(path).map_err(|e| InputError::of_file(path, e.to_string()))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default())
            .map_err(|e| InputError::of_file(path, format!("not a Parquet file: {e}")))?;
        let mut kinds = Vec::with_capacity(NAMES.len());
        for name in NAMES {
            let field = metadata.schema().fields().iter().find(|field| field.name() == name);
            let field = field.ok_or_else(|| cell_fault(path, name, "there is no such column".into()))?;
            kinds.push(field.data_type().clone());
        }
        Ok(Self { path, file: Arc::new(file), metadata, kinds })
    }

    fn rows(&self) -> usize {
        usize::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Hands on the rows when all are whole numbers that can be read straight from the pages; answers whether they are.
    fn read_whole(&self, mut take: impl FnMut([&[u32]; 3])) -> Result<bool, InputError> {
        let groups = self.metadata.metadata().row_groups();
        let mut readers = Vec::with_capacity(groups.len());
        for group in groups {
            for (name, kind) in NAMES.into_iter().zip(&self.kinds) {
                let chunk = group.columns().iter().find(|chunk| chunk.column_path().parts() == [name]);
                let known =
                    chunk.filter(|chunk| reads(chunk)).and_then(|c| Some((c, Kind::of_ids(c, kind)?)));
                let Some(known) = known else { return Ok(false) };
                readers.push(known);
            }
        }
        let mut strip: [Values; 3] = Default::default();
        let mut columns: [Vec<u32>; 3] = Default::default();
        for (group, chunks) in groups.iter().zip(readers.chunks(NAMES.len())) {
            let rows = usize::try_from(group.num_rows()).unwrap_or(0);
            let mut readers = Vec::with_capacity(NAMES.len());
            for (name, (chunk, kind)) in NAMES.into_iter().zip(chunks) {
                let reader = Numbers::open(&self.file, chunk, rows, *kind);
                readers.push(reader.map_err(|what| cell_fault(self.path, name, what))?);
            }
            for from in (0..rows).step_by(STRIP) {
                let count = STRIP.min(rows - from);
                for ((reader, name), values) in readers.iter_mut().zip(NAMES).zip(&mut strip) {
                    reader.read(count, values).map_err(|what| cell_fault(self.path, name, what))?;
                    if !values.present.is_empty() {
                        return Err(cell_fault(self.path, name, "there is an empty cell".into()));
                    }
                }
                check(self.path, &strip, &mut columns)?;
                take(columns.each_ref().map(Vec::as_slice));
            }
        }
        Ok(true)
    }

    fn read_exact(&self) -> Result<Vec<Cell>, InputError> {
        let path = self.path;
        let fault = |e: &dyn ToString| InputError::of_file(path, e.to_string());
        // Opened anew: a cloned handle shares its place in the file.
        let file = File::open(path).map_err(|e| fault(&e))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
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
        Ok(cells)
    }
}

/// Checks some rows and makes them counts and days.
fn check(path: &Path, strip: &[Values; 3], columns: &mut [Vec<u32>; 3]) -> Result<(), InputError> {
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
        column.clear();
        column.extend(values.iter().map(|v| *v as u32));
    }
    Ok(())
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
