//! What has to be written: only people whose records changed.

use ahash::{AHashMap, AHashSet};
use basis::{Lang, collation_key, fold};
use rayon::prelude::*;
use serde::Serialize;

use super::load::Loaded;
use crate::rules::assign::{Assignment, Identity, assign};
use crate::rules::compare::{self, Field};
use crate::rules::golden::{self, Profile, Spelling};
use crate::rules::model;
use crate::rules::resolve::{LinkKind, Resolution};

/// A customer to be written.
#[derive(Debug)]
pub struct Person {
    pub id: i64,
    pub is_new: bool,
    /// Rows of the batch.
    rows: Vec<usize>,
    /// Records that come to this customer now.
    pub arrivals: Vec<i64>,
    pub profile: Profile,
    pub display_name: String,
    pub search_key: String,
    pub sort_key: String,
}

impl Person {
    #[must_use]
    pub fn language(&self) -> Option<Lang> {
        self.profile.spelling.map(|s| if s == Spelling::Ukrainian { Lang::Uk } else { Lang::Ru })
    }
}

/// A link to be written.
#[derive(Debug)]
pub struct Merge {
    pub customer: i64,
    pub record_a: i64,
    pub record_b: i64,
    pub weight: f64,
    pub probability: f64,
    pub reasons: String,
    pub kind: &'static str,
    pub by_hand: bool,
}

#[derive(Debug)]
pub struct Question {
    pub record_a: i64,
    pub record_b: i64,
    pub customer_a: i64,
    pub customer_b: i64,
    pub weight: f64,
    pub probability: f64,
    pub reasons: String,
    pub value: i64,
}

#[derive(Debug, Default)]
pub struct Plan {
    pub people: Vec<Person>,
    pub merges: Vec<Merge>,
    pub questions: Vec<Question>,
    /// (old id, the id it lives on in)
    pub merged: Vec<(i64, i64)>,
    /// (old id, the id of the part that left it)
    pub split: Vec<(i64, i64)>,
    pub gone: Vec<i64>,
    /// Records that are no longer in force.
    pub forgotten: Vec<i64>,
    pub customers: usize,
    pub records: usize,
    /// Database ids of the sources by their numbers in the profiles.
    pub sources: Vec<i64>,
    /// Nobody was stored before.
    pub first: bool,
    /// Records that the plan is about; the whole base when absent.
    pub scope: Option<Vec<i64>>,
}

impl Plan {
    /// Turns rows into records, after which the batch can be dropped.
    pub fn take_records(&mut self, loaded: &Loaded) {
        for person in &mut self.people {
            person.arrivals = person
                .rows
                .iter()
                .filter(|row| loaded.old_of[**row] != Some(person.id))
                .map(|row| loaded.records[*row])
                .collect();
            person.rows = Vec::new();
        }
        self.sources.clone_from(&loaded.sources);
        self.first = loaded.withdrawn.is_empty() && loaded.old_of.iter().all(Option::is_none);
    }

    /// The database id of a source number; 0 for what colleagues wrote.
    #[must_use]
    pub fn source(&self, number: u16) -> i64 {
        self.sources.get(usize::from(number)).copied().unwrap_or(0)
    }
}

/// The review queue keeps the most valuable questions: nobody answers more.
const QUEUE: usize = 2_000;

/// Compares the new partition with the old one. `ids` gives ids to new customers.
pub fn plan(
    loaded: &Loaded,
    found: &Resolution<'_>,
    all: bool,
    mut ids: impl FnMut(usize) -> Vec<i64>,
) -> Plan {
    let gone_from: Vec<i64> = loaded.withdrawn.iter().map(|w| w.1).collect();
    let Assignment { identities, merged, split, gone } =
        assign(&found.customer_of, &loaded.old_of, &gone_from);
    let kept: Vec<Option<i64>> = identities
        .iter()
        .map(|i| match i {
            Identity::Kept(id) => Some(*id),
            Identity::New => None,
        })
        .collect();
    let touched = touched(loaded, found, &kept, all);
    let mut rows: AHashMap<u32, Vec<usize>> = AHashMap::new();
    for (row, customer) in found.customer_of.iter().enumerate() {
        if touched[*customer as usize] {
            rows.entry(*customer).or_default().push(row);
        }
    }
    let mut rows: Vec<(u32, Vec<usize>)> = rows.into_iter().collect();
    rows.sort_unstable_by_key(|r| r.0);
    let mut people: Vec<(u32, Person)> = rows
        .into_par_iter()
        .map(|(customer, rows)| {
            let profile = golden::profile(found, &loaded.batch, &rows);
            let display_name = profile.display_name();
            let person = Person {
                id: kept[customer as usize].unwrap_or_default(),
                is_new: kept[customer as usize].is_none(),
                search_key: fold(&display_name),
                sort_key: collation_key(&display_name),
                display_name,
                profile,
                arrivals: Vec::new(),
                rows,
            };
            (customer, person)
        })
        .collect();
    // New ids follow the names, so that people, and the list of them by name, are written from front to back.
    people.par_sort_by(|(a, one), (b, other)| (&one.sort_key, a).cmp(&(&other.sort_key, b)));
    let mut customer_ids: Vec<i64> = kept.iter().map(|id| id.unwrap_or_default()).collect();
    let fresh = ids(people.iter().filter(|(_, person)| person.is_new).count());
    for ((customer, person), id) in people.iter_mut().filter(|(_, person)| person.is_new).zip(fresh) {
        person.id = id;
        customer_ids[*customer as usize] = id;
    }
    let people = people.into_iter().map(|(_, person)| person).collect();
    let new_id = |(old, customer): (i64, u32)| (old, customer_ids[customer as usize]);
    Plan {
        people,
        merges: merges(loaded, found, &customer_ids, &touched),
        questions: questions(loaded, found, &customer_ids),
        merged: merged.into_iter().map(new_id).collect(),
        split: split.into_iter().map(new_id).collect(),
        gone: gone_or_left(gone, loaded),
        forgotten: loaded.withdrawn.iter().map(|w| w.0).collect(),
        customers: found.counts.customers,
        records: found.counts.records,
        sources: Vec::new(),
        first: false,
        scope: None,
    }
}

/// Customers to be removed: those that lost their last record, and those that never got one.
fn gone_or_left(mut gone: Vec<i64>, loaded: &Loaded) -> Vec<i64> {
    gone.extend(&loaded.leftover);
    gone.sort_unstable();
    gone.dedup();
    gone
}

/// Customers with other records than before, or with records of other content.
fn touched(loaded: &Loaded, found: &Resolution<'_>, kept: &[Option<i64>], all: bool) -> Vec<bool> {
    let mut touched: Vec<bool> = kept.iter().map(|id| all || id.is_none()).collect();
    let number_of: AHashMap<i64, usize> =
        kept.iter().enumerate().filter_map(|(n, id)| Some(((*id)?, n))).collect();
    for (row, customer) in found.customer_of.iter().enumerate() {
        let customer = *customer as usize;
        match loaded.old_of[row] {
            Some(old) if kept[customer] == Some(old) => touched[customer] |= loaded.changed.contains(&row),
            Some(old) => {
                touched[customer] = true;
                // The customer it left has changed too.
                if let Some(before) = number_of.get(&old) {
                    touched[*before] = true;
                }
            }
            None => touched[customer] = true,
        }
    }
    for (_, old) in &loaded.withdrawn {
        if let Some(customer) = number_of.get(old) {
            touched[*customer] = true;
        }
    }
    touched
}

fn merges(loaded: &Loaded, found: &Resolution<'_>, ids: &[i64], touched: &[bool]) -> Vec<Merge> {
    found
        .row_links()
        .into_par_iter()
        .filter(|l| l.kind != LinkKind::SameCard)
        .filter(|l| touched[found.customer_of[l.row_a] as usize])
        .map(|l| {
            let c = found.compare_rows(l.row_a, l.row_b);
            let bits = found.model.prior
                + found.model.sum(&c.levels)
                + c.rarity
                + if l.kind == LinkKind::SameOrder { l.bits } else { 0.0 };
            Merge {
                customer: ids[found.customer_of[l.row_a] as usize],
                record_a: loaded.records[l.row_a],
                record_b: loaded.records[l.row_b],
                weight: f64::from(bits),
                probability: if l.kind == LinkKind::Manual { 1.0 } else { model::probability(bits) },
                reasons: reasons_json(loaded, found, l.row_a, l.row_b, l.kind),
                kind: kind(&c.levels, l.kind, || {
                    let name = |row| loaded.batch.get(row).full_name;
                    spelt_otherwise(name(l.row_a), name(l.row_b))
                }),
                by_hand: l.kind == LinkKind::Manual,
            }
        })
        .collect()
}

/// What a link found, as one word: the most telling difference between the two records.
fn kind(
    levels: &[u8; compare::FIELDS],
    link: LinkKind,
    spelt_otherwise: impl FnOnce() -> bool,
) -> &'static str {
    match link {
        LinkKind::Manual => return "by_hand",
        LinkKind::SameOrder => return "same_order",
        LinkKind::SameCard | LinkKind::Evidence => {}
    }
    let level = |field: Field| levels[field as usize];
    match () {
        () if level(Field::Surname) >= compare::surname::DIFFERENT_WOMAN => "surname_changed",
        () if level(Field::Given) == compare::given::SLIP
            || matches!(level(Field::Surname), compare::surname::SLIP | compare::surname::PART) =>
        {
            "name_slip"
        }
        () if level(Field::Phone) == compare::phones::NEAR => "phone_slip",
        () if matches!(level(Field::Email), compare::emails::ENDING..=compare::emails::LIKE_OWN) => {
            "email_slip"
        }
        () if level(Field::Given) == compare::given::VARIANT => "language_or_short_form",
        () if level(Field::Given) == compare::given::INITIAL => "initials",
        // Names that fold to one key and are yet written otherwise: Терехина and Терьохіна, Шевченко and Shevchenko.
        () if spelt_otherwise() => "language_or_short_form",
        () if level(Field::Phone) == compare::phones::DIFFERENT => "new_phone",
        () if level(Field::Email) == compare::emails::DIFFERENT => "new_email",
        () if level(Field::Phone) == compare::SAME => "same_phone",
        () if level(Field::Email) == compare::SAME => "same_email",
        () if level(Field::Address) == compare::SAME => "same_address",
        () => "other",
    }
}

/// Whether each of two names has a word that the other has not, as with two languages; a word left out is no other spelling.
fn spelt_otherwise(a: &str, b: &str) -> bool {
    let words = |name: &str| -> AHashSet<String> {
        name.to_lowercase()
            .split(|c: char| !c.is_alphabetic() && c != '\'')
            .filter(|w| w.chars().count() > 1)
            .map(str::to_owned)
            .collect()
    };
    let (a, b) = (words(a), words(b));
    a.iter().any(|w| !b.contains(w)) && b.iter().any(|w| !a.contains(w))
}

/// `[{field, level, weight, a, b}]`; the values themselves are shown by the card, under its masks.
fn reasons_json(loaded: &Loaded, found: &Resolution<'_>, a: usize, b: usize, kind: LinkKind) -> String {
    let c = found.compare_rows(a, b);
    let (ra, rb) = (loaded.batch.get(a), loaded.batch.get(b));
    let mut out: Vec<Said<'_>> = Vec::new();
    if kind == LinkKind::SameOrder {
        out.push(Said { field: "order", level: "same", weight: 30.0, a: None, b: None });
    }
    if kind == LinkKind::Manual {
        out.push(Said { field: "decision", level: "by_hand", weight: 0.0, a: None, b: None });
    }
    for field in Field::ALL {
        let level = c.levels[field as usize];
        if level == compare::MISSING {
            continue;
        }
        let (field_name, level_name) = words(field, level);
        let weight = f64::from(found.model.weight(field, level) + c.rarities[field as usize]);
        let name = matches!(field, Field::Given | Field::Surname | Field::Patronymic);
        out.push(Said {
            field: field_name,
            level: level_name,
            weight: (weight * 100.0).round() / 100.0,
            a: name.then_some(ra.full_name),
            b: name.then_some(rb.full_name),
        });
    }
    // Texts and finite numbers always have a JSON.
    serde_json::to_string(&out).unwrap_or_else(|_| "[]".to_owned())
}

/// One reason of a link.
#[derive(Serialize)]
struct Said<'a> {
    field: &'static str,
    level: &'static str,
    weight: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<&'a str>,
}

/// Field and level as two words: `phone_same` → (`phone`, `same`).
fn words(field: Field, level: u8) -> (&'static str, &'static str) {
    let code = model::reason(field, level);
    let name = match field {
        Field::Given => "given_name",
        Field::Surname => "surname",
        Field::Patronymic => "patronymic",
        Field::Phone => "phone",
        Field::Email => "email",
        Field::Birth => "birth_date",
        Field::National => "document",
        Field::Address => "address",
        Field::Postcode => "postcode",
        Field::Region => "region",
        Field::Other => "other",
    };
    (name, code.strip_prefix(name).map_or(code, |rest| rest.trim_start_matches('_')))
}

fn questions(loaded: &Loaded, found: &Resolution<'_>, ids: &[i64]) -> Vec<Question> {
    found
        .questions
        .iter()
        .take(QUEUE)
        .map(|q| {
            let (a, b) = (q.row_a, q.row_b);
            Question {
                record_a: loaded.records[a].min(loaded.records[b]),
                record_b: loaded.records[a].max(loaded.records[b]),
                customer_a: ids[found.customer_of[a] as usize],
                customer_b: ids[found.customer_of[b] as usize],
                weight: f64::from(q.bits),
                probability: model::probability(q.bits),
                reasons: reasons_json(loaded, found, a, b, LinkKind::Evidence),
                value: q.value,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::spelt_otherwise;

    #[test]
    fn another_language_is_another_spelling_and_a_missing_word_is_not() {
        assert!(spelt_otherwise("Терехина Наталья", "Терьохіна Наталія"));
        assert!(spelt_otherwise("Shevchenko Olena", "Шевченко Олена"));
        assert!(!spelt_otherwise("Терехина Наталья", "НАТАЛЬЯ  терехина"));
        assert!(!spelt_otherwise("Терехина Наталья", "Терехина Наталья Алексеевна"));
        assert!(!spelt_otherwise("Терехина Н.", "Терехина Наталья"));
        assert!(!spelt_otherwise("", "Терехина"));
    }
}
