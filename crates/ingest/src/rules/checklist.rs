//! Where shops keep what they know of people, so that a step is not taken before each place was looked at.

/// Kinds of sources, in the order in which they are asked about.
pub const KINDS: [&str; 7] = ["orders", "addresses", "contact_centre", "chat", "loyalty", "mailing", "till"];

/// What a person may say of a kind: it stands among the imports, there is none, it comes later, or nothing (asked again).
pub const ANSWERS: [&str; 4] = ["have", "none", "later", "open"];

/// Pieces of names of sources and files, folded to small letters.
const WORDS: [(&str, &[&str]); 5] = [
    (
        "contact_centre",
        &[
            "call",
            "crm",
            "operator",
            "contact cent",
            "контакт-ц",
            "контакт ц",
            "кол-ц",
            "колл",
            "звонк",
            "дзвін",
            "оператор",
        ],
    ),
    (
        "chat",
        &[
            "chat",
            "messenger",
            "telegram",
            "viber",
            "whatsapp",
            "чат",
            "месседж",
            "мессенд",
            "месендж",
            "телеграм",
            "вайбер",
        ],
    ),
    ("loyalty", &["loyal", "bonus", "лоял", "бонус"]),
    (
        "mailing",
        &[
            "mailing",
            "newsletter",
            "subscri",
            "mailchimp",
            "getresponse",
            "sputnik",
            "sendpulse",
            "unisender",
            "рассыл",
            "розсил",
            "подпис",
            "підпис",
        ],
    ),
    ("till", &["till", "retail", "offline", "касс", "каса", "каси", "офлайн", "оффлайн"]),
];

/// Which kinds a source is, by its name, its files and the kinds of its records (`order`, `line`, `address`, `person`).
#[must_use]
pub fn kinds_of(names: &[String], records: &[String]) -> Vec<&'static str> {
    let has = |kind: &str| records.iter().any(|r| r == kind);
    let mut out = Vec::new();
    if has("order") || has("line") {
        out.push("orders");
    }
    if has("address") {
        out.push("addresses");
    }
    let text = names.join("\n").to_lowercase();
    out.extend(
        WORDS.iter().filter(|(_, words)| words.iter().any(|w| text.contains(w))).map(|(kind, _)| *kind),
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_known_by_its_name_and_by_what_it_holds() {
        let of = |name: &str, records: &[&str]| {
            kinds_of(&[name.to_owned()], &records.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(of("orders", &["order", "line"]), ["orders"]);
        assert_eq!(of("Адреса из КОЛЛ-центра", &["address"]), ["addresses", "contact_centre"]);
        assert_eq!(of("чат Viber", &["person"]), ["chat"]);
        assert_eq!(of("Касса на Подоле", &["order"]), ["orders", "till"]);
        assert!(of("клиенты", &["person"]).is_empty());
        assert!(WORDS.iter().all(|(kind, _)| KINDS.contains(kind)));
    }
}
