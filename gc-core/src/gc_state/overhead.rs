//! The overhead limit, which detects that a nearly full heap spends almost all of its time on
//! collections that free almost nothing. An allocation that exceeds the overhead limit fails
//! instead of collecting again and again.

use crate::ground::time::Stamp;
use core::cell::Cell;
use core::time::Duration;

/// The heap gives up after this many consecutive unproductive collections.
const IN_A_ROW: u32 = 5;

/// An unproductive collection frees less than one part in `FREED` of the limit.
const FREED: usize = 50;

/// Before an unproductive collection, the program runs for less than one part in `TIME` of the time
/// since the last collection.
const TIME: u32 = 50;

/// Time and yield of the last collections at the limit. Without a clock, every collection counts as
/// productive.
#[derive(Default)]
pub(crate) struct Overhead {
    last: Cell<Option<Stamp>>,
    in_a_row: Cell<u32>,
}

impl Overhead {
    /// Notes a collection at the limit that began at `began`, after the program had run for
    /// `program`. Returns true if `IN_A_ROW` consecutive collections were unproductive.
    pub(crate) fn note(&self, began: Stamp, program: Duration, freed: usize, max: usize) -> bool {
        let took = began.elapsed();
        let hardly = took > Duration::ZERO && freed < max / FREED && program * TIME < took + program;
        self.in_a_row.set(if hardly { self.in_a_row.get() + 1 } else { 0 });
        self.last.set(Some(Stamp::now()));
        let exceeded = self.in_a_row.get() >= IN_A_ROW;
        if exceeded {
            self.in_a_row.set(0);
        }
        exceeded
    }

    /// Returns the time since the last noted collection, or a very long time if none was noted.
    pub(crate) fn since_last(&self) -> Duration {
        self.last.get().map_or(Duration::MAX / TIME / 2, Stamp::elapsed)
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn five_in_a_row_are_too_many() {
        let overhead = Overhead::default();
        assert!(overhead.since_last() > Duration::from_secs(1000));
        let began = Stamp::now();
        std::thread::sleep(Duration::from_millis(2));
        let note = |program, freed| overhead.note(began, program, freed, 1000);
        for _ in 0..4 {
            assert!(!note(Duration::from_micros(10), 19));
        }
        assert!(note(Duration::from_micros(10), 19));
        for freed in [19, 19, 19, 19, 20, 19, 19] {
            assert!(!note(Duration::from_micros(10), freed));
        }
        for _ in 0..9 {
            assert!(!note(Duration::from_millis(1), 0));
        }
    }
}
