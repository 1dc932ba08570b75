//! The call centre's operator: works through call tasks by the product's API, and answers the phone. They see the task
//! in hand and hear what the person says; what the person is going to say they cannot know.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use basis::{Fault, Time};
use jiff::{civil::Weekday, tz::TimeZone};
use serde_json::{Value, json};

use crate::browser::{Browser, checked, trouble};
use crate::people::{CallAnswer, Dice};
use crate::simulation::{Folk, Mood, mailbox_of};
use crate::talk;

/// Calls that the desk makes on one campaign day: a small room of operators.
const CALLS_A_DAY: usize = 500;
/// Calls between two looks at the clock.
const CALLS_AT_ONCE: usize = 60;

/// Reasons of leaving that the desk knows; late delivery is named most often.
const REASONS: [&str; 14] = [
    "delivery",
    "delivery",
    "delivery",
    "delivery",
    "indifferent",
    "pushy",
    "feedback",
    "bonus",
    "price",
    "competitor",
    "value",
    "moved",
    "interests",
    "other",
];
/// Invented shops and employees that people name.
const RIVALS: [&str; 2] = ["Simulated Bookshop", "Simulated Market"];
const EMPLOYEES: [&str; 2] = ["Simulated Ihor", "Simulated Olha"];

/// What a refusal is about besides its reason.
fn about(body: &mut Value, reason: &str, task: &Value, dice: Dice<'_>) {
    match reason {
        "competitor" | "price" => body["competitor"] = json!(RIVALS[dice.below("rival", RIVALS.len())]),
        "indifferent" | "pushy" | "feedback" => {
            body["employee"] = json!(EMPLOYEES[dice.below("employee", EMPLOYEES.len())]);
        }
        "delivery" | "value" => {
            if let Some(order) = task.pointer("/customer/orders/0").and_then(|order| text(order, "id")) {
                body["order_id"] = json!(order);
            }
        }
        _ => {}
    }
}

/// What one call came to.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    outcome: &'static str,
    reason: Option<&'static str>,
    note: &'static str,
    next_at: Option<Time>,
    mood: Option<Mood>,
}

pub(crate) struct Operator {
    browser: Browser,
    token: String,
    folk: Arc<Folk>,
    /// How often each number was called.
    called: HashMap<String, u32>,
    /// Who is calling in.
    ringing: Vec<String>,
    day: Option<jiff::civil::Date>,
    made_today: usize,
    topics: Vec<String>,
}

/// A person works from nine to eight; the weekend is shorter. The product's own quiet hours are at least as strict.
fn at_work(now: Time, zone: &TimeZone) -> bool {
    let local = zone.to_datetime(now.timestamp());
    match local.date().weekday() {
        Weekday::Saturday | Weekday::Sunday => (10..18).contains(&local.hour()),
        _ => (9..20).contains(&local.hour()),
    }
}

impl Operator {
    pub fn new(browser: Browser, token: String, folk: Arc<Folk>) -> Self {
        Self {
            browser,
            token,
            folk,
            called: HashMap::new(),
            ringing: Vec::new(),
            day: None,
            made_today: 0,
            topics: Vec::new(),
        }
    }

    /// Somebody calls the shop.
    pub fn rings(&mut self, phone: String) {
        self.ringing.push(phone);
    }

    /// Answers who calls and works through what waits; answers how much was done and how people feel about it.
    pub async fn work(&mut self, now: Time, zone: &TimeZone) -> (usize, Vec<(Arc<str>, Mood)>) {
        let mut moods = Vec::new();
        if !at_work(now, zone) {
            return (0, moods);
        }
        let mut done = 0;
        for phone in std::mem::take(&mut self.ringing) {
            match self.answer(&phone).await {
                Ok(true) => moods.push((self.folk.who(&phone), Mood::Pleased(now))),
                Ok(false) => tracing::debug!("a caller was not known to the desk"),
                Err(fault) => tracing::warn!(%fault, "an inbound call was lost"),
            }
            done += 1;
        }
        let today = now.date(zone);
        if self.day != Some(today) {
            self.day = Some(today);
            self.made_today = 0;
        }
        for _ in 0..CALLS_AT_ONCE {
            if self.made_today >= CALLS_A_DAY {
                break;
            }
            match self.call_next(now).await {
                Ok(Some((who, mood))) => {
                    moods.extend(mood.map(|mood| (who, mood)));
                    done += 1;
                    self.made_today += 1;
                }
                Ok(None) => break,
                Err(fault) => {
                    tracing::warn!(%fault, "a call task was not finished");
                    break;
                }
            }
        }
        (done, moods)
    }

    /// "You wrote to me, please send that letter again": finds who calls and sends it.
    async fn answer(&self, phone: &str) -> Result<bool, Fault> {
        let path = "/api/desk/inbound";
        let answer = self.browser.post(path, &self.token, &json!({ "phone": phone })).await?;
        let found = checked(path, &answer)?.json()?;
        let Some((customer, campaign)) = caller(&found) else { return Ok(false) };
        let path = "/api/desk/resend";
        let again = json!({ "customer_id": customer, "campaign_id": campaign });
        let mut answer = self.browser.post(path, &self.token, &again).await?;
        if answer.json().is_ok_and(|problem| text(&problem, "code").as_deref() == Some("no_email")) {
            // "To what address?": the caller names one, it goes on the card, then the letter goes out.
            let card = format!("/api/customers/{customer}");
            let change = json!({ "email": mailbox_of(phone) });
            checked("/api/customers/{id}", &self.browser.patch(&card, &self.token, &change).await?)?;
            answer = self.browser.post(path, &self.token, &again).await?;
        }
        if answer.status.is_client_error() {
            tracing::debug!(status = %answer.status, "the letter was not sent again");
            return Ok(false);
        }
        checked(path, &answer)?;
        Ok(true)
    }

    /// One call; `None` when no task waits.
    async fn call_next(&mut self, now: Time) -> Result<Option<(Arc<str>, Option<Mood>)>, Fault> {
        let path = "/api/desk/next";
        let answer = self.browser.post(path, &self.token, &json!({})).await?;
        if answer.status.as_u16() == 204 || answer.status.as_u16() == 404 || answer.body.trim() == "null" {
            return Ok(None);
        }
        let task = checked(path, &answer)?.json()?;
        let missing = |what: &str| trouble(format!("a call task has no {what}"));
        let id = text(&task, "id").ok_or_else(|| missing("id"))?;
        let number = text(&task, "number").ok_or_else(|| missing("number"))?;
        let who = self.folk.who(&number);
        let calls = self.called.entry(number.clone()).or_default();
        *calls += 1;
        let attempt = *calls;
        let dice = Dice::new(self.folk.seed, &who);
        let said = conversation(self.folk.fate(&number).call, dice, attempt, now);
        let mut body = json!({ "outcome": said.outcome, "note": said.note });
        if let Some(reason) = said.reason {
            body["reason"] = json!(reason);
            about(&mut body, reason, &task, dice);
        }
        if let Some(at) = said.next_at {
            body["next_at"] = json!(at);
        }
        if said.outcome == "agreed" {
            body["interests"] = json!(self.interests(dice).await?);
            if let Some(email) = new_mailbox(&task, &number, dice) {
                body["corrections"] = json!({ "email": email });
            }
        }
        let raised = talk::objections(said.outcome, said.reason, dice);
        if !raised.is_empty() {
            self.offer(&who, &id, said.reason, &raised).await?;
            body["objections"] = raised.iter().map(|code| json!({ "code": code })).collect();
        }
        let path = format!("/api/desk/tasks/{id}/outcome");
        let answer = self.browser.post(&path, &self.token, &body).await?;
        checked("/api/desk/tasks/{id}/outcome", &answer)?;
        Ok(Some((who, said.mood)))
    }

    /// Looks into the menu of offers and makes the one that answers what was said.
    async fn offer(
        &self,
        who: &Arc<str>,
        task: &str,
        reason: Option<&str>,
        raised: &[&str],
    ) -> Result<(), Fault> {
        let path = format!("/api/desk/tasks/{task}/offers");
        let question =
            format!("{path}?reason={}&objections={}", reason.unwrap_or_default(), raised.join(","));
        let Some(offer) = talk::choice(&self.browser.get(&question, &self.token).await?) else {
            return Ok(());
        };
        let body = json!({ "offer_id": offer, "reason": reason, "objections": raised });
        let answer = self.browser.post(&path, &self.token, &body).await?;
        // A month may fill up between the look and the press.
        if answer.status.as_u16() != 409 {
            let issued = checked("/api/desk/tasks/{id}/offers", &answer)?.json()?;
            if let Some(code) = text(&issued, "code") {
                self.folk.told(who, code);
            }
        }
        Ok(())
    }

    /// One to three topics that the person names.
    async fn interests(&mut self, dice: Dice<'_>) -> Result<Vec<String>, Fault> {
        if self.topics.is_empty() {
            let list = self.browser.get("/api/categories", &self.token).await?;
            let items = list.get("items").unwrap_or(&list).as_array().cloned().unwrap_or_default();
            self.topics = items.iter().filter_map(|c| text(c, "id")).collect();
        }
        if self.topics.is_empty() {
            return Ok(Vec::new());
        }
        let mut chosen: Vec<String> = ["topic", "second topic", "third topic"]
            .into_iter()
            .take(1 + dice.below("topics", 3))
            .map(|question| self.topics[dice.below(question, self.topics.len())].clone())
            .collect();
        chosen.sort();
        chosen.dedup();
        Ok(chosen)
    }
}

/// An id or a text, whichever way JSON writes it.
fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Customer and campaign of the first person whom the desk takes the caller for.
fn caller(found: &Value) -> Option<(String, String)> {
    let first = found.pointer("/items/0").unwrap_or(found);
    let campaign =
        |v: &Value| text(v, "campaign_id").or_else(|| v.get("campaign").and_then(|c| text(c, "id")));
    let customer = text(first, "customer_id")
        .or_else(|| first.get("customer").and_then(|c| text(c, "id")))
        .or_else(|| text(first, "id"))?;
    let campaign = campaign(first)
        .or_else(|| first.pointer("/campaigns/0").and_then(|c| campaign(c).or_else(|| text(c, "id"))))?;
    Some((customer, campaign))
}

/// Some of those who agree and have given no mailbox name one.
fn new_mailbox(task: &Value, number: &str, dice: Dice<'_>) -> Option<String> {
    let contacts = task.pointer("/customer/contacts")?.as_array()?;
    let has = contacts.iter().any(|c| c.get("kind").and_then(Value::as_str) == Some("email"));
    (!has && dice.chance("names a mailbox", 0.3)).then(|| mailbox_of(number))
}

fn conversation(fate: CallAnswer, dice: Dice<'_>, attempt: u32, now: Time) -> Said {
    let agreed = Said {
        outcome: "agreed",
        reason: None,
        note: "[simulated] glad to be remembered, letters are welcome",
        next_at: None,
        mood: Some(Mood::Pleased(now)),
    };
    let refused = Said {
        outcome: "refused",
        reason: Some(REASONS[dice.below("reason", REASONS.len())]),
        note: "[simulated] asks not to be called or written to",
        next_at: None,
        mood: Some(Mood::Annoyed),
    };
    let silence =
        Said { outcome: "no_answer", reason: None, note: "[simulated] no answer", next_at: None, mood: None };
    match fate {
        CallAnswer::Agrees => agreed,
        CallAnswer::Refuses => refused,
        CallAnswer::Later if attempt == 1 => {
            let hours = 20 + u64::try_from(dice.below("later", 3)).unwrap_or(0) * 24;
            Said {
                outcome: "call_later",
                note: "[simulated] busy, asks to be called later",
                next_at: Some(now.plus(Duration::from_hours(hours))),
                ..silence
            }
        }
        CallAnswer::Later if dice.chance("later agrees", 0.6) => agreed,
        CallAnswer::Later if dice.chance("later refuses", 0.5) => refused,
        CallAnswer::SecondTry if attempt > 1 => agreed,
        CallAnswer::Later | CallAnswer::SecondTry | CallAnswer::NeverAnswers => silence,
        CallAnswer::WrongNumber => {
            Said { outcome: "wrong_number", note: "[simulated] somebody else answers", ..silence }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_made_by_day() {
        let kyiv = TimeZone::get("Europe/Kyiv").unwrap();
        let at = |text: &str| at_work(Time::from(text.parse::<jiff::Timestamp>().unwrap()), &kyiv);
        assert!(at("2024-09-02T06:00:00Z"), "Monday at nine");
        assert!(!at("2024-09-02T05:59:00Z") && !at("2024-09-02T17:00:00Z"));
        assert!(!at("2024-09-01T06:30:00Z"), "Sunday at half past nine");
        assert!(at("2024-09-01T07:30:00Z") && !at("2024-09-01T15:00:00Z"));
    }

    #[test]
    fn a_call_later_comes_to_an_end() {
        let now = Time::from_millis(0);
        for n in 0..200 {
            let who = format!("+38050{n:07}");
            let dice = Dice::new(3, &who);
            let first = conversation(CallAnswer::Later, dice, 1, now);
            assert_eq!(first.outcome, "call_later");
            assert!(first.next_at.unwrap() > now);
            assert_ne!(conversation(CallAnswer::Later, dice, 2, now).outcome, "call_later");
            assert!(conversation(CallAnswer::Refuses, dice, 1, now).reason.is_some());
        }
        assert_eq!(conversation(CallAnswer::SecondTry, Dice::new(3, "x"), 1, now).outcome, "no_answer");
        assert_eq!(conversation(CallAnswer::SecondTry, Dice::new(3, "x"), 2, now).outcome, "agreed");
    }

    #[test]
    fn a_caller_is_found_in_what_the_desk_answers() {
        let expected = Some(("7".to_owned(), "9".to_owned()));
        assert_eq!(caller(&json!({"items": [{"customer": {"id": "7"}, "campaign_id": "9"}]})), expected);
        assert_eq!(caller(&json!({"customer_id": "7", "campaign": {"id": "9"}})), expected);
        assert_eq!(caller(&json!({"items": []})), None);
    }
}
