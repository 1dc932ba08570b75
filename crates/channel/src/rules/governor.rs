//! How fast a sender may go: a token bucket per lane, a daily ceiling that grows while a new sender's
//! domain warms up, and the back-off of what was put off.

use std::time::Duration;

/// A token bucket under an explicit clock (`now` is time since any fixed start).
#[derive(Debug, Clone)]
pub struct TokenBucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    at: Duration,
    slowed_at: Option<Duration>,
}

impl TokenBucket {
    /// A rate of zero or less, or no number at all, means one token a minute: a wrong setting must slow
    /// down, never open the gates.
    #[must_use]
    pub fn new(per_second: f64, burst: f64, now: Duration) -> Self {
        let per_second = if per_second.is_finite() && per_second > 0.0 { per_second } else { 1.0 / 60.0 };
        let burst = if burst.is_finite() { burst.max(1.0) } else { 1.0 };
        Self { per_second, burst, tokens: burst, at: now, slowed_at: None }
    }

    fn refill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
        self.at = self.at.max(now);
    }

    /// Takes one token, or says how long to wait for it.
    ///
    /// # Errors
    /// No token now; the value is the shortest wait after which there is one.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        self.refill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.tokens) / self.per_second;
        // Rounding may leave the bucket a hair short of one; the extra microsecond covers it.
        Err(Duration::from_secs_f64(wait.min(86_400.0)) + Duration::from_micros(1))
    }

    /// Halves the rate after a "throttled" answer, down to one in ten seconds. Answers to messages that were
    /// under way together are one sign, so it halves once a second at most.
    pub fn slow_down(&mut self, now: Duration) {
        if self.slowed_at.is_some_and(|at| now < at + Duration::from_secs(1)) {
            return;
        }
        self.slowed_at = Some(now);
        self.refill(now);
        self.per_second = (self.per_second / 2.0).max(0.1);
        self.tokens = 0.0;
    }

    /// Creeps back by a twentieth of the allowed rate, never above it.
    pub fn speed_up(&mut self, allowed_per_second: f64) {
        if allowed_per_second.is_finite() && allowed_per_second > 0.0 {
            self.per_second = (self.per_second + allowed_per_second / 20.0).min(allowed_per_second);
        }
    }

    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.per_second
    }
}

/// The ceiling of messages a day to one receiving domain while the sender's domain is young.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WarmUp {
    pub first_day: u32,
    /// Growth from day to day; 1.5 is the cautious middle of mailbox providers' advice.
    pub growth: f64,
    /// After so many days there is no ceiling.
    pub days: u32,
}

impl Default for WarmUp {
    fn default() -> Self {
        Self { first_day: 200, growth: 1.5, days: 21 }
    }
}

impl WarmUp {
    /// The ceiling on the given day (0 = the first sending day); `None` once warmed up.
    #[must_use]
    pub fn ceiling(&self, day: u32) -> Option<u32> {
        if day >= self.days {
            return None;
        }
        let growth = if self.growth.is_finite() { self.growth.max(1.0) } else { 1.0 };
        let exponent = i32::try_from(day).unwrap_or(i32::MAX);
        let value = f64::from(self.first_day) * growth.powi(exponent);
        if value >= f64::from(u32::MAX) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "finite, not negative and below u32::MAX, checked above"
        )]
        Some(value as u32)
    }
}

/// When to try a deferred message again: 1, 4, 16, 64 minutes and then every four hours, spread by up
/// to a tenth of the step so that a whole batch does not come back at one instant.
#[must_use]
pub fn retry_after(attempt: u32, spread: f64) -> Duration {
    let minutes = match attempt {
        0 | 1 => 1,
        2 => 4,
        3 => 16,
        4 => 64,
        _ => 240,
    };
    let base = Duration::from_secs(minutes * 60);
    let share = if spread.is_finite() { spread.clamp(0.0, 1.0) } else { 0.0 };
    base + base.mul_f64(share / 10.0)
}

/// Limits past which a campaign pauses itself.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PauseLimits {
    pub bounce_share: f64,
    pub complaint_share: f64,
    /// Below so many sent messages the shares say nothing.
    pub at_least: u64,
}

impl Default for PauseLimits {
    fn default() -> Self {
        // Complaints: the 0.3% at which Gmail and Yahoo stop delivering. Bounces: an untouched base
        // bounces by the tenth, a bought one by the third.
        Self { bounce_share: 0.25, complaint_share: 0.003, at_least: 200 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseReason {
    Bounces,
    Complaints,
}

impl PauseLimits {
    #[must_use]
    pub fn exceeded(&self, sent: u64, bounced: u64, complained: u64) -> Option<PauseReason> {
        if sent < self.at_least || sent == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of messages are far below 2^52")]
        let share = |n: u64| n as f64 / sent as f64;
        // One complaint of 200 is 0.5%; two are needed to call it a pattern.
        if complained >= 2 && share(complained) > self.complaint_share {
            return Some(PauseReason::Complaints);
        }
        (share(bounced) > self.bounce_share).then_some(PauseReason::Bounces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ceiling_grows_and_ends() {
        let plan = WarmUp::default();
        assert_eq!(plan.ceiling(0), Some(200));
        assert_eq!(plan.ceiling(1), Some(300));
        assert_eq!(plan.ceiling(20), Some(665_051));
        assert_eq!(plan.ceiling(21), None);
    }

    #[test]
    fn pauses_on_patterns_not_on_accidents() {
        let limits = PauseLimits::default();
        assert_eq!(limits.exceeded(0, 0, 0), None);
        assert_eq!(limits.exceeded(100, 90, 9), None);
        assert_eq!(limits.exceeded(1000, 100, 1), None);
        assert_eq!(limits.exceeded(1000, 251, 0), Some(PauseReason::Bounces));
        assert_eq!(limits.exceeded(1000, 0, 4), Some(PauseReason::Complaints));
    }

    #[test]
    fn retries_spread_and_grow() {
        assert_eq!(retry_after(1, 0.0), Duration::from_mins(1));
        assert_eq!(retry_after(9, 1.0), Duration::from_mins(264));
        assert!(retry_after(3, f64::NAN) == Duration::from_mins(16));
    }

    #[test]
    fn throttling_slows_and_recovers() {
        let mut bucket = TokenBucket::new(100.0, 10.0, Duration::ZERO);
        for _ in 0..8 {
            bucket.slow_down(Duration::from_secs(1));
        }
        assert!((bucket.per_second() - 50.0).abs() < 1e-9);
        assert!(bucket.take(Duration::from_secs(1)).is_err());
        for _ in 0..100 {
            bucket.speed_up(100.0);
        }
        assert!((bucket.per_second() - 100.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn never_faster_than_the_rate(rate in 0.5f64..500.0, burst in 1.0f64..50.0, steps in proptest::collection::vec(0u64..200_000, 1..300)) {
            let mut bucket = TokenBucket::new(rate, burst, Duration::ZERO);
            let mut now = Duration::ZERO;
            let mut taken = 0u32;
            for step in steps {
                now += Duration::from_micros(step);
                while bucket.take(now).is_ok() {
                    taken += 1;
                }
            }
            prop_assert!(f64::from(taken) <= burst + rate * now.as_secs_f64() + 1e-6);
        }

        #[test]
        fn the_announced_wait_is_enough(rate in 0.01f64..500.0, at in 0u64..10_000_000) {
            let mut now = Duration::from_micros(at);
            let mut bucket = TokenBucket::new(rate, 1.0, now);
            prop_assert!(bucket.take(now).is_ok());
            let wait = bucket.take(now).unwrap_err();
            now += wait;
            prop_assert!(bucket.take(now).is_ok());
        }

        #[test]
        fn a_wrong_rate_never_opens_the_gates(rate in prop_oneof![Just(0.0), Just(-5.0), Just(f64::NAN), Just(f64::INFINITY)]) {
            let mut bucket = TokenBucket::new(rate, 1.0, Duration::ZERO);
            prop_assert!(bucket.take(Duration::ZERO).is_ok());
            prop_assert!(bucket.take(Duration::from_secs(30)).is_err());
        }
    }
}
