//! What a run found, with everything needed to explain it.

use ahash::AHashMap;

use super::card::{Base, Card, CardId};
use super::cluster::{Clusters, Link};
use super::compare::{self, Comparison, FIELDS, Field, MISSING};
use super::email::EmailId;
use super::model::{self, Model};
use super::phone::{self, Phone};
use super::resolve::Question;

/// A link between two records of one customer.
#[derive(Clone, Copy, Debug)]
pub struct RowLink {
    pub row_a: usize,
    pub row_b: usize,
    pub bits: f32,
    /// Both rows say the same, the shop joined them by order number, or a person did.
    pub kind: LinkKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    SameCard,
    Evidence,
    SameOrder,
    Manual,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub records: usize,
    pub cards: usize,
    pub customers: usize,
    pub pairs_compared: u64,
    pub generic_phones: usize,
    pub generic_mailboxes: usize,
}

/// Owned by a batch, lent by a living base.
#[derive(Debug)]
pub enum Held<'a, T> {
    Owned(Box<T>),
    Lent(&'a T),
}

impl<T> std::ops::Deref for Held<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        match self {
            Self::Owned(own) => own,
            Self::Lent(lent) => lent,
        }
    }
}

/// The first row of each card, of all cards or of some.
#[derive(Debug)]
pub(super) enum FirstRows {
    All(Vec<u32>),
    Some(AHashMap<CardId, u32>),
}

impl FirstRows {
    pub fn get(&self, card: CardId) -> Option<usize> {
        let row = match self {
            Self::All(rows) => rows.get(card as usize).copied(),
            Self::Some(rows) => rows.get(&card).copied(),
        };
        row.and_then(|r| usize::try_from(r).ok())
    }
}

/// The result, with everything needed to explain it.
#[derive(Debug)]
pub struct Resolution<'a> {
    pub base: Held<'a, Base>,
    pub model: Held<'a, Model>,
    /// The card of each row.
    pub card_of: Vec<CardId>,
    /// Customer number of each row: dense, in the order of each customer's first row.
    pub customer_of: Vec<u32>,
    /// Links that were accepted, strongest first.
    pub links: Vec<Link>,
    pub questions: Vec<Question>,
    /// Decisions left out because an earlier one says the opposite.
    pub contradictions: Vec<(usize, usize)>,
    pub counts: Counts,
    pub(super) row_of_card: FirstRows,
}

/// What is known of one customer, values most used first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contacts {
    pub phones: Vec<Phone>,
    pub emails: Vec<EmailId>,
}

impl Resolution<'_> {
    #[must_use]
    pub fn card_of_row(&self, row: usize) -> &Card {
        self.base.card(self.card_of[row])
    }

    /// True contact points of every customer: generic values, fillers and numbers that cannot be called are left out.
    #[must_use]
    pub fn contacts(&self) -> Vec<Contacts> {
        let mut uses = vec![0_u32; self.base.cards.len()];
        for card in &self.card_of {
            uses[*card as usize] += 1;
        }
        let mut out: Vec<(Tally<Phone>, Tally<EmailId>)> = vec![Default::default(); self.counts.customers];
        for (at, card) in self.base.cards.iter().enumerate() {
            let Some(row) = CardId::try_from(at).ok().and_then(|id| self.row_of_card.get(id)) else {
                continue;
            };
            let Some(customer) = self.customer_of.get(row) else { continue };
            let (phones, emails) = &mut out[*customer as usize];
            for number in self.base.phones(card) {
                if !phone::is_weak(*number) && !self.model.is_generic_phone(*number) {
                    tally(phones, *number, uses[at]);
                }
            }
            for email in self.base.emails(card) {
                if !self.model.is_generic_mailbox(self.base.emails.parts(*email).mailbox) {
                    tally(emails, *email, uses[at]);
                }
            }
        }
        out.into_iter()
            .map(|(mut phones, mut emails)| {
                phones.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
                emails.sort_unstable_by(|a, b| {
                    b.1.cmp(&a.1).then(self.base.emails.text(a.0).cmp(self.base.emails.text(b.0)))
                });
                Contacts {
                    phones: phones.into_iter().map(|p| p.0).collect(),
                    emails: emails.into_iter().map(|e| e.0).collect(),
                }
            })
            .collect()
    }

    /// The path of links that made each customer of several records: for every row but the first, the link that brought it in.
    #[must_use]
    pub fn row_links(&self) -> Vec<RowLink> {
        let mut out = Vec::new();
        for (row, card) in self.card_of.iter().enumerate() {
            let Some(first) = self.row_of_card.get(*card) else { continue };
            if first != row {
                out.push(RowLink { row_a: first, row_b: row, bits: f32::INFINITY, kind: LinkKind::SameCard });
            }
        }
        // The strongest links that span each customer: a forest, because a link inside a group adds nothing to the path.
        let mut places: AHashMap<CardId, CardId> = AHashMap::with_capacity(self.links.len());
        let mut place = |card: CardId| {
            let next = CardId::try_from(places.len()).unwrap_or(CardId::MAX);
            *places.entry(card).or_insert(next)
        };
        let ends: Vec<(CardId, CardId)> = self.links.iter().map(|l| (place(l.a), place(l.b))).collect();
        let mut spanned = Clusters::new(places.len());
        for (link, (x, y)) in self.links.iter().zip(ends) {
            if spanned.find(x) == spanned.find(y) {
                continue;
            }
            spanned.must_join(x, y);
            let (Some(a), Some(b)) = (self.row_of_card.get(link.a), self.row_of_card.get(link.b)) else {
                continue;
            };
            let kind = match (link.given, link.bits.is_infinite()) {
                (true, true) => LinkKind::Manual,
                (true, false) => LinkKind::SameOrder,
                _ => LinkKind::Evidence,
            };
            out.push(RowLink { row_a: a.min(b), row_b: a.max(b), bits: link.bits, kind });
        }
        out
    }

    /// The comparison behind a pair of rows.
    #[must_use]
    pub fn compare_rows(&self, a: usize, b: usize) -> Comparison {
        match (self.card_of.get(a), self.card_of.get(b)) {
            (Some(x), Some(y)) => {
                compare::compare(&self.base, &self.model, self.base.card(*x), self.base.card(*y))
            }
            _ => Comparison::default(),
        }
    }

    /// Why two rows are (or may be) one person: codes with the bits each field adds.
    #[must_use]
    pub fn reasons(&self, a: usize, b: usize) -> Vec<(&'static str, f32)> {
        let c = self.compare_rows(a, b);
        reasons(&self.model, &c)
    }
}

/// Codes of the fields that were compared, with the bits each adds.
#[must_use]
pub fn reasons(model: &Model, c: &Comparison) -> Vec<(&'static str, f32)> {
    Field::ALL
        .into_iter()
        .zip(0..FIELDS)
        .filter(|(_, at)| c.levels[*at] != MISSING)
        .map(|(field, at)| {
            let code = if field == Field::Email && c.by_profile {
                "profile_same"
            } else {
                model::reason(field, c.levels[at])
            };
            (code, model.weight(field, c.levels[at]) + c.rarities[at])
        })
        .collect()
}

/// Values with how often each is used.
type Tally<T> = Vec<(T, u32)>;

fn tally<T: PartialEq + Copy>(list: &mut Tally<T>, value: T, uses: u32) {
    match list.iter_mut().find(|e| e.0 == value) {
        Some(e) => e.1 += uses,
        None => list.push((value, uses)),
    }
}
