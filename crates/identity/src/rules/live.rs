//! A living base: records join, change and leave one by one under one version of beliefs. What comes out depends on the records that
//! are there and on the decisions, not on the way there: it is what a batch under the same beliefs gives.

use ahash::{AHashMap, AHashSet};
use smallvec::SmallVec;

use super::batch::{PersonRecord, RecordBatch};
use super::card::{Base, CardId};
use super::cluster::{self, Clusters, Link};
use super::compare;
use super::frozen::Frozen;
use super::live_blocks::{Alive, LiveBlocks};
use super::model::Model;
use super::resolve::{
    self, Bands, Counts, Decisions, FirstRows, Group, Held, Resolution, View, account_key, order_key,
};

/// A record's number in a living base; never given twice.
pub type Row = u32;

#[derive(Clone, Copy, Debug, Default)]
struct RowState {
    alive: bool,
    /// The card of its content; the row may lie on a card of its own when people keep it apart.
    content: CardId,
    detached: Option<CardId>,
    /// A hash of the record's id.
    id: u64,
    /// Keys of the groups a shop made: of the order it names, of its account, and of itself as an order.
    order: u64,
    account: u64,
    own: u64,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    other: CardId,
    bits: f32,
    /// Strong enough to merge.
    strong: bool,
}

#[derive(Debug, Default)]
struct CardState {
    rows: SmallVec<[Row; 2]>,
    edges: SmallVec<[Edge; 1]>,
}

#[derive(Debug, Default)]
struct Cards(Vec<CardState>);

impl Alive for Cards {
    fn is_alive(&self, card: CardId) -> bool {
        self.0.get(card as usize).is_some_and(|c| !c.rows.is_empty())
    }
}

/// Everything an insert needs at hand.
#[derive(Debug)]
pub struct Live {
    base: Base,
    frozen: Frozen,
    model: Model,
    bands: Bands,
    blocks: LiveBlocks,
    rows: Vec<RowState>,
    cards: Cards,
    groups: AHashMap<u64, SmallVec<[Row; 2]>>,
    decisions: Decisions,
    clusters: Clusters,
    /// Cards whose neighbours have to be found again, and cards whose group has to be made again.
    stale: AHashSet<CardId>,
    loose: AHashSet<CardId>,
}

/// The part of the partition that was made anew.
#[derive(Debug)]
pub struct Settled<'a> {
    /// Rows of the customers that may have changed, in order.
    pub rows: Vec<Row>,
    /// The same rows, numbered from zero, as a resolution that explains itself.
    pub found: Resolution<'a>,
}

impl Live {
    /// A living base out of a whole batch, under given beliefs or those that it teaches; row numbers are those of the batch.
    #[must_use]
    pub fn build(batch: &RecordBatch, decisions: &Decisions, bands: Bands, frozen: Option<Frozen>) -> Self {
        let run = resolve::run(batch, &Decisions::default(), bands, frozen.as_ref());
        let frozen = frozen.unwrap_or_else(|| run.model.freeze(&run.base));
        let mut cards = Cards::default();
        cards.0.resize_with(run.base.cards.len(), CardState::default);
        let mut groups: AHashMap<u64, SmallVec<[Row; 2]>> = AHashMap::new();
        let mut rows = Vec::with_capacity(batch.len());
        for (row, card) in (0_u32..).zip(&run.base.card_of) {
            cards.0[*card as usize].rows.push(row);
            let at = row as usize;
            let state = row_state(*card, batch.id(at), batch.order(at), batch.account(at), batch.source(at));
            enter(&mut groups, row, &state);
            rows.push(state);
        }
        for (links, strong) in [(&run.links, true), (&run.doubtful, false)] {
            for link in links {
                cards.0[link.a as usize].edges.push(Edge { other: link.b, bits: link.bits, strong });
                cards.0[link.b as usize].edges.push(Edge { other: link.a, bits: link.bits, strong });
            }
        }
        let blocks = LiveBlocks::build(&run.base, &run.model, &cards);
        let mut it = Self {
            base: run.base,
            frozen,
            model: run.model,
            bands,
            blocks,
            rows,
            cards,
            groups,
            decisions: Decisions::default(),
            clusters: run.clusters,
            stale: AHashSet::new(),
            loose: AHashSet::new(),
        };
        if !decisions.together.is_empty() || !decisions.apart.is_empty() {
            it.decide(decisions.clone());
            drop(it.settle(|_| 0));
        }
        it
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.iter().filter(|r| r.alive).count()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.rows.iter().any(|r| r.alive)
    }

    /// The beliefs this base stands on.
    #[must_use]
    pub fn beliefs(&self) -> &Frozen {
        &self.frozen
    }

    /// Takes a record in; [`Live::settle`] makes people of it.
    pub fn insert(&mut self, record: &PersonRecord<'_>) -> Row {
        let known = self.base.cards.len();
        let content = self.base.add(record);
        self.took(known);
        let row = Row::try_from(self.rows.len()).unwrap_or(Row::MAX);
        let state = row_state(content, record.id, record.order, record.account, record.source);
        enter(&mut self.groups, row, &state);
        self.rows.push(state);
        self.lay(row, content);
        row
    }

    /// A record is no more.
    pub fn remove(&mut self, row: Row) {
        let Some(state) = self.rows.get_mut(row as usize).filter(|s| s.alive) else { return };
        state.alive = false;
        let state = *state;
        for key in [state.order, state.account, state.own] {
            if let Some(rows) = self.groups.get_mut(&key) {
                rows.retain(|r| *r != row);
            }
        }
        self.loosen_groups(&state);
        self.lift(row);
    }

    /// The decisions in force, as pairs of rows; all of them, in the order in which they were made.
    pub fn decide(&mut self, decisions: Decisions) {
        let before = std::mem::replace(&mut self.decisions, decisions);
        let mut touched: Vec<usize> = Vec::new();
        for (old, new) in
            [(&before.together, &self.decisions.together), (&before.apart, &self.decisions.apart)]
        {
            // What was decided before in the same order stays as it is.
            let same = old.iter().zip(new).take_while(|(x, y)| x == y).count();
            touched.extend(old[same..].iter().chain(&new[same..]).flat_map(|(a, b)| [*a, *b]));
        }
        // Rows of one card that are kept apart need cards of their own.
        let mut alone: AHashSet<usize> = AHashSet::new();
        for (a, b) in &self.decisions.apart {
            let (Some(x), Some(y)) = (self.rows.get(*a), self.rows.get(*b)) else { continue };
            let apart_already = alone.contains(a) || alone.contains(b);
            if x.alive && y.alive && x.content == y.content && !apart_already {
                alone.extend([*a, *b]);
            }
        }
        for row in touched {
            self.place_again(row, alone.contains(&row));
            if let Some(card) = self.base.card_of.get(row) {
                self.loose.insert(*card);
            }
        }
    }

    /// Puts a row on a card of its own, or back on the card of its content.
    fn place_again(&mut self, row: usize, alone: bool) {
        let Some(state) = self.rows.get(row).copied().filter(|s| s.alive) else { return };
        let is_alone = self.base.card_of[row] != state.content;
        if is_alone == alone {
            return;
        }
        let number = Row::try_from(row).unwrap_or(Row::MAX);
        self.lift(number);
        let card = match (alone, state.detached) {
            (false, _) => state.content,
            (true, Some(card)) => card,
            (true, None) => {
                let known = self.base.cards.len();
                self.base.detach(row, state.id);
                self.took(known);
                let card = self.base.card_of[row];
                self.rows[row].detached = Some(card);
                card
            }
        };
        self.base.card_of[row] = card;
        self.lay(number, card);
    }

    /// Makes room for cards that were not known.
    fn took(&mut self, known: usize) {
        self.cards.0.resize_with(self.base.cards.len(), CardState::default);
        self.clusters.grow(self.base.cards.len());
        for id in known..self.base.cards.len() {
            let id = CardId::try_from(id).unwrap_or(CardId::MAX);
            let card = *self.base.card(id);
            self.model.admit(&self.frozen, &self.base, &card);
            self.blocks.insert(&self.base, &self.model, id);
        }
    }

    /// Puts a row on a card.
    fn lay(&mut self, row: Row, card: CardId) {
        if !self.cards.is_alive(card) {
            let changed = self.blocks.turned(&self.base, &self.model, card, &self.cards);
            self.stale.extend(changed);
            self.stale.insert(card);
        }
        self.cards.0[card as usize].rows.push(row);
        self.loose.insert(card);
        let state = self.rows[row as usize];
        self.loosen_groups(&state);
    }

    /// Takes a row off its card.
    fn lift(&mut self, row: Row) {
        let card = self.base.card_of[row as usize];
        self.cards.0[card as usize].rows.retain(|r| *r != row);
        self.loose.insert(card);
        let state = self.rows[row as usize];
        self.loosen_groups(&state);
        if !self.cards.is_alive(card) {
            let changed = self.blocks.turned(&self.base, &self.model, card, &self.cards);
            self.stale.extend(changed);
            self.stale.insert(card);
        }
    }

    /// Who shares an order or an account with a row is put together again.
    fn loosen_groups(&mut self, state: &RowState) {
        for key in [state.order, state.account, state.own] {
            for row in self.groups.get(&key).into_iter().flatten() {
                self.loose.insert(self.base.card_of[*row as usize]);
            }
        }
    }

    /// Finds the neighbours of stale cards again.
    fn relink(&mut self) {
        let mut neighbours = Vec::new();
        for id in std::mem::take(&mut self.stale) {
            for edge in std::mem::take(&mut self.cards.0[id as usize].edges) {
                self.cards.0[edge.other as usize].edges.retain(|e| e.other != id);
                self.loose.insert(edge.other);
            }
            self.loose.insert(id);
            if !self.cards.is_alive(id) {
                continue;
            }
            self.blocks.neighbours(&self.base, &self.model, id, &self.cards, &mut neighbours);
            for other in &neighbours {
                let c = compare::compare(&self.base, &self.model, self.base.card(id), self.base.card(*other));
                if c.veto.is_some() {
                    continue;
                }
                let bits = self.model.prior + self.model.sum(&c.levels) + c.rarity;
                if bits < self.bands.ask {
                    continue;
                }
                let strong = bits >= self.bands.merge && c.beyond_name;
                self.cards.0[id as usize].edges.push(Edge { other: *other, bits, strong });
                self.cards.0[*other as usize].edges.push(Edge { other: id, bits, strong });
                self.loose.insert(*other);
            }
        }
    }

    /// Loose cards with everything that hangs together with them, by links or by the groups until now.
    fn reach(&mut self) -> Vec<CardId> {
        let mut partners: AHashMap<CardId, SmallVec<[CardId; 2]>> = AHashMap::new();
        for (a, b) in &self.decisions.together {
            if let (Some(a), Some(b)) = (self.base.card_of.get(*a), self.base.card_of.get(*b)) {
                partners.entry(*a).or_default().push(*b);
                partners.entry(*b).or_default().push(*a);
            }
        }
        let mut seen: AHashSet<CardId> = std::mem::take(&mut self.loose);
        let mut left: Vec<CardId> = seen.iter().copied().collect();
        let mut groups: AHashSet<u64> = AHashSet::new();
        let mut next: Vec<CardId> = Vec::new();
        while let Some(id) = left.pop() {
            let card = &self.cards.0[id as usize];
            next.extend(card.edges.iter().map(|e| e.other));
            next.extend(self.clusters.members(id));
            next.extend(partners.get(&id).into_iter().flatten());
            for row in &card.rows {
                let state = &self.rows[*row as usize];
                for key in [state.order, state.account, state.own] {
                    if key != 0
                        && let Some(rows) = self.groups.get(&key)
                        && groups.insert(key)
                    {
                        next.extend(rows.iter().map(|r| self.base.card_of[*r as usize]));
                    }
                }
            }
            for other in next.drain(..) {
                if seen.insert(other) {
                    left.push(other);
                }
            }
        }
        let mut out: Vec<CardId> = seen.into_iter().collect();
        out.sort_unstable();
        out
    }

    /// Of these traces, those that no record has any more; the beliefs forget them.
    pub fn forget(&mut self, traces: &AHashSet<u64>) -> AHashSet<u64> {
        let mut lone = traces.clone();
        for (id, card) in (0..).zip(&self.base.cards) {
            if lone.is_empty() {
                break;
            }
            if self.cards.is_alive(id) {
                for trace in super::frozen::traces(&self.base, card) {
                    lone.remove(&trace);
                }
            }
        }
        self.frozen.known.retain(|hash, _| !lone.contains(hash));
        lone
    }

    /// Every row, as [`Live::settle`] gives those that changed.
    pub fn whole(&mut self, value_of: impl Fn(Row) -> i64) -> Settled<'_> {
        let cards = &self.cards;
        let all = (0..).take(cards.0.len()).filter(|id| cards.is_alive(*id));
        self.loose.extend(all);
        self.settle(value_of)
    }

    /// Rows of everybody whom [`Live::settle`] will look at.
    pub fn unsettled(&mut self) -> Vec<Row> {
        self.relink();
        let cards = self.reach();
        let rows = cards.iter().flat_map(|c| self.cards.0[*c as usize].rows.iter().copied()).collect();
        self.loose = cards.into_iter().collect();
        rows
    }

    /// Makes people of what changed. `value_of` gives the money behind a row, by which questions are ordered.
    pub fn settle(&mut self, value_of: impl Fn(Row) -> i64) -> Settled<'_> {
        self.settle_by(value_of, i64::from)
    }

    /// As [`Live::settle`], with rows in the order of a key of the caller's.
    pub fn settle_by(&mut self, value_of: impl Fn(Row) -> i64, key_of: impl Fn(Row) -> i64) -> Settled<'_> {
        self.relink();
        let cards = self.reach();
        self.clusters.scatter(&cards);
        let inside: AHashSet<CardId> = cards.iter().copied().collect();
        self.forbid();
        let mut accepted = Vec::new();
        let mut contradictions = Vec::new();
        for (a, b) in &self.decisions.together {
            let (Some(x), Some(y)) = (self.rows.get(*a), self.rows.get(*b)) else { continue };
            let (ca, cb) = (self.base.card_of[*a], self.base.card_of[*b]);
            if !x.alive || !y.alive || !inside.contains(&ca) {
                continue;
            }
            if self.clusters.must_join(ca, cb) {
                accepted.push(Link { a: ca, b: cb, bits: f32::INFINITY, given: true });
            } else {
                contradictions.push((*a, *b));
            }
        }
        let mut given = self.given_links(&cards);
        cluster::order(&self.base, &mut given);
        let (mut strong, mut doubtful) = self.edges_of(&cards);
        cluster::order(&self.base, &mut strong);
        cluster::order(&self.base, &mut doubtful);
        for link in given.iter().chain(&strong) {
            if self.clusters.join(&self.base, link) {
                accepted.push(*link);
            }
        }
        let mut rows: Vec<Row> =
            cards.iter().flat_map(|c| self.cards.0[*c as usize].rows.iter().copied()).collect();
        rows.sort_unstable_by_key(|row| key_of(*row));
        let card_of: Vec<CardId> = rows.iter().map(|r| self.base.card_of[*r as usize]).collect();
        let mut first: AHashMap<CardId, u32> = AHashMap::new();
        for (at, card) in (0_u32..).zip(&card_of) {
            first.entry(*card).or_insert(at);
        }
        let (customer_of, customers) = resolve::number(&card_of, &mut self.clusters);
        let row_of_card = FirstRows::Some(first);
        let view = View { base: &self.base, customer_of: &customer_of, row_of_card: &row_of_card, customers };
        let value = |at: usize| rows.get(at).map_or(0, |r| value_of(*r));
        let questions = view.ask(value, &mut self.clusters, &doubtful, self.bands);
        let counts = Counts { records: rows.len(), cards: cards.len(), customers, ..Counts::default() };
        Settled {
            found: Resolution {
                base: Held::Lent(&self.base),
                model: Held::Lent(&self.model),
                card_of,
                customer_of,
                links: accepted,
                questions,
                contradictions,
                counts,
                row_of_card,
            },
            rows,
        }
    }

    fn forbid(&mut self) {
        self.clusters.forget_apart();
        for (a, b) in &self.decisions.apart {
            let (Some(x), Some(y)) = (self.rows.get(*a), self.rows.get(*b)) else { continue };
            let (ca, cb) = (self.base.card_of[*a], self.base.card_of[*b]);
            if x.alive && y.alive && ca != cb {
                self.clusters.keep_apart(ca, cb);
            }
        }
    }

    /// Links of the orders and accounts that these cards belong to.
    fn given_links(&self, cards: &[CardId]) -> Vec<Link> {
        let mut keys: AHashSet<u64> = AHashSet::new();
        for row in cards.iter().flat_map(|c| &self.cards.0[*c as usize].rows) {
            let state = &self.rows[*row as usize];
            keys.extend([state.order, state.account, state.own].into_iter().filter(|k| *k != 0));
        }
        let mut out = Vec::new();
        for key in keys {
            let Some(rows) = self.groups.get(&key) else { continue };
            let mut group = Group::default();
            for row in rows {
                let state = &self.rows[*row as usize];
                let card = self.base.card_of[*row as usize];
                if state.own == key { group.own.push(card) } else { group.rows.push(card) }
            }
            if !group.rows.is_empty() {
                out.extend(group.links(&self.base));
            }
        }
        out
    }

    fn edges_of(&self, cards: &[CardId]) -> (Vec<Link>, Vec<Link>) {
        let (mut strong, mut doubtful) = (Vec::new(), Vec::new());
        for id in cards {
            for edge in self.cards.0[*id as usize].edges.iter().filter(|e| *id < e.other) {
                let link = Link { a: *id, b: edge.other, bits: edge.bits, given: false };
                if edge.strong { strong.push(link) } else { doubtful.push(link) }
            }
        }
        (strong, doubtful)
    }

    /// The customers of all rows that are there, as (row, any number).
    pub fn partition(&mut self) -> Vec<(Row, u32)> {
        let mut out = Vec::new();
        for (row, state) in (0_u32..).zip(&self.rows) {
            if state.alive {
                out.push((row, self.clusters.find(self.base.card_of[row as usize])));
            }
        }
        out
    }
}

fn row_state(content: CardId, id: &str, order: &str, account: &str, source: u16) -> RowState {
    RowState {
        alive: true,
        content,
        detached: None,
        id: order_key(id),
        order: if order.is_empty() { 0 } else { order_key(order) },
        account: if account.is_empty() { 0 } else { account_key(source, account) },
        own: if order.is_empty() { order_key(id) } else { 0 },
    }
}

fn enter(groups: &mut AHashMap<u64, SmallVec<[Row; 2]>>, row: Row, state: &RowState) {
    for key in [state.order, state.account, state.own] {
        if key != 0 {
            groups.entry(key).or_default().push(row);
        }
    }
}
