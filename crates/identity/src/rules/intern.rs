//! Texts as numbers: each different byte string is kept once, in one growing buffer.

use ahash::RandomState;
use hashbrown::HashTable;

#[derive(Debug)]
pub struct Interner {
    /// Numbers beside half of their hash, so that growing and most misses never touch the texts.
    table: HashTable<(u32, u32)>,
    ends: Vec<u32>,
    text: Vec<u8>,
    hasher: RandomState,
}

impl Default for Interner {
    fn default() -> Self {
        // Fixed keys: numbers never depend on the hash, and runs are repeatable.
        Self {
            table: HashTable::new(),
            ends: Vec::new(),
            text: Vec::new(),
            hasher: RandomState::with_seeds(11, 23, 47, 95),
        }
    }
}

impl Interner {
    /// Half of the hash, and the whole as the table wants it: made of the half alone.
    fn hash(&self, text: &[u8]) -> (u32, u64) {
        let [a, b, c, d, ..] = self.text_hash(text).to_le_bytes();
        let half = u32::from_le_bytes([a, b, c, d]);
        (half, spread(half))
    }

    /// The same for the same text in every table and every run.
    #[must_use]
    pub fn text_hash(&self, text: &[u8]) -> u64 {
        self.hasher.hash_one(text)
    }

    /// The number of a text and whether it is new.
    pub fn intern(&mut self, text: &[u8]) -> (u32, bool) {
        let (half, hash) = self.hash(text);
        let (ends, all) = (&self.ends, &self.text);
        if let Some((_, id)) = self.table.find(hash, |e| e.0 == half && slice(ends, all, e.1) == text) {
            return (*id, false);
        }
        let id = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.text.extend_from_slice(text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.table.insert_unique(hash, (half, id), |e| spread(e.0));
        (id, true)
    }

    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<u32> {
        let (half, hash) = self.hash(text);
        self.table.find(hash, |e| e.0 == half && slice(&self.ends, &self.text, e.1) == text).map(|e| e.1)
    }

    #[must_use]
    pub fn get(&self, id: u32) -> &[u8] {
        slice(&self.ends, &self.text, id)
    }

    #[must_use]
    pub fn text(&self, id: u32) -> &str {
        std::str::from_utf8(self.get(id)).unwrap_or_default()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 4 + self.table.capacity() * 9
    }
}

/// The table takes its place from the low bits and its mark from the high bits of a hash.
fn spread(half: u32) -> u64 {
    u64::from(half).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32)
}

fn slice<'a>(ends: &[u32], text: &'a [u8], id: u32) -> &'a [u8] {
    let at = id as usize;
    let Some(end) = ends.get(at) else { return &[] };
    let start = if at == 0 { 0 } else { ends[at - 1] };
    text.get(start as usize..*end as usize).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_stable() {
        let mut it = Interner::default();
        assert_eq!(it.intern(b"a"), (0, true));
        assert_eq!(it.intern(b"b"), (1, true));
        assert_eq!(it.intern(b"a"), (0, false));
        assert_eq!(it.get(1), b"b");
        assert_eq!(it.find(b"c"), None);
        assert_eq!(it.len(), 2);
    }
}
