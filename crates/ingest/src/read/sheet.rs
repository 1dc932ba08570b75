use std::{
    io::{BufReader, Read, Seek, SeekFrom},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use calamine::{Data, DataRef, DataType, ExcelDateTime, Ods, Reader, SheetType, SheetVisible, Xls, Xlsx};

use super::{
    Place, ReadSeek,
    text::MAX_CELLS,
    workbook::{Book, Limits, MAX_WHOLE, check_zip},
};
use crate::{
    problem::{Cause, Unusable},
    rules::record::Cells,
};

/// Rows travel in batches; a few batches in flight bound the memory.
const BATCH: usize = 512;
const IN_FLIGHT: usize = 4;

type Batch = Vec<(u64, Cells)>;
/// `None` says that the sheet was read to its end.
type Sent = Result<Option<Batch>, Cause>;

/// Rows of the first visible sheet that holds any. A thread unpacks ahead of the reader.
pub struct SheetRows {
    file: String,
    batches: Receiver<Sent>,
    current: std::vec::IntoIter<(u64, Cells)>,
    ended: bool,
}

enum Kind {
    Xlsx,
    Ods,
    Xls,
}

impl SheetRows {
    pub fn zip(file: &str, mut input: Box<dyn ReadSeek>) -> Result<Self, Unusable> {
        let unusable = |cause| Unusable::new(file, cause);
        let book = check_zip(BufReader::new(&mut input), Limits::default()).map_err(unusable)?;
        input.seek(SeekFrom::Start(0)).map_err(|error| unusable(Cause::Read(error.to_string())))?;
        Self::start(file, input, if book == Book::Xlsx { Kind::Xlsx } else { Kind::Ods })
    }

    pub fn xls(file: &str, mut input: Box<dyn ReadSeek>) -> Result<Self, Unusable> {
        let unusable = |cause| Unusable::new(file, cause);
        let size = input.seek(SeekFrom::End(0)).map_err(|error| unusable(Cause::Read(error.to_string())))?;
        if size > MAX_WHOLE {
            return Err(unusable(Cause::Bomb(MAX_WHOLE >> 20)));
        }
        input.seek(SeekFrom::Start(0)).map_err(|error| unusable(Cause::Read(error.to_string())))?;
        Self::start(file, input, Kind::Xls)
    }

    fn start(file: &str, input: Box<dyn ReadSeek>, kind: Kind) -> Result<Self, Unusable> {
        let (sender, batches) = sync_channel(IN_FLIGHT);
        let unpack = move || {
            let mut out = Sender { sender, batch: Vec::with_capacity(BATCH) };
            let result = match kind {
                Kind::Xlsx => xlsx(input, &mut out),
                Kind::Ods => {
                    Ods::new(BufReader::new(input)).map_err(told).and_then(|book| whole(book, &mut out))
                }
                Kind::Xls => {
                    Xls::new(BufReader::new(input)).map_err(told).and_then(|book| whole(book, &mut out))
                }
            };
            match result {
                Ok(()) => out.finish(),
                Err(Stop::Unread) => {}
                Err(Stop::Cause(cause)) => out.sender.send(Err(cause)).unwrap_or_default(),
            }
        };
        std::thread::Builder::new()
            .name("workbook".to_owned())
            .spawn(unpack)
            .map_err(|error| Unusable::new(file, Cause::Read(error.to_string())))?;
        Ok(Self { file: file.to_owned(), batches, current: Vec::new().into_iter(), ended: false })
    }

    pub fn next(&mut self, cells: &mut Cells) -> Result<Option<Place>, Unusable> {
        loop {
            if let Some((line, row)) = self.current.next() {
                *cells = row;
                return Ok(Some(Place { line, fault: None }));
            }
            if self.ended {
                return Ok(None);
            }
            match self.batches.recv() {
                Ok(Ok(Some(batch))) => self.current = batch.into_iter(),
                Ok(Ok(None)) => self.ended = true,
                Ok(Err(cause)) => {
                    self.ended = true;
                    return Err(Unusable::new(&self.file, cause));
                }
                // The thread died without a word: a fall of the format library must not look like the end of the file.
                Err(_) => {
                    self.ended = true;
                    return Err(Unusable::new(
                        &self.file,
                        Cause::Workbook("the sheet is damaged".to_owned()),
                    ));
                }
            }
        }
    }
}

enum Stop {
    /// The reader was dropped: nobody waits for more.
    Unread,
    Cause(Cause),
}

fn told(error: impl std::fmt::Display) -> Stop {
    Stop::Cause(Cause::Workbook(error.to_string()))
}

struct Sender {
    sender: SyncSender<Sent>,
    batch: Batch,
}

impl Sender {
    fn row(&mut self, line: u64, row: Cells) -> Result<(), Stop> {
        if row.is_blank() {
            return Ok(());
        }
        self.batch.push((line, row));
        if self.batch.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.sender.send(Ok(Some(batch))).map_err(|_| Stop::Unread)
    }

    /// The last rows and the mark of the end. A reader that is gone needs neither.
    fn finish(mut self) {
        if self.flush().is_ok() {
            self.sender.send(Ok(None)).unwrap_or_default();
        }
    }
}

fn visible_sheets(sheets: &[calamine::Sheet]) -> Vec<String> {
    let shown = |sheet: &&calamine::Sheet| {
        sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
    };
    sheets.iter().filter(shown).map(|sheet| sheet.name.clone()).collect()
}

fn xlsx(input: impl Read + Seek, out: &mut Sender) -> Result<(), Stop> {
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(input)).map_err(told)?;
    for name in visible_sheets(book.sheets_metadata()) {
        let mut reader = book.worksheet_cells_reader(&name).map_err(told)?;
        let mut row: Option<(u32, Cells)> = None;
        let mut any = false;
        let mut cell_text = String::new();
        while let Some(cell) = reader.next_cell().map_err(told)? {
            let (line, column) = cell.get_position();
            cell_text.clear();
            shown(cell.get_value(), &mut cell_text);
            if cell_text.is_empty() {
                continue;
            }
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            if column >= MAX_CELLS {
                return Err(Stop::Cause(Cause::TooManyCells(MAX_CELLS)));
            }
            any = true;
            if row.as_ref().is_some_and(|(at, _)| *at != line)
                && let Some((at, cells)) = row.take()
            {
                out.row(u64::from(at) + 1, cells)?;
            }
            let (_, cells) = row.get_or_insert_with(|| (line, Cells::default()));
            if cells.len() <= column {
                cells.pad(column);
                cells.push(&cell_text);
            }
        }
        if let Some((at, cells)) = row {
            out.row(u64::from(at) + 1, cells)?;
        }
        if any {
            return Ok(());
        }
    }
    Ok(())
}

fn whole<R: Read + Seek, B: Reader<R>>(mut book: B, out: &mut Sender) -> Result<(), Stop>
where
    B::Error: std::fmt::Display,
{
    for name in visible_sheets(book.sheets_metadata()) {
        let range = book.worksheet_range(&name).map_err(told)?;
        let Some((first, left)) = range.start() else { continue };
        let left = usize::try_from(left).unwrap_or(0);
        let mut text = String::new();
        for (index, row) in range.rows().enumerate() {
            if row.len() + left > MAX_CELLS {
                return Err(Stop::Cause(Cause::TooManyCells(MAX_CELLS)));
            }
            let mut cells = Cells::default();
            cells.pad(left);
            for cell in row {
                text.clear();
                shown::<Data>(cell, &mut text);
                cells.push(&text);
            }
            out.row(u64::from(first) + 1 + u64::try_from(index).unwrap_or(0), cells)?;
        }
        return Ok(());
    }
    Ok(())
}

/// A cell as a person would have typed it into a CSV: ISO dates, whole numbers without a fraction.
fn shown<D: CellValue>(cell: &D, out: &mut String) {
    use std::fmt::Write;
    if let Some(text) = cell.text() {
        out.push_str(text);
    } else if let Some(at) = cell.date() {
        date_text(at, out);
    } else if let Some(number) = cell.number() {
        // `{}` of an f64 is the shortest text that reads back: 148.39, 380965102220.
        let _ = write!(out, "{number}");
    } else if let Some(yes) = cell.truth() {
        out.push_str(if yes { "true" } else { "false" });
    }
}

fn date_text(at: &ExcelDateTime, out: &mut String) {
    use std::fmt::Write;
    if at.is_duration() {
        let _ = write!(out, "{}", at.as_f64());
        return;
    }
    let (y, m, d, hour, minute, second, _) = at.to_ymd_hms_milli();
    let _ = write!(out, "{y:04}-{m:02}-{d:02}");
    if (hour, minute, second) != (0, 0, 0) {
        let _ = write!(out, " {hour:02}:{minute:02}:{second:02}");
    }
}

/// The two cell types of the format library under one view.
trait CellValue {
    fn text(&self) -> Option<&str>;
    fn date(&self) -> Option<&ExcelDateTime>;
    fn number(&self) -> Option<f64>;
    fn truth(&self) -> Option<bool>;
}

impl CellValue for DataRef<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::DateTimeIso(text) | Self::DurationIso(text) => Some(text),
            Self::SharedString(text) => Some(text),
            _ => None,
        }
    }
    fn date(&self) -> Option<&ExcelDateTime> {
        if let Self::DateTime(at) = self { Some(at) } else { None }
    }
    fn number(&self) -> Option<f64> {
        match self {
            Self::Float(_) | Self::Int(_) => self.as_f64(),
            _ => None,
        }
    }
    fn truth(&self) -> Option<bool> {
        self.get_bool()
    }
}

impl CellValue for Data {
    fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::DateTimeIso(text) | Self::DurationIso(text) => Some(text),
            _ => None,
        }
    }
    fn date(&self) -> Option<&ExcelDateTime> {
        if let Self::DateTime(at) = self { Some(at) } else { None }
    }
    fn number(&self) -> Option<f64> {
        match self {
            Self::Float(_) | Self::Int(_) => self.as_f64(),
            _ => None,
        }
    }
    fn truth(&self) -> Option<bool> {
        self.get_bool()
    }
}
