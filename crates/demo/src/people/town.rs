//! The people behind the bookshop's orders, as they know themselves: their addresses, their numbers, their names.
//! Read from the same exports that the product is given; the product's idea of who is who is its own.

use std::collections::{HashMap, HashSet};

use basis::fold;

/// A way in which somebody wrote themselves into an order.
#[derive(Debug, Clone)]
pub(crate) struct Spelling {
    pub name: String,
    pub email: String,
    pub phone: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    /// The smallest of the contact values: what draws are keyed by.
    pub key: String,
    pub has_email: bool,
    pub spellings: Vec<Spelling>,
}

/// Everybody, found by address or number.
#[derive(Debug, Default)]
pub(crate) struct Town {
    pub people: Vec<Person>,
    by_contact: HashMap<String, usize>,
}

/// A contact that so many differently named people gave is nobody's: an office's mailbox, a filler.
const CROWD: usize = 6;

struct Row {
    spelling: Option<Spelling>,
    contacts: Vec<String>,
}

impl Town {
    /// The town of the bookshop.
    pub(crate) fn of_bookshop() -> Self {
        Self::read(crate::orders_csv(), crate::addresses_csv())
    }

    fn read(orders: &[u8], addresses: &[u8]) -> Self {
        let mut rows = Vec::new();
        let mut by_order: HashMap<String, usize> = HashMap::new();
        // The files are our own, so a broken row would be a fault of the build; it is skipped like a shop would.
        for row in csv::Reader::from_reader(orders).into_records().flatten() {
            let cell = |n: usize| row.get(n).unwrap_or_default().trim().to_owned();
            let spelling = Spelling { name: cell(6), email: cell(7), phone: cell(8) };
            let contacts: Vec<String> =
                email_of(&spelling.email).into_iter().chain(phones_of(&spelling.phone)).collect();
            by_order.insert(cell(0), rows.len());
            rows.push(Row { spelling: Some(spelling), contacts });
        }
        for row in csv::Reader::from_reader(addresses).into_records().flatten() {
            let phones = phones_of(row.get(3).unwrap_or_default());
            match row.get(2).and_then(|order| by_order.get(order.trim())) {
                Some(&order) => rows[order].contacts.extend(phones),
                None => rows.push(Row { spelling: None, contacts: phones }),
            }
        }
        Self::join(&rows)
    }

    /// Rows that share a contact are one household.
    fn join(rows: &[Row]) -> Self {
        let mut names: HashMap<&str, HashSet<String>> = HashMap::new();
        for row in rows {
            for (contact, spelling) in row.contacts.iter().zip(std::iter::repeat(&row.spelling)) {
                if let Some(spelling) = spelling {
                    names.entry(contact).or_default().insert(fold(&spelling.name));
                }
            }
        }
        let crowd = |contact: &str| names.get(contact).is_some_and(|names| names.len() >= CROWD);
        let mut groups = Groups::new(rows.len());
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (n, row) in rows.iter().enumerate() {
            for contact in row.contacts.iter().filter(|c| !crowd(c)) {
                let other = *first.entry(contact).or_insert(n);
                groups.join(n, other);
            }
        }
        let mut town = Self::default();
        let mut place: HashMap<usize, usize> = HashMap::new();
        for (n, row) in rows.iter().enumerate() {
            let own: Vec<&String> = row.contacts.iter().filter(|c| !crowd(c)).collect();
            if own.is_empty() {
                continue;
            }
            let people = &mut town.people;
            let at = *place.entry(groups.of(n)).or_insert_with(|| {
                people.push(Person::default());
                people.len() - 1
            });
            let person = &mut people[at];
            for contact in own {
                if person.key.is_empty() || *contact < person.key {
                    person.key.clone_from(contact);
                }
                person.has_email |= contact.contains('@');
                town.by_contact.insert(contact.clone(), at);
            }
            person.spellings.extend(row.spelling.clone());
        }
        town
    }

    /// Who reads this mailbox or carries this phone; `None` for a stranger.
    pub(crate) fn find(&self, contact: &str) -> Option<usize> {
        self.by_contact.get(contact).copied()
    }
}

struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn of(&mut self, mut n: usize) -> usize {
        while self.0[n] != n {
            self.0[n] = self.0[self.0[n]];
            n = self.0[n];
        }
        n
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// The mailbox of a cell, if one could be there.
pub(crate) fn email_of(cell: &str) -> Option<String> {
    let email: String = cell.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    let (local, domain) = email.split_once('@')?;
    (!local.is_empty() && domain.contains('.') && !domain.contains('@')).then_some(email)
}

/// The numbers of a cell in E.164. The town is Ukrainian: nine digits after 380, an 8 or a 0 may stand for it.
pub(crate) fn phones_of(cell: &str) -> Vec<String> {
    let mut out = Vec::new();
    for part in
        cell.split([',', ';', '/', '|', '\n']).flat_map(|p| p.split(" и ")).flat_map(|p| p.split(" та "))
    {
        let digits: String = part.chars().filter(char::is_ascii_digit).collect();
        let own = match digits.len() {
            9 => digits.as_str(),
            10 => digits.strip_prefix('0').unwrap_or_default(),
            11 => digits.strip_prefix("80").unwrap_or_default(),
            12 => digits.strip_prefix("380").unwrap_or_default(),
            _ => "",
        };
        let all_alike = own.bytes().all(|b| Some(b) == own.bytes().next());
        if !own.is_empty() && !all_alike {
            out.push(format!("+380{own}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_known_in_any_dress() {
        for cell in [
            "+38 (096) 510-22-20",
            "80965102220",
            "0965102220",
            "965102220",
            "тел. 096-510-22-20",
            "380965102220",
        ] {
            assert_eq!(phones_of(cell), ["+380965102220"], "{cell}");
        }
        assert_eq!(phones_of("0965102220, 050 123 97 05"), ["+380965102220", "+380501239705"]);
        assert!(
            phones_of("нет").is_empty()
                && phones_of("0000000000").is_empty()
                && phones_of("096510").is_empty()
        );
        assert_eq!(email_of(" Olena@UKR.net "), Some("olena@ukr.net".to_owned()));
        assert_eq!(email_of("немає"), None);
    }

    #[test]
    fn the_town_has_about_as_many_households_as_the_bookshop_has_people() {
        let town = Town::of_bookshop();
        // 2,510 people of whom some share a phone or a mailbox, and some of whom gave no usable contact twice.
        assert!((2_200..2_900).contains(&town.people.len()), "{}", town.people.len());
        let with_email = town.people.iter().filter(|p| p.has_email).count();
        assert!(with_email * 100 > town.people.len() * 75, "{with_email}");
        assert!(town.people.iter().all(|p| !p.key.is_empty()));
        assert!(
            town.people.iter().map(|p| p.spellings.len()).max().unwrap_or(0) < 40,
            "no crowd is one person"
        );
        assert_eq!(town.find("no@mail.ru"), None, "a filler is nobody");
    }

    #[test]
    fn an_address_row_lends_its_phone_to_the_order() {
        let orders = "n,d,d,b,a,s,Name,E-mail,Phone\n1,,,,,,Олена,olena@ukr.net,\n2,,,,,,Ігор,,0501112233\n";
        let addresses = "Row,Date,Order no,Phone,Contact,Address,Op,Note\nA1,,1,0501112233,,,,\n";
        let town = Town::read(orders.as_bytes(), addresses.as_bytes());
        assert_eq!(town.people.len(), 1);
        assert_eq!(town.find("+380501112233"), town.find("olena@ukr.net"));
        assert!(town.people[0].has_email);
        assert_eq!(town.people[0].key, "+380501112233");
        assert_eq!(town.people[0].spellings.len(), 2);
    }
}
