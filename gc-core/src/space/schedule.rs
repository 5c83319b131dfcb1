//! When to collect: thresholds, counts and what past collections found.

use core::cell::Cell;

/// What Python's `gc.get_stats()` has for one generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GenerationStats {
    /// Collections of this generation.
    pub collections: usize,
    /// Objects reclaimed by them.
    pub collected: usize,
    /// Objects they found uncollectable.
    pub uncollectable: usize,
}

/// CPython's default thresholds, 2.7 to 3.12.
const THRESHOLDS: [u32; 3] = [700, 10, 10];

pub(crate) struct Schedule {
    pub(crate) enabled: Cell<bool>,
    /// Open `pause()` guards.
    pub(crate) pauses: Cell<u32>,
    pub(crate) thresholds: Cell<[u32; 3]>,
    /// Collections of generation 0 since one of 1, of 1 since one of 2.
    pub(crate) counts: Cell<[u32; 2]>,
    pub(crate) stats: Cell<[GenerationStats; 3]>,
    pub(crate) debug: Cell<u32>,
    /// Tracked objects that survived the last full collection.
    long_lived: Cell<usize>,
    /// Births when they were counted.
    counted_at: Cell<u64>,
    /// Before so many births there cannot be enough new objects for a full collection.
    full_from: Cell<u64>,
    /// The next full collection must be linear: candidates are not complete.
    pub(crate) distrust: Cell<bool>,
    /// Candidates are ignored: collections are always linear.
    pub(crate) always_linear: Cell<bool>,
    /// Candidates are always used, whatever their closure costs.
    pub(crate) never_linear: Cell<bool>,
}

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule {
            enabled: Cell::new(true),
            pauses: Cell::new(0),
            thresholds: Cell::new(THRESHOLDS),
            counts: Cell::new([0; 2]),
            stats: Cell::default(),
            debug: Cell::new(0),
            long_lived: Cell::new(0),
            counted_at: Cell::new(0),
            full_from: Cell::new(0),
            distrust: Cell::new(false),
            always_linear: Cell::new(false),
            never_linear: Cell::new(false),
        }
    }
}

impl Schedule {
    /// The count of generation 0 above which an allocation collects.
    pub(crate) fn trigger(&self) -> u32 {
        let first = self.thresholds.get()[0];
        let on = self.enabled.get() && self.pauses.get() == 0 && first > 0;
        if on { first } else { u32::MAX }
    }

    /// Counts a collection as CPython does: one more of the next older generation,
    /// none of the examined ones.
    pub(crate) fn count_collection(&self, generation: u8) {
        let [one, two] = self.counts.get();
        self.counts.set(match generation {
            0 => [one + 1, two],
            1 => [0, two + 1],
            _ => [0, 0],
        });
    }

    /// Adds the outcome of a collection to the statistics.
    pub(crate) fn record(&self, generation: u8, collected: usize, uncollectable: usize) {
        let mut stats = self.stats.get();
        let entry = &mut stats[generation as usize];
        entry.collections += 1;
        entry.collected += collected;
        entry.uncollectable += uncollectable;
        self.stats.set(stats);
    }

    /// Notes what survived a full collection, if anything was born since the last.
    pub(crate) fn note_survivors(&self, births: u64, tracked: impl FnOnce() -> usize) {
        if self.counted_at.replace(births) != births {
            self.long_lived.set(tracked());
            self.full_from.set(0);
        }
    }

    /// The oldest generation that is due, once generation 0 is. A full collection
    /// waits until there are a quarter more objects than survived the last one
    /// (CPython's rule, but that it counts only survivors of generation 1 as new).
    /// The objects need not be counted each time: a birth makes one more at most.
    pub(crate) fn due(&self, births: u64, tracked: impl FnOnce() -> usize) -> u8 {
        let ([one, two], thresholds) = (self.counts.get(), self.thresholds.get());
        if two > thresholds[2] && births >= self.full_from.get() {
            let part = self.long_lived.get() / 4;
            let enough = if part == 0 { 0 } else { self.long_lived.get() + part };
            match enough.saturating_sub(tracked()) {
                0 => return 2,
                missing => self.full_from.set(births + missing as u64),
            }
        }
        u8::from(one > thresholds[1])
    }
}
