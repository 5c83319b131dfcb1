//! An assertion for tests: work that is repeated leaves nothing behind.

use super::leftovers::{Baseline, Leftovers};
use crate::Heap;
use gc_snapshot::Timeline;
use gc_snapshot::diagnosis::{Diagnosis, DiagnosisInput};

/// The number of further runs for each counted run, which tell noise from growth.
const RETRIES: usize = 2;

impl Heap {
    /// Does the work `runs` times, each time as a unit of work and followed by a collection, and
    /// diagnoses what grew. The first two runs are not counted, because they may fill caches. The
    /// diagnosis looks for a trend; [`leftovers`](Heap::leftovers) tells whether anything at all
    /// was left behind.
    ///
    /// ```
    /// use gc_core::diagnosis::VerdictKind;
    /// use gc_core::Heap;
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
            self.run_once(&mut work);
            if run >= WARM_UP {
                timeline.push(self.sample());
            }
        }
        let snapshot = self.snapshot();
        DiagnosisInput::new(&timeline).snapshot(&snapshot).diagnose()
    }

    /// Does the work `warm_up` times, then `runs` times, with a collection after each run. Returns
    /// what there is more of at the end than after the warm-up: objects of any type, bytes that
    /// values own, declared external bytes, entries of the garbage list, and backlogs of gauges.
    /// [`assert_no_growth!`](crate::assert_no_growth) is built on this.
    ///
    /// Owned bytes are capacities, not lengths. The work has to return to the state that it began
    /// in: a quantity that swings with a period of many runs looks like growth over a few of them.
    ///
    /// If something is left, the work is done up to `2 * runs` times more, to tell noise from
    /// growth. A quantity that returns to its old value is noise, and so are owned bytes that do
    /// not grow further (the capacity of a vector or a map may take its last step late).
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// let mut kept = None;
    /// let left = heap.leftovers(2, 16, || kept = Some(heap.alloc(7u64)));
    /// assert!(left.is_empty(), "each run replaces what the one before kept");
    /// ```
    pub fn leftovers(&self, warm_up: usize, runs: usize, mut work: impl FnMut()) -> Leftovers {
        for _ in 0..warm_up {
            self.run_once(&mut work);
        }
        self.collect();
        let baseline = Baseline::of(self);
        for _ in 0..runs {
            self.run_once(&mut work);
        }
        let mut left = baseline.left_now(self);
        let before = left.clone();
        for _ in 0..RETRIES * runs {
            if left.is_empty() {
                return left;
            }
            self.run_once(&mut work);
            left = left.still(&baseline.left_now(self));
        }
        left.lasting(&before, &baseline, self)
    }

    fn run_once(&self, work: &mut impl FnMut()) {
        let unit = self.unit_of_work("run");
        work();
        drop(unit);
        self.collect();
    }
}

/// Asserts that work which is done again and again leaves nothing behind: not one object, no
/// bytes that values own, no uncollectable object, no declared external bytes, no backlog of a
/// gauge.
///
/// The macro runs the block 16 times (`runs = N`) after 2 runs to warm up (`warm_up = N`), collects
/// after each run, and compares exactly; see [`Heap::leftovers`](crate::Heap::leftovers) for how
/// noise is told from growth. The macro panics with what is left behind, and the field that holds
/// it.
///
/// ```
/// use gc_core::{Heap, assert_no_growth};
///
/// let heap = Heap::new();
/// assert_no_growth!(heap, {
///     let request = heap.alloc(String::from("request"));
///     assert_eq!(request.len(), 7);
/// });
/// let mut cache = Vec::new();
/// assert_no_growth!(heap, warm_up = 10, runs = 20, {
///     if cache.len() < 10 {
///         cache.push(heap.alloc(7u64));
///     }
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
    ($heap:expr, warm_up = $warm_up:expr, runs = $runs:expr, $work:block $(,)?) => {{
        let left = $crate::Heap::leftovers(&$heap, $warm_up, $runs, || $work);
        if !left.is_empty() {
            ::core::panic!("{left}");
        }
    }};
    ($heap:expr, runs = $runs:expr, $work:block $(,)?) => {
        $crate::assert_no_growth!($heap, warm_up = 2, runs = $runs, $work)
    };
    ($heap:expr, warm_up = $warm_up:expr, $work:block $(,)?) => {
        $crate::assert_no_growth!($heap, warm_up = $warm_up, runs = 16, $work)
    };
    ($heap:expr, $work:block $(,)?) => {
        $crate::assert_no_growth!($heap, warm_up = 2, runs = 16, $work)
    };
}
