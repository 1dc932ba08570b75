//! CSV and XLSX that cannot run: a cell that a spreadsheet would take for a formula gets an apostrophe in front.
//! Every export of the product is written through here.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// The columns behind the cells of a rejected row. A file that has them is taken back in: the signs against formulas
/// come off again and these columns are not read.
pub const FILE_HEADER: &str = "otklik_file";
pub const LINE_HEADER: &str = "otklik_line";
pub const COLUMN_HEADER: &str = "otklik_column";
pub const REASON_HEADER: &str = "otklik_reason";

/// Whether a header is one of the columns that a rejects file adds.
pub fn is_added(header: &str) -> bool {
    [FILE_HEADER, LINE_HEADER, COLUMN_HEADER, REASON_HEADER].contains(&header)
}

/// The cell as it may stand in a file for spreadsheets (OWASP, "CSV injection").
pub fn neutralise(cell: &str) -> Cow<'_, str> {
    if needs_sign(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell before [`neutralise`].
pub fn unescape(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if needs_sign(rest) => rest,
        _ => cell,
    }
}

fn needs_sign(cell: &str) -> bool {
    // An apostrophe before such a sign is escaped too, so that every cell comes back as it was.
    let bare = cell.trim_start_matches('\'');
    bare.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// Writes CSV (RFC 4180, UTF-8) with neutralised cells.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    out: W,
    row: Vec<u8>,
}

impl<W: Write> CsvWriter<W> {
    pub const fn new(out: W) -> Self {
        Self { out, row: Vec::new() }
    }

    /// With a byte order mark: spreadsheets on Windows take a file without one for cp1251.
    ///
    /// # Errors
    /// Of the sink.
    pub fn with_mark(mut out: W) -> io::Result<Self> {
        out.write_all(b"\xef\xbb\xbf")?;
        Ok(Self::new(out))
    }

    /// # Errors
    /// Of the sink.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) -> io::Result<()> {
        self.row.clear();
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.row.push(b',');
            }
            let cell = neutralise(cell.as_ref());
            if memchr::memchr3(b'"', b',', b'\n', cell.as_bytes()).is_some() || cell.contains(['\r', ';']) {
                self.row.push(b'"');
                for byte in cell.bytes() {
                    if byte == b'"' {
                        self.row.push(b'"');
                    }
                    self.row.push(byte);
                }
                self.row.push(b'"');
            } else {
                self.row.extend_from_slice(cell.as_bytes());
            }
        }
        self.row.extend_from_slice(b"\r\n");
        self.out.write_all(&self.row)
    }

    /// # Errors
    /// Of the sink.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A whole CSV text with a byte order mark, for answers that fit into memory.
pub fn csv_text<S: AsRef<str>>(header: &[&str], rows: impl IntoIterator<Item = Vec<S>>) -> Vec<u8> {
    let mut writer = CsvWriter::new(b"\xef\xbb\xbf".to_vec());
    // A vector takes every byte, so there is nothing to fail.
    let _ = writer.row(header);
    for row in rows {
        let _ = writer.row(row);
    }
    writer.out
}

/// A workbook of one sheet. Every cell is typed as text, so none can be a formula; those that would become one when they
/// are edited or saved as CSV carry the workbook's own mark for "this is text".
///
/// # Errors
/// [`XlsxError`] past a million rows or 16,384 columns.
pub fn xlsx<S: AsRef<str>>(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<S>>,
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let as_text = Format::new().set_quote_prefix();
    let sheet = book.add_worksheet();
    for (column, cell) in (0_u16..).zip(header) {
        sheet.write_string(0, column, *cell)?;
    }
    for (line, row) in (1_u32..).zip(rows) {
        for (column, cell) in (0_u16..).zip(row) {
            // A cell of a sheet holds 32,767 characters.
            let text: String = cell.as_ref().chars().take(32_767).collect();
            if needs_sign(&text) {
                sheet.write_string_with_format(line, column, text, &as_text)?;
            } else {
                sheet.write_string(line, column, text)?;
            }
        }
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_texts() {
        for cell in
            ["=1+1", "+380501112233", "-5", "@SUM(A1)", "\t=x", "\r=x", "'=x", "=HYPERLINK(\"http://x\")"]
        {
            assert!(neutralise(cell).starts_with('\''), "{cell}");
            assert_eq!(unescape(&neutralise(cell)), cell);
        }
        for cell in ["", "Дюна", "a=b", "'tis", "5-3"] {
            assert_eq!(neutralise(cell), cell);
        }
        let text = csv_text(&["a", "b"], [vec!["=1", "x \"y\", z"]]);
        assert_eq!(String::from_utf8(text).unwrap(), "\u{feff}a,b\r\n'=1,\"x \"\"y\"\", z\"\r\n");
    }

    proptest! {
        #[test]
        fn every_cell_comes_back(cell in "[=+\\-@'\t\r\n;,\"a-zа-я ]{0,12}") {
            let safe = neutralise(&cell);
            prop_assert!(!safe.starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert_eq!(unescape(&safe), cell.as_str());
        }
    }
}
