//! Other spellings of a half-typed name, for looking it up by its beginning: Latin for Cyrillic and the other way round, Ukrainian for
//! Russian. Looking up is by an index of names as written, so the few likely spellings are tried; telling people apart is left to
//! comparing.

/// Latin letters of the usual transliterations, longest first, with what they stand for in Ukrainian and in Russian.
const FROM_LATIN: [(&str, &str, &str); 39] = [
    ("shch", "щ", "щ"),
    ("zh", "ж", "ж"),
    ("kh", "х", "х"),
    ("ch", "ч", "ч"),
    ("sh", "ш", "ш"),
    ("ts", "ц", "ц"),
    ("ya", "я", "я"),
    ("ia", "я", "я"),
    ("yu", "ю", "ю"),
    ("iu", "ю", "ю"),
    ("ye", "є", "е"),
    ("ie", "є", "е"),
    ("yi", "ї", "ий"),
    ("a", "а", "а"),
    ("b", "б", "б"),
    ("c", "ц", "ц"),
    ("d", "д", "д"),
    ("e", "е", "е"),
    ("f", "ф", "ф"),
    ("g", "г", "г"),
    ("h", "г", "х"),
    ("i", "і", "и"),
    ("j", "й", "й"),
    ("k", "к", "к"),
    ("l", "л", "л"),
    ("m", "м", "м"),
    ("n", "н", "н"),
    ("o", "о", "о"),
    ("p", "п", "п"),
    ("q", "к", "к"),
    ("r", "р", "р"),
    ("s", "с", "с"),
    ("t", "т", "т"),
    ("u", "у", "у"),
    ("v", "в", "в"),
    ("w", "в", "в"),
    ("x", "кс", "кс"),
    ("y", "и", "ы"),
    ("z", "з", "з"),
];

/// The spellings to look for, the typed one first, each once.
#[must_use]
pub fn of(word: &str) -> Vec<String> {
    let typed = word.to_lowercase();
    let mut out = vec![typed.clone()];
    let mut add = |spelling: String| {
        if !out.contains(&spelling) {
            out.push(spelling);
        }
    };
    if typed.is_ascii() {
        add(from_latin(&typed, |entry| entry.1));
        add(from_latin(&typed, |entry| entry.2));
    } else {
        let ukrainian = replaced(&typed, &[('ы', "и"), ('э', "е"), ('ё', "йо"), ('ъ', "'")]);
        add(replaced(&ukrainian, &[('и', "і")]));
        add(ukrainian);
        let russian = replaced(&typed, &[('є', "е"), ('ї', "и"), ('ґ', "г"), ('\'', "ъ")]);
        add(replaced(&russian, &[('и', "ы"), ('і', "и")]));
        add(replaced(&russian, &[('і', "и")]));
        add(to_latin(&typed));
    }
    out
}

fn replaced(word: &str, pairs: &[(char, &str)]) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        match pairs.iter().find(|(from, _)| *from == c) {
            Some((_, to)) => out.push_str(to),
            None => out.push(c),
        }
    }
    out
}

fn from_latin(word: &str, pick: impl Fn(&(&str, &'static str, &'static str)) -> &'static str) -> String {
    let mut out = String::with_capacity(word.len() * 2);
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        if let Some(entry) = FROM_LATIN.iter().find(|(latin, ..)| rest.starts_with(latin)) {
            out.push_str(pick(entry));
            rest = &rest[entry.0.len()..];
        } else {
            out.push(if c == '\'' { 'ь' } else { c });
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// As Ukrainian passports have it (resolution 55 of the Cabinet of Ministers, 2010), without its rules for the start of a word.
fn to_latin(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        let latin = match c {
            'г' => "h",
            'ґ' => "g",
            'и' | 'ы' => "y",
            'і' | 'ї' | 'й' => "i",
            'є' => "ie",
            'э' | 'ё' => "e",
            'ь' | 'ъ' | '\'' | '’' => "",
            _ => match FROM_LATIN.iter().find(|(_, cyrillic, _)| cyrillic.chars().eq([c])) {
                Some((latin, ..)) => latin,
                None => {
                    out.push(c);
                    continue;
                }
            },
        };
        out.push_str(latin);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_from_any_script() {
        assert!(of("Shevchen").contains(&"шевчен".to_owned()));
        assert!(of("Тимош").contains(&"tymosh".to_owned()));
        assert!(of("Сидоренко").contains(&"сідоренко".to_owned()));
        assert!(of("Білоус").contains(&"билоус".to_owned()));
        assert_eq!(of("Shevchenko")[0], "shevchenko");
        assert!(of("Иванова").len() <= 6);
    }
}
