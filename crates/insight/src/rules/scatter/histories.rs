//! Histories straight from scattered orders. Files hold orders mostly in the order of time: then a few running figures of
//! each customer are all there is to keep, and nothing is sorted.

use super::desk::{Desk, per_bucket};
use super::{BUCKET_BITS, CUSTOMERS, FIRST_DAY, MINOR_BITS, Scatter, place_of};
use crate::rules::occasions::History;

/// The history of each customer with orders up to `until`, in the order of codes: what
/// [`History::of`] makes of their occasions.
#[must_use]
pub fn histories(scatter: Scatter, until: i32) -> Vec<History> {
    per_bucket(scatter, |scatter, desk: &mut HistoryDesk, bucket, out| {
        let followed = match desk.follow::<false>(scatter, bucket, until) {
            Followed::Empty => desk.follow::<true>(scatter, bucket, until),
            other => other,
        };
        if followed == Followed::Whole {
            desk.finish(bucket, until, out);
        } else {
            out.reserve(desk.desk.sort(scatter, bucket));
            desk.desk.walk(|code, occasions| out.extend(History::of(code, occasions, until)));
        }
    })
}

#[derive(Default)]
struct HistoryDesk {
    running: Vec<Running>,
    /// Repeat days with an amount, twice, and one when the last day is such; where some orders have none.
    paid: Vec<u32>,
    desk: Desk,
}

/// Figures of a customer after some orders; days count from [`FIRST_DAY`].
#[derive(Debug, Clone, Copy)]
struct Running {
    repeat_minor: i64,
    first: u16,
    /// Zero before the first order.
    last: u16,
    days: u32,
}

const NOTHING: Running = Running { repeat_minor: 0, first: u16::MAX, last: 0, days: 0 };

/// How far the orders of a bucket could be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Followed {
    Whole,
    /// To an order without an amount.
    Empty,
    /// To a day that comes before an earlier one, or lies past the end.
    Astray,
}

impl HistoryDesk {
    /// Goes through the orders of a bucket as they stand.
    fn follow<const EMPTY: bool>(&mut self, scatter: &Scatter, bucket: usize, until: i32) -> Followed {
        let end =
            u16::try_from(until.wrapping_sub(FIRST_DAY)).unwrap_or(if until > 0 { u16::MAX } else { 0 });
        self.running.clear();
        self.running.resize(CUSTOMERS, NOTHING);
        self.paid.clear();
        self.paid.resize(CUSTOMERS, 0);
        let (Some(running), Some(paid)) =
            (self.running.first_chunk_mut::<CUSTOMERS>(), self.paid.first_chunk_mut::<CUSTOMERS>())
        else {
            return Followed::Astray;
        };
        if !scatter.wide(bucket).is_empty() {
            return Followed::Astray;
        }
        for block in scatter.blocks(bucket) {
            let (mut astray, mut empty) = (false, false);
            for packed in block {
                let place = place_of(*packed);
                let minor = (packed & ((1 << MINOR_BITS) - 1)).cast_signed();
                let day = day_of(*packed);
                let now = &mut running[place];
                // Without branches: whether this is another day of the customer cannot be foretold.
                let new = u32::from(day > now.last);
                astray |= (day < now.last) | (day > end) | (day == 0);
                now.first = now.first.min(day);
                now.last = day;
                now.days += new;
                let repeat = now.days > 1;
                now.repeat_minor += if repeat { minor } else { 0 };
                if EMPTY {
                    let paid = &mut paid[place];
                    let amount = u32::from(repeat & (minor > 0));
                    let counted = *paid & 1 & (1 - new);
                    // A day counts once.
                    *paid = (*paid & !1) + 2 * (amount & (1 - counted)) + (amount | counted);
                } else {
                    empty |= minor == 0;
                }
            }
            if astray {
                return Followed::Astray;
            }
            if empty {
                return Followed::Empty;
            }
        }
        if !EMPTY {
            for (paid, running) in paid.iter_mut().zip(running) {
                *paid = running.days.saturating_sub(1) * 2;
            }
        }
        Followed::Whole
    }

    fn finish(&self, bucket: usize, until: i32, out: &mut Vec<History>) {
        out.reserve(self.running.iter().filter(|running| running.days > 0).count());
        let base = u32::try_from(bucket << BUCKET_BITS).unwrap_or(u32::MAX);
        let end = until.wrapping_sub(FIRST_DAY).cast_unsigned();
        let rows = (base..).zip(&self.running).zip(&self.paid);
        out.extend(rows.filter(|((_, running), _)| running.days > 0).map(|((customer, running), paid)| {
            History {
                customer,
                x: running.days - 1,
                t_x: u32::from(running.last - running.first),
                t: end - u32::from(running.first),
                repeat_minor: running.repeat_minor,
                paid: paid / 2,
            }
        }));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the sixteen bits of the day")]
const fn day_of(packed: u64) -> u16 {
    (packed >> MINOR_BITS) as u16
}
