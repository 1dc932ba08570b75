use std::io::Read;

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};

use super::{Place, ReadSeek};
use crate::{
    problem::{Cause, Reason, Unusable},
    rules::record::{Cells, Step, cut, first_line},
};

/// A record longer than this is a file without line ends, not a row.
pub const MAX_RECORD: usize = 16 << 20;
/// A spreadsheet has at most 16,384 columns; a sane table far fewer.
pub const MAX_CELLS: usize = 4096;
const CHUNK: usize = 256 << 10;

/// Rows of a delimited text. Memory: two chunks, and the longest record up to [`MAX_RECORD`].
pub struct TextRows {
    file: String,
    input: Box<dyn ReadSeek>,
    encoding: &'static Encoding,
    /// `None` for UTF-8, which needs no second buffer.
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    delimiter: u8,
    /// Line of the next record.
    line: u64,
    /// Bytes, lines and first line of the record handed out last.
    last: (usize, u64, u64),
}

impl TextRows {
    /// `skip` bytes of decoded text (a `sep=;` line) are left out.
    pub fn new(
        file: &str,
        input: Box<dyn ReadSeek>,
        encoding: &'static Encoding,
        delimiter: u8,
        skip: usize,
    ) -> Result<Self, Unusable> {
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_with_bom_removal());
        let mut rows = Self {
            file: file.to_owned(),
            input,
            encoding,
            decoder,
            raw: Vec::new(),
            buffer: Vec::new(),
            start: 0,
            ended: false,
            delimiter,
            line: 1,
            last: (0, 0, 0),
        };
        rows.refill()?;
        if rows.decoder.is_none() && rows.buffer.starts_with(b"\xef\xbb\xbf") {
            rows.start = 3;
        }
        if skip > 0 {
            rows.start += skip;
            rows.line += 1;
        }
        Ok(rows)
    }

    /// Reads more bytes behind those not used yet.
    fn refill(&mut self) -> Result<(), Unusable> {
        self.buffer.drain(..self.start);
        self.start = 0;
        // Doubling keeps the rescans of a long record linear in its length.
        let want = CHUNK.max(self.buffer.len());
        if self.decoder.is_none() {
            let before = self.buffer.len();
            let read = read_up_to(&mut self.input, want, &mut self.buffer);
            read.map_err(|error| Unusable::new(&self.file, Cause::Read(error)).at_line(self.line))?;
            self.ended = self.buffer.len() == before;
            return Ok(());
        }
        self.raw.clear();
        let read = read_up_to(&mut self.input, want, &mut self.raw);
        read.map_err(|error| Unusable::new(&self.file, Cause::Read(error)).at_line(self.line))?;
        self.ended = self.raw.is_empty();
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let mut from = 0;
        loop {
            let at = self.buffer.len();
            let room = decoder.max_utf8_buffer_length(self.raw.len() - from).unwrap_or(CHUNK * 4).max(64);
            self.buffer.resize(at + room, 0);
            let piece = self.raw.get(from..).unwrap_or_default();
            let (result, used, written, _) =
                decoder.decode_to_utf8(piece, self.buffer.get_mut(at..).unwrap_or_default(), self.ended);
            self.buffer.truncate(at + written);
            from += used;
            if result == CoderResult::InputEmpty {
                return Ok(());
            }
        }
    }

    pub fn next(&mut self, cells: &mut Cells) -> Result<Option<Place>, Unusable> {
        loop {
            if self.start == self.buffer.len() {
                if self.ended {
                    return Ok(None);
                }
                self.refill()?;
                continue;
            }
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            let step = cut(rest, self.delimiter, self.ended, cells);
            let fault = match step {
                Step::Record { .. } => None,
                Step::NotUtf8 { .. } => Some(Reason::NotText { encoding: self.encoding.name().to_owned() }),
                Step::More if rest.len() <= MAX_RECORD => {
                    self.refill()?;
                    continue;
                }
                Step::More | Step::OpenQuote => Some(Reason::OpenQuote),
            };
            let (bytes, lines) = match step {
                Step::Record { bytes, lines } | Step::NotUtf8 { bytes, lines } => (bytes, lines),
                Step::More | Step::OpenQuote => {
                    let (bytes, line) = first_line(rest);
                    if bytes > MAX_RECORD {
                        let cause = Cause::LongLine(MAX_RECORD >> 20);
                        return Err(Unusable::new(&self.file, cause).at_line(self.line));
                    }
                    cells.clear();
                    cells.push(&String::from_utf8_lossy(line));
                    (bytes, 1)
                }
            };
            let line = self.line;
            self.last = (bytes, lines, line);
            self.start += bytes;
            self.line += lines;
            if cells.len() > MAX_CELLS {
                return Err(Unusable::new(&self.file, Cause::TooManyCells(MAX_CELLS)).at_line(line));
            }
            if !cells.is_blank() {
                return Ok(Some(Place { line, fault }));
            }
        }
    }

    pub fn keep_first_line(&mut self, cells: &mut Cells) -> bool {
        let (bytes, lines, line) = self.last;
        let Some(begin) = self.start.checked_sub(bytes).filter(|_| lines > 1) else { return false };
        let record = self.buffer.get(begin..self.start).unwrap_or_default();
        let (first, text) = first_line(record);
        cells.clear();
        cells.push(&String::from_utf8_lossy(text));
        self.start = begin + first;
        self.line = line + 1;
        self.last = (first, 1, line);
        true
    }
}

/// Reads until `want` bytes are there or the end comes; a pipe may give less than asked in one call.
fn read_up_to(input: &mut Box<dyn ReadSeek>, want: usize, into: &mut Vec<u8>) -> Result<(), String> {
    let limit = u64::try_from(want).unwrap_or(u64::MAX);
    input.by_ref().take(limit).read_to_end(into).map(|_| ()).map_err(|error| error.to_string())
}
