//! The word lists of `data/`, read once: first names with their short forms and patronymics, and words that are no part of a name.

use std::sync::OnceLock;

use ahash::{AHashMap, AHashSet};
use smallvec::SmallVec;

use super::fold::{self, Slip};

/// Number of a first name in `data/given_names.tsv`.
pub type NameId = u16;
pub type NameIds = SmallVec<[NameId; 4]>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Gender {
    #[default]
    Unknown,
    Female,
    Male,
}

impl Gender {
    #[must_use]
    pub fn conflicts(self, other: Self) -> bool {
        self != Self::Unknown && other != Self::Unknown && self != other
    }
}

/// How sure the dictionary is that a word is a first name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sureness {
    #[default]
    None,
    /// One keyboard slip away from a known form.
    Slip,
    /// An affectionate form that is as often a surname: Кузьмик, Семенко, Богданчик.
    Tender,
    Short,
    Full,
}

#[derive(Debug)]
pub struct Dictionary {
    genders: Vec<Gender>,
    initials: Vec<SmallVec<[u8; 4]>>,
    exact: AHashMap<String, (NameIds, Sureness)>,
    folded: AHashMap<String, (NameIds, Sureness)>,
    /// Every form with one letter left out, for finding slips in constant time.
    gaps: AHashMap<u64, SmallVec<[u32; 4]>>,
    /// Forms by the hash of their whole key.
    whole: AHashMap<u64, u32>,
    forms: Vec<(String, NameIds)>,
    fathers: AHashMap<String, SmallVec<[NameId; 2]>>,
    noise: AHashSet<String>,
    /// Full forms that only one of the two languages has.
    ukrainian: AHashSet<String>,
    russian: AHashSet<String>,
}

/// Endings of patronymics in folded letters with their gender, longest first.
const PATRONYMIC_ENDINGS: [(&str, Gender); 12] = [
    ("iniqna", Gender::Female),
    ("oviqna", Gender::Female),
    ("eviqna", Gender::Female),
    ("oviq", Gender::Male),
    ("eviq", Gender::Male),
    ("ivna", Gender::Female),
    ("ovna", Gender::Female),
    ("evna", Gender::Female),
    ("iivna", Gender::Female),
    ("iqna", Gender::Female),
    ("iviq", Gender::Male),
    ("iq", Gender::Male),
];

/// Endings that make an affectionate form of any first name: Богданчик, Русланочка.
const TENDER_ENDINGS: [&str; 16] = [
    "oqka", "eqka", "onka", "enka", "uwka", "iqok", "usa", "uwa", "una", "una", "qik", "iik", "ik", "ko",
    "ok", "ka",
];

impl Dictionary {
    /// The dictionaries shipped with the product.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Dictionary> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            Self::read(include_str!("../../data/given_names.tsv"), include_str!("../../data/name_noise.tsv"))
        })
    }

    /// Reads the two lists; lines beginning with `#` are remarks.
    #[must_use]
    pub fn read(given_names: &str, noise: &str) -> Self {
        let mut it = Self {
            genders: Vec::new(),
            initials: Vec::new(),
            exact: AHashMap::new(),
            folded: AHashMap::new(),
            gaps: AHashMap::new(),
            whole: AHashMap::new(),
            forms: Vec::new(),
            fathers: AHashMap::new(),
            noise: lines(noise).map(str::to_lowercase).collect(),
            ukrainian: AHashSet::new(),
            russian: AHashSet::new(),
        };
        for line in lines(given_names) {
            let mut columns = line.split('\t');
            let (_id, gender) = (columns.next(), columns.next());
            let Ok(id) = NameId::try_from(it.genders.len()) else { break };
            it.genders.push(match gender {
                Some("m") => Gender::Male,
                Some("f") => Gender::Female,
                _ => Gender::Unknown,
            });
            it.initials.push(SmallVec::new());
            let full = columns.next();
            it.add_languages(full);
            for (column, sureness) in [(full, Sureness::Full), (columns.next(), Sureness::Short)] {
                for form in forms(column) {
                    it.add_form(id, form, sureness);
                }
            }
            for form in forms(columns.next()) {
                if let Some((stem, _)) = patronymic_stem(&fold::fold(form)) {
                    let fathers = it.fathers.entry(stem.to_owned()).or_default();
                    if !fathers.contains(&id) {
                        fathers.push(id);
                    }
                }
            }
        }
        it.index_gaps();
        it
    }

    /// The first form of a line is Ukrainian, the second Russian.
    fn add_languages(&mut self, full: Option<&str>) {
        let mut two = forms(full).filter(|f| !f.is_ascii()).map(str::to_lowercase);
        if let (Some(ukrainian), Some(russian)) = (two.next(), two.next()) {
            self.ukrainian.insert(ukrainian);
            self.russian.insert(russian);
        }
    }

    /// `Some(true)` for a form only Ukrainian has, `Some(false)` for one only Russian has.
    #[must_use]
    pub fn is_ukrainian(&self, lower: &str) -> Option<bool> {
        match (self.ukrainian.contains(lower), self.russian.contains(lower)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }

    fn add_form(&mut self, id: NameId, form: &str, sureness: Sureness) {
        if sureness == Sureness::Full
            && let Some(initials) = self.initials.last_mut()
        {
            // Йосип begins with an e once folded, but is shortened to Й.
            let typed: String = form.chars().take(1).collect();
            for first in [fold::fold(form), fold::fold(&typed)].iter().filter_map(|key| key.bytes().next()) {
                if !initials.contains(&first) {
                    initials.push(first);
                }
            }
        }
        let folded = fold::fold(form);
        let surname_like = ["ko", "ik", "uk"].iter().any(|e| folded.ends_with(e));
        let sureness = if sureness == Sureness::Short && surname_like { Sureness::Tender } else { sureness };
        let mut lower = String::new();
        fold::one_script(form, &mut lower);
        for (map, key, spelled) in [(&mut self.exact, plain(&lower), true), (&mut self.folded, folded, false)]
        {
            let entry = map.entry(key).or_default();
            // Лина is a name of its own and short for Ангелина. But a full form beats a short one that only sounds alike: Алла is not Аля.
            if sureness > entry.1 {
                entry.1 = sureness;
                if !spelled {
                    entry.0.clear();
                }
                entry.0.insert(0, id);
            } else if (spelled || sureness == entry.1) && !entry.0.contains(&id) {
                entry.0.push(id);
            }
        }
    }

    fn index_gaps(&mut self) {
        for (form, (ids, sureness)) in &self.folded {
            if form.len() < 4 || *sureness != Sureness::Full && form.len() < 5 {
                continue;
            }
            self.forms.push((form.clone(), ids.clone()));
        }
        self.forms.sort();
        for (at, (form, _)) in self.forms.iter().enumerate() {
            let Ok(at) = u32::try_from(at) else { break };
            self.whole.insert(hash(form.bytes()), at);
            for skip in 0..form.len() {
                let places = self.gaps.entry(hash_without(form, skip)).or_default();
                if !places.contains(&at) {
                    places.push(at);
                }
            }
        }
    }

    #[must_use]
    pub fn gender(&self, id: NameId) -> Gender {
        self.genders.get(usize::from(id)).copied().unwrap_or_default()
    }

    /// The gender all of these names share.
    #[must_use]
    pub fn common_gender(&self, ids: &[NameId]) -> Gender {
        let Some(first) = ids.first() else { return Gender::Unknown };
        let gender = self.gender(*first);
        if ids.iter().all(|id| self.gender(*id) == gender) { gender } else { Gender::Unknown }
    }

    /// First folded letters of the full forms of these names.
    #[must_use]
    pub fn initials(&self, ids: &[NameId]) -> SmallVec<[u8; 4]> {
        ids.iter().filter_map(|id| self.initials.get(usize::from(*id))).flatten().copied().collect()
    }

    #[must_use]
    pub fn is_noise(&self, lower: &str) -> bool {
        self.noise.contains(lower)
    }

    /// First names that a lower-case word and its key may stand for, without guessing slips.
    #[must_use]
    pub fn given(&self, lower: &str, key: &str) -> Option<(NameIds, Sureness)> {
        if let Some(found) = self.exact.get(&plain(lower)) {
            return Some(found.clone());
        }
        if let Some(found) = self.folded.get(key) {
            return Some(found.clone());
        }
        self.tender(key).map(|ids| (ids, Sureness::Tender))
    }

    /// Affectionate forms built by rule: the rest after the ending begins exactly the forms of few names.
    fn tender(&self, key: &str) -> Option<NameIds> {
        for ending in TENDER_ENDINGS {
            let Some(rest) = key.strip_suffix(ending) else { continue };
            if rest.len() < 4 {
                continue;
            }
            if let Some((ids, Sureness::Full)) = self.folded.get(rest) {
                return Some(ids.clone());
            }
            let with_a = format!("{rest}a");
            if let Some((ids, Sureness::Full)) = self.folded.get(&with_a) {
                return Some(ids.clone());
            }
        }
        None
    }

    /// First names one keyboard slip away from this key.
    #[must_use]
    pub fn given_by_slip(&self, key: &str) -> Option<NameIds> {
        if key.len() < 4 {
            return None;
        }
        let mut found = NameIds::new();
        let mut best = usize::MAX;
        let mut consider = |at: u32| {
            let Some((form, ids)) = self.forms.get(at as usize) else { return };
            if fold::slip(form.as_bytes(), key.as_bytes()) == Slip::More {
                return;
            }
            // A slip seldom touches the first letter, and a longer form is a surer hit.
            let rank = usize::from(form.as_bytes()[0] != key.as_bytes()[0]);
            if rank < best {
                best = rank;
                found.clear();
            }
            if rank == best {
                for id in ids {
                    if !found.contains(id) {
                        found.push(*id);
                    }
                }
            }
        };
        self.gaps.get(&hash(key.bytes())).into_iter().flatten().copied().for_each(&mut consider);
        for skip in 0..key.len() {
            let gap = hash_without(key, skip);
            self.gaps.get(&gap).into_iter().flatten().copied().for_each(&mut consider);
        }
        // One letter too many: the key without it is a whole form.
        if key.len() >= 5 {
            for skip in 0..key.len() {
                self.whole.get(&hash_without(key, skip)).copied().into_iter().for_each(&mut consider);
            }
        }
        (!found.is_empty() && found.len() <= 4).then_some(found)
    }

    /// Fathers a patronymic may be formed from, with the gender of the child; an empty list when only the ending fits.
    #[must_use]
    pub fn patronymic(&self, key: &str) -> Option<(SmallVec<[NameId; 2]>, Gender)> {
        let (stem, gender) = patronymic_stem(key)?;
        Some((self.fathers.get(stem).cloned().unwrap_or_default(), gender))
    }

    /// Fathers whose patronymic is one slip away.
    #[must_use]
    pub fn patronymic_by_slip(&self, key: &str) -> Option<(SmallVec<[NameId; 2]>, Gender)> {
        let (stem, gender) = patronymic_stem(key)?;
        if stem.len() < 3 {
            return None;
        }
        let mut found: SmallVec<[NameId; 2]> = SmallVec::new();
        for (known, ids) in &self.fathers {
            if known.as_bytes()[0] == stem.as_bytes()[0]
                && fold::slip(known.as_bytes(), stem.as_bytes()) != Slip::More
            {
                for id in ids {
                    if !found.contains(id) {
                        found.push(*id);
                    }
                }
            }
        }
        found.sort_unstable();
        (!found.is_empty() && found.len() <= 2).then_some((found, gender))
    }
}

/// Splits a folded patronymic into its father's stem and the child's gender.
#[must_use]
pub fn patronymic_stem(key: &str) -> Option<(&str, Gender)> {
    PATRONYMIC_ENDINGS.iter().find_map(|(ending, gender)| {
        let stem = key.strip_suffix(ending)?;
        (stem.len() >= 2).then(|| (stem.trim_end_matches('i'), *gender)).filter(|(stem, _)| stem.len() >= 2)
    })
}

fn plain(lower: &str) -> String {
    lower
        .chars()
        .filter(|c| !matches!(c, '\'' | '’' | 'ʼ' | '`'))
        .map(|c| if c == 'ё' { 'е' } else { c })
        .collect()
}

/// FNV-1a. What it finds is compared letter by letter, so a collision costs time only.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3))
}

fn hash_without(text: &str, skip: usize) -> u64 {
    hash(text.bytes().enumerate().filter(|(i, _)| *i != skip).map(|(_, b)| b))
}

/// Lines of a data file without remarks and empty lines.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|l| l.trim_end_matches(['\r', ' '])).filter(|l| !l.is_empty() && !l.starts_with('#'))
}

/// Comma-separated forms of one column.
pub fn forms(column: Option<&str>) -> impl Iterator<Item = &str> {
    column.unwrap_or_default().split(',').map(str::trim).filter(|f| !f.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(word: &str) -> NameIds {
        let mut lower = String::new();
        fold::one_script(word, &mut lower);
        Dictionary::builtin().given(&lower, &fold::fold(word)).map(|f| f.0).unwrap_or_default()
    }

    fn meet(a: &str, b: &str) -> bool {
        let b = ids(b);
        ids(a).iter().any(|id| b.contains(id))
    }

    #[test]
    fn one_person_many_forms() {
        for (a, b) in [
            ("Микола", "Николай"),
            ("Саша", "Александр"),
            ("Саша", "Олександра"),
            ("Наташа", "Наталія"),
            ("Льоша", "Алексей"),
            ("Ганна", "Анна"),
            ("Богданчик", "Богдан"),
            ("Олена", "Елена"),
            ("Iryna", "Ирина"),
            ("Михасик", "Михайло"),
        ] {
            assert!(meet(a, b), "{a} ~ {b}: {:?} {:?}", ids(a), ids(b));
        }
    }

    #[test]
    fn brothers_and_sisters_stay_apart() {
        for (a, b) in [
            ("Олександр", "Олексій"),
            ("Алина", "Галина"),
            ("Марина", "Мария"),
            ("Алла", "Алина"),
            ("Яна", "Анна"),
        ] {
            assert!(!meet(a, b), "{a} is not {b}");
        }
    }

    #[test]
    fn patronymics_meet_across_languages() {
        let d = Dictionary::builtin();
        for (a, b) in [
            ("Николаевна", "Миколаївна"),
            ("Алексеевич", "Олексійович"),
            ("Юрьевна", "Юріївна"),
            ("Ильинична", "Іллівна"),
            ("Никитич", "Микитович"),
            ("Дмитриевна", "Дмитрівна"),
            ("Hryhorivna", "Григорьевна"),
        ] {
            let (x, y) = (d.patronymic(&fold::fold(a)), d.patronymic(&fold::fold(b)));
            let (Some((x, gx)), Some((y, gy))) = (x, y) else { panic!("{a} {b}") };
            assert!(x.iter().any(|id| y.contains(id)), "{a} ~ {b}: {x:?} {y:?}");
            assert_eq!(gx, gy);
        }
        assert_eq!(
            d.patronymic(&fold::fold("Соколович")).map(|p| p.0.len()),
            Some(0),
            "a surname that only looks like one"
        );
    }

    #[test]
    fn slips_in_first_names() {
        let d = Dictionary::builtin();
        for (typed, meant) in
            [("Даеиил", "Даниил"), ("Наталяь", "Наталья"), ("Олексанр", "Олександр"), ("Сергейй", "Сергей")]
        {
            let key = fold::fold(typed);
            let found = d.given_by_slip(&key).or_else(|| Some(ids(typed))).unwrap_or_default();
            assert!(ids(meant).iter().any(|id| found.contains(id)), "{typed} → {found:?}");
        }
    }

    #[test]
    fn every_line_of_the_list_is_whole() {
        for line in lines(include_str!("../../data/given_names.tsv")) {
            assert_eq!(line.split('\t').count(), 5, "{line}");
        }
    }
}
