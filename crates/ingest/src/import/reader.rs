//! Drafts out of a file, in portions: what the writing side stores in one short transaction each.

use ahash::{AHashMap, RandomState};
use store::Pace;

use super::draft::{Draft, Parsed, draft_of};
use crate::{
    preview::TableKind,
    problem::{Reason, Reject, Unusable},
    rules::role::Role,
    table::Table,
};

/// A row that was not taken, with its cells as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub reject: Reject,
    pub cells: Vec<String>,
}

/// What was read since the portion before.
#[derive(Debug, Default)]
pub struct Portion {
    pub drafts: Vec<Draft>,
    pub rejects: Vec<Rejected>,
    /// Rows of the file that this portion covers.
    pub rows: u64,
}

/// An order of more rows than this is cut: a file without order numbers of its own looks like one endless order.
const MAX_GROUP: usize = 5_000;

/// Keys met in this import: a hash each, so that ten million rows take 160 MB at most.
#[derive(Debug)]
pub struct Keys {
    state: RandomState,
    count: AHashMap<u64, u32>,
}

impl Default for Keys {
    fn default() -> Self {
        // The same hashes in each run, so that a resumed import numbers repeated keys as before.
        Self { state: RandomState::with_seeds(1, 2, 3, 4), count: AHashMap::new() }
    }
}

impl Keys {
    /// How often the key was met before.
    fn note(&mut self, key: &str) -> u32 {
        let count = self.count.entry(self.state.hash_one(key)).or_default();
        *count += 1;
        *count - 1
    }
}

/// Reads a table from row `skip` on (rows before were stored by an earlier run) and hands portions to `sink` until it
/// answers `false`.
///
/// # Errors
/// [`Unusable`] when the file breaks off; what was handed out before stays good.
pub fn read_portions(
    table: &mut Table,
    skip: u64,
    keys: &mut Keys,
    pace: &Pace,
    mut sink: impl FnMut(Portion) -> bool,
) -> Result<(), Unusable> {
    let mut groups = Groups::default();
    let mut portion = Portion::default();
    let mut done = 0_u64;
    let order_column = table.shape().columns(Role::OrderId).first().copied();
    loop {
        let lines = table.shape().kind == TableKind::Line;
        let (number, outcome) = match table.next_row()? {
            None => break,
            Some(Ok(row)) => (row.text(Role::OrderId).to_owned(), Parsed::of(&row)),
            Some(Err(reject)) => (String::new(), Err(reject)),
        };
        let number = match (&outcome, order_column) {
            // A row with too few cells still names its order, as long as that cell is there.
            (Err(_), Some(column)) if number.is_empty() => table.raw().get(column).trim().to_owned(),
            _ => number,
        };
        if !lines || !groups.holds(&number) || groups.rows.len() >= MAX_GROUP {
            groups.close(table, keys, &mut portion);
            let most = pace.size();
            // Checkpoints stand at ends of groups, so the rows to be skipped end exactly at one.
            if done + portion.rows <= skip {
                done += portion.rows;
                portion = Portion::default();
            } else if portion.drafts.len() >= most || portion.rejects.len() >= most {
                done += portion.rows;
                if !sink(std::mem::take(&mut portion)) {
                    return Ok(());
                }
            }
        }
        let raw = || table.raw().iter().map(str::to_owned).collect::<Vec<_>>();
        // Raw cells are kept while a later row of the same order may still spoil it.
        let cells = if lines || outcome.is_err() { raw() } else { Vec::new() };
        groups.push(number, outcome, cells);
    }
    groups.close(table, keys, &mut portion);
    if done + portion.rows > skip {
        sink(portion);
    }
    Ok(())
}

/// The rows of the order at hand.
#[derive(Default)]
struct Groups {
    number: String,
    rows: Vec<(Result<Parsed, Reject>, Vec<String>)>,
}

impl Groups {
    fn holds(&self, number: &str) -> bool {
        !self.rows.is_empty() && !number.is_empty() && self.number == number
    }

    fn push(&mut self, number: String, outcome: Result<Parsed, Reject>, cells: Vec<String>) {
        if self.rows.is_empty() {
            self.number = number;
        }
        self.rows.push((outcome, cells));
    }

    fn close(&mut self, table: &Table, keys: &mut Keys, portion: &mut Portion) {
        if self.rows.is_empty() {
            return;
        }
        portion.rows += u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        if self.rows.iter().any(|(outcome, _)| outcome.is_err()) {
            // All rows of the order go out together: the corrected rejects then hold the order whole.
            for (outcome, cells) in self.rows.drain(..) {
                let reject = match outcome {
                    Ok(row) => Reject { line: row.line, column: None, reason: Reason::OrderIncomplete },
                    Err(reject) => reject,
                };
                portion.rejects.push(Rejected { reject, cells });
            }
            return;
        }
        let parsed = self.rows.drain(..).filter_map(|(outcome, _)| outcome.ok()).collect();
        let Some(mut draft) = draft_of(parsed, table.shape()) else { return };
        let before = keys.note(&draft.key);
        let counted = draft.key.starts_with('#') || draft.kind == TableKind::Line;
        if before > 0 && counted {
            // Equal rows without a number, and orders whose rows lie apart, are several records.
            draft.key = format!("{}#{}", draft.key, before + 1);
        } else {
            draft.seen_before = before > 0;
        }
        portion.drafts.push(draft);
    }
}
