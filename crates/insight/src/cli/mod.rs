//! The analysis commands of `otklik`: `fit`, `predict`, `summary`, `rfm`, `cohorts`, `stat`. They need no
//! workspace: files in, JSON or CSV out. Their only clock is the day of today that the caller tells.

mod fit;
mod predict;
mod stat;
mod tables;

use crate::orders::InputError;
use crate::rules::btyd::FitError;
use crate::rules::stat::StatError;
use std::io::Write;
use std::path::Path;

/// Analysis commands, for the program's own command enum to flatten.
#[derive(Debug, clap::Subcommand)]
pub enum AnalysisCommand {
    /// Fit a model of purchases, spend or renewals by maximum likelihood.
    Fit(fit::FitArgs),
    /// Predict purchases and the probability of being alive from a fitted model.
    Predict(predict::PredictArgs),
    /// Turn orders into one line a customer: repeat occasions, recency, age, mean spend.
    Summary(tables::SummaryArgs),
    /// Recency, frequency and monetary value with their quintiles.
    Rfm(tables::TableArgs),
    /// Buyers by month of first purchase and months since.
    Cohorts(tables::TableArgs),
    /// Intervals, sample sizes and tests for shares, means and looks before the end.
    Stat(stat::StatArgs),
}

/// Why a command failed; the kind decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Exit 1.
    Failed,
    /// Exit 2: the options contradict each other.
    Usage,
    /// Exit 3: the input cannot be used.
    Input,
    /// Exit 4: refused, e.g. a model that did not converge.
    Refused,
}

/// A failed command.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    pub kind: ErrorKind,
    pub message: String,
}

impl CliError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What is wrong with an input names its file, once.
    fn of_file(mut self, path: &Path) -> Self {
        let path = path.display().to_string();
        if self.kind == ErrorKind::Input && !self.message.contains(&path) {
            self.message = format!("{path}: {}", self.message);
        }
        self
    }

    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self.kind {
            ErrorKind::Failed => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Input => 3,
            ErrorKind::Refused => 4,
        }
    }
}

impl From<InputError> for CliError {
    fn from(error: InputError) -> Self {
        Self::new(ErrorKind::Input, error.to_string())
    }
}

impl From<StatError> for CliError {
    fn from(error: StatError) -> Self {
        Self::new(ErrorKind::Input, error.0)
    }
}

impl From<FitError> for CliError {
    fn from(error: FitError) -> Self {
        let kind = match error {
            FitError::Empty | FitError::Unsuitable(_) => ErrorKind::Input,
            FitError::NotConverged { .. } => ErrorKind::Refused,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::new(ErrorKind::Failed, error.to_string())
    }
}

impl From<csv::Error> for CliError {
    fn from(error: csv::Error) -> Self {
        Self::new(ErrorKind::Failed, error.to_string())
    }
}

impl AnalysisCommand {
    /// Runs the command: results to `out`, remarks (what was left out) to `notes`. Orders dated after `today` are
    /// left out unless the end of the observation is given.
    ///
    /// # Errors
    /// With the kind that decides the exit code.
    pub fn run(&self, today: i32, out: &mut dyn Write, notes: &mut dyn Write) -> Result<(), CliError> {
        match self {
            Self::Fit(args) => args.run(out, notes),
            Self::Predict(args) => args.run(out),
            Self::Summary(args) => args.run(today, out, notes),
            Self::Rfm(args) => args.rfm(today, out, notes),
            Self::Cohorts(args) => args.cohorts(today, out, notes),
            Self::Stat(args) => args.run(out),
        }
    }
}

fn write_json(out: &mut dyn Write, value: &serde_json::Value) -> Result<(), CliError> {
    writeln!(out, "{value}")?;
    Ok(())
}

/// A day given as an option.
fn day_option(name: &str, text: &str) -> Result<i32, CliError> {
    crate::orders::parse_day(text, None).ok_or_else(|| {
        CliError::new(ErrorKind::Usage, format!("{name} {text:?} is not a date like 2024-09-01"))
    })
}

/// A number from a cell, with its place in the message when it is none.
fn cell_number(path: &Path, record: &csv::StringRecord, at: usize, column: &str) -> Result<f64, CliError> {
    let line = record.position().map_or(0, csv::Position::line);
    let text = record.get(at).unwrap_or_default().trim();
    let value: f64 = text.parse().map_err(|_| {
        CliError::from(InputError::at(path, line, column, format!("{text:?} is not a number")))
    })?;
    if value.is_finite() {
        Ok(value)
    } else {
        Err(InputError::at(path, line, column, format!("{text:?} is not a finite number")).into())
    }
}

/// A CSV file with a header, read row by row.
struct Table {
    reader: csv::Reader<std::fs::File>,
    header: csv::StringRecord,
}

impl Table {
    fn open(path: &Path) -> Result<Self, CliError> {
        let mut reader =
            csv::Reader::from_path(path).map_err(|e| InputError::of_file(path, e.to_string()))?;
        let mut header =
            reader.headers().map_err(|e| InputError::of_file(path, format!("no header row: {e}")))?.clone();
        if let Some(first) = header.get(0).and_then(|f| f.strip_prefix('\u{feff}')).map(str::to_string) {
            header = std::iter::once(first.as_str()).chain(header.iter().skip(1)).collect();
        }
        if header.is_empty() {
            return Err(InputError::of_file(path, "the file is empty").into());
        }
        Ok(Self { reader, header })
    }

    fn column(&self, path: &Path, name: &str) -> Result<usize, CliError> {
        self.find(name).ok_or_else(|| {
            let have = self.header.iter().collect::<Vec<_>>().join(", ");
            let mut error =
                InputError::at(path, 1, name, format!("there is no such column; the file has: {have}"));
            error.column = Some(name.to_string());
            error.into()
        })
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h.trim() == name)
    }

    fn next(&mut self, path: &Path, record: &mut csv::StringRecord) -> Result<bool, CliError> {
        self.reader.read_record(record).map_err(|e| crate::orders::row_error(path, &e).into())
    }
}

/// Says on the side what was left out of the orders.
fn note_left_out(
    notes: &mut dyn Write,
    left: &crate::rules::occasions::LeftOut,
    orders: u64,
) -> Result<(), CliError> {
    if left.total() > 0 {
        writeln!(
            notes,
            "{orders} orders used; left out: {} without a customer, {} with a negative amount, {} after the end, {} without a date or an amount",
            left.guests, left.negative, left.later, left.blank
        )?;
    }
    Ok(())
}
