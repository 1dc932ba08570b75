//! Randomness is a parameter: the same seed gives the same split, the same people, the same test.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// A generator that is good enough for keys when made by [`Rng::from_entropy`].
#[derive(Debug, Clone)]
pub struct Rng(ChaCha12Rng);

impl Rng {
    pub fn seeded(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }
    /// From the operating system. For keys, salts and tokens; made in `main` and in tests.
    pub fn from_entropy() -> Self {
        Self(ChaCha12Rng::from_os_rng())
    }
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.0.fill_bytes(&mut out);
        out
    }
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
    /// Uniform in `0..bound`; 0 for a bound of 0. Lemire's multiply-shift, whose bias below 2^32 is far under 1e-9.
    pub fn below(&mut self, bound: u32) -> u32 {
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        u32::try_from(wide >> 64).unwrap_or(0)
    }
    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let mantissa = (self.0.next_u64() >> 11) as f64;
        mantissa / 9_007_199_254_740_992.0
    }
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let bound = u32::try_from(items.len()).unwrap_or(u32::MAX);
        items.get(usize::try_from(self.below(bound)).unwrap_or(0))
    }
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let bound = u32::try_from(i + 1).unwrap_or(u32::MAX);
            items.swap(i, usize::try_from(self.below(bound)).unwrap_or(0));
        }
    }
    /// A generator of its own for a part of the work, so that parts do not disturb one another.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self::seeded(self.next_u64())
    }
}
