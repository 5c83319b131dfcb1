//! Samples of a heap over time, with what the program says of itself.

use super::census::Census;
use crate::Heap;
use crate::heap::MemoryFigures;
use crate::telemetry::gauges::{GaugeKind, Reading, Units};
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::time::Duration;

impl Heap {
    /// Brings in a number that lies outside of the heap: the messages in a channel, the
    /// resident set. It is asked for each [sample](Heap::sample), to whose caller a panic of
    /// it goes. A second gauge of the same name replaces the first. What it captures lives until it is
    /// removed: a [`Heap`] or a `Gc` in it keeps the heap for good.
    ///
    /// ```
    /// use gc_core::observe::GaugeKind;
    /// use gc_core::Heap;
    /// use std::{cell::Cell, rc::Rc};
    ///
    /// let heap = Heap::new();
    /// let queued = Rc::new(Cell::new(0));
    /// let shown = queued.clone();
    /// heap.gauge("jobs queued", GaugeKind::Backlog, move || shown.get());
    /// queued.set(7);
    /// assert_eq!(heap.sample().readings[0].value, 7);
    /// ```
    pub fn gauge(&self, name: &str, kind: GaugeKind, measure: impl Fn() -> u64 + 'static) {
        drop(self.core().gauges.add_gauge(name, kind, Rc::new(measure)));
    }

    /// Removes a gauge, and drops what it captured. Returns `false` when there is none of this
    /// name.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.gauge("queue", gc_core::observe::GaugeKind::Backlog, || 7);
    /// assert!(heap.remove_gauge("queue") && !heap.remove_gauge("queue"));
    /// ```
    pub fn remove_gauge(&self, name: &str) -> bool {
        self.core().gauges.remove_gauge(name).is_some()
    }

    /// A unit of work begins, such as a request; it ends when the guard is dropped. By these
    /// a [diagnosis](crate::diagnosis::Case) tells growth from unit to unit from what one unit needs.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// for _ in 0..3 {
    ///     let _request = heap.unit_of_work("request");
    ///     // handle it
    /// }
    /// assert_eq!(heap.sample().units[0].ended, 3);
    /// ```
    pub fn unit_of_work(&self, name: &str) -> UnitOfWork {
        UnitOfWork { number: self.core().gauges.begin_unit(name), heap: self.clone() }
    }

    /// The heap's counts at this moment, with all gauges. Collects nothing: garbage that was
    /// not collected yet is counted, so collect before it to see what lives.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let _kept = heap.alloc(7);
    /// assert_eq!(heap.sample().census.objects(), 1);
    /// ```
    pub fn sample(&self) -> Sample {
        let core = self.core();
        Sample {
            at: core.stats.age(),
            census: self.census(),
            memory: self.memory(),
            garbage: core.garbage.borrow().len(),
            readings: core.gauges.readings(),
            units: core.gauges.units(),
            births: core.birth_clock.next(),
            collections: core.stats.collections(),
            out_of_memory: core.stats.out_of_memory(),
        }
    }
}

/// A unit of work that is open: see [`Heap::unit_of_work`].
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let unit = heap.unit_of_work("request");
/// assert_eq!((heap.sample().units_open(), heap.sample().units_ended()), (1, 0));
/// drop(unit);
/// assert_eq!(heap.sample().units_ended(), 1);
/// ```
pub struct UnitOfWork {
    heap: Heap,
    number: usize,
}

impl Drop for UnitOfWork {
    fn drop(&mut self) {
        self.heap.core().gauges.end_unit(self.number);
    }
}

impl core::fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("UnitOfWork")
    }
}

/// A heap's counts at one moment: see [`Heap::sample`].
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let sample = heap.sample();
/// assert_eq!((sample.census.objects(), sample.garbage, sample.collections), (0, 0, 0));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sample {
    /// Time since the heap was made. (Without the feature `std` there is no clock: 0.)
    pub at: Duration,
    /// Objects by type.
    pub census: Census,
    /// The memory of the heap.
    pub memory: MemoryFigures,
    /// Objects in the list of uncollectable objects.
    pub garbage: usize,
    /// Values of the gauges.
    pub readings: Vec<Reading>,
    /// Units of work so far.
    pub units: Vec<Units>,
    /// Objects allocated so far.
    pub births: u64,
    /// Collections that ended so far.
    pub collections: u64,
    /// Times that the heap was out of memory so far.
    pub out_of_memory: u64,
}

impl Sample {
    /// Units of work that ended so far, of all names.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// drop(heap.unit_of_work("request"));
    /// assert_eq!(heap.sample().units_ended(), 1);
    /// ```
    pub fn units_ended(&self) -> u64 {
        self.units.iter().map(|units| units.ended).sum()
    }

    /// Units of work that are open.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let _unit = heap.unit_of_work("request");
    /// assert_eq!(heap.sample().units_open(), 1);
    /// ```
    pub fn units_open(&self) -> u64 {
        self.units.iter().map(|units| units.open).sum()
    }
}

/// Samples over time, oldest first: what a [diagnosis](crate::diagnosis::Case) of growth rests on.
///
/// It keeps at most [`Timeline::MOST`] samples: beyond that every second one is let go, and from
/// then on only every second one is kept (and the last one), so that a service can be watched for
/// as long as it runs, and its first hour counts as much as its latest.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let mut timeline = gc_core::observe::Timeline::new();
/// timeline.sample(&heap);
/// timeline.push(heap.sample()); // the same
/// assert_eq!(timeline.samples().len(), 2);
/// ```
#[derive(Clone, Default, Debug)]
pub struct Timeline {
    samples: Vec<Sample>,
    /// Samples that were ever added.
    added: usize,
    /// How often every second one was let go.
    halvings: u32,
}

impl Timeline {
    /// The most samples that are kept.
    pub const MOST: usize = 512;

    /// No samples yet.
    pub fn new() -> Timeline {
        Timeline::default()
    }

    /// Takes a sample: call it at a fixed point of the program's loop, after a
    /// [`collect`](Heap::collect) there.
    pub fn sample(&mut self, heap: &Heap) {
        self.push(heap.sample());
    }

    /// Adds a sample that was taken elsewhere.
    pub fn push(&mut self, sample: Sample) {
        // The last one, if it is not one of those that are kept, was there until the next came.
        if !self.added.saturating_sub(1).is_multiple_of(1 << self.halvings) {
            self.samples.pop();
        }
        if self.samples.len() == Timeline::MOST {
            let mut is_kept = false;
            self.samples.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.halvings += 1;
        }
        self.samples.push(sample);
        self.added += 1;
    }

    /// The samples, oldest first.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}

/// Bytes of memory of this process that are resident, where the system tells: for a
/// [gauge](Heap::gauge) of [`GaugeKind::ResidentBytes`]. Linux only.
///
/// ```
/// use gc_core::observe::{GaugeKind, resident_bytes};
///
/// let heap = gc_core::Heap::new();
/// heap.gauge("resident", GaugeKind::ResidentBytes, || resident_bytes().unwrap_or(0));
/// ```
#[cfg(feature = "std")]
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}
