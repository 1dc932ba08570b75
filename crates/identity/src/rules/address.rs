//! Delivery addresses of three languages: town, street, house, flat; pick-up branches are told apart, because nobody lives there.

use std::sync::OnceLock;

use ahash::AHashMap;
use smallvec::SmallVec;

use super::dictionary::{forms, lines};
use super::fold;
use super::intern::Interner;

/// A parsed address. Zero means missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Address {
    pub town: u32,
    pub street: u32,
    pub house: u32,
    pub flat: u32,
    /// Number of a pick-up branch or parcel locker; then street, house and flat are empty.
    pub branch: u32,
}

impl Address {
    #[must_use]
    pub fn is_home(&self) -> bool {
        self.branch == 0 && self.street != 0 && self.house != 0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Texts of the parts of all addresses of a base.
#[derive(Debug)]
pub struct Addresses {
    parts: Interner,
    lists: &'static Lists,
    lower: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WordKind {
    Town,
    Street,
    House,
    Corpus,
    Flat,
    Branch,
    Region,
    Country,
}

#[derive(Debug)]
struct Lists {
    /// Folded name without spaces → canonical id.
    towns: AHashMap<String, String>,
    /// Canonical id → name in Ukrainian, Russian and Latin letters.
    shown: AHashMap<String, [String; 3]>,
    words: AHashMap<String, WordKind>,
    /// Folded word → one folded word for all its translations.
    streets: AHashMap<String, String>,
}

impl Lists {
    fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Lists> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            let mut it = Self {
                towns: AHashMap::new(),
                shown: AHashMap::new(),
                words: AHashMap::new(),
                streets: AHashMap::new(),
            };
            for line in lines(include_str!("../../data/towns.tsv")) {
                if let Some((id, names)) = line.split_once('\t') {
                    let all: Vec<&str> = forms(Some(names)).collect();
                    let first = all.first().copied().unwrap_or(id);
                    let second = all.get(1).copied().filter(|f| !f.is_ascii()).unwrap_or(first);
                    let latin = all.iter().copied().find(|f| f.is_ascii()).unwrap_or(id);
                    it.shown.insert(id.to_owned(), [first.to_owned(), second.to_owned(), latin.to_owned()]);
                    for form in forms(Some(names)) {
                        it.towns.entry(fold::fold(form)).or_insert_with(|| id.to_owned());
                    }
                }
            }
            for line in lines(include_str!("../../data/address_words.tsv")) {
                let (kind, words) = line.split_once('\t').unwrap_or((line, ""));
                let kind = match kind {
                    "town" => WordKind::Town,
                    "street" => WordKind::Street,
                    "house" => WordKind::House,
                    "corpus" => WordKind::Corpus,
                    "flat" => WordKind::Flat,
                    "branch" => WordKind::Branch,
                    "region" => WordKind::Region,
                    _ => WordKind::Country,
                };
                for word in forms(Some(words)) {
                    it.words.entry(word.to_owned()).or_insert(kind);
                }
            }
            for line in lines(include_str!("../../data/streets.tsv")) {
                let keys: Vec<String> = forms(Some(line)).map(street_word).collect();
                if let Some(first) = keys.first() {
                    for key in &keys {
                        it.streets.entry(key.clone()).or_insert_with(|| first.clone());
                    }
                }
            }
            it
        })
    }
}

/// A street word without the endings that differ between cases and languages.
fn street_word(word: &str) -> String {
    let key = fold::fold(word);
    let cut = key.trim_end_matches(['a', 'e', 'i', 'o', 'u']);
    if cut.len() >= 3 { cut.to_owned() } else { key }
}

impl Default for Addresses {
    fn default() -> Self {
        let mut parts = Interner::default();
        parts.intern(b"");
        Self { parts, lists: Lists::builtin(), lower: String::new() }
    }
}

impl Addresses {
    #[must_use]
    pub fn text(&self, part: u32) -> &[u8] {
        self.parts.get(part)
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// A known town's name: 0 Ukrainian, 1 Russian, 2 Latin.
    #[must_use]
    pub fn town_name(&self, town: u32, language: usize) -> Option<&str> {
        let id = std::str::from_utf8(self.parts.get(town)).ok()?;
        self.lists.shown.get(id).and_then(|names| names.get(language)).map(String::as_str)
    }

    fn intern(&mut self, text: &str) -> u32 {
        if text.is_empty() { 0 } else { self.parts.intern(text.as_bytes()).0 }
    }

    /// A town by its dictionary id, else by its folded spelling.
    pub fn town(&mut self, cell: &str) -> u32 {
        let key = fold::fold(cell);
        let id = self.lists.towns.get(&key).cloned().unwrap_or(key);
        self.intern(&id)
    }

    /// A whole address in one cell, e.g. `м. Київ, вул. Паркова, буд. 7, кв. 137`.
    pub fn parse(&mut self, cell: &str) -> Address {
        let mut address = Address::default();
        let mut street: SmallVec<[String; 4]> = SmallVec::new();
        let mut numbers: SmallVec<[(String, Option<WordKind>); 4]> = SmallVec::new();
        let mut expect: Option<WordKind> = None;
        let mut branch = false;
        let pieces: SmallVec<[&str; 16]> = cell
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/' | '(' | ')' | '"' | '«' | '»'))
            .filter(|p| !p.is_empty())
            .collect();
        let mut at = 0;
        while at < pieces.len() {
            if address.town == 0
                && let Some((town, used)) = self.town_at(&pieces[at..])
            {
                address.town = town;
                at += used;
                expect = None;
                continue;
            }
            self.piece(pieces[at], &mut street, &mut numbers, &mut expect, &mut branch, &mut address);
            at += 1;
        }
        if branch {
            let number = numbers.first().map(|n| n.0.clone()).unwrap_or_default();
            let town = address.town;
            return Address { town, branch: self.intern(&format!("#{number}")), ..Address::default() };
        }
        self.finish(address, &street, numbers)
    }

    fn finish(
        &mut self,
        mut address: Address,
        street: &[String],
        numbers: SmallVec<[(String, Option<WordKind>); 4]>,
    ) -> Address {
        let joined: String = if street.len() > 1 {
            // `Івана Мазепи` and `Мазепи`: the last word names the street, but both words are kept when short.
            street.concat()
        } else {
            street.first().cloned().unwrap_or_default()
        };
        let joined = self.lists.streets.get(&joined).cloned().unwrap_or(joined);
        address.street = self.intern(&joined);
        for (number, kind) in numbers {
            // No street is that long: five digits and more are a postcode.
            if number.len() >= 5 && number.bytes().all(|b| b.is_ascii_digit()) {
                continue;
            }
            match kind {
                Some(WordKind::Flat) if address.flat == 0 => address.flat = self.intern(&number),
                Some(WordKind::House) if address.house == 0 => address.house = self.intern(&number),
                Some(WordKind::Corpus) => {}
                _ if address.house == 0 => address.house = self.intern(&number),
                _ if address.flat == 0 => address.flat = self.intern(&number),
                _ => {}
            }
        }
        address
    }

    fn town_at(&mut self, pieces: &[&str]) -> Option<(u32, usize)> {
        for used in (1..=3_usize.min(pieces.len())).rev() {
            let mut joined = String::new();
            for (i, piece) in pieces[..used].iter().enumerate() {
                // `м.Київ`: the abbreviation sticks to the name.
                let piece = if i == 0 { self.after_prefix(piece) } else { piece };
                joined.push_str(piece.trim_matches(['.', '-']));
            }
            if joined.chars().count() < 3 {
                continue;
            }
            let key = fold::fold(&joined);
            if let Some(id) = self.lists.towns.get(&key) {
                let id = id.clone();
                return Some((self.intern(&id), used));
            }
        }
        None
    }

    fn after_prefix<'a>(&self, piece: &'a str) -> &'a str {
        match piece.split_once('.') {
            Some((head, rest)) if !rest.is_empty() && self.lists.words.contains_key(&head.to_lowercase()) => {
                rest
            }
            _ => piece,
        }
    }

    fn piece(
        &mut self,
        piece: &str,
        street: &mut SmallVec<[String; 4]>,
        numbers: &mut SmallVec<[(String, Option<WordKind>); 4]>,
        expect: &mut Option<WordKind>,
        branch: &mut bool,
        address: &mut Address,
    ) {
        let mut lower = std::mem::take(&mut self.lower);
        fold::one_script(piece, &mut lower);
        for part in lower.split('.').filter(|p| !p.is_empty()) {
            let word = part.trim_matches(['-', '№', '#', '\'']);
            if let Some(kind) = self.lists.words.get(part).or_else(|| self.lists.words.get(word)) {
                *branch |= *kind == WordKind::Branch;
                if !matches!(kind, WordKind::Region | WordKind::Country) {
                    *expect = Some(*kind);
                }
                continue;
            }
            if word.chars().next().is_some_and(|c| c.is_ascii_digit()) {
                read_numbers(word, *expect, numbers);
                *expect = None;
                continue;
            }
            // `кв33`, `№109`, `буд7`
            let letters: String = word.chars().take_while(|c| !c.is_ascii_digit()).collect();
            if letters.len() < word.len() {
                let kind = self.lists.words.get(letters.trim_end_matches(['№', '#', '-'])).copied();
                *branch |= kind == Some(WordKind::Branch);
                read_numbers(&word[letters.len()..], kind.or(*expect), numbers);
                continue;
            }
            let single = word.chars().count() == 1;
            if single {
                // A letter apart belongs to the house number: `1 в`.
                if let Some(last) = numbers.last_mut() {
                    last.0.push_str(&fold::fold(word));
                }
                continue;
            }
            if *expect == Some(WordKind::Town) && address.town == 0 {
                let key = fold::fold(word);
                address.town = self.intern(&key);
                *expect = None;
                continue;
            }
            if street.len() < 4 {
                let key = street_word(word);
                let key = self.lists.streets.get(&key).cloned().unwrap_or(key);
                street.push(key);
            }
        }
        self.lower = lower;
    }
}

/// `126-А` is house 126a; `20-А-131` and `64а-46` hold a flat too.
fn read_numbers(word: &str, expect: Option<WordKind>, out: &mut SmallVec<[(String, Option<WordKind>); 4]>) {
    let mut kind = expect;
    let mut current = String::new();
    for chunk in word.split('-') {
        if chunk.is_empty() {
            continue;
        }
        let key = fold::fold(chunk);
        if key.is_empty() {
            continue;
        }
        let digits = key.bytes().any(|b| b.is_ascii_digit());
        if !digits || current.is_empty() {
            current.push_str(&key);
        } else {
            out.push((std::mem::take(&mut current), kind));
            kind = None;
            current = key;
        }
    }
    if !current.is_empty() && out.len() < 4 {
        out.push((current, kind));
    }
}

/// Compares two street or town texts: equal, one slip apart, one inside the other, or different.
#[must_use]
pub fn alike(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() >= 5 && (long.ends_with(short) || long.starts_with(short)) {
        return true;
    }
    let limit = if short.len() >= 9 { 2 } else { usize::from(short.len() >= 4) };
    limit > 0 && fold::distance(a, b, limit) <= limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_address_many_spellings() {
        let mut them = Addresses::default();
        for (a, b) in [
            ("м. Харків, вул. Паркова, 7, кв. 137", "Харьков Парковая ул., д. 7 кв.137"),
            ("г. Ивано-Франковск, Вокзальная, 126а", "Івано-Франківськ, Вокзальна,126-А"),
            ("Одеса вул.Паркова,20-А-131", "Одесса, Парковая, 20-А, кв. 131"),
            ("Київ, вул. Східна, буд. 5", "Киев Восточная улица, 5"),
            ("м. Дніпро, вул. Шевченка 6/71", "Днепропетровск, ул. Шевченко, д. 6, кв. 71"),
            ("м. Суми, Полтавська вул., 1в, кв. 59", "Суми, Полтавська, буд. 1в, кв. 59"),
            ("Kyiv, vul. Parkova 7", "Київ, Паркова, 7"),
        ] {
            let (x, y) = (them.parse(a), them.parse(b));
            assert_eq!(
                x,
                y,
                "{a} ~ {b}: {:?} {:?}",
                String::from_utf8_lossy(them.text(x.street)),
                String::from_utf8_lossy(them.text(y.street))
            );
            assert!(x.is_home());
        }
    }

    #[test]
    fn branches_are_nobodys_home() {
        let mut them = Addresses::default();
        for (a, b) in [
            ("Київ, НП 33", "г. Киев, Новая Почта отделение №33"),
            ("м. Рівне, відд. 14", "Ровно, Новая почта, склад 14"),
        ] {
            let (x, y) = (them.parse(a), them.parse(b));
            assert_eq!(x, y);
            assert!(!x.is_home() && x.branch != 0, "{x:?}");
        }
    }

    proptest! {
        #[test]
        fn any_cell_reads(cell in "\\PC{0,60}") {
            let mut them = Addresses::default();
            let _ = them.parse(&cell);
        }
    }
}
