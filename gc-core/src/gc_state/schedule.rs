//! The schedule of collections: thresholds, counts, and the results of past collections.

use core::cell::Cell;
use core::time::Duration;

/// The numbers of Python's `gc.get_stats()` for one generation.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.collect();
/// assert_eq!(heap.stats().map(|of| of.collections), [0, 0, 1]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct GenerationStats {
    /// Number of collections of this generation.
    pub collections: usize,
    /// Number of objects that collections of this generation reclaimed.
    pub collected: usize,
    /// Number of objects that collections of this generation found uncollectable.
    pub uncollectable: usize,
}

/// CPython's default thresholds, 2.7 to 3.12.
const THRESHOLDS: [u32; 3] = [700, 10, 10];

/// A collection is unproductive if it freed less than one object in `NEXT_TO_NOTHING`.
const NEXT_TO_NOTHING: usize = 16;

/// A collection came late if it freed one object in `MANY`, or more.
const MANY: usize = 4;

/// The threshold may grow to one young object for each `SMALL_PART` objects that survived the last
/// full collection.
const SMALL_PART: usize = 16;

/// Least number of births between two full collections in slices: half of what CPython's thresholds
/// ask for.
const FIRST_FULL: u64 = 700 * 11 * 11 / 2;

/// Number of young objects that are always looked at in one slice.
const FEWEST_YOUNG: u128 = 64;

/// Greatest value of `threshold_shift`: 700 * 2^7 is about 90,000 young objects.
const MAX_THRESHOLD_SHIFT: u32 = 7;

/// The choice between the two ways to find garbage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Detector {
    /// Trial deletion from the candidates, unless their closure is a large part of the heap.
    Cheaper,
    /// Always the linear pass over all objects.
    Linear,
    /// Always trial deletion, whatever the closure costs.
    TrialDeletion,
}

/// Trial deletion gives up if its closure exceeds one part in `CLOSURE_PART` of the heap. Trial
/// deletion costs about twice as much per object as the linear pass, and must find its closure
/// first.
const CLOSURE_PART: usize = 32;

/// Closures up to this size are always worth finishing.
pub(crate) const SMALL_CLOSURE: usize = 1000;

pub(crate) struct Schedule {
    pub(crate) enabled: Cell<bool>,
    /// Number of open `pause()` guards.
    pub(crate) pauses: Cell<u32>,
    thresholds: Cell<[u32; 3]>,
    /// True if the program has set no thresholds, so that they adapt to what collections find.
    adaptive: Cell<bool>,
    /// The first threshold is multiplied by two to this power; 0 if the program has set it.
    threshold_shift: Cell<u32>,
    /// Greatest number of blocks with candidates that a collection of generation 0 visits.
    pub(crate) most_candidate_blocks: Cell<usize>,
    /// Number of young objects that one slice has time for.
    pub(crate) young_most: Cell<u32>,
    /// Number of objects that were promoted unexamined since the last young collection of an
    /// incremental heap.
    young_unseen: Cell<u32>,
    /// Number of collections of generation 0 since the last collection of generation 1, and of
    /// generation 1 since the last collection of generation 2.
    pub(crate) counts: Cell<[u32; 2]>,
    pub(crate) stats: Cell<[GenerationStats; 3]>,
    pub(crate) debug: Cell<u32>,
    /// Number of tracked objects that survived the last full collection.
    long_lived: Cell<usize>,
    /// Number of the birth that was next when the survivors were counted.
    counted_at: Cell<u64>,
    /// The birth before which there cannot be enough new objects for a full collection.
    full_from: Cell<u64>,
    /// True if the candidates may be incomplete, so that the next full collection must be linear.
    pub(crate) candidates_incomplete: Cell<bool>,
    /// The way in which collections find garbage. Tests force one way.
    pub(crate) detector: Cell<Detector>,
}

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule {
            enabled: Cell::new(true),
            pauses: Cell::new(0),
            thresholds: Cell::new(THRESHOLDS),
            adaptive: Cell::new(true),
            threshold_shift: Cell::new(0),
            most_candidate_blocks: Cell::new(usize::MAX),
            young_most: Cell::new(THRESHOLDS[0]),
            young_unseen: Cell::new(0),
            counts: Cell::new([0; 2]),
            stats: Cell::default(),
            debug: Cell::new(0),
            long_lived: Cell::new(0),
            counted_at: Cell::new(0),
            full_from: Cell::new(0),
            candidates_incomplete: Cell::new(false),
            detector: Cell::new(Detector::Cheaper),
        }
    }
}

impl Schedule {
    /// Returns the size of the largest closure of candidates for which trial deletion is used, in a
    /// heap with `objects_in_use` objects.
    #[inline]
    pub(crate) fn largest_closure(&self, objects_in_use: usize) -> usize {
        match self.detector.get() {
            Detector::TrialDeletion => usize::MAX,
            _ => (objects_in_use / CLOSURE_PART).max(SMALL_CLOSURE),
        }
    }

    /// Returns true if every collection is linear, whatever the candidates are.
    #[inline]
    pub(crate) fn is_always_linear(&self) -> bool {
        self.detector.get() == Detector::Linear
    }

    /// Returns the thresholds that the program has set, or else CPython's.
    pub(crate) fn thresholds(&self) -> [u32; 3] {
        self.thresholds.get()
    }

    /// Returns true if the program has set no thresholds.
    pub(crate) fn is_adaptive(&self) -> bool {
        self.adaptive.get()
    }

    /// Sets thresholds that are to be kept exactly, without adapting them.
    pub(crate) fn set_thresholds(&self, thresholds: [u32; 3]) {
        self.thresholds.set(thresholds);
        self.adaptive.set(false);
        self.threshold_shift.set(0);
    }

    /// Returns the number of young objects above which an allocation collects; `u32::MAX` if
    /// automatic collection is off.
    pub(crate) fn trigger(&self) -> u32 {
        let on = self.enabled.get() && self.pauses.get() == 0;
        if on { self.natural_trigger() } else { u32::MAX }
    }

    /// Returns the trigger as it would be with automatic collection on.
    pub(crate) fn natural_trigger(&self) -> u32 {
        let first = self.thresholds.get()[0];
        if first > 0 { first << self.threshold_shift.get() } else { u32::MAX }
    }

    /// Adapts the first threshold to the yield of an automatic collection, which freed `freed`
    /// objects and was due because of `touched` young objects. The threshold doubles if the
    /// collection freed next to nothing and twice `touched` is a small part of the heap. The
    /// threshold halves, but not below its initial value, if the collection freed many objects.
    pub(crate) fn learn(&self, freed: usize, touched: usize) {
        if !self.adaptive.get() {
            return;
        }
        let threshold_shift = self.threshold_shift.get();
        let small = touched * 2 <= self.long_lived.get() / SMALL_PART;
        if freed >= touched / MANY {
            self.threshold_shift.set(threshold_shift.saturating_sub(1));
        } else if freed < touched / NEXT_TO_NOTHING && small {
            self.threshold_shift.set((threshold_shift + 1).min(MAX_THRESHOLD_SHIFT));
        }
    }

    /// Counts a collection as CPython does: increments the count of the next older generation, and
    /// zeroes the counts of the examined generations. A collection that waited for twice as many
    /// objects counts twice, so that the older generations do not wait longer.
    pub(crate) fn count_collection(&self, generation: u8) {
        let [one, two] = self.counts.get();
        let threshold_shift = self.threshold_shift.get();
        let middle = if threshold_shift == 0 { 1 } else { one / self.thresholds.get()[1].saturating_add(1) };
        self.counts.set(match generation {
            0 => [one.saturating_add(1 << threshold_shift), two],
            1 => [0, two.saturating_add(middle.max(1))],
            _ => [0, 0],
        });
    }

    /// Returns true if a full collection in slices is due: at least `FIRST_FULL` objects were born
    /// since the last full collection, and there are a quarter more tracked objects than survived
    /// that collection.
    pub(crate) fn full_is_due(&self, births: u64, tracked: impl FnOnce() -> usize) -> bool {
        if births.wrapping_sub(self.counted_at.get()) < FIRST_FULL || births < self.full_from.get() {
            return false;
        }
        let enough = self.long_lived.get() + self.long_lived.get() / 4;
        match enough.saturating_sub(tracked()) {
            0 => true,
            missing => {
                self.full_from.set(births + missing as u64);
                false
            }
        }
    }

    /// Returns true if an incremental heap with `young` young objects is to collect them: at least
    /// as many objects as the trigger were born since the last young collection. Otherwise the
    /// objects count towards the next decision. Slices leave few young objects at a time, so only
    /// some decisions lead to a collection.
    pub(crate) fn young_have_their_turn(&self, young: u32) -> bool {
        let waited = self.young_unseen.get().saturating_add(young);
        let turn = waited >= self.trigger();
        self.young_unseen.set(if turn { 0 } else { waited });
        turn
    }

    /// Learns the number of young objects that a collection can look at in half of `budget`, from a
    /// collection of `young` objects that took `pause`.
    pub(crate) fn limit_young(&self, young: u32, pause: Duration, budget: Duration) {
        let share = budget.as_nanos() / 2;
        let pause = pause.as_nanos().max(1);
        let fit = u128::from(young.max(1)) * share / pause;
        let most = u128::from(self.young_most.get()) * 2;
        self.young_most.set(fit.min(most).clamp(FEWEST_YOUNG, u128::from(u32::MAX >> 1)) as u32);
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

    /// Notes the number of objects that survived a full collection, if any object was born since
    /// the last full collection.
    pub(crate) fn note_survivors(&self, births: u64, tracked: impl FnOnce() -> usize) {
        if self.counted_at.replace(births) != births {
            self.long_lived.set(tracked());
            self.full_from.set(0);
        }
    }

    /// Returns the oldest generation that is due, given that generation 0 is due. A full collection
    /// is due only if there are a quarter more tracked objects than survived the last full
    /// collection. (CPython has this rule too, but counts only survivors of generation 1 as new.)
    /// The objects are not counted on each call, because each birth adds one object at most.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn after_a_full_collection(survivors: usize) -> Schedule {
        let schedule = Schedule::default();
        schedule.note_survivors(1, || survivors);
        schedule
    }

    #[test]
    fn collections_that_free_nothing_come_later_and_those_that_free_much_earlier() {
        let schedule = after_a_full_collection(100_000);
        for trigger in [700, 1400, 2800, 5600, 5600] {
            assert_eq!(schedule.trigger(), trigger);
            schedule.learn(10, trigger as usize);
        }
        schedule.learn(600, 5600);
        assert_eq!(schedule.trigger(), 5600);
        schedule.learn(1400, 5600);
        assert_eq!(schedule.trigger(), 2800);
    }

    #[test]
    fn a_program_that_sets_thresholds_gets_them_exactly() {
        let schedule = after_a_full_collection(1 << 30);
        schedule.learn(0, 700);
        assert_eq!(schedule.trigger(), 1400);
        schedule.set_thresholds([700, 10, 10]);
        schedule.learn(0, 700);
        assert_eq!(schedule.trigger(), 700);
    }

    #[test]
    fn older_generations_wait_for_as_many_objects_as_ever() {
        let patient = after_a_full_collection(1 << 30);
        patient.learn(0, 700);
        patient.learn(0, 1400);
        (0..3).for_each(|_| patient.count_collection(0));
        assert_eq!((patient.counts.get(), patient.due(2, || 0)), ([12, 0], 1));
        patient.count_collection(1);
        assert_eq!(patient.counts.get(), [0, 1]);
    }

    #[test]
    fn objects_are_counted_again_when_there_can_be_enough() {
        let schedule = after_a_full_collection(1000);
        schedule.counts.set([0, 11]);
        assert_eq!(schedule.due(5000, || 1100), 0);
        assert_eq!(schedule.due(5149, || unreachable!("150 are missing")), 0);
        assert_eq!(schedule.due(5150, || 1249), 0);
        assert_eq!(schedule.due(5151, || 1250), 2);
    }
}
