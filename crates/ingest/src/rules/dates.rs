//! Dates as shops write them. The shape of a cell decides (ISO, dots, slashes, a serial of a spreadsheet); only the
//! order of day and month in slashed and dashed dates has to be learnt from the whole column.

use basis::is_invisible;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

/// In which order the three numbers of a date stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    Dmy,
    Mdy,
    Ymd,
}

impl DateOrder {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dmy => "dmy",
            Self::Mdy => "mdy",
            Self::Ymd => "ymd",
        }
    }
}

/// Why a cell is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateFault {
    /// The cell has no shape of a date.
    Shape,
    /// The shape is right and there is no such day, as 31.02.
    NoSuchDay,
    /// There is such a day and no such hour or minute.
    NoSuchTime,
    /// The day is before 1900 or after 2100.
    FarAway,
}

/// A parsed cell. `instant` is set when the cell named its own offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parsed {
    pub at: DateTime,
    pub has_time: bool,
    pub offset_seconds: Option<i32>,
}

/// What a column says about the order of its days and months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderEvidence {
    /// First number above 12, as 25/02/2022.
    pub day_first: u64,
    /// Second number above 12, as 02/25/2022.
    pub month_first: u64,
    /// Both numbers up to 12 and different, so either order gives a day.
    pub either: u64,
    /// Written with dots: day first by custom of the places that use dots.
    pub dotted: u64,
    /// Year first, never ambiguous.
    pub year_first: u64,
}

impl OrderEvidence {
    pub fn add(&mut self, cell: &str) {
        let Some(parts) = Triple::split(cell) else { return };
        if parts.year_first {
            self.year_first += 1;
        } else if parts.a > 12 && parts.b <= 12 {
            self.day_first += 1;
        } else if parts.b > 12 && parts.a <= 12 {
            self.month_first += 1;
        } else if parts.separator == b'.' {
            self.dotted += 1;
        } else if parts.a != parts.b {
            self.either += 1;
        }
    }

    pub const fn merge(self, other: Self) -> Self {
        Self {
            day_first: self.day_first + other.day_first,
            month_first: self.month_first + other.month_first,
            either: self.either + other.either,
            dotted: self.dotted + other.dotted,
            year_first: self.year_first + other.year_first,
        }
    }

    /// The order, or `None` when the cells allow two.
    pub const fn order(self) -> Option<DateOrder> {
        match (self.day_first > 0, self.month_first > 0) {
            (true, false) => Some(DateOrder::Dmy),
            (false, true) => Some(DateOrder::Mdy),
            // One slip among thousands must not stop an import; the rows that do not fit are rejected by name.
            (true, true) if self.day_first / 50 >= self.month_first => Some(DateOrder::Dmy),
            (true, true) if self.month_first / 50 >= self.day_first => Some(DateOrder::Mdy),
            (true, true) => None,
            (false, false) if self.either > 0 => None,
            (false, false) if self.dotted > 0 => Some(DateOrder::Dmy),
            (false, false) if self.year_first > 0 => Some(DateOrder::Ymd),
            (false, false) => Some(DateOrder::Dmy),
        }
    }

    pub const fn is_ambiguous(self) -> bool {
        self.order().is_none()
    }
}

/// Three numbers with one separator at the start of a cell.
struct Triple {
    a: u16,
    b: u16,
    c: u16,
    c_digits: usize,
    year_first: bool,
    separator: u8,
    /// How many bytes they took.
    length: usize,
}

impl Triple {
    fn split(cell: &str) -> Option<Self> {
        let bytes = cell.as_bytes();
        let (a, a_digits) = number(bytes)?;
        let separator = *bytes.get(a_digits)?;
        if !matches!(separator, b'.' | b'/' | b'-') {
            return None;
        }
        let mut at = a_digits + 1;
        at += usize::from(bytes.get(at) == Some(&b' '));
        let (b, b_digits) = number(bytes.get(at..)?)?;
        at += b_digits;
        if bytes.get(at) != Some(&separator) {
            return None;
        }
        at += 1;
        at += usize::from(bytes.get(at) == Some(&b' '));
        let (c, c_digits) = number(bytes.get(at..)?)?;
        at += c_digits;
        let year_first = a_digits == 4;
        let sane = if year_first { c_digits <= 2 } else { a_digits <= 2 && matches!(c_digits, 2 | 4) };
        (sane && b_digits <= 2).then_some(Self { a, b, c, c_digits, year_first, separator, length: at })
    }
}

fn number(bytes: &[u8]) -> Option<(u16, usize)> {
    let digits = bytes.iter().take(5).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 4 {
        return None;
    }
    Some((bytes.get(..digits)?.iter().fold(0, |n, b| n * 10 + u16::from(b - b'0')), digits))
}

/// Reads a date or a date with a time.
///
/// `order` settles slashed and dashed dates, and dotted ones when a column shows that its dots are month first.
///
/// # Errors
/// [`DateFault`] says whether the shape or the day is wrong.
pub fn parse_date(cell: &str, order: DateOrder) -> Result<Parsed, DateFault> {
    let cell = cell.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
    if let Some(triple) = Triple::split(cell) {
        let (year, month, day) = if triple.year_first {
            (triple.a, triple.b, triple.c)
        } else {
            let year = if triple.c_digits == 2 { century(triple.c) } else { triple.c };
            if order == DateOrder::Mdy { (year, triple.a, triple.b) } else { (year, triple.b, triple.a) }
        };
        let date = day_of(year, month, day)?;
        return with_time(date, cell.get(triple.length..).unwrap_or_default());
    }
    if cell.bytes().all(|b| b.is_ascii_digit() || b == b'.') && cell.starts_with(|c: char| c.is_ascii_digit())
    {
        return from_digits(cell);
    }
    worded(cell)
}

/// "22" is 2022 and "71" is 1971: a two-digit year lies at most ten years after 2030, as in the spreadsheets.
const fn century(two_digits: u16) -> u16 {
    if two_digits <= 40 { 2000 + two_digits } else { 1900 + two_digits }
}

fn day_of(year: u16, month: u16, day: u16) -> Result<Date, DateFault> {
    let year = i16::try_from(year).map_err(|_| DateFault::NoSuchDay)?;
    let month = i8::try_from(month).map_err(|_| DateFault::NoSuchDay)?;
    let day = i8::try_from(day).map_err(|_| DateFault::NoSuchDay)?;
    let date = Date::new(year, month, day).map_err(|_| DateFault::NoSuchDay)?;
    if (1900..=2100).contains(&year) { Ok(date) } else { Err(DateFault::FarAway) }
}

/// `20220301`, a spreadsheet's serial (days since 1899-12-30) or a Unix time in seconds or milliseconds.
fn from_digits(cell: &str) -> Result<Parsed, DateFault> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    if fraction.contains('.') {
        return Err(DateFault::Shape);
    }
    let number: i64 = whole.parse().map_err(|_| DateFault::Shape)?;
    match whole.len() {
        8 if fraction.is_empty() => {
            let part = |n: i64| u16::try_from(n).map_err(|_| DateFault::NoSuchDay);
            let date = day_of(part(number / 10_000)?, part(number / 100 % 100)?, part(number % 100)?)?;
            Ok(Parsed { at: date.to_datetime(Time::midnight()), has_time: false, offset_seconds: None })
        }
        5 if (20_000..=80_000).contains(&number) => {
            let seconds = seconds_of_day(fraction);
            let date = Date::constant(1899, 12, 30)
                .checked_add(jiff::Span::new().days(number))
                .map_err(|_| DateFault::FarAway)?;
            let at = date
                .to_datetime(Time::midnight())
                .checked_add(jiff::SignedDuration::from_secs(seconds))
                .map_err(|_| DateFault::FarAway)?;
            Ok(Parsed { at, has_time: seconds > 0, offset_seconds: None })
        }
        // Nine billion seconds ago or ahead is nobody's order; a phone number starts with a 0.
        10 | 13 if whole.starts_with('1') => {
            let millis = if whole.len() == 10 { number.saturating_mul(1000) } else { number };
            let stamp = jiff::Timestamp::from_millisecond(millis).map_err(|_| DateFault::FarAway)?;
            let at = jiff::tz::TimeZone::UTC.to_datetime(stamp);
            Ok(Parsed { at, has_time: true, offset_seconds: Some(0) })
        }
        _ => Err(DateFault::Shape),
    }
}

/// The fraction of a serial as whole seconds; spreadsheets keep about nine digits.
fn seconds_of_day(fraction: &str) -> i64 {
    let mut digits: String = fraction.chars().take(9).collect();
    while digits.len() < 9 {
        digits.push('0');
    }
    let nanodays: i64 = digits.parse().unwrap_or(0);
    (nanodays * 86_400 + 500_000_000) / 1_000_000_000
}

fn with_time(date: Date, rest: &str) -> Result<Parsed, DateFault> {
    // "12.03.2022 г." and "12.03.2022р." are days.
    let rest = rest.trim_start_matches([' ', 'T', ',', '\u{a0}', '\t']);
    let rest = rest.strip_prefix("г.").or_else(|| rest.strip_prefix("р.")).unwrap_or(rest);
    let rest = rest.trim_start_matches([' ', '\u{a0}']);
    if matches!(rest, "" | "г" | "р") {
        return Ok(Parsed { at: date.to_datetime(Time::midnight()), has_time: false, offset_seconds: None });
    }
    let bytes = rest.as_bytes();
    let (hour, hour_digits) = number(bytes).ok_or(DateFault::Shape)?;
    if bytes.get(hour_digits) != Some(&b':') || hour_digits > 2 {
        return Err(DateFault::Shape);
    }
    let mut at = hour_digits + 1;
    let (minute, minute_digits) = number(bytes.get(at..).unwrap_or_default()).ok_or(DateFault::Shape)?;
    if minute_digits != 2 {
        return Err(DateFault::Shape);
    }
    at += 2;
    let mut second = 0;
    if bytes.get(at) == Some(&b':') {
        let (value, digits) = number(bytes.get(at + 1..).unwrap_or_default()).ok_or(DateFault::Shape)?;
        if digits != 2 {
            return Err(DateFault::Shape);
        }
        second = value;
        at += 3;
        if matches!(bytes.get(at), Some(b'.' | b',')) {
            at += 1;
            at += bytes.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
        }
    }
    let tail = rest.get(at..).ok_or(DateFault::Shape)?.trim();
    let (hour, tail) = twelve_hours(hour, tail)?;
    let offset_seconds = offset(tail)?;
    let part = |n: u16| i8::try_from(n).map_err(|_| DateFault::NoSuchTime);
    let time = Time::new(part(hour)?, part(minute)?, part(second)?, 0).map_err(|_| DateFault::NoSuchTime)?;
    Ok(Parsed { at: date.to_datetime(time), has_time: true, offset_seconds })
}

fn twelve_hours(hour: u16, tail: &str) -> Result<(u16, &str), DateFault> {
    let Some(mark) = tail.get(..2) else { return Ok((hour, tail)) };
    let afternoon = mark.eq_ignore_ascii_case("pm");
    if !afternoon && !mark.eq_ignore_ascii_case("am") {
        return Ok((hour, tail));
    }
    if !(1..=12).contains(&hour) {
        return Err(DateFault::NoSuchTime);
    }
    Ok((hour % 12 + if afternoon { 12 } else { 0 }, tail.get(2..).unwrap_or_default().trim()))
}

fn offset(tail: &str) -> Result<Option<i32>, DateFault> {
    match tail {
        "" => return Ok(None),
        "Z" | "z" | "UTC" | "GMT" => return Ok(Some(0)),
        _ => {}
    }
    let (sign, rest) = match tail.as_bytes().first() {
        Some(b'+') => (1, &tail[1..]),
        Some(b'-') => (-1, &tail[1..]),
        _ => return Err(DateFault::Shape),
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return Err(DateFault::Shape);
    }
    let value: i32 = digits.parse().map_err(|_| DateFault::Shape)?;
    let (hours, minutes) = if digits.len() == 2 { (value, 0) } else { (value / 100, value % 100) };
    if hours > 15 || minutes > 59 {
        return Err(DateFault::NoSuchTime);
    }
    Ok(Some(sign * (hours * 3600 + minutes * 60)))
}

/// Starts of month names in Russian, Ukrainian and English, longest needed prefix.
const MONTHS: [&[&str]; 12] = [
    &["янв", "січ", "jan"],
    &["фев", "лют", "feb"],
    &["мар", "бер", "mar"],
    &["апр", "кві", "apr"],
    &["май", "мая", "тра", "may"],
    &["июн", "чер", "jun"],
    &["июл", "лип", "jul"],
    &["авг", "сер", "aug"],
    &["сен", "вер", "sep"],
    &["окт", "жов", "oct"],
    &["ноя", "лис", "nov"],
    &["дек", "гру", "dec"],
];

/// `12 марта 2022`, `Mar 12, 2022`, `12-Mar-22`.
fn worded(cell: &str) -> Result<Parsed, DateFault> {
    let spot = cell.find(|c: char| c.is_alphabetic()).ok_or(DateFault::Shape)?;
    let tail = cell.get(spot..).unwrap_or_default();
    let word_end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
    let word = tail.get(..word_end).unwrap_or_default().to_lowercase();
    let month = MONTHS.iter().position(|names| names.iter().any(|name| word.starts_with(name)));
    let month = u16::try_from(month.ok_or(DateFault::Shape)? + 1).map_err(|_| DateFault::Shape)?;
    let gap = [' ', ',', '.', '-', '/', '\u{a0}'];
    let before = cell.get(..spot).unwrap_or_default().trim_matches(gap);
    let after = tail.get(word_end..).unwrap_or_default().trim_start_matches(gap);
    let (day, after) = if before.is_empty() {
        let (day, digits) = number(after.as_bytes()).ok_or(DateFault::Shape)?;
        (day, after.get(digits..).unwrap_or_default().trim_start_matches(gap))
    } else {
        let (day, digits) = number(before.as_bytes()).ok_or(DateFault::Shape)?;
        if digits != before.len() {
            return Err(DateFault::Shape);
        }
        (day, after)
    };
    let (year, digits) = number(after.as_bytes()).ok_or(DateFault::Shape)?;
    let year = match digits {
        2 => century(year),
        4 => year,
        _ => return Err(DateFault::Shape),
    };
    with_time(day_of(year, month, day)?, after.get(digits..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dmy(cell: &str) -> String {
        match parse_date(cell, DateOrder::Dmy) {
            Ok(p) if p.has_time => p.at.to_string(),
            Ok(p) => p.at.date().to_string(),
            Err(fault) => format!("{fault:?}"),
        }
    }

    #[test]
    fn shapes_that_shops_use() {
        assert_eq!(dmy("01.03.2022"), "2022-03-01");
        assert_eq!(dmy(" 1.3.22 "), "2022-03-01");
        assert_eq!(dmy("2022-03-01"), "2022-03-01");
        assert_eq!(dmy("2022-03-01T14:05:09Z"), "2022-03-01T14:05:09");
        assert_eq!(dmy("2022-03-01 14:05:09.123+02:00"), "2022-03-01T14:05:09");
        assert_eq!(dmy("25/12/2010 8:26"), "2010-12-25T08:26:00");
        assert_eq!(dmy("44621"), "2022-03-01");
        assert_eq!(dmy("44621.5"), "2022-03-01T12:00:00");
        assert_eq!(dmy("20220301"), "2022-03-01");
        assert_eq!(dmy("12 марта 2022 г."), "2022-03-12");
        assert_eq!(dmy("12 березня 2022"), "2022-03-12");
        assert_eq!(dmy("Mar 12, 2022 3:05 PM"), "2022-03-12T15:05:00");
        assert_eq!(dmy("12-Mar-22"), "2022-03-12");
        assert_eq!(dmy("1646143509"), "2022-03-01T14:05:09");
        let us = parse_date("12/1/2010 8:26", DateOrder::Mdy).unwrap();
        assert_eq!(us.at.to_string(), "2010-12-01T08:26:00");
    }

    #[test]
    fn days_that_do_not_exist_are_named_as_such() {
        assert_eq!(dmy("31.02.2022"), "NoSuchDay");
        assert_eq!(dmy("29.02.2023"), "NoSuchDay");
        assert_eq!(dmy("2022-13-01"), "NoSuchDay");
        assert_eq!(dmy("01.03.2022 25:00"), "NoSuchTime");
        assert_eq!(dmy("01.03.0022"), "FarAway");
        for cell in ["", "n/a", "вчера", "1.2", "100001", "0677329558", "12345678901234567890", "01.03.2022x"]
        {
            assert_eq!(dmy(cell), "Shape", "{cell}");
        }
    }

    #[test]
    fn order_is_learnt_from_the_column_or_reported_as_ambiguous() {
        let of = |cells: &[&str]| {
            let mut evidence = OrderEvidence::default();
            cells.iter().for_each(|cell| evidence.add(cell));
            evidence.order()
        };
        assert_eq!(of(&["02/03/2022", "05/06/2022"]), None);
        assert_eq!(of(&["02/03/2022", "25/06/2022"]), Some(DateOrder::Dmy));
        assert_eq!(of(&["12/1/2010 8:26", "12/13/2010 9:00"]), Some(DateOrder::Mdy));
        assert_eq!(of(&["02.03.2022", "04.05.2022"]), Some(DateOrder::Dmy));
        assert_eq!(of(&["2022-03-02"]), Some(DateOrder::Ymd));
        assert_eq!(of(&["25/01/2022", "01/25/2022"]), None);
    }

    proptest! {
        #[test]
        fn every_day_is_read_back_in_every_order(days in 0_i64..60_000, hour in 0_i8..24, minute in 0_i8..60) {
            let date = Date::constant(1930, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let (y, m, d) = (date.year(), date.month(), date.day());
            let at = date.at(hour, minute, 0, 0);
            for (cell, order) in [
                (format!("{d:02}.{m:02}.{y} {hour}:{minute:02}"), DateOrder::Dmy),
                (format!("{m}/{d}/{y} {hour}:{minute:02}"), DateOrder::Mdy),
                (format!("{y}-{m:02}-{d:02}T{hour:02}:{minute:02}"), DateOrder::Mdy),
            ] {
                prop_assert_eq!(parse_date(&cell, order).unwrap().at, at);
            }
        }

        #[test]
        fn no_cell_makes_it_fall(cell in "\\PC{0,24}") {
            let _ = parse_date(&cell, DateOrder::Dmy);
            OrderEvidence::default().add(&cell);
        }
    }
}
