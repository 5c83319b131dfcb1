//! Measures how long the program is stopped. The program is random churn beside a growing
//! live set; the heaps are ours at both paces, `gc-arena` and CPython.

mod judge;
mod run;
mod show;

pub use judge::{Bar, judge};
pub use run::{Mode, Plan, Sample, child, run};
pub use show::{chart, table};

use serde::Serialize;

/// The budget of a slice, in µs.
pub const BUDGET_US: u64 = 500;

/// The name of our heap when it does each collection in one piece.
pub const STOPPING: &str = "gc-core";
/// The name of our heap when it collects in slices.
pub const INCREMENTAL: &str = "gc-core incremental";
/// The name of the incremental peer.
pub const ARENA: &str = "gc-arena";
/// The name of the Python interpreter.
pub const PYTHON: &str = "CPython";
/// All heaps whose pauses are measured.
pub const HEAPS: [&str; 4] = [STOPPING, INCREMENTAL, ARENA, PYTHON];

/// The numbers of one heap beside one number of live objects.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row {
    /// The name of the heap, one of [`HEAPS`].
    pub heap: &'static str,
    /// The number of live objects.
    pub live: usize,
    /// The budget of a slice in µs, for the heap that collects in slices.
    pub budget_us: Option<u64>,
    /// The longest step, in µs of thread CPU time, including the collection work that the step
    /// started.
    pub longest_slice_us: Option<f64>,
    /// The 99.9th percentile of the steps in which the heap worked, in µs of thread CPU time.
    pub p999_us: Option<f64>,
    /// Steps in a second of thread CPU time.
    pub steps_per_s: Option<f64>,
    /// The peak of resident memory in bytes, less the resident memory before the first object.
    pub peak_bytes: Option<u64>,
    /// The most garbage that one collection found, in bytes. This garbage floated until the
    /// collection found it.
    pub floating_bytes: Option<u64>,
    /// The reason why there are no numbers.
    pub note: Option<String>,
}

/// The outcome of a run: all rows and all bars.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// The machine of the run.
    pub machine: String,
    /// The date of the run, in UTC.
    pub date: String,
    /// True for a run with fewer steps and repeats.
    pub quick: bool,
    /// A row for each heap at each size.
    pub rows: Vec<Row>,
    /// The bars that must hold.
    pub bars: Vec<Bar>,
}

impl Report {
    /// Returns true if all bars hold.
    pub fn holds(&self) -> bool {
        self.bars.iter().all(|bar| bar.holds)
    }
}
