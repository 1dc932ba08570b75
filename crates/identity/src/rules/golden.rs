//! The card of a customer: every contact point is kept; survivorship only chooses what to show first.

use ahash::AHashMap;

use super::address::Address;
use super::batch::RecordBatch;
use super::card::Card;
use super::dictionary::{Dictionary, Sureness};
use super::name::{Names, TokenId};
use super::phone;
use super::resolve::Resolution;

/// The source number of records that a colleague wrote by hand: they win over what files say.
pub const BY_HAND: u16 = u16::MAX;

/// The language of a person's own spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    Ukrainian,
    Russian,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContactKind {
    Phone,
    Email,
    Social,
}

/// A contact point with when and where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPoint {
    pub kind: ContactKind,
    /// E.164, the canonical address, or `vk:id123`.
    pub value: String,
    pub source: u16,
    pub first_day: i32,
    pub last_day: i32,
    pub seen: u32,
    pub preferred: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The latest spelling.
    pub text: String,
    pub city: String,
    pub match_key: String,
    pub pickup: bool,
    pub first_day: i32,
    pub last_day: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub given: String,
    pub family: String,
    pub patronymic: String,
    /// As typed, for names that could not be taken apart.
    pub raw_name: String,
    pub spelling: Option<Spelling>,
    /// `yyyy-mm-dd`.
    pub birth_date: Option<String>,
    pub city: String,
    pub contacts: Vec<ContactPoint>,
    pub places: Vec<Place>,
}

impl Profile {
    /// Family, given name and patronymic as far as known.
    #[must_use]
    pub fn display_name(&self) -> String {
        let parts: Vec<&str> = [&self.family, &self.given, &self.patronymic]
            .into_iter()
            .filter(|p| !p.is_empty())
            .map(String::as_str)
            .collect();
        if parts.is_empty() { self.raw_name.clone() } else { parts.join(" ") }
    }
}

/// Builds the card of one customer from its rows.
#[must_use]
pub fn profile(found: &Resolution<'_>, batch: &RecordBatch, rows: &[usize]) -> Profile {
    let mut it = Profile::default();
    choose_name(found, batch, rows, &mut it);
    it.spelling = spelling(&found.base.names, rows.iter().map(|r| found.card_of_row(*r)));
    collect_contacts(found, batch, rows, &mut it);
    collect_places(found, batch, rows, &mut it);
    let birth = rows
        .iter()
        .map(|r| found.card_of_row(*r).birth)
        .filter(|b| *b != 0)
        .max_by_key(|b| rows.iter().filter(|r| found.card_of_row(**r).birth == *b).count());
    it.birth_date = birth.map(|b| format!("{:04}-{:02}-{:02}", b / 10_000, b / 100 % 100, b % 100));
    it
}

/// A name is better the more of its parts are whole words of the dictionary, then the more often it was written so.
fn choose_name(found: &Resolution<'_>, batch: &RecordBatch, rows: &[usize], it: &mut Profile) {
    let names = &found.base.names;
    let mut uses: AHashMap<[TokenId; 4], (u32, u32, usize)> = AHashMap::new();
    for row in rows {
        let name = &found.card_of_row(*row).name;
        if name.is_empty() {
            continue;
        }
        let corrected = if batch.source(*row) == BY_HAND { 100 } else { 0 };
        let entry =
            uses.entry([name.surname, name.surname2, name.given, name.patronymic]).or_insert((0, 0, *row));
        entry.0 = entry.0.max(quality(names, found.card_of_row(*row)) + corrected);
        entry.1 += 1;
    }
    let best = uses.iter().max_by(|a, b| {
        (a.1.0, a.1.1).cmp(&(b.1.0, b.1.1)).then_with(|| batch.id(b.1.2).cmp(batch.id(a.1.2)))
    });
    if let Some((tokens, _)) = best {
        it.family = [tokens[0], tokens[1]]
            .into_iter()
            .filter(|t| *t != 0)
            .map(|t| capitalised(names.word(t)))
            .collect::<Vec<_>>()
            .join("-");
        it.given = capitalised(names.word(tokens[2]));
        it.patronymic = capitalised(names.word(tokens[3]));
    }
    if it.family.is_empty() && it.given.is_empty() {
        it.raw_name = rows
            .iter()
            .map(|r| batch.get(*r).full_name.trim())
            .find(|n| !n.is_empty())
            .unwrap_or_default()
            .chars()
            .take(200)
            .collect();
    }
}

fn quality(names: &Names, card: &Card) -> u32 {
    let name = &card.name;
    let given = match names.token(name.given).sureness {
        _ if name.given == 0 => 0,
        Sureness::Full => 4,
        Sureness::Short => 2,
        _ => 1,
    };
    let patronymic = if name.patronymic == 0 {
        0
    } else if names.token(name.patronymic).fathers.is_empty() {
        1
    } else {
        2
    };
    given + patronymic + if name.surname == 0 { 0 } else { 3 }
}

/// The language in which a person writes the own name: letters that only one language has, or forms of the first name.
fn spelling<'a>(names: &Names, cards: impl Iterator<Item = &'a Card>) -> Option<Spelling> {
    let dictionary = Dictionary::builtin();
    let (mut ukrainian, mut russian) = (0_u32, 0_u32);
    for card in cards {
        let name = &card.name;
        for token in [name.surname, name.given, name.patronymic] {
            let word = names.word(token);
            ukrainian += u32::from(word.contains(['і', 'ї', 'є', 'ґ', '\'', '’']));
            russian += u32::from(word.contains(['ы', 'э', 'ё', 'ъ']));
        }
        match dictionary.is_ukrainian(names.word(name.given)) {
            Some(true) => ukrainian += 2,
            Some(false) => russian += 2,
            None => {}
        }
        let patronymic = names.word(name.patronymic);
        russian += u32::from(["овна", "евна", "евич", "ична"].iter().any(|e| patronymic.ends_with(e)));
        ukrainian += u32::from(patronymic.ends_with("йович"));
    }
    match ukrainian.cmp(&russian) {
        std::cmp::Ordering::Greater => Some(Spelling::Ukrainian),
        std::cmp::Ordering::Less => Some(Spelling::Russian),
        std::cmp::Ordering::Equal => None,
    }
}

fn collect_contacts(found: &Resolution<'_>, batch: &RecordBatch, rows: &[usize], it: &mut Profile) {
    for row in rows {
        let card = found.card_of_row(*row);
        for number in found.base.phones(card) {
            if !found.model.is_generic_phone(*number)
                && let Some(value) = phone::e164(*number)
            {
                see(&mut it.contacts, ContactKind::Phone, value, batch, *row);
            }
        }
        for email in found.base.emails(card) {
            if !found.model.is_generic_mailbox(found.base.emails.parts(*email).mailbox) {
                let (kind, value) = match found.base.emails.profile(*email) {
                    Some(profile) => (ContactKind::Social, profile),
                    None => (ContactKind::Email, found.base.emails.text(*email).to_owned()),
                };
                see(&mut it.contacts, kind, value, batch, *row);
            }
        }
    }
    it.contacts.sort_unstable_by(|a, b| {
        a.kind
            .cmp(&b.kind)
            .then(b.last_day.cmp(&a.last_day))
            .then(b.seen.cmp(&a.seen))
            .then(a.value.cmp(&b.value))
    });
    let mut previous = None;
    for contact in &mut it.contacts {
        contact.preferred = previous != Some(contact.kind);
        previous = Some(contact.kind);
    }
}

fn see(contacts: &mut Vec<ContactPoint>, kind: ContactKind, value: String, batch: &RecordBatch, row: usize) {
    let day = batch.day(row);
    if let Some(known) = contacts.iter_mut().find(|c| c.kind == kind && c.value == value) {
        known.seen += 1;
        if day != 0 {
            known.first_day = if known.first_day == 0 { day } else { known.first_day.min(day) };
            known.last_day = known.last_day.max(day);
        }
    } else {
        contacts.push(ContactPoint {
            kind,
            value,
            source: batch.source(row),
            first_day: day,
            last_day: day,
            seen: 1,
            preferred: false,
        });
    }
}

fn collect_places(found: &Resolution<'_>, batch: &RecordBatch, rows: &[usize], it: &mut Profile) {
    let language = match it.spelling {
        Some(Spelling::Russian) => 1,
        _ => 0,
    };
    for row in rows {
        let card = found.card_of_row(*row);
        if card.address.is_empty() {
            continue;
        }
        let record = batch.get(*row);
        let text: String = if record.address.is_empty() {
            [record.postcode, record.city, record.street, record.house]
                .iter()
                .filter(|p| !p.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join(", ")
        } else {
            record.address.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let match_key = place_key(found, &card.address);
        let day = batch.day(*row);
        let alike =
            it.places.iter_mut().find(|p| p.match_key == match_key || same_place(&p.match_key, &match_key));
        if let Some(known) = alike {
            if day >= known.last_day {
                known.text = text;
            }
            if day != 0 {
                known.first_day = if known.first_day == 0 { day } else { known.first_day.min(day) };
                known.last_day = known.last_day.max(day);
            }
            continue;
        }
        let city = found.base.addresses.town_name(card.address.town, language).map_or_else(
            || {
                if record.city.is_empty() {
                    first_piece(record.address)
                } else {
                    record.city.trim().to_owned()
                }
            },
            str::to_owned,
        );
        it.places.push(Place {
            text,
            city,
            match_key,
            pickup: card.address.branch != 0,
            first_day: day,
            last_day: day,
        });
    }
    it.places.sort_unstable_by(|a, b| {
        a.pickup.cmp(&b.pickup).then(b.last_day.cmp(&a.last_day)).then(a.match_key.cmp(&b.match_key))
    });
    it.city =
        it.places.iter().map(|p| p.city.as_str()).find(|c| !c.is_empty()).unwrap_or_default().to_owned();
}

fn first_piece(address: &str) -> String {
    let piece = address.split(',').next().unwrap_or_default().trim();
    if piece.chars().count() <= 40 && !piece.chars().any(|c| c.is_ascii_digit()) {
        piece.to_owned()
    } else {
        String::new()
    }
}

fn place_key(found: &Resolution<'_>, a: &Address) -> String {
    let text = |part| std::str::from_utf8(found.base.addresses.text(part)).unwrap_or_default();
    if a.branch != 0 {
        return format!("{}|{}", text(a.town), text(a.branch));
    }
    format!("{}|{}|{}|{}", text(a.town), text(a.street), text(a.house), text(a.flat))
}

/// One home spelt twice: the street slips by a letter while town, house and flat agree, or the flat was left out once.
fn same_place(a: &str, b: &str) -> bool {
    let (x, y): (Vec<&str>, Vec<&str>) = (a.split('|').collect(), b.split('|').collect());
    if x.len() != 4 || y.len() != 4 {
        return false;
    }
    x[2] == y[2]
        && (x[0] == y[0] || x[0].is_empty() || y[0].is_empty())
        && (x[3] == y[3] || x[3].is_empty() || y[3].is_empty())
        && super::address::alike(x[1].as_bytes(), y[1].as_bytes())
}

/// `наталья` → `Наталья`.
fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::batch::PersonRecord;
    use crate::rules::resolve::{Bands, Decisions, resolve};

    #[test]
    fn both_addresses_and_all_contacts_stay() {
        let mut batch = RecordBatch::new();
        for (i, (name, phone, address, day)) in [
            ("Терехина Н.А.", "0965102220", "Київ, НП 33", 100),
            (
                "терехина наталья алексеевна",
                "096-510-22-20; 0671234598",
                "м. Київ, вул. Паркова, 7, кв. 137",
                200,
            ),
            ("Терьохіна Наталія", "0965102220", "Киев, Парковая ул., д. 7, кв. 137", 300),
        ]
        .iter()
        .enumerate()
        {
            batch.push(&PersonRecord {
                id: &i.to_string(),
                full_name: name,
                phone,
                address,
                day: *day,
                ..PersonRecord::default()
            });
        }
        let found = resolve(&batch, &Decisions::default(), Bands::default());
        assert_eq!(found.customer_of, [0, 0, 0]);
        let it = profile(&found, &batch, &[0, 1, 2]);
        assert_eq!(it.display_name(), "Терехина Наталья Алексеевна");
        assert_eq!(it.contacts.len(), 2);
        assert_eq!(
            (it.contacts[0].value.as_str(), it.contacts[0].seen, it.contacts[0].preferred),
            ("+380965102220", 3, true)
        );
        assert_eq!(it.places.len(), 2, "{:?}", it.places);
        assert_eq!((it.places[0].pickup, it.places[0].first_day, it.places[0].last_day), (false, 200, 300));
    }
}
