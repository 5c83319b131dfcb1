//! Gauges and units of work: numbers that the program tells the heap about itself.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

/// The quantity that a gauge measures. It decides how a diagnosis reads the gauge: see
/// [`Heap::gauge`](crate::Heap::gauge).
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

pub(crate) type Measure = Rc<dyn Fn() -> u64>;

#[derive(Clone)]
struct Gauge {
    name: String,
    kind: GaugeKind,
    measure: Measure,
}

/// Gauges and units of work of one heap.
#[derive(Default)]
pub(crate) struct Gauges {
    gauges: RefCell<Vec<Gauge>>,
    units: RefCell<Vec<Units>>,
}

impl Gauges {
    /// Adds a gauge, or replaces the one of that name; the old one is given back to be
    /// dropped by the caller.
    pub(crate) fn add_gauge(&self, name: &str, kind: GaugeKind, measure: Measure) -> Option<Measure> {
        let mut gauges = self.gauges.borrow_mut();
        match gauges.iter_mut().find(|gauge| gauge.name == name) {
            Some(gauge) => {
                gauge.kind = kind;
                Some(core::mem::replace(&mut gauge.measure, measure))
            }
            None => {
                gauges.push(Gauge { name: name.into(), kind, measure });
                None
            }
        }
    }

    /// Takes out the gauge of a name.
    pub(crate) fn remove_gauge(&self, name: &str) -> Option<Measure> {
        let mut gauges = self.gauges.borrow_mut();
        let at = gauges.iter().position(|gauge| gauge.name == name)?;
        Some(gauges.remove(at).measure)
    }

    /// Asks all gauges. Calls user code, so no borrow is held.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let gauges = self.gauges.borrow().clone();
        let reading = |gauge: Gauge| Reading { value: (gauge.measure)(), name: gauge.name, kind: gauge.kind };
        gauges.into_iter().map(reading).collect()
    }

    /// A unit begins; the number of its name.
    pub(crate) fn begin_unit(&self, name: &str) -> usize {
        let mut units = self.units.borrow_mut();
        let at = units.iter().position(|units| units.name == name).unwrap_or_else(|| {
            units.push(Units { name: name.into(), ended: 0, open: 0 });
            units.len() - 1
        });
        units[at].open += 1;
        at
    }

    pub(crate) fn end_unit(&self, at: usize) {
        let units = &mut self.units.borrow_mut()[at];
        units.open -= 1;
        units.ended += 1;
    }

    pub(crate) fn units(&self) -> Vec<Units> {
        self.units.borrow().clone()
    }
}
