//! Chance that is the same on every machine and for ever.

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): eight lines that
/// no release of a crate can change. For invented people only, never for secrets.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// A generator of its own for each `subject`, so that a change to one organization leaves the others as
    /// they were.
    pub(crate) fn new(seed: u64, subject: &str) -> Self {
        // FNV-1a.
        let hash = subject.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(seed ^ hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, not including, `bound`; 0 where that is 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u32::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number from `low` to `high`, both inclusive.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True `percent` times of a hundred.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of a list that begins with what is most frequent: the place n weighs 1 / (n + 8), about as names
    /// are spread in life.
    pub(crate) fn frequent<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let weight = |place: usize| 100_000 / (u32::try_from(place).unwrap_or(u32::MAX - 8) + 8);
        let total = (0..list.len()).map(weight).sum();
        let mut left = self.below(total);
        for (place, item) in list.iter().enumerate() {
            let weight = weight(place);
            if left < weight {
                return *item;
            }
            left -= weight;
        }
        T::default()
    }
}

/// Places of a long list, drawn as [`Dice::frequent`] draws them, by one look into a table.
#[derive(Debug, Clone)]
pub(crate) struct Frequencies(Vec<u32>);

impl Frequencies {
    /// The table for a list of `length`.
    pub(crate) fn new(length: usize) -> Self {
        let weight = |place: usize| 1_000_000 / (u32::try_from(place).unwrap_or(u32::MAX - 8) + 8);
        let sums = (0..length).scan(0_u32, |sum, place| {
            *sum = sum.saturating_add(weight(place));
            Some(*sum)
        });
        Self(sums.collect())
    }

    /// A place, the first ones most often.
    pub(crate) fn draw(&self, dice: &mut Dice) -> usize {
        let drawn = dice.below(self.0.last().copied().unwrap_or_default());
        self.0.partition_point(|sum| *sum <= drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // The first outputs of SplitMix64 for the state 1234567.
        let mut dice = Dice(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| dice.next()).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn the_first_of_a_list_is_the_most_frequent() {
        let mut dice = Dice::new(1, "names");
        let mut counts = [0; 30];
        let list: Vec<usize> = (0..30).collect();
        for _ in 0..20_000 {
            counts[dice.frequent(&list)] += 1;
        }
        assert!(counts[0] > 2 * counts[12] && counts[12] > counts[29] && counts[29] > 100, "{counts:?}");
        assert_eq!(dice.frequent::<u8>(&[]), 0);
        let table = Frequencies::new(30);
        let mut drawn = [0; 30];
        for _ in 0..20_000 {
            drawn[table.draw(&mut dice)] += 1;
        }
        for (one, other) in counts.iter().zip(drawn) {
            assert!((i32::abs(one - other)) < 200, "{counts:?} {drawn:?}");
        }
    }
}
