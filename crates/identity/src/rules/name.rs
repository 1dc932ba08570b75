//! Names of people: words become tokens once, and a cell becomes surname, first name and patronymic whatever their order.

use std::borrow::Cow;

use ahash::AHashMap;
use smallvec::SmallVec;

use super::dictionary::{Dictionary, Gender, NameId, NameIds, Sureness};
use super::fold;
use super::intern::Interner;
use super::name_words::{split_words, stem_of};

/// Number of a token in [`Names`]; 0 is "no word".
pub type TokenId = u32;

/// What is known of one spelling of one word.
#[derive(Clone, Copy, Debug, Default)]
pub struct Token {
    /// Hash of the folded spelling, the same in every run.
    pub hash: u64,
    /// Number of the folded spelling.
    pub fold: u32,
    /// Number of the folded spelling without the ending that marks gender.
    pub stem: u32,
    /// First names that the word may stand for; see [`Names::ids`].
    pub given: ListId,
    /// Fathers' names that it may come from as a patronymic.
    pub fathers: ListId,
    pub sureness: Sureness,
    pub patronymic: bool,
    pub given_gender: Gender,
    pub patronymic_gender: Gender,
    pub surname_gender: Gender,
    /// First folded letter.
    pub initial: u8,
    /// The frequency class of the word as a first name.
    pub given_key: u32,
    noise: bool,
    generation: u8,
}

/// Number of a list of names in the dictionary's order; a base has few different ones. 0 is the empty list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListId(u16);

impl ListId {
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A name taken apart. Zero means missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Name {
    pub surname: TokenId,
    /// Second half of a double surname, or a maiden name in brackets.
    pub surname2: TokenId,
    pub given: TokenId,
    pub patronymic: TokenId,
    pub given_initial: u8,
    pub patronymic_initial: u8,
    pub surname_initial: u8,
    /// 1: the elder, 2: the younger of two people with one name.
    pub generation: u8,
    /// The first name was told from its place, not from the dictionary: both orders are possible.
    pub order_guessed: bool,
}

impl Name {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.surname == 0 && self.given == 0 && self.patronymic == 0
    }
}

/// Tokens of a base and the folded texts behind them.
#[derive(Debug)]
pub struct Names {
    words: Interner,
    tokens: Vec<Token>,
    folds: Interner,
    stems: Interner,
    dictionary: &'static Dictionary,
    lists: Vec<NameIds>,
    list_ids: AHashMap<NameIds, ListId>,
    /// Words of whole names as they were typed, and what became of each.
    spellings: Interner,
    spelt: Vec<Spelt>,
    lower: String,
    key: Vec<u8>,
}

/// A word as typed; most words of a base were typed so before.
#[derive(Clone, Copy, Debug)]
struct Spelt {
    letters: u8,
    /// None until the word stands where a word counts.
    token: Option<TokenId>,
}

/// Dictionary names come first among the frequency classes of first names; folded spellings follow.
pub(super) const UNKNOWN_GIVEN: u32 = 1 << 16;

impl Default for Names {
    fn default() -> Self {
        let mut it = Self {
            words: Interner::default(),
            tokens: Vec::new(),
            folds: Interner::default(),
            stems: Interner::default(),
            dictionary: Dictionary::builtin(),
            lists: vec![NameIds::new()],
            list_ids: AHashMap::from([(NameIds::new(), ListId(0))]),
            spellings: Interner::default(),
            spelt: Vec::new(),
            lower: String::new(),
            key: Vec::new(),
        };
        it.words.intern(b"");
        it.folds.intern(b"");
        it.stems.intern(b"");
        it.tokens.push(Token::default());
        it
    }
}

/// Which of two people with one name a word means.
fn generation_of(lower: &str) -> u8 {
    match lower {
        "ст" | "старший" | "старша" | "старшая" | "батько" | "отец" | "тато" | "папа" | "sr" | "senior" => {
            1
        }
        "мол" | "мл" | "молодший" | "молодша" | "младший" | "младшая" | "син" | "сын" | "jr" | "junior" => {
            2
        }
        _ => 0,
    }
}

/// A contact found inside a name cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stray {
    pub phone: Option<String>,
    pub email: Option<String>,
}

impl Names {
    #[must_use]
    pub fn token(&self, id: TokenId) -> &Token {
        usize::try_from(id).ok().and_then(|i| self.tokens.get(i)).unwrap_or(&self.tokens[0])
    }

    /// The word as typed, in lower case.
    #[must_use]
    pub fn word(&self, id: TokenId) -> &str {
        self.words.text(id)
    }

    /// Folded letters of a token.
    #[must_use]
    pub fn letters(&self, id: TokenId) -> &[u8] {
        self.folds.get(self.token(id).fold)
    }

    #[must_use]
    pub fn stem_letters(&self, id: TokenId) -> &[u8] {
        self.stems.get(self.token(id).stem)
    }

    /// The names of a list.
    #[must_use]
    pub fn ids(&self, list: ListId) -> &[NameId] {
        self.lists.get(usize::from(list.0)).map_or(&[], |ids| ids.as_slice())
    }

    fn list(&mut self, ids: &[NameId]) -> ListId {
        let ids = NameIds::from_slice(ids);
        if let Some(known) = self.list_ids.get(&ids) {
            return *known;
        }
        let Ok(id) = u16::try_from(self.lists.len()) else { return ListId(0) };
        self.lists.push(ids.clone());
        self.list_ids.insert(ids, ListId(id));
        ListId(id)
    }

    /// First letters of all full forms of the first name a token may stand for.
    #[must_use]
    pub fn initials(&self, id: TokenId) -> SmallVec<[u8; 4]> {
        self.dictionary.initials(self.ids(self.token(id).given))
    }

    /// First letters of the patronymic in its other languages.
    #[must_use]
    pub fn father_initials(&self, id: TokenId) -> SmallVec<[u8; 4]> {
        self.dictionary.initials(self.ids(self.token(id).fathers))
    }

    #[must_use]
    pub fn stem_count(&self) -> usize {
        self.stems.len()
    }

    #[must_use]
    pub fn fold_count(&self) -> usize {
        self.folds.len()
    }

    #[must_use]
    pub fn fold_text(&self, fold: u32) -> &[u8] {
        self.folds.get(fold)
    }

    #[must_use]
    pub fn stem_by_text(&self, stem: &[u8]) -> Option<u32> {
        self.stems.find(stem)
    }

    #[must_use]
    pub fn stem_text(&self, stem: u32) -> &[u8] {
        self.stems.get(stem)
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        self.spellings.bytes()
            + self.spelt.len() * size_of::<Spelt>()
            + self.words.bytes()
            + self.folds.bytes()
            + self.stems.bytes()
            + self.tokens.len() * size_of::<Token>()
    }

    /// The token of a word; [`Names::lower`] holds the word in lower case.
    fn intern_lower(&mut self) -> TokenId {
        if self.lower.is_empty() {
            return 0;
        }
        let (id, new) = self.words.intern(self.lower.as_bytes());
        if new {
            let token = self.describe();
            self.tokens.push(token);
        }
        id
    }

    /// The token of one whole word.
    pub fn intern(&mut self, word: &str) -> TokenId {
        self.put_lower(word);
        self.intern_lower()
    }

    fn put_lower(&mut self, word: &str) {
        let mut lower = std::mem::take(&mut self.lower);
        fold::one_script(word, &mut lower);
        self.lower = lower;
    }

    /// The place of a word as typed in [`Names::spelt`].
    fn spelling(&mut self, word: &str) -> usize {
        let (id, new) = self.spellings.intern(word.as_bytes());
        if new {
            self.put_lower(word);
            let letters = self.lower.chars().filter(|c| fold::is_letter(*c)).count();
            self.spelt.push(Spelt { letters: u8::try_from(letters).unwrap_or(u8::MAX), token: None });
        }
        id as usize
    }

    fn describe(&mut self) -> Token {
        self.key.clear();
        fold::fold_into(&self.lower, &mut self.key);
        let (fold_id, _) = self.folds.intern(&self.key);
        let (stem_len, surname_gender) = stem_of(&self.key);
        let (stem, _) = self.stems.intern(&self.key[..stem_len]);
        let mut token = Token {
            hash: self.folds.text_hash(&self.key),
            fold: fold_id,
            stem,
            surname_gender,
            initial: self.key.first().copied().unwrap_or(0),
            noise: self.dictionary.is_noise(&self.lower),
            generation: generation_of(&self.lower),
            ..Token::default()
        };
        let key = std::str::from_utf8(&self.key).unwrap_or_default();
        let mut given = NameIds::new();
        let mut fathers = SmallVec::<[NameId; 2]>::new();
        if let Some((found, sureness)) = self.dictionary.given(&self.lower, key) {
            (given, token.sureness) = (found, sureness);
        }
        if let Some((found, gender)) = self.dictionary.patronymic(key) {
            token.patronymic = true;
            token.patronymic_gender = gender;
            fathers = found;
            if fathers.is_empty()
                && let Some((found, _)) = self.dictionary.patronymic_by_slip(key)
            {
                // A feminine patronymic ending is no surname, so the slip is believed; a masculine one may be a surname.
                if gender == Gender::Female {
                    fathers = found;
                }
            }
        }
        if token.sureness == Sureness::None
            && !token.patronymic
            && let Some(found) = self.dictionary.given_by_slip(key)
        {
            (given, token.sureness) = (found, Sureness::Slip);
        }
        token.given_gender = self.dictionary.common_gender(&given);
        token.given_key = match given.first() {
            Some(id) if token.sureness >= Sureness::Tender => u32::from(*id),
            _ => UNKNOWN_GIVEN + fold_id,
        };
        (token.given, token.fathers) = (self.list(&given), self.list(&fathers));
        token
    }

    /// Takes a whole name cell apart. Phones and addresses of mail found in it are put into `stray`.
    pub fn parse(&mut self, cell: &str, stray: &mut Stray) -> Name {
        let mut words: SmallVec<[TokenId; 8]> = SmallVec::new();
        let mut initials: SmallVec<[u8; 4]> = SmallVec::new();
        let mut unknown = false;
        let mut sure = false;
        let mut generation = 0;
        let text = self.without_contacts(cell, stray);
        let text = text.as_deref().unwrap_or(cell);
        let untitled = self.without_hyphened_titles(text);
        let text = untitled.as_deref().unwrap_or(text);
        let retyped = self.retyped(text);
        let text = retyped.as_deref().unwrap_or(text);
        for word in split_words(text) {
            let at = self.spelling(word.text);
            let letters = self.spelt[at].letters;
            if letters == 0 || words.len() >= 6 {
                continue;
            }
            if letters == 1 || word.dotted && letters <= 3 {
                self.put_lower(word.text);
                self.key.clear();
                fold::fold_into(&self.lower, &mut self.key);
                generation = generation.max(generation_of(&self.lower));
                if !self.dictionary.is_noise(&self.lower)
                    && let Some(first) = self.key.first()
                {
                    initials.push(*first);
                }
                continue;
            }
            let id = self.spelt[at].token.unwrap_or_else(|| {
                let id = self.intern(word.text);
                self.spelt[at].token = Some(id);
                id
            });
            let token = self.token(id);
            generation = generation.max(token.generation);
            if token.noise && token.sureness == Sureness::None {
                continue;
            }
            sure |= token.sureness >= Sureness::Short || token.patronymic && !token.fathers.is_empty();
            unknown |= token.sureness < Sureness::Short;
            words.push(id);
        }
        if unknown && !sure {
            self.try_other_layout(text, &mut words);
        }
        Name { generation, ..self.assemble(&words, &initials) }
    }

    /// `г-жа Терехина` without the title, whose halves would pass for initials.
    fn without_hyphened_titles(&self, text: &str) -> Option<String> {
        let is_title = |w: &str| {
            w.contains('-') && self.dictionary.is_noise(w.trim_matches('.').to_lowercase().as_str())
        };
        if !text.contains('-') || !text.split_whitespace().any(is_title) {
            return None;
        }
        Some(text.split_whitespace().filter(|w| !is_title(w)).collect::<Vec<_>>().join(" "))
    }

    fn without_contacts(&self, cell: &str, stray: &mut Stray) -> Option<String> {
        let digits = cell.bytes().filter(u8::is_ascii_digit).count();
        if digits < 9 && !cell.contains('@') {
            return None;
        }
        let mut kept = String::with_capacity(cell.len());
        let mut number = String::new();
        for word in cell.split_whitespace() {
            if word.contains('@') {
                stray.email = Some(word.trim_matches([',', ';', '(', ')']).to_owned());
                continue;
            }
            let (d, l) = word.chars().fold((0, 0), |(d, l), c| {
                (d + usize::from(c.is_ascii_digit()), l + usize::from(c.is_alphabetic()))
            });
            if d > 0 && l == 0 || d >= 9 {
                number.extend(word.chars().filter(|c| !c.is_alphabetic()));
                number.push(' ');
                kept.extend(word.chars().filter(|c| c.is_alphabetic()));
            } else {
                kept.push_str(word);
            }
            kept.push(' ');
        }
        if digits >= 9 {
            stray.phone = Some(number);
        }
        Some(kept)
    }

    /// A name whose parts came in columns of their own.
    pub fn from_parts(&mut self, family: &str, given: &str, patronymic: &str, stray: &mut Stray) -> Name {
        let mut name = Name::default();
        let words = |it: &mut Self, cell: &str| -> (SmallVec<[TokenId; 4]>, u8) {
            let mut tokens = SmallVec::new();
            let mut initial = 0;
            for word in split_words(cell) {
                it.put_lower(word.text);
                if it.lower.chars().filter(|c| fold::is_letter(*c)).count() > 1 && tokens.len() < 4 {
                    tokens.push(it.intern_lower());
                } else if initial == 0 {
                    it.key.clear();
                    fold::fold_into(&it.lower, &mut it.key);
                    initial = it.key.first().copied().unwrap_or(0);
                }
            }
            (tokens, initial)
        };
        let [family, given, patronymic] = [family, given, patronymic]
            .map(|cell| self.retyped(cell).map_or(Cow::Borrowed(cell), Cow::Owned));
        let (family_words, _) = words(self, &family);
        let (given_words, given_initial) = words(self, &given);
        let (patronymic_words, patronymic_initial) = words(self, &patronymic);
        if family_words.is_empty() && given_words.len() >= 2 {
            return self.parse(&given, stray);
        }
        name.surname = family_words.first().copied().unwrap_or(0);
        name.surname2 = family_words.get(1).copied().unwrap_or(0);
        name.given = given_words.first().copied().unwrap_or(0);
        name.patronymic = patronymic_words.first().copied().unwrap_or(0);
        if name.patronymic == 0
            && let Some(second) = given_words.get(1)
            && self.token(*second).patronymic
        {
            name.patronymic = *second;
        }
        name.given_initial = if name.given == 0 { given_initial } else { 0 };
        name.patronymic_initial = if name.patronymic == 0 { patronymic_initial } else { 0 };
        name
    }

    /// The gender that the parts of a name agree on.
    #[must_use]
    pub fn gender(&self, name: &Name) -> Gender {
        let parts = [
            self.token(name.patronymic).patronymic_gender,
            if self.token(name.given).sureness >= Sureness::Short {
                self.token(name.given).given_gender
            } else {
                Gender::Unknown
            },
            self.token(name.surname).surname_gender,
        ];
        parts.into_iter().find(|g| *g != Gender::Unknown).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(names: &mut Names, cell: &str) -> Name {
        names.parse(cell, &mut Stray::default())
    }

    fn spelled(cell: &str) -> [String; 3] {
        let mut names = Names::default();
        let name = parse(&mut names, cell);
        [name.surname, name.given, name.patronymic]
            .map(|id| String::from_utf8_lossy(names.letters(id)).into_owned())
    }

    #[test]
    fn order_does_not_matter() {
        let expected = spelled("Терехина Наталья Алексеевна");
        assert_eq!(expected, ["teregina", "natala", "alekseevna"].map(|s| s.replace("ee", "e")));
        for other in [
            "Наталья Алексеевна Терехина",
            "Наталья Терехина Алексеевна",
            "терехина  НАТАЛЬЯ алексеевна",
            "г-жа Терехина Наталья Алексеевна",
        ] {
            assert_eq!(spelled(other), expected, "{other}");
        }
    }

    #[test]
    fn surnames_that_look_like_patronymics() {
        assert_eq!(spelled("Соколович Наталья")[0], "sokoloviq");
        assert_eq!(spelled("Наталья Антонович")[0], "antonoviq");
        assert_eq!(spelled("Антонович Анна Петровна")[0], "antonoviq");
        assert_eq!(spelled("Антонович Петро Іванович"), ["antonoviq", "petro", "ivanoviq"]);
        assert_eq!(spelled("Наталья Ивановна"), ["", "natala", "ivanovna"]);
    }

    #[test]
    fn initials() {
        let mut names = Names::default();
        let name = parse(&mut names, "Терехина Н.А.");
        assert_eq!((name.given_initial, name.patronymic_initial), (b'n', b'a'));
        assert_ne!(name.surname, 0);
        assert_eq!(name, parse(&mut names, "Н. А. Терехина"));
    }

    #[test]
    fn typed_with_the_wrong_layout() {
        assert_eq!(spelled("Gtnhtyrj Bdfy"), ["petrenko", "ivan", ""]);
    }

    #[test]
    fn contacts_inside_a_name() {
        let mut names = Names::default();
        let mut stray = Stray::default();
        let name = names.parse("Петренко Іван 096 510 22 20 ivan@ukr.net", &mut stray);
        assert_eq!(names.letters(name.given), b"ivan");
        assert_eq!(stray.email.as_deref(), Some("ivan@ukr.net"));
        assert_eq!(stray.phone.map(|p| p.bytes().filter(u8::is_ascii_digit).count()), Some(10));
    }

    #[test]
    fn gender_endings_leave_one_stem() {
        let mut names = Names::default();
        let stems: Vec<_> = ["Снігурський", "Снегурская".replace("нег", "ниг").as_str(), "Snihurska"]
            .iter()
            .map(|w| {
                let id = names.intern(w);
                names.token(id).stem
            })
            .collect();
        assert!(stems.windows(2).all(|w| w[0] == w[1]));
    }

    proptest! {
        #[test]
        fn any_cell_parses(cell in "\\PC{0,40}") {
            let mut names = Names::default();
            let _ = parse(&mut names, &cell);
        }
    }
}
