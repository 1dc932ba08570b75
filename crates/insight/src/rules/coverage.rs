//! Entered figures stand by month. A ratio of them counts only the days that they cover: customers of a year over
//! the spend of two of its months would be neither.

/// What was entered for the days of one month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entered {
    /// First and last day of the month.
    pub start: i32,
    pub end: i32,
    pub amount: f64,
}

/// The part of a period that entries cover.
#[derive(Debug, Clone, PartialEq)]
pub struct Covered {
    /// Sums of the covered days, in the order in which the kinds were given; of a month cut by the period its part
    /// by days.
    pub amounts: Vec<f64>,
    /// First and last days, neighbours joined.
    pub spans: Vec<(i32, i32)>,
    /// Days covered, and days of the period.
    pub days: i32,
    pub of: i32,
}

impl Covered {
    #[must_use]
    pub fn whole(&self) -> bool {
        self.days == self.of
    }

    /// The first and the last day; there is always a span.
    #[must_use]
    pub fn ends(&self) -> (i32, i32) {
        let first = self.spans.first().map_or(0, |s| s.0);
        (first, self.spans.last().map_or(first, |s| s.1))
    }
}

/// The months of a period for which each of the kinds has an entry; each kind is sorted by month. `None` when there
/// is none.
#[must_use]
pub fn covered(kinds: &[Vec<Entered>], from: i32, to: i32) -> Option<Covered> {
    let (first, others) = kinds.split_first()?;
    let mut result =
        Covered { amounts: vec![0.0; kinds.len()], spans: Vec::new(), days: 0, of: to - from + 1 };
    for month in first {
        let (start, end) = (month.start.max(from), month.end.min(to));
        if start > end {
            continue;
        }
        let Some(mut amounts) = others
            .iter()
            .map(|kind| kind.iter().find(|e| e.start == month.start).map(|e| e.amount))
            .collect::<Option<Vec<f64>>>()
        else {
            continue;
        };
        amounts.insert(0, month.amount);
        let part = f64::from(end - start + 1) / f64::from(month.end - month.start + 1);
        for (sum, amount) in result.amounts.iter_mut().zip(amounts) {
            *sum += amount * part;
        }
        result.days += end - start + 1;
        match result.spans.last_mut() {
            Some(last) if last.1 + 1 == start => last.1 = end,
            _ => result.spans.push((start, end)),
        }
    }
    (!result.spans.is_empty()).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(entries: &[(i32, f64)]) -> Vec<Entered> {
        entries
            .iter()
            .map(|(n, amount)| Entered { start: n * 30, end: n * 30 + 29, amount: *amount })
            .collect()
    }

    #[test]
    fn only_entered_days_count() {
        let spend = months(&[(0, 300.0), (1, 600.0), (4, 90.0)]);
        let year = covered(std::slice::from_ref(&spend), 0, 359).unwrap();
        assert_eq!(year.amounts, [990.0]);
        assert_eq!(year.spans, [(0, 59), (120, 149)]);
        assert_eq!((year.days, year.of, year.whole(), year.ends()), (90, 360, false, (0, 149)));
        // Half a month is half its amount.
        let part = covered(std::slice::from_ref(&spend), 15, 59).unwrap();
        assert_eq!((part.amounts[0], part.whole()), (750.0, true));
        assert_eq!(covered(&[spend], 60, 119), None);
        assert_eq!(covered(&[Vec::new()], 0, 9), None);
    }

    #[test]
    fn parts_of_a_ratio_are_of_the_same_months() {
        let both =
            covered(&[months(&[(0, 300.0), (1, 600.0)]), months(&[(1, 20.0), (2, 30.0)])], 0, 99).unwrap();
        assert_eq!(
            (both.amounts.as_slice(), both.spans.as_slice()),
            ([600.0, 20.0].as_slice(), [(30, 59)].as_slice())
        );
        // A month in which nothing was spent is covered when that was entered.
        assert_eq!(covered(&[months(&[(0, 0.0)])], 0, 29).unwrap().amounts, [0.0]);
    }
}
