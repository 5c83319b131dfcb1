//! How long the program is stopped: random churn beside a growing live set, our two
//! paces, `gc-arena` and CPython side by side.

mod judge;
mod run;
mod show;

pub use judge::{Bar, judge};
pub use run::{Mode, Plan, Sample, child, run};
pub use show::{chart, table};

use serde::Serialize;

/// The budget of a slice.
pub const BUDGET_US: u64 = 500;

/// Ours, each collection in one piece.
pub const STOPPING: &str = "gc-core";
/// Ours, in slices.
pub const INCREMENTAL: &str = "gc-core incremental";
/// The incremental peer.
pub const ARENA: &str = "gc-arena";
/// The interpreter.
pub const PYTHON: &str = "CPython";
/// All of them.
pub const HEAPS: [&str; 4] = [STOPPING, INCREMENTAL, ARENA, PYTHON];

/// One heap beside a number of live objects.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row {
    /// Which.
    pub heap: &'static str,
    /// Live objects.
    pub live: usize,
    /// The budget of its slices, where it has one.
    pub budget_us: Option<u64>,
    /// The longest step, in µs of thread CPU time, the collecting that it began included.
    pub longest_slice_us: Option<f64>,
    /// Of the steps in which the heap worked, all but one in a thousand took at most so long.
    pub p999_us: Option<f64>,
    /// Steps in a second of thread CPU time.
    pub steps_per_s: Option<f64>,
    /// The most memory that was resident, less what was before the first object.
    pub peak_bytes: Option<u64>,
    /// The most garbage that one collection found; it floated until then.
    pub floating_bytes: Option<u64>,
    /// Why there are no numbers.
    pub note: Option<String>,
}

/// All of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// Where it ran.
    pub machine: String,
    /// When.
    pub date: String,
    /// Fewer steps and repeats.
    pub quick: bool,
    /// Heap by heap, size by size.
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
