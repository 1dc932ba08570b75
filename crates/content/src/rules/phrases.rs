//! Phrases a first letter shall not hold.
//!
//! "Valued customer" and its kin tell a person that nobody knows them; a first letter that sells is read as spam.
//! Both are found by word stems, so that every case and number of Russian and Ukrainian is covered.

/// Pairs (adjective stem, noun stem) within two words of one another, in either order.
const FLATTERY: &[(&[&str], &[&str])] = &[
    (
        &["уважаем", "дорог", "постоянн", "ценн", "лояльн", "любим", "преданн", "верн"],
        &["клиент", "покупател", "заказчик", "потребител", "пользовател"],
    ),
    (
        &["шановн", "дорог", "постійн", "цінн", "лояльн", "улюблен", "вірн", "відданн", "любий", "любі"],
        &["клієнт", "покупц", "покупець", "замовник", "споживач", "користувач"],
    ),
    (
        &["valued", "loyal", "dear", "esteemed", "faithful", "precious", "respected"],
        &["customer", "client", "buyer", "shopper", "patron"],
    ),
];

const SELLING: &[&str] = &[
    // Russian
    "купи",
    "куплю",
    "купите",
    "купить",
    "покупайте",
    "закажи",
    "заказать",
    "скидк",
    "распродаж",
    "акци",
    "дешев",
    "выгодн",
    "бесплатн",
    "промокод",
    "подарочн",
    "спецпредложен",
    "рассрочк",
    "кэшбэк",
    "кешбэк",
    "оплат",
    // Ukrainian
    "купіть",
    "купити",
    "купуй",
    "замовте",
    "замовити",
    "замовляйте",
    "знижк",
    "розпродаж",
    "акці",
    "дешевш",
    "вигідн",
    "безкоштовн",
    "подарунков",
    "спецпропозиц",
    "розстрочк",
    "кешбек",
    // English
    "buy",
    "discount",
    "sale",
    "sales",
    "order",
    "cheap",
    "cheaper",
    "free",
    "promo",
    "coupon",
    "voucher",
    "cashback",
    "bargain",
];
/// Past tenses and nouns that share a stem with a word of selling.
const NOT_SELLING: &[&str] = &["купили", "купила", "купил", "купленн", "придбали", "акцент"];

const CURRENCY: &[&str] =
    &["грн", "руб", "uah", "usd", "eur", "rub", "коп", "гривень", "гривні", "гривен", "рублей", "рубля"];
const SIGNS: &[char] = &['₴', '₽', '$', '€', '£'];

/// A found phrase, as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub excerpt: String,
    /// Byte offset in the text searched.
    pub at: usize,
}

struct Word<'a> {
    lower: String,
    at: usize,
    end: usize,
    text: &'a str,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut out = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let part = c.is_alphanumeric() || (matches!(c, '\'' | '’' | 'ʼ' | '\u{ad}') && start.is_some());
        match (part, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let lower =
                    text[from..at].to_lowercase().replace(['\u{ad}', '\'', '’', 'ʼ'], "").replace('ё', "е");
                out.push(Word { lower, at: from, end: at, text });
                start = None;
            }
            _ => {}
        }
    }
    out
}

impl Word<'_> {
    fn starts(&self, stems: &[&str]) -> bool {
        stems.iter().any(|stem| self.lower.starts_with(stem))
    }
    fn english_or_stem(&self, stems: &[&str]) -> bool {
        stems
            .iter()
            .any(|stem| if stem.is_ascii() { self.lower == *stem } else { self.lower.starts_with(stem) })
    }
    fn to(&self, last: &Word<'_>) -> Found {
        Found { excerpt: self.text[self.at..last.end].to_owned(), at: self.at }
    }
}

/// «Уважаемый клиент», «наших постоянных покупателей», «шановні клієнти», “valued customers”.
pub fn flattery(text: &str) -> Vec<Found> {
    let words = words(text);
    let mut found = Vec::new();
    for (i, word) in words.iter().enumerate() {
        for other in words.iter().skip(i + 1).take(2) {
            let near = text.get(word.end..other.at).is_some_and(|gap| !gap.contains(['.', '!', '?', '\n']));
            let hit = FLATTERY.iter().any(|(kind, who)| {
                (word.starts(kind) && other.starts(who))
                    || (word.starts(who) && other.starts(kind) && other.at - word.end == 1)
            });
            if near && hit {
                found.push(word.to(other));
            }
        }
    }
    found
}

/// Words of selling, prices, discounts.
pub fn selling(text: &str) -> Vec<Found> {
    let words = words(text);
    let mut found = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let number = word.lower.chars().next().is_some_and(|c| c.is_ascii_digit());
        if number {
            let after = text[word.end..].trim_start();
            let before = text[..word.at].trim_end();
            let priced = after.starts_with(SIGNS)
                || before.ends_with(SIGNS)
                || after.starts_with('%')
                || words
                    .get(i + 1)
                    .is_some_and(|next| next.at <= word.end + 2 && CURRENCY.contains(&next.lower.as_str()));
            if priced {
                let end = word.end + after.char_indices().nth(1).map_or(after.len(), |(n, _)| n);
                let start = if before.ends_with(SIGNS) {
                    before.char_indices().last().map_or(word.at, |(n, _)| n)
                } else {
                    word.at
                };
                let excerpt = text.get(start..end.max(word.end)).unwrap_or(&text[word.at..word.end]);
                found.push(Found { excerpt: excerpt.trim().to_owned(), at: word.at });
            }
        } else if word.english_or_stem(SELLING) && !word.starts(NOT_SELLING) {
            found.push(word.to(word));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattery_is_found_in_every_form() {
        for text in [
            "Уважаемый клиент!",
            "уважаемые наши покупатели",
            "Для наших постоянных клиентов",
            "ПОСТОЯННЫМ ПОКУПАТЕЛЯМ",
            "Дорогому покупателю",
            "клиент постоянный",
            "Шановний клієнте",
            "Шановні наші покупці",
            "постійним клієнтам",
            "Dear customer",
            "our valued customers",
            "a loyal client",
            "Шановному покупцю",
            "уважа\u{ad}емый клиент",
        ] {
            assert_eq!(flattery(text).len(), 1, "{text}");
        }
        for text in [
            "Уважаемая Наталья",
            "Клиент банка. Постоянный шум",
            "Дорога к покупателю долгая",
            "customer service",
            "Шановна Олено",
            "Спасибо, что читаете",
        ] {
            assert!(flattery(text).len() <= usize::from(text.starts_with("Дорога")), "{text}");
        }
        assert!(flattery("Клиент пришёл. Уважаемый автор").is_empty());
    }

    #[test]
    fn selling_is_found_and_thanks_are_not() {
        for text in [
            "Купить сейчас",
            "скидка",
            "знижки",
            "Только 199 грн",
            "всего за 5 ₴",
            "$10",
            "-15 %",
            "Buy now",
            "Замовте",
            "акция",
        ] {
            assert!(!selling(text).is_empty(), "{text}");
        }
        for text in [
            "Вы купили у нас «Кобзар»",
            "Ви придбали книгу",
            "You bought Emma",
            "Спасибо за покупку",
            "Том 2",
            "акцент",
            "Thank you for the border",
            "в 2023 году",
        ] {
            assert_eq!(selling(text), [], "{text}");
        }
        assert_eq!(selling("всего 199 грн!")[0].at, "всего ".len());
    }
}
