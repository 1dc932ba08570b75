//! Cutting delimited text into records (RFC 4180, read leniently): quoted cells with line breaks and doubled quotes,
//! CRLF, LF or CR, a quote inside an unquoted cell is a plain sign.

/// The cells of one row in one buffer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// No cell holds anything but white space.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The cell, or "" beyond the last one.
    pub fn get(&self, index: usize) -> &str {
        let Some(&end) = self.ends.get(index) else { return "" };
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end).unwrap_or_default()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// Makes room for cells left out at the end of a row.
    pub fn pad(&mut self, width: usize) {
        while self.ends.len() < width {
            self.ends.push(self.text.len());
        }
    }
}

impl<S: AsRef<str>> FromIterator<S> for Cells {
    fn from_iter<T: IntoIterator<Item = S>>(iter: T) -> Self {
        let mut cells = Self::default();
        iter.into_iter().for_each(|cell| cells.push(cell.as_ref()));
        cells
    }
}

/// What one step of the cutter found at the start of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A record of so many bytes and line breaks.
    Record { bytes: usize, lines: u64 },
    /// The record goes on past these bytes.
    More,
    /// A quote that was opened by mistake: the bytes end inside it, or it swallows the rows below.
    OpenQuote,
    /// A record whose bytes are not UTF-8; the cells hold replacement characters.
    NotUtf8 { bytes: usize, lines: u64 },
}

/// Cuts one record off the start of `data` (not empty) into `cells`.
pub fn cut(data: &[u8], delimiter: u8, last: bool, cells: &mut Cells) -> Step {
    cells.clear();
    let mut text = std::mem::take(&mut cells.text).into_bytes();
    let step = cut_bytes(data, delimiter, last, &mut text, &mut cells.ends);
    match (String::from_utf8(text), step) {
        (Ok(text), step) => {
            cells.text = text;
            step
        }
        (Err(error), Step::Record { bytes, lines }) => {
            let bad = error.into_bytes();
            let ends = std::mem::take(&mut cells.ends);
            let mut start = 0;
            for end in ends {
                cells.push(&String::from_utf8_lossy(bad.get(start..end).unwrap_or_default()));
                start = end;
            }
            Step::NotUtf8 { bytes, lines }
        }
        (Err(_), step) => {
            cells.clear();
            step
        }
    }
}

fn cut_bytes(data: &[u8], delimiter: u8, last: bool, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> Step {
    let mut at = 0;
    let mut lines = 0;
    loop {
        if data.get(at) == Some(&b'"') {
            at += 1;
            let before = lines;
            loop {
                let Some(length) = memchr::memchr(b'"', &data[at..]) else {
                    return if last { Step::OpenQuote } else { Step::More };
                };
                let piece = &data[at..at + length];
                text.extend_from_slice(piece);
                lines += line_breaks(piece);
                at += length + 1;
                match data.get(at) {
                    Some(b'"') => {
                        text.push(b'"');
                        at += 1;
                    }
                    None if !last => return Step::More,
                    // A cell over several lines whose closing quote has text behind it: the quote was opened by mistake
                    // and has met the opening quote of another row.
                    Some(sign) if lines > before && *sign != delimiter && !matches!(sign, b'\n' | b'\r') => {
                        return Step::OpenQuote;
                    }
                    _ => break,
                }
            }
        }
        let Some(length) = memchr::memchr3(delimiter, b'\n', b'\r', &data[at..]) else {
            if !last {
                return Step::More;
            }
            text.extend_from_slice(&data[at..]);
            ends.push(text.len());
            return Step::Record { bytes: data.len(), lines };
        };
        text.extend_from_slice(&data[at..at + length]);
        ends.push(text.len());
        at += length;
        let sign = data[at];
        at += 1;
        if sign == delimiter {
            if at == data.len() && last {
                ends.push(text.len());
                return Step::Record { bytes: at, lines };
            }
            continue;
        }
        if sign == b'\r' {
            match data.get(at) {
                Some(b'\n') => at += 1,
                None if !last => return Step::More,
                _ => {}
            }
        }
        return Step::Record { bytes: at, lines: lines + 1 };
    }
}

fn line_breaks(piece: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', piece).count();
    let count = if feeds == 0 { memchr::memchr_iter(b'\r', piece).count() } else { feeds };
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The first physical line: what is given up when a quote was opened and never closed.
pub fn first_line(data: &[u8]) -> (usize, &[u8]) {
    match memchr::memchr2(b'\n', b'\r', data) {
        None => (data.len(), data),
        Some(at) => {
            let crlf = data[at] == b'\r' && data.get(at + 1) == Some(&b'\n');
            (at + 1 + usize::from(crlf), &data[..at])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(data: &str, delimiter: u8) -> Vec<Vec<String>> {
        let mut rest = data.as_bytes();
        let (mut rows, mut cells) = (Vec::new(), Cells::default());
        while !rest.is_empty() {
            match cut(rest, delimiter, true, &mut cells) {
                Step::Record { bytes, .. } | Step::NotUtf8 { bytes, .. } => rest = &rest[bytes..],
                step => panic!("{step:?}"),
            }
            rows.push(cells.iter().map(str::to_owned).collect());
        }
        rows
    }

    #[test]
    fn quotes_and_line_breaks() {
        assert_eq!(all("a,b\r\n1,2\n", b','), [["a", "b"], ["1", "2"]]);
        assert_eq!(all("\"a\r\nb\",\"say \"\"hi\"\"\"\n", b','), [["a\r\nb", "say \"hi\""]]);
        assert_eq!(all("5\" disk,x\n\"q\" tail,y", b','), [["5\" disk", "x"], ["q tail", "y"]]);
        assert_eq!(all("a;\r;b", b';'), [["a", ""], ["", "b"]]);
        assert_eq!(all("a,", b','), [["a", ""]]);
    }

    #[test]
    fn a_quote_left_open_is_told() {
        let mut cells = Cells::default();
        assert_eq!(cut(b"1,\"abc\n2,x\n", b',', true, &mut cells), Step::OpenQuote);
        assert_eq!(cut(b"1,\"abc\n2,x\n", b',', false, &mut cells), Step::More);
        assert_eq!(first_line(b"1,\"abc\r\n2,x\n"), (8, &b"1,\"abc"[..]));
        assert!(matches!(cut(b"1,\xff\n", b',', true, &mut cells), Step::NotUtf8 { bytes: 4, lines: 1 }));
        assert_eq!(cells.get(1), "\u{fffd}");
    }

    proptest! {
        /// The csv crate writes, we read: the same cells come back, whatever the cut of the buffer.
        #[test]
        fn reads_what_csv_writes(rows in prop::collection::vec(prop::collection::vec("[a-zа-я\"\n\r,; ]{0,6}", 2..5), 1..6)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let data = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(all(&data, b','), rows);
        }

        #[test]
        fn a_shorter_buffer_asks_for_more_or_agrees(data in prop::collection::vec(any::<u8>(), 1..60), cut_at in 1_usize..60) {
            let (mut whole, mut part) = (Cells::default(), Cells::default());
            let full = cut(&data, b',', true, &mut whole);
            let short = &data[..cut_at.min(data.len())];
            if let Step::Record { bytes, .. } = cut(short, b',', false, &mut part) {
                prop_assert_eq!(full, Step::Record { bytes, lines: match full { Step::Record { lines, .. } => lines, _ => 0 } });
                prop_assert_eq!(whole, part);
            }
        }
    }
}
