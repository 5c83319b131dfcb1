//! Gauges and units of work: numbers about itself that the program reports to the heap.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use gc_snapshot::{GaugeKind, Reading, Units};

pub(crate) type Measure = Rc<dyn Fn() -> u64>;

#[derive(Clone)]
struct Gauge {
    name: String,
    kind: GaugeKind,
    measure: Measure,
}

/// The gauges and the units of work of one heap.
#[derive(Default)]
pub(crate) struct Gauges {
    gauges: RefCell<Vec<Gauge>>,
    units: RefCell<Vec<Units>>,
}

impl Gauges {
    /// Adds a gauge, or replaces the one of that name. Returns the function of the replaced gauge,
    /// which the caller must drop.
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

    /// Removes the gauge of a name, and returns its function. Returns `None` if there is no such
    /// gauge.
    pub(crate) fn remove_gauge(&self, name: &str) -> Option<Measure> {
        let mut gauges = self.gauges.borrow_mut();
        let at = gauges.iter().position(|gauge| gauge.name == name)?;
        Some(gauges.remove(at).measure)
    }

    /// Calls the functions of all gauges and returns their values. The functions are user code, so
    /// no borrow is held.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let gauges = self.gauges.borrow().clone();
        let reading = |gauge: Gauge| {
            let value = (gauge.measure)();
            Reading::new(gauge.name, gauge.kind, value)
        };
        gauges.into_iter().map(reading).collect()
    }

    /// Counts a unit of work that begins. Returns the index of its name, for `end_unit`.
    pub(crate) fn begin_unit(&self, name: &str) -> usize {
        let mut units = self.units.borrow_mut();
        let at = units.iter().position(|units| units.name == name).unwrap_or_else(|| {
            units.push(Units::new(name.into()));
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
