//! Random numbers to fit models with: the same from the same seed, on every machine.

/// Numbers by xorshift (Marsaglia 2003).
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of a seed, which is not zero.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number, from zero to one less than `below`.
    pub fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) as usize * below) >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        // Models that were fitted can be fitted again to the bit.
        let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
        assert_eq!([(); 6].map(|()| random.below(1000)), [859, 394, 480, 188, 175, 590]);
        assert!((0..1000).all(|_| random.below(3) < 3));
    }
}
