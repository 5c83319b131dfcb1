//! Decides how many free blocks have their memory handed back to the system.
//!
//! A block that was given back is likely to be taken again soon, and the system must zero fresh
//! memory first. So a free block stays *committed* (it keeps its memory) for a while. The heap
//! counts the committed free blocks, and notes the least number of them in each period. That many
//! blocks were not needed in the period, so that many are decommitted at its end.

use crate::ground::time::Stamp;
use core::cell::Cell;
use core::time::Duration;

/// Counts the committed free blocks, and keeps the least number of them in the present period.
#[derive(Default)]
pub(crate) struct Decay {
    committed_free: Cell<usize>,
    fewest: Cell<usize>,
    clock: PeriodClock,
}

impl Decay {
    /// Returns the number of free blocks that still have their memory.
    pub(crate) fn committed_free(&self) -> usize {
        self.committed_free.get()
    }

    pub(crate) fn add(&self, blocks: usize) {
        self.committed_free.set(self.committed_free.get() + blocks);
    }

    pub(crate) fn remove(&self, blocks: usize) {
        self.committed_free.set(self.committed_free.get() - blocks);
        self.fewest.set(self.fewest.get().min(self.committed_free.get()));
    }

    /// Ends the period. Returns the number of committed free blocks that were not needed in it.
    pub(crate) fn end_period(&self) -> usize {
        self.clock.restart();
        self.fewest.replace(self.committed_free.get())
    }

    /// Begins a new period, after surplus blocks were decommitted: its least number is the present
    /// number of committed free blocks.
    pub(crate) fn begin_period(&self) {
        self.fewest.set(self.committed_free.get());
    }

    /// Returns true if the present period has lasted longer than `PERIOD`.
    pub(crate) fn is_over(&self) -> bool {
        self.clock.has_run_out()
    }
}

/// The length of a period, unless a full collection ends it earlier.
const PERIOD: Duration = Duration::from_secs(1);

/// Measures how long the present period has lasted. Without a clock (no feature `std`) a period
/// never runs out, and only full collections end periods.
#[derive(Default)]
struct PeriodClock(Cell<Option<Stamp>>);

impl PeriodClock {
    fn restart(&self) {
        self.0.set(Some(Stamp::now()));
    }

    fn has_run_out(&self) -> bool {
        match self.0.get() {
            Some(start) => start.elapsed() > PERIOD,
            None => {
                self.restart();
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_needed_in_a_period_stays() {
        let decay = Decay::default();
        decay.add(10);
        assert_eq!(decay.end_period(), 0, "there were none when it began");
        decay.remove(4);
        decay.add(3);
        assert_eq!(decay.end_period(), 6);
        decay.remove(6);
        decay.begin_period();
        assert_eq!(decay.end_period(), 3);
    }
}
