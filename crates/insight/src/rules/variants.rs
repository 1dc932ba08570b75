//! Variants of one wave against the first of them, as assigned, on the footing of the campaign's proof.

use super::compare::{Means, Rates};
use super::proof::SRM_ALARM;
use super::stat::mean::MeanDifference;
use super::stat::proportion::{
    RatioCheck, Share, SizeMethod, probability_better, sample_size, smallest_difference, srm_of,
};
use super::stat::{Difference, StatError};
use serde::Serialize;
use utoipa::ToSchema;

/// With this power the sizes are reckoned, as the calculators do.
const POWER: f64 = 0.8;

/// One person who drew a variant, reached or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Person {
    /// Revenue in the year before the wave: the covariate.
    pub before_minor: i64,
    /// Revenue within the goal's window.
    pub after_minor: i64,
    pub bought: bool,
    /// Agreed, subscribed or asked for the letter again.
    pub positive: bool,
}

/// The people of a variant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arm {
    /// As planned.
    pub share: f64,
    /// As drawn; people whose cards were merged since stand here twice.
    pub assigned: u64,
    pub people: Vec<Person>,
}

impl Arm {
    fn share_of(&self, of: impl Fn(&Person) -> bool) -> Option<Share> {
        Share::new(self.people.iter().filter(|p| of(p)).count() as u64, self.people.len() as u64).ok()
    }

    fn pairs(&self) -> Vec<(f64, f64)> {
        self.people.iter().map(|p| (p.before_minor as f64, p.after_minor as f64)).collect()
    }
}

/// What the campaign is for, and so what the verdict is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// An order within the goal's window.
    Bought,
    /// Agreed, subscribed or asked for the letter again.
    Positive,
}

/// What may be said of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The split is not as planned: nothing may be believed until it is explained.
    Broken,
    /// Nobody has drawn it, or its control.
    Waiting,
    Better,
    Worse,
    Undecided,
}

/// The difference of two shares, variant − control.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct RateDifference {
    pub difference: f64,
    /// Newcombe's interval at the comparison's level.
    pub low: f64,
    pub high: f64,
    /// Valid however often one looks, at the same level.
    pub any_time: Difference,
    /// P(the variant's share is the greater), uniform priors; of this pair alone, whatever the number of variants.
    pub probability_better: f64,
}

/// A variant against the control.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Versus {
    /// The variant's number in its wave; the control is 1.
    pub number: usize,
    pub bought: Option<RateDifference>,
    pub positive: Option<RateDifference>,
    /// Welch, minor units per person assigned.
    pub revenue: Option<MeanDifference>,
    /// The same after CUPED.
    pub revenue_cuped: Option<MeanDifference>,
    pub revenue_any_time: Option<Difference>,
    pub verdict: Verdict,
    /// People whom the wave lacks to show the difference as it looks now; none when it is decided or when there is none to show.
    pub more_people: Option<u64>,
    /// The smallest difference that these two groups show at 80 % power.
    pub detectable: Option<f64>,
}

/// All variants of a wave compared.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Comparison {
    pub measure: Measure,
    /// Of each interval, 1 − α ÷ (variants − 1), so that all of them hold together with 95 %.
    pub level: f64,
    pub srm: Option<RatioCheck>,
    pub srm_alarm: bool,
    /// For each variant but the first.
    pub versus: Vec<Versus>,
}

/// Compares the variants of a wave with the first. Before the window's end (`open`) a verdict needs the interval that holds at
/// every look; `level` is that of all comparisons together.
///
/// # Errors
/// A level or a share out of range.
pub fn compare(arms: &[Arm], measure: Measure, open: bool, level: f64) -> Result<Comparison, StatError> {
    let rivals = arms.len().saturating_sub(1).max(1);
    let alpha = (1.0 - level) / rivals as f64;
    let counts: Vec<u64> = arms.iter().map(|arm| arm.assigned).collect();
    let planned: Vec<f64> = arms.iter().map(|arm| arm.share).collect();
    let drawn = arms.len() > 1 && counts.iter().any(|n| *n > 0);
    let srm = if drawn { Some(srm_of(&counts, &planned)?) } else { None };
    let srm_alarm = srm.is_some_and(|check| check.p < SRM_ALARM);
    let mut versus = Vec::with_capacity(rivals);
    if let Some((control, variants)) = arms.split_first() {
        let total: u64 = counts.iter().sum();
        for (at, variant) in variants.iter().enumerate() {
            versus.push(one(control, variant, at + 2, measure, Look { open, alpha, srm_alarm, total })?);
        }
    }
    Ok(Comparison { measure, level: 1.0 - alpha, srm, srm_alarm, versus })
}

/// What all comparisons of a wave share.
#[derive(Clone, Copy)]
struct Look {
    open: bool,
    alpha: f64,
    srm_alarm: bool,
    /// People of all variants.
    total: u64,
}

fn one(
    control: &Arm,
    variant: &Arm,
    number: usize,
    measure: Measure,
    look: Look,
) -> Result<Versus, StatError> {
    let level = 1.0 - look.alpha;
    let rate = |of: fn(&Person) -> bool| -> Result<Option<(Share, Share, RateDifference)>, StatError> {
        let (Some(c), Some(v)) = (control.share_of(of), variant.share_of(of)) else { return Ok(None) };
        let rates = Rates::compare(v, c, level)?;
        let Difference { difference, low, high } = rates.fixed;
        let probability_better = probability_better(c, v);
        Ok(Some((
            c,
            v,
            RateDifference { difference, low, high, any_time: rates.any_time, probability_better },
        )))
    };
    let (bought, positive) = (rate(|p| p.bought)?, rate(|p| p.positive)?);
    let enough = control.people.len() >= 2 && variant.people.len() >= 2;
    let means = if enough { Means::compare(&variant.pairs(), &control.pairs(), level)? } else { None };
    let judged = match measure {
        Measure::Bought => bought,
        Measure::Positive => positive,
    };
    let verdict = match judged {
        _ if look.srm_alarm => Verdict::Broken,
        None => Verdict::Waiting,
        Some((.., d)) => judge(&d, look.open),
    };
    let more_people = judged
        .filter(|_| verdict == Verdict::Undecided)
        .and_then(|(c, v, _)| missing(c, v, (control.share, variant.share), look));
    let detectable = judged.and_then(|(c, ..)| {
        let (n1, n2) = (control.people.len() as u64, variant.people.len() as u64);
        // A control without a single success, or without a failure, is no baseline to reckon from.
        smallest_difference(c.rate(), n1, n2, look.alpha, POWER).ok().flatten()
    });
    Ok(Versus {
        number,
        bought: bought.map(|(.., d)| d),
        positive: positive.map(|(.., d)| d),
        revenue: means.map(|m| m.welch),
        revenue_cuped: means.and_then(|m| m.cuped),
        revenue_any_time: means.map(|m| m.any_time),
        verdict,
        more_people,
        detectable,
    })
}

/// Newcombe's interval decides; before the end the sequence must agree. The sequence alone is asymptotic and trusts the first
/// handful of people too much.
fn judge(d: &RateDifference, open: bool) -> Verdict {
    let (any_low, any_high) =
        if open { (d.any_time.low, d.any_time.high) } else { (f64::INFINITY, f64::NEG_INFINITY) };
    if d.low.min(any_low) > 0.0 {
        Verdict::Better
    } else if d.high.max(any_high) < 0.0 {
        Verdict::Worse
    } else {
        Verdict::Undecided
    }
}

/// How many people more the wave needs, in all its variants, to show the difference as it looks now.
fn missing(control: Share, variant: Share, shares: (f64, f64), look: Look) -> Option<u64> {
    let inside = |share: Share| share.rate() > 0.0 && share.rate() < 1.0;
    let (base, other) = if inside(control) { (control, variant) } else { (variant, control) };
    let effect = other.rate() - base.rate();
    let per_arm = sample_size(base.rate(), effect, look.alpha, POWER, SizeMethod::Unpooled).ok()?;
    // Uneven groups count as two of their harmonic mean.
    let needed = (per_arm as f64 * (1.0 / shares.0 + 1.0 / shares.1) / 2.0).ceil();
    if !needed.is_finite() || needed > 1e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above, positive")]
    let needed = needed as u64;
    needed.checked_sub(look.total).filter(|more| *more > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn arm(share: f64, people: usize, buyers: usize) -> Arm {
        let person = |at: usize| Person {
            before_minor: 0,
            after_minor: if at < buyers { 10_000 + 10 * i64::try_from(at).unwrap() } else { 0 },
            bought: at < buyers,
            positive: at < buyers / 2,
        };
        Arm { share, assigned: people as u64, people: (0..people).map(person).collect() }
    }

    fn of(arms: &[Arm], open: bool) -> Comparison {
        compare(arms, Measure::Bought, open, 0.95).unwrap()
    }

    #[test]
    fn a_better_variant_is_named_with_its_interval() {
        let found = of(&[arm(0.5, 5000, 250), arm(0.5, 5040, 350)], false);
        assert!(!found.srm_alarm && (found.level - 0.95).abs() < 1e-12);
        let b = found.versus[0];
        assert_eq!((b.number, b.verdict, b.more_people), (2, Verdict::Better, None));
        let d = b.bought.unwrap();
        assert!((d.difference - (350.0 / 5040.0 - 0.05)).abs() < 1e-12);
        assert!(d.low > 0.0 && d.any_time.low < d.low && d.probability_better > 0.999);
        assert!(b.revenue.unwrap().difference > 0.0);
        assert!((0.005..0.03).contains(&b.detectable.unwrap()));
        let turned = of(&[arm(0.5, 5040, 350), arm(0.5, 5000, 250)], false).versus[0];
        assert_eq!(turned.verdict, Verdict::Worse);
    }

    #[test]
    fn a_broken_split_names_nobody() {
        let found = of(&[arm(0.5, 5000, 100), arm(0.5, 4000, 900)], false);
        assert!(found.srm_alarm);
        assert_eq!((found.versus[0].verdict, found.versus[0].more_people), (Verdict::Broken, None));
        // The same numbers are as planned when the shares say so.
        assert!(!of(&[arm(5.0 / 9.0, 5000, 100), arm(4.0 / 9.0, 4000, 900)], false).srm_alarm);
    }

    #[test]
    fn what_is_undecided_says_how_many_people_are_missing() {
        let b = of(&[arm(0.5, 1000, 50), arm(0.5, 1000, 60)], false).versus[0];
        assert_eq!(b.verdict, Verdict::Undecided);
        let per_arm = sample_size(0.05, 0.01, 0.05, 0.8, SizeMethod::Unpooled).unwrap();
        assert_eq!(b.more_people, Some(2 * per_arm - 2000));
        let uneven = of(&[arm(0.9, 1800, 90), arm(0.1, 200, 12)], false).versus[0];
        assert!(uneven.more_people.unwrap() > 2 * b.more_people.unwrap(), "an uneven split needs more");
        let same = of(&[arm(0.5, 1000, 50), arm(0.5, 1000, 50)], false).versus[0];
        assert_eq!((same.verdict, same.more_people), (Verdict::Undecided, None));
        let silent = of(&[arm(0.5, 1000, 0), arm(0.5, 1000, 0)], false).versus[0];
        assert_eq!((silent.verdict, silent.more_people, silent.detectable), (Verdict::Undecided, None, None));
        assert!(of(&[arm(0.5, 1000, 0), arm(0.5, 1000, 2)], false).versus[0].more_people.is_some());
    }

    #[test]
    fn several_variants_hold_together() {
        let arms = [arm(0.25, 2000, 100), arm(0.25, 2000, 131), arm(0.25, 2000, 100), arm(0.25, 2000, 100)];
        let found = of(&arms, false);
        assert!((found.level - (1.0 - 0.05 / 3.0)).abs() < 1e-12);
        assert_eq!(found.versus[0].verdict, Verdict::Undecided, "not at the level of three comparisons");
        assert_eq!(of(&arms[..2], false).versus[0].verdict, Verdict::Better, "enough for one");
    }

    #[test]
    fn before_the_end_more_is_asked_for() {
        let arms = [arm(0.5, 5000, 250), arm(0.5, 5000, 300)];
        assert_eq!(of(&arms, true).versus[0].verdict, Verdict::Undecided);
        assert_eq!(of(&arms, false).versus[0].verdict, Verdict::Better);
        let first = [arm(0.5, 1, 0), arm(0.5, 1, 1)];
        assert_eq!(of(&first, true).versus[0].verdict, Verdict::Undecided, "one person proves nothing");
    }

    #[test]
    fn nobody_is_no_number() {
        let found = of(&[arm(0.5, 0, 0), arm(0.5, 0, 0)], true);
        assert_eq!((found.srm, found.srm_alarm), (None, false));
        let b = found.versus[0];
        assert_eq!((b.verdict, b.bought, b.revenue, b.detectable), (Verdict::Waiting, None, None, None));
        assert!(of(&[], true).versus.is_empty());
    }

    #[test]
    fn a_campaign_for_consents_is_judged_by_them() {
        let mut better = arm(0.5, 4000, 200);
        for person in better.people.iter_mut().take(300) {
            person.positive = true;
        }
        let arms = [arm(0.5, 4000, 200), better];
        assert_eq!(of(&arms, false).versus[0].verdict, Verdict::Undecided);
        let found = compare(&arms, Measure::Positive, false, 0.95).unwrap();
        assert_eq!(found.versus[0].verdict, Verdict::Better);
    }

    /// As often as promised, equal variants are told apart by chance at most once in twenty, however many they are.
    #[test]
    fn equal_variants_are_seldom_told_apart() {
        let mut seed = 1_u64;
        let mut rng = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % 1000
        };
        let mut wrong = 0;
        for _ in 0..400 {
            let arms: Vec<Arm> = (0..4)
                .map(|_| {
                    let buyers = (0..600).filter(|_| rng() < 80).count();
                    arm(0.25, 600, buyers)
                })
                .collect();
            let named = |v: &Versus| matches!(v.verdict, Verdict::Better | Verdict::Worse);
            wrong += usize::from(of(&arms, false).versus.iter().any(named));
        }
        assert!(wrong <= 32, "{wrong} of 400: five hundredths and three standard deviations");
    }

    proptest! {
        #[test]
        fn numbers_are_always_numbers(a in 0_usize..40, x in 0_usize..40, b in 0_usize..40, y in 0_usize..40, open: bool) {
            let arms = [arm(0.5, a, x.min(a)), arm(0.5, b, y.min(b))];
            let found = of(&arms, open);
            let v = &found.versus[0];
            if let Some(d) = v.bought {
                prop_assert!(d.low <= d.difference && d.difference <= d.high);
                prop_assert!(d.any_time.low.is_finite() && (0.0..=1.0).contains(&d.probability_better));
            }
            if let Some(r) = v.revenue {
                prop_assert!(r.low.is_finite() && r.high.is_finite() && (0.0..=1.0).contains(&r.p));
            }
        }
    }
}
