//! The table of numbers to reach: the work of each row, its unit and its bars.

use crate::floors::Floor;
use crate::work::{Sample, Size, Work};

/// The unit of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Nanoseconds for one of the named things, for example an object.
    Nanoseconds(&'static str),
    /// Microseconds in all.
    Microseconds,
    /// Milliseconds in all.
    Milliseconds,
    /// Bytes for one object.
    Bytes,
}

impl Unit {
    /// Returns the unit as the tables print it.
    pub fn name(self) -> String {
        match self {
            Unit::Nanoseconds(one) => format!("ns/{one}"),
            Unit::Microseconds => "µs".into(),
            Unit::Milliseconds => "ms".into(),
            Unit::Bytes => "B/object".into(),
        }
    }

    /// Returns the value of a sample in this unit.
    pub fn of(self, sample: &Sample) -> f64 {
        sample.each() * self.per_second()
    }

    /// Returns the number of these units in a second, or 1 for bytes.
    fn per_second(self) -> f64 {
        match self {
            Unit::Nanoseconds(_) => 1e9,
            Unit::Microseconds => 1e6,
            Unit::Milliseconds => 1e3,
            Unit::Bytes => 1.0,
        }
    }

    /// Returns true if this is a unit of time.
    pub fn is_time(self) -> bool {
        self != Unit::Bytes
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The row's name on the command line.
    pub id: &'static str,
    /// The work that is measured.
    pub work: Work,
    /// The measured work, in words.
    pub title: &'static str,
    /// The unit of the numbers.
    pub unit: Unit,
    /// The greatest allowed value of our heap, on the machine of [`RC_CHURN_OF_THE_DESIGN`].
    pub bar: Option<f64>,
    /// The greatest allowed value of our heap, as a multiple of the value of `Rc`.
    pub bar_to_rc: Option<f64>,
    /// True if `bar` is for 1e6 objects and is proportional to the number of objects.
    pub bar_grows: bool,
    /// True if the row is printed and cannot fail the run, because a later change is meant to
    /// reach its bar.
    pub pending: bool,
    /// The floors: work that no detector of this kind can avoid.
    pub floor: &'static [Floor],
}

/// The value of `Rc` in the first row on the machine the bars were set on, in nanoseconds.
pub const RC_CHURN_OF_THE_DESIGN: f64 = 13.6;

const OBJECT: Unit = Unit::Nanoseconds("object");
const STEP: Unit = Unit::Nanoseconds("step");
const NODE: Unit = Unit::Nanoseconds("node");
const LOOK: &[Floor] = &[Floor::Decrement, Floor::Mark];

const fn row(id: &'static str, work: Work, title: &'static str, unit: Unit, bar: f64) -> Row {
    Row { id, work, title, unit, bar: Some(bar), bar_to_rc: None, bar_grows: false, pending: false, floor: &[] }
}

/// The rows of the table, in the order of [`Work::ALL`].
pub const ROWS: [Row; 16] = [
    Row { bar_to_rc: Some(0.45), ..row("churn", Work::Churn, "allocate and drop, churn", OBJECT, 6.0) },
    Row { floor: &[Floor::Bump], ..row("hold", Work::Hold, "allocate, hold, drop", OBJECT, 20.0) },
    Row { bar: None, bar_to_rc: Some(1.1), ..row("clone", Work::Clone, "clone + drop of a held pointer", OBJECT, 0.0) },
    Row { floor: &[Floor::Sweep], ..row("pairs", Work::Pairs, "collect garbage 2-cycles", OBJECT, 20.0) },
    Row { floor: &[Floor::Sweep], ..row("ring", Work::Ring, "collect one garbage ring", OBJECT, 20.0) },
    Row { floor: LOOK, ..row("full-look", Work::FullLook, "full look at live objects, random edges", OBJECT, 45.0) },
    Row {
        bar: None,
        floor: LOOK,
        ..row("one-root", Work::FullLookOneRoot, "the same, held at one object", OBJECT, 0.0)
    },
    row("nothing", Work::Nothing, "collect with nothing to suspect", Unit::Microseconds, 1.0),
    row("beside", Work::PairsBesideLive, "1000 garbage 2-cycles beside the live", Unit::Milliseconds, 0.08),
    Row {
        bar_grows: true,
        floor: LOOK,
        ..row("into-live", Work::PairsIntoLive, "such pairs pointing into the live: full", Unit::Milliseconds, 45.0)
    },
    row(
        "into-live-young",
        Work::PairsIntoLiveYoung,
        "such pairs pointing into the live: young",
        Unit::Milliseconds,
        0.3,
    ),
    row("list", Work::List, "drop a linked list", OBJECT, 20.0),
    row("random-churn", Work::RandomChurn, "random churn: per step", STEP, 350.0),
    Row {
        pending: true,
        ..row("pause", Work::RandomChurnPause, "random churn: longest pause", Unit::Milliseconds, 1.0)
    },
    row("trees", Work::Trees, "binary trees, depth 16", NODE, 30.0),
    row("bytes", Work::Bytes, "bytes per held object, handle included", Unit::Bytes, 56.0),
];

/// Returns the row of this name.
pub fn named(id: &str) -> Option<&'static Row> {
    const { &ROWS }.iter().find(|row| row.id == id)
}

impl Row {
    /// Returns the design's bar at this size, before the bar is scaled to the machine.
    pub fn bar_at(&self, size: &Size) -> Option<f64> {
        let growth = if self.bar_grows { size.objects as f64 / Size::FULL.objects as f64 } else { 1.0 };
        self.bar.map(|bar| bar * growth)
    }

    /// Returns the sum of the row's floors in the row's unit. `nanoseconds` gives the nanoseconds
    /// per object of a floor. Returns `None` if the row has no floor, or if one was not measured.
    pub fn floor_of(&self, nanoseconds: impl Fn(Floor) -> Option<f64>, size: &Size) -> Option<f64> {
        let each: f64 = self.floor.iter().map(|&floor| nanoseconds(floor)).sum::<Option<f64>>()?;
        match self.unit {
            _ if self.floor.is_empty() => None,
            Unit::Nanoseconds(_) => Some(each),
            unit => Some(each * size.objects as f64 / 1e9 * unit.per_second()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_is_a_row_once() {
        assert!(ROWS.iter().map(|row| row.work).eq(Work::ALL));
        assert!(ROWS.iter().all(|row| named(row.id).is_some_and(|same| same.work == row.work)));
        let unbarred: Vec<&str> =
            ROWS.iter().filter(|row| row.bar.is_none() && row.bar_to_rc.is_none()).map(|row| row.id).collect();
        assert_eq!(unbarred, ["one-root"], "the design has no bar for it");
    }

    #[test]
    fn units_of_a_sample() {
        let sample = Sample { total: 0.002, count: 1000.0, asked_to_collect: false };
        assert_eq!(OBJECT.of(&sample).round(), 2000.0);
        assert_eq!(Unit::Microseconds.of(&sample).round(), 2.0);
        assert_eq!(OBJECT.name(), "ns/object");
    }

    #[test]
    fn bars_and_floors_grow_with_the_live_objects() {
        let row = named("into-live").unwrap();
        assert_eq!(row.bar_at(&Size::QUICK), Some(4.5));
        let floor = row.floor_of(|floor| Some(if floor == Floor::Mark { 30.0 } else { 10.0 }), &Size::QUICK);
        assert!((floor.unwrap() - 4.0).abs() < 1e-9);
        assert_eq!(named("churn").unwrap().floor_of(|_| Some(1.0), &Size::FULL), None);
        assert_eq!(row.floor_of(|_| None, &Size::FULL), None);
    }
}
