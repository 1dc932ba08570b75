//! A table on its way into a spreadsheet. Text stays text: no cell of a user's data ever becomes a formula.

use basis::Fault;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};
use serde::Deserialize;

/// A cell: a number, text, or a month.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Cell {
    Number(f64),
    Text(String),
    /// 2024-09: a date in a workbook, text elsewhere.
    Month {
        month: String,
    },
    Empty(()),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Empty(()) } else { Self::Text(text.to_owned()) }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Empty(()) } else { Self::Text(text) }
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Number(number) } else { Self::Empty(()) }
    }
}

impl From<Option<f64>> for Cell {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Self::Empty(()), Self::from)
    }
}

/// A month like 2024-09.
#[must_use]
pub const fn month(name: String) -> Cell {
    Cell::Month { month: name }
}

/// Counts and amounts: whole numbers that a double holds.
#[must_use]
pub fn whole(number: impl TryInto<i64>) -> Cell {
    number.try_into().map_or(Cell::Empty(()), |n: i64| Cell::Number(n as f64))
}

/// An amount in major units.
#[must_use]
pub fn money(minor: i64) -> Cell {
    Cell::Number(minor as f64 / 100.0)
}

/// A table: names of columns and rows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
pub struct Sheet {
    pub head: Vec<String>,
    #[schema(value_type = Vec<Vec<Object>>)]
    pub rows: Vec<Vec<Cell>>,
}

/// Rows of an XLSX sheet, the head included.
const MOST_ROWS: usize = 1_048_576;
/// Characters of an XLSX cell.
const LONGEST_TEXT: usize = 32_767;
const MOST_COLUMNS: usize = 1_000;

impl Sheet {
    #[must_use]
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|h| (*h).to_owned()).collect(), rows: Vec::new() }
    }

    pub fn push<const N: usize>(&mut self, row: [Cell; N]) {
        self.rows.push(row.into());
    }

    /// UTF-8 with commas; text that a spreadsheet would run as a formula gets an apostrophe (OWASP, CSV injection).
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = String::new();
        let line = |text: &mut String, cells: &mut dyn Iterator<Item = String>| {
            for (at, cell) in cells.enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&cell);
            }
            text.push('\n');
        };
        line(&mut text, &mut self.head.iter().map(|h| quoted(h)));
        for row in &self.rows {
            line(
                &mut text,
                &mut row.iter().map(|cell| match cell {
                    Cell::Number(n) => n.to_string(),
                    Cell::Text(t) | Cell::Month { month: t } => quoted(t),
                    Cell::Empty(()) => String::new(),
                }),
            );
        }
        text
    }

    /// A workbook of one sheet; numbers are numbers, everything else is a string and never a formula.
    ///
    /// # Errors
    /// More rows than a sheet of this format holds.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, Fault> {
        if self.rows.len() >= MOST_ROWS || self.head.len() > MOST_COLUMNS {
            return Err(Fault::invalid("rows", "The table is too large for XLSX: take CSV."));
        }
        self.workbook().map_err(|error| Fault::internal("xlsx", error.to_string()))
    }

    fn workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let bold = Format::new().set_bold();
        let months = Format::new().set_num_format("mmm yyyy");
        for (column, name) in (0u16..).zip(&self.head) {
            sheet.write_string_with_format(0, column, short(name), &bold)?;
        }
        for (line, row) in (1u32..).zip(&self.rows) {
            for (column, cell) in (0u16..).zip(row).take(MOST_COLUMNS) {
                match cell {
                    Cell::Number(n) => sheet.write_number(line, column, *n)?,
                    Cell::Text(t) => sheet.write_string(line, column, short(t))?,
                    Cell::Month { month } => match first_day(month) {
                        Some(day) => sheet.write_datetime_with_format(line, column, &day, &months)?,
                        None => sheet.write_string(line, column, short(month))?,
                    },
                    Cell::Empty(()) => continue,
                };
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        book.save_to_buffer()
    }
}

/// The first day of a month like 2024-09.
fn first_day(month: &str) -> Option<ExcelDateTime> {
    let (year, month) = month.split_once('-')?;
    ExcelDateTime::from_ymd(year.parse().ok()?, month.parse().ok()?, 1).ok()
}

/// What fits into a cell.
fn short(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

fn quoted(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if guarded.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new(&["name", "n"]);
        sheet.push(["=HYPERLINK(\"http://x\")".into(), 1.5.into()]);
        sheet.push(["+380 96".into(), f64::NAN.into()]);
        sheet.push(["-12.5".into(), whole(u64::MAX)]);
        sheet
    }

    #[test]
    fn csv_guards_formulas_and_leaves_numbers() {
        assert_eq!(sheet().to_csv(), "name,n\n\"'=HYPERLINK(\"\"http://x\"\")\",1.5\n'+380 96,\n-12.5,\n");
    }

    #[test]
    fn xlsx_holds_strings_and_numbers_but_no_formula() {
        let mut sheet = sheet();
        sheet.push([Cell::Month { month: "2024-09".into() }, Cell::Month { month: "autumn".into() }]);
        let bytes = sheet.to_xlsx().unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
            text
        };
        let cells = part("xl/worksheets/sheet1.xml");
        assert!(cells.contains("<v>1.5</v>") && !cells.contains("<f>") && !cells.contains("NaN"), "{cells}");
        // The first of September 2024 in the days of a workbook.
        assert!(cells.contains("<v>45536</v>"), "{cells}");
        let texts = part("xl/sharedStrings.xml");
        assert!(texts.contains("=HYPERLINK(") && texts.contains("autumn"));
    }
}
