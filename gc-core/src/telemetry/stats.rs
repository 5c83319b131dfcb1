//! Figures of collections: totals, and the last one.

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
    /// Why it ran.
    pub cause: Cause,
    /// When it ended, since the heap was made.
    pub ended: Duration,
    /// Bytes of blocks in use when it began and when it ended.
    pub used_before: usize,
    /// See `used_before`.
    pub used_after: usize,
    /// All memory of the heap when it ended.
    pub committed: usize,
    /// The oldest generation examined: 0, 1 or 2.
    pub generation: Generation,
    /// Slices that it ran in: 1, or more where it was incremental.
    pub slices: u32,
    /// Time spent in it, finalizers and other user code that it called included. (Without
    /// the feature `std` there is no clock: all times are 0.)
    pub time: Duration,
    /// The longest of its slices.
    pub longest_pause: Duration,
    /// Objects found unreachable, before any finalizer ran. For an incremental collection, this is
    /// the size of its tentative garbage.
    pub objects: usize,
    /// Bytes of their slots.
    pub bytes: usize,
    /// Objects reclaimed.
    pub collected: usize,
    /// Objects found uncollectable.
    pub uncollectable: usize,
}

/// As a line of the JVM's `-Xlog:gc`: see [`CollectionRecord`](crate::stats::CollectionRecord).
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

/// A size as the JVM's log shows it: in whole units.
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

/// The times of all pauses: of collections that stop the world, and of slices.
///
/// They are kept as a histogram with eight steps for each doubling, so that a percentile is at most
/// an eighth above the true one.
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

/// Steps for each doubling, as a power of two.
const STEPS: u32 = 3;

/// The step that a number of nanoseconds falls into: monotone, and exact below 8.
fn step_of(nanoseconds: u64) -> usize {
    let magnitude = nanoseconds.checked_ilog2().unwrap_or(0).saturating_sub(STEPS);
    ((magnitude as usize) << STEPS) + (nanoseconds >> magnitude) as usize
}

/// The greatest number that falls into a step.
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

    /// How many pauses there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The longest one, exactly.
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
    /// Collections that ended.
    pub collections: u64,
    /// Slices of incremental ones among them, and of the one that is open.
    pub slices: u64,
    /// The pauses: each collection that stopped the world, each slice.
    pub pauses: Pauses,
    /// Objects found unreachable.
    pub objects: u64,
    /// Bytes of their slots.
    pub bytes: u64,
    /// The most objects that one collection found: garbage that *floated* until then.
    pub most_floating_objects: usize,
    /// Bytes of their slots.
    pub most_floating_bytes: usize,
    /// Time spent in collections.
    pub time_collecting: Duration,
    /// Time since the heap was made that was not spent in collections.
    pub time_outside: Duration,
    /// The collection that ended last.
    pub last: Option<CollectionMetrics>,
}

/// The ledger of one heap.
pub(crate) struct Stats {
    since: Stamp,
    figures: RefCell<Metrics>,
    time: Cell<Duration>,
    out_of_memory: Cell<u64>,
    /// Why the next collection runs.
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

    /// Time since the heap was made.
    pub(crate) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Collections that ended.
    pub(crate) fn collections(&self) -> u64 {
        self.figures.borrow().collections
    }

    /// The heap was out of memory once more.
    pub(crate) fn note_out_of_memory(&self) {
        self.out_of_memory.set(self.out_of_memory.get() + 1);
    }

    /// How often it was.
    pub(crate) fn out_of_memory(&self) -> u64 {
        self.out_of_memory.get()
    }

    /// The program was stopped for so long.
    pub(crate) fn pause(&self, pause: Duration, slices: u64) {
        self.time.set(self.time.get() + pause);
        let mut figures = self.figures.borrow_mut();
        figures.pauses.add(pause);
        figures.slices += slices;
    }

    /// A collection ended. Its number and time are set here; what was entered.
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

    /// The collection that ended last.
    pub(crate) fn last(&self) -> Option<CollectionMetrics> {
        self.figures.borrow().last
    }

    /// The figures up to now.
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
