//! What is to be mended: a reason of leaving, one of its first levels, a sign of leaving, or first-time buyers of complex goods.

use std::fmt;

use insight::rules::dictionary::{Dictionary, Driver};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    Reason(String),
    Driver(Driver),
    Signal(String),
    /// First-time buyers of goods whose use has to be explained.
    Onboarding,
    /// Lapsed without a word.
    Unknown,
}

/// Signs of leaving that the playbook answers.
pub const SIGNALS: [&str; 9] = [
    "overdue",
    "past_threshold",
    "unlikely_alive",
    "rhythm_broken",
    "slowing_down",
    "spending_less",
    "never_came_back",
    "bad_experience",
    "complained",
];

impl Gap {
    /// `reason:delivery`, `driver:service`, `signal:overdue`, `onboarding`, `unknown`; nothing for a word of neither.
    pub fn of(word: &str, dictionary: &Dictionary) -> Option<Self> {
        match word.split_once(':') {
            Some(("reason", code)) => dictionary.reason(code).map(|r| Self::Reason(r.code.clone())),
            Some(("driver", code)) => Driver::of(code).map(Self::Driver),
            Some(("signal", code)) => SIGNALS.contains(&code).then(|| Self::Signal(code.to_owned())),
            None if word == "onboarding" => Some(Self::Onboarding),
            None if word == "unknown" => Some(Self::Unknown),
            _ => None,
        }
    }

    /// Whether a told reason belongs to it; `None` when it is no matter of reasons.
    pub fn holds(&self, reason: &str, dictionary: &Dictionary) -> Option<bool> {
        match self {
            Self::Reason(code) => Some(code == reason),
            Self::Driver(driver) => Some(dictionary.driver(reason) == *driver),
            Self::Signal(_) | Self::Onboarding | Self::Unknown => None,
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reason(code) => write!(f, "reason:{code}"),
            Self::Driver(driver) => write!(f, "driver:{}", driver.as_str()),
            Self::Signal(code) => write!(f, "signal:{code}"),
            Self::Onboarding => f.write_str("onboarding"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_written_as_it_is_read() {
        let all = Dictionary::default();
        for word in ["reason:delivery", "driver:natural", "signal:overdue", "onboarding", "unknown"] {
            assert_eq!(Gap::of(word, &all).unwrap().to_string(), word);
        }
        for word in ["reason:because", "driver:price", "signal:", "delivery", ""] {
            assert_eq!(Gap::of(word, &all), None, "{word}");
        }
    }
}
