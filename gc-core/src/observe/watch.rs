//! Gauges, units of work and samples of a heap.

use crate::Heap;
use crate::heap::MemoryMetrics;
use alloc::rc::Rc;
use gc_snapshot::{GaugeKind, HeapMemory, Sample};

impl Heap {
    /// Adds a gauge for a number that lies outside of the heap, such as the messages in a channel
    /// or the resident set. Each [sample](Heap::sample) calls `measure`; a panic of `measure`
    /// propagates to the caller of `sample`. A second gauge of the same name replaces the first.
    ///
    /// The captures of `measure` live until the gauge is removed. A captured [`Heap`] or `Gc` keeps
    /// the heap alive until then.
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
        drop(self.core().telemetry.gauges.add_gauge(name, kind, Rc::new(measure)));
    }

    /// Removes a gauge, and drops what it captured. Returns false if there is no gauge of this
    /// name.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.gauge("queue", gc_core::observe::GaugeKind::Backlog, || 7);
    /// assert!(heap.remove_gauge("queue") && !heap.remove_gauge("queue"));
    /// ```
    pub fn remove_gauge(&self, name: &str) -> bool {
        self.core().telemetry.gauges.remove_gauge(name).is_some()
    }

    /// Begins a unit of work, such as a request, which ends when the returned guard is dropped. A
    /// [diagnosis](crate::diagnosis::DiagnosisInput) uses units of work to tell growth from one
    /// unit to the next from the memory that a single unit needs.
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
        UnitOfWork { number: self.core().telemetry.gauges.begin_unit(name), heap: self.clone() }
    }

    /// Returns the heap's counts at this moment, with the readings of all gauges. The function does
    /// not collect, so the counts include garbage that was not collected yet. Collect first to
    /// count only objects that live.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let _kept = heap.alloc(7);
    /// assert_eq!(heap.sample().census.objects(), 1);
    /// ```
    pub fn sample(&self) -> Sample {
        let core = self.core();
        let mut sample = Sample::default();
        sample.at = core.telemetry.stats.age();
        sample.census = self.census();
        sample.memory = self.memory().into();
        sample.garbage = core.state.garbage.borrow().len();
        sample.readings = core.telemetry.gauges.readings();
        sample.units = core.telemetry.gauges.units();
        sample.births = core.storage.birth_clock.next();
        sample.collections = core.telemetry.stats.collections();
        sample.out_of_memory = core.telemetry.stats.out_of_memory();
        sample
    }
}

impl From<MemoryMetrics> for HeapMemory {
    fn from(figures: MemoryMetrics) -> HeapMemory {
        let mut memory = HeapMemory::default();
        (memory.used, memory.committed, memory.peak) = (figures.used, figures.committed, figures.peak);
        (memory.external, memory.owned, memory.max) = (figures.external, figures.owned, figures.max);
        memory
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
        self.heap.core().telemetry.gauges.end_unit(self.number);
    }
}

impl core::fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("UnitOfWork")
    }
}

/// Returns the resident bytes of this process, for a [gauge](Heap::gauge) of
/// [`GaugeKind::ResidentBytes`]. Returns `None` if the system does not provide the number; only
/// Linux does.
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
