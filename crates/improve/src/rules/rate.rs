use insight::rules::stat::proportion::{Share, wilson};
use serde::Serialize;
use utoipa::ToSchema;

/// A share with its parts and Wilson's 95% interval; all three are absent over nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub struct Rate {
    pub numerator: u64,
    pub denominator: u64,
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

impl Rate {
    pub fn of((numerator, denominator): (u64, u64)) -> Self {
        let share = Share::new(numerator, denominator).ok();
        let interval = share.and_then(|s| wilson(s, 0.95).ok());
        Self {
            numerator,
            denominator,
            value: share.map(Share::rate),
            low: interval.map(|i| i.low),
            high: interval.map(|i| i.high),
        }
    }

    pub fn parts(&self) -> (u64, u64) {
        (self.numerator, self.denominator)
    }
}
