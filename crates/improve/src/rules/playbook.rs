//! Which tool answers which gap, where, and whom a campaign would speak to.

use insight::rules::dictionary::{Dictionary, Driver};
use serde_json::{Value, json};

use super::gap::Gap;

/// A line of the playbook; the codes have their words in the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Play {
    pub tool: &'static str,
    pub touchpoint: &'static str,
    /// product, service, novelties.
    pub lane: &'static str,
    /// What shows whether it helped.
    pub metric: &'static str,
    /// Whom a campaign speaks to, in the language of segments; nobody where only the shop itself can mend it, or nobody may be
    /// asked again.
    pub segment: Option<Value>,
}

const fn play(
    tool: &'static str,
    touchpoint: &'static str,
    lane: &'static str,
    metric: &'static str,
) -> Play {
    Play { tool, touchpoint, lane, metric, segment: None }
}

impl Play {
    fn to(self, segment: &Value) -> Self {
        Self { segment: Some(json!({ "all": segment })), ..self }
    }
}

/// The answer to a gap. `complex` are the categories whose use has to be explained.
///
/// Who told a reason has refused, so the campaign speaks to those who lived through the same and have not left yet.
pub fn answer(gap: &Gap, dictionary: &Dictionary, complex: &[String]) -> Play {
    match gap {
        Gap::Reason(code) => of_reason(code, dictionary.driver(code), complex),
        Gap::Driver(driver) => of_reason("", *driver, complex),
        Gap::Signal(code) => of_signal(code),
        Gap::Onboarding => onboarding(complex),
        Gap::Unknown => play("ask_why_wave", "call", "service", "reason_share")
            .to(&json!([{ "field": "stage", "op": "in", "value": ["lapsed"] }, { "field": "reachable", "op": "in", "value": ["call"] }])),
    }
}

fn sent_back() -> Value {
    json!([{ "field": "sent_back", "op": "gte", "value": 1, "days": 180 }, { "field": "dead", "op": "eq", "value": false }])
}

fn regulars_at_risk() -> Value {
    json!([{ "field": "stage", "op": "in", "value": ["at_risk"] }, { "field": "orders", "op": "gte", "value": 2 }])
}

fn of_reason(code: &str, driver: Driver, complex: &[String]) -> Play {
    match (driver, code) {
        (_, "delivery") => {
            play("courier_sla_and_apology", "delivery", "service", "reason_share").to(&sent_back())
        }
        (_, "feedback") => play("answer_time_norm", "support", "service", "reason_share").to(&sent_back()),
        (_, "indifferent") => play("care_training", "sales", "service", "reason_share"),
        (_, "pushy") => play("script_without_pressure", "sales", "service", "reason_share"),
        (Driver::Service, _) => {
            play("service_recovery", "support", "service", "reason_share").to(&sent_back())
        }
        (_, "competitor") => {
            play("loyalty_programme", "loyalty", "novelties", "reason_share").to(&regulars_at_risk())
        }
        (_, "bonus") => {
            play("bonus_and_gift", "loyalty", "novelties", "reason_share").to(&regulars_at_risk())
        }
        (_, "price") => play("offer_by_taste", "offer", "novelties", "reason_share").to(&regulars_at_risk()),
        (Driver::Marketing, _) => {
            play("bonus_and_gift", "loyalty", "novelties", "reason_share").to(&regulars_at_risk())
        }
        (_, "value" | "use") => Play { metric: "reason_share", ..onboarding(complex) },
        (Driver::Product, _) => play("assortment_review", "product", "product", "reason_share"),
        (Driver::Natural, _) => play("let_go", "none", "service", "reason_share"),
        (Driver::Other, _) => play("listen_to_recordings", "call", "service", "reason_share"),
    }
}

fn of_signal(code: &str) -> Play {
    let at_risk = json!({ "field": "stage", "op": "in", "value": ["at_risk"] });
    match code {
        "overdue" | "rhythm_broken" => play("reminder_by_rhythm", "letter", "novelties", "churn")
            .to(&json!([{ "field": "overdue", "op": "gte", "value": 1.5 }, { "field": "stage", "op": "not_in", "value": ["lapsed"] }])),
        "never_came_back" => play("second_order_reason", "letter", "novelties", "churn")
            .to(&json!([{ "field": "orders", "op": "eq", "value": 1 }, { "field": "last_order", "op": "older_days", "value": 60 }, { "field": "stage", "op": "not_in", "value": ["lapsed"] }])),
        "spending_less" | "slowing_down" => {
            play("show_novelties", "letter", "novelties", "aov").to(&json!([at_risk, { "field": "orders", "op": "gte", "value": 3 }]))
        }
        "bad_experience" | "complained" => {
            play("service_recovery", "support", "service", "cancelled_share").to(&sent_back())
        }
        _ => play("win_back_wave", "letter", "novelties", "churn")
            .to(&json!([{ "field": "last_order", "op": "older_days", "value": 180 }])),
    }
}

/// A chain of letters that explains what was bought to who has bought it for the first time.
fn onboarding(complex: &[String]) -> Play {
    let play = play("onboarding_chain", "after_purchase", "product", "churn");
    if complex.is_empty() {
        return play;
    }
    play.to(&json!([
        { "field": "orders", "op": "eq", "value": 1 },
        { "field": "category", "op": "in", "value": complex },
        { "field": "last_order", "op": "within_days", "value": 60 },
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use audience::rules::language::parse;
    use insight::rules::dictionary::SHIPPED;

    use super::super::gap::SIGNALS;

    fn gaps() -> Vec<Gap> {
        let mut all: Vec<Gap> = SHIPPED.iter().map(|(code, ..)| Gap::Reason((*code).to_owned())).collect();
        all.extend(Driver::ALL.map(Gap::Driver));
        all.extend(SIGNALS.map(|code| Gap::Signal(code.to_owned())));
        all.extend([Gap::Onboarding, Gap::Unknown]);
        all
    }

    #[test]
    fn every_segment_of_the_playbook_is_a_rule_of_the_language() {
        for gap in gaps() {
            let play = answer(&gap, &Dictionary::default(), &["7".to_owned()]);
            if let Some(rule) = &play.segment {
                parse(rule).unwrap_or_else(|fault| panic!("{gap}: {fault} {:?}", fault.fields));
            }
        }
    }

    #[test]
    fn nobody_is_asked_again_who_left_for_a_natural_reason() {
        for gap in [Gap::Driver(Driver::Natural), Gap::Reason("moved".to_owned())] {
            let play = answer(&gap, &Dictionary::default(), &[]);
            assert_eq!((play.tool, &play.segment), ("let_go", &None));
        }
    }

    #[test]
    fn without_complex_categories_there_is_nobody_to_onboard() {
        let all = Dictionary::default();
        assert_eq!(answer(&Gap::Onboarding, &all, &[]).segment, None);
        let rule = answer(&Gap::Onboarding, &all, &["7".to_owned()]).segment.unwrap();
        assert_eq!(rule["all"][1]["value"], json!(["7"]));
    }
}
