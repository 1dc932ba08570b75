//! Words that often stand in complaints, and what they are about. A hint for the eye and nothing more: a person decides.

/// (topic, beginnings of words in Russian, Ukrainian and English).
const WORDS: [(&str, &[&str]); 6] = [
    (
        "delivery",
        &[
            "опозда",
            "задерж",
            "не привез",
            "не достав",
            "запізн",
            "затрим",
            "не довез",
            "не доставили",
            "late deliver",
            "never arrived",
            "not delivered",
        ],
    ),
    (
        "product",
        &[
            "брак",
            "порван",
            "сломан",
            "поврежд",
            "помят",
            "порвана",
            "зламан",
            "пошкодж",
            "пом'ят",
            "broken",
            "damaged",
            "torn",
        ],
    ),
    (
        "service",
        &[
            "хам",
            "груб",
            "игнорир",
            "не отвеча",
            "не перезвон",
            "ігнору",
            "не відповіда",
            "не передзвон",
            "rude",
            "ignored",
            "no answer",
            "no reply",
        ],
    ),
    (
        "return",
        &[
            "верните",
            "вернуть деньги",
            "возврат",
            "поверніть",
            "повернути гроші",
            "повернення",
            "refund",
            "money back",
        ],
    ),
    (
        "payment",
        &["списали дважды", "не прошла оплата", "списали двічі", "не пройшла оплата", "charged twice"],
    ),
    (
        "other",
        &["ужас", "обман", "отврат", "жахлив", "обдур", "жах", "terrible", "awful", "scam", "never again"],
    ),
];

/// A hint: the topic, and the beginning of the word that it rests on.
#[must_use]
pub fn hint(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.to_lowercase().replace('ё', "е").replace('’', "'");
    WORDS.iter().find_map(|(topic, words)| {
        words.iter().find(|word| starts_a_word(&text, word)).map(|word| (*topic, *word))
    })
}

fn starts_a_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].chars().next_back().is_some_and(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_word_hints_in_three_languages() {
        assert_eq!(hint("Курьер опять ОПОЗДАЛ!"), Some(("delivery", "опозда")));
        assert_eq!(hint("Книга прийшла пошкодженою"), Some(("product", "пошкодж")));
        assert_eq!(hint("The support was rude to me"), Some(("service", "rude")));
        assert_eq!(hint("Спасибо, всё отлично"), None);
        assert_eq!(hint("Собрак"), None, "inside of a word it means nothing");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            let _ = hint(&text);
        }
    }
}
