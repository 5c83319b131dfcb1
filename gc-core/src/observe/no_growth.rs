//! An assertion for tests: work that is done again and again leaves nothing behind.

use super::diagnosis::{Case, Diagnosis};
use super::watch::Timeline;
use crate::Heap;

impl Heap {
    /// Does the work so many times, as a unit of work each, with a collection after each, and
    /// diagnoses what grew. The first two times are not counted: they may fill caches. What
    /// [`assert_no_growth!`](crate::assert_no_growth) is made of.
    ///
    /// ```
    /// use gc_core::{Heap, VerdictKind};
    ///
    /// let heap = Heap::new();
    /// let mut forgotten = Vec::new();
    /// let diagnosis = heap.growth_over(20, || forgotten.push(heap.alloc(7u64)));
    /// assert_eq!(diagnosis.verdict, VerdictKind::ContainerGrowth);
    /// ```
    pub fn growth_over(&self, runs: usize, mut work: impl FnMut()) -> Diagnosis {
        const WARM_UP: usize = 2;
        let mut timeline = Timeline::new();
        for run in 0..runs + WARM_UP {
            let unit = self.unit_of_work("run");
            work();
            drop(unit);
            self.collect();
            if run >= WARM_UP {
                timeline.sample(self);
            }
        }
        let snapshot = self.snapshot();
        Case::new(&timeline).snapshot(&snapshot).diagnose()
    }
}

/// Asserts that work which is done again and again leaves nothing behind: no objects, no
/// uncollectable groups, no declared external bytes, no backlog of a gauge.
///
/// It runs the block 16 times (`runs = N`: so many), collects after each, and panics with the
/// [diagnosis](crate::Diagnosis) of what grows. The first two runs are not counted.
///
/// ```
/// use gc_core::{Heap, assert_no_growth};
///
/// let heap = Heap::new();
/// assert_no_growth!(heap, {
///     let request = heap.alloc(String::from("request"));
///     assert_eq!(request.len(), 7);
/// });
/// ```
///
/// ```should_panic
/// # use gc_core::{Heap, assert_no_growth};
/// # let heap = Heap::new();
/// # let mut requests = Vec::new();
/// assert_no_growth!(heap, runs = 30, {
///     requests.push(heap.alloc(String::from("never forgotten")));
/// });
/// ```
#[macro_export]
macro_rules! assert_no_growth {
    ($heap:expr, runs = $runs:expr, $work:block $(,)?) => {{
        let diagnosis = $crate::Heap::growth_over(&$heap, $runs, || $work);
        if !diagnosis.suspects.is_empty() {
            ::core::panic!("something grows from run to run\n{diagnosis}");
        }
    }};
    ($heap:expr, $work:block $(,)?) => {
        $crate::assert_no_growth!($heap, runs = 16, $work)
    };
}
