//! The shop next door: its till rings whether or not anybody was written to. Each day's orders are handed to the product
//! as the file that a shop exports, in the columns of its earlier exports. Who is held out of a campaign is not known here.

use std::collections::HashMap;
use std::sync::Arc;

use basis::{Fault, Time};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use crate::browser::{Browser, checked, trouble};
use crate::people::{Dice, Where};
use crate::simulation::{Folk, Mood};
use crate::talk;

/// Orders a day of somebody who bought once and heard nothing since: about 3% in a month.
const DAILY: f64 = 0.001;
/// What each earlier order adds.
const PER_ORDER: f64 = 0.0003;
/// Of somebody who has just chosen what to be told about: about 17% in a month.
const PLEASED: f64 = 0.0055;
/// Gladness lasts.
const PLEASED_DAYS: i64 = 45;
/// The export is not longer than this many days, however far the clock is moved.
const LONGEST: i32 = 120;

pub(crate) struct Shop {
    browser: Browser,
    token: String,
    folk: Arc<Folk>,
    titles: Vec<String>,
    /// The next day to be exported.
    next: Option<Date>,
    /// The operators' offers are in the catalogue.
    offers: bool,
}

const HEADER: [&str; 9] = [
    "Order no",
    "Order date",
    "Delivery date",
    "Books",
    "Amount",
    "Order status",
    "Full name",
    "E-mail",
    "Phone",
];

impl Shop {
    pub fn new(browser: Browser, token: String, folk: Arc<Folk>) -> Self {
        let catalogue = csv::Reader::from_reader(crate::catalogue_csv()).into_records();
        let titles = catalogue.flatten().filter_map(|row| row.get(0).map(str::to_owned)).collect();
        Self { browser, token, folk, titles, next: None, offers: false }
    }

    /// Writes down what operators may offer, when nobody has.
    pub async fn open_catalogue(&mut self) {
        if self.offers {
            return;
        }
        match self.write_catalogue().await {
            Ok(()) => self.offers = true,
            Err(fault) => tracing::warn!(%fault, "the shop's offers were not taken"),
        }
    }

    async fn write_catalogue(&self) -> Result<(), Fault> {
        let path = "/api/offers";
        let known = self.browser.get(path, &self.token).await?;
        if known["items"].as_array().is_some_and(|items| !items.is_empty()) {
            return Ok(());
        }
        let me = self.browser.get("/api/me", &self.token).await?;
        let language = me.pointer("/workspace/language").and_then(Value::as_str).unwrap_or("ru");
        for offer in talk::catalogue(language) {
            checked(path, &self.browser.post(path, &self.token, &offer).await?)?;
        }
        Ok(())
    }

    /// Hands in the orders of the days that have passed; answers how many there were.
    pub async fn hand_in(&mut self, now: Time, zone: &TimeZone, moods: &HashMap<Arc<str>, Mood>) -> usize {
        let today = now.date(zone);
        let first = *self.next.get_or_insert(today);
        let first = first.max(today.saturating_sub(LONGEST.days()));
        if first >= today {
            return 0;
        }
        let mut orders = Vec::new();
        let mut day = first;
        while day < today {
            orders.extend(self.orders_of(day, zone, moods));
            day = day.saturating_add(1.day());
        }
        self.next = Some(today);
        if orders.is_empty() {
            return 0;
        }
        match self.import(&orders, first).await {
            Ok(true) => orders.len(),
            Ok(false) => 0,
            Err(fault) => {
                tracing::warn!(%fault, "the shop's orders were not taken");
                self.next = Some(first);
                0
            }
        }
    }

    fn orders_of(&self, day: Date, zone: &TimeZone, moods: &HashMap<Arc<str>, Mood>) -> Vec<[String; 9]> {
        let people = &self.folk.town.people;
        let noon =
            day.at(12, 0, 0, 0).to_zoned(zone.clone()).map_or(Time::from_millis(0), |z| z.timestamp().into());
        let mut orders = Vec::new();
        for (at, person) in people.iter().enumerate().filter(|(_, p)| !p.spellings.is_empty()) {
            if self.folk.fate_of(at).place == Where::Gone {
                continue;
            }
            let dice = Dice::new(self.folk.seed, &person.key);
            let mood = moods.get(person.key.as_str()).copied();
            if dice.chance(&format!("order {day}"), appetite(person.spellings.len(), mood, noon)) {
                orders.push(self.order(day, at, dice));
            }
        }
        orders
    }

    fn order(&self, day: Date, person: usize, dice: Dice<'_>) -> [String; 9] {
        let spellings = &self.folk.town.people[person].spellings;
        let spelling = &spellings[dice.below(&format!("spelling {day}"), spellings.len())];
        let books: Vec<&str> = (0..=dice.below(&format!("books {day}"), 3))
            .map(|n| self.titles[dice.below(&format!("book {n} {day}"), self.titles.len())].as_str())
            .collect();
        let cents = 12_000 * books.len() + dice.below(&format!("amount {day}"), 18_000);
        let ukrainian = spelling.name.to_lowercase().contains(['і', 'ї', 'є', 'ґ']);
        let date = day.strftime("%d.%m.%Y").to_string();
        [
            number(day, person),
            date.clone(),
            date,
            books.join("\n"),
            format!("{},{:02} грн", cents / 100, cents % 100),
            if ukrainian { "Виконано" } else { "Выполнен" }.to_owned(),
            spelling.name.clone(),
            spelling.email.clone(),
            spelling.phone.clone(),
        ]
    }

    /// `false` where the shop's orders are not known: a demo that is played by hand and has no base yet.
    async fn import(&self, orders: &[[String; 9]], first: Date) -> Result<bool, Fault> {
        let mut file = csv::Writer::from_writer(Vec::new());
        let broken = |e: csv::Error| trouble(e.to_string());
        let codes = self.codes_of(orders);
        if codes.is_empty() {
            file.write_record(HEADER).map_err(broken)?;
        } else {
            file.write_record(HEADER.iter().chain(&["Promo code"])).map_err(broken)?;
        }
        for order in orders {
            let code = codes.get(order[0].as_str()).map(|(_, code)| code.clone()).unwrap_or_default();
            let cells = order.iter().cloned().chain((!codes.is_empty()).then_some(code));
            file.write_record(cells).map_err(broken)?;
        }
        let bytes = file.into_inner().map_err(|e| trouble(e.to_string()))?;
        let content = String::from_utf8(bytes).map_err(|e| trouble(e.to_string()))?;
        let stem = format!("simulated-orders-{first}");
        let path = "/api/imports/preview";
        let seen = self.browser.upload(path, &self.token, &format!("{stem}.csv"), &content).await?;
        let told = |what: &str| {
            let value = seen.get(what).and_then(Value::as_str).map(str::to_owned);
            value.ok_or_else(|| trouble(format!("the preview has no {what}")))
        };
        let (upload, source) = (told("upload_id")?, told("suggested_source")?);
        if source == stem {
            tracing::debug!("no import has such columns yet, so the shop keeps its orders to itself");
            return Ok(false);
        }
        let path = "/api/imports";
        let answer =
            self.browser.post(path, &self.token, &json!({ "upload_id": upload, "source": source })).await?;
        checked(path, &answer)?;
        for (who, _) in codes.values() {
            self.folk.used(who);
        }
        Ok(true)
    }

    /// By the order's number: who names a code with it, and which. The first order of a person takes it.
    fn codes_of<'o>(&self, orders: &'o [[String; 9]]) -> HashMap<&'o str, (&str, String)> {
        let mut used: HashMap<&str, &str> = HashMap::new();
        let mut codes = HashMap::new();
        for order in orders {
            let person = order[0].parse::<usize>().ok().map(|n| n % 10_000);
            let Some(key) = person.and_then(|at| self.folk.town.people.get(at)).map(|p| p.key.as_str())
            else {
                continue;
            };
            let Some(code) = self.folk.code(key) else { continue };
            let names_it = Dice::new(self.folk.seed, key).chance("names the code", 0.7);
            if names_it && used.insert(key, &order[0]).is_none() {
                codes.insert(order[0].as_str(), (key, code));
            }
        }
        codes
    }
}

/// The same person and day always have the same number, so that an export made twice changes nothing.
fn number(day: Date, person: usize) -> String {
    let days = jiff::civil::date(2022, 1, 1).until(day).map_or(0, |span| span.get_days());
    format!("{}", 5_000_000 + i64::from(days) * 10_000 + i64::try_from(person).unwrap_or(0))
}

/// The chance of an order on one day.
fn appetite(orders_before: usize, mood: Option<Mood>, at: Time) -> f64 {
    let habit = DAILY + PER_ORDER * f64::from(u32::try_from(orders_before.min(8)).unwrap_or(8));
    match mood {
        Some(Mood::Pleased(since)) if at >= since && at < since.plus_days(PLEASED_DAYS) => habit + PLEASED,
        Some(Mood::Annoyed) => habit / 3.0,
        Some(Mood::Pleased(_)) | None => habit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Town;

    fn shop() -> Shop {
        let folk = Arc::new(Folk::new(1, Town::of_bookshop()));
        Shop::new(Browser::new("http://127.0.0.1:9").unwrap(), String::new(), folk)
    }

    fn month(shop: &Shop, moods: &HashMap<Arc<str>, Mood>) -> Vec<[String; 9]> {
        let kyiv = TimeZone::get("Europe/Kyiv").unwrap();
        (0..30)
            .flat_map(|n| {
                shop.orders_of(jiff::civil::date(2024, 9, 2).saturating_add(n.days()), &kyiv, moods)
            })
            .collect()
    }

    #[test]
    fn who_was_never_written_to_orders_too_and_who_is_pleased_more() {
        let shop = shop();
        let none = month(&shop, &HashMap::new());
        let start: Time = "2024-09-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
        let pleased =
            shop.folk.town.people.iter().map(|p| (Arc::from(p.key.as_str()), Mood::Pleased(start))).collect();
        let more = month(&shop, &pleased);
        let people = shop.folk.town.people.len();
        assert!((people * 3 / 100..people * 7 / 100).contains(&none.len()), "{} of {people}", none.len());
        assert!(more.len() > 3 * none.len(), "{} against {}", more.len(), none.len());
        let mut numbers: Vec<&String> = more.iter().map(|o| &o[0]).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), more.len(), "every order has a number of its own");
        assert!(none.iter().all(|order| more.contains(order)), "gladness adds orders and changes none");
    }

    #[test]
    fn an_order_looks_like_the_shops_own() {
        let order = &month(&shop(), &HashMap::new())[0];
        assert!(order[1].ends_with(".2024") && order[4].ends_with(" грн"));
        assert!(!order[6].is_empty() && (!order[7].is_empty() || !order[8].is_empty()));
    }
}
