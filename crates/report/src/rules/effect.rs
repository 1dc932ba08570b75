//! The proof: buyers among the treated against buyers of the hold-out, as assigned.

use insight::rules::stat::{
    Difference,
    proportion::{Share, newcombe},
};

/// Difference of the shares of buyers with Newcombe's 95 % interval; nothing while a group is empty.
pub fn effect(treated_bought: u64, treated: u64, holdout_bought: u64, holdout: u64) -> Option<Difference> {
    let one = Share::new(treated_bought, treated).ok()?;
    let two = Share::new(holdout_bought, holdout).ok()?;
    newcombe(one, two, 0.95).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe 1998, Statistics in Medicine 17:873, table II, method 10: 56/70 against 48/80.
    #[test]
    fn the_interval_is_the_published_one() {
        let found = effect(56, 70, 48, 80).unwrap();
        assert!((found.difference - 0.2).abs() < 1e-12);
        assert!((found.low - 0.0524).abs() < 5e-5 && (found.high - 0.3339).abs() < 5e-5, "{found:?}");
        assert_eq!(effect(0, 0, 1, 2), None, "without a hold-out nothing is proved");
    }
}
