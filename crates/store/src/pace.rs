//! How much goes into one write transaction.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// Turns the size of portions so that a transaction stays short on any machine, since on SQLite all other writers wait for it.
#[derive(Debug)]
pub struct Pace {
    size: AtomicUsize,
    least: usize,
    most: usize,
}

/// How long a transaction may take.
const AIM: f64 = 0.045;

impl Pace {
    /// Begins with `first` items and stays between `least` and `most`.
    #[must_use]
    pub const fn new(first: usize, least: usize, most: usize) -> Self {
        Self { size: AtomicUsize::new(first), least, most }
    }

    /// Items for the next transaction.
    pub fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// A transaction of so many items took so long: half the portion when it took twice the aim, up to a quarter more when it was
    /// quick. Small portions say nothing.
    pub fn learn(&self, items: usize, took: Duration) {
        if items * 2 < self.least {
            return;
        }
        let factor = (AIM / took.as_secs_f64().max(0.001)).clamp(0.5, 1.25);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few thousand at most"
        )]
        let next = (items as f64 * factor) as usize;
        self.size.store(next.clamp(self.least, self.most), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_follow_the_time_they_take() {
        let pace = Pace::new(500, 100, 2_000);
        pace.learn(500, Duration::from_millis(90));
        assert_eq!(pace.size(), 250);
        pace.learn(250, Duration::from_millis(900));
        assert_eq!(pace.size(), 125);
        for _ in 0..30 {
            pace.learn(pace.size(), Duration::from_millis(1));
        }
        assert_eq!(pace.size(), 2_000);
        pace.learn(10, Duration::from_secs(1));
        assert_eq!(pace.size(), 2_000);
    }
}
