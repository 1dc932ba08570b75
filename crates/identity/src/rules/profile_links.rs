//! Profiles in social networks and messengers, as sources write them: a link, `vk: id123`, `@name`. One profile has one spelling.

/// Networks: the word kept, hosts of links, words that people write before a name.
const NETWORKS: [(&str, &[&str], &[&str]); 9] = [
    ("vk", &["vk.com", "vk.ru", "vkontakte.ru"], &["vk", "вк", "вконтакте", "vkontakte"]),
    ("facebook", &["facebook.com", "fb.com", "fb.me"], &["facebook", "fb", "фейсбук", "фб"]),
    (
        "instagram",
        &["instagram.com", "instagr.am"],
        &["instagram", "insta", "inst", "инстаграм", "інстаграм"],
    ),
    ("telegram", &["t.me", "telegram.me"], &["telegram", "tg", "телеграм", "телеграмм"]),
    ("ok", &["ok.ru", "odnoklassniki.ru"], &["ok", "ок", "одноклассники", "однокласники"]),
    ("linkedin", &["linkedin.com"], &["linkedin"]),
    ("x", &["x.com", "twitter.com"], &["twitter", "твиттер"]),
    ("tiktok", &["tiktok.com"], &["tiktok"]),
    ("google", &["plus.google.com"], &["google"]),
];

/// The network of a name or number that stands alone.
const UNNAMED: &str = "profile";
/// Names shorter than that are words of a form, not profiles.
const SHORTEST: usize = 3;

/// Calls `found` with the name and the network of every profile in a cell.
pub fn each(cell: &str, mut found: impl FnMut(&str, &str)) {
    let lower = cell.to_lowercase();
    let mut network = None;
    for piece in lower.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|')) {
        let piece = piece.trim_matches(['(', ')', '<', '>', '"', '\'']);
        if piece.is_empty() {
            continue;
        }
        if let Some(named) = named(piece.trim_end_matches([':', '='])) {
            network = Some(named);
            continue;
        }
        if let Some((name, network)) = profile(piece, network) {
            found(name, network);
        }
        network = None;
    }
}

/// The network that a word names.
fn named(word: &str) -> Option<&'static str> {
    NETWORKS.iter().find(|(_, _, words)| words.contains(&word)).map(|(network, ..)| *network)
}

fn profile<'a>(piece: &'a str, before: Option<&'static str>) -> Option<(&'a str, &'static str)> {
    let bare = ["https://", "http://"].iter().find_map(|s| piece.strip_prefix(s)).unwrap_or(piece);
    let bare = ["www.", "m.", "new."].iter().find_map(|s| bare.strip_prefix(s)).unwrap_or(bare);
    if let Some((host, path)) = bare.split_once('/') {
        let (network, ..) = NETWORKS.iter().find(|(_, hosts, _)| hosts.contains(&host))?;
        return Some((usable(name_in(path))?, network));
    }
    if let Some((word, name)) = bare.split_once([':', '='])
        && let Some(network) = named(word)
    {
        return Some((usable(name)?, network));
    }
    let network = before.unwrap_or(if bare.starts_with('@') { "telegram" } else { UNNAMED });
    Some((usable(bare)?, network))
}

/// `profile.php?id=100`, `profile/100`, `in/name`, `people/name/100`, `name/?hl=ru` → what tells the person.
fn name_in(path: &str) -> &str {
    if let Some((_, id)) = path.split_once("id=") {
        return id.split(['&', '#']).next().unwrap_or_default();
    }
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    path.rsplit('/').next().unwrap_or_default()
}

fn usable(name: &str) -> Option<&str> {
    let name = name.trim_start_matches('@').trim_end_matches(['/', '.']);
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let digit_or_letter = name.chars().any(char::is_alphanumeric);
    (name.len() >= SHORTEST
        && name.len() <= 80
        && digit_or_letter
        && name.chars().all(fits)
        && !super::email::is_filler_word(name))
    .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(cell: &str) -> Vec<String> {
        let mut out = Vec::new();
        each(cell, |name, network| out.push(format!("{network}:{name}")));
        out
    }

    #[test]
    fn one_spelling_of_a_profile() {
        for (cell, expected) in [
            ("https://vk.com/id1234567", "vk:id1234567"),
            ("m.vk.com/Olga.Petrenko?ref=1", "vk:olga.petrenko"),
            ("ВК: id1234567", "vk:id1234567"),
            ("vk id1234567", "vk:id1234567"),
            ("https://www.facebook.com/profile.php?id=100004", "facebook:100004"),
            ("facebook.com/people/Olga/100004/", "facebook:100004"),
            ("@olga_p", "telegram:olga_p"),
            ("https://t.me/olga_p", "telegram:olga_p"),
            ("ok.ru/profile/5501", "ok:5501"),
            ("linkedin.com/in/olga-p/", "linkedin:olga-p"),
            ("1234567", "profile:1234567"),
        ] {
            assert_eq!(all(cell), [expected], "{cell}");
        }
        assert_eq!(all("vk.com/id1, t.me/olga_p"), ["vk:id1", "telegram:olga_p"]);
        assert!(all("нет").is_empty());
        assert!(all("https://example.com/olga").is_empty(), "not a network");
    }

    proptest! {
        #[test]
        fn any_cell_reads(cell in "\\PC{0,60}") {
            for found in all(&cell) {
                prop_assert!(found.contains(':'));
            }
        }
    }
}
