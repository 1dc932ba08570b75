//! Orders from files (CSV and Parquet) as columns for the kernels.

mod csv_file;
mod dates;
mod money;
mod parquet_arrow;
mod parquet_file;
mod parquet_pages;
mod parquet_runs;
mod parquet_summary;
#[cfg(test)]
mod parquet_tests;

pub(crate) use csv_file::row_error;
pub use dates::{DateOrder, day_name, day_of, parse_day};
pub use money::parse_minor;
pub use parquet_summary::{Summary, read_cells, read_summary};

use crate::rules::occasions::LeftOut;
use crate::rules::scatter::{Order, Scatter};
use std::path::Path;

/// Which columns hold what.
#[derive(Debug, Clone)]
pub struct Columns {
    pub customer: String,
    pub date: String,
    /// Without it amounts are zero.
    pub amount: Option<String>,
    /// Order of day, month and year in dates like 03/04/2024; guessed when the file decides it.
    pub date_order: Option<DateOrder>,
}

/// The file cannot be used; says where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct InputError {
    pub file: String,
    pub line: Option<u64>,
    pub column: Option<String>,
    pub what: String,
}

impl InputError {
    fn message(&self) -> String {
        let mut place = self.file.clone();
        if let Some(line) = self.line {
            place.push_str(&format!(", line {line}"));
        }
        if let Some(column) = &self.column {
            place.push_str(&format!(", column {column}"));
        }
        format!("{place}: {}", self.what)
    }

    #[must_use]
    pub fn of_file(path: &Path, what: impl Into<String>) -> Self {
        Self { file: path.display().to_string(), line: None, column: None, what: what.into() }
    }

    #[must_use]
    pub fn at(path: &Path, line: u64, column: &str, what: impl Into<String>) -> Self {
        Self {
            file: path.display().to_string(),
            line: Some(line),
            column: Some(column.to_string()),
            what: what.into(),
        }
    }
}

/// Names of customers by code.
#[derive(Debug, Clone)]
pub enum Ids {
    /// Code + the base is the id.
    Dense { base: i64 },
    /// Whole-number ids, sorted: the code is the place.
    Numbers(Vec<i64>),
    /// Texts by code; `rank` is the place of each in sorted order.
    Texts { names: Vec<String>, rank: Vec<u32> },
}

impl Ids {
    fn texts(names: Vec<String>) -> Self {
        // Ids that are plain numbers sort as numbers (9 before 10), others as text.
        let number =
            |s: &str| -> Option<u64> { (s == "0" || !s.starts_with('0')).then(|| s.parse().ok()).flatten() };
        let mut order: Vec<u32> = (0..u32::try_from(names.len()).unwrap_or(u32::MAX)).collect();
        if names.iter().all(|n| number(n).is_some()) {
            order.sort_by_key(|&i| number(&names[i as usize]));
        } else {
            order.sort_by(|&a, &b| names[a as usize].cmp(&names[b as usize]));
        }
        let mut rank = vec![0; names.len()];
        for (place, code) in order.iter().enumerate() {
            rank[*code as usize] = u32::try_from(place).unwrap_or(u32::MAX);
        }
        Self::Texts { names, rank }
    }

    /// Place of a customer in the order of ids.
    #[must_use]
    pub fn rank(&self, code: u32) -> u32 {
        match self {
            Self::Dense { .. } | Self::Numbers(_) => code,
            Self::Texts { rank, .. } => rank.get(code as usize).copied().unwrap_or(code),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn name(&self, code: u32) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Dense { base } => (base + i64::from(code)).to_string().into(),
            Self::Numbers(ids) => ids.get(code as usize).map_or_else(String::new, ToString::to_string).into(),
            Self::Texts { names, .. } => names.get(code as usize).map_or("", String::as_str).into(),
        }
    }
}

/// Orders scattered for the kernels, with what could not be used.
#[derive(Debug)]
pub struct Loaded {
    pub scatter: Scatter,
    pub ids: Ids,
    pub orders: u64,
    pub left_out: LeftOut,
    /// The day of the last order used, or the given end.
    pub until: i32,
}

/// Whether a file is one by its name.
#[must_use]
pub fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet"))
}

/// Reads orders up to and including the day `until`.
///
/// # Errors
/// When the file cannot be read, a column is missing, or a date or an amount is not one.
pub fn load(path: &Path, columns: &Columns, until: Option<i32>) -> Result<Loaded, InputError> {
    let loaded = if is_parquet(path) {
        parquet_file::load(path, columns, until)?
    } else {
        csv_file::load(path, columns, until)?
    };
    if loaded.orders == 0 {
        let left = loaded.left_out;
        return Err(InputError::of_file(
            path,
            format!(
                "no order can be used ({} without a customer, {} negative, {} after the end, {} blank)",
                left.guests, left.negative, left.later, left.blank
            ),
        ));
    }
    Ok(loaded)
}

/// Sorts rows into used and left out, the same way for every format.
#[derive(Debug, Default)]
struct Sieve {
    left_out: LeftOut,
    until: Option<i32>,
    last: Option<i32>,
    used: u64,
}

impl Sieve {
    #[inline]
    fn pass(&mut self, customer: u32, day: i32, minor: i64) -> Option<Order> {
        if minor < 0 {
            self.left_out.negative += 1;
            return None;
        }
        if self.until.is_some_and(|until| day > until) {
            self.left_out.later += 1;
            return None;
        }
        self.used += 1;
        if self.last.is_none_or(|last| day > last) {
            self.last = Some(day);
        }
        Some(Order { minor, customer, day })
    }

    /// Counts many rows when all of them pass; when one does not, nothing is counted and the answer is no.
    fn pass_all(&mut self, days: &[i64], minors: &[i64]) -> bool {
        let Some(last) = days.iter().max().and_then(|day| i32::try_from(*day).ok()) else { return false };
        let negative = minors.iter().fold(0, |bits, minor| bits | minor) < 0;
        if negative || self.until.is_some_and(|until| last > until) {
            return false;
        }
        self.used += minors.len() as u64;
        self.last = self.last.max(Some(last));
        true
    }

    fn merge(&mut self, other: &Self) {
        self.left_out.merge(&other.left_out);
        self.used += other.used;
        self.last = self.last.max(other.last);
    }
}
