//! A look into a workbook before it is trusted.

use std::io::{Read, Seek};

use crate::problem::Cause;

/// XLS and ODS are read as a whole.
pub const MAX_WHOLE: u64 = 256 << 20;

/// What a workbook may unpack to, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// All parts together. A sheet of a million rows and ten columns is about 600 MB of XML.
    pub total: u64,
    /// A part that is held in memory: the text shared by cells, styles, a sheet of ODS.
    pub held: u64,
    pub parts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { total: 2 << 30, held: MAX_WHOLE, parts: 10_000 }
    }
}

/// Which workbook a ZIP archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    Xlsx,
    Ods,
}

/// Counts what really comes out of each part: the sizes that an archive declares may lie.
pub fn check_zip(input: impl Read + Seek, limits: Limits) -> Result<Book, Cause> {
    let damaged = |error: String| Cause::Workbook(error);
    let mut archive = zip::ZipArchive::new(input).map_err(|error| damaged(error.to_string()))?;
    if archive.len() > limits.parts {
        return Err(Cause::Bomb(limits.total >> 20));
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
            Book::Xlsx if name.starts_with("xl/worksheets/") => limits.total,
            Book::Xlsx | Book::Ods => limits.held,
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
            if part > limit || total > limits.total {
                return Err(Cause::Bomb(limit >> 20));
            }
        }
    }
    Ok(book)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn archive(parts: &[(&str, usize)]) -> Cursor<Vec<u8>> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, size) in parts {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&vec![b' '; *size]).unwrap();
        }
        zip.finish().unwrap()
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let limits = Limits { total: 50_000, held: 20_000, parts: 5 };
        let book = |parts: &[(&str, usize)]| check_zip(archive(parts), limits);
        let sheet = "xl/worksheets/sheet1.xml";
        assert_eq!(book(&[("xl/workbook.xml", 10), (sheet, 40_000)]), Ok(Book::Xlsx));
        assert!(matches!(
            book(&[("xl/workbook.xml", 10), ("xl/sharedStrings.xml", 20_001)]),
            Err(Cause::Bomb(_))
        ));
        assert!(matches!(
            book(&[("xl/workbook.xml", 10), (sheet, 30_000), ("xl/worksheets/s2.xml", 30_000)]),
            Err(Cause::Bomb(_))
        ));
        assert!(matches!(
            book(&[("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1), ("f", 1)]),
            Err(Cause::Bomb(_))
        ));
        assert!(matches!(book(&[("photo.jpg", 10)]), Err(Cause::Binary(_))));
        assert!(matches!(
            check_zip(Cursor::new(b"PK\x03\x04 cut".to_vec()), limits),
            Err(Cause::Workbook(_))
        ));
    }

    /// The directory of the archive says ten bytes, the part holds ten thousand times more.
    #[test]
    fn declared_sizes_are_not_believed() {
        let mut bytes = archive(&[("xl/workbook.xml", 10), ("xl/sharedStrings.xml", 100_000)]).into_inner();
        let size = 100_000_u32.to_le_bytes();
        let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..*at + 4] == size).collect();
        assert!(!places.is_empty());
        for at in places {
            bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
        }
        let limits = Limits { total: 50_000, held: 20_000, parts: 5 };
        assert!(check_zip(Cursor::new(bytes), limits).is_err());
    }
}
