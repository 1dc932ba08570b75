//! Cards: each different way of entering a person, normalised. Records that say the same share one card.

use std::hash::{BuildHasher, Hasher};

use ahash::RandomState;
use hashbrown::HashTable;
use smallvec::SmallVec;

use super::address::{Address, Addresses};
use super::batch::{PersonRecord, RecordBatch};
use super::date;
use super::dictionary::Gender;
use super::email::{EmailId, Emails};
use super::intern::Interner;
use super::name::{Name, Names};
use super::phone::{self, Phone, Phones, Plan, PlanVotes};
use super::read::{self, NameRead};

pub type CardId = u32;

/// The normalised content of a record. Zero means missing everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Card {
    pub name: Name,
    /// Stem of the surname and frequency class of the first name, copied here because every comparison reads them.
    pub stem: u32,
    pub given_key: u32,
    pub gender: Gender,
    phones: (u32, u8),
    emails: (u32, u8),
    pub birth: u32,
    pub national: u32,
    pub address: Address,
    pub postcode: u32,
    pub region: u32,
    pub other: u32,
    /// Hash of the content, the same in any order of arrival.
    pub fingerprint: u64,
}

/// Everything normalised so far.
#[derive(Debug)]
pub struct Base {
    pub names: Names,
    pub emails: Emails,
    pub addresses: Addresses,
    /// Document numbers, postcodes, regions and other single values.
    pub texts: Interner,
    pub plan: Plan,
    pub month_first: bool,
    pub cards: Vec<Card>,
    phone_pool: Vec<Phone>,
    email_pool: Vec<EmailId>,
    /// The card of each record.
    pub card_of: Vec<CardId>,
    /// Beside their fingerprint, so that growing and most misses never touch the cards.
    by_content: HashTable<(u64, CardId)>,
    hasher: RandomState,
}

impl Default for Base {
    fn default() -> Self {
        let mut texts = Interner::default();
        texts.intern(b"");
        Self {
            names: Names::default(),
            emails: Emails::default(),
            addresses: Addresses::default(),
            texts,
            plan: Plan::default(),
            month_first: false,
            cards: Vec::new(),
            phone_pool: Vec::new(),
            email_pool: Vec::new(),
            card_of: Vec::new(),
            by_content: HashTable::new(),
            // Fixed keys: fingerprints decide ties and must be the same in every run.
            hasher: RandomState::with_seeds(3, 5, 7, 9),
        }
    }
}

/// The parts of a record that are read apart from each other.
#[derive(Debug, Default)]
struct Contacts {
    phones: Phones,
    emails: SmallVec<[EmailId; 2]>,
}

impl Base {
    /// Normalises a whole batch.
    #[must_use]
    pub fn read(batch: &RecordBatch) -> Self {
        Self::read_as(batch, Self::plan_of(batch), batch.month_first)
    }

    /// Normalises a whole batch under a given numbering plan and order of dates.
    #[must_use]
    pub fn read_as(batch: &RecordBatch, plan: Plan, month_first: bool) -> Self {
        read::read(batch, Self { month_first, plan, ..Self::default() })
    }

    /// Makes room for that many records.
    pub(super) fn expect(&mut self, records: usize) {
        self.card_of.reserve(records);
        self.by_content = HashTable::with_capacity(records / 2);
    }

    pub(super) fn hasher(&self) -> RandomState {
        self.hasher.clone()
    }

    /// The numbering plan and the order of dates that a batch speaks for.
    #[must_use]
    pub fn plan_of(batch: &RecordBatch) -> Plan {
        let mut votes = PlanVotes::default();
        let step = (batch.len() / 20_000).max(1);
        for row in (0..batch.len()).step_by(step) {
            votes.see(batch.phone(row));
        }
        votes.plan()
    }

    #[must_use]
    pub fn phones(&self, card: &Card) -> &[Phone] {
        let start = card.phones.0 as usize;
        &self.phone_pool[start..start + usize::from(card.phones.1)]
    }

    #[must_use]
    pub fn emails(&self, card: &Card) -> &[EmailId] {
        let start = card.emails.0 as usize;
        &self.email_pool[start..start + usize::from(card.emails.1)]
    }

    #[must_use]
    pub fn card(&self, id: CardId) -> &Card {
        &self.cards[id as usize]
    }

    /// Normalises one record and returns its card, an old one when the content is known.
    pub fn add(&mut self, record: &PersonRecord<'_>) -> CardId {
        let read = NameRead::of(&mut self.names, &self.hasher, record.name());
        self.place(record, &read).0
    }

    /// The card of a record, and whether any record of the same content lies on it.
    pub(super) fn place(&mut self, record: &PersonRecord<'_>, read: &NameRead) -> (CardId, bool) {
        let (mut card, contacts) = self.normalise(record, read);
        let (hash, by_content) = self.fingerprint(&card, read.hash, &contacts, record);
        card.fingerprint = hash;
        let id = if let Some(known) = self.by_content.find(hash, |k| k.0 == hash) {
            known.1
        } else {
            let id = u32::try_from(self.cards.len()).unwrap_or(u32::MAX);
            card.phones = (
                u32::try_from(self.phone_pool.len()).unwrap_or(u32::MAX),
                u8::try_from(contacts.phones.len()).unwrap_or(0),
            );
            self.phone_pool.extend_from_slice(&contacts.phones);
            card.emails = (
                u32::try_from(self.email_pool.len()).unwrap_or(u32::MAX),
                u8::try_from(contacts.emails.len()).unwrap_or(0),
            );
            self.email_pool.extend_from_slice(&contacts.emails);
            self.cards.push(card);
            self.by_content.insert_unique(hash, (hash, id), |k| k.0);
            id
        };
        self.card_of.push(id);
        (id, by_content)
    }

    /// Gives a row a card of its own by a hash of its record's id, so that it can be kept apart from rows that say the same.
    pub fn detach(&mut self, row: usize, record_id: u64) {
        let Some(old) = self.card_of.get(row).copied() else { return };
        let mut card = self.cards[old as usize];
        let mut h = self.hasher.build_hasher();
        h.write_u64(card.fingerprint);
        h.write_u64(record_id);
        card.fingerprint = h.finish();
        let id = u32::try_from(self.cards.len()).unwrap_or(u32::MAX);
        self.cards.push(card);
        self.card_of[row] = id;
    }

    fn normalise(&mut self, record: &PersonRecord<'_>, read: &NameRead) -> (Card, Contacts) {
        let mut contacts = Contacts::default();
        phone::parse(record.phone, self.plan, &mut contacts.phones);
        self.emails.parse(record.email, &mut contacts.emails);
        if let Some(stray) = &read.stray {
            if let Some(number) = &stray.phone {
                phone::parse(number, self.plan, &mut contacts.phones);
            }
            if let Some(address) = &stray.email {
                self.emails.parse(address, &mut contacts.emails);
            }
        }
        if !record.social.is_empty() {
            self.emails.parse_profiles(record.social, &mut contacts.emails);
        }
        // An e-mail typed into the phone column and the other way round.
        if contacts.emails.is_empty() && record.phone.contains('@') {
            self.emails.parse(record.phone, &mut contacts.emails);
        }
        if contacts.phones.is_empty() && !record.email.contains('@') && record.email.len() >= 9 {
            phone::parse(record.email, self.plan, &mut contacts.phones);
        }
        // A number typed into the address would pass for a house and a flat.
        let address = phone::inside(record.address, self.plan, &mut contacts.phones)
            .and_then(|at| record.address.get(..at))
            .unwrap_or(record.address);
        contacts.phones.sort_unstable();
        contacts.emails.retain(|id| !self.emails.parts(*id).filler);
        let mut card = Card {
            name: read.name,
            stem: read.stem,
            given_key: read.given_key,
            gender: read.gender,
            birth: if record.birth_date.is_empty() {
                0
            } else {
                date::parse(record.birth_date, self.month_first)
            },
            national: self.value(record.national_id),
            postcode: self.value(record.postcode),
            region: self.value(record.region),
            other: self.value(record.other),
            ..Card::default()
        };
        if !record.address.is_empty() {
            card.address = self.addresses.parse(address);
        }
        if !record.street.is_empty() {
            let parsed = self.addresses.parse(record.street);
            card.address.street = parsed.street;
            (card.address.house, card.address.flat) = (parsed.house, parsed.flat);
        }
        if !record.house.is_empty() {
            card.address.house = self.addresses.parse(record.house).house;
        }
        if !record.city.is_empty() {
            card.address.town = self.addresses.town(record.city);
        }
        (card, contacts)
    }

    /// A single value: letters and digits in lower case.
    fn value(&mut self, cell: &str) -> u32 {
        if cell.is_empty() {
            return 0;
        }
        let text: String =
            cell.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if text.is_empty() || super::email::is_filler_word(&text) {
            return 0;
        }
        self.texts.intern(text.as_bytes()).0
    }

    /// Records share a card only when they say by which contact the person is reached, or the name comes with something that tells
    /// namesakes apart.
    fn fingerprint(
        &self,
        card: &Card,
        name: u64,
        contacts: &Contacts,
        record: &PersonRecord<'_>,
    ) -> (u64, bool) {
        let mut h = self.hasher.build_hasher();
        let named = !card.name.is_empty();
        let reachable = contacts.phones.iter().any(|p| !phone::is_weak(*p))
            || contacts.emails.iter().any(|e| !self.emails.parts(*e).role);
        let told_apart = card.national != 0
            || card.birth != 0 && (card.address.is_home() || card.postcode != 0)
            || card.address.is_home();
        let by_content = !record.account.is_empty() || reachable || named && told_apart;
        if !record.account.is_empty() {
            h.write(record.account.as_bytes());
            h.write_u16(record.source);
        } else if !by_content {
            h.write(record.id.as_bytes());
            h.write_u8(1);
        }
        h.write_u64(name);
        h.write_usize(contacts.phones.len());
        for phone in &contacts.phones {
            h.write_u64(*phone);
        }
        let mut emails: SmallVec<[u64; 2]> =
            contacts.emails.iter().map(|id| self.emails.parts(*id).hash).collect();
        emails.sort_unstable();
        for email in emails {
            h.write_u64(email);
        }
        h.write_u32(card.birth);
        let a = &card.address;
        if !a.is_empty() {
            for part in [a.town, a.street, a.house, a.flat, a.branch] {
                h.write(self.addresses.text(part));
                h.write_u8(0xFD);
            }
        }
        for value in [card.national, card.postcode, card.region, card.other] {
            if value == 0 {
                h.write_u8(0);
            } else {
                h.write(self.texts.get(value));
                h.write_u8(0xFC);
            }
        }
        (h.finish(), by_content)
    }

    /// Whether a card has anything that blocking or comparing can use.
    #[must_use]
    pub fn is_blank(&self, card: &Card) -> bool {
        card.name.is_empty()
            && card.phones.1 == 0
            && card.emails.1 == 0
            && card.national == 0
            && card.birth == 0
            && card.address.is_empty()
    }

    /// Bytes held, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.names.bytes()
            + self.emails.bytes()
            + self.texts.bytes()
            + self.cards.capacity() * size_of::<Card>()
            + self.phone_pool.capacity() * 8
            + self.email_pool.capacity() * 4
            + self.card_of.capacity() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record<'a>(id: &'a str, name: &'a str, phone: &'a str, email: &'a str) -> PersonRecord<'a> {
        PersonRecord { id, full_name: name, phone, email, ..PersonRecord::default() }
    }

    #[test]
    fn the_same_content_is_one_card() {
        let mut base = Base::default();
        let a = base.add(&record("1", "Петренко Іван", "096 510 22 20", "Ivan@ukr.net"));
        let b = base.add(&record("2", "ПЕТРЕНКО  ІВАН", "+380965102220", " ivan@ukr.net"));
        let c = base.add(&record("3", "Петренко Іван", "", ""));
        let d = base.add(&record("4", "Петренко Іван", "нет", "no@mail.ru"));
        assert_eq!(a, b);
        assert_ne!(a, c);
        assert_ne!(c, d, "a bare name says nothing about who it is");
    }

    #[test]
    fn contacts_in_the_wrong_column() {
        let mut base = Base::default();
        let id = base.add(&record("1", "Петренко Іван", "ivan@ukr.net", "096 510 22 20"));
        let card = *base.card(id);
        assert_eq!(base.phones(&card), [380_965_102_220]);
        assert_eq!(base.emails(&card).len(), 1);
    }
}
