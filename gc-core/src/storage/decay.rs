//! When empty blocks lose their memory: those go that were not needed for a while.
//!
//! A block that was given back is likely to be taken again soon, and memory fresh from
//! the system must be zeroed by it first. So empty blocks stay committed. The fewest that
//! there were in a period could have been done without: when it ends, as many go.

use core::cell::Cell;

/// The low-water mark of committed free blocks in the present period.
#[derive(Default)]
pub(crate) struct Decay {
    committed_free: Cell<usize>,
    fewest: Cell<usize>,
    clock: Clock,
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

    /// Ends the period. How many blocks could have been done without in it.
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

#[cfg(feature = "std")]
mod clock {
    use core::cell::Cell;
    use core::time::Duration;
    use std::time::Instant;

    /// How long a period is, where no full collection ends it before.
    const PERIOD: Duration = Duration::from_secs(1);

    #[derive(Default)]
    pub(crate) struct Clock(Cell<Option<Instant>>);

    impl Clock {
        pub(crate) fn restart(&self) {
            self.0.set(Some(Instant::now()));
        }

        pub(crate) fn has_run_out(&self) -> bool {
            match self.0.get() {
                Some(start) => start.elapsed() > PERIOD,
                None => {
                    self.restart();
                    false
                }
            }
        }
    }
}

#[cfg(not(feature = "std"))]
mod clock {
    /// There is no clock: only full collections end a period.
    #[derive(Default)]
    pub(crate) struct Clock;

    impl Clock {
        pub(crate) fn restart(&self) {}

        pub(crate) fn has_run_out(&self) -> bool {
            false
        }
    }
}

use clock::Clock;

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
