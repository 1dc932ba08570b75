//! The people of a base that had none: table by table, each in an order that its indexes like.
//!
//! Person by person, every transaction touches pages all over the indexes and writes them whole: ten gigabytes of log for a million
//! records. Which records belong to whom is written last, so that after a crash nobody counts as written who is not; the run that
//! follows removes who has no record.

use access::Op;
use basis::Fault;
use rayon::slice::ParallelSliceMut;
use store::{Pace, Tx};
use tokio::time::Instant;

use super::plan::{Merge, Person, Plan};
use super::rows::{self, Contact, Place};

/// Calls `$body` with a transaction and the next portion of `$all` until all is written.
macro_rules! in_portions {
    ($op:expr, $all:expr, |$tx:ident, $some:ident| $body:expr) => {{
        let pace = Pace::new(1_000, 200, 8_000);
        let mut rest = $all;
        while !rest.is_empty() {
            let $some;
            ($some, rest) = rest.split_at(pace.size().min(rest.len()));
            let mut open = $op.app.db.write_resumable().await?;
            let begun = Instant::now();
            {
                let $tx: &mut Tx = &mut open;
                $body.await?;
            }
            open.commit().await?;
            pace.learn($some.len(), begun.elapsed());
        }
    }};
}

/// Writes the people, their contacts, addresses and links, and whose record is whose.
pub async fn write(op: &Op, plan: &Plan) -> Result<(), Fault> {
    let (ws, now) = (op.ws().get(), op.campaign_now().millis());
    super::write::leave(op, plan).await?;
    in_portions!(op, plan.people.as_slice(), |tx, people| rows::customers(tx, ws, people, now));
    {
        let of = |(at, person)| rows::contacts_of(person, plan, now).map(move |contact| (at, contact));
        let mut contacts: Vec<(usize, Contact<'_>)> = plan.people.iter().enumerate().flat_map(of).collect();
        contacts.par_sort_unstable_by_key(|(at, c)| (c.kind, c.value, *at));
        let contacts = in_tiles(contacts, plan.people.len());
        in_portions!(op, contacts.as_slice(), |tx, some| rows::contacts(tx, op, some));
    }
    let places: Vec<Place<'_>> = plan.people.iter().flat_map(|p| rows::places_of(p, now)).collect();
    in_portions!(op, places.as_slice(), |tx, some| rows::places(tx, op, some));
    let mut merges: Vec<&Merge> = plan.merges.iter().collect();
    merges.sort_by_key(|m| m.customer);
    in_portions!(op, merges.as_slice(), |tx, some| rows::merges(tx, op, some, now));
    let of = |(at, person): (usize, &Person)| {
        let id = person.id;
        person.arrivals.iter().map(move |record| (at, (*record, id))).collect::<Vec<_>>()
    };
    let mut arrivals: Vec<(usize, (i64, i64))> = plan.people.iter().enumerate().flat_map(of).collect();
    arrivals.par_sort_unstable_by_key(|(_, arrival)| *arrival);
    let arrivals = in_tiles(arrivals, plan.people.len());
    in_portions!(op, arrivals.as_slice(), |tx, some| rows::arrivals(tx, ws, some));
    Ok(())
}

/// Rows that stand in the order of one index, with their places of `of` in another, brought into an order in which neighbours are
/// near in both: along the curve of Morton (1966). A transaction then touches a tile of each index and not the whole of one.
fn in_tiles<T: Send>(rows: Vec<(usize, T)>, of: usize) -> Vec<T> {
    let count = rows.len();
    let mut keyed: Vec<(u64, T)> = rows
        .into_iter()
        .enumerate()
        .map(|(at, (other, row))| (spread(share(at, count)) << 1 | spread(share(other, of)), row))
        .collect();
    keyed.par_sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// A place among `of` as a number of sixteen bits.
fn share(at: usize, of: usize) -> u16 {
    u16::try_from((at << 16) / of.max(1)).unwrap_or(u16::MAX)
}

/// The bits with a gap after each.
fn spread(bits: u16) -> u64 {
    (0..16).map(|bit| u64::from(bits >> bit & 1) << (2 * bit)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_near_in_both_orders() {
        // A million pairs whose second place has nothing to do with the first.
        let (n, of) = (100_000_usize, 40_000);
        let rows: Vec<(usize, (usize, usize))> =
            (0..n).map(|at| (at * 7_919 % of, (at, at * 7_919 % of))).collect();
        let tiles = in_tiles(rows, of);
        let mut sorted = tiles.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().map(|row| row.0).eq(0..n));
        let spans = tiles.chunks(2_000).map(|some| {
            let width = |of: &dyn Fn(&(usize, usize)) -> usize| {
                some.iter().map(of).max().unwrap() - some.iter().map(of).min().unwrap()
            };
            width(&|r| r.0) * 10 / n + width(&|r| r.1) * 10 / of
        });
        // Fifty tiles: a seventh of each side, where the half of them lies across a seam.
        let wide = spans.filter(|span| *span > 9).count();
        assert!(wide < 5, "{wide} of 50");
    }
}
