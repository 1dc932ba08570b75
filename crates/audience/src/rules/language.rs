//! The segment language: JSON in, a checked rule out.
//!
//! ```json
//! {"all": [
//!   {"field": "last_order", "op": "older_days", "value": 180},
//!   {"any": [{"field": "orders", "op": "gte", "value": 2}, {"field": "category", "op": "in", "value": ["7"], "days": 730}]},
//!   {"not": {"field": "reaction", "op": "in", "value": ["refused"]}}
//! ]}
//! ```

use basis::Fault;
use jiff::civil::Date;
use serde_json::Value as Json;

use super::fields::{Field, Kind, Op, field_of};

#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
    Is(Condition),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub field: &'static Field,
    pub op: Op,
    pub operand: Operand,
    /// Only the last days.
    pub days: Option<i64>,
    /// Only this campaign.
    pub campaign: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    None,
    Bool(bool),
    Number(f64),
    Range(f64, f64),
    Numbers(Vec<f64>),
    Text(String),
    Texts(Vec<String>),
    /// Days since 1970-01-01.
    Day(i64),
    Days(i64, i64),
    /// So many days ago.
    Ago(i64),
    Ids(Vec<i64>),
}

const DEPTH: usize = 8;
const CONDITIONS: usize = 60;

/// Everyone.
pub fn everyone() -> Rule {
    Rule::All(Vec::new())
}

/// Reads a rule.
///
/// # Errors
/// Every mistake, with the path to it (`all[1].any[0].value`).
pub fn parse(json: &Json) -> Result<Rule, Fault> {
    let mut reader = Reader { mistakes: Vec::new(), conditions: 0 };
    let rule = reader.rule(json, "", 0);
    match rule {
        Some(rule) if reader.mistakes.is_empty() => Ok(rule),
        _ => {
            let mut fault = Fault::invalid("segment_rule", "The rule of the segment has mistakes.");
            fault.fields = reader.mistakes;
            Err(fault)
        }
    }
}

struct Reader {
    mistakes: Vec<(String, String)>,
    conditions: usize,
}

impl Reader {
    fn wrong<T>(&mut self, path: &str, what: impl Into<String>) -> Option<T> {
        let path = if path.is_empty() { "rule".to_owned() } else { path.to_owned() };
        self.mistakes.push((path, what.into()));
        None
    }

    fn rule(&mut self, json: &Json, path: &str, depth: usize) -> Option<Rule> {
        let Some(object) = json.as_object() else {
            return self.wrong(path, "a rule is an object: {\"all\": […]}, {\"any\": […]}, {\"not\": …} or {\"field\", \"op\", \"value\"}");
        };
        if depth > DEPTH {
            return self.wrong(path, format!("rules are nested more than {DEPTH} deep"));
        }
        for (word, make) in [("all", Rule::All as fn(Vec<Rule>) -> Rule), ("any", Rule::Any)] {
            if let Some(parts) = object.get(word) {
                let place = at(path, word);
                if object.len() > 1 {
                    return self.wrong(path, format!("\"{word}\" stands alone in its object"));
                }
                let Some(parts) = parts.as_array() else { return self.wrong(&place, "a list of rules") };
                let rules: Vec<Option<Rule>> = parts
                    .iter()
                    .enumerate()
                    .map(|(i, part)| self.rule(part, &format!("{place}[{i}]"), depth + 1))
                    .collect();
                return Some(make(rules.into_iter().collect::<Option<Vec<Rule>>>()?));
            }
        }
        if let Some(inner) = object.get("not") {
            let place = at(path, "not");
            return self.rule(inner, &place, depth + 1).map(|rule| Rule::Not(Box::new(rule)));
        }
        self.condition(object, path)
    }

    fn condition(&mut self, object: &serde_json::Map<String, Json>, path: &str) -> Option<Rule> {
        self.conditions += 1;
        if self.conditions > CONDITIONS {
            return self.wrong(path, format!("more than {CONDITIONS} conditions"));
        }
        for key in object.keys() {
            if !["field", "op", "value", "days", "campaign"].contains(&key.as_str()) {
                return self.wrong(
                    &at(path, key),
                    "this word is not known; a condition has field, op, value, days, campaign",
                );
            }
        }
        let key = object.get("field").and_then(Json::as_str).unwrap_or_default();
        let Some(field) = field_of(key) else {
            return self.wrong(
                &at(path, "field"),
                format!("\"{key}\" is not a field; see GET /api/segments/fields"),
            );
        };
        let word = object.get("op").and_then(Json::as_str).unwrap_or_default();
        let Some(op) = Op::of(word).filter(|op| field.ops.contains(op)) else {
            let known: Vec<&str> = field.ops.iter().map(|op| op.word()).collect();
            return self.wrong(
                &at(path, "op"),
                format!("\"{word}\" does not go with {key}; use {}", known.join(", ")),
            );
        };
        let days = match object.get("days") {
            None | Some(Json::Null) => None,
            Some(_) if !field.windowed => {
                return self.wrong(&at(path, "days"), format!("{key} is not counted over days"));
            }
            Some(json) => Some(self.days(json, &at(path, "days"))?),
        };
        let campaign = match object.get("campaign") {
            None | Some(Json::Null) => None,
            Some(_) if !field.of_campaign => {
                return self.wrong(&at(path, "campaign"), format!("{key} is not of a campaign"));
            }
            Some(json) => match id(json) {
                Some(id) => Some(id),
                None => return self.wrong(&at(path, "campaign"), "the id of a campaign"),
            },
        };
        let operand =
            self.operand(field, op, object.get("value").unwrap_or(&Json::Null), &at(path, "value"))?;
        Some(Rule::Is(Condition { field, op, operand, days, campaign }))
    }

    fn days(&mut self, json: &Json, path: &str) -> Option<i64> {
        match json.as_i64().or_else(|| json.as_str().and_then(|text| text.trim().parse().ok())) {
            Some(days) if (0..=36_500).contains(&days) => Some(days),
            _ => self.wrong(path, "a number of days from 0 to 36500"),
        }
    }

    fn operand(&mut self, field: &Field, op: Op, value: &Json, path: &str) -> Option<Operand> {
        match (op, field.kind) {
            (Op::Set | Op::NotSet, _) => Some(Operand::None),
            (Op::WithinDays | Op::OlderDays, _) => self.days(value, path).map(Operand::Ago),
            (_, Kind::Bool) => match value.as_bool() {
                Some(yes) => Some(Operand::Bool(yes)),
                None => self.wrong(path, "true or false"),
            },
            (_, Kind::Category) => match ids(value) {
                Some(ids) if !ids.is_empty() => Some(Operand::Ids(ids)),
                _ => self.wrong(path, "a list of ids of categories"),
            },
            (_, Kind::Enum) => self.words(field, value, path),
            (Op::Between, Kind::Days | Kind::Date) => match pair(value).map(|(a, b)| (day(a), day(b))) {
                Some((Some(from), Some(to))) if from <= to => Some(Operand::Days(from, to)),
                _ => self.wrong(path, "two dates, as [\"2024-01-01\", \"2024-03-31\"]"),
            },
            (_, Kind::Days | Kind::Date) => match day(value) {
                Some(day) => Some(Operand::Day(day)),
                None => self.wrong(path, "a date, as \"2024-01-31\""),
            },
            (Op::Between, _) => match pair(value).map(|(a, b)| (number(a), number(b))) {
                Some((Some(low), Some(high))) if low <= high => Some(Operand::Range(low, high)),
                _ => self.wrong(path, "two numbers, the smaller first"),
            },
            (Op::In | Op::NotIn, Kind::Number | Kind::Money) => {
                let numbers: Option<Vec<f64>> =
                    value.as_array().map(|list| list.iter().map(number).collect()).unwrap_or(None);
                match numbers {
                    Some(numbers) if !numbers.is_empty() => Some(Operand::Numbers(numbers)),
                    _ => self.wrong(path, "a list of numbers"),
                }
            }
            (_, Kind::Number | Kind::Money) => match number(value) {
                Some(number) => Some(Operand::Number(number)),
                None => self.wrong(path, "a number"),
            },
            (Op::In | Op::NotIn, Kind::Text) => match texts(value) {
                Some(list) if !list.is_empty() => Some(Operand::Texts(list)),
                _ => self.wrong(path, "a list of texts"),
            },
            (_, Kind::Text) => match value.as_str().map(str::trim) {
                Some(text) if !text.is_empty() && text.chars().count() <= 200 => {
                    Some(Operand::Text(text.to_owned()))
                }
                _ => self.wrong(path, "a text of 1 to 200 characters"),
            },
        }
    }

    fn words(&mut self, field: &Field, value: &Json, path: &str) -> Option<Operand> {
        let known = field.options.join(", ");
        let list = match value {
            Json::String(one) => vec![one.clone()],
            other => match texts(other) {
                Some(list) if !list.is_empty() => list,
                _ => return self.wrong(path, format!("one or more of: {known}")),
            },
        };
        match list.iter().find(|word| !field.options.contains(&word.as_str())) {
            Some(odd) => self.wrong(path, format!("\"{odd}\" is not one of: {known}")),
            None => Some(Operand::Texts(list)),
        }
    }
}

fn at(path: &str, word: &str) -> String {
    if path.is_empty() { word.to_owned() } else { format!("{path}.{word}") }
}

fn number(json: &Json) -> Option<f64> {
    json.as_f64()
        .or_else(|| json.as_str().and_then(|text| text.trim().parse().ok()))
        .filter(|n| n.is_finite() && n.abs() < 1e15)
}

fn pair(json: &Json) -> Option<(&Json, &Json)> {
    match json.as_array().map(Vec::as_slice) {
        Some([a, b]) => Some((a, b)),
        _ => None,
    }
}

fn texts(json: &Json) -> Option<Vec<String>> {
    let list = json.as_array().filter(|list| list.len() <= 1000)?;
    list.iter().map(|item| item.as_str().map(|text| text.trim().to_owned())).collect()
}

fn id(json: &Json) -> Option<i64> {
    json.as_str().and_then(|text| text.parse().ok()).or_else(|| json.as_i64())
}

fn ids(json: &Json) -> Option<Vec<i64>> {
    match json {
        Json::Array(list) if list.len() <= 1000 => list.iter().map(id).collect(),
        one => id(one).map(|id| vec![id]),
    }
}

/// Days since 1970-01-01.
fn day(json: &Json) -> Option<i64> {
    let date: Date = json.as_str()?.parse().ok()?;
    Date::constant(1970, 1, 1).until(date).ok().map(|span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_rule_is_read() {
        let rule = parse(&json!({"all": [
            {"field": "last_order", "op": "older_days", "value": 180},
            {"any": [{"field": "orders", "op": "gte", "value": 2, "days": 730}, {"not": {"field": "category", "op": "in", "value": ["7"]}}]}
        ]}))
        .unwrap();
        let Rule::All(parts) = rule else { panic!() };
        assert!(matches!(&parts[0], Rule::Is(Condition { operand: Operand::Ago(180), .. })));
        assert!(matches!(&parts[1], Rule::Any(any) if any.len() == 2));
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let fault = parse(&json!({"all": [
            {"field": "shoe_size", "op": "eq", "value": 1},
            {"field": "orders", "op": "contains", "value": 1},
            {"field": "orders", "op": "gte", "value": "many"},
            {"any": [{"field": "stage", "op": "in", "value": ["asleep"]}]},
            {"field": "last_order", "op": "between", "value": ["2024-02-31", "2024-03-01"]},
            {"field": "stage", "op": "in", "value": ["new"], "days": 3},
            {"field": "orders", "op": "gte", "value": 1, "colour": 2},
            5
        ]}))
        .unwrap_err();
        let paths: Vec<&str> = fault.fields.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "all[0].field",
                "all[1].op",
                "all[2].value",
                "all[3].any[0].value",
                "all[4].value",
                "all[5].days",
                "all[6].colour",
                "all[7]"
            ]
        );
    }

    #[test]
    fn depth_and_size_end() {
        let mut deep = json!({"field": "dead", "op": "eq", "value": true});
        for _ in 0..20 {
            deep = json!({ "not": deep });
        }
        assert!(parse(&deep).is_err());
        let wide: Vec<_> = (0..100).map(|_| json!({"field": "dead", "op": "eq", "value": true})).collect();
        assert!(parse(&json!({ "any": wide })).is_err());
        assert_eq!(parse(&json!({"all": []})).unwrap(), everyone());
    }
}
