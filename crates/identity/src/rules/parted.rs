//! Values that stand on more than one card, found among millions of which most stand on one: dealt into parts by their hash, so that
//! each part is worked on close to the processor, and sorted only when seen twice.

use rayon::prelude::*;

use super::card::CardId;

/// A value and a card that has it.
pub(super) type Entry = (u64, CardId);

const PARTS: usize = 256;

fn hash(value: u64) -> u64 {
    value.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn part_of(value: u64) -> usize {
    usize::try_from(hash(value) >> 56).unwrap_or(0)
}

/// The entries of some cards, part by part.
pub(super) struct Parted {
    entries: Vec<Entry>,
    /// Where each part ends.
    ends: [u32; PARTS],
}

impl Parted {
    pub fn deal(all: &[Entry]) -> Self {
        let mut ends = [0_u32; PARTS];
        for (value, _) in all {
            ends[part_of(*value)] += 1;
        }
        let mut next = [0_u32; PARTS];
        let mut total = 0;
        for (end, next) in ends.iter_mut().zip(&mut next) {
            *next = total;
            total += *end;
            *end = total;
        }
        let mut entries = vec![(0, 0); all.len()];
        for entry in all {
            let place = &mut next[part_of(entry.0)];
            entries[*place as usize] = *entry;
            *place += 1;
        }
        Self { entries, ends }
    }

    fn part(&self, part: usize) -> &[Entry] {
        let start = if part == 0 { 0 } else { self.ends[part - 1] };
        &self.entries[start as usize..self.ends[part] as usize]
    }
}

/// Nearly all entries whose value occurs once are left out, all others are there; equal values stand together, their cards in order.
pub(super) fn repeated(dealt: &[Parted]) -> Vec<Vec<Entry>> {
    (0..PARTS).into_par_iter().map(|part| repeated_in(dealt, part)).collect()
}

fn repeated_in(dealt: &[Parted], part: usize) -> Vec<Entry> {
    let all = || dealt.iter().flat_map(|d| d.part(part));
    let count: usize = dealt.iter().map(|d| d.part(part).len()).sum();
    // Two bits a place: seen once, seen again.
    let cells = (count * 16 / 64).next_power_of_two().max(64);
    let mask = u64::try_from(cells * 32).unwrap_or(64) - 1;
    let mut sights = vec![0_u64; cells];
    let place = |value: u64| {
        let at = (hash(value) >> 20) & mask;
        (usize::try_from(at / 32).unwrap_or(0), at % 32 * 2)
    };
    for (value, _) in all() {
        let (cell, bit) = place(*value);
        sights[cell] |= 1 << bit | (sights[cell] >> bit & 1) << (bit + 1);
    }
    let again = |value: u64| {
        let (cell, bit) = place(value);
        sights[cell] >> (bit + 1) & 1 == 1
    };
    let mut out: Vec<Entry> = all().filter(|e| again(e.0)).copied().collect();
    out.sort_unstable();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_occurs_twice_is_there_in_order(values in prop::collection::vec(0_u64..300, 0..400), cut in 0_usize..400) {
            let all: Vec<Entry> = values.iter().copied().zip(0..).collect();
            let (one, other) = all.split_at(cut.min(all.len()));
            let found = repeated(&[Parted::deal(one), Parted::deal(other)]);
            let mut runs: Vec<Vec<Entry>> =
                found.iter().flat_map(|p| p.chunk_by(|a, b| a.0 == b.0)).filter(|r| r.len() > 1).map(<[_]>::to_vec).collect();
            runs.sort_unstable();
            let mut sorted = all;
            sorted.sort_unstable();
            let expected: Vec<Vec<Entry>> =
                sorted.chunk_by(|a, b| a.0 == b.0).filter(|r| r.len() > 1).map(<[_]>::to_vec).collect();
            prop_assert_eq!(runs, expected);
        }
    }
}
