//! Rows out of files: text in any encoding, XLSX, XLS and ODS, in bounded memory.

mod sheet;
mod text;
mod workbook;

use std::{
    fs::File,
    io::{Cursor, Read, Seek},
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) use sheet::SheetRows;
pub(crate) use text::TextRows;

use crate::{
    problem::{Cause, Reason, Unusable},
    rules::record::Cells,
};

/// A file to read: a path, or bytes that came over the network and were small enough to be kept.
#[derive(Debug, Clone)]
pub struct Input {
    /// The name for messages and rejects.
    pub name: String,
    data: Data,
}

#[derive(Debug, Clone)]
enum Data {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

pub(crate) trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

impl Input {
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        Self { name, data: Data::Path(path) }
    }

    pub fn bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), data: Data::Bytes(bytes.into()) }
    }

    /// A stored upload keeps the name it came with.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    pub(crate) fn open(&self) -> Result<Box<dyn ReadSeek>, Unusable> {
        match &self.data {
            Data::Path(path) => {
                match File::open(path).and_then(|file| Ok((file.metadata()?.is_file(), file))) {
                    Ok((true, file)) => Ok(Box::new(file)),
                    Ok((false, _)) => Err(self.unusable(Cause::Open("not a file".to_owned()))),
                    Err(error) => Err(self.unusable(Cause::Open(error.to_string()))),
                }
            }
            Data::Bytes(bytes) => Ok(Box::new(Cursor::new(Arc::clone(bytes)))),
        }
    }

    pub(crate) fn unusable(&self, cause: Cause) -> Unusable {
        Unusable::new(&self.name, cause)
    }
}

impl From<&Path> for Input {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

/// Where a row stood, and what is wrong with it already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub line: u64,
    pub fault: Option<Reason>,
}

/// A stream of rows of one file.
pub(crate) enum Rows {
    Text(TextRows),
    Sheet(SheetRows),
}

impl Rows {
    /// The next row that is not blank, or `None` at the end.
    pub fn next(&mut self, cells: &mut Cells) -> Result<Option<Place>, Unusable> {
        match self {
            Self::Text(rows) => rows.next(cells),
            Self::Sheet(rows) => rows.next(cells),
        }
    }

    /// Gives a row of several lines back but for its first line: an unbalanced quote had swallowed the others.
    pub fn keep_first_line(&mut self, cells: &mut Cells) -> bool {
        match self {
            Self::Text(rows) => rows.keep_first_line(cells),
            Self::Sheet(_) => false,
        }
    }

    /// Short rows of a sheet are complete: empty cells at the end are not written.
    pub const fn pads(&self) -> bool {
        matches!(self, Self::Sheet(_))
    }
}
