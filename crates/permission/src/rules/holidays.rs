//! Public holidays, as rules and not as yearly lists.

use jiff::civil::{Date, Weekday};

/// A holiday of every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holiday {
    /// Month and day.
    Fixed(i8, i8),
    /// Days after the Western (Gregorian) Easter Sunday.
    WesternEaster(i64),
    /// Days after the Eastern (Julian) Easter Sunday.
    EasternEaster(i64),
    /// The n-th weekday of a month; -1 is the last.
    Nth(i8, Weekday, i8),
}

impl Holiday {
    pub fn falls_on(self, day: Date) -> bool {
        match self {
            Self::Fixed(month, of_month) => day.month() == month && day.day() == of_month,
            Self::WesternEaster(after) => offset(western_easter(day.year()), day) == Some(after),
            Self::EasternEaster(after) => offset(eastern_easter(day.year()), day) == Some(after),
            Self::Nth(month, weekday, n) => {
                day.month() == month && day.nth_weekday_of_month(n, weekday).is_ok_and(|found| found == day)
            }
        }
    }
}

fn offset(easter: Option<Date>, day: Date) -> Option<i64> {
    easter.and_then(|easter| easter.until(day).ok()).map(|span| i64::from(span.get_days()))
}

/// Anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8).
pub fn western_easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Meeus's Julian algorithm, then moved by the 13 days between the calendars (1900–2099).
pub fn eastern_easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 4, y % 7, y % 19);
    let d = (19 * c + 15) % 30;
    let e = (2 * a + 4 * b - d + 34) % 7;
    let month = (d + e + 114) / 31;
    let day = (d + e + 114) % 31 + 1;
    let julian = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    julian.checked_add(jiff::Span::new().days(13)).ok()
}

/// Saturday, Sunday or one of the holidays.
pub fn is_rest_day(day: Date, holidays: &[Holiday], own: &[Date]) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
        || own.contains(&day)
        || holidays.iter().any(|holiday| holiday.falls_on(day))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn easters_of_known_years() {
        assert_eq!(western_easter(2024), Some(date(2024, 3, 31)));
        assert_eq!(western_easter(2025), Some(date(2025, 4, 20)));
        assert_eq!(western_easter(2038), Some(date(2038, 4, 25)));
        assert_eq!(eastern_easter(2024), Some(date(2024, 5, 5)));
        assert_eq!(eastern_easter(2025), Some(date(2025, 4, 20)));
        assert_eq!(eastern_easter(2026), Some(date(2026, 4, 12)));
    }

    #[test]
    fn moving_holidays_are_found() {
        let thanksgiving = Holiday::Nth(11, Weekday::Thursday, 4);
        assert!(thanksgiving.falls_on(date(2024, 11, 28)));
        assert!(!thanksgiving.falls_on(date(2024, 11, 21)));
        assert!(Holiday::Nth(5, Weekday::Monday, -1).falls_on(date(2024, 5, 27)));
        assert!(Holiday::WesternEaster(1).falls_on(date(2024, 4, 1)));
        assert!(Holiday::EasternEaster(1).falls_on(date(2024, 5, 6)));
        assert!(is_rest_day(date(2024, 9, 1), &[], &[]));
        assert!(!is_rest_day(date(2024, 9, 2), &[], &[]));
    }
}
