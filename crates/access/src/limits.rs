//! Limits on guessing: failures per name and per address within a window.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use basis::{Fault, Time};

const WINDOW: Duration = Duration::from_secs(15 * 60);
const MOST: usize = 10;

/// Counts failures; after ten within a quarter of an hour the key waits.
#[derive(Debug, Default)]
pub struct Failures(Mutex<HashMap<String, Vec<Time>>>);

impl Failures {
    /// # Errors
    /// [`basis::FaultKind::TooMany`] while the key has to wait.
    pub fn check(&self, key: &str, now: Time) -> Result<(), Fault> {
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let recent = all.get_mut(key).map_or(0, |times| {
            times.retain(|at| *at > now.minus(WINDOW));
            times.len()
        });
        if recent >= MOST {
            Err(Fault::too_many("too_many_attempts", "Too many attempts. Try again in 15 minutes."))
        } else {
            Ok(())
        }
    }

    pub fn failed(&self, key: &str, now: Time) {
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if all.len() > 10_000 {
            all.retain(|_, times| times.last().is_some_and(|at| *at > now.minus(WINDOW)));
        }
        all.entry(key.to_owned()).or_default().push(now);
    }

    pub fn succeeded(&self, key: &str) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_close_the_door_for_a_quarter_of_an_hour() {
        let failures = Failures::default();
        let start = Time::from_millis(1_000_000);
        for _ in 0..10 {
            failures.check("a", start).unwrap();
            failures.failed("a", start);
        }
        assert!(failures.check("a", start).is_err());
        assert!(failures.check("b", start).is_ok());
        assert!(failures.check("a", start.plus(WINDOW)).is_ok());
    }
}
