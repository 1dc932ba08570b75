//! Months that differ from those before them by more than chance.

use super::stat::Difference;
use super::stat::proportion::{Share, newcombe};

/// Months that make "usual".
pub const MONTHS: usize = 6;

/// Some people of a month, out of all whom it could have happened to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Month {
    pub some: u64,
    pub all: u64,
}

/// Which way of moving is alarming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Grew,
    Fell,
}

/// The last month against the usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alarm {
    pub rate: f64,
    pub usual: f64,
    /// 95% interval of the growth or of the fall; zero lies below it.
    pub moved: Difference,
}

/// Compares the last month with up to six before it; nothing while it may be chance, or while there is nothing to compare.
#[must_use]
pub fn alarm(months: &[Month], way: Way) -> Option<Alarm> {
    let (last, before) = months.split_last()?;
    let before = &before[before.len().saturating_sub(MONTHS)..];
    let share = |some: u64, all: u64| Share::new(some.min(all), all).ok();
    let now = share(last.some, last.all)?;
    let usual = share(before.iter().map(|m| m.some).sum(), before.iter().map(|m| m.all).sum())?;
    let (one, two) = match way {
        Way::Grew => (now, usual),
        Way::Fell => (usual, now),
    };
    let moved = newcombe(one, two, 0.95).ok()?;
    (moved.low > 0.0).then(|| Alarm { rate: now.rate(), usual: usual.rate(), moved })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(some: &[u64]) -> Vec<Month> {
        some.iter().map(|some| Month { some: *some, all: 1000 }).collect()
    }

    #[test]
    fn a_jump_is_told_and_chance_is_not() {
        let found = alarm(&months(&[20, 22, 18, 20, 21, 19, 60]), Way::Grew).unwrap();
        assert!((found.rate - 0.06).abs() < 1e-12 && (found.usual - 0.02).abs() < 1e-12);
        assert!(found.moved.low > 0.0 && found.moved.high > found.moved.difference);
        assert_eq!(alarm(&months(&[20, 22, 18, 20, 21, 19, 24]), Way::Grew), None);
        assert_eq!(alarm(&months(&[20, 22, 18, 20, 21, 19, 60]), Way::Fell), None);
        assert!(alarm(&months(&[60, 62, 58, 20]), Way::Fell).is_some());
    }

    #[test]
    fn only_the_last_six_are_usual_and_nothing_is_no_alarm() {
        let mut long = vec![Month { some: 900, all: 1000 }; 12];
        long.extend(months(&[20, 20, 20, 20, 20, 20, 60]));
        assert!(alarm(&long, Way::Grew).is_some());
        assert_eq!(alarm(&[], Way::Grew), None);
        assert_eq!(alarm(&months(&[5]), Way::Grew), None);
        assert_eq!(alarm(&[Month::default(), Month { some: 3, all: 0 }], Way::Grew), None);
    }
}
