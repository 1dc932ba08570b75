//! What is kept about an import.

use basis::{ImportId, SourceId, Time, UserId};
use serde::{Deserialize, Serialize};

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// The files are there, nothing is stored yet.
    Uploaded,
    /// Rows are being stored; after a crash it goes on from the last stored portion.
    Running,
    Done,
    /// Stopped by the file or the mapping; what was stored stays and can be undone.
    Failed,
    Undone,
}

impl ImportState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Undone => "undone",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Uploaded, Self::Running, Self::Done, Self::Failed, Self::Undone]
            .into_iter()
            .find(|s| s.as_str() == word)
    }
}

/// The running count of one file, and the checkpoint: it is stored in the transaction that stores the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProgress {
    /// The name that people know.
    pub file: String,
    /// Where its bytes are.
    #[serde(default)]
    pub path: String,
    /// Data rows dealt with, rejected ones included.
    pub rows: u64,
    pub new: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub rejected: u64,
    #[serde(default)]
    pub finished: bool,
    /// Headers as in the file, for the rejects file.
    #[serde(default)]
    pub headers: Vec<String>,
    /// The mapping that this file was read with, complete, as TOML: an undo reads the stored rows with it again.
    #[serde(default)]
    pub mapping: String,
}

/// One load of one or more files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub id: ImportId,
    pub source_id: SourceId,
    pub source: String,
    pub state: ImportState,
    pub files: Vec<FileProgress>,
    /// As given by a person, TOML; empty when everything was guessed.
    pub mapping: String,
    pub error: Option<String>,
    pub created_by: Option<UserId>,
    pub created_at: Time,
    pub finished_at: Option<Time>,
    pub undone_at: Option<Time>,
}

impl Import {
    pub fn rows_done(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    pub fn rejected(&self) -> u64 {
        self.files.iter().map(|file| file.rejected).sum()
    }

    /// Every row of every file was rejected.
    pub fn is_all_rejected(&self) -> bool {
        self.rows_done() > 0 && self.rejected() == self.rows_done()
    }
}

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub id: SourceId,
    pub name: String,
    /// Remembered, as TOML; empty before the first import.
    pub mapping: String,
    /// JSON: [{purpose, channel, basis, proof}].
    pub legal_basis: String,
    pub records: i64,
}
