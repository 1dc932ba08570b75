//! Whether a short reply asks to stop (47 CFR 64.1200(a)(10) "any reasonable means", 38-FZ art. 18
//! "stop at once"): words in Russian, Ukrainian and English, in any case, with punctuation, and with
//! Latin look-alike letters in Cyrillic words.

/// A single word that stops alone or as the first word of a short text.
const WORDS: &[&str] = &[
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "quit",
    "end",
    "revoke",
    "optout",
    "remove",
    "стоп",
    "отпишись",
    "отписаться",
    "отписка",
    "отпишите",
    "отменить",
    "отказ",
    "отказываюсь",
    "удалите",
    "удалить",
    "хватит",
    "відписатися",
    "відписатись",
    "відписка",
    "відпишіть",
    "відмова",
    "відмовляюся",
    "відмовляюсь",
    "видаліть",
    "видалити",
    "досить",
    "скасувати",
];

/// Phrases that stop wherever they stand.
const PHRASES: &[&str] = &[
    "opt out",
    "do not contact",
    "dont contact",
    "do not text",
    "dont text",
    "do not call",
    "dont call",
    "do not write",
    "remove me",
    "stop texting",
    "stop calling",
    "stop sending",
    "unsubscribe me",
    "не пишите",
    "не звоните",
    "не беспокоить",
    "не беспокойте",
    "не присылайте",
    "не отправляйте",
    "отпишите меня",
    "отписаться от",
    "хочу отписаться",
    "уберите меня",
    "удалите меня",
    "удалите мой номер",
    "прекратите",
    "не пишіть",
    "не дзвоніть",
    "не турбувати",
    "не турбуйте",
    "не надсилайте",
    "не присилайте",
    "відпишіть мене",
    "хочу відписатися",
    "приберіть мене",
    "видаліть мене",
    "видаліть мій номер",
    "припиніть",
];

/// Lower case, letters and digits only, single spaces; `ё` as `е`; a word that mixes scripts is read
/// as Cyrillic when its Latin letters all look like Cyrillic ones.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut words = Vec::new();
    let lower = text.to_lowercase();
    for raw in lower.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’' || c == '-')) {
        let word: String =
            raw.chars().filter(|c| c.is_alphanumeric()).map(|c| if c == 'ё' { 'е' } else { c }).collect();
        if word.is_empty() {
            continue;
        }
        words.push(settle_script(&word));
    }
    words.join(" ")
}

fn settle_script(word: &str) -> String {
    let cyrillic = word.chars().any(|c| ('а'..='я').contains(&c) || matches!(c, 'і' | 'ї' | 'є' | 'ґ'));
    let latin = word.chars().any(|c| c.is_ascii_alphabetic());
    if !(cyrillic && latin) {
        return word.to_owned();
    }
    word.chars()
        .map(|c| match c {
            'a' => 'а',
            'c' => 'с',
            'e' => 'е',
            'i' => 'і',
            'k' => 'к',
            'm' => 'м',
            'h' => 'н',
            'o' => 'о',
            'p' => 'р',
            't' => 'т',
            'x' => 'х',
            'y' => 'у',
            'b' => 'в',
            other => other,
        })
        .collect()
}

/// Whether the text asks to stop. A stop word counts alone, or first in a text of at most four words:
/// "stop by the shop tomorrow with my order" asks for nothing of the kind.
#[must_use]
pub fn asks_to_stop(text: &str) -> bool {
    let folded = fold(text);
    let mut words = folded.split(' ');
    let Some(first) = words.next().filter(|w| !w.is_empty()) else {
        return false;
    };
    let rest = words.count();
    if rest <= 3 && WORDS.contains(&first) {
        return true;
    }
    let padded = format!(" {folded} ");
    PHRASES.iter().any(|phrase| padded.contains(&format!(" {phrase} ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hears_three_languages() {
        for text in [
            "STOP",
            "Stop.",
            " стоп!!! ",
            "СТОП рассылка",
            "CTОП",
            "Відписатися",
            "ВІДПИСКА",
            "Отписаться",
            "unsubscribe please",
            "Больше не пишите мне, пожалуйста",
            "Прошу мене не турбувати",
            "don't text me again, this is the third time already",
            "opt-out? opt out",
        ] {
            assert!(asks_to_stop(text), "{text}");
        }
    }

    #[test]
    fn leaves_other_answers_alone() {
        for text in [
            "",
            "да, пришлите каталог",
            "ok",
            "Дякую, замовлю завтра",
            "stop by the shop tomorrow with my order",
            "Остановка автобуса",
            "когда конец акции?",
            "weekend",
        ] {
            assert!(!asks_to_stop(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn case_and_punctuation_never_matter(i in 0usize..31, upper: bool, tail in "[!?. ]{0,5}") {
            let word = WORDS[i % WORDS.len()];
            let text = if upper { word.to_uppercase() } else { word.to_owned() };
            let message = format!("{text}{tail}");
            prop_assert!(asks_to_stop(&message), "{}", message);
        }

        #[test]
        fn never_panics(text in "\\PC{0,100}") {
            let _ = asks_to_stop(&text);
        }
    }
}
