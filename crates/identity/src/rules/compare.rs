//! Two cards side by side: each field falls on a level, and the levels make the pattern that weights are learned for.

use super::address;
use super::card::{Base, Card};
use super::date::{self, DateLikeness};
use super::dictionary::{Gender, NameId, Sureness};
use super::email::{self, EmailId, Likeness};
use super::fold::{self, Slip};
use super::model::Model;
use super::name::{Names, TokenId};
use super::phone;

pub use super::levels::*;

/// Two cards in the one order that does not depend on who came first: comparing must be blind to it.
fn ordered<'c>(a: &'c Card, b: &'c Card) -> (&'c Card, &'c Card) {
    if a.fingerprint <= b.fingerprint { (a, b) } else { (b, a) }
}

/// Years between birth dates that no slip of a digit explains: father and son, not one person.
const GENERATION: u32 = 12;

/// Whether the names of two cards exclude that they are one person.
#[must_use]
pub fn name_veto(base: &Base, a: &Card, b: &Card) -> Option<Veto> {
    let (a, b) = ordered(a, b);
    veto(base, a, b, given_between(&base.names, a, b), patronymic_level(&base.names, a, b))
}

fn veto(base: &Base, a: &Card, b: &Card, given: u8, patronymic: u8) -> Option<Veto> {
    let names = &base.names;
    let found = if given_conflicts(names, a, b, given) {
        Veto::GivenName
    } else if patronymic == patronymic::DIFFERENT && patronymics_conflict(names, a, b) {
        Veto::Patronymic
    } else if a.gender.conflicts(b.gender) && sure_gender(names, a) && sure_gender(names, b) {
        Veto::Gender
    } else if a.name.generation != 0 && b.name.generation != 0 && a.name.generation != b.name.generation {
        Veto::Generation
    } else if (a.national == 0 || b.national == 0) && date::years_apart(a.birth, b.birth) >= GENERATION {
        Veto::BirthDate
    } else {
        return None;
    };
    // One document number, or one with a digit slipped, outweighs whatever happened to the names.
    let one_document = a.national != 0
        && b.national != 0
        && value_level(base.texts.get(a.national), base.texts.get(b.national), 6) != single::DIFFERENT;
    (!one_document).then_some(found)
}

fn sure_gender(names: &Names, card: &Card) -> bool {
    names.token(card.name.patronymic).patronymic_gender != Gender::Unknown
        || names.token(card.name.given).given_gender != Gender::Unknown
            && names.token(card.name.given).sureness == Sureness::Full
        || card.name.given == 0 && names.token(card.name.surname).surname_gender != Gender::Unknown
}

/// Compares two cards field by field.
#[must_use]
pub fn compare(base: &Base, model: &Model, a: &Card, b: &Card) -> Comparison {
    let names = &base.names;
    let (a, b) = ordered(a, b);
    let (level, patronymic) = (given_between(names, a, b), patronymic_level(names, a, b));
    let mut c = Comparison { veto: veto(base, a, b, level, patronymic), ..Comparison::default() };
    if c.veto.is_some() {
        c.set(Field::Given, level, 0.0);
        return c;
    }
    let alike = level == SAME || level == given::VARIANT;
    c.set(Field::Given, level, if alike { model.given_rarity(a.given_key, b.given_key) } else { 0.0 });
    let rarity = if patronymic == SAME { model.patronymic_rarity(names, a.name.patronymic) } else { 0.0 };
    c.set(Field::Patronymic, patronymic, rarity);
    compare_surname(names, model, a, b, &mut c);
    swapped_names(names, model, a, b, &mut c);
    compare_phone(base, model, a, b, &mut c);
    compare_email(base, model, a, b, &mut c);
    former_surname(base, model, a, b, &mut c);
    without_a_name(base, model, a, b, &mut c);
    compare_rest(base, model, a, b, &mut c);
    // Several common values that agree together (postcode, second address line) are as good as one rare value.
    c.beyond_name |= c.rarity - c.rarities[..3].iter().sum::<f32>() >= BEYOND;
    c
}

/// Bits that the fields besides the name must win by rarity when no single contact agrees.
const BEYOND: f32 = 8.0;
/// Bits that a name must win by rarity before a number or mailbox that is nearly the same supports it.
const TELLING: f32 = 4.0;

/// In a base where everybody has one name, numbers that differ by a digit are neighbours and no slips.
fn name_tells(c: &Comparison) -> bool {
    c.rarities[..3].iter().sum::<f32>() >= TELLING
}

fn given_between(names: &Names, a: &Card, b: &Card) -> u8 {
    let (x, y) = (a.name.given, b.name.given);
    if x != 0 && y != 0 {
        given_level(names, x, y)
    } else {
        // An initial stands for any form of the name: Н. for Наталья, Г. for Ганна or Анна.
        match (x, y, a.name.given_initial, b.name.given_initial) {
            (0, 0, 0, _) | (0, 0, _, 0) => MISSING,
            (0, 0, i, j) => {
                if i == j {
                    given::INITIAL
                } else {
                    given::DIFFERENT
                }
            }
            (0, full, i, _) | (full, 0, _, i) if i != 0 => {
                if initial_fits(names, full, i) {
                    given::INITIAL
                } else {
                    given::DIFFERENT
                }
            }
            _ => MISSING,
        }
    }
}

fn initial_fits(names: &Names, full: TokenId, initial: u8) -> bool {
    let token = names.token(full);
    token.initial == initial || names.initials(full).contains(&initial)
}

fn meet(some: &[NameId], others: &[NameId]) -> bool {
    some.iter().any(|id| others.contains(id))
}

fn given_level(names: &Names, x: TokenId, y: TokenId) -> u8 {
    if x == y {
        return SAME;
    }
    let (tx, ty) = (names.token(x), names.token(y));
    if tx.fold == ty.fold {
        return SAME;
    }
    let meet = meet(names.ids(tx.given), names.ids(ty.given));
    match (tx.sureness, ty.sureness) {
        (Sureness::Full | Sureness::Short, Sureness::Full | Sureness::Short) => {
            return if meet { given::VARIANT } else { given::DIFFERENT };
        }
        (Sureness::Slip, _) | (_, Sureness::Slip) if meet => return given::SLIP,
        _ if meet => return given::VARIANT,
        _ => {}
    }
    let (lx, ly) = (names.letters(x), names.letters(y));
    let short = lx.len().min(ly.len());
    if short >= 3 && (fold::slip(lx, ly) != Slip::More || short >= 6 && fold::distance(lx, ly, 2) <= 2) {
        return given::SLIP;
    }
    // A name cut short: Алекс, Конст.
    if short >= 3 && (lx.starts_with(ly) || ly.starts_with(lx)) {
        return given::VARIANT;
    }
    given::DIFFERENT
}

/// A different first name is a veto only when both are certainly first names; an unknown word may be anything.
fn given_conflicts(names: &Names, a: &Card, b: &Card, level: u8) -> bool {
    if level != given::DIFFERENT {
        return false;
    }
    if a.name.given == 0 || b.name.given == 0 {
        return true;
    }
    let (x, y) = (names.token(a.name.given), names.token(b.name.given));
    let sure = |s: Sureness| s >= Sureness::Short;
    // The columns may have changed places, or the place of the first name was guessed: then the other word may be the first name.
    let crossed = |x: TokenId, y: TokenId| x != 0 && y != 0 && given_level(names, x, y) != given::DIFFERENT;
    let (one, other) = (crossed(a.name.given, b.name.surname), crossed(a.name.surname, b.name.given));
    if one && other || (one || other) && (a.name.order_guessed || b.name.order_guessed) {
        return false;
    }
    // Under one surname the other word is the first name, known to the dictionary or not; document numbers say more than it does.
    let placed = a.stem != 0 && a.stem == b.stem && (a.national == 0 || b.national == 0);
    sure(x.sureness) && sure(y.sureness)
        || (sure(x.sureness) || sure(y.sureness) || placed) && {
            let (lx, ly) = (names.letters(a.name.given), names.letters(b.name.given));
            let short = lx.len().min(ly.len());
            lx.first() != ly.first()
                && (short >= 4 && fold::distance(lx, ly, 3) > 3
                    || placed && short >= 3 && fold::distance(lx, ly, 2) > 2 && share_no_run(lx, ly))
        }
}

/// Whether no three letters in a row stand in both: a pet name keeps a piece of the name.
fn share_no_run(a: &[u8], b: &[u8]) -> bool {
    !a.windows(3).any(|run| b.windows(3).any(|other| other == run))
}

fn patronymic_level(names: &Names, a: &Card, b: &Card) -> u8 {
    let (x, y) = (a.name.patronymic, b.name.patronymic);
    if x != 0 && y != 0 {
        if x == y {
            return SAME;
        }
        let (tx, ty) = (names.token(x), names.token(y));
        if tx.fold == ty.fold || meet(names.ids(tx.fathers), names.ids(ty.fathers)) {
            return SAME;
        }
        let (lx, ly) = (names.letters(x), names.letters(y));
        if !tx.fathers.is_empty() && !ty.fathers.is_empty() {
            return patronymic::DIFFERENT;
        }
        return if fold::distance(lx, ly, 2) <= 2 { patronymic::SLIP } else { patronymic::DIFFERENT };
    }
    match (x, y, a.name.patronymic_initial, b.name.patronymic_initial) {
        (0, 0, i, j) if i != 0 && j != 0 => {
            if i == j {
                patronymic::INITIAL
            } else {
                patronymic::DIFFERENT
            }
        }
        (0, full, i, _) | (full, 0, _, i) if i != 0 && full != 0 => {
            let token = names.token(full);
            if token.initial == i || names.father_initials(full).contains(&i) {
                patronymic::INITIAL
            } else {
                patronymic::DIFFERENT
            }
        }
        _ => MISSING,
    }
}

fn patronymics_conflict(names: &Names, a: &Card, b: &Card) -> bool {
    let (x, y) = (a.name.patronymic, b.name.patronymic);
    if x == 0 || y == 0 {
        return true;
    }
    let (tx, ty) = (names.token(x), names.token(y));
    tx.patronymic
        && ty.patronymic
        && (!tx.fathers.is_empty() && !ty.fathers.is_empty()
            || fold::distance(names.letters(x), names.letters(y), 3) > 3)
}

fn compare_surname(names: &Names, model: &Model, a: &Card, b: &Card, c: &mut Comparison) {
    let (x, y) = (a.name.surname, b.name.surname);
    if x == 0 || y == 0 {
        return;
    }
    if a.stem == b.stem {
        c.set(Field::Surname, SAME, model.surname_rarity(a.stem));
        return;
    }
    // `Наталья Антонович` and `Петренко Наталья Антоновна` aside, a lone -ович may be the other card's patronymic.
    let is_patronymic = |one: &Card, other: &Card| {
        one.name.patronymic == 0
            && other.name.patronymic != 0
            && names.token(one.name.surname).fold == names.token(other.name.patronymic).fold
    };
    if is_patronymic(a, b) || is_patronymic(b, a) {
        c.set(
            Field::Patronymic,
            SAME,
            model.patronymic_rarity(
                names,
                if is_patronymic(a, b) { b.name.patronymic } else { a.name.patronymic },
            ),
        );
        return;
    }
    let mut level = surname::DIFFERENT;
    let mut rarity = 0.0;
    let (lx, ly) = (names.stem_letters(x), names.stem_letters(y));
    let short = lx.len().min(ly.len());
    if short >= 4 && fold::slip(lx, ly) != Slip::More
        || names.letters(x).len() >= 4 && fold::slip(names.letters(x), names.letters(y)) != Slip::More
        || fold::slip_in_words(names.word(x), names.word(y))
    {
        level = surname::SLIP;
        rarity = model.surname_rarity(a.stem).min(model.surname_rarity(b.stem)).min(10.0) * 0.5;
    } else {
        let halves = |m: TokenId, other: &Card| {
            m != 0
                && (names.token(m).stem == other.stem
                    || other.name.surname2 != 0
                        && names.token(m).stem == names.token(other.name.surname2).stem)
        };
        if halves(a.name.surname2, b) || halves(b.name.surname2, a) {
            level = surname::PART;
            rarity = model.surname_rarity(a.stem).min(model.surname_rarity(b.stem)) * 0.5;
        } else if short >= 7 && fold::distance(lx, ly, 2) <= 2 {
            level = surname::PART;
            rarity = model.surname_rarity(a.stem).min(model.surname_rarity(b.stem)).min(10.0) * 0.3;
        } else if short >= 4 && (lx.starts_with(ly) || ly.starts_with(lx)) {
            level = surname::PART;
        } else if a.gender != Gender::Male
            && b.gender != Gender::Male
            && matches!(c.levels[Field::Given as usize], SAME | given::VARIANT | given::SLIP)
        {
            level = surname::DIFFERENT_WOMAN;
        }
    }
    c.set(Field::Surname, level, rarity);
}

/// First name and surname in each other's place.
fn swapped_names(names: &Names, model: &Model, a: &Card, b: &Card, c: &mut Comparison) {
    if c.levels[Field::Given as usize] != given::DIFFERENT
        && c.levels[Field::Surname as usize] < surname::DIFFERENT_WOMAN
    {
        return;
    }
    let (ga, sa, gb, sb) = (a.name.given, a.name.surname, b.name.given, b.name.surname);
    if ga == 0 || sa == 0 || gb == 0 || sb == 0 {
        return;
    }
    let fold_of = |t: TokenId| names.token(t).fold;
    let near =
        |x: TokenId, y: TokenId| fold_of(x) == fold_of(y) || names.token(x).stem == names.token(y).stem;
    if near(ga, sb) && near(sa, gb) {
        let rarity = model.surname_rarity(a.stem).max(model.surname_rarity(b.stem));
        c.rarity -= c.rarities[Field::Given as usize] + c.rarities[Field::Surname as usize];
        c.set(Field::Given, given::VARIANT, model.given_rarity(a.given_key, a.given_key).min(8.0));
        c.set(Field::Surname, SAME, rarity.min(12.0));
    }
}

fn compare_phone(base: &Base, model: &Model, a: &Card, b: &Card, c: &mut Comparison) {
    let (xs, ys) = (base.phones(a), base.phones(b));
    let mut level = MISSING;
    let mut rarity = 0.0_f32;
    for x in xs {
        for y in ys {
            if x == y {
                if phone::is_weak(*x) {
                    level = level.max(phones::NEAR);
                    continue;
                }
                if let Some(bits) = model.phone_rarity(*x) {
                    if level != SAME || bits > rarity {
                        rarity = bits;
                    }
                    level = SAME;
                }
            } else if level != SAME {
                if model.is_generic_phone(*x) || model.is_generic_phone(*y) {
                    continue;
                }
                if phone::near(*x, *y) {
                    level = phones::NEAR;
                } else if level == MISSING {
                    level = phones::DIFFERENT;
                }
            }
        }
    }
    c.beyond_name |= level == SAME || level == phones::NEAR && name_tells(c);
    c.set(Field::Phone, level, rarity);
}

fn compare_email(base: &Base, model: &Model, a: &Card, b: &Card, c: &mut Comparison) {
    let mut level = MISSING;
    let mut rarity = 0.0_f32;
    for x in base.emails(a) {
        for y in base.emails(b) {
            let (px, py) = (base.emails.parts(*x), base.emails.parts(*y));
            if px.mailbox == py.mailbox {
                if let Some(bits) = model.email_rarity(px.mailbox) {
                    if level != SAME || bits > rarity {
                        rarity = bits;
                        c.by_profile = px.profile;
                    }
                    level = SAME;
                }
                continue;
            }
            // People have several profiles, and a profile is no mailbox.
            if px.profile || py.profile {
                continue;
            }
            if level == SAME || model.is_generic_mailbox(px.mailbox) || model.is_generic_mailbox(py.mailbox) {
                continue;
            }
            let found = email_level(base, a, *x, b, *y);
            // An office's mailbox is used beside one's own.
            if found == emails::DIFFERENT && (px.role || py.role) {
                continue;
            }
            // Lower levels are stronger, missing aside.
            if level == MISSING || found < level {
                level = found;
            }
        }
    }
    c.beyond_name |= matches!(level, SAME | emails::ENDING)
        || matches!(level, emails::LIKE_DIGITS | emails::LIKE_OWN) && name_tells(c);
    c.set(Field::Email, level, rarity);
}

/// Bits for a contact of one person when a record names nobody: a call, a chat, a form with one field.
const NAMELESS: f32 = 3.0;

/// The chance that a number has two users is weighed by their names; where a record has none, it is enough that one person is known
/// by the contact.
fn without_a_name(base: &Base, model: &Model, a: &Card, b: &Card, c: &mut Comparison) {
    if !a.name.is_empty() && !b.name.is_empty() {
        return;
    }
    let field = if c.levels[Field::Phone as usize] == SAME
        && base.phones(a).iter().any(|p| base.phones(b).contains(p) && model.is_ones_phone(*p))
    {
        Field::Phone
    } else if c.levels[Field::Email as usize] == SAME
        && base.emails(a).iter().map(|e| base.emails.parts(*e)).any(|x| {
            !x.role
                && model.is_ones_mailbox(x.mailbox)
                && base.emails(b).iter().any(|e| base.emails.parts(*e).mailbox == x.mailbox)
        })
    {
        Field::Email
    } else {
        return;
    };
    c.rarities[field as usize] += NAMELESS;
    c.rarity += NAMELESS;
}

/// A mailbox often keeps the surname that its owner had before: `zoia.kostomiuk@` of Зоя Марюк was Зоя Костомюк's.
fn former_surname(base: &Base, model: &Model, a: &Card, b: &Card, c: &mut Comparison) {
    if !matches!(c.levels[Field::Surname as usize], surname::DIFFERENT_WOMAN | surname::DIFFERENT)
        || !matches!(c.levels[Field::Given as usize], SAME | given::VARIANT)
        // Mailboxes that are alike were counted already, by the same letters.
        || !matches!(c.levels[Field::Email as usize], MISSING | emails::DIFFERENT)
    {
        return;
    }
    let kept = |owner: &Card, other: &Card| {
        base.emails(owner).iter().any(|email| {
            let parts = base.emails.parts(*email);
            !parts.role && !parts.profile && mailbox_holds(base, *email, other.name.surname, FORMER)
        })
    };
    if kept(a, b) || kept(b, a) {
        let rarity = model.surname_rarity(a.stem).min(model.surname_rarity(b.stem));
        c.set(Field::Surname, surname::PART, rarity * 0.5);
    }
}

/// Letters of a surname that a mailbox must hold before it is believed to be a former one.
const FORMER: usize = 6;

/// Whether the name of a mailbox holds the beginning of a word, of that many letters or the whole of a shorter stem.
fn mailbox_holds(base: &Base, email: EmailId, word: TokenId, letters: usize) -> bool {
    let stem = base.names.stem_letters(word);
    if word == 0 || stem.len() < 5 {
        return false;
    }
    let local = std::str::from_utf8(base.emails.local(email)).unwrap_or_default();
    let key: Vec<u8> = fold::fold(local).bytes().filter(u8::is_ascii_alphabetic).collect();
    let root = &stem[..stem.len().min(letters)];
    key.windows(root.len()).any(|w| w == root)
}

fn email_level(base: &Base, a: &Card, x: EmailId, b: &Card, y: EmailId) -> u8 {
    let likeness = email::likeness(&base.emails, x, y);
    match likeness {
        Likeness::None | Likeness::Digits => emails::DIFFERENT,
        Likeness::OtherEnding => {
            if own_word(base, a, x) == 0 && base.emails.parts(x).role {
                emails::DIFFERENT
            } else {
                emails::ENDING
            }
        }
        Likeness::Respelled => {
            if own_word(base, a, x).min(own_word(base, b, y)) >= 1 {
                emails::LIKE_DIGITS
            } else {
                emails::LIKE_NAME
            }
        }
        Likeness::OtherProvider | Likeness::LetterSlip => {
            // When either mailbox is made of its owner's name, the likeness says no more than the names do.
            match own_word(base, a, x).min(own_word(base, b, y)) {
                _ if base.emails.parts(x).role => emails::DIFFERENT,
                2 if base.emails.local(x).len() >= 6 => emails::LIKE_OWN,
                0 if likeness == Likeness::OtherProvider => emails::LIKE_NAME,
                _ => emails::LIKE_DIGITS,
            }
        }
    }
}

/// How much a mailbox name says beyond the person's name: 0 nothing, 1 digits, 2 it is another word.
fn own_word(base: &Base, card: &Card, email: EmailId) -> u8 {
    let local = base.emails.local(email);
    let digits = local.iter().filter(|b| b.is_ascii_digit()).count();
    let key = fold::fold(std::str::from_utf8(local).unwrap_or_default());
    let letters: Vec<u8> = key.bytes().filter(u8::is_ascii_alphabetic).collect();
    let holds = |token: TokenId| {
        let stem = base.names.stem_letters(token);
        // Inside a mailbox name `ia` and `iu` no longer stand at the start of a word, where they keep their i.
        let stem = if stem.starts_with(b"ia") || stem.starts_with(b"iu") { &stem[1..] } else { stem };
        let root = &stem[..stem.len().min(5)];
        root.len() >= 4 && letters.windows(root.len()).any(|w| w == root)
            || letters.len() >= 4 && token != 0 && base.names.letters(token).starts_with(&letters[..4])
    };
    if holds(card.name.surname) || holds(card.name.given) { u8::from(digits >= 2) } else { 2 }
}

fn compare_rest(base: &Base, model: &Model, a: &Card, b: &Card, c: &mut Comparison) {
    if a.birth != 0 && b.birth != 0 {
        let level = match date::compare(a.birth, b.birth) {
            DateLikeness::Same => SAME,
            DateLikeness::Slip => single::SLIP,
            DateLikeness::Different => single::DIFFERENT,
        };
        c.beyond_name |= level != single::DIFFERENT;
        c.set(Field::Birth, level, if level == SAME { model.birth_rarity(a.birth) } else { 0.0 });
    }
    if a.national != 0 && b.national != 0 {
        let level = value_level(base.texts.get(a.national), base.texts.get(b.national), 6);
        c.beyond_name |= level != single::DIFFERENT;
        let rarity = if level == SAME { model.value_rarity(Field::National, a.national) } else { 0.0 };
        c.set(Field::National, level, rarity);
    }
    compare_address(base, model, a, b, c);
    for (field, x, y, least) in [
        (Field::Postcode, a.postcode, b.postcode, 4),
        (Field::Region, a.region, b.region, 5),
        (Field::Other, a.other, b.other, 5),
    ] {
        // Neighbours have one postcode.
        let of_home = field == Field::Postcode
            && c.levels[Field::Surname as usize] == surname::DIFFERENT_WOMAN
            && matches!(c.levels[Field::Address as usize], SAME | home::HOUSE | home::STREET);
        if x != 0 && y != 0 && !of_home {
            let level = value_level(base.texts.get(x), base.texts.get(y), least);
            let rarity = if level == SAME { model.value_rarity(field, x) } else { 0.0 };
            c.set(field, level, rarity);
        }
    }
}

fn value_level(x: &[u8], y: &[u8], least: usize) -> u8 {
    if x == y {
        SAME
    } else if x.len().min(y.len()) >= least && fold::slip(x, y) != Slip::More {
        single::SLIP
    } else {
        single::DIFFERENT
    }
}

fn compare_address(base: &Base, model: &Model, a: &Card, b: &Card, c: &mut Comparison) {
    let (x, y) = (&a.address, &b.address);
    if x.is_empty() || y.is_empty() {
        return;
    }
    if x.branch != 0 && y.branch != 0 {
        if x.branch == y.branch && x.town == y.town {
            c.set(Field::Address, home::BRANCH, 0.0);
        }
        return;
    }
    if x.branch != 0 || y.branch != 0 {
        return;
    }
    let text = |part| base.addresses.text(part);
    let same_town =
        x.town == 0 || y.town == 0 || x.town == y.town || address::alike(text(x.town), text(y.town));
    if x.street == 0 || y.street == 0 {
        if x.town != 0 && y.town != 0 {
            c.set(Field::Address, if same_town { home::TOWN } else { home::DIFFERENT }, 0.0);
        }
        return;
    }
    if !address::alike(text(x.street), text(y.street)) {
        c.set(Field::Address, if same_town && x.town != 0 { home::TOWN } else { home::DIFFERENT }, 0.0);
        return;
    }
    if x.house == 0 || y.house == 0 || x.house != y.house {
        c.set(Field::Address, home::STREET, 0.0);
        return;
    }
    if !same_town {
        c.set(Field::Address, home::STREET, 0.0);
        return;
    }
    let same_flat = x.flat == y.flat;
    // Whether a house without a flat is one home or a block of them, is told by the surname.
    let other_surname = c.levels[Field::Surname as usize] == surname::DIFFERENT_WOMAN;
    let level = if same_flat && x.flat == 0 && other_surname {
        home::STREET
    } else if same_flat {
        SAME
    } else if x.flat == 0 || y.flat == 0 {
        home::HOUSE
    } else {
        home::STREET
    };
    c.beyond_name |= level == SAME || level == home::HOUSE;
    let rarity = if level == SAME { model.home_rarity(x) } else { 0.0 };
    c.set(Field::Address, level, rarity);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::batch::PersonRecord;

    fn levels(a: PersonRecord<'_>, b: PersonRecord<'_>) -> Comparison {
        let mut base = Base::default();
        let (x, y) = (base.add(&a), base.add(&b));
        let model = Model::learn_frequencies(&base);
        compare(&base, &model, base.card(x), base.card(y))
    }

    fn person<'a>(id: &'a str, name: &'a str) -> PersonRecord<'a> {
        PersonRecord { id, full_name: name, ..PersonRecord::default() }
    }

    #[test]
    fn names_in_two_languages_agree() {
        let c =
            levels(person("1", "Терехина Наталья Алексеевна"), person("2", "Терьохіна Наталія Олексіївна"));
        assert_eq!(c.levels[..3], [SAME, SAME, SAME]);
        let c = levels(person("1", "Саша Петренко"), person("2", "Петренко Александр"));
        assert_eq!(c.levels[..2], [given::VARIANT, SAME]);
        let c = levels(person("1", "Ганна Петренко"), person("2", "Петренко Г.І."));
        assert_eq!(c.levels[0], given::INITIAL);
    }

    #[test]
    fn relatives_are_vetoed() {
        for (a, b, veto) in [
            ("Снігурський Сергій", "Снигурская Ирина", Veto::GivenName),
            ("Пономарив Михаил Максимович", "Пономарив Максим Александрович", Veto::GivenName),
            ("Петренко Олександр", "Петренко Олексій", Veto::GivenName),
            ("Петренко Иван Петрович", "Петренко Иван Сергеевич", Veto::Patronymic),
            ("Онуфрич Ельварій", "Онуфрич Камоліна", Veto::GivenName),
            ("Стецюк Іван Іванович мол.", "Стецюк Іван Іванович (батько)", Veto::Generation),
        ] {
            assert_eq!(levels(person("1", a), person("2", b)).veto, Some(veto), "{a} / {b}");
        }
        assert_eq!(levels(person("1", "Червоненко Дмитрий"), person("2", "Червоненок Дмитро")).veto, None);
    }

    #[test]
    fn marriage_changes_surnames() {
        let c = levels(person("1", "Ковальчук Марія Іванівна"), person("2", "Петренко Мария Ивановна"));
        assert_eq!(c.levels[..3], [given::VARIANT.min(c.levels[0]), surname::DIFFERENT_WOMAN, SAME]);
    }

    #[test]
    fn patterns_unfold() {
        let c = levels(person("1", "Саша Петренко"), person("2", "Петренко Александр"));
        assert_eq!(levels_of(c.pattern()), c.levels);
    }
}
