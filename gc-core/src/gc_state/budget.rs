//! The work that a slice of an incremental collection may do, in time or in objects looked at.

use crate::ground::time::Stamp;
use core::cell::Cell;
use core::time::Duration;

/// The limit of a slice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WorkLimit {
    Time(Duration),
    /// The number of objects looked at.
    Objects(usize),
    /// No limit.
    Everything,
}

/// Number of objects between two looks at the clock.
const LOOK_AFTER: usize = 128;

/// Assumed time for one object, where there is no clock.
const WITHOUT_CLOCK: Duration = Duration::from_nanos(100);

/// The progress of the open slice. While no slice is open, the budget is unlimited.
pub(crate) struct WorkBudget {
    limit: Cell<WorkLimit>,
    begun: Cell<Option<Stamp>>,
    /// Objects looked at since the slice began.
    spent: Cell<usize>,
    /// Value of `spent` at which the clock is looked at next.
    next_look: Cell<usize>,
    over: Cell<bool>,
}

impl Default for WorkBudget {
    fn default() -> WorkBudget {
        WorkBudget {
            limit: Cell::new(WorkLimit::Everything),
            begun: Cell::new(None),
            spent: Cell::new(0),
            next_look: Cell::new(0),
            over: Cell::new(false),
        }
    }
}

impl WorkBudget {
    /// Begins a slice. Without a clock, a time limit is converted to a number of objects.
    pub(crate) fn begin(&self, limit: WorkLimit) {
        let limit = match limit {
            WorkLimit::Time(time) if cfg!(not(feature = "std")) => {
                WorkLimit::Objects((time.as_nanos() / WITHOUT_CLOCK.as_nanos()) as usize)
            }
            other => other,
        };
        self.limit.set(limit);
        self.begun.set(Some(Stamp::now()));
        self.spent.set(0);
        self.next_look.set(LOOK_AFTER);
        self.over.set(false);
    }

    /// Ends the slice. Returns the time that it took.
    pub(crate) fn end(&self) -> Duration {
        self.limit.set(WorkLimit::Everything);
        self.over.set(false);
        self.begun.take().map_or(Duration::ZERO, Stamp::elapsed)
    }

    /// Charges `objects` to the budget. Returns true if the slice is over.
    pub(crate) fn spend(&self, objects: usize) -> bool {
        let spent = self.spent.get() + objects;
        self.spent.set(spent);
        match self.limit.get() {
            WorkLimit::Everything => {}
            WorkLimit::Objects(most) => self.over.set(spent >= most),
            WorkLimit::Time(_) if spent < self.next_look.get() => {}
            WorkLimit::Time(_) => {
                self.next_look.set(spent + LOOK_AFTER);
                self.over.set(self.left().is_zero());
            }
        }
        self.over.get()
    }

    /// Marks the open slice as over, unless it has no limit.
    pub(crate) fn finish(&self) {
        self.over.set(self.limit.get() != WorkLimit::Everything);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// Objects looked at since the slice began.
    pub(crate) fn spent(&self) -> usize {
        self.spent.get()
    }

    /// Returns the number of objects that can still be looked at if each takes `nanoseconds`.
    pub(crate) fn affords(&self, nanoseconds: u32) -> usize {
        match self.limit.get() {
            WorkLimit::Everything => usize::MAX,
            WorkLimit::Objects(most) => most.saturating_sub(self.spent.get()),
            WorkLimit::Time(_) => (self.left().as_nanos() / u128::from(nanoseconds.max(1))) as usize,
        }
    }

    fn left(&self) -> Duration {
        match (self.limit.get(), self.begun.get()) {
            (WorkLimit::Time(time), Some(begun)) => time.saturating_sub(begun.elapsed()),
            _ => Duration::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_over_when_its_objects_are_spent() {
        let meter = WorkBudget::default();
        assert!(!meter.spend(1 << 40));
        meter.begin(WorkLimit::Objects(3));
        assert!(!meter.spend(2) && !meter.is_over() && meter.affords(1) == 1);
        assert!(meter.spend(1) && meter.is_over() && meter.affords(1) == 0);
        meter.end();
        assert!(!meter.is_over());
    }

    #[cfg(feature = "std")]
    #[test]
    fn the_clock_is_looked_at_now_and_then() {
        let meter = WorkBudget::default();
        meter.begin(WorkLimit::Time(Duration::ZERO));
        assert!(!meter.spend(LOOK_AFTER - 1));
        assert!(meter.spend(1));
        meter.begin(WorkLimit::Time(Duration::from_secs(1000)));
        assert!(!meter.spend(LOOK_AFTER * 10));
        assert!(meter.affords(1000) > 900_000_000);
    }
}
