//! Dates as people and programs write them, to days since 1970-01-01.

use jiff::civil::Date;

/// Order of the parts in a date like 03/04/2024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DateOrder {
    Dmy,
    Mdy,
    Ymd,
}

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Days since 1970-01-01 of a date.
#[must_use]
pub fn day_of(date: Date) -> i32 {
    date.duration_since(EPOCH).as_hours().div_euclid(24).try_into().unwrap_or(i32::MAX)
}

/// `2024-09-01` of a day number; empty outside the calendar.
#[must_use]
pub fn day_name(day: i32) -> String {
    EPOCH.checked_add(jiff::Span::new().days(day)).map(|d| d.to_string()).unwrap_or_default()
}

/// Why a text is not a day.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DateFault {
    /// Two readings, e.g. 03/04/2024.
    Ambiguous,
    NotADate,
}

/// A date, with or without a time after it: 2024-09-01, 2024-09-01T10:00:00, 20240901, 01.09.2024, 9/1/2024.
#[must_use]
pub fn parse_day(text: &str, order: Option<DateOrder>) -> Option<i32> {
    parse(text, order).ok()
}

pub(super) fn parse(text: &str, order: Option<DateOrder>) -> Result<i32, DateFault> {
    let text = text.trim();
    let date = text.split(['T', ' ']).next().unwrap_or_default();
    let bytes = date.as_bytes();
    if bytes.len() == 8 && bytes.iter().all(u8::is_ascii_digit) {
        return build(&date[..4], &date[4..6], &date[6..]);
    }
    let separator = date.chars().find(|c| !c.is_ascii_digit()).ok_or(DateFault::NotADate)?;
    if !matches!(separator, '-' | '/' | '.') {
        return Err(DateFault::NotADate);
    }
    let parts: Vec<&str> = date.split(separator).collect();
    let &[one, two, three] = parts.as_slice() else { return Err(DateFault::NotADate) };
    if one.len() == 4 {
        return build(one, two, three);
    }
    match order {
        Some(DateOrder::Dmy) => build(three, two, one),
        Some(DateOrder::Mdy) => build(three, one, two),
        Some(DateOrder::Ymd) => build(one, two, three),
        // Dots are written day first everywhere that uses them.
        None if separator == '.' => build(three, two, one),
        None => Err(DateFault::Ambiguous),
    }
}

fn build(year: &str, month: &str, day: &str) -> Result<i32, DateFault> {
    let number = |s: &str| s.parse::<i16>().map_err(|_| DateFault::NotADate);
    let mut y = number(year)?;
    if year.len() == 2 {
        y += 2000;
    }
    let part = |s: &str| s.parse::<i8>().map_err(|_| DateFault::NotADate);
    Date::new(y, part(month)?, part(day)?).map(day_of).map_err(|_| DateFault::NotADate)
}

/// What the dates of a whole column say about their order: a first part above 12 is a day, a second part
/// above 12 is a day; `None` when nothing decides.
pub(super) fn guess<'a>(dates: impl Iterator<Item = &'a str>) -> Option<DateOrder> {
    for text in dates {
        let date = text.trim().split(['T', ' ']).next().unwrap_or_default();
        let mut parts = date.split(['-', '/', '.']);
        let (Some(one), Some(two)) = (parts.next(), parts.next()) else { continue };
        if one.len() == 4 {
            continue;
        }
        if one.parse::<u8>().is_ok_and(|n| n > 12) {
            return Some(DateOrder::Dmy);
        }
        if two.parse::<u8>().is_ok_and(|n| n > 12) {
            return Some(DateOrder::Mdy);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_day_in_many_clothes() {
        let day = day_of(Date::constant(2024, 9, 1));
        for text in
            ["2024-09-01", " 2024-09-01T23:59:59Z", "20240901", "01.09.2024", "1.9.24", "2024/09/01 8:00"]
        {
            assert_eq!(parse(text, None), Ok(day), "{text}");
        }
        assert_eq!(parse("9/1/2024 8:26", Some(DateOrder::Mdy)), Ok(day));
        assert_eq!(parse("1/9/2024", Some(DateOrder::Dmy)), Ok(day));
        assert_eq!(parse("1/9/2024", None), Err(DateFault::Ambiguous));
        for text in ["31.02.2024", "", "n/a", "2024-13-01", "2024-09", "12"] {
            assert!(parse(text, None).is_err(), "{text}");
        }
        assert_eq!(day_name(day), "2024-09-01");
        assert_eq!(day_name(day_of(Date::constant(1969, 12, 31))), "1969-12-31");
    }

    #[test]
    fn a_column_decides_its_order() {
        assert_eq!(guess(["1/2/2024", "12/13/2024"].into_iter()), Some(DateOrder::Mdy));
        assert_eq!(guess(["1/2/2024", "13/12/2024"].into_iter()), Some(DateOrder::Dmy));
        assert_eq!(guess(["1/2/2024", "3/4/2024"].into_iter()), None);
    }
}
