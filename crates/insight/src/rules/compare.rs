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
    /// Adjusted by what each person spent before.
    pub cuped: MeanDifference,
    /// Of the adjusted difference, valid however often one looks.
    pub any_time: Difference,
    pub theta: f64,
    /// Share of the variance that the adjustment left.
    pub variance_ratio: f64,
}

impl Means {
    /// Of pairs (before, after), one for each person, zeros included.
    ///
    /// # Errors
    /// Fewer than two people in a group, or a level out of range.
    pub fn compare(one: &[(f64, f64)], other: &[(f64, f64)], level: f64) -> Result<Self, StatError> {
        let moments = |pairs: &[(f64, f64)]| Moments::of(pairs.iter().map(|p| p.1));
        let plain = welch(&moments(other), &moments(one), level)?;
        let (adjusted, cuped) = welch_cuped(other, one, level)?;
        // The standard error behind the interval, widened to hold at every look.
        let error = |group: &[(f64, f64)]| {
            let m = Moments::of(group.iter().map(|(x, y)| y - cuped.theta * x));
            m.variance() / m.n
        };
        let people = (one.len() + other.len()) as f64;
        let half = sequence_half_width(error(one) + error(other), people, tuning(people), level)?;
        Ok(Self {
            welch: plain,
            cuped: adjusted,
            any_time: Difference {
                difference: adjusted.difference,
                low: adjusted.difference - half,
                high: adjusted.difference + half,
            },
            theta: cuped.theta,
            variance_ratio: cuped.variance_ratio,
        })
    }
}

/// A sequence is tightest when the people of both groups are in.
fn tuning(people: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of people")]
    let people = people as u64;
    people.max(1)
}
