//! Samples of a heap over time, with the numbers that the program adds to them.

use crate::Census;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// The quantity that a gauge measures. It decides how a diagnosis reads the gauge: see
/// `Heap::gauge`.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.gauge("queue", gc_core::observe::GaugeKind::Backlog, || 7);
/// assert_eq!(heap.sample().readings[0].value, 7);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum GaugeKind {
    /// Items that wait between two parts of the program, such as the messages in a channel.
    Backlog,
    /// Bytes of memory of the whole process that are resident.
    ResidentBytes,
    /// Anything else: it is recorded and shown, not judged.
    Other,
}

/// One value of a gauge.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.gauge("open files", gc_core::observe::GaugeKind::Other, || 3);
/// let reading = &heap.sample().readings[0];
/// assert_eq!((&*reading.name, reading.value), ("open files", 3));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Reading {
    /// The gauge.
    pub name: String,
    /// The quantity that it measures.
    pub kind: GaugeKind,
    /// The number.
    pub value: u64,
}

impl Reading {
    /// A value of the gauge of this name.
    pub fn new(name: String, kind: GaugeKind, value: u64) -> Reading {
        Reading { name, kind, value }
    }
}

/// How many units of work of one name there were.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// drop(heap.unit_of_work("request"));
/// let units = &heap.sample().units[0];
/// assert_eq!((&*units.name, units.ended, units.open), ("request", 1, 0));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Units {
    /// The name of the units.
    pub name: String,
    /// Units that ended.
    pub ended: u64,
    /// Units that began and have not ended.
    pub open: u64,
}

impl Units {
    /// No units of this name yet.
    pub fn new(name: String) -> Units {
        Units { name, ended: 0, open: 0 }
    }
}

/// Bytes of memory that a heap takes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct HeapMemory {
    /// Bytes of the blocks that hold objects.
    pub used: usize,
    /// Bytes of memory that the heap got from the system and has not given back.
    pub committed: usize,
    /// External bytes that were declared.
    pub external: usize,
    /// Bytes that values own outside of their slots.
    pub owned: usize,
    /// The limit, in bytes; `None`: there is no limit.
    pub max: Option<usize>,
    /// The most bytes that count against the limit so far.
    pub peak: usize,
}

/// A heap's counts at one moment: see `Heap::sample`.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let sample = heap.sample();
/// assert_eq!((sample.census.objects(), sample.garbage, sample.collections), (0, 0, 0));
/// ```
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct Sample {
    /// Time since the heap was made. (Without the feature `std` there is no clock: 0.)
    pub at: Duration,
    /// Objects by type.
    pub census: Census,
    /// The memory of the heap.
    pub memory: HeapMemory,
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

/// Samples over time, oldest first: what a [diagnosis](crate::diagnosis::DiagnosisInput) of growth rests on.
///
/// It keeps at most [`Timeline::MOST`] samples: beyond that every second one is let go, and from
/// then on only every second one is kept (and the last one), so that a service can be watched for
/// as long as it runs, and its first hour counts as much as its latest.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let mut timeline = gc_core::observe::Timeline::new();
/// timeline.push(heap.sample());
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
