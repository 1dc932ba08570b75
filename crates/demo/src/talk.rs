//! What people object on the telephone, and which offer the operator makes. Drawn apart from everything else they do, so that
//! the town lives as it did before anybody asked.

use serde_json::{Value, json};

use crate::people::Dice;

/// What goes with a reason of leaving when it is said as an objection.
fn spoken(reason: &str) -> &'static str {
    match reason {
        "price" | "bonus" => "dear",
        "delivery" => "slow_delivery",
        "competitor" => "bought_elsewhere",
        "pushy" => "too_many_messages",
        "indifferent" | "feedback" => "bad_experience",
        "interests" | "moved" => "not_now",
        _ => "no_trust",
    }
}

const SAID: [&str; 5] = ["no_memory", "not_now", "dear", "no_trust", "slow_delivery"];

/// Codes of the library that somebody raises in a talk; a person who agrees objects less.
pub(crate) fn objections(outcome: &str, reason: Option<&str>, dice: Dice<'_>) -> Vec<&'static str> {
    let mut raised = Vec::new();
    match outcome {
        "refused" if dice.chance("objects", 0.8) => raised.push(spoken(reason.unwrap_or_default())),
        "agreed" | "call_later" if dice.chance("objects", 0.4) => {
            raised.push(SAID[dice.below("objection", SAID.len())]);
        }
        _ => return raised,
    }
    if dice.chance("objects again", 0.2) {
        let second = SAID[dice.below("second objection", SAID.len())];
        if !raised.contains(&second) {
            raised.push(second);
        }
    }
    raised
}

/// The offers that the shop lets its operators make, in the shop's language.
pub(crate) fn catalogue(language: &str) -> [Value; 3] {
    let [sale, sale_words, delivery, delivery_words, gift, gift_words] = match language {
        "uk" => [
            "−10 % на наступне замовлення",
            "Назвіть цей код під час замовлення: мінус 10 %.",
            "Безкоштовна доставка",
            "З цим кодом доставка нашим коштом, а строк назву одразу.",
            "Закладка в подарунок",
            "Покладемо закладку до наступного замовлення.",
        ],
        "en" => [
            "10% off the next order",
            "Name this code with your order for 10% off.",
            "Free delivery",
            "With this code the delivery is on us, and I can name the day now.",
            "A bookmark as a gift",
            "We will put a bookmark into your next order.",
        ],
        _ => [
            "−10 % на следующий заказ",
            "Назовите этот код при заказе: минус 10 %.",
            "Бесплатная доставка",
            "С этим кодом доставка за наш счёт, а срок назову сразу.",
            "Закладка в подарок",
            "Положим закладку к следующему заказу.",
        ],
    };
    [
        json!({ "name": sale, "words": sale_words, "kind": "percent", "percent": 10, "cost_minor": 15_000, "valid_days": 60,
            "month_limit": 400, "gaps": ["objection:dear", "reason:price", "reason:bonus"] }),
        json!({ "name": delivery, "words": delivery_words, "kind": "delivery", "cost_minor": 7_000, "valid_days": 60,
            "month_budget_minor": 1_500_000, "gaps": ["objection:slow_delivery", "reason:delivery"] }),
        json!({ "name": gift, "words": gift_words, "kind": "gift", "cost_minor": 2_000, "valid_days": 60 }),
    ]
}

/// Which offer of the menu the operator makes: the first that answers what was said.
pub(crate) fn choice(menu: &Value) -> Option<String> {
    if !menu.get("issued")?.is_null() {
        return None;
    }
    let fits = |o: &&Value| {
        o["fits"] == true && o["refused"].is_null() && o["why"].as_array().is_some_and(|why| !why.is_empty())
    };
    menu.get("items")?.as_array()?.iter().find(fits)?.get("id")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_refuses_objects_more_often_than_who_agrees_and_silence_objects_never() {
        let count = |outcome: &str| {
            (0..1_000)
                .filter(|n| {
                    let who = format!("+38050{n:07}");
                    !objections(outcome, Some("price"), Dice::new(3, &who)).is_empty()
                })
                .count()
        };
        assert!(count("refused") > 700 && (300..500).contains(&count("agreed")));
        assert_eq!(count("no_answer"), 0);
    }

    #[test]
    fn an_offer_is_made_that_answers_and_may_be_given() {
        let item = |id: &str, why: &[&str], refused: Value| json!({ "id": id, "fits": true, "why": why, "refused": refused });
        let menu = json!({ "issued": null, "items": [item("1", &[], Value::Null), item("2", &["x"], json!("limit")), item("3", &["x"], Value::Null)] });
        assert_eq!(choice(&menu).as_deref(), Some("3"));
        assert_eq!(choice(&json!({ "issued": { "code": "A" }, "items": [] })), None);
    }
}
