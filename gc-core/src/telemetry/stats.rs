//! Figures of collections: totals over all of them, and the figures of the last one.

use crate::ground::config::Generation;
use crate::ground::time::Stamp;
use crate::telemetry::records::{Cause, Records};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::time::Duration;

/// Duration and results of one collection.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.collect();
/// let last = heap.last_collection().unwrap();
/// assert_eq!((last.generation.number(), last.slices, last.collected), (2, 1, 0));
/// println!("{:?} because of {}", last.time, last.cause);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct CollectionMetrics {
    /// The number of collections of the heap that ended before this one.
    pub number: u64,
    /// The reason for which the collection ran.
    pub cause: Cause,
    /// The end of the collection, as the time since the heap was made.
    pub ended: Duration,
    /// Bytes of blocks in use when the collection began.
    pub used_before: usize,
    /// Bytes of blocks in use when the collection ended.
    pub used_after: usize,
    /// Bytes of the heap's own memory when the collection ended.
    pub committed: usize,
    /// The oldest generation examined: 0, 1 or 2.
    pub generation: Generation,
    /// Number of slices that the collection ran in: 1 for a collection that stopped the world.
    pub slices: u32,
    /// Time spent in the collection, including finalizers and other user code that it called.
    /// (Without the feature `std` there is no clock, and all times are 0.)
    pub time: Duration,
    /// Time of the collection's longest slice.
    pub longest_pause: Duration,
    /// Objects found unreachable, before any finalizer ran. For an incremental collection, this is
    /// the size of its tentative garbage.
    pub objects: usize,
    /// Bytes of the slots of these objects.
    pub bytes: usize,
    /// Objects reclaimed.
    pub collected: usize,
    /// Objects found uncollectable.
    pub uncollectable: usize,
}

/// Displays the figures as a line of the JVM's `-Xlog:gc`: see
/// [`CollectionRecord`](crate::stats::CollectionRecord).
impl fmt::Display for CollectionMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.slices > 1 { "Incremental" } else { "Pause" };
        let generation = ["Young", "Middle", "Full"][usize::from(self.generation.number())];
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        write!(f, "[{:.3}s][info][gc] GC({}) {what} {generation} ", self.ended.as_secs_f64(), self.number)?;
        write!(f, "({}) {}->{}", self.cause, Short(self.used_before), Short(self.used_after))?;
        write!(f, "({}) {:.3}ms", Short(self.committed), milliseconds(self.time))?;
        if self.slices > 1 {
            write!(f, " in {} slices, longest {:.3}ms", self.slices, milliseconds(self.longest_pause))?;
        }
        Ok(())
    }
}

/// Displays a size as the JVM's log does: in whole units.
struct Short(usize);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes >= 10 << 30 => write!(f, "{}G", bytes >> 30),
            bytes if bytes >= 1 << 20 => write!(f, "{}M", bytes >> 20),
            bytes => write!(f, "{}K", bytes >> 10),
        }
    }
}

/// The times of all pauses of a heap. Each collection that stops the world is a pause, and each
/// slice of an incremental one.
///
/// The times are kept in a histogram with eight steps for each doubling. A percentile is therefore
/// at most an eighth above the exact one.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.collect();
/// let pauses = heap.metrics().pauses;
/// assert!(pauses.count() == 1 && pauses.percentile(0.5) >= pauses.longest());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Pauses {
    counts: Vec<u64>,
    longest: Duration,
}

/// The base-2 logarithm of the number of histogram steps for each doubling.
const STEPS: u32 = 3;

/// Returns the histogram step for a number of nanoseconds. The steps are monotone, and exact below
/// 8.
fn step_of(nanoseconds: u64) -> usize {
    let magnitude = nanoseconds.checked_ilog2().unwrap_or(0).saturating_sub(STEPS);
    ((magnitude as usize) << STEPS) + (nanoseconds >> magnitude) as usize
}

/// Returns the greatest number of nanoseconds that belongs to a histogram step.
fn end_of(step: usize) -> u64 {
    let magnitude = (step >> STEPS).saturating_sub(1) as u32;
    let lead = (step - ((magnitude as usize) << STEPS)) as u64;
    ((lead + 1) << magnitude) - 1
}

impl Pauses {
    fn add(&mut self, pause: Duration) {
        let step = step_of(u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX));
        if step >= self.counts.len() {
            let more = step + 1 - self.counts.len();
            if self.counts.try_reserve(more).is_err() {
                return;
            }
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
        self.longest = self.longest.max(pause);
    }

    /// Returns the number of pauses.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the exact time of the longest pause.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// Returns the time that the given part of all pauses did not exceed: 0.99 for the 99th
    /// percentile. Returns zero if there were no pauses.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// heap.collect();
    /// let pauses = heap.metrics().pauses;
    /// assert_eq!(pauses.count(), 1);
    /// assert!(pauses.percentile(0.999) <= pauses.longest());
    /// ```
    pub fn percentile(&self, part: f64) -> Duration {
        let wanted = (part.clamp(0.0, 1.0) * self.count() as f64) as u64;
        let mut seen = 0;
        for (step, count) in self.counts.iter().enumerate() {
            seen += count;
            if *count > 0 && seen >= wanted {
                return Duration::from_nanos(end_of(step)).min(self.longest);
            }
        }
        Duration::ZERO
    }
}

/// Totals over all collections of a heap: see [`Heap::metrics`](crate::Heap::metrics).
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.collect();
/// let figures = heap.metrics();
/// assert!(figures.time_collecting >= figures.pauses.longest());
/// println!("{} collections, the most that floated: {} bytes", figures.collections, figures.most_floating_bytes);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// Number of collections that ended.
    pub collections: u64,
    /// Number of slices of incremental collections, including those of a collection that has not
    /// ended.
    pub slices: u64,
    /// The times of the pauses: of each collection that stopped the world, and of each slice.
    pub pauses: Pauses,
    /// Number of objects that collections found unreachable.
    pub objects: u64,
    /// Bytes of the slots of the objects that collections found unreachable.
    pub bytes: u64,
    /// The largest number of objects that one collection found unreachable: garbage that *floated*
    /// until then.
    pub most_floating_objects: usize,
    /// The largest number of bytes, in slots, that one collection found unreachable.
    pub most_floating_bytes: usize,
    /// Time spent in collections.
    pub time_collecting: Duration,
    /// Time since the heap was made that was not spent in collections.
    pub time_outside: Duration,
    /// The figures of the collection that ended last.
    pub last: Option<CollectionMetrics>,
}

/// The figures of one heap, as they are kept.
pub(crate) struct Stats {
    since: Stamp,
    figures: RefCell<Metrics>,
    time: Cell<Duration>,
    out_of_memory: Cell<u64>,
    /// The reason for which the next collection runs.
    pub(crate) cause: Cell<Cause>,
    pub(crate) records: Records,
}

impl Stats {
    pub(crate) fn new() -> Stats {
        Stats {
            since: Stamp::now(),
            figures: RefCell::default(),
            time: Cell::default(),
            out_of_memory: Cell::new(0),
            cause: Cell::default(),
            records: Records::default(),
        }
    }

    /// Returns the time since the heap was made.
    pub(crate) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Returns the number of collections that ended.
    pub(crate) fn collections(&self) -> u64 {
        self.figures.borrow().collections
    }

    /// Counts an allocation that found no memory.
    pub(crate) fn note_out_of_memory(&self) {
        self.out_of_memory.set(self.out_of_memory.get() + 1);
    }

    /// Returns the number of times at which the heap was out of memory.
    pub(crate) fn out_of_memory(&self) -> u64 {
        self.out_of_memory.get()
    }

    /// Counts a pause of the program, and the slices that it consists of: 1 or 0.
    pub(crate) fn pause(&self, pause: Duration, slices: u64) {
        self.time.set(self.time.get() + pause);
        let mut figures = self.figures.borrow_mut();
        figures.pauses.add(pause);
        figures.slices += slices;
    }

    /// Counts a collection that ended, and returns its figures. The number and the end of the
    /// collection are set here; all other figures are those of the argument.
    pub(crate) fn collection(&self, collection: CollectionMetrics) -> CollectionMetrics {
        let mut figures = self.figures.borrow_mut();
        let collection = CollectionMetrics { number: figures.collections, ended: self.since.elapsed(), ..collection };
        self.records.add(collection);
        figures.collections += 1;
        figures.objects += collection.objects as u64;
        figures.bytes += collection.bytes as u64;
        figures.most_floating_objects = figures.most_floating_objects.max(collection.objects);
        figures.most_floating_bytes = figures.most_floating_bytes.max(collection.bytes);
        figures.last = Some(collection);
        collection
    }

    /// Returns the figures of the collection that ended last.
    pub(crate) fn last(&self) -> Option<CollectionMetrics> {
        self.figures.borrow().last
    }

    /// Returns the totals over all collections so far.
    pub(crate) fn metrics(&self) -> Metrics {
        let time_collecting = self.time.get();
        let time_outside = self.since.elapsed().saturating_sub(time_collecting);
        Metrics { time_collecting, time_outside, ..self.figures.borrow().clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_hold_what_falls_into_them() {
        let mut last = 0;
        for nanoseconds in (0..5000).chain((1..50).map(|n| 1 << n)) {
            let step = step_of(nanoseconds);
            assert!(end_of(step) >= nanoseconds && (step == 0 || end_of(step - 1) < nanoseconds), "{nanoseconds}");
            assert!(end_of(step) <= nanoseconds + nanoseconds / 8);
            assert!(step >= last || nanoseconds == 2);
            last = step;
        }
        assert!(step_of(u64::MAX) < 512);
    }

    #[test]
    fn percentiles_are_those_of_the_pauses() {
        let mut pauses = Pauses::default();
        assert_eq!(pauses.percentile(0.5), Duration::ZERO);
        (1..=1000).for_each(|n| pauses.add(Duration::from_micros(n)));
        assert_eq!((pauses.count(), pauses.longest()), (1000, Duration::from_micros(1000)));
        for (part, exact) in [(0.0, 1), (0.5, 500), (0.9, 900), (0.999, 999), (1.0, 1000)] {
            let (got, exact) = (pauses.percentile(part), Duration::from_micros(exact));
            assert!(got >= exact && got <= exact + exact / 8, "{part}: {got:?}, not {exact:?}");
        }
    }
}
