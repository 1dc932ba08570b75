//! The delimiter of a text and the row that holds its headers.

use super::{
    guess::{header_role, looks_like_data},
    record::{Cells, Step, cut},
};

const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
const ROWS_LOOKED_AT: usize = 60;

/// What a sample of decoded text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub delimiter: u8,
    /// Bytes of a leading `sep=;` line of a spreadsheet, to be skipped.
    pub skip: usize,
}

/// Finds the delimiter: the sign that cuts most rows into the same number of cells.
pub fn delimiter_of(sample: &[u8], complete: bool) -> Dialect {
    if let Some(rest) = sample.strip_prefix(b"sep=")
        && let [delimiter, end, ..] = rest
        && matches!(end, b'\r' | b'\n')
    {
        let (line, _) = super::record::first_line(sample);
        return Dialect { delimiter: *delimiter, skip: line };
    }
    let best = CANDIDATES.into_iter().map(|delimiter| (score(sample, delimiter, complete), delimiter));
    let best = best.reduce(|best, next| if next.0 > best.0 { next } else { best });
    let delimiter = best.filter(|(score, _)| *score > 0).map_or(b',', |(_, delimiter)| delimiter);
    Dialect { delimiter, skip: 0 }
}

/// Share of rows with the usual number of cells, squared, times that number: integers, so that ties are ties.
fn score(sample: &[u8], delimiter: u8, complete: bool) -> usize {
    let widths =
        sample_rows(sample, delimiter, complete, ROWS_LOOKED_AT).iter().map(Cells::len).collect::<Vec<_>>();
    let Some((width, rows)) = usual(&widths) else { return 0 };
    let share = rows * 100 / widths.len();
    share * share * (width - 1)
}

/// The most frequent width above the others and how many rows have it.
fn usual(widths: &[usize]) -> Option<(usize, usize)> {
    let count = |width: usize| widths.iter().filter(|w| **w == width).count();
    widths.iter().map(|w| (*w, count(*w))).max_by_key(|(width, rows)| (*rows, *width))
}

/// The rows of a sample that are not blank.
pub fn sample_rows(sample: &[u8], delimiter: u8, complete: bool, at_most: usize) -> Vec<Cells> {
    let mut rows = Vec::new();
    let mut rest = sample;
    let mut cells = Cells::default();
    while !rest.is_empty() && rows.len() < at_most {
        match cut(rest, delimiter, complete, &mut cells) {
            Step::Record { bytes, .. } | Step::NotUtf8 { bytes, .. } => {
                rest = rest.get(bytes..).unwrap_or_default();
                if !cells.is_blank() {
                    rows.push(cells.clone());
                }
            }
            Step::More | Step::OpenQuote => break,
        }
    }
    rows
}

/// The place of the header among the first rows, or `None` when the first row is data already.
///
/// Titles above a table ("Report for March", a date of printing) fill one or two cells of a wide table; a header fills
/// most cells with words.
pub fn header_among(rows: &[Cells]) -> Option<usize> {
    let widths: Vec<usize> = rows.iter().map(filled).collect();
    let width = usual(&widths)?.0.max(1);
    let mut first_wide = None;
    for (index, row) in rows.iter().enumerate().take(25) {
        let full = filled(row);
        if full * 10 < width * 6 || (width > 1 && full < 2) {
            continue;
        }
        let data = row.iter().filter(|cell| looks_like_data(cell)).count();
        let known = row.iter().filter(|cell| header_role(cell).is_some()).count();
        if data == 0 && (known * 3 >= full || known >= 2) {
            return Some(index);
        }
        if first_wide.is_none() {
            first_wide = Some((index, data));
        }
        if data > 0 {
            break;
        }
    }
    // A row of unknown words at the top is a header when no cell of it looks like data.
    first_wide.filter(|(_, data)| *data == 0).map(|(index, _)| index)
}

fn filled(row: &Cells) -> usize {
    row.iter().filter(|cell| !cell.trim().is_empty()).count()
}

/// Names of the columns: trimmed, one line, empty ones numbered, repeated ones with "(2)".
pub fn header_names<'a>(cells: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, cell) in cells.enumerate() {
        let clean = basis::visible(cell);
        let base = if clean.is_empty() { format!("Column {}", index + 1) } else { clean };
        let mut name = base.clone();
        let mut copy = 2;
        while names.contains(&name) {
            name = format!("{base} ({copy})");
            copy += 1;
        }
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str) -> Vec<Cells> {
        let dialect = delimiter_of(text.as_bytes(), true);
        sample_rows(&text.as_bytes()[dialect.skip..], dialect.delimiter, true, 50)
    }

    #[test]
    fn delimiters() {
        for (text, delimiter) in [
            ("a,b\n1,2\n", b','),
            ("Номер;Сума\n1;1 234,50 грн\n2;12,00 грн\n", b';'),
            ("a\tb,c\td\n1\t2,3\t4\n", b'\t'),
            ("a|b\n1,5|2,5\n", b'|'),
            ("phone\n0501112233\n", b','),
            ("id,books\n1,\"a; b; c\"\n2,a; b; c\n3,\"x\ny;z\"\n", b','),
            ("sep=;\r\na;b\r\n", b';'),
        ] {
            assert_eq!(delimiter_of(text.as_bytes(), true).delimiter, delimiter, "{text}");
        }
    }

    #[test]
    fn headers_below_titles() {
        assert_eq!(header_among(&rows("Order no,Phone\n1,0501112233\n")), Some(0));
        let titled =
            "Звіт за березень,,\nнадруковано 01.03.2022,,\nНомер,Дата,Сума\n1,01.03.2022,5\n2,02.03.2022,6\n";
        assert_eq!(header_among(&rows(titled)), Some(2));
        assert_eq!(header_among(&rows("1,01.03.2022,a@b.ua\n2,02.03.2022,c@d.ua\n")), None);
        assert_eq!(header_among(&rows("foo,bar\nabc,1\n")), Some(0));
        assert_eq!(header_among(&[]), None);
    }

    #[test]
    fn names_are_unique() {
        let names = header_names(["Phone", " Phone ", "", "Phone", "E-\nmail"].into_iter());
        assert_eq!(names, ["Phone", "Phone (2)", "Column 3", "Phone (3)", "E- mail"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..300)) {
            let dialect = delimiter_of(&data, true);
            let rows = sample_rows(data.get(dialect.skip..).unwrap_or_default(), dialect.delimiter, true, 50);
            if let Some(at) = header_among(&rows) {
                let names = header_names(rows[at].iter());
                let unique: std::collections::BTreeSet<_> = names.iter().collect();
                prop_assert_eq!(unique.len(), names.len());
            }
        }
    }
}
