//! Monthly cohorts: of those who first bought in a month, how many bought again one, two, … months later.

use super::occasions::Occasion;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Months since year 0 of a day since 1970-01-01.
#[must_use]
pub fn month_of(day: i32) -> i32 {
    // Civil-from-days (Hinnant), months only.
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (month, carry) = if mp < 10 { (mp + 2, 0) } else { (mp - 10, 1) };
    (yoe + era * 400 + carry) * 12 + month
}

/// `2024-09` for a month number.
#[must_use]
pub fn month_name(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// The first day of a month.
#[must_use]
pub fn month_start(month: i32) -> Option<Date> {
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    let number = i8::try_from(month.rem_euclid(12) + 1).ok()?;
    Date::new(year, number, 1).ok()
}

/// Buyers by (cohort month, months since).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cohorts {
    /// Rows by cohort month; the n-th number counts the buyers n months after the first.
    rows: BTreeMap<i32, Vec<u64>>,
}

impl Cohorts {
    pub fn add(&mut self, occasions: &[Occasion], until: i32) {
        let seen = &occasions[..occasions.partition_point(|o| o.day <= until)];
        let Some(first) = seen.first() else { return };
        let cohort = month_of(first.day);
        let row = self.rows.entry(cohort).or_default();
        let mut last = i32::MIN;
        for occasion in seen {
            let month = month_of(occasion.day);
            if month == last {
                continue;
            }
            last = month;
            let index = usize::try_from(month - cohort).unwrap_or(0);
            if row.len() <= index {
                row.resize(index + 1, 0);
            }
            row[index] += 1;
        }
    }

    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (cohort, counts) in other.rows {
            let row = self.rows.entry(cohort).or_default();
            if row.len() < counts.len() {
                row.resize(counts.len(), 0);
            }
            for (mine, theirs) in row.iter_mut().zip(counts) {
                *mine += theirs;
            }
        }
        self
    }

    /// Cells in order: cohort month, months since, buyers; months without buyers inside a row are zeros.
    pub fn cells(&self) -> impl Iterator<Item = (i32, usize, u64)> + '_ {
        self.rows
            .iter()
            .flat_map(|(cohort, row)| row.iter().enumerate().map(move |(index, n)| (*cohort, index, *n)))
    }

    /// Customers of a cohort.
    #[must_use]
    pub fn size(&self, cohort: i32) -> u64 {
        self.rows.get(&cohort).and_then(|row| row.first()).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_agree_with_the_calendar() {
        let epoch = Date::new(1970, 1, 1).unwrap();
        for day in (-30_000..60_000).step_by(13) {
            let date = epoch.checked_add(jiff::Span::new().days(day)).unwrap();
            let month = month_of(day);
            assert_eq!(month, i32::from(date.year()) * 12 + i32::from(date.month()) - 1, "{date}");
            assert_eq!(month_start(month), Some(date.first_of_month()));
        }
        assert_eq!(month_name(2024 * 12 + 8), "2024-09");
    }

    #[test]
    fn triangle() {
        let mut cohorts = Cohorts::default();
        let occasions = [0, 3, 40, 41, 100].map(|day| Occasion { day, minor: 1 });
        cohorts.add(&occasions, 99);
        cohorts.add(&occasions[2..3], 99);
        let cells: Vec<(String, usize, u64)> =
            cohorts.cells().map(|(c, i, n)| (month_name(c), i, n)).collect();
        assert_eq!(
            cells,
            [("1970-01".to_string(), 0, 1), ("1970-01".to_string(), 1, 1), ("1970-02".to_string(), 0, 1)]
        );
    }
}
