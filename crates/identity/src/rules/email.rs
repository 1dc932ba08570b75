//! E-mail cells: the canonical address, slips in well-known domains, offices' mailboxes and words typed in place of an address.

use std::sync::OnceLock;

use ahash::{AHashMap, AHashSet};
use smallvec::SmallVec;

use super::dictionary::lines;
use super::fold::{self, Slip};
use super::intern::Interner;
use super::profile_links;

/// Number of an address in [`Emails`]; 0 is "none".
pub type EmailId = u32;

#[derive(Clone, Copy, Debug, Default)]
pub struct EmailParts {
    /// Hash of the whole address, the same in every run.
    pub hash: u64,
    /// Hash of the mailbox name with everything removed that the provider ignores.
    pub local: u64,
    pub domain: u32,
    /// Addresses of one mailbox share this number: that of its plainest spelling.
    pub mailbox: u32,
    /// Length of the mailbox name; the text of `mailbox` begins with it.
    local_length: u8,
    /// info@, office@ …
    pub role: bool,
    /// no@mail.ru …: nobody's address.
    pub filler: bool,
    /// A profile in a social network: `id123@vk`. No letter can be sent there.
    pub profile: bool,
}

/// All addresses of a base.
#[derive(Debug)]
pub struct Emails {
    texts: Interner,
    parts: Vec<EmailParts>,
    domains: Interner,
    lists: &'static Lists,
    buffer: String,
    whole: String,
    corrected: AHashMap<String, String>,
}

#[derive(Debug)]
struct Lists {
    /// A domain as typed → its canonical form.
    domains: AHashMap<String, String>,
    known: Vec<String>,
    roles: AHashSet<String>,
    fillers: AHashSet<String>,
    words: AHashSet<String>,
    /// Names of mailboxes that nobody has.
    nobodys: AHashSet<String>,
}

impl Lists {
    fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Lists> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            let mut it = Self {
                domains: AHashMap::new(),
                known: Vec::new(),
                roles: lines(include_str!("../../data/email_roles.tsv")).map(str::to_owned).collect(),
                fillers: AHashSet::new(),
                words: AHashSet::new(),
                nobodys: AHashSet::new(),
            };
            for line in lines(include_str!("../../data/email_domains.tsv")) {
                let mut columns = line.split('\t');
                let canonical = columns.next().unwrap_or_default().trim();
                it.known.push(canonical.to_owned());
                it.domains.insert(canonical.to_owned(), canonical.to_owned());
                for alias in columns.flat_map(|c| c.split(',')).map(str::trim).filter(|a| !a.is_empty()) {
                    it.domains.entry(alias.to_owned()).or_insert_with(|| canonical.to_owned());
                }
            }
            for line in lines(include_str!("../../data/placeholders.tsv")) {
                match line.split_once('\t') {
                    Some(("email", value)) => it.fillers.insert(value.to_owned()),
                    Some(("mailbox", value)) => it.nobodys.insert(value.to_owned()),
                    Some((_, value)) => {
                        it.nobodys.insert(value.to_owned());
                        it.words.insert(value.to_owned())
                    }
                    None => false,
                };
            }
            it
        })
    }

    fn domain(&self, typed: &str) -> String {
        let typed = typed.trim_matches('.');
        if let Some(known) = self.domains.get(typed) {
            return known.clone();
        }
        let found = self.known.iter().find(|known| {
            known.len() >= 4
                && match fold::slip(known.as_bytes(), typed.as_bytes()) {
                    Slip::More => false,
                    // A short domain with another letter is more often another domain (i.ua, a.ua).
                    Slip::Replaced(..) => known.len() >= 7,
                    _ => known.len() >= 5,
                }
        });
        found.cloned().unwrap_or_else(|| typed.to_owned())
    }
}

/// Whether a cell holds a word that means "nothing" in place of a contact.
#[must_use]
pub fn is_filler_word(cell: &str) -> bool {
    let text = cell.trim();
    text.len() <= 40 && Lists::builtin().words.contains(&text.to_lowercase())
}

impl Default for Emails {
    fn default() -> Self {
        let mut it = Self {
            texts: Interner::default(),
            parts: vec![EmailParts::default()],
            domains: Interner::default(),
            lists: Lists::builtin(),
            buffer: String::new(),
            whole: String::new(),
            corrected: AHashMap::new(),
        };
        for table in [&mut it.texts, &mut it.domains] {
            table.intern(b"");
        }
        it
    }
}

impl Emails {
    #[must_use]
    pub fn parts(&self, id: EmailId) -> &EmailParts {
        self.parts.get(id as usize).unwrap_or(&self.parts[0])
    }

    /// The address to show and to write to.
    #[must_use]
    pub fn text(&self, id: EmailId) -> &str {
        self.texts.text(id)
    }

    #[must_use]
    pub fn local(&self, id: EmailId) -> &[u8] {
        let parts = self.parts(id);
        self.texts.get(parts.mailbox).get(..usize::from(parts.local_length)).unwrap_or_default()
    }

    #[must_use]
    pub fn domain_text(&self, domain: u32) -> &[u8] {
        self.domains.get(domain)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.len() <= 1
    }

    #[must_use]
    pub fn mailbox_count(&self) -> usize {
        self.texts.len()
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        self.texts.bytes() + self.parts.len() * size_of::<EmailParts>()
    }

    /// Reads every address of a cell.
    pub fn parse(&mut self, cell: &str, out: &mut SmallVec<[EmailId; 2]>) {
        if cell.len() < 5 {
            return;
        }
        let repaired = repair_signs(cell);
        let cell = repaired.as_deref().unwrap_or(cell);
        let parted =
            |b: u8| matches!(b, b',' | b';' | b'|' | b'\n' | b' ' | b'/' | b'<' | b'>' | b'(' | b')');
        if !cell.bytes().any(parted) {
            out.extend(self.one(cell));
            return;
        }
        for piece in cell.split(|c: char| u8::try_from(c).is_ok_and(parted)) {
            if piece.len() < 5 {
                continue;
            }
            if let Some(id) = self.one(piece)
                && out.len() < 6
                && !out.contains(&id)
            {
                out.push(id);
            }
        }
        // `ivan @ukr.net`, `ivan@ukr .net`: spaces inside a single address.
        if out.is_empty() && cell.matches('@').count() == 1 {
            let joined: String = cell.split_whitespace().collect();
            if let Some(id) = self.one(&joined) {
                out.push(id);
            }
        }
    }

    /// Reads every profile in a social network of a cell. Domains of mail have a dot, so no address is taken for a profile.
    pub fn parse_profiles(&mut self, cell: &str, out: &mut SmallVec<[EmailId; 2]>) {
        let mut found: SmallVec<[String; 2]> = SmallVec::new();
        profile_links::each(cell, |name, network| found.push(format!("{name}@{network}")));
        for text in found.into_iter().take(6) {
            let (id, new) = self.texts.intern(text.as_bytes());
            if new {
                let hash = self.texts.text_hash(text.as_bytes());
                let name = text.split('@').next().unwrap_or_default();
                self.parts.push(EmailParts {
                    hash,
                    local: hash,
                    mailbox: id,
                    local_length: u8::try_from(name.len()).unwrap_or(0),
                    profile: true,
                    ..EmailParts::default()
                });
            }
            if !out.contains(&id) {
                out.push(id);
            }
        }
    }

    /// `vk:id123` of a profile; `None` for an address.
    #[must_use]
    pub fn profile(&self, id: EmailId) -> Option<String> {
        let (name, network) = self.text(id).split_once('@')?;
        self.parts(id).profile.then(|| format!("{network}:{name}"))
    }

    fn one(&mut self, piece: &str) -> Option<EmailId> {
        let mut lower = std::mem::take(&mut self.buffer);
        lower.clear();
        let piece = piece.strip_prefix("mailto:").unwrap_or(piece);
        if piece.is_ascii() {
            lower.push_str(piece);
            lower.make_ascii_lowercase();
        } else {
            // Cyrillic letters that look Latin are put right; an address typed on the other layout is switched.
            fold::one_script(piece, &mut lower);
            if !lower.is_ascii() {
                let repaired = repair(&lower);
                lower = repaired;
            }
        }
        let mut whole = std::mem::take(&mut self.whole);
        let id = self.known(&lower, &mut whole);
        (self.buffer, self.whole) = (lower, whole);
        id
    }

    /// The number of an address in small letters; `whole` is room for its right spelling.
    fn known(&mut self, lower: &str, whole: &mut String) -> Option<EmailId> {
        let (local, domain) = split(lower, self.lists)?;
        let local = local.trim_matches(|c: char| matches!(c, '.' | '\'' | '"' | '-'));
        if local.is_empty()
            || local.len() > 64
            || domain.is_empty()
            || domain.len() > 120
            || !domain.contains('.') && !self.lists.domains.contains_key(domain)
        {
            return None;
        }
        if !local.bytes().all(|b| b.is_ascii_graphic())
            || !domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
        {
            return None;
        }
        let right = match self.corrected.get(domain) {
            Some(right) => right,
            None => self.corrected.entry(domain.to_owned()).or_insert_with(|| self.lists.domain(domain)),
        };
        let plain = local.split('+').next().unwrap_or(local);
        let plain = if plain.is_empty() { local } else { plain };
        whole.clear();
        whole.extend([plain, "@", right]);
        let (id, new) = self.texts.intern(whole.as_bytes());
        if !new {
            return Some(id);
        }
        let (dots_ignored, dashes_are_dots) = (right == "gmail.com", right == "yandex.ru");
        let role = self.lists.roles.contains(plain);
        let filler = is_filler(whole, plain, right, self.lists);
        let (domain, _) = self.domains.intern(right.as_bytes());
        // Yandex reads a dot and a hyphen as the same letter.
        let mut mailbox: SmallVec<[u8; 64]> = SmallVec::new();
        mailbox.extend(
            plain
                .bytes()
                .filter(|b| !(dots_ignored && *b == b'.'))
                .map(|b| if dashes_are_dots && b == b'-' { b'.' } else { b }),
        );
        let parts = EmailParts {
            hash: self.texts.text_hash(whole.as_bytes()),
            local: self.texts.text_hash(&mailbox),
            domain,
            mailbox: id,
            local_length: u8::try_from(mailbox.len()).unwrap_or(0),
            role,
            filler,
            profile: false,
        };
        self.parts.push(parts);
        if mailbox.as_slice() != plain.as_bytes() {
            mailbox.push(b'@');
            mailbox.extend_from_slice(right.as_bytes());
            let (plainest, new) = self.texts.intern(&mailbox);
            if new {
                let hash = self.texts.text_hash(&mailbox);
                self.parts.push(EmailParts { hash, mailbox: plainest, ..parts });
            }
            self.parts[id as usize].mailbox = plainest;
        }
        Some(id)
    }
}

/// An address nobody owns: from the list, one letter or digit repeated, or the same word on both sides.
fn is_filler(whole: &str, local: &str, domain: &str, lists: &Lists) -> bool {
    let same = |t: &str| t.len() >= 3 && t.bytes().all(|b| b == t.as_bytes()[0]);
    let host = domain.split('.').next().unwrap_or_default();
    lists.fillers.contains(whole)
        || same(local) && local.bytes().all(|b| !b.is_ascii_digit() || local.len() < 7)
        || local == host
        || lists.nobodys.contains(local)
}

/// Signs that stand for `@` and for the dot of a domain: `ivan(a)i.ua`, `ivan[at]i.ua`, `ivan@ukr,net`, `ivan yandex.ru`.
fn repair_signs(cell: &str) -> Option<String> {
    match cell.bytes().filter(|b| *b == b'@').count() {
        0 => {
            let lower = cell.to_lowercase();
            for sign in ["(a)", "(at)", "[at]", "{at}", "[a]", "(собака)", " at "] {
                if let Some((local, domain)) = lower.split_once(sign) {
                    return Some(format!("{}@{}", local.trim(), domain.trim()));
                }
            }
            let mut words = lower.split_whitespace();
            let (local, domain) = (words.next()?, words.next()?);
            let known = Lists::builtin().domains.contains_key(domain) && domain.contains('.');
            (known && words.next().is_none() && local.len() >= 3).then(|| format!("{local}@{domain}"))
        }
        1 => {
            let (local, domain) = cell.split_once('@')?;
            let (host, ending) = domain.trim().split_once(',')?;
            let is_ending =
                |t: &str| (2..=3).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphabetic());
            (is_ending(ending.trim_end()) && !host.contains(['.', ' ']) && !ending.starts_with(' '))
                .then(|| format!("{local}@{host}.{}", ending.trim_end()))
        }
        _ => None,
    }
}

/// Mailbox and domain; an `@` replaced by another sign or forgotten before a known provider is put back.
fn split<'a>(lower: &'a str, lists: &Lists) -> Option<(&'a str, &'a str)> {
    if let Some((local, domain)) = lower.rsplit_once('@') {
        return Some((local.trim_end_matches('@'), domain));
    }
    for known in &lists.known {
        if known.len() >= 5
            && let Some(before) = lower.strip_suffix(known.as_str())
        {
            let local = before.trim_end_matches(['"', '\'', '#', '*', '(', ' ', '.', '2']);
            if local.len() >= 3 && local.len() < before.len() + usize::from(before.len() >= 4) {
                return Some((local, &lower[before.len()..]));
            }
        }
    }
    None
}

fn repair(lower: &str) -> String {
    let letters: Vec<char> = lower.chars().filter(|c| c.is_alphabetic()).collect();
    let cyrillic = letters.iter().filter(|c| fold::is_cyrillic(**c)).count();
    if cyrillic * 2 > letters.len()
        && let Some(switched) = fold::other_layout(lower)
        && switched.is_ascii()
    {
        // Shift+2 is a quotation mark on the Cyrillic layout.
        return switched.replacen('"', "@", usize::from(!switched.contains('@')));
    }
    let mut out = String::with_capacity(lower.len());
    for c in lower.chars() {
        out.push(match c {
            'а' => 'a',
            'в' => 'b',
            'с' => 'c',
            'е' | 'ё' => 'e',
            'н' => 'h',
            'і' => 'i',
            'к' => 'k',
            'м' => 'm',
            'о' => 'o',
            'р' => 'p',
            'т' => 't',
            'х' => 'x',
            'у' => 'y',
            other => other,
        });
    }
    out
}

/// How two different mailboxes are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same mailbox name under another ending of the domain (.ru/.com).
    OtherEnding,
    /// The same mailbox name at another provider.
    OtherProvider,
    /// One letter slipped, at the same provider.
    LetterSlip,
    /// Only signs or the romanisation differ.
    Respelled,
    /// Digits differ: people add a digit when the name is taken.
    Digits,
    None,
}

/// Compares two addresses that are not the same mailbox.
#[must_use]
pub fn likeness(emails: &Emails, a: EmailId, b: EmailId) -> Likeness {
    let (pa, pb) = (emails.parts(a), emails.parts(b));
    if pa.local == pb.local {
        let (da, db) = (emails.domain_text(pa.domain), emails.domain_text(pb.domain));
        let name = |d: &[u8]| d.split(|b| *b == b'.').next().unwrap_or_default().len();
        return if name(da) > 1 && da[..name(da)] == db[..name(db)] || near_domains(da, db) {
            Likeness::OtherEnding
        } else {
            Likeness::OtherProvider
        };
    }
    let (la, lb) = (emails.local(a), emails.local(b));
    if la.len().abs_diff(lb.len()) > 3 || la.len().min(lb.len()) < 4 {
        return Likeness::None;
    }
    let same_domain = pa.domain == pb.domain;
    match fold::slip(la, lb) {
        Slip::Replaced(x, y) if x.is_ascii_digit() || y.is_ascii_digit() => return Likeness::Digits,
        Slip::Extra { byte, .. } if byte.is_ascii_digit() => return Likeness::Digits,
        Slip::Extra { byte: b'.' | b'_' | b'-', .. } => return Likeness::Respelled,
        Slip::Replaced(x, y) if !x.is_ascii_alphabetic() && !y.is_ascii_alphabetic() => {
            return Likeness::Respelled;
        }
        Slip::More => {}
        found => {
            // Romanisations differ in these letters; any other doubled or lost letter is a slip.
            let romanised = !matches!(found, Slip::Extra { byte, .. } if !b"iyhj".contains(&byte));
            if romanised && same_key(la, lb) {
                return Likeness::Respelled;
            }
            return if same_domain { Likeness::LetterSlip } else { Likeness::None };
        }
    }
    if same_key(la, lb) { Likeness::Respelled } else { Likeness::None }
}

fn near_domains(a: &[u8], b: &[u8]) -> bool {
    a.len().min(b.len()) >= 5 && fold::slip(a, b) != Slip::More
}

/// Whether two mailbox names have one key. Digits stand in the key as they are, so most pairs are told apart by them.
fn same_key(a: &[u8], b: &[u8]) -> bool {
    let digits = |t: &[u8]| t.iter().copied().filter(u8::is_ascii_digit).collect::<SmallVec<[u8; 16]>>();
    // Names of mailboxes are small letters of one script already, so they fold without a second pass.
    let key = |t: &[u8]| {
        let mut key: Vec<u8> = Vec::with_capacity(t.len());
        fold::fold_into(std::str::from_utf8(t).unwrap_or_default(), &mut key);
        key
    };
    digits(a) == digits(b) && key(a) == key(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(cell: &str) -> Vec<String> {
        let mut emails = Emails::default();
        let mut out = SmallVec::new();
        emails.parse(cell, &mut out);
        out.iter().map(|id| emails.text(*id).to_owned()).collect()
    }

    #[test]
    fn canonical_form() {
        for (cell, expected) in [
            (" KOVALAK61@I.UA ", "kovalak61@i.ua"),
            ("prokopovich.tatiana@gmaill.com", "prokopovich.tatiana@gmail.com"),
            ("ivan@gmial.com", "ivan@gmail.com"),
            ("lisichka4858@i.au", "lisichka4858@i.ua"),
            ("ivan+books@gmail.com", "ivan@gmail.com"),
            ("ivan.petrenko@googlemail.com", "ivan.petrenko@gmail.com"),
            ("<ivan@ya.ru>", "ivan@yandex.ru"),
            ("ivanoff @ ukr.net", "ivanoff@ukr.net"),
            ("іvan@gmail.com", "ivan@gmail.com"),
            ("mailto:ivan@mail.ru", "ivan@mail.ru"),
            ("ivanko@ukr,net", "ivanko@ukr.net"),
            ("ivanko@gmail", "ivanko@gmail.com"),
            ("ivanko@ukrnet", "ivanko@ukr.net"),
            ("ivanko(a)i.ua", "ivanko@i.ua"),
            ("ivanko[at]i.ua", "ivanko@i.ua"),
            ("ivanko yandex.ru", "ivanko@yandex.ru"),
            ("ivanko@mail.com", "ivanko@mail.com"),
        ] {
            assert_eq!(texts(cell), [expected], "{cell}");
        }
        assert_eq!(texts("a.b@ukr.net, c.d@mail.ru").len(), 2);
        assert!(texts("нет").is_empty());
        assert!(texts("-").is_empty());
    }

    #[test]
    fn one_mailbox_under_gmail_dots() {
        let mut emails = Emails::default();
        let mut out = SmallVec::new();
        emails.parse("ivan.petrenko@gmail.com;ivanpetrenko@gmail.com;ivan.petrenko@ukr.net", &mut out);
        assert_eq!(emails.parts(out[0]).mailbox, emails.parts(out[1]).mailbox);
        assert_ne!(emails.parts(out[0]).mailbox, emails.parts(out[2]).mailbox);
    }

    #[test]
    fn fillers_and_offices() {
        let mut emails = Emails::default();
        for (cell, filler, role) in [
            ("no@mail.ru", true, false),
            ("1@1.com", true, false),
            ("aaa@gmail.com", true, false),
            ("info@bookshop.ua", false, true),
            ("ivan@ukr.net", false, false),
        ] {
            let mut out = SmallVec::new();
            emails.parse(cell, &mut out);
            let parts = emails.parts(out[0]);
            assert_eq!((parts.filler, parts.role), (filler, role), "{cell}");
        }
    }

    #[test]
    fn kinds_of_likeness() {
        let mut emails = Emails::default();
        let mut like = |a: &str, b: &str| {
            let mut out = SmallVec::new();
            emails.parse(&format!("{a} {b}"), &mut out);
            likeness(&emails, out[0], out[1])
        };
        assert_eq!(like("elena85@ukr.net", "elena85@mail.ru"), Likeness::OtherProvider);
        assert_eq!(like("elena85@rambler.ru", "elena85@rambler.com"), Likeness::OtherEnding);
        assert_eq!(like("akostrko@mail.ru", "akosrrko@mail.ru"), Likeness::LetterSlip);
        assert_eq!(like("obohdchenko@ukr.net", "obohdchenko1@ukr.net"), Likeness::Digits);
        assert_eq!(like("ivan.petrenko@ukr.net", "ivan_petrenko@ukr.net"), Likeness::Respelled);
        assert_eq!(like("serhii.p@ukr.net", "sergii.p@ukr.net"), Likeness::Respelled);
        assert_eq!(like("ivan.petrenko@ukr.net", "olga1@ukr.net"), Likeness::None);
    }

    proptest! {
        #[test]
        fn any_cell_reads(cell in "\\PC{0,60}") {
            let mut emails = Emails::default();
            let mut out = SmallVec::new();
            emails.parse(&cell, &mut out);
            for id in out {
                prop_assert!(emails.text(id).contains('@'));
            }
        }
    }
}
