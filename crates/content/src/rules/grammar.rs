//! Lists, quotes and plurals of the three languages.

use basis::{Lang, fold, visible};

/// A title as it came from an order, made fit for a sentence: no outer quotes, no line breaks, cut at 80 letters.
pub fn clean_title(raw: &str) -> String {
    let text = visible(raw);
    let inner = strip_outer_quotes(text.trim());
    let mut title: String = inner.chars().take(80).collect();
    if inner.chars().count() > 80 {
        title = title.trim_end().to_owned();
        title.push('…');
    }
    title
}

fn strip_outer_quotes(text: &str) -> &str {
    const PAIRS: [(char, char); 6] =
        [('"', '"'), ('«', '»'), ('„', '“'), ('“', '”'), ('„', '”'), ('\'', '\'')];
    for (open, close) in PAIRS {
        if let Some(inner) = text.strip_prefix(open).and_then(|t| t.strip_suffix(close))
            && !inner.is_empty()
            && !inner.contains([open, close])
        {
            return inner.trim();
        }
    }
    text
}

/// A title in the quotes of a language; straight or foreign quotes inside become the inner pair.
/// Russian and Ukrainian: «» and „“ (Мильчин; Український правопис 2019, § 166); English: “” and ‘’.
pub fn quoted(title: &str, lang: Lang) -> String {
    let (open, close, inner_open, inner_close) = match lang {
        Lang::Ru | Lang::Uk => ('«', '»', '„', '“'),
        Lang::En => ('“', '”', '‘', '’'),
    };
    let mut out = String::with_capacity(title.len() + 4);
    out.push(open);
    let mut before = ' ';
    let mut inside = false;
    for c in title.chars() {
        match c {
            '"' => {
                let opens = !inside && !before.is_alphanumeric();
                inside = opens;
                out.push(if opens { inner_open } else { inner_close });
            }
            '«' | '„' => {
                inside = true;
                out.push(inner_open);
            }
            '»' | '”' => {
                inside = false;
                out.push(inner_close);
            }
            // “ opens in English and closes in Russian and Ukrainian.
            '“' => {
                out.push(if inside { inner_close } else { inner_open });
                inside = !inside;
            }
            c => out.push(c),
        }
        before = c;
    }
    out.push(close);
    out
}

/// `A`, `A и B`, `A, B и C`; in English with the serial comma. Ukrainian takes «та» before a vowel sound of «і».
pub fn list(items: &[String], lang: Lang) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => {
            let comma = if lang == Lang::En && first.len() > 1 { "," } else { "" };
            format!("{}{comma} {} {last}", first.join(", "), conjunction(last, lang))
        }
    }
}

fn conjunction(next: &str, lang: Lang) -> &'static str {
    match lang {
        Lang::Ru => "и",
        Lang::En => "and",
        Lang::Uk => {
            let first = next.chars().find(|c| c.is_alphanumeric()).and_then(|c| c.to_lowercase().next());
            if matches!(first, Some('і' | 'ї' | 'й' | 'є' | 'ю' | 'я' | 'i' | 'y')) {
                "та"
            } else {
                "і"
            }
        }
    }
}

/// Each title in quotes, the whole as a list.
pub fn quoted_list(titles: &[String], lang: Lang) -> String {
    let quoted: Vec<String> = titles.iter().map(|title| quoted(title, lang)).collect();
    list(&quoted, lang)
}

/// The first `limit` different titles, each clean; the order stays.
pub fn distinct_titles<'a>(raw: impl IntoIterator<Item = &'a str>, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut titles = Vec::new();
    for title in raw.into_iter().map(clean_title) {
        let key = fold(&title);
        if key.is_empty() || seen.contains(&key) {
            continue;
        }
        seen.push(key);
        titles.push(title);
        if titles.len() == limit {
            break;
        }
    }
    titles
}

/// Which of the forms goes with a number: `одна книга, две книги, пять книг`; English uses the first and the last.
pub fn plural<'a>(n: i64, lang: Lang, one: &'a str, few: &'a str, many: &'a str) -> &'a str {
    let n = n.unsigned_abs();
    match lang {
        Lang::En => {
            if n == 1 {
                one
            } else {
                many
            }
        }
        Lang::Ru | Lang::Uk => match (n % 10, n % 100) {
            (1, rest) if rest != 11 => one,
            (2..=4, rest) if !(12..=14).contains(&rest) => few,
            _ => many,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn titles(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn lists_follow_the_language() {
        let three = titles(&["Хоббит", "Кобзар", "Мёртвые души"]);
        assert_eq!(quoted_list(&three, Lang::Ru), "«Хоббит», «Кобзар» и «Мёртвые души»");
        assert_eq!(quoted_list(&three, Lang::Uk), "«Хоббит», «Кобзар» і «Мёртвые души»");
        assert_eq!(quoted_list(&three, Lang::En), "“Хоббит”, “Кобзар”, and “Мёртвые души”");
        assert_eq!(quoted_list(&three[..2], Lang::En), "“Хоббит” and “Кобзар”");
        assert_eq!(quoted_list(&three[..1], Lang::Ru), "«Хоббит»");
        assert_eq!(quoted_list(&[], Lang::Ru), "");
        assert_eq!(quoted_list(&titles(&["Кобзар", "Intermezzo"]), Lang::Uk), "«Кобзар» та «Intermezzo»");
    }

    #[test]
    fn quotes_inside_quotes_take_the_inner_pair() {
        assert_eq!(quoted("Сказки \"Колобок\" и другие", Lang::Ru), "«Сказки „Колобок“ и другие»");
        assert_eq!(quoted("«Нова» пошта", Lang::Uk), "«„Нова“ пошта»");
        assert_eq!(quoted("The \"Raven\"", Lang::En), "“The ‘Raven’”");
    }

    #[test]
    fn titles_lose_their_outer_quotes_and_repeats() {
        assert_eq!(clean_title("\"Дюна\""), "Дюна");
        assert_eq!(clean_title("  «Кобзар»\n"), "Кобзар");
        assert_eq!(clean_title("\"А\" и \"Б\""), "\"А\" и \"Б\"");
        assert_eq!(clean_title(&"я".repeat(10_000)).chars().count(), 81);
        let kept = distinct_titles(["Дюна", "\"ДЮНА\"", "", "Хоббит", "Кобзар", "Лис"], 3);
        assert_eq!(kept, ["Дюна", "Хоббит", "Кобзар"]);
    }

    #[test]
    fn numbers_take_their_form() {
        let form = |n| plural(n, Lang::Ru, "книга", "книги", "книг");
        assert_eq!(
            [1, 2, 5, 11, 21, 112, 0].map(form),
            ["книга", "книги", "книг", "книг", "книга", "книг", "книг"]
        );
        assert_eq!(plural(2, Lang::En, "book", "", "books"), "books");
    }

    proptest! {
        #[test]
        fn every_title_of_a_list_is_in_it(names in prop::collection::vec("[а-яa-z ]{1,12}", 0..5)) {
            for lang in Lang::ALL {
                let text = list(&names, lang);
                prop_assert!(names.iter().all(|name| text.contains(name.as_str())));
            }
        }
    }
}
