//! Parquet's mix of repeated values and packed bits: levels and the places of values in a dictionary.

pub(super) const SHORT: &str = "a page of the file is cut short";

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    Same {
        value: u32,
        count: usize,
    },
    /// Different ones, in the vector given.
    Each,
}

/// Reader of runs; the bytes are those of a page, the same at each call.
#[derive(Debug)]
pub(super) struct Runs {
    width: u32,
    /// Where the next run, or the packed values of this one, begin.
    at: usize,
    /// Of the run that is being read.
    left: usize,
    value: Option<u32>,
    /// Packed values already read of this run.
    done: usize,
}

impl Runs {
    pub(super) fn new(width: u32) -> Result<Self, String> {
        if width > 32 {
            return Err(format!("a page packs values into {width} bits"));
        }
        Ok(Self { width, at: 0, left: 0, value: None, done: 0 })
    }

    /// At most `most` values, one at least when there is one to read.
    pub(super) fn next(&mut self, bytes: &[u8], most: usize, each: &mut Vec<u32>) -> Result<Run, String> {
        if self.left == 0 {
            self.begin(bytes)?;
        }
        let count = most.min(self.left);
        self.left -= count;
        if let Some(value) = self.value {
            return Ok(Run::Same { value, count });
        }
        each.clear();
        self.unpack(bytes, count, each)?;
        self.done += count;
        if self.left == 0 {
            self.at += (self.done * self.width as usize).div_ceil(8);
        }
        Ok(Run::Each)
    }

    /// Reads the head of a run.
    fn begin(&mut self, bytes: &[u8]) -> Result<(), String> {
        while self.left == 0 {
            let head = self.head(bytes)?;
            let length = usize::try_from(head >> 1).map_err(|_| SHORT)?;
            if head & 1 == 0 {
                let width = self.width.div_ceil(8) as usize;
                let repeated = bytes.get(self.at..self.at + width).ok_or(SHORT)?;
                let mut value = [0; 4];
                value[..width].copy_from_slice(repeated);
                self.at += width;
                (self.value, self.left) = (Some(u32::from_le_bytes(value)), length);
            } else {
                // The last group may hold more values than there are, and fewer bytes.
                (self.value, self.left, self.done) = (None, length.checked_mul(8).ok_or(SHORT)?, 0);
            }
        }
        Ok(())
    }

    /// A whole number in groups of seven bits.
    fn head(&mut self, bytes: &[u8]) -> Result<u64, String> {
        let mut head = 0;
        for shift in (0..35).step_by(7) {
            let byte = *bytes.get(self.at).ok_or(SHORT)?;
            self.at += 1;
            head |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(head);
            }
        }
        Err(SHORT.into())
    }

    fn unpack(&self, bytes: &[u8], count: usize, out: &mut Vec<u32>) -> Result<(), String> {
        let width = self.width as usize;
        let packed = bytes.get(self.at..).ok_or(SHORT)?;
        if packed.len() < ((self.done + count) * width).div_ceil(8) {
            return Err(SHORT.into());
        }
        // As many values as a word surely holds, wherever in a byte they begin.
        match width {
            0..=7 => self.unpack_by::<8>(packed, count, out),
            8..=14 => self.unpack_by::<4>(packed, count, out),
            15..=28 => self.unpack_by::<2>(packed, count, out),
            _ => self.unpack_by::<1>(packed, count, out),
        }
        Ok(())
    }

    fn unpack_by<const GROUP: usize>(&self, packed: &[u8], count: usize, out: &mut Vec<u32>) {
        let width = self.width as usize;
        let mask = (1u64 << width) - 1;
        out.reserve(count + GROUP);
        for first in (self.done..self.done + count).step_by(GROUP) {
            let bit = first * width;
            let from = &packed[bit / 8..];
            let mut word = match from.first_chunk::<8>() {
                Some(word) => u64::from_le_bytes(*word),
                // The last bytes of the page.
                None => from.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
            } >> (bit % 8);
            #[expect(clippy::cast_possible_truncation, reason = "at most 32 bits")]
            let group = [(); GROUP].map(|()| {
                let value = (word & mask) as u32;
                word >>= width;
                value
            });
            out.extend_from_slice(&group);
        }
        out.truncate(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Runs as a writer would make them, and what they hold.
    fn encode(runs: &[(bool, Vec<u32>)], width: u32) -> (Vec<u8>, Vec<u32>) {
        let mask = u32::MAX.checked_shr(32 - width).unwrap_or(0);
        let (mut bytes, mut values) = (Vec::new(), Vec::new());
        let head = |mut n: usize, bytes: &mut Vec<u8>| {
            while n > 0x7F {
                bytes.push(u8::try_from(n & 0x7F).unwrap() | 0x80);
                n >>= 7;
            }
            bytes.push(u8::try_from(n).unwrap());
        };
        for (packed, run) in runs {
            if *packed {
                let groups = run.len().div_ceil(8);
                head(groups << 1 | 1, &mut bytes);
                let from = bytes.len();
                bytes.resize(from + groups * width as usize, 0);
                for i in 0..groups * 8 {
                    let value = run[i.min(run.len() - 1)] & mask;
                    values.push(value);
                    for bit in 0..width as usize {
                        let at = i * width as usize + bit;
                        bytes[from + at / 8] |= u8::try_from(value >> bit & 1).unwrap() << (at % 8);
                    }
                }
            } else {
                head(run.len() << 1, &mut bytes);
                let value = run[0] & mask;
                bytes.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
                values.extend(std::iter::repeat_n(value, run.len()));
            }
        }
        (bytes, values)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            runs in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u32>(), 1..200)), 1..10),
            width in 0u32..=32,
            step in 1usize..300,
            cut in 0usize..400,
        ) {
            let (bytes, want) = encode(&runs, width);
            let mut reader = Runs::new(width).unwrap();
            let (mut got, mut each) = (Vec::new(), Vec::new());
            while got.len() < want.len() {
                match reader.next(&bytes, step.min(want.len() - got.len()), &mut each).unwrap() {
                    Run::Same { value, count } => got.extend(std::iter::repeat_n(value, count)),
                    Run::Each => got.extend_from_slice(&each),
                }
            }
            prop_assert_eq!(&got, &want);
            // A file cut short is an error, never a panic, and never ends.
            let mut reader = Runs::new(width).unwrap();
            while let Ok(run) = reader.next(&bytes[..cut.min(bytes.len())], step, &mut each) {
                let empty = matches!(run, Run::Same { count: 0, .. });
                prop_assert!(!empty);
            }
        }
    }
}
