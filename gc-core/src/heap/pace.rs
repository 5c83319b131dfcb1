//! The pace of collections: in one piece, or in slices with a budget.

use super::Heap;
use crate::collect::{
    self,
    incremental::{self, Step},
};
use crate::gc_state::budget::WorkLimit;
use crate::ground::config::Pace;
use crate::telemetry::records::Cause;
use crate::telemetry::stats::{CollectionMetrics, Metrics};
use core::time::Duration;

/// The budget of one [`step`](Heap::step).
///
/// ```
/// # let heap = gc_core::Heap::new();
/// use gc_core::{Budget, Progress};
/// use std::time::Duration;
///
/// assert_eq!(heap.step(Budget::Objects(1000)), Progress::Nothing);
/// assert_eq!(heap.step(Duration::from_millis(1)), Progress::Nothing); // a time is a budget, too
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Budget {
    /// A time by the clock. (Without the feature `std` there is no clock, and each object counts as
    /// 100 ns.)
    Time(Duration),
    /// A number of objects to look at. A step looks at one group of up to 64 neighbours at least.
    Objects(usize),
}

impl From<Duration> for Budget {
    fn from(time: Duration) -> Budget {
        Budget::Time(time)
    }
}

/// The result of a [`step`](Heap::step).
///
/// ```
/// # let heap = gc_core::Heap::new();
/// use gc_core::{Budget, Progress};
///
/// match heap.step(Budget::Objects(1000)) {
///     Progress::Nothing => println!("no garbage is suspected"),
///     Progress::Open => println!("the collection goes on"),
///     Progress::Done { collected, uncollectable } => println!("{collected} + {uncollectable}"),
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// There is nothing to collect: since the last full collection, no object lost a pointer and
    /// stayed alive. A step that is called from within a collection returns `Nothing`, too.
    Nothing,
    /// The collection goes on with the next step.
    Open,
    /// The collection is done.
    Done {
        /// The number of objects that were reclaimed.
        collected: usize,
        /// The number of objects that were found uncollectable.
        uncollectable: usize,
    },
}

impl Heap {
    /// Returns how automatic collection stops the program; [`Pace::StopTheWorld`] by default.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert_eq!(heap.pace(), gc_core::Pace::StopTheWorld);
    /// ```
    pub fn pace(&self) -> Pace {
        self.core().state.pace.get()
    }

    /// Changes the pace, at any time. An incremental collection that is open goes on with the next
    /// [`step`](Heap::step), or is abandoned by the next collection that runs in one piece.
    ///
    /// Under [`Pace::Incremental`], automatic collections examine either generation 0 or, in
    /// slices, all generations; there are none of generation 1. Only the first of the
    /// [thresholds](Heap::set_thresholds) matters then.
    ///
    /// ```
    /// use gc_core::{Heap, Pace};
    /// use std::time::Duration;
    ///
    /// let heap = Heap::new();
    /// heap.set_pace(Pace::Incremental { budget: Duration::from_micros(500) });
    /// ```
    pub fn set_pace(&self, pace: Pace) {
        self.core().set_pace(pace);
        self.reset_trigger();
    }

    /// Runs one slice of a full collection. The slice continues the collection that is open, or
    /// begins one if there may be garbage. Call this function in a program that has time to spare
    /// at certain points; it works under every pace.
    ///
    /// [`collect`](Heap::collect) and [`collect_generation`](Heap::collect_generation) abandon an
    /// open collection first. Garbage that the abandoned collection had found is found again by the
    /// next full collection.
    ///
    /// ```
    /// use gc_core::{Heap, Progress, Slot, Trace};
    /// use std::time::Duration;
    ///
    /// #[derive(Trace)]
    /// struct Loop(Slot<Loop>);
    ///
    /// let heap = Heap::new();
    /// let one = heap.alloc(Loop(Slot::empty()));
    /// one.0.set(Some(one.clone()));
    /// drop(one);
    /// loop {
    ///     match heap.step(Duration::from_micros(200)) {
    ///         Progress::Open => continue, // the program would go on here
    ///         Progress::Done { collected, .. } => break assert_eq!(collected, 1),
    ///         Progress::Nothing => unreachable!("an object lost a pointer and lived"),
    ///     }
    /// }
    /// ```
    pub fn step(&self, budget: impl Into<Budget>) -> Progress {
        let limit = match budget.into() {
            Budget::Time(time) => WorkLimit::Time(time),
            Budget::Objects(objects) => WorkLimit::Objects(objects),
        };
        match incremental::step(self.core(), Cause::Explicit, limit) {
            Step::Nothing => Progress::Nothing,
            Step::Open => Progress::Open,
            Step::Done(outcome) => {
                Progress::Done { collected: outcome.collected, uncollectable: outcome.uncollectable }
            }
        }
    }

    /// Returns totals over all collections: pauses, garbage, time.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.collect();
    /// let figures = heap.metrics();
    /// assert_eq!((figures.collections, figures.pauses.count()), (1, 1));
    /// ```
    pub fn metrics(&self) -> Metrics {
        self.core().telemetry.stats.metrics()
    }

    /// Returns the figures of the last collection, or `None` if there was no collection yet.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert!(heap.last_collection().is_none());
    /// heap.collect();
    /// assert_eq!(heap.last_collection().map(|last| last.generation.number()), Some(2));
    /// ```
    pub fn last_collection(&self) -> Option<CollectionMetrics> {
        self.core().telemetry.stats.last()
    }

    /// Returns true while an incremental collection is open, between two of its slices.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert!(!heap.is_stepping());
    /// ```
    pub fn is_stepping(&self) -> bool {
        self.core().state.is_cycle_open.get()
    }

    /// Returns true if it is time to collect, or to run the next slice of an open collection. An
    /// allocation uses the same test to decide whether it collects. Call this function in a program
    /// that has switched automatic collection off ([`disable`](Heap::disable),
    /// [`pause`](Heap::pause)) and collects at points of its own.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// if heap.should_collect() {
    ///     heap.collect();
    /// }
    /// ```
    pub fn should_collect(&self) -> bool {
        let core = self.core();
        core.storage.birth_clock.young() > collect::natural_trigger(core) || core.storage.account.is_due(0)
    }
}
