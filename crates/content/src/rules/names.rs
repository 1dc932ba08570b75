//! How a letter speaks to a person.

use basis::{Lang, visible};

/// A given name as typed (`ОЛЕНА`, `олена`, `O'Brien`) in the form of a letter, or nothing when it cannot be one
/// (initials, digits, a company).
pub fn display_given_name(raw: &str) -> Option<String> {
    let name = visible(raw);
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let odd = name.chars().any(|c| !c.is_alphabetic() && !matches!(c, '-' | '\'' | '’' | 'ʼ' | ' '));
    if letters < 2 || odd || name.chars().count() > 40 || name.split(' ').count() > 2 {
        return None;
    }
    Some(
        name.split(' ')
            .map(|word| word.split('-').map(capitalised).collect::<Vec<_>>().join("-"))
            .collect::<Vec<_>>()
            .join(" "),
    )
}

fn capitalised(word: &str) -> String {
    let mixed = word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
    if mixed {
        return word.to_owned();
    }
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect()
    })
}

/// The opening line without its mark: `Здравствуйте, Наталья`, `Вітаємо, Наталіє`, `Hello, Natalia`.
/// Russian and English address by the nominative. Ukrainian asks for the vocative; where a name's vocative is not
/// certain the line goes without the name rather than with a wrong ending.
pub fn greeting(given: Option<&str>, lang: Lang) -> String {
    let named = given.and_then(|name| match lang {
        Lang::Ru => Some(format!("Здравствуйте, {name}")),
        Lang::En => Some(format!("Hello, {name}")),
        Lang::Uk => vocative_uk(name).map(|name| format!("Вітаємо, {name}")),
    });
    named.unwrap_or_else(|| {
        match lang {
            Lang::Ru => "Здравствуйте",
            Lang::Uk => "Добрий день",
            Lang::En => "Hello",
        }
        .to_owned()
    })
}

/// The Ukrainian vocative of a given name, by the ending (Український правопис 2019, § 87), or nothing when the
/// ending leaves a choice.
pub fn vocative_uk(name: &str) -> Option<String> {
    if name.contains([' ', '-']) || name.chars().any(|c| "ыэъёЫЭЪЁ".contains(c) || c.is_ascii()) {
        return None;
    }
    match name {
        "Лев" => return Some("Леве".to_owned()),
        "Любов" => return Some("Любове".to_owned()),
        "Нінель" | "Адель" | "Рахіль" | "Ізабель" | "Мішель" => return None,
        "Ілля" => return Some("Ілле".to_owned()),
        "Ігор" | "Лазар" => return Some(format!("{name}ю")),
        "Микита" | "Сава" | "Хома" | "Лука" => return swap(name, 1, "о"),
        _ => {}
    }
    let tail: Vec<char> = name.chars().rev().take(2).collect();
    let (last, before) = (*tail.first()?, *tail.get(1)?);
    let vowel = "аеєиіїоуюя".contains(before.to_ascii_lowercase());
    match last {
        'а' if "жчшщ".contains(before) => swap(name, 1, "о"),
        'а' if !vowel => swap(name, 1, "о"),
        'я' if vowel || matches!(before, '’' | '\'' | 'ʼ' | 'ь') => swap(name, 1, "є"),
        'я' => swap(name, 1, "ю"),
        'о' if before == 'к' => swap(name, 1, "у"),
        'о' => swap(name, 1, "е"),
        'й' | 'ь' => swap(name, 1, "ю"),
        'г' | 'к' | 'х' => Some(format!("{name}у")),
        c if "бвдзлмнпрстф".contains(c) => Some(format!("{name}е")),
        _ => None,
    }
}

fn swap(name: &str, cut: usize, ending: &str) -> Option<String> {
    let keep = name.chars().count().checked_sub(cut)?;
    Some(name.chars().take(keep).chain(ending.chars()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_people_write_them() {
        for (raw, shown) in [
            ("ОЛЕНА", Some("Олена")),
            ("олена", Some("Олена")),
            ("анна-мария", Some("Анна-Мария")),
            ("McDonald", Some("McDonald")),
            ("н.", None),
            ("Н", None),
            ("ТОВ \"Лис\"", None),
            ("user123", None),
            ("", None),
            ("\u{202e}Іван\u{200b}", Some("Іван")),
        ] {
            assert_eq!(display_given_name(raw).as_deref(), shown, "{raw}");
        }
    }

    #[test]
    fn ukrainian_names_take_the_vocative() {
        for (name, form) in [
            ("Наталія", "Наталіє"),
            ("Олена", "Олено"),
            ("Катя", "Катю"),
            ("Софія", "Софіє"),
            ("Іван", "Іване"),
            ("Андрій", "Андрію"),
            ("Дмитро", "Дмитре"),
            ("Марко", "Марку"),
            ("Олег", "Олегу"),
            ("Василь", "Василю"),
            ("Ігор", "Ігорю"),
            ("Олександр", "Олександре"),
            ("Любов", "Любове"),
            ("Дар’я", "Дар’є"),
            ("Тарас", "Тарасе"),
            ("Микола", "Миколо"),
            ("Ілля", "Ілле"),
            ("Ольга", "Ольго"),
        ] {
            assert_eq!(vocative_uk(name).as_deref(), Some(form));
        }
        assert_eq!(vocative_uk("Мэри"), None);
    }

    #[test]
    fn a_greeting_never_needs_a_name() {
        assert_eq!(greeting(Some("Наталья"), Lang::Ru), "Здравствуйте, Наталья");
        assert_eq!(greeting(Some("Наталія"), Lang::Uk), "Вітаємо, Наталіє");
        assert_eq!(greeting(Some("John"), Lang::Uk), "Добрий день");
        assert_eq!(greeting(None, Lang::En), "Hello");
    }
}
