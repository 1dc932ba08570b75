//! A look into a workbook before it is trusted.

use std::io::{Read, Seek};

use crate::problem::Cause;

/// What a workbook may unpack to. A sheet of a million rows and ten columns is about 600 MB of XML.
pub const MAX_UNPACKED: u64 = 2 << 30;
/// Text shared by cells is held in memory.
pub const MAX_SHARED: u64 = 256 << 20;
/// XLS and ODS are read as a whole.
pub const MAX_WHOLE: u64 = 256 << 20;
const MAX_ENTRIES: usize = 10_000;

/// Which workbook a ZIP archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    Xlsx,
    Ods,
}

/// Counts what really comes out of each part: the sizes that an archive declares may lie.
pub fn check_zip(input: impl Read + Seek) -> Result<Book, Cause> {
    let damaged = |error: String| Cause::Workbook(error);
    let mut archive = zip::ZipArchive::new(input).map_err(|error| damaged(error.to_string()))?;
    if archive.len() > MAX_ENTRIES {
        return Err(Cause::Bomb(MAX_UNPACKED >> 20));
    }
    let has = |archive: &zip::ZipArchive<_>, name: &str| archive.index_for_name(name).is_some();
    let book = if has(&archive, "xl/workbook.xml") {
        Book::Xlsx
    } else if has(&archive, "content.xml") {
        Book::Ods
    } else {
        return Err(Cause::Binary("a ZIP archive without a workbook in it; unpack it first"));
    };
    let mut total = 0_u64;
    let mut buffer = vec![0_u8; 256 << 10];
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| damaged(error.to_string()))?;
        let name = entry.name().to_owned();
        let limit = match book {
            Book::Xlsx if name.starts_with("xl/worksheets/") => MAX_UNPACKED,
            Book::Xlsx => MAX_SHARED,
            Book::Ods => MAX_WHOLE,
        };
        if entry.size() > limit {
            return Err(Cause::Bomb(limit >> 20));
        }
        let mut part = 0_u64;
        loop {
            let read = entry.read(&mut buffer).map_err(|error| damaged(error.to_string()))?;
            if read == 0 {
                break;
            }
            let read = u64::try_from(read).unwrap_or(u64::MAX);
            part += read;
            total += read;
            if part > limit || total > MAX_UNPACKED {
                return Err(Cause::Bomb(limit >> 20));
            }
        }
    }
    Ok(book)
}
