//! The language of a letter, from how the person's own name and address are spelt.

use basis::Lang;

/// Word beginnings and endings that only one of the two languages has, with how much each is worth.
/// Letters weigh most: a name with `і` cannot be Russian.
const RU_ENDINGS: &[&str] = &["евна", "овна", "ьевич", "ский", "ская", "цкий", "цкая"];
const UK_ENDINGS: &[&str] = &["івна", "ївна", "йович", "ський", "ська", "цький", "цька"];
const RU_NAMES: &[&str] = &[
    "елена",
    "наталья",
    "алексей",
    "николай",
    "дмитрий",
    "сергей",
    "андрей",
    "юлия",
    "мария",
    "анастасия",
    "евгений",
    "евгения",
    "екатерина",
    "александр",
    "александра",
    "владимир",
    "михаил",
    "татьяна",
    "ирина",
    "светлана",
    "людмила",
    "василий",
    "виктория",
    "виталий",
    "григорий",
    "юрий",
    "анатолий",
    "валерий",
    "геннадий",
    "павел",
    "пётр",
    "петр",
    "илья",
    "игорь",
    "надежда",
    "любовь",
    "дарья",
    "ксения",
    "фёдор",
];
const UK_NAMES: &[&str] = &[
    "олена",
    "наталія",
    "олексій",
    "микола",
    "дмитро",
    "сергій",
    "андрій",
    "юлія",
    "марія",
    "анастасія",
    "євген",
    "євгенія",
    "катерина",
    "олександр",
    "олександра",
    "володимир",
    "михайло",
    "тетяна",
    "ганна",
    "ірина",
    "світлана",
    "людмила",
    "василь",
    "вікторія",
    "віталій",
    "григорій",
    "юрій",
    "анатолій",
    "валерій",
    "геннадій",
    "павло",
    "петро",
    "ілля",
    "ігор",
    "надія",
    "любов",
    "дарʼя",
    "оксана",
    "федір",
    "пилип",
];

/// Points for Russian and for Ukrainian in one text of a person: a name, an address, a note.
pub fn spelling_votes(text: &str) -> (u32, u32) {
    let lower = text.to_lowercase();
    let (mut ru, mut uk) = (0, 0);
    for c in lower.chars() {
        match c {
            'ы' | 'э' | 'ё' | 'ъ' => ru += 4,
            'і' | 'ї' | 'є' | 'ґ' => uk += 4,
            _ => {}
        }
    }
    for word in
        lower.split(|c: char| !c.is_alphabetic() && !matches!(c, '\'' | '’' | 'ʼ')).filter(|w| w.len() > 3)
    {
        // An apostrophe within a Cyrillic word stands for Russian ъ.
        if word.contains(['\'', '’', 'ʼ']) && !word.is_ascii() {
            uk += 2;
        }
        let same = RU_NAMES.contains(&word) && UK_NAMES.contains(&word);
        if !same {
            ru += 3 * u32::from(RU_NAMES.contains(&word));
            uk += 3 * u32::from(UK_NAMES.contains(&word));
        }
        ru += 2 * u32::from(RU_ENDINGS.iter().any(|end| word.ends_with(end)));
        uk += 2 * u32::from(UK_ENDINGS.iter().any(|end| word.ends_with(end)));
    }
    (ru, uk)
}

/// Russian or Ukrainian when the spellings lean one way; nothing when they say nothing (Latin letters, a name both
/// languages write alike) or balance, and then the workspace's language holds.
pub fn choose_language<'a>(spellings: impl IntoIterator<Item = &'a str>) -> Option<Lang> {
    let (ru, uk) = spellings
        .into_iter()
        .map(spelling_votes)
        // One voice a text: a long note must not outvote three names.
        .fold((0_u32, 0_u32), |(r, u), (tr, tu)| match tr.cmp(&tu) {
            std::cmp::Ordering::Greater => (r + 1 + (tr - tu).min(4), u),
            std::cmp::Ordering::Less => (r, u + 1 + (tu - tr).min(4)),
            std::cmp::Ordering::Equal => (r, u),
        });
    match ru.cmp(&uk) {
        std::cmp::Ordering::Greater => Some(Lang::Ru),
        std::cmp::Ordering::Less => Some(Lang::Uk),
        std::cmp::Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_language() {
        for (name, lang) in [
            ("Терехина Наталья Алексеевна", Some(Lang::Ru)),
            ("Терьохіна Наталія Олексіївна", Some(Lang::Uk)),
            ("Кирилук Ирина Александровна", Some(Lang::Ru)),
            ("Петлюра Виктор Григорьевич", Some(Lang::Ru)),
            ("Вдовівський Сергій", Some(Lang::Uk)),
            ("Микола Андрський", Some(Lang::Uk)),
            ("Дмитро Бойко", Some(Lang::Uk)),
            ("Дмитрий Бойко", Some(Lang::Ru)),
            ("юхимак олена антонівна", Some(Lang::Uk)),
            ("John Smith", None),
            ("Роман Кравчук", None),
            ("", None),
        ] {
            assert_eq!(choose_language([name]), lang, "{name}");
        }
    }

    #[test]
    fn opposite_spellings_of_equal_weight_leave_it_open() {
        assert_eq!(choose_language(["Іван", "Ёжик"]), None);
    }

    #[test]
    fn a_long_note_does_not_outvote_the_names() {
        let note = "це довга примітка українською про те, як і коли їхати, і ще, і ще, і ще".repeat(20);
        assert_eq!(choose_language(["Алексей Ёлкин", "Наталья Пьяных", note.as_str()]), Some(Lang::Ru));
    }
}
