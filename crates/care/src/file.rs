//! A file of mentions: a table as the readers of `ingest` read it, or JSON in the shape of the API.

use basis::{Fault, Time};
use ingest::{
    Input, Mapping, Setting, Shape, read_table,
    rules::dates::{DateOrder, OrderEvidence, parse_date},
};
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Mention, rules::step::TOPICS};

/// Rows of one file.
const MOST: usize = 50_000;

/// A row that was not taken: where and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refused {
    /// Line of the file, row of the sheet, or number of the entry in JSON; from 1.
    pub line: u64,
    pub column: String,
    pub what: String,
}

/// What a file holds.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub mentions: Vec<Mention>,
    pub refused: Vec<Refused>,
}

/// What columns may be called, in three languages; compared without case and signs.
const COLUMNS: [(&str, &[&str]); 16] = [
    (
        "platform",
        &[
            "platform",
            "платформа",
            "площадка",
            "майданчик",
            "сеть",
            "соцсеть",
            "мережа",
            "соцмережа",
            "network",
        ],
    ),
    ("external_id", &["externalid", "id", "reviewid", "mentionid", "номер", "код"]),
    ("author", &["author", "name", "автор", "имя", "імя", "ім'я", "клиент", "клієнт"]),
    ("profile", &["profile", "handle", "профиль", "профіль", "никнейм", "ник", "нік", "username"]),
    ("email", &["email", "e-mail", "почта", "пошта", "mail"]),
    ("phone", &["phone", "телефон", "тел"]),
    (
        "text",
        &[
            "text",
            "comment",
            "review",
            "message",
            "текст",
            "отзыв",
            "відгук",
            "сообщение",
            "повідомлення",
            "комментарий",
            "коментар",
        ],
    ),
    ("url", &["url", "link", "ссылка", "посилання"]),
    (
        "published_at",
        &["publishedat", "published", "date", "created", "дата", "опубликовано", "опубліковано"],
    ),
    ("rating", &["rating", "stars", "score", "оценка", "оцінка", "рейтинг", "звезды", "зірки"]),
    ("product", &["product", "товар", "продукт"]),
    ("order", &["order", "orderno", "ordernumber", "заказ", "замовлення", "номерзаказа", "номерзамовлення"]),
    ("topic", &["topic", "тема"]),
    ("negative", &["negative", "негатив"]),
    ("answered_at", &["answeredat", "answered", "датаответа", "датавідповіді", "ответили", "відповіли"]),
    ("answer", &["answer", "reply", "ответ", "відповідь"]),
];

/// Reads a file. `order` says how its dates are written when they can be read two ways.
///
/// # Errors
/// A file that is no table and no JSON, has no column that is needed, or whose dates can be read two ways.
pub fn read(
    name: &str,
    bytes: &[u8],
    zone: &TimeZone,
    order: Option<DateOrder>,
    now: Time,
) -> Result<Reading, Fault> {
    let first = bytes.iter().copied().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xEF | 0xBB | 0xBF));
    let mut reading: Raw = if matches!(first, Some(b'[' | b'{')) {
        json(bytes)?
    } else {
        table(&Input::bytes(name, bytes.to_vec()), zone, order)?
    };
    let mut lines = std::mem::take(&mut reading.mentions).into_iter();
    let places = std::mem::take(&mut reading.places);
    for line in places {
        let Some(mention) = lines.next() else { break };
        match mention.odd(now) {
            Some((field, what)) => {
                reading.refused.push(Refused { line, column: column_of(&reading.headers, field), what });
            }
            None => reading.mentions.push(mention),
        }
    }
    reading.refused.sort_by_key(|r| r.line);
    Ok(Reading { mentions: reading.mentions, refused: reading.refused })
}

/// A file as it is, before its values are judged.
#[derive(Default)]
struct Raw {
    mentions: Vec<Mention>,
    /// Where each mention stood.
    places: Vec<u64>,
    refused: Vec<Refused>,
    /// What the file calls each field.
    headers: Vec<(&'static str, String)>,
}

fn column_of(headers: &[(&'static str, String)], field: &str) -> String {
    headers.iter().find(|(f, _)| *f == field).map_or_else(|| field.to_owned(), |(_, h)| h.clone())
}

fn too_many() -> Fault {
    Fault::too_large("care_too_large", format!("A file holds at most {MOST} mentions; cut it into parts."))
}

fn json(bytes: &[u8]) -> Result<Raw, Fault> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Fault::invalid("care_json", "JSON has to be written in UTF-8."))?
        .trim_start_matches('\u{feff}');
    let odd = |e: &serde_json::Error| {
        Fault::invalid("care_json", format!("This is no JSON: {e}"))
            .with_field(format!("line {}, column {}", e.line(), e.column()), e.to_string())
    };
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| odd(&e))?;
    let list = match value {
        serde_json::Value::Array(list) => list,
        serde_json::Value::Object(mut object) => match object.remove("mentions") {
            Some(serde_json::Value::Array(list)) => list,
            _ => vec![serde_json::Value::Object(object)],
        },
        _ => Vec::new(),
    };
    if list.len() > MOST {
        return Err(too_many());
    }
    let mut raw = Raw::default();
    for (line, entry) in (1..).zip(list) {
        match serde_json::from_value::<Mention>(entry) {
            Ok(mention) => {
                raw.mentions.push(mention);
                raw.places.push(line);
            }
            Err(e) => raw.refused.push(Refused { line, column: String::new(), what: e.to_string() }),
        }
    }
    Ok(raw)
}

/// The field of each column that has one.
fn fields(shape: &Shape) -> Vec<(&'static str, usize)> {
    let plain = |text: &str| -> String {
        text.to_lowercase().chars().filter(|c| c.is_alphanumeric() || matches!(c, '\'' | '-')).collect()
    };
    let headers: Vec<String> = shape.headers.iter().map(|h| plain(h)).collect();
    COLUMNS
        .iter()
        .filter_map(|(field, words)| {
            let at = headers.iter().position(|h| words.contains(&h.as_str()))?;
            Some((*field, at))
        })
        .collect()
}

fn table(input: &Input, zone: &TimeZone, order: Option<DateOrder>) -> Result<Raw, Fault> {
    // The columns are ours, so are their dates: what the readers guess of them does not matter.
    let mapping = Mapping::parse("[file]\ndate_order = \"dmy\"\n")
        .map_err(|e| Fault::internal("care_mapping", e.to_string()))?;
    let open = || -> Result<_, Fault> {
        Ok(read_table(input, Some(&mapping), &Setting { timezone: zone.clone(), ..Setting::default() })?
            .padding())
    };
    let mut table = open()?;
    let fields = fields(table.shape());
    let at = |field: &str| fields.iter().find(|(f, _)| *f == field).map(|(_, at)| *at);
    let headers: Vec<(&'static str, String)> =
        fields.iter().filter_map(|(f, at)| table.shape().headers.get(*at).map(|h| (*f, h.clone()))).collect();
    let needed = [("platform", at("platform")), ("published_at", at("published_at"))];
    if let Some((missing, _)) = needed.iter().find(|(_, at)| at.is_none()) {
        let what = format!("the file has: {}", table.shape().headers.join(", "));
        return Err(Fault::invalid(
            "care_columns",
            "The file needs columns platform, published_at, and text or rating.",
        )
        .with_field(*missing, what));
    }
    if at("text").is_none() && at("rating").is_none() {
        let what = format!("the file has: {}", table.shape().headers.join(", "));
        return Err(Fault::invalid(
            "care_columns",
            "The file needs columns platform, published_at, and text or rating.",
        )
        .with_field("text", what));
    }
    let dates = [at("published_at"), at("answered_at")];
    let mut evidence = OrderEvidence::default();
    while let Some(row) = table.next_row()? {
        if let Ok(row) = row {
            dates.iter().flatten().for_each(|at| evidence.add(row.cells().get(*at)));
        }
    }
    let order = order.or_else(|| evidence.order()).ok_or_else(|| {
        Fault::invalid(
            "care_dates",
            "Days and months of this file can be read two ways: say which comes first.",
        )
        .with_field("date_order", "dmy or mdy")
    })?;
    let mut raw = Raw { headers, ..Raw::default() };
    let mut table = open()?;
    while let Some(row) = table.next_row()? {
        if raw.mentions.len() + raw.refused.len() >= MOST {
            return Err(too_many());
        }
        let (line, read) = match row {
            Ok(row) => {
                let cell = |field: &str| at(field).map_or("", |at| row.cells().get(at)).trim();
                (row.line, mention(&cell, zone, order))
            }
            Err(reject) => {
                (reject.line, Err((reject.column.clone().unwrap_or_default(), reject.reason.to_string())))
            }
        };
        match read {
            Ok(mention) => {
                raw.mentions.push(mention);
                raw.places.push(line);
            }
            Err((field, what)) => {
                raw.refused.push(Refused { line, column: column_of(&raw.headers, &field), what });
            }
        }
    }
    Ok(raw)
}

fn mention<'a>(
    cell: &dyn Fn(&str) -> &'a str,
    zone: &TimeZone,
    order: DateOrder,
) -> Result<Mention, (String, String)> {
    let moment = |field: &str| -> Result<Option<Time>, (String, String)> {
        let text = cell(field);
        if text.is_empty() {
            return Ok(None);
        }
        let odd = || (field.to_owned(), format!("\"{}\" is not a date", basis::visible(text)));
        let parsed = parse_date(text, order).map_err(|_| odd())?;
        let zoned = match parsed.offset_seconds {
            Some(seconds) => jiff::tz::Offset::from_seconds(seconds)
                .and_then(|offset| offset.to_timestamp(parsed.at))
                .map_err(|_| odd())?,
            None => parsed.at.to_zoned(zone.clone()).map_err(|_| odd())?.timestamp(),
        };
        Ok(Some(Time::from(zoned)))
    };
    let rating = match cell("rating") {
        "" | "-" | "–" => None,
        text => Some(stars(text).ok_or_else(|| {
            ("rating".to_owned(), format!("\"{}\" is not a rating from 1 to 5", basis::visible(text)))
        })?),
    };
    let own = |field: &str| cell(field).to_owned();
    let topic = cell("topic").to_lowercase();
    if !topic.is_empty() && !TOPICS.contains(&topic.as_str()) {
        return Err(("topic".to_owned(), format!("\"{topic}\" is not one of: {}", TOPICS.join(", "))));
    }
    Ok(Mention {
        platform: own("platform"),
        external_id: own("external_id"),
        author: own("author"),
        profile: own("profile"),
        email: own("email"),
        phone: own("phone"),
        text: own("text"),
        url: own("url"),
        published_at: moment("published_at")?,
        rating,
        product: own("product"),
        order: own("order"),
        topic,
        negative: matches!(
            cell("negative").to_lowercase().as_str(),
            "1" | "yes" | "true" | "да" | "так" | "+"
        ),
        answered_at: moment("answered_at")?,
        answer: own("answer"),
    })
}

/// `4`, `4.0`, `4/5`, `4 из 5`, `★★★★☆`.
fn stars(text: &str) -> Option<i64> {
    if text.contains('★') {
        return i64::try_from(text.matches('★').count()).ok();
    }
    let number: String = text.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    let rest = text.get(number.len()..).unwrap_or_default().trim();
    if !matches!(rest, "" | "/5" | "/ 5" | "из 5" | "з 5" | "of 5" | "out of 5") {
        return None;
    }
    let (whole, part) = number.split_once(['.', ',']).unwrap_or((&number, ""));
    (part.bytes().all(|b| b == b'0') && !whole.is_empty()).then(|| whole.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Time = Time::from_millis(1_725_181_200_000);

    fn of(text: &str) -> Result<Reading, Fault> {
        read("reviews.csv", text.as_bytes(), &TimeZone::UTC, None, NOW)
    }

    #[test]
    fn a_table_is_read_with_its_faults_by_place() {
        let read = of("Площадка;Автор;Дата;Оценка;Отзыв\n\
             Google;Ольга;25.08.2024 10:30;2/5;Опоздали\n\
             Google;Иван;вчера;5;Спасибо\n\
             Google;Пётр;26.08.2024;9;Хм\n\
             ;Анна;26.08.2024;5;Хм\n")
        .unwrap();
        assert_eq!(read.mentions.len(), 1);
        let m = &read.mentions[0];
        assert_eq!((m.platform.as_str(), m.rating, m.text.as_str()), ("Google", Some(2), "Опоздали"));
        assert_eq!(m.published_at, Some(Time::from_millis(1_724_581_800_000)));
        let places: Vec<(u64, &str)> = read.refused.iter().map(|r| (r.line, r.column.as_str())).collect();
        assert_eq!(places, [(3, "Дата"), (4, "Оценка"), (5, "Площадка")]);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert_eq!(of("a,b\n1,2\n").unwrap_err().code, "care_columns");
        assert_eq!(of("platform,date,text\nx,02/03/2024,y\n").unwrap_err().code, "care_dates");
        let both =
            read("x", b"platform,date,text\nx,02/03/2024,y\n", &TimeZone::UTC, Some(DateOrder::Mdy), NOW);
        assert_eq!(both.unwrap().mentions[0].published_at, Some(Time::from_millis(1_706_918_400_000)));
        let fault = of("[{\"platform\": \"x\",}]").unwrap_err();
        assert_eq!((fault.code, fault.fields[0].0.as_str()), ("care_json", "line 1, column 19"));
        let read = of(r#"{"mentions": [{"platform": "x", "text": "y", "published_at": "2024-08-01T10:00:00Z"}, {"platform": 1}]}"#).unwrap();
        assert_eq!((read.mentions.len(), read.refused[0].line), (1, 2));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read("x", &bytes, &TimeZone::UTC, None, NOW);
        }

        #[test]
        fn no_row_is_lost(ratings in proptest::collection::vec(0_i64..9, 1..20)) {
            let mut text = "platform,date,rating,text\n".to_owned();
            for r in &ratings {
                text.push_str(&format!("x,2024-08-01,{r},y\n"));
            }
            let read = of(&text).unwrap();
            prop_assert_eq!(read.mentions.len() + read.refused.len(), ratings.len());
            prop_assert_eq!(read.mentions.len(), ratings.iter().filter(|r| (1..=5).contains(*r)).count());
        }
    }
}
