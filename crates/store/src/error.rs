use basis::{Fault, FaultKind};

pub type Result<T> = std::result::Result<T, Error>;

/// What the database answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique key stands in the way; the text names the constraint or the columns.
    #[error("already there: {0}")]
    Unique(String),
    #[error("the database did not take the statement \"{statement}\": {source}")]
    Statement { statement: String, source: sqlx::Error },
    #[error("the database cannot be reached: {0}")]
    Connect(#[source] sqlx::Error),
    /// Data that the product itself can never have written.
    #[error("impossible value in {table}.{column} of row {row}: {value}")]
    Impossible { table: &'static str, column: &'static str, row: i64, value: String },
    #[error("{0}")]
    Migration(String),
}

impl Error {
    pub(crate) fn of(source: sqlx::Error, statement: &str) -> Self {
        if let sqlx::Error::Database(inner) = &source
            && inner.is_unique_violation()
        {
            return Self::Unique(
                inner.constraint().map_or_else(|| inner.message().to_owned(), str::to_owned),
            );
        }
        Self::Statement { statement: statement.split_whitespace().collect::<Vec<_>>().join(" "), source }
    }

    /// Whether the same transaction may succeed when it is tried again: a serialisation failure, a deadlock, a busy file.
    pub fn is_transient(&self) -> bool {
        let Self::Statement { source: sqlx::Error::Database(inner), .. } = self else { return false };
        matches!(inner.code().as_deref(), Some("40001" | "40P01" | "5" | "6" | "261" | "517" | "773"))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let kind = if matches!(error, Error::Unique(_)) { FaultKind::Conflict } else { FaultKind::Internal };
        let code = match &error {
            Error::Unique(_) => "already_there",
            Error::Connect(_) => "database_unreachable",
            Error::Migration(_) => "migration",
            Error::Statement { .. } | Error::Impossible { .. } => "database",
        };
        Self { kind, code, detail: error.to_string(), fields: Vec::new() }
    }
}
