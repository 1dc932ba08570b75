//! The whole way from a batch of records to customers.

use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use smallvec::SmallVec;

use super::batch::RecordBatch;
use super::block::{Blocks, text_key};
use super::card::{Base, CardId};
use super::cluster::{self, Clusters, Link};
use super::compare;
use super::frozen::Frozen;
use super::model::{Model, PatternCounts};
pub use super::resolution::*;

/// Where the bands lie, in bits of log-odds.
#[derive(Clone, Copy, Debug)]
pub struct Bands {
    /// At and above: merged without asking.
    pub merge: f32,
    /// At and above: asked about; below: kept apart in silence.
    pub ask: f32,
}

impl Default for Bands {
    fn default() -> Self {
        // 80% and 20%: a wrong merge sends one person's data to another, so doubt is asked about.
        Self { merge: 2.0, ask: -2.0 }
    }
}

/// What people decided by hand, as pairs of row numbers. Earlier decisions win over later ones that contradict them.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    pub together: Vec<(usize, usize)>,
    pub apart: Vec<(usize, usize)>,
}

/// A pair for a person to judge.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub row_a: usize,
    pub row_b: usize,
    pub bits: f32,
    /// Money behind the smaller of the two customers.
    pub value: i64,
}

/// A compared pair before the weights are known.
#[derive(Clone, Copy)]
struct Candidate {
    a: CardId,
    b: CardId,
    pattern: u64,
    rarity: f32,
    beyond_name: bool,
}

/// Pairs below this many bits by the typical weights are forgotten after being counted.
const HOPELESS: f32 = -9.0;

/// Resolves a batch, learning from it what to believe.
#[must_use]
pub fn resolve(batch: &RecordBatch, decisions: &Decisions, bands: Bands) -> Resolution<'static> {
    run(batch, decisions, bands, None).resolution(batch, bands)
}

/// Resolves a batch by beliefs learned before.
#[must_use]
pub fn resolve_under(
    batch: &RecordBatch,
    decisions: &Decisions,
    bands: Bands,
    frozen: &Frozen,
) -> Resolution<'static> {
    run(batch, decisions, bands, Some(frozen)).resolution(batch, bands)
}

/// A finished run with all it stood on.
pub(super) struct Run {
    pub base: Base,
    pub model: Model,
    /// Links strong enough to merge, and links to ask about.
    pub links: Vec<Link>,
    pub doubtful: Vec<Link>,
    pub clusters: Clusters,
    accepted: Vec<Link>,
    contradictions: Vec<(usize, usize)>,
    pairs_compared: u64,
}

pub(super) fn run(batch: &RecordBatch, decisions: &Decisions, bands: Bands, frozen: Option<&Frozen>) -> Run {
    let mut base = match frozen {
        Some(frozen) => Base::read_as(batch, frozen.plan, frozen.month_first),
        None => Base::read(batch),
    };
    separate_decided(batch, decisions, &mut base);
    let mut model = frozen.map_or_else(|| Model::learn_frequencies(&base), |f| Model::thaw(f, &base));
    let blocks = Blocks::build(&base, &model, &left_cards(decisions, &base));
    let (candidates, patterns, pairs_compared) = compare_all(&base, &model, &blocks);
    drop(blocks);
    if frozen.is_none() {
        model.learn_weights(&patterns);
    }
    let (links, doubtful) = judge(&base, &model, &candidates, bands);
    drop(candidates);
    let (clusters, accepted, contradictions) = unite(batch, &base, &links, decisions);
    Run { base, model, links, doubtful, clusters, accepted, contradictions, pairs_compared }
}

/// Cards that no row lies on since their rows were kept apart.
fn left_cards(decisions: &Decisions, base: &Base) -> AHashSet<CardId> {
    if decisions.apart.is_empty() {
        return AHashSet::new();
    }
    let mut used = vec![false; base.cards.len()];
    for card in &base.card_of {
        used[*card as usize] = true;
    }
    (0..).zip(used).filter(|(_, used)| !used).map(|(id, _)| id).collect()
}

/// Rows that a person keeps apart must not share a card; rows of different cards are kept apart card by card.
fn separate_decided(batch: &RecordBatch, decisions: &Decisions, base: &mut Base) {
    let mut detached: Vec<usize> = Vec::new();
    for (a, b) in &decisions.apart {
        let (Some(x), Some(y)) = (base.card_of.get(*a), base.card_of.get(*b)) else { continue };
        if x != y {
            continue;
        }
        for row in [*a, *b] {
            if !detached.contains(&row) {
                detached.push(row);
                base.detach(row, order_key(batch.id(row)));
            }
        }
    }
}

/// Pairs whose cards are called up together.
const AHEAD: usize = 24;

/// Reads a little of everything that comparing these pairs will read. Neighbours lie far apart in memory: asked for one after
/// the other, without waiting for the answers, they come in the time of one.
fn call_up(base: &Base, pairs: &[(CardId, CardId)]) {
    let mut read = 0_u64;
    for (_, b) in pairs {
        let card = base.card(*b);
        read ^= card.fingerprint ^ u64::from(card.stem);
    }
    for (_, b) in pairs {
        let card = base.card(*b);
        read ^= base.phones(card).first().copied().unwrap_or(0);
        read ^= u64::from(base.emails(card).first().copied().unwrap_or(0));
    }
    for (_, b) in pairs {
        let card = base.card(*b);
        read ^= base.emails(card).first().map_or(0, |e| base.emails.parts(*e).local);
        read ^= base.names.token(card.name.given).hash ^ base.names.token(card.name.surname).hash;
    }
    std::hint::black_box(read);
}

fn compare_all(base: &Base, model: &Model, blocks: &Blocks) -> (Vec<Candidate>, PatternCounts, u64) {
    const TASK: usize = 4_096;
    let tasks: Vec<_> = (0..base.cards.len())
        .collect::<Vec<_>>()
        .par_chunks(TASK)
        .map(|chunk| {
            let mut found = Vec::new();
            let mut patterns = PatternCounts::new();
            let mut compared = 0_u64;
            let mut neighbours = Vec::new();
            let mut pairs: Vec<(CardId, CardId)> = Vec::new();
            for at in chunk {
                let a = CardId::try_from(*at).unwrap_or(CardId::MAX);
                blocks.later_neighbours(a, &mut neighbours);
                pairs.extend(neighbours.iter().map(|b| (a, *b)));
            }
            for some in pairs.chunks(AHEAD) {
                call_up(base, some);
                for (a, b) in some {
                    compared += 1;
                    let c = compare::compare(base, model, base.card(*a), base.card(*b));
                    if c.veto.is_some() {
                        continue;
                    }
                    let pattern = c.pattern();
                    *patterns.entry((pattern, rounded(c.rarity))).or_default() += 1;
                    if model.prior + model.sum(&c.levels) + c.rarity > HOPELESS {
                        let (a, b) = (*a, *b);
                        found.push(Candidate { a, b, pattern, rarity: c.rarity, beyond_name: c.beyond_name });
                    }
                }
            }
            (found, patterns, compared)
        })
        .collect();
    let mut candidates = Vec::with_capacity(tasks.iter().map(|t| t.0.len()).sum());
    let mut patterns = PatternCounts::new();
    let mut compared = 0;
    for (found, counted, n) in tasks {
        candidates.extend_from_slice(&found);
        compared += n;
        for (key, n) in counted {
            *patterns.entry(key).or_default() += n;
        }
    }
    (candidates, patterns, compared)
}

#[expect(clippy::cast_possible_truncation, reason = "sums of logarithms lie within ±200 bits")]
fn rounded(bits: f32) -> i16 {
    bits.round() as i16
}

/// The two upper bands.
fn judge(base: &Base, model: &Model, candidates: &[Candidate], bands: Bands) -> (Vec<Link>, Vec<Link>) {
    let mut links = Vec::new();
    let mut doubtful = Vec::new();
    for c in candidates {
        let bits = model.prior + model.sum(&compare::levels_of(c.pattern)) + c.rarity;
        if bits < bands.ask {
            continue;
        }
        let link = Link { a: c.a, b: c.b, bits, given: false };
        if bits >= bands.merge && c.beyond_name {
            links.push(link);
        } else {
            doubtful.push(link);
        }
    }
    cluster::order(base, &mut links);
    cluster::order(base, &mut doubtful);
    (links, doubtful)
}

/// Groups out of links: decisions of people first, then what a shop itself put together, then the strongest evidence.
fn unite(
    batch: &RecordBatch,
    base: &Base,
    links: &[Link],
    decisions: &Decisions,
) -> (Clusters, Vec<Link>, Vec<(usize, usize)>) {
    let mut clusters = Clusters::new(base.cards.len());
    let card_of = |row: usize| base.card_of.get(row).copied();
    for (a, b) in &decisions.apart {
        if let (Some(a), Some(b)) = (card_of(*a), card_of(*b))
            && a != b
        {
            clusters.keep_apart(a, b);
        }
    }
    let mut contradictions = Vec::new();
    let mut accepted = Vec::new();
    for (a, b) in &decisions.together {
        if let (Some(x), Some(y)) = (card_of(*a), card_of(*b)) {
            if clusters.must_join(x, y) {
                accepted.push(Link { a: x, b: y, bits: f32::INFINITY, given: true });
            } else {
                contradictions.push((*a, *b));
            }
        }
    }
    let mut by_order = same_order(batch, base);
    cluster::order(base, &mut by_order);
    for link in by_order.iter().chain(links) {
        if clusters.join(base, link) {
            accepted.push(*link);
        }
    }
    (clusters, accepted, contradictions)
}

impl Run {
    fn resolution(mut self, batch: &RecordBatch, bands: Bands) -> Resolution<'static> {
        let row_of_card = FirstRows::All(first_rows(&self.base));
        let (customer_of, customers) = number_all(&self.base, &mut self.clusters);
        let view = View { base: &self.base, customer_of: &customer_of, row_of_card: &row_of_card, customers };
        let questions = view.ask(|row| batch.value(row), &mut self.clusters, &self.doubtful, bands);
        let (generic_phones, generic_mailboxes) = self.model.generic_values();
        let counts = Counts {
            records: batch.len(),
            cards: self.base.cards.len(),
            customers,
            pairs_compared: self.pairs_compared,
            generic_phones,
            generic_mailboxes,
        };
        Resolution {
            card_of: self.base.card_of.clone(),
            base: Held::Owned(Box::new(self.base)),
            model: Held::Owned(Box::new(self.model)),
            customer_of,
            links: self.accepted,
            questions,
            contradictions: self.contradictions,
            counts,
            row_of_card,
        }
    }
}

/// Rows that name an order lie on that order's customer, and rows under one customer number of one source on one, unless the names
/// contradict. The middle of each group is its least fingerprint, whichever row came first.
fn same_order(batch: &RecordBatch, base: &Base) -> Vec<Link> {
    let mut groups: AHashMap<u64, Group> = AHashMap::new();
    for (row, card) in base.card_of.iter().enumerate() {
        let order = batch.order(row);
        if !order.is_empty() {
            groups.entry(order_key(order)).or_default().rows.push(*card);
        }
        let account = batch.account(row);
        if !account.is_empty() {
            groups.entry(account_key(batch.source(row), account)).or_default().rows.push(*card);
        }
    }
    if groups.is_empty() {
        return Vec::new();
    }
    for (row, card) in base.card_of.iter().enumerate() {
        if batch.order(row).is_empty()
            && let Some(group) = groups.get_mut(&order_key(batch.id(row)))
        {
            group.own.push(*card);
        }
    }
    groups.values().flat_map(|g| g.links(base)).collect()
}

/// Cards that a shop itself put together.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// Cards of the order itself.
    pub own: SmallVec<[CardId; 1]>,
    /// Cards of rows that name the order or the account.
    pub rows: SmallVec<[CardId; 2]>,
}

impl Group {
    /// From the middle to each of the others.
    pub fn links(&self, base: &Base) -> Vec<Link> {
        let least = |cards: &[CardId]| cards.iter().copied().min_by_key(|c| base.card(*c).fingerprint);
        let Some(middle) = least(&self.own).or_else(|| least(&self.rows)) else { return Vec::new() };
        let mut others = self.rows.clone();
        others.sort_unstable();
        others.dedup();
        others
            .into_iter()
            .filter(|c| *c != middle)
            .map(|c| Link { a: c.min(middle), b: c.max(middle), bits: GIVEN, given: true })
            .collect()
    }
}

/// The weight of a shop's own word, in bits.
pub(super) const GIVEN: f32 = 30.0;

pub(super) fn order_key(order: &str) -> u64 {
    text_key(order.as_bytes())
}

pub(super) fn account_key(source: u16, account: &str) -> u64 {
    text_key(account.as_bytes()) ^ (u64::from(source) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn first_rows(base: &Base) -> Vec<u32> {
    let mut rows = vec![u32::MAX; base.cards.len()];
    for (row, card) in (0_u32..).zip(&base.card_of) {
        let place = &mut rows[*card as usize];
        *place = (*place).min(row);
    }
    rows
}

fn number_all(base: &Base, clusters: &mut Clusters) -> (Vec<u32>, usize) {
    let mut numbers = vec![u32::MAX; base.cards.len()];
    let mut next = 0_u32;
    let mut customer_of = Vec::with_capacity(base.card_of.len());
    for card in &base.card_of {
        let root = clusters.find(*card) as usize;
        if numbers[root] == u32::MAX {
            numbers[root] = next;
            next += 1;
        }
        customer_of.push(numbers[root]);
    }
    (customer_of, next as usize)
}

/// As [`number_all`], of a few rows.
pub(super) fn number(card_of: &[CardId], clusters: &mut Clusters) -> (Vec<u32>, usize) {
    let mut numbers: AHashMap<CardId, u32> = AHashMap::with_capacity(card_of.len());
    let customer_of = card_of
        .iter()
        .map(|card| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(clusters.find(*card)).or_insert(next)
        })
        .collect();
    (customer_of, numbers.len())
}

/// A finished partition of rows.
pub(super) struct View<'a> {
    pub base: &'a Base,
    pub customer_of: &'a [u32],
    pub row_of_card: &'a FirstRows,
    pub customers: usize,
}

impl View<'_> {
    /// The review queue: one question per pair of customers, the most valuable first.
    pub fn ask(
        &self,
        value_of: impl Fn(usize) -> i64,
        clusters: &mut Clusters,
        doubtful: &[Link],
        bands: Bands,
    ) -> Vec<Question> {
        let mut values = vec![0_i64; self.customers];
        for (row, customer) in self.customer_of.iter().enumerate() {
            values[*customer as usize] = values[*customer as usize].saturating_add(value_of(row));
        }
        let mut asked: AHashMap<(u32, u32), Question> = AHashMap::new();
        for link in doubtful {
            let (Some(ra), Some(rb)) = (self.row_of_card.get(link.a), self.row_of_card.get(link.b)) else {
                continue;
            };
            let (Some(x), Some(y)) = (self.customer_of.get(ra), self.customer_of.get(rb)) else { continue };
            if x == y || link.bits < bands.ask || clusters.contradicts(self.base, link) {
                continue;
            }
            let value = values[*x as usize].min(values[*y as usize]);
            let question = Question { row_a: ra.min(rb), row_b: ra.max(rb), bits: link.bits, value };
            asked.entry((*x.min(y), *x.max(y))).or_insert(question);
        }
        let mut questions: Vec<Question> = asked.into_values().collect();
        questions.sort_unstable_by(|a, b| {
            b.value
                .cmp(&a.value)
                .then(b.bits.total_cmp(&a.bits))
                .then(a.row_a.cmp(&b.row_a))
                .then(a.row_b.cmp(&b.row_b))
        });
        questions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::batch::PersonRecord;

    fn batch(rows: &[(&str, &str, &str)]) -> RecordBatch {
        let mut batch = RecordBatch::new();
        for (i, (name, phone, email)) in rows.iter().enumerate() {
            batch.push(&PersonRecord {
                id: &i.to_string(),
                full_name: name,
                phone,
                email,
                value: 100,
                ..PersonRecord::default()
            });
        }
        batch
    }

    fn partition(rows: &[(&str, &str, &str)]) -> Vec<u32> {
        resolve(&batch(rows), &Decisions::default(), Bands::default()).customer_of
    }

    #[test]
    fn a_couple_with_one_phone_stays_two_people() {
        let them = partition(&[
            ("Снігурський Сергій", "0678737218", "s@ukr.net"),
            ("Снигурская Ирина", "0678737218", ""),
            ("Сергей Снигурский", "0678737218", ""),
        ]);
        assert_eq!(them, [0, 1, 0]);
    }

    #[test]
    fn bad_input_gives_a_clear_answer() {
        assert!(partition(&[]).is_empty());
        assert_eq!(partition(&[("", "", "")]), [0]);
        assert_eq!(partition(&[("", "", ""), ("", "", "")]), [0, 1]);
        let same: Vec<_> = (0..500).map(|_| ("Іваненко Іван", "0671234509", "x@y.ua")).collect();
        assert!(partition(&same).iter().all(|c| *c == 0));
    }

    #[test]
    fn contradicting_decisions_are_named() {
        let rows = [
            ("Іваненко Іван", "0671234509", ""),
            ("Іваненко Іван", "0671234509", ""),
            ("Петренко Олег", "0671234510", ""),
        ];
        let decisions = Decisions { together: vec![(0, 2), (1, 2)], apart: vec![(0, 1)] };
        let found = resolve(&batch(&rows), &decisions, Bands::default());
        assert_eq!(found.contradictions, [(1, 2)]);
        assert_eq!(found.customer_of[0], found.customer_of[2]);
        assert_ne!(found.customer_of[0], found.customer_of[1]);
    }
}
