//! How much a slice of an incremental collection may do: time, or objects looked at.

use crate::ground::time::Stamp;
use core::cell::Cell;
use core::time::Duration;

/// What a slice may spend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Allowance {
    Time(Duration),
    /// Objects looked at.
    Objects(usize),
    /// No end.
    Everything,
}

/// The clock is looked at after so many objects.
const LOOK_AFTER: usize = 128;

/// What an object is taken to cost where there is no clock.
const WITHOUT_CLOCK: Duration = Duration::from_nanos(100);

/// How far the slice is that is open. Without one, nothing is ever over.
pub(crate) struct Meter {
    allowance: Cell<Allowance>,
    begun: Cell<Option<Stamp>>,
    /// Objects looked at since the slice began.
    spent: Cell<usize>,
    /// As many more before the next look at the clock.
    next_look: Cell<usize>,
    over: Cell<bool>,
}

impl Default for Meter {
    fn default() -> Meter {
        Meter {
            allowance: Cell::new(Allowance::Everything),
            begun: Cell::new(None),
            spent: Cell::new(0),
            next_look: Cell::new(0),
            over: Cell::new(false),
        }
    }
}

impl Meter {
    /// A slice begins.
    pub(crate) fn begin(&self, allowance: Allowance) {
        let allowance = match allowance {
            Allowance::Time(time) if cfg!(not(feature = "std")) => {
                Allowance::Objects((time.as_nanos() / WITHOUT_CLOCK.as_nanos()) as usize)
            }
            other => other,
        };
        self.allowance.set(allowance);
        self.begun.set(Some(Stamp::now()));
        self.spent.set(0);
        self.next_look.set(LOOK_AFTER);
        self.over.set(false);
    }

    /// The slice ends: how long it took.
    pub(crate) fn end(&self) -> Duration {
        self.allowance.set(Allowance::Everything);
        self.over.set(false);
        self.begun.take().map_or(Duration::ZERO, Stamp::elapsed)
    }

    /// So many objects were looked at. `true`: the slice is over.
    pub(crate) fn spend(&self, objects: usize) -> bool {
        let spent = self.spent.get() + objects;
        self.spent.set(spent);
        match self.allowance.get() {
            Allowance::Everything => {}
            Allowance::Objects(most) => self.over.set(spent >= most),
            Allowance::Time(_) if spent < self.next_look.get() => {}
            Allowance::Time(_) => {
                self.next_look.set(spent + LOOK_AFTER);
                self.over.set(self.left().is_zero());
            }
        }
        self.over.get()
    }

    /// Nothing more is to be done in this slice.
    pub(crate) fn finish(&self) {
        self.over.set(self.allowance.get() != Allowance::Everything);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// Objects looked at since the slice began.
    pub(crate) fn spent(&self) -> usize {
        self.spent.get()
    }

    /// How many objects more can be looked at, when one takes so many nanoseconds.
    pub(crate) fn affords(&self, nanoseconds: u32) -> usize {
        match self.allowance.get() {
            Allowance::Everything => usize::MAX,
            Allowance::Objects(most) => most.saturating_sub(self.spent.get()),
            Allowance::Time(_) => (self.left().as_nanos() / u128::from(nanoseconds.max(1))) as usize,
        }
    }

    fn left(&self) -> Duration {
        match (self.allowance.get(), self.begun.get()) {
            (Allowance::Time(time), Some(begun)) => time.saturating_sub(begun.elapsed()),
            _ => Duration::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_over_when_its_objects_are_spent() {
        let meter = Meter::default();
        assert!(!meter.spend(1 << 40));
        meter.begin(Allowance::Objects(3));
        assert!(!meter.spend(2) && !meter.is_over() && meter.affords(1) == 1);
        assert!(meter.spend(1) && meter.is_over() && meter.affords(1) == 0);
        meter.end();
        assert!(!meter.is_over());
    }

    #[cfg(feature = "std")]
    #[test]
    fn the_clock_is_looked_at_now_and_then() {
        let meter = Meter::default();
        meter.begin(Allowance::Time(Duration::ZERO));
        assert!(!meter.spend(LOOK_AFTER - 1));
        assert!(meter.spend(1));
        meter.begin(Allowance::Time(Duration::from_secs(1000)));
        assert!(!meter.spend(LOOK_AFTER * 10));
        assert!(meter.affords(1000) > 900_000_000);
    }
}
