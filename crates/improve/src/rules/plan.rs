//! The KPIs of the plan, and whether they are on track.

/// A KPI.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kpi {
    pub code: &'static str,
    /// Of one campaign, or of the whole base.
    pub of_campaign: bool,
    /// share, ratio.
    pub unit: &'static str,
    pub more_is_better: bool,
    /// Until the workspace sets its own.
    pub target: Option<f64>,
}

const fn kpi(code: &'static str, of_campaign: bool, unit: &'static str, target: Option<f64>) -> Kpi {
    Kpi { code, of_campaign, unit, more_is_better: true, target }
}

pub const KPIS: [Kpi; 7] = [
    kpi("consent", true, "share", Some(0.62)),
    kpi("contact_sale", true, "share", Some(0.15)),
    kpi("aov_growth", true, "share", Some(0.15)),
    kpi("payback", true, "share", Some(1.0)),
    Kpi { more_is_better: false, ..kpi("churn", false, "share", None) },
    kpi("crr", false, "share", None),
    kpi("ltv_to_cac", false, "times", Some(3.0)),
];

/// Setting that stands beside the targets: an order counts for so many days after the talk.
pub const WINDOW: &str = "order_window_days";
pub const WINDOW_DEFAULT: i64 = 14;

/// on_track, behind, no_data, no_target.
pub fn status(kpi: &Kpi, fact: Option<f64>, target: Option<f64>) -> &'static str {
    match (fact, target) {
        (None, _) => "no_data",
        (_, None) => "no_target",
        (Some(fact), Some(target)) if kpi.more_is_better && fact >= target => "on_track",
        (Some(fact), Some(target)) if !kpi.more_is_better && fact <= target => "on_track",
        _ => "behind",
    }
}

/// What is wrong with a target, if anything.
pub fn odd_target(code: &str, value: f64) -> Option<String> {
    if code == WINDOW {
        let whole = value.fract() == 0.0 && (1.0..=365.0).contains(&value);
        return (!whole).then(|| "a whole number of days, 1 to 365".to_owned());
    }
    if !KPIS.iter().any(|k| k.code == code) {
        return Some(format!("there is no KPI \"{code}\""));
    }
    (!(-1.0..=1_000.0).contains(&value)).then(|| "between -1 and 1000; 62 % is 0.62".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn churn_is_on_track_below_its_target_and_the_rest_above() {
        let find = |code: &str| KPIS.iter().find(|k| k.code == code).unwrap();
        let (churn, consent) = (find("churn"), find("consent"));
        assert_eq!(status(churn, Some(0.1), Some(0.2)), "on_track");
        assert_eq!(status(churn, Some(0.3), Some(0.2)), "behind");
        assert_eq!(status(consent, Some(0.62), Some(0.62)), "on_track");
        assert_eq!(status(consent, Some(0.61), Some(0.62)), "behind");
        assert_eq!(status(consent, None, Some(0.62)), "no_data");
        assert_eq!(status(churn, Some(0.1), None), "no_target");
    }

    #[test]
    fn a_target_is_in_its_range() {
        assert_eq!(odd_target("consent", 0.62), None);
        assert!(odd_target("consent", f64::NAN).is_some() && odd_target("joy", 1.0).is_some());
        assert!(odd_target(WINDOW, 14.5).is_some() && odd_target(WINDOW, 14.0).is_none());
    }
}
