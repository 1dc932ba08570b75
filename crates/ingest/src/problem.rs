//! What stops a file, and what stops a row.

use std::fmt;

use basis::Fault;
use serde::{Deserialize, Serialize};

/// A file that cannot be used at all (exit 3). Names file, line and column as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    pub file: String,
    pub line: Option<u64>,
    pub column: Option<String>,
    pub cause: Cause,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    #[error("cannot be opened: {0}")]
    Open(String),
    #[error("cannot be read to the end: {0}")]
    Read(String),
    #[error("is empty")]
    Empty,
    #[error("has a header and no rows")]
    NoRows,
    #[error("is {0}, not a table")]
    Binary(&'static str),
    #[error("is not in the encoding \"{named}\" of the mapping; it looks like {found}")]
    Encoding { named: String, found: &'static str },
    #[error("the line is longer than {0} MB; is this one record without line ends?")]
    LongLine(usize),
    #[error("the row has more than {0} cells; is the delimiter right?")]
    TooManyCells(usize),
    #[error("the workbook unpacks to more than {0} MB (a damaged file or a zip bomb)")]
    Bomb(u64),
    #[error("the workbook cannot be read: {0}")]
    Workbook(String),
    #[error("no column is called \"{0}\" (named in the mapping); the file has: {1}")]
    NoColumn(String, String),
    #[error("the header row named in the mapping is not there")]
    NoHeader,
    #[error(
        "dates are ambiguous: no day is above 12, so {0} can be read two ways; set date_order = \"dmy\" or \"mdy\" in [file] of the mapping (--mapping), or pass --date-order"
    )]
    AmbiguousDates(String),
    #[error("mapping: {0}")]
    Mapping(String),
}

impl Cause {
    /// Stable words for programs and for the catalogue of the cabinet.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open(_) => "file_not_opened",
            Self::Read(_) => "file_not_read",
            Self::Empty => "file_empty",
            Self::NoRows => "file_no_rows",
            Self::Binary(_) => "file_binary",
            Self::Encoding { .. } => "file_encoding",
            Self::LongLine(_) => "line_too_long",
            Self::TooManyCells(_) => "too_many_cells",
            Self::Bomb(_) => "file_bomb",
            Self::Workbook(_) => "workbook_damaged",
            Self::NoColumn(..) => "mapping_no_column",
            Self::NoHeader => "mapping_no_header",
            Self::AmbiguousDates(_) => "dates_ambiguous",
            Self::Mapping(_) => "mapping_wrong",
        }
    }
}

impl Unusable {
    pub fn new(file: impl Into<String>, cause: Cause) -> Self {
        Self { file: file.into(), line: None, column: None, cause }
    }

    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    #[must_use]
    pub fn in_column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column \"{column}\"")?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl std::error::Error for Unusable {}

impl From<Unusable> for Fault {
    fn from(problem: Unusable) -> Self {
        let place = match (problem.line, &problem.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", problem.file),
            (Some(line), None) => format!("{}:{line}", problem.file),
            (None, Some(column)) => format!("{}::{column}", problem.file),
            (None, None) => problem.file.clone(),
        };
        Self::invalid(problem.cause.code(), problem.to_string()).with_field(place, problem.cause.to_string())
    }
}

/// Why one row is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    #[error("{found} cells where the header has {expected}")]
    Ragged { found: usize, expected: usize },
    #[error("a quote was opened and never closed")]
    OpenQuote,
    #[error("bytes that are not {encoding}")]
    NotText { encoding: String },
    #[error("\"{value}\" is not a date")]
    NotADate { value: String },
    #[error("\"{value}\": there is no such day")]
    NoSuchDay { value: String },
    #[error("\"{value}\": there is no such time of day")]
    NoSuchTime { value: String },
    #[error("\"{value}\" lies outside 1900–2100")]
    FarDate { value: String },
    #[error("\"{value}\" is not an amount")]
    NotAnAmount { value: String },
    #[error("\"{value}\" is too large")]
    AmountTooLarge { value: String },
    #[error("\"{value}\" is not a known status; name it under [status] in the mapping")]
    UnknownStatus { value: String },
    #[error("\"{value}\" is not a currency; write a code such as UAH")]
    UnknownCurrency { value: String },
    #[error("no order number")]
    NoOrderId,
    #[error("no order date")]
    NoOrderDate,
    #[error("nothing in this row says whose it is or what was bought")]
    NothingUsable,
    #[error("another row of the same order was rejected")]
    OrderIncomplete,
    #[error("the cell has {length} characters; {limit} is the limit")]
    CellTooLong { length: usize, limit: usize },
}

impl Reason {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ragged { .. } => "ragged",
            Self::OpenQuote => "open_quote",
            Self::NotText { .. } => "not_text",
            Self::NotADate { .. } => "not_a_date",
            Self::NoSuchDay { .. } => "no_such_day",
            Self::NoSuchTime { .. } => "no_such_time",
            Self::FarDate { .. } => "far_date",
            Self::NotAnAmount { .. } => "not_an_amount",
            Self::AmountTooLarge { .. } => "amount_too_large",
            Self::UnknownStatus { .. } => "unknown_status",
            Self::UnknownCurrency { .. } => "unknown_currency",
            Self::NoOrderId => "no_order_id",
            Self::NoOrderDate => "no_order_date",
            Self::NothingUsable => "nothing_usable",
            Self::OrderIncomplete => "order_incomplete",
            Self::CellTooLong { .. } => "cell_too_long",
        }
    }
}

/// A row that was not taken: where and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The first line of the row in its file (row of the sheet), from 1.
    pub line: u64,
    /// The header of the offending column, when it is one column.
    pub column: Option<String>,
    pub reason: Reason,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column \"{column}\"")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// A value quoted in a message: short, one line, nothing invisible in it.
pub(crate) fn quoted(value: &str) -> String {
    let clean = basis::visible(value);
    if clean.chars().count() <= 60 { clean } else { clean.chars().take(59).chain(['…']).collect() }
}
