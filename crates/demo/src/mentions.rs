//! What invented people say of the bookshop outside of it: reviews and mentions of the year before the story. A stream of chance of
//! their own, so that nobody's fate in the story changes.

use basis::{Rng, Time};
use jiff::tz::TimeZone;

/// The same for every seed: the base is the same for every seed too.
const STREAM: u64 = 0x6d65_6e74;
const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
/// Orders that somebody writes about.
const SHARE: f64 = 0.06;

const HEADER: [&str; 13] = [
    "platform",
    "external_id",
    "author",
    "profile",
    "email",
    "phone",
    "text",
    "url",
    "published_at",
    "rating",
    "topic",
    "answered_at",
    "answer",
];

/// (topic, words) of the displeased.
const BAD: [(&str, &str); 8] = [
    ("delivery", "Заказ опоздал на неделю, никто не предупредил."),
    ("delivery", "Посилку затримали на п'ять днів, подарунок спізнився."),
    ("product", "Книга пришла с помятой обложкой и порванной страницей."),
    ("product", "Примірник пошкоджений, сторінки надірвані. Розчарована."),
    ("service", "Трижды писал в чат, мне так и не ответили."),
    ("service", "Оператор грубила и бросила трубку."),
    ("return", "Вторую неделю не могу вернуть деньги за отменённый заказ."),
    ("price", "На кассе цена оказалась выше, чем на сайте."),
];
const GOOD: [(&str, &str); 5] = [
    ("delivery", "Привезли на следующий день, спасибо!"),
    ("product", "Чудове видання, папір і друк на висоті."),
    ("service", "Вежливо помогли выбрать подарок, приду ещё."),
    ("product", "Всё как в описании, дети в восторге."),
    ("service", "Дуже приємні консультанти, дякую."),
];
const QUESTIONS: [(&str, &str); 4] = [
    ("site", "А когда появится самовывоз? На сайте не нашла."),
    ("delivery", "Підкажіть, чи доставляєте за кордон?"),
    ("service", "Написала вам в личку, посмотрите, пожалуйста."),
    ("product", "Чи буде ще ця серія українською?"),
];
const STRANGERS: [&str; 6] =
    ["book.lover.kyiv", "olia_reads", "pavlo.k", "mama_troih", "chytach_2020", "nadia.bookshelf"];
const SORRY: &str = "Просим прощения и уже разбираемся. Напишите нам номер заказа.";
const THANKS: &str = "Дякуємо за відгук! Раді, що ви з нами.";

/// One line of the file.
struct Said<'a> {
    platform: &'a str,
    author: &'a str,
    profile: &'a str,
    email: &'a str,
    phone: &'a str,
    words: (&'a str, &'a str),
    rating: Option<u32>,
    at: i64,
    answered_at: Option<i64>,
}

fn iso(at: i64) -> String {
    Time::from_millis(at).timestamp().to_string()
}

/// When the shop answered: within its day, later, or never.
fn answered(rng: &mut Rng, at: i64, now: i64) -> Option<i64> {
    let hours = match rng.unit() {
        chance if chance < 0.5 => 1 + rng.below(20),
        chance if chance < 0.75 => 30 + rng.below(120),
        _ => return None,
    };
    Some(at + i64::from(hours) * HOUR).filter(|at| *at < now)
}

/// The file, as a shop gathers it from platforms, up to `now`.
pub fn reviews_csv(now: Time, zone: &TimeZone) -> Vec<u8> {
    let mut rng = Rng::seeded(STREAM);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut number = 0_u32;
    let mut write = |said: &Said<'_>| {
        number += 1;
        let id = format!("sim-{number}");
        let url = format!("https://{}.example/reviews/{id}", said.platform);
        let rating = said.rating.map(|r| r.to_string()).unwrap_or_default();
        let answer = match (said.answered_at, said.rating) {
            (None, _) => "",
            (_, Some(r)) if r <= 2 => SORRY,
            _ => THANKS,
        };
        let answered = said.answered_at.map(iso).unwrap_or_default();
        // Into memory: nothing can go wrong.
        drop(writer.write_record([
            said.platform,
            id.as_str(),
            said.author,
            said.profile,
            said.email,
            said.phone,
            said.words.1,
            url.as_str(),
            iso(said.at).as_str(),
            rating.as_str(),
            said.words.0,
            answered.as_str(),
            answer,
        ]));
    };
    let now = now.millis();
    for row in csv::Reader::from_reader(crate::orders_csv()).records().flatten() {
        let cell = |n: usize| row.get(n).unwrap_or_default().trim();
        // Drawn for each row, so that a skipped one moves nobody's luck.
        let (speaks, after, mood) = (rng.chance(SHARE), i64::from(2 + rng.below(8)), rng.unit());
        let ordered = jiff::civil::Date::strptime("%d.%m.%Y", cell(1)).ok();
        let Some(day) = ordered.and_then(|d| d.to_zoned(zone.clone()).ok()) else { continue };
        let at = day.timestamp().as_millisecond() + after * DAY + i64::from(rng.below(12)) * HOUR;
        if !speaks || at >= now || at < now - 540 * DAY || cell(6).is_empty() {
            continue;
        }
        let bad = mood < 0.45;
        let words = if bad { rng.pick(&BAD) } else { rng.pick(&GOOD) };
        let Some(words) = words.copied() else { continue };
        let rating = if bad { 1 + rng.below(2) } else { 4 + rng.below(2) };
        let platform = rng.pick(&["google", "facebook", "rozetka"]).copied().unwrap_or("google");
        let answered_at = answered(&mut rng, at, now);
        let said = Said {
            platform,
            author: cell(6),
            profile: "",
            email: cell(7),
            phone: cell(8),
            words,
            rating: Some(rating),
            at,
            answered_at,
        };
        write(&said);
        // Some come again with the same, on another platform.
        let again = at + i64::from(2 + rng.below(4)) * DAY;
        if bad && rng.chance(0.3) && again < now {
            let answered_at = answered(&mut rng, again, now);
            write(&Said { platform: "facebook", at: again, answered_at, rating: Some(1), ..said });
        }
    }
    for n in 0..24_u32 {
        let at = now - i64::from(n * n) * 9 * HOUR - i64::from(1 + rng.below(6)) * HOUR;
        let words = rng.pick(&QUESTIONS).copied().unwrap_or(("other", "?"));
        let author = rng.pick(&STRANGERS).copied().unwrap_or_default();
        let platform = rng.pick(&["instagram", "telegram"]).copied().unwrap_or("instagram");
        let answered_at = if n < 6 { None } else { answered(&mut rng, at, now) };
        write(&Said {
            platform,
            author,
            profile: author,
            email: "",
            phone: "",
            words,
            rating: None,
            at,
            answered_at,
        });
    }
    let body = writer.into_inner().unwrap_or_default();
    [HEADER.join(",").as_bytes(), b"\n", &body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_the_same_every_time_and_of_the_past() {
        let now = Time::from_millis(1_725_175_800_000);
        let file = reviews_csv(now, &TimeZone::UTC);
        assert_eq!(file, reviews_csv(now, &TimeZone::UTC));
        let mut reader = csv::Reader::from_reader(file.as_slice());
        let at = reader.headers().unwrap().iter().position(|h| h == "published_at").unwrap();
        let rows: Vec<_> = reader.records().flatten().collect();
        assert!((60..600).contains(&rows.len()), "{}", rows.len());
        assert!(
            rows.iter().all(|r| r[at].parse::<jiff::Timestamp>().unwrap().as_millisecond() < now.millis())
        );
    }
}
