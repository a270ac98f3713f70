//! A fixed set of 64-bit keys, numbered: a perfect hash with 16-bit fingerprints.
//!
//! Keys fall into buckets of a few; each bucket has a shift, searched when the table is built, that sends its keys to places of their
//! own. A lookup is a load of the shift and a load of the place, from arrays that stay in near caches, without a loop or a branch.
//! Another key passes for one of the set once in 65,536 times. (Botelho, Pagh, Ziviani 2007 describe the family.)

use crate::layer::prefetch;

/// Keys to numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// For each bucket; a power of two of them.
    pub(crate) shifts: Vec<u8>,
    /// For each place, the fingerprint of its key and the key's number; 0 and the number of keys where no key is. A power of two.
    pub(crate) places: Vec<(u16, u16)>,
}

/// The numbers that [`Table::find`] found, in a buffer that is reused from one call to the next.
#[derive(Debug, Default)]
pub struct Found {
    numbers: Vec<u16>,
    count: usize,
}

impl Found {
    /// The numbers that were found last.
    pub fn numbers(&self) -> &[u16] {
        &self.numbers[..self.count]
    }
}

/// Other buffers of [`Table::find`], which a thread needs once.
#[derive(Debug, Default)]
pub struct Lookup {
    places: Vec<u32>,
    marks: Marks,
}

/// A bit for each number that has been found; all zero between calls.
#[derive(Debug)]
struct Marks(Box<[u64; 1 << 10]>);

impl Default for Marks {
    fn default() -> Marks {
        Marks(Box::new([0; _]))
    }
}

impl Table {
    /// Makes a table of distinct `keys`, numbered in this order.
    ///
    /// # Panics
    /// When two keys are the same, or there are more than 65,535.
    pub fn build(keys: &[u64]) -> Table {
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|two| two[0] != two[1]), "keys are distinct");
        assert!(keys.len() <= usize::from(u16::MAX), "too many keys");
        // A fifth of the places stay empty, so that shifts are found; should they not be, there are twice as many places.
        let places = (keys.len() + keys.len() / 5).next_power_of_two().max(2);
        (0..).find_map(|more| Table::with_places(keys, places << more)).expect("it ends")
    }

    fn with_places(keys: &[u64], places: usize) -> Option<Table> {
        let mut table = Table { shifts: vec![0; (places / 4).max(2)], places: vec![(0, keys.len() as u16); places] };
        let mut buckets: Vec<Vec<usize>> = vec![Vec::new(); table.shifts.len()];
        keys.iter().enumerate().for_each(|(number, key)| buckets[table.bucket(*key)].push(number));
        let mut order: Vec<usize> = (0..buckets.len()).collect();
        order.sort_by_key(|&bucket| (usize::MAX - buckets[bucket].len(), bucket));
        let mut taken = vec![false; places];
        for bucket in order {
            let found = (0..=u8::MAX).find(|&shift| {
                let mut own: Vec<usize> = buckets[bucket].iter().map(|&n| table.place(keys[n], shift)).collect();
                own.sort_unstable();
                own.windows(2).all(|two| two[0] != two[1]) && own.iter().all(|&place| !taken[place])
            })?;
            table.shifts[bucket] = found;
            for &number in &buckets[bucket] {
                let place = table.place(keys[number], found);
                taken[place] = true;
                table.places[place] = (fingerprint(keys[number]), number as u16);
            }
        }
        Some(table)
    }

    /// A table from its arrays, if their lengths are powers of two and they hold no number above `most`.
    pub(crate) fn from_parts(shifts: Vec<u8>, places: Vec<(u16, u16)>, most: usize) -> Option<Table> {
        let power = |length: usize| length.is_power_of_two() && length > 1;
        let known = places.iter().all(|&(_, number)| usize::from(number) <= most);
        (power(shifts.len()) && power(places.len()) && known).then_some(Table { shifts, places })
    }

    /// The number of a key, if it is in the set.
    pub fn get(&self, key: u64) -> Option<usize> {
        let (known, number) = self.places[self.place(key, self.shifts[self.bucket(key)])];
        (known == fingerprint(key)).then_some(usize::from(number))
    }

    /// Finds the numbers of those of `keys` that are in the set, each once, into `found`.
    #[inline(always)]
    pub fn find(&self, keys: &[u64], lookup: &mut Lookup, found: &mut Found) {
        let Lookup { places, marks } = lookup;
        let Found { numbers, count } = found;
        places.resize(keys.len().max(places.len()), 0);
        for (place, &key) in places.iter_mut().zip(keys) {
            *place = self.place(key, self.shifts[self.bucket(key)]) as u32;
            prefetch(&self.places[*place as usize]);
        }
        numbers.resize(keys.len().max(numbers.len()), 0);
        let mut distinct = 0;
        // A loop of its own: by now places are near. No branch: whether an n-gram is known and new is as good as random.
        for (&place, &key) in places.iter().zip(keys) {
            let (own, number) = self.places[place as usize];
            let mark = &mut marks.0[usize::from(number >> 6)];
            let bit = number & 63;
            let is_known = u64::from(own == fingerprint(key));
            numbers[distinct] = number;
            distinct += (is_known & !(*mark >> bit)) as usize;
            *mark |= is_known << bit;
        }
        numbers[..distinct].iter().for_each(|&number| marks.0[usize::from(number >> 6)] = 0);
        *count = distinct;
    }

    #[inline(always)]
    fn bucket(&self, key: u64) -> usize {
        (key >> 32) as usize & (self.shifts.len() - 1)
    }

    #[inline(always)]
    fn place(&self, key: u64, shift: u8) -> usize {
        let factor = u32::from(shift).wrapping_mul(0x9e37_79b2) | 1;
        let mixed = (key as u32).wrapping_mul(factor);
        (mixed ^ mixed >> 16) as usize >> 1 & (self.places.len() - 1)
    }
}

#[inline(always)]
fn fingerprint(key: u64) -> u16 {
    (key >> 48) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(i: u64) -> u64 {
        crate::features::mix(i + 1)
    }

    #[test]
    fn every_key_has_its_number_and_few_others_pass() {
        let keys: Vec<u64> = (0..20_000).map(key).collect();
        let table = Table::build(&keys);
        assert!((0..20_000).all(|i| table.get(keys[i]) == Some(i)));
        assert!((20_000..220_000).filter(|&i| table.get(key(i)).is_some()).count() < 20);
        assert!(table.places.len() < 65_536);
    }

    #[test]
    fn a_key_is_found_once() {
        let table = Table::build(&[key(1), key(2), key(3)]);
        let (mut lookup, mut found) = (Lookup::default(), Found::default());
        for _ in 0..2 {
            table.find(&[key(3), key(9), key(1), key(3)], &mut lookup, &mut found);
            assert_eq!(found.numbers(), [2, 0]);
        }
        Table::build(&[]).find(&[key(7), key(9)], &mut lookup, &mut found);
        assert!(found.numbers().is_empty());
    }
}
