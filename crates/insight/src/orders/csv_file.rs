//! Orders from a CSV file: comma, semicolon or tab, with a header row.

use super::dates::{DateFault, guess, parse};
use super::{Columns, Ids, InputError, Loaded, Sieve, parse_minor};
use crate::rules::scatter::{Order, Scatter};
use ahash::AHashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::Path;

const GUESTS: [&str; 5] = ["", "(blank)", "null", "nan", "guest"];

pub(super) fn load(path: &Path, columns: &Columns, until: Option<i32>) -> Result<Loaded, InputError> {
    let delimiter = delimiter(path)?;
    let order = match columns.date_order {
        Some(order) => Some(order),
        None => column_order(path, columns, delimiter)?,
    };
    let mut reader = open(path, delimiter)?;
    let [customer, date, amount] = places(path, columns, &mut reader)?;
    let (Some(customer), Some(date)) = (customer, date) else { return Err(unreachable_columns(path)) };
    let mut codes: AHashMap<Box<str>, u32> = AHashMap::new();
    let mut names: Vec<String> = Vec::new();
    let mut orders: Vec<Order> = Vec::new();
    let mut sieve = Sieve { until, ..Sieve::default() };
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => return Err(row_error(path, &error)),
        }
        let line = record.position().map_or(0, csv::Position::line);
        let id = record.get(customer).unwrap_or_default().trim();
        if GUESTS.iter().any(|g| id.eq_ignore_ascii_case(g)) {
            sieve.left_out.guests += 1;
            continue;
        }
        let date_text = record.get(date).unwrap_or_default();
        let amount_text = amount.map(|i| record.get(i).unwrap_or_default());
        if date_text.trim().is_empty() || amount_text.is_some_and(|a| a.trim().is_empty()) {
            sieve.left_out.blank += 1;
            continue;
        }
        let day = parse(date_text, order).map_err(|fault| {
            let what = match fault {
                DateFault::Ambiguous => format!(
                    "the order of day and month in {date_text:?} is not decided by the file; set --date-order dmy or mdy"
                ),
                DateFault::NotADate => format!("{date_text:?} is not a date"),
            };
            InputError::at(path, line, &columns.date, what)
        })?;
        let minor = match amount_text {
            None => 0,
            Some(text) => parse_minor(text).ok_or_else(|| {
                let column = columns.amount.as_deref().unwrap_or_default();
                InputError::at(path, line, column, format!("{text:?} is not an amount"))
            })?,
        };
        let code = match codes.get(id) {
            Some(code) => *code,
            None => {
                let code = u32::try_from(names.len())
                    .map_err(|_| InputError::of_file(path, "more than four billion customers"))?;
                names.push(id.to_string());
                codes.insert(id.into(), code);
                code
            }
        };
        orders.extend(sieve.pass(code, day, minor));
    }
    drop(codes);
    let mut scatter = Scatter::new(names.len());
    for order in orders {
        scatter.push(order);
    }
    Ok(Loaded {
        scatter,
        ids: Ids::texts(names),
        orders: sieve.used,
        left_out: sieve.left_out,
        until: until.or(sieve.last).unwrap_or_default(),
    })
}

fn unreachable_columns(path: &Path) -> InputError {
    InputError::of_file(path, "the customer and date columns are needed")
}

fn delimiter(path: &Path) -> Result<u8, InputError> {
    let file = File::open(path).map_err(|e| InputError::of_file(path, e.to_string()))?;
    let mut header = Vec::new();
    let mut reader = BufReader::new(file);
    std::io::Read::take(&mut reader, 1 << 20)
        .read_until(b'\n', &mut header)
        .map_err(|e| InputError::of_file(path, e.to_string()))?;
    if header.is_empty() {
        return Err(InputError::of_file(path, "the file is empty"));
    }
    let count = |byte: u8| header.iter().filter(|b| **b == byte).count();
    Ok([b',', b';', b'\t'].into_iter().rev().max_by_key(|d| count(*d)).unwrap_or(b','))
}

fn open(path: &Path, delimiter: u8) -> Result<csv::Reader<BufReader<File>>, InputError> {
    let file = File::open(path).map_err(|e| InputError::of_file(path, e.to_string()))?;
    let mut reader = BufReader::with_capacity(1 << 18, file);
    // A byte-order mark is not part of the first column's name.
    let mark =
        reader.fill_buf().map_err(|e| InputError::of_file(path, e.to_string()))?.starts_with(b"\xEF\xBB\xBF");
    reader
        .seek(std::io::SeekFrom::Start(if mark { 3 } else { 0 }))
        .map_err(|e| InputError::of_file(path, e.to_string()))?;
    Ok(csv::ReaderBuilder::new().delimiter(delimiter).from_reader(reader))
}

fn places(
    path: &Path,
    columns: &Columns,
    reader: &mut csv::Reader<BufReader<File>>,
) -> Result<[Option<usize>; 3], InputError> {
    let header = reader.headers().map_err(|e| row_error(path, &e))?.clone();
    let place = |name: &str| {
        header.iter().position(|h| h.trim() == name).map(Some).ok_or_else(|| InputError {
            file: path.display().to_string(),
            line: Some(1),
            column: Some(name.to_string()),
            what: format!(
                "there is no such column; the file has: {}",
                header.iter().collect::<Vec<_>>().join(", ")
            ),
        })
    };
    Ok([
        place(&columns.customer)?,
        place(&columns.date)?,
        columns.amount.as_deref().map(place).transpose()?.flatten(),
    ])
}

fn column_order(
    path: &Path,
    columns: &Columns,
    delimiter: u8,
) -> Result<Option<super::DateOrder>, InputError> {
    let mut reader = open(path, delimiter)?;
    let [_, Some(date), _] = places(path, columns, &mut reader)? else { return Ok(None) };
    let mut record = csv::StringRecord::new();
    let mut sample: Vec<String> = Vec::new();
    // ISO dates decide at once; only the other layouts need a look at the whole column.
    while reader.read_record(&mut record).map_err(|e| row_error(path, &e))? {
        let text = record.get(date).unwrap_or_default();
        if sample.is_empty() && parse(text, None).is_ok() {
            return Ok(None);
        }
        sample.push(text.to_string());
        if let Some(order) = guess(sample.iter().rev().take(1).map(String::as_str)) {
            return Ok(Some(order));
        }
        sample.truncate(1);
    }
    Ok(None)
}

pub(crate) fn row_error(path: &Path, error: &csv::Error) -> InputError {
    let line = error.position().map(csv::Position::line);
    let what = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the row has {len} fields, the header {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8".to_string(),
        _ => error.to_string(),
    };
    InputError { file: path.display().to_string(), line, column: None, what }
}
