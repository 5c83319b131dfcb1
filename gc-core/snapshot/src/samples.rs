//! Samples of a heap over time, with the numbers that the program adds to them.

use crate::Census;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// The quantity that a gauge measures, which decides how a diagnosis reads the gauge: see
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
    /// Any other quantity, which is recorded and shown, but not judged.
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
    /// The name of the gauge.
    pub name: String,
    /// The quantity that the gauge measures.
    pub kind: GaugeKind,
    /// The value of the gauge.
    pub value: u64,
}

impl Reading {
    /// Creates a reading of the gauge of this name.
    pub fn new(name: String, kind: GaugeKind, value: u64) -> Reading {
        Reading { name, kind, value }
    }
}

/// The numbers of units of work of one name.
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
    /// Number of units that have ended.
    pub ended: u64,
    /// Number of units that have begun and not ended.
    pub open: u64,
}

impl Units {
    /// Creates the numbers for units of this name, with no units yet.
    pub fn new(name: String) -> Units {
        Units { name, ended: 0, open: 0 }
    }
}

/// The memory of a heap, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct HeapMemory {
    /// Bytes of the blocks that hold objects.
    pub used: usize,
    /// Bytes of memory that the heap got from the system and has not given back.
    pub committed: usize,
    /// External bytes that are declared.
    pub external: usize,
    /// Bytes that values own outside of their slots, as the limit counts them; 0 without a limit.
    pub owned: usize,
    /// The limit of the sum of `committed`, `external` and `owned`; `None` without a limit.
    pub max: Option<usize>,
    /// The greatest sum of `committed`, `external` and `owned` so far.
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
    /// Time since the heap was made. (The time is 0 without the feature `std`, which provides the
    /// clock.)
    pub at: Duration,
    /// Objects by type.
    pub census: Census,
    /// The memory of the heap.
    pub memory: HeapMemory,
    /// Number of objects in the list of uncollectable objects.
    pub garbage: usize,
    /// The readings of the gauges.
    pub readings: Vec<Reading>,
    /// The numbers of units of work so far, by name.
    pub units: Vec<Units>,
    /// Number of objects allocated so far.
    pub births: u64,
    /// Number of collections that have ended so far.
    pub collections: u64,
    /// Number of times that the heap has been out of memory so far.
    pub out_of_memory: u64,
}

impl Sample {
    /// Returns the number of units of work, of all names, that have ended so far.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// drop(heap.unit_of_work("request"));
    /// assert_eq!(heap.sample().units_ended(), 1);
    /// ```
    pub fn units_ended(&self) -> u64 {
        self.units.iter().map(|units| units.ended).sum()
    }

    /// Returns the number of units of work, of all names, that are open.
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

/// Samples over time, oldest first, by which a [diagnosis](crate::diagnosis::DiagnosisInput) judges
/// growth.
///
/// A timeline keeps at most [`Timeline::MOST`] samples. When a sample is added to a full timeline,
/// the timeline drops every second of its samples, and from then on keeps half as many of the
/// samples that are added as before. The last sample is always kept. A service can therefore be
/// watched for as long as it runs, and its first hour counts as much as its latest.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let mut timeline = gc_core::observe::Timeline::new();
/// timeline.push(heap.sample());
/// timeline.push(heap.sample()); // the same counts counts
/// assert_eq!(timeline.samples().len(), 2);
/// ```
#[derive(Clone, Default, Debug)]
pub struct Timeline {
    samples: Vec<Sample>,
    /// Number of samples that were ever added.
    added: usize,
    /// Number of times that every second sample was dropped.
    halvings: u32,
}

impl Timeline {
    /// The greatest number of samples that are kept.
    pub const MOST: usize = 512;

    /// Creates a timeline without samples.
    pub fn new() -> Timeline {
        Timeline::default()
    }

    /// Adds a sample, which becomes the last one.
    pub fn push(&mut self, sample: Sample) {
        // The last sample is dropped unless its number, from 0, is a multiple of `1 << halvings`.
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

    /// Returns the samples, oldest first.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}
