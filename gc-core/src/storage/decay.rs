//! Decides how many empty blocks lose their memory: as many as were not needed for a while.
//!
//! A block that was given back is likely to be taken again soon, and the system must zero fresh
//! memory first. So empty blocks stay committed for a while. The least number of committed free
//! blocks in a period was not needed in it. When the period ends, that many are decommitted.

use crate::ground::time::Stamp;
use core::cell::Cell;
use core::time::Duration;

/// The low-water mark of committed free blocks in the present period.
#[derive(Default)]
pub(crate) struct Decay {
    committed_free: Cell<usize>,
    fewest: Cell<usize>,
    clock: PeriodClock,
}

impl Decay {
    /// Free blocks that have their memory still.
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

    /// A new period begins with the blocks that are left.
    pub(crate) fn begin_period(&self) {
        self.fewest.set(self.committed_free.get());
    }

    /// Returns true if the period has lasted long enough.
    pub(crate) fn is_over(&self) -> bool {
        self.clock.has_run_out()
    }
}

/// How long a period is, where no full collection ends it before.
const PERIOD: Duration = Duration::from_secs(1);

/// Tells whether a period has run out. Without a clock none does: only full collections end them.
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
