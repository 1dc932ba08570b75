//! A look at a file before anything is imported: how it is written and what its columns mean.

use std::collections::BTreeMap;

use basis::Currency;
use encoding_rs::{Encoding, UTF_8};
use serde::Serialize;

use crate::{
    problem::{Cause, Unusable, quoted},
    read::{Input, Rows, SheetRows, TextRows},
    rules::{
        dates::{DateOrder, OrderEvidence},
        dialect::{delimiter_of, header_among, header_names},
        encoding::{Kind, encoding_of, is_mostly_utf8, kind_of},
        guess::{Guess, Looks, guess_roles},
        mapping::{Delimiter, FileSection, HeaderAt, Headers, Mapping},
        money::{DecimalMark, MarkEvidence, parse_amount},
        record::Cells,
        role::Role,
        status::StatusWords,
    },
};

const HEAD: usize = 256 << 10;
/// Rows on which roles are guessed.
const SAMPLE_ROWS: usize = 2_000;
const SHOWN_ROWS: usize = 20;
const SHOWN_SAMPLES: usize = 5;

/// What a file holds, by the roles of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// One row is one order.
    Order,
    /// One row is one product of an order; rows with one order number belong together.
    Line,
    /// One row is a delivery address or another contact of a customer.
    Address,
    /// One row is a person.
    Person,
}

impl TableKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Line => "line",
            Self::Address => "address",
            Self::Person => "person",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Order, Self::Line, Self::Address, Self::Person].into_iter().find(|kind| kind.as_str() == word)
    }

    /// The kind that a set of roles makes.
    pub fn of(has: impl Fn(Role) -> bool) -> Self {
        let bought = [Role::Amount, Role::Items, Role::Status, Role::Quantity, Role::Price];
        if has(Role::OrderId) && (has(Role::Price) || (has(Role::Quantity) && has(Role::Items))) {
            Self::Line
        } else if bought.into_iter().any(&has) {
            Self::Order
        } else if has(Role::Address) || has(Role::Street) || has(Role::City) {
            Self::Address
        } else if has(Role::OrderId) && has(Role::OrderDate) {
            Self::Order
        } else {
            Self::Person
        }
    }
}

/// One column as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    pub index: usize,
    pub header: String,
    pub role: Role,
    /// 0–100; 100 when the mapping says so.
    pub confidence: u8,
    pub samples: Vec<String>,
}

/// Something a person should look at before the import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    pub code: &'static str,
    pub message: String,
}

/// How a file is written and what it means: the answer of [`sniff`] and the base of [`crate::Table`].
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    pub file: String,
    pub kind: TableKind,
    /// `None` for workbooks.
    pub encoding: Option<&'static str>,
    pub delimiter: Option<Delimiter>,
    /// Line (row of the sheet) of the headers, from 1; `None` when the file has none.
    pub header_row: Option<u64>,
    /// `None` when the dates can be read two ways.
    pub date_order: Option<DateOrder>,
    pub decimal: Option<DecimalMark>,
    /// The currency that the amounts name, or the mapping.
    pub currency: Option<Currency>,
    pub columns: Vec<Column>,
    /// The first rows as they are, below the header.
    pub rows: Vec<Vec<String>>,
    pub warnings: Vec<Warning>,
    #[serde(skip)]
    pub(crate) source: Written,
}

/// How the bytes become rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Text { encoding: &'static Encoding, delimiter: u8, skip: usize },
    Zip,
    Ole,
}

impl Preview {
    /// The mapping that reads the file as this preview understands it; the ambiguous stays open.
    pub fn mapping(&self) -> Mapping {
        let mut columns: BTreeMap<Role, Vec<String>> = BTreeMap::new();
        for column in self.columns.iter().filter(|column| column.role != Role::Other) {
            columns.entry(column.role).or_default().push(column.header.clone());
        }
        let columns = columns.into_iter().map(|(role, mut headers)| {
            let one = if headers.len() == 1 { headers.pop() } else { None };
            (role, one.map_or(Headers::Many(headers), Headers::One))
        });
        Mapping {
            file: FileSection {
                encoding: self.encoding.map(str::to_lowercase),
                delimiter: self.delimiter,
                header: self.header_row.is_none().then_some(HeaderAt::Present(false)),
                date_order: self.date_order,
                decimal: self.decimal,
                currency: self.currency,
                timezone: None,
            },
            columns: columns.collect(),
            ..Mapping::default()
        }
    }
}

/// Looks at a file: encoding, delimiter, header, roles, order of dates. A mapping, given or remembered, goes before
/// what is guessed.
///
/// # Errors
/// [`Unusable`] when it is no table, or the mapping does not fit it. Ambiguous dates are a warning here.
pub fn sniff(input: &Input, mapping: Option<&Mapping>) -> Result<Preview, Unusable> {
    sniff_with(input, mapping, None)
}

/// As [`sniff`], for a source whose mapping is remembered from an earlier import: headers known from then keep their
/// roles; what is written differently this time (encoding, delimiter, an unambiguous order of dates) is seen anew.
///
/// # Errors
/// As [`sniff`]. A remembered mapping never fails a file.
pub fn sniff_with(
    input: &Input,
    mapping: Option<&Mapping>,
    remembered: Option<&Mapping>,
) -> Result<Preview, Unusable> {
    let nothing = Mapping::default();
    let mapping = mapping.unwrap_or(&nothing);
    let remembered = remembered.unwrap_or(&nothing);
    let (source, mut warnings) = how_written(input, mapping)?;
    let mut rows = open_rows(input, source)?;

    let mut sample: Vec<(u64, Cells)> = Vec::new();
    let mut cells = Cells::default();
    let mut ended = false;
    while sample.len() < SAMPLE_ROWS {
        let Some(place) = rows.next(&mut cells)? else {
            ended = true;
            break;
        };
        if place.fault.is_none() || sample.is_empty() {
            sample.push((place.line, cells.clone()));
        }
    }
    if sample.is_empty() {
        return Err(input.unusable(Cause::Empty));
    }
    let header_at = find_header(input, mapping, &sample)?;
    let width = sample.iter().map(|(_, row)| row.len()).max().unwrap_or(0);
    let header_cells: Cells = match header_at {
        Some(at) => sample[at].1.clone(),
        None => (0..width).map(|_| "").collect(),
    };
    let headers = header_names(header_cells.iter());
    let duplicates = repeated(&header_cells);
    if !duplicates.is_empty() {
        warnings.push(Warning {
            code: "duplicate_headers",
            message: format!(
                "columns with the same header are told apart by a number: {}",
                duplicates.join(", ")
            ),
        });
    }
    let body: Vec<&Cells> =
        sample.iter().skip(header_at.map_or(0, |at| at + 1)).map(|(_, row)| row).collect();
    if body.is_empty() && ended {
        return Err(input.unusable(Cause::NoRows));
    }
    let columns = understand(input, mapping, remembered, &headers, &body)?;

    let date_columns = with_role(&columns, Role::is_date);
    let mut evidence: Vec<OrderEvidence> = vec![OrderEvidence::default(); date_columns.len()];
    let mut watch = |row: &Cells| {
        for (seen, column) in evidence.iter_mut().zip(&date_columns) {
            seen.add(row.get(*column));
        }
    };
    body.iter().for_each(|row| watch(row));
    let date_order = match mapping.file.date_order {
        Some(order) => Some(order),
        None => {
            // A file sorted by date may show its first day above 12 only after thousands of rows.
            while !ended && evidence.iter().any(|seen| seen.is_ambiguous()) {
                let mut watch = |row: &Cells| {
                    for (seen, column) in evidence.iter_mut().zip(&date_columns) {
                        seen.add(row.get(*column));
                    }
                };
                match rows.next(&mut cells)? {
                    Some(_) => watch(&cells),
                    None => ended = true,
                }
            }
            joint_order(&evidence).or(remembered.file.date_order)
        }
    };
    if date_order.is_none() {
        warnings.push(Warning {
            code: "dates_ambiguous",
            message: "no day is above 12, so the order of day and month has to be chosen".to_owned(),
        });
    }

    let (decimal, currency) = money_of(mapping, &columns, &body);
    let (decimal, currency) = (decimal.or(remembered.file.decimal), currency.or(remembered.file.currency));
    unknown_statuses(&[mapping, remembered], &columns, &body, &mut warnings);
    let has = |role: Role| columns.iter().any(|column| column.role == role);
    let kind = TableKind::of(has);
    if matches!(kind, TableKind::Order | TableKind::Line) && !has(Role::OrderDate) {
        warnings.push(Warning {
            code: "no_order_date",
            message: "no column holds the date of the order".to_owned(),
        });
    }
    let (encoding, delimiter) = match source {
        Written::Text { encoding, delimiter, .. } => (Some(encoding.name()), Some(Delimiter(delimiter))),
        Written::Zip | Written::Ole => (None, None),
    };
    Ok(Preview {
        file: input.name.clone(),
        kind,
        encoding,
        delimiter,
        header_row: header_at.map(|at| sample[at].0),
        date_order,
        decimal,
        currency,
        rows: body.iter().take(SHOWN_ROWS).map(|row| row.iter().map(str::to_owned).collect()).collect(),
        columns,
        warnings,
        source,
    })
}

pub(crate) fn open_rows(input: &Input, source: Written) -> Result<Rows, Unusable> {
    let data = input.open()?;
    Ok(match source {
        Written::Text { encoding, delimiter, skip } => {
            Rows::Text(TextRows::new(&input.name, data, encoding, delimiter, skip)?)
        }
        Written::Zip => Rows::Sheet(SheetRows::zip(&input.name, data)?),
        Written::Ole => Rows::Sheet(SheetRows::xls(&input.name, data)?),
    })
}

fn how_written(input: &Input, mapping: &Mapping) -> Result<(Written, Vec<Warning>), Unusable> {
    let mut data = input.open()?;
    let failed = |error: std::io::Error| input.unusable(Cause::Read(error.to_string()));
    let mut head = Vec::with_capacity(HEAD);
    std::io::Read::read_to_end(&mut std::io::Read::take(&mut data, HEAD as u64), &mut head)
        .map_err(failed)?;
    let complete = head.len() < HEAD;
    match kind_of(&head) {
        Kind::Empty if complete => return Err(input.unusable(Cause::Empty)),
        Kind::Binary(what) => return Err(input.unusable(Cause::Binary(what))),
        Kind::Zip => return Ok((Written::Zip, Vec::new())),
        Kind::Ole => return Ok((Written::Ole, Vec::new())),
        Kind::Empty | Kind::Text => {}
    }
    let more =
        if head.is_ascii() && !complete { first_foreign(&mut data).map_err(failed)? } else { Vec::new() };
    let found = encoding_of(&head, &more);
    let mut warnings = Vec::new();
    let encoding = match mapping
        .file
        .encoding
        .as_deref()
        .and_then(|label| Encoding::for_label(label.as_bytes()))
    {
        Some(named) if named == found || (head.is_ascii() && more.is_empty()) => named,
        Some(named) => {
            let foreign = !head.is_ascii() || !more.is_empty();
            let text_is_utf8 = foreign && is_mostly_utf8(&head) && is_mostly_utf8(&more);
            // Statistics can err between single-byte encodings, so the person is believed; UTF-8 is a certainty.
            if (named == UTF_8) != text_is_utf8 || encoding_rs::Encoding::for_bom(&head).is_some() {
                let named = named.name().to_owned();
                return Err(input.unusable(Cause::Encoding { named, found: found.name() }));
            }
            warnings.push(Warning {
                code: "encoding_differs",
                message: format!("the mapping says {}, the letters look like {}", named.name(), found.name()),
            });
            named
        }
        None => found,
    };
    let mut decoded = Vec::new();
    let (text, _) = encoding.decode_with_bom_removal(&head);
    decoded.extend_from_slice(text.as_bytes());
    let mut dialect = delimiter_of(&decoded, complete);
    if let Some(delimiter) = mapping.file.delimiter {
        dialect.delimiter = delimiter.0;
    }
    Ok((Written::Text { encoding, delimiter: dialect.delimiter, skip: dialect.skip }, warnings))
}

/// From the first byte that is not ASCII on: what an encoding can be told by.
fn first_foreign(data: &mut impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut chunk = vec![0_u8; HEAD];
    loop {
        let read = data.read(&mut chunk)?;
        let piece = chunk.get(..read).unwrap_or_default();
        if read == 0 {
            return Ok(Vec::new());
        }
        if let Some(at) = piece.iter().position(|b| !b.is_ascii()) {
            let mut found = piece.get(at..).unwrap_or_default().to_vec();
            std::io::Read::read_to_end(&mut std::io::Read::take(data, 64 << 10), &mut found)?;
            return Ok(found);
        }
    }
}

fn find_header(input: &Input, mapping: &Mapping, sample: &[(u64, Cells)]) -> Result<Option<usize>, Unusable> {
    let rows = || sample.iter().take(60).map(|(_, row)| row.clone()).collect::<Vec<_>>();
    match mapping.file.header {
        Some(HeaderAt::Present(false)) => Ok(None),
        Some(HeaderAt::Line(line)) => {
            let at = sample.iter().position(|(at, _)| *at == u64::from(line));
            at.map(Some).ok_or_else(|| input.unusable(Cause::NoHeader).at_line(u64::from(line)))
        }
        Some(HeaderAt::Present(true)) => Ok(Some(header_among(&rows()).unwrap_or(0))),
        None => {
            // A row that holds the headers named in the mapping is the header, whatever else is above it.
            let named: Vec<&str> = mapping.columns.values().flat_map(Headers::iter).collect();
            let wanted = |row: &Cells| {
                let names = header_names(row.iter());
                named.iter().all(|name| names.iter().any(|have| have == basis::visible(name).as_str()))
            };
            if !named.is_empty()
                && let Some(at) = sample.iter().take(60).position(|(_, row)| wanted(row))
            {
                return Ok(Some(at));
            }
            Ok(header_among(&rows()))
        }
    }
}

fn repeated(header: &Cells) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for cell in header.iter().map(basis::visible).filter(|cell| !cell.is_empty()) {
        *counts.entry(cell).or_default() += 1;
    }
    counts.into_iter().filter(|(_, n)| *n > 1).map(|(name, _)| format!("\"{}\"", quoted(&name))).collect()
}

/// Roles by the mapping when it names columns, else by guess.
fn understand(
    input: &Input,
    mapping: &Mapping,
    remembered: &Mapping,
    headers: &[String],
    body: &[&Cells],
) -> Result<Vec<Column>, Unusable> {
    let guesses = if mapping.columns.is_empty() {
        let looks: Vec<Looks> = (0..headers.len())
            .map(|index| Looks::of(body.iter().take(500).map(|row| row.get(index))))
            .collect();
        let mut guesses = guess_roles(headers, &looks);
        keep_roles(remembered, headers, &mut guesses);
        guesses
    } else {
        let mut named = vec![Guess { role: Role::Other, confidence: 100 }; headers.len()];
        for (role, wanted) in &mapping.columns {
            for header in wanted.iter() {
                let clean = basis::visible(header);
                let at = headers.iter().position(|have| *have == clean).ok_or_else(|| {
                    let known = headers.iter().map(|h| quoted(h)).collect::<Vec<_>>().join(", ");
                    input.unusable(Cause::NoColumn(header.to_owned(), known)).in_column(header)
                })?;
                named[at].role = *role;
            }
        }
        // The columns that a rejects file adds are never data.
        for (guess, header) in named.iter_mut().zip(headers) {
            if crate::export::is_added(header) {
                guess.role = Role::Ignore;
            }
        }
        named
    };
    let samples = |index: usize| {
        let filled = body.iter().map(|row| row.get(index)).filter(|cell| !cell.trim().is_empty());
        filled.take(SHOWN_SAMPLES).map(|cell| cell.chars().take(200).collect()).collect()
    };
    Ok(headers
        .iter()
        .zip(guesses)
        .enumerate()
        .map(|(index, (header, guess))| Column {
            index,
            header: header.clone(),
            role: guess.role,
            confidence: guess.confidence,
            samples: samples(index),
        })
        .collect())
}

/// A header that had a role last time has it again; a guess gives way where only one column can have the role.
fn keep_roles(remembered: &Mapping, headers: &[String], guesses: &mut [Guess]) {
    for (role, wanted) in &remembered.columns {
        for header in wanted.iter() {
            let Some(at) = headers.iter().position(|have| have == header) else { continue };
            if !role.repeats() {
                for guess in guesses.iter_mut().filter(|guess| guess.role == *role && guess.confidence < 100)
                {
                    *guess = Guess { role: Role::Other, confidence: 30 };
                }
            }
            guesses[at] = Guess { role: *role, confidence: 100 };
        }
    }
}

fn with_role(columns: &[Column], wanted: impl Fn(Role) -> bool) -> Vec<usize> {
    columns.iter().filter(|column| wanted(column.role)).map(|column| column.index).collect()
}

/// One order for the file: a column that is sure speaks for one that is not.
fn joint_order(evidence: &[OrderEvidence]) -> Option<DateOrder> {
    let all = evidence.iter().fold(OrderEvidence::default(), |sum, seen| sum.merge(*seen));
    all.order()
}

fn money_of(
    mapping: &Mapping,
    columns: &[Column],
    body: &[&Cells],
) -> (Option<DecimalMark>, Option<Currency>) {
    let mut marks = MarkEvidence::default();
    let mut currencies: BTreeMap<Currency, usize> = BTreeMap::new();
    for column in with_role(columns, Role::is_number) {
        for row in body {
            let cell = row.get(column);
            marks.add(cell);
            if let Ok(amount) = parse_amount(cell, None)
                && let Some(currency) = amount.currency
            {
                *currencies.entry(currency).or_default() += 1;
            }
        }
    }
    let named = currencies.into_iter().max_by_key(|(_, n)| *n).map(|(currency, _)| currency);
    (mapping.file.decimal.or_else(|| marks.mark()), mapping.file.currency.or(named))
}

fn unknown_statuses(mappings: &[&Mapping], columns: &[Column], body: &[&Cells], warnings: &mut Vec<Warning>) {
    let words: Vec<StatusWords> = mappings.iter().map(|mapping| mapping.status_words()).collect();
    let Some(column) = with_role(columns, |role| role == Role::Status).first().copied() else { return };
    let mut unknown: Vec<String> = Vec::new();
    for cell in body.iter().map(|row| row.get(column).trim()).filter(|cell| !cell.is_empty()) {
        if words.iter().all(|words| words.read(cell).is_none()) && !unknown.iter().any(|known| known == cell)
        {
            unknown.push(cell.to_owned());
        }
        if unknown.len() > 20 {
            break;
        }
    }
    if !unknown.is_empty() {
        let list = unknown.iter().map(|word| format!("\"{}\"", quoted(word))).collect::<Vec<_>>().join(", ");
        warnings
            .push(Warning { code: "unknown_statuses", message: format!("statuses not understood: {list}") });
    }
}
