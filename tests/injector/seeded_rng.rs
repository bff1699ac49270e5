//! A seeded random number generator, and the number of generated cases.

/// Returns the number of generated cases of a test: `count`, times `CDSS_TEST_SCALE`.
///
/// `count` is small enough for every `cargo test`. The weekly workflow sets the variable.
#[expect(clippy::disallowed_methods, reason = "it is no setting of cdss")]
pub(crate) fn cases(count: u32) -> u32 {
    let scale = std::env::var("CDSS_TEST_SCALE").map_or(1, |scale| scale.parse().expect("a whole number"));
    count * scale
}

/// Generates random numbers. The same seed produces the same sequence.
pub(crate) struct SeededRng(u64);

impl SeededRng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below `bound`, which must not be 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).expect("it is below a usize")
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
