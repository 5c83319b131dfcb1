//! Numbers the births of a heap and counts its young objects, which decide when an automatic
//! collection is due.

use core::cell::Cell;

/// The counters of a heap's births and of its young objects.
///
/// The number of *young* objects is that of the tracked objects allocated since the last collection
/// less that of the tracked objects freed since then, but at least 0. The number is kept as the
/// difference of `born` and `settled`, so that the birth of a tracked object changes one counter
/// and its death the other. An allocation compares `born` with `limit` only.
pub(crate) struct BirthClock {
    /// Number of allocations so far, which is the next object's birth.
    born: Cell<u64>,
    /// Number of allocations so far, less the number of young objects.
    settled: Cell<u64>,
    /// From this birth on an allocation takes the slow path. The value may be too low, but is never
    /// too high: each death of a young object allows one more birth.
    limit: Cell<u64>,
    /// From this birth on the cached blocks must be looked up anew. All earlier births fit into the
    /// headers of their slots.
    expiry: Cell<u64>,
    /// A collection is due if there are more young objects than this.
    trigger: Cell<u32>,
    /// True if each allocation takes the slow path.
    is_watched: Cell<bool>,
}

/// The number of births after a block's base at which the block counts as full. The range is half
/// of what the 32 bits in a header can express, so that a block that is in range when it is cached
/// stays usable for another `RANGE` births.
const RANGE: u64 = 1 << 31;

impl BirthClock {
    pub(crate) fn new() -> BirthClock {
        BirthClock {
            born: Cell::new(0),
            settled: Cell::new(0),
            limit: Cell::new(0),
            expiry: Cell::new(RANGE),
            trigger: Cell::new(u32::MAX),
            is_watched: Cell::new(false),
        }
    }

    /// Returns the next object's birth.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.born.get()
    }

    /// Returns true if an allocation may take the fast path.
    #[inline]
    pub(crate) fn is_free(&self) -> bool {
        self.born.get() < self.limit.get()
    }

    /// Counts a birth and returns its number.
    #[inline]
    pub(crate) fn count(&self, tracked: bool) -> u64 {
        let birth = self.born.get();
        if !tracked {
            self.advance(1);
        }
        self.born.set(birth + 1);
        birth
    }

    /// Returns the number of young objects: tracked objects allocated since the last collection,
    /// less those freed since then.
    pub(crate) fn young(&self) -> u32 {
        self.born.get().wrapping_sub(self.settled.get()) as u32
    }

    /// Sets the number of young objects to 0, after a collection.
    pub(crate) fn forget_young(&self) {
        self.settled.set(self.born.get());
        self.renew_limit();
    }

    /// Counts the death of a tracked object.
    #[inline]
    pub(crate) fn count_death(&self) {
        if self.settled.get() != self.born.get() {
            self.advance(1);
        }
    }

    /// Counts the deaths of `deaths` tracked objects.
    pub(crate) fn count_deaths(&self, deaths: u32) {
        self.advance(u64::from(deaths.min(self.young())));
    }

    fn advance(&self, births: u64) {
        self.settled.set(self.settled.get().wrapping_add(births));
    }

    /// Counts an object as young before its birth is counted, if it is tracked, until the guard is
    /// dropped. The guard is dropped after the birth was counted, or if the allocation failed.
    pub(crate) fn expect(&self, tracked: bool) -> Expected<'_> {
        self.settled.set(self.settled.get().wrapping_sub(u64::from(tracked)));
        Expected { births: self, tracked }
    }

    /// Returns true if there are more young objects than the trigger.
    pub(crate) fn is_due(&self) -> bool {
        self.young() > self.trigger.get()
    }

    /// Sets the number of young objects above which a collection is due.
    pub(crate) fn set_trigger(&self, trigger: u32) {
        self.trigger.set(trigger);
        self.renew_limit();
    }

    /// Computes the birth from which on an allocation takes the slow path. Returns true if the
    /// cached blocks must be looked up anew before the next birth.
    pub(crate) fn renew(&self) -> bool {
        let expired = self.born.get() >= self.expiry.get();
        if expired {
            self.expiry.set(self.born.get() + RANGE);
        }
        self.renew_limit();
        expired
    }

    fn renew_limit(&self) {
        let allowed = u64::from(self.trigger.get()).saturating_sub(u64::from(self.young()));
        let limit = (self.born.get() + allowed).min(self.expiry.get());
        self.limit.set(if self.is_watched.get() { 0 } else { limit });
    }

    /// Sends each allocation to the slow path if `is_watched` is true, else only those that need
    /// it.
    pub(crate) fn watch(&self, is_watched: bool) {
        self.is_watched.set(is_watched);
        self.renew_limit();
    }

    /// Returns true if the next birth is near enough to `base`, the base of a block, for an object
    /// to be allocated in that block.
    pub(crate) fn is_in_range(&self, base: u64) -> bool {
        self.born.get() - base < RANGE
    }

    #[cfg(test)]
    pub(crate) fn skip(&self, births: u64) {
        self.born.set(self.born.get() + births);
        self.advance(births);
    }
}

/// The guard that [`BirthClock::expect`] returns.
pub(crate) struct Expected<'a> {
    births: &'a BirthClock,
    tracked: bool,
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        self.births.advance(u64::from(self.tracked));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_young_are_births_less_deaths_and_never_negative() {
        let births = BirthClock::new();
        births.count_death();
        assert_eq!(births.young(), 0);
        births.count(true);
        births.count(false);
        births.count(true);
        assert_eq!(births.young(), 2);
        births.count_deaths(5);
        assert_eq!(births.young(), 0);
    }

    #[test]
    fn the_limit_comes_no_later_than_the_trigger() {
        let births = BirthClock::new();
        births.set_trigger(2);
        let mut looked = 0;
        for born in 0..20 {
            if !births.is_free() {
                looked += 1;
                assert!(!births.renew());
            }
            let expected = births.expect(true);
            assert_eq!(births.is_due(), births.young() > 2, "{born}");
            assert!(!births.is_due() || !births.is_free(), "{born}");
            births.count(true);
            drop(expected);
            if born % 2 == 0 {
                births.count_death();
            }
            if births.young() > 2 {
                births.forget_young();
            }
        }
        assert!(looked > 2);
    }

    #[test]
    fn cached_blocks_expire_before_a_birth_does_not_fit() {
        let births = BirthClock::new();
        births.set_trigger(u32::MAX);
        births.skip(RANGE - 1);
        births.renew();
        births.count(false);
        assert!(!births.is_free());
        assert!(births.renew());
        assert!(!births.is_in_range(0));
    }
}
