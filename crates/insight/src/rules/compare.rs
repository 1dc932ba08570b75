//! Two groups of people as assigned, compared: the treated with the hold-out, a variant with its control.

use super::stat::mean::{MeanDifference, Moments, welch, welch_cuped};
use super::stat::proportion::{Share, newcombe};
use super::stat::sequential::{confidence_sequence, sequence_half_width};
use super::stat::{Difference, StatError};

/// The difference of two shares, one − other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Newcombe's interval, for one look at the end.
    pub fixed: Difference,
    /// Valid however often one looks, from the first day on.
    pub any_time: Difference,
}

impl Rates {
    /// # Errors
    /// A level out of range.
    pub fn compare(one: Share, other: Share, level: f64) -> Result<Self, StatError> {
        Ok(Self {
            fixed: newcombe(one, other, level)?,
            any_time: confidence_sequence(other, one, false, tuning(one.n + other.n), level)?,
        })
    }
}

/// The difference of two means, one − other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Means {
    pub welch: MeanDifference,
    /// Adjusted by what each person spent before; absent while nobody of a group bought.
    pub cuped: Option<MeanDifference>,
    /// Of the adjusted difference, else of the plain one, valid however often one looks.
    pub any_time: Difference,
    pub theta: Option<f64>,
    /// Share of the variance that the adjustment left.
    pub variance_ratio: Option<f64>,
}

impl Means {
    /// Of pairs (before, after), one for each person, zeros included; `None` while nobody bought: there is no amount to doubt by.
    ///
    /// # Errors
    /// Fewer than two people in a group, or a level out of range.
    pub fn compare(one: &[(f64, f64)], other: &[(f64, f64)], level: f64) -> Result<Option<Self>, StatError> {
        let moments = |pairs: &[(f64, f64)]| Moments::of(pairs.iter().map(|p| p.1));
        let (m_one, m_other) = (moments(one), moments(other));
        if m_one.sum_of_squares <= 0.0 && m_other.sum_of_squares <= 0.0 {
            return Ok(None);
        }
        let both_bought = m_one.sum_of_squares > 0.0 && m_other.sum_of_squares > 0.0;
        let (m_other, m_one) = floored(&m_other, &m_one);
        let plain = welch(&m_other, &m_one, level)?;
        let adjusted = if both_bought { Some(welch_cuped(other, one, level)?) } else { None };
        // The standard error behind the interval, widened to hold at every look.
        let spread = |m: &Moments| m.variance() / m.n;
        let error =
            |group: &[(f64, f64)], theta: f64| spread(&Moments::of(group.iter().map(|(x, y)| y - theta * x)));
        let (best, variance) = match &adjusted {
            Some((d, cuped)) => (d, error(one, cuped.theta) + error(other, cuped.theta)),
            None => (&plain, spread(&m_one) + spread(&m_other)),
        };
        let people = (one.len() + other.len()) as f64;
        let half = sequence_half_width(variance, people, tuning(people), level)?;
        let any_time = Difference {
            difference: best.difference,
            low: best.difference - half,
            high: best.difference + half,
        };
        Ok(Some(Self {
            welch: plain,
            any_time,
            theta: adjusted.map(|(_, c)| c.theta),
            variance_ratio: adjusted.map(|(_, c)| c.variance_ratio),
            cuped: adjusted.map(|(d, _)| d),
        }))
    }

    /// The adjusted difference where there is one.
    #[must_use]
    pub fn best(&self) -> MeanDifference {
        self.cuped.unwrap_or(self.welch)
    }
}

/// Moments whose variance is never zero: a group in which nobody bought gets the variance of one buyer and one other
/// more (Agresti & Caffo 2000), who pays what the other group's buyers pay, the larger amounts weighing more.
fn floored(one: &Moments, two: &Moments) -> (Moments, Moments) {
    let floor = |m: &Moments, buyers: &Moments| {
        if m.sum_of_squares > 0.0 || buyers.sum <= 0.0 || m.n < 2.0 {
            return *m;
        }
        let share = 1.0 / (m.n + 2.0);
        let pays = buyers.sum_of_squares / buyers.sum;
        Moments { sum_of_squares: share * (1.0 - share) * pays * pays * (m.n - 1.0), ..*m }
    };
    (floor(one, two), floor(two, one))
}

/// A sequence is tightest when the people of both groups are in.
fn tuning(people: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of people")]
    let people = people as u64;
    people.max(1)
}
