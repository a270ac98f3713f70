//! A fixed set of 64-bit keys, each in a place of its own: a perfect hash with 16-bit fingerprints.
//!
//! Keys fall into buckets of about four; each bucket has a shift, searched when the table is built, that sends its keys to free
//! places. A lookup is a load of the shift and a load of the place, without a loop or a branch; another key passes for one of the set
//! once in 65,536 times. (Botelho, Pagh, Ziviani 2007 describe the family.)

/// Keys to places, with 16 bits of payload a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub(crate) shifts: Vec<u16>,
    /// Fingerprint and payload of each place; both zero where no key is.
    pub(crate) places: Vec<(u16, u16)>,
}

/// Keys a bucket, on average.
const BUCKET: usize = 4;

impl Table {
    /// Makes a table of distinct `keys`, each with a payload.
    ///
    /// # Panics
    /// When two keys are the same.
    pub fn build(keys: &[(u64, u16)]) -> Table {
        let mut sorted: Vec<u64> = keys.iter().map(|key| key.0).collect();
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|two| two[0] != two[1]), "keys are distinct");
        // A few places more than keys: the last keys are placed in reasonable time. Should a bucket find no shift, more still.
        (0..).find_map(|more| Table::with_places(keys, keys.len() + keys.len() / 64 + 1 + more * 64)).expect("it ends")
    }

    fn with_places(keys: &[(u64, u16)], places: usize) -> Option<Table> {
        let mut table = Table { shifts: vec![0; keys.len() / BUCKET + 1], places: vec![(0, 0); places] };
        let mut buckets: Vec<Vec<(u64, u16)>> = vec![Vec::new(); table.shifts.len()];
        keys.iter().for_each(|&key| buckets[table.bucket(key.0)].push(key));
        let mut order: Vec<usize> = (0..buckets.len()).collect();
        order.sort_by_key(|&bucket| (usize::MAX - buckets[bucket].len(), bucket));
        let mut taken = vec![false; places];
        for bucket in order {
            let found = (0..=u16::MAX).find(|&shift| {
                let mut own: Vec<usize> = buckets[bucket].iter().map(|key| table.place(key.0, shift)).collect();
                own.sort_unstable();
                own.windows(2).all(|two| two[0] != two[1]) && own.iter().all(|&place| !taken[place])
            })?;
            table.shifts[bucket] = found;
            for &(key, payload) in &buckets[bucket] {
                let place = table.place(key, found);
                taken[place] = true;
                table.places[place] = (key as u16, payload);
            }
        }
        Some(table)
    }

    /// Number of places; every place that a lookup gives is below it.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no place.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where a key is, if it is in the set.
    pub fn get(&self, key: u64) -> Option<usize> {
        let mut found = [0];
        (self.find(&[key], &mut found).0 > 0).then_some(found[0] as usize)
    }

    /// Puts the places of those of `keys` that are in the set into `found`, in their order; returns how many there are and the sum of
    /// their payloads. `found` must be as long as `keys`.
    pub fn find(&self, keys: &[u64], found: &mut [u32]) -> (usize, u64) {
        let (mut count, mut sum) = (0, 0u64);
        if self.shifts.is_empty() {
            return (0, 0);
        }
        for &key in keys {
            let place = self.place(key, self.shifts[self.bucket(key)]);
            let (fingerprint, payload) = self.places[place];
            let known = fingerprint == key as u16;
            // No branch: whether an n-gram is known is as good as random.
            found[count] = place as u32;
            count += usize::from(known);
            sum += u64::from(payload) * u64::from(known);
        }
        (count, sum)
    }

    #[inline]
    fn bucket(&self, key: u64) -> usize {
        ((key >> 32) * self.shifts.len() as u64 >> 32) as usize
    }

    #[inline]
    fn place(&self, key: u64, shift: u16) -> usize {
        let mixed = (key ^ u64::from(shift).wrapping_mul(0xff51_afd7_ed55_8ccd)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed >> 32) * self.places.len() as u64 >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_own_place_and_few_others_pass() {
        let key = |i: u64| crate::features::mix(i + 1);
        let keys: Vec<(u64, u16)> = (0..20_000).map(|i| (key(i), i as u16)).collect();
        let table = Table::build(&keys);
        let mut taken = vec![false; table.len()];
        for &(key, payload) in &keys {
            let place = table.get(key).unwrap();
            assert!(table.places[place].1 == payload && !std::mem::replace(&mut taken[place], true));
        }
        assert!((20_000..220_000).filter(|&i| table.get(key(i)).is_some()).count() < 20);
        assert!(table.len() < 21_000);
    }

    #[test]
    fn an_empty_table_knows_nothing() {
        assert_eq!(Table::default().get(7), None);
        assert_eq!(Table::build(&[]).find(&[0, 7, 9], &mut [0; 3]).1, 0);
    }
}
