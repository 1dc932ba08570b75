//! Statistics of proof: intervals, sample sizes, checks of a split, looks before the end.

pub mod mean;
pub mod proportion;
pub mod sequential;

use super::numeric::special::normal_quantile;
use serde::Serialize;

/// What is wrong with the numbers given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StatError(pub String);

pub(crate) fn refuse<T>(why: impl Into<String>) -> Result<T, StatError> {
    Err(StatError(why.into()))
}

/// An estimate and its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Difference {
    pub difference: f64,
    pub low: f64,
    pub high: f64,
}

/// Two-sided critical value of the normal distribution.
///
/// # Errors
/// A level outside (0, 1).
pub fn critical(level: f64) -> Result<f64, StatError> {
    if level > 0.0 && level < 1.0 {
        Ok(normal_quantile(0.5 + level / 2.0))
    } else {
        refuse(format!("the level must lie between 0 and 1, not {level}"))
    }
}
