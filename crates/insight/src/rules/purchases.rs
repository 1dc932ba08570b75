//! Purchases of a whole base in columns, by customer, and the change of a few customers in place.

use super::model::Base;
use super::occasions::Occasion;
use super::profile::Trouble;

/// Purchases of one customer on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRow {
    pub customer: i64,
    pub day: i32,
    pub minor: i64,
    pub orders: u32,
}

/// The bad experience of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TroubleRow {
    pub customer: i64,
    pub trouble: Trouble,
}

/// Where the occasions of a customer stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub start: u32,
    pub len: u32,
}

impl Span {
    pub(super) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

/// The columns.
#[derive(Debug, Clone, Default)]
pub struct Purchases {
    /// Sorted ids of all customers, those without purchases included.
    pub ids: Vec<i64>,
    spans: Vec<Span>,
    occasions: Vec<Occasion>,
    orders: Vec<u32>,
    /// Bad experience by customer.
    pub troubles: Vec<Trouble>,
    /// Occasions that no span covers any more.
    waste: usize,
}

/// What a change did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Where the changed customers stand now, in the order of their ids.
    pub places: Vec<usize>,
    /// When customers left or came in between: the place before of each place, [`NEW`] for who came. Customers who
    /// came behind the last one move nobody.
    pub moved: Option<Vec<usize>>,
}

/// The place before of a customer who was not there.
pub const NEW: usize = usize::MAX;

/// Places for as many occasions and what changes add until the next compaction: growing in between would copy the whole
/// base for a few customers. Memory that is not written to yet costs nothing.
const fn with_waste(occasions: usize) -> usize {
    occasions + occasions / 2 + 2048
}

fn length(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Purchases {
    /// From sorted ids and rows sorted by (customer, day); rows of other customers are ignored.
    #[must_use]
    pub fn assemble(ids: Vec<i64>, rows: &[DayRow], troubles: &[TroubleRow]) -> Self {
        let mut purchases = Self {
            spans: Vec::with_capacity(ids.len()),
            occasions: Vec::with_capacity(with_waste(rows.len())),
            orders: Vec::with_capacity(with_waste(rows.len())),
            troubles: vec![Trouble::default(); ids.len()],
            ids,
            waste: 0,
        };
        let mut next = 0;
        for place in 0..purchases.ids.len() {
            let id = purchases.ids[place];
            while next < rows.len() && rows[next].customer < id {
                next += 1;
            }
            let from = next;
            while next < rows.len() && rows[next].customer == id {
                next += 1;
            }
            let span = purchases.append(&rows[from..next]);
            purchases.spans.push(span);
        }
        for row in troubles {
            if let Some(place) = purchases.place(row.customer) {
                purchases.troubles[place] = row.trouble;
            }
        }
        purchases
    }

    fn append(&mut self, rows: &[DayRow]) -> Span {
        let start = length(self.occasions.len());
        self.occasions.extend(rows.iter().map(|r| Occasion { day: r.day, minor: r.minor }));
        self.orders.extend(rows.iter().map(|r| r.orders));
        Span { start, len: length(rows.len()) }
    }

    #[must_use]
    pub fn base(&self) -> Base<'_> {
        Base { spans: &self.spans, occasions: &self.occasions }
    }

    #[must_use]
    pub fn place(&self, customer: i64) -> Option<usize> {
        self.ids.binary_search(&customer).ok()
    }

    /// Paid orders behind each occasion of the customer at a place.
    #[must_use]
    pub fn orders(&self, place: usize) -> &[u32] {
        &self.orders[self.spans[place].range()]
    }

    /// Replaces the purchases of some customers. `living` are those of them that are customers now, `gone` those
    /// that are no more, both sorted; rows are sorted by (customer, day). The cost is that of the change, unless
    /// customers come or go.
    pub fn replace(
        &mut self,
        living: &[i64],
        gone: &[i64],
        rows: &[DayRow],
        troubles: &[TroubleRow],
    ) -> Changed {
        let mut places = self.places(living);
        let new: Vec<i64> =
            living.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(id, _)| *id).collect();
        let leaving = gone.iter().any(|id| self.place(*id).is_some());
        let behind = new.first().is_none_or(|first| self.ids.last().is_none_or(|last| last < first));
        let moved = if leaving || !behind {
            let from = self.resettle(&new, gone);
            places = self.places(living);
            Some(from)
        } else {
            let coming = self.ids.len()..;
            places.iter_mut().filter(|place| place.is_none()).zip(coming).for_each(|(p, at)| *p = Some(at));
            self.ids.extend(&new);
            self.spans.resize(self.ids.len(), Span::default());
            self.troubles.resize(self.ids.len(), Trouble::default());
            None
        };
        let mut next = 0;
        for (id, place) in living.iter().zip(&places) {
            while next < rows.len() && rows[next].customer < *id {
                next += 1;
            }
            let from = next;
            while next < rows.len() && rows[next].customer == *id {
                next += 1;
            }
            let Some(place) = *place else { continue };
            self.rewrite(place, &rows[from..next]);
            self.troubles[place] = Trouble::default();
        }
        for row in troubles {
            if let Some(place) =
                self.place(row.customer).filter(|_| living.binary_search(&row.customer).is_ok())
            {
                self.troubles[place] = row.trouble;
            }
        }
        if self.waste > self.occasions.len() / 3 + 1024 {
            self.compact();
        }
        Changed { places: places.into_iter().flatten().collect(), moved }
    }

    /// Places of sorted customers, each looked for from where the one before stands.
    fn places(&self, sorted: &[i64]) -> Vec<Option<usize>> {
        let mut from = 0;
        let find = |id: &i64| {
            let mut step = 1;
            while self.ids.get(from + step).is_some_and(|there| there < id) {
                from += step;
                step *= 2;
            }
            let within = &self.ids[from..self.ids.len().min(from + step + 1)];
            from += within.partition_point(|there| there < id);
            (self.ids.get(from) == Some(id)).then_some(from)
        };
        sorted.iter().map(find).collect()
    }

    /// Puts rows in the place of a customer's purchases: where they stand if they fit, else behind all others.
    fn rewrite(&mut self, place: usize, rows: &[DayRow]) {
        let before = self.spans[place];
        if rows.len() > before.len as usize {
            self.waste += before.len as usize;
            self.spans[place] = self.append(rows);
            return;
        }
        let start = before.start as usize;
        for (at, row) in (start..).zip(rows) {
            self.occasions[at] = Occasion { day: row.day, minor: row.minor };
            self.orders[at] = row.orders;
        }
        self.spans[place].len = length(rows.len());
        self.waste += before.len as usize - rows.len();
    }

    /// Takes customers in and out; answers the place before of each place.
    fn resettle(&mut self, new: &[i64], gone: &[i64]) -> Vec<usize> {
        let (ids, spans, troubles) = (
            std::mem::take(&mut self.ids),
            std::mem::take(&mut self.spans),
            std::mem::take(&mut self.troubles),
        );
        let most = ids.len() + new.len();
        let mut from = Vec::with_capacity(most);
        self.ids.reserve(most);
        self.spans.reserve(most);
        self.troubles.reserve(most);
        let (mut coming, mut leaving) = (new.iter().copied().peekable(), gone.iter().copied().peekable());
        for (place, id) in ids.into_iter().enumerate() {
            while let Some(newcomer) = coming.next_if(|n| *n < id) {
                self.settle(newcomer);
                from.push(NEW);
            }
            while leaving.next_if(|g| *g < id).is_some() {}
            if leaving.next_if_eq(&id).is_none() {
                self.ids.push(id);
                self.spans.push(spans[place]);
                self.troubles.push(troubles[place]);
                from.push(place);
            }
        }
        for newcomer in coming {
            self.settle(newcomer);
            from.push(NEW);
        }
        self.waste = self.occasions.len() - self.spans.iter().map(|s| s.len as usize).sum::<usize>();
        from
    }

    fn settle(&mut self, newcomer: i64) {
        self.ids.push(newcomer);
        self.spans.push(Span::default());
        self.troubles.push(Trouble::default());
    }

    fn compact(&mut self) {
        let living = self.occasions.len() - self.waste;
        let mut occasions = Vec::with_capacity(with_waste(living));
        let mut orders = Vec::with_capacity(with_waste(living));
        for span in &mut self.spans {
            let start = length(occasions.len());
            occasions.extend_from_slice(&self.occasions[span.range()]);
            orders.extend_from_slice(&self.orders[span.range()]);
            span.start = start;
        }
        (self.occasions, self.orders, self.waste) = (occasions, orders, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Truth = BTreeMap<i64, BTreeMap<i32, (i64, u32)>>;

    fn rows(truth: &Truth, only: impl Fn(i64) -> bool) -> Vec<DayRow> {
        truth
            .iter()
            .filter(|(id, _)| only(**id))
            .flat_map(|(id, days)| {
                days.iter().map(|(day, (minor, orders))| DayRow {
                    customer: *id,
                    day: *day,
                    minor: *minor,
                    orders: *orders,
                })
            })
            .collect()
    }

    fn content(p: &Purchases) -> Vec<(i64, Vec<Occasion>, Vec<u32>)> {
        (0..p.ids.len()).map(|i| (p.ids[i], p.base().of(i).to_vec(), p.orders(i).to_vec())).collect()
    }

    proptest! {
        /// Any sequence of changes leaves the same columns as building them anew.
        #[test]
        fn incremental_equals_batch(
            steps in prop::collection::vec(prop::collection::vec((0i64..30, 0i32..50, 0i64..100, any::<bool>()), 1..6), 1..40),
        ) {
            let mut truth = Truth::new();
            let mut purchases = Purchases::default();
            for step in steps {
                let mut touched: Vec<i64> = step.iter().map(|s| s.0).collect();
                touched.sort_unstable();
                touched.dedup();
                for (id, day, minor, leaves) in step {
                    if leaves {
                        truth.remove(&id);
                    } else {
                        let entry = truth.entry(id).or_default().entry(day).or_default();
                        *entry = (entry.0 + minor, entry.1 + 1);
                    }
                }
                let living: Vec<i64> = touched.iter().copied().filter(|id| truth.contains_key(id)).collect();
                let gone: Vec<i64> = touched.iter().copied().filter(|id| !truth.contains_key(id)).collect();
                let before = purchases.ids.clone();
                let changed = purchases.replace(&living, &gone, &rows(&truth, |id| touched.contains(&id)), &[]);
                let now: Vec<i64> = changed.places.iter().map(|p| purchases.ids[*p]).collect();
                prop_assert_eq!(now, living);
                for (place, id) in purchases.ids.iter().enumerate() {
                    let from = changed.moved.as_ref().map_or(place, |m| m[place]);
                    prop_assert_eq!(before.get(from).copied(), before.contains(id).then_some(*id));
                }
            }
            let batch = Purchases::assemble(truth.keys().copied().collect(), &rows(&truth, |_| true), &[]);
            prop_assert_eq!(content(&purchases), content(&batch));
        }
    }
}
