//! The workloads, each written once for every heap.

mod collecting;
mod counting;
pub mod graphs;
pub(crate) mod programs;
pub mod random;

use crate::heap_under_test::{Automatic, Cannot, HeapUnderTest};
use crate::measure::timed;
use std::time::Duration;

/// The work that is measured.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Work {
    /// Allocate a node and drop it at once.
    Churn,
    /// Allocate nodes into a vector, then drop it.
    Hold,
    /// Clone a held pointer and drop the clone.
    Clone,
    /// Collect garbage cycles of two.
    Pairs,
    /// Collect one garbage ring.
    Ring,
    /// A full collection of a heap in which every object is live and is a candidate.
    FullLook,
    /// A full collection with one node held, and all other nodes reachable only from that node.
    FullLookOneRoot,
    /// A collection right after another collection.
    Nothing,
    /// Collect 1000 garbage pairs beside a settled live graph.
    PairsBesideLive,
    /// Collect pairs that point into the live graph, by a full collection.
    PairsIntoLive,
    /// Collect pairs that point into the live graph, by a young collection.
    PairsIntoLiveYoung,
    /// Drop a linked list, on a thread with the default stack.
    List,
    /// Replace random nodes of a linked graph. The unit is one step.
    RandomChurn,
    /// The longest step of random churn.
    RandomChurnPause,
    /// Build and drop binary trees.
    Trees,
    /// Resident memory of held nodes.
    Bytes,
}

/// The amount of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Objects of the rows that allocate or collect.
    pub objects: usize,
    /// Garbage pairs in the rows that put them beside a live graph.
    pub pairs: usize,
    /// Live nodes of the random churn.
    pub live: usize,
    /// Steps of the random churn.
    pub steps: usize,
    /// Depth of the binary trees.
    pub depth: u32,
    /// Number of binary trees.
    pub trees: usize,
}

impl Size {
    /// The sizes of the design's table.
    pub const FULL: Size =
        Size { objects: 1_000_000, pairs: 1000, live: 100_000, steps: 2_000_000, depth: 16, trees: 16 };
    /// The sizes of a quick run.
    pub const QUICK: Size = Size { objects: 100_000, pairs: 1000, live: 20_000, steps: 200_000, depth: 16, trees: 4 };
    /// The sizes for tests.
    pub const TINY: Size = Size { objects: 300, pairs: 10, live: 50, steps: 500, depth: 4, trees: 2 };

    /// Returns a size with this number of objects. Live nodes and steps are in proportion to
    /// [`Size::FULL`], the other fields are equal to it.
    pub fn of(objects: usize) -> Size {
        let share = |full: usize| (full as f64 * objects as f64 / 1e6).ceil() as usize;
        Size { objects, live: share(Size::FULL.live), steps: share(Size::FULL.steps), ..Size::FULL }
    }
}

/// Result of one run of a workload.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sample {
    /// Seconds of thread CPU time, or bytes.
    pub total: f64,
    /// The number that the total is divided by.
    pub count: f64,
    /// True if the program had to ask for collections, because the heap starts none by itself.
    pub asked_to_collect: bool,
}

impl Sample {
    /// Makes a sample of a total time for `count` objects.
    pub fn time(total: Duration, count: usize) -> Sample {
        Sample { total: total.as_secs_f64(), count: count as f64, asked_to_collect: false }
    }

    /// Times a part of a workload that does `count` units.
    pub fn timed(count: usize, part: impl FnOnce()) -> Sample {
        Sample::time(timed(count, part).1, count)
    }

    /// Times a part of a workload that a peer may be unable to do.
    pub fn try_timed(count: usize, part: impl FnOnce() -> Result<(), Cannot>) -> Result<Sample, Cannot> {
        let (done, time) = timed(count, part);
        done.map(|()| Sample::time(time, count))
    }

    /// Returns the total divided by the count, in seconds or bytes for one unit.
    pub fn each(&self) -> f64 {
        self.total / self.count
    }
}

impl Work {
    /// All workloads, in the order of the design's table.
    pub const ALL: [Work; 16] = [
        Work::Churn,
        Work::Hold,
        Work::Clone,
        Work::Pairs,
        Work::Ring,
        Work::FullLook,
        Work::FullLookOneRoot,
        Work::Nothing,
        Work::PairsBesideLive,
        Work::PairsIntoLive,
        Work::PairsIntoLiveYoung,
        Work::List,
        Work::RandomChurn,
        Work::RandomChurnPause,
        Work::Trees,
        Work::Bytes,
    ];

    /// Returns the setting for automatic collections. Whole programs run with each heap's
    /// default. Rows about counting alone, or about one explicit collection, switch automatic
    /// collection off on every heap that has a switch.
    pub fn automatic(self) -> Automatic {
        match self {
            Work::Churn | Work::RandomChurn | Work::RandomChurnPause | Work::Trees | Work::Bytes => Automatic::On,
            _ => Automatic::Off,
        }
    }
}

/// Runs a workload once on a fresh heap, and drops the heap.
pub fn run<H: HeapUnderTest>(work: Work, size: &Size) -> Result<Sample, Cannot> {
    run_to::<H>(work, size, drop)
}

/// Runs a workload once on a fresh heap and leaks the heap, for a process that ends right after.
/// No row measures dropping the heap, and some peers overflow the stack when they do so.
pub fn run_and_leak<H: HeapUnderTest>(work: Work, size: &Size) -> Result<Sample, Cannot> {
    run_to::<H>(work, size, std::mem::forget)
}

fn run_to<H: HeapUnderTest>(work: Work, size: &Size, end: fn(H)) -> Result<Sample, Cannot> {
    let run = || {
        let mut heap = H::new(work.automatic());
        let sample = run_on(&mut heap, work, size);
        end(heap);
        sample
    };
    if work == Work::List { on_default_stack(run) } else { run() }
}

fn run_on<H: HeapUnderTest>(heap: &mut H, work: Work, size: &Size) -> Result<Sample, Cannot> {
    match work {
        Work::Churn => counting::churn(heap, size.objects),
        Work::Hold => counting::hold(heap, size.objects),
        Work::Clone => counting::clone_and_drop(heap, size.objects),
        Work::List => counting::drop_list(heap, size.objects),
        Work::Bytes => counting::bytes_held(heap, size.objects),
        Work::Pairs => collecting::pairs(heap, size.objects),
        Work::Ring => collecting::ring(heap, size.objects),
        Work::FullLook => collecting::full_look(heap, size.objects),
        Work::FullLookOneRoot => collecting::full_look_one_root(heap, size.objects),
        Work::Nothing => collecting::nothing_to_suspect(heap, size.objects),
        Work::PairsBesideLive => collecting::pairs_beside_live(heap, size),
        Work::PairsIntoLive => collecting::pairs_into_live(heap, size, H::collect),
        Work::PairsIntoLiveYoung => collecting::pairs_into_live(heap, size, H::collect_young),
        Work::RandomChurn => programs::random_churn(heap, size),
        Work::RandomChurnPause => programs::longest_pause(heap, size),
        Work::Trees => programs::binary_trees(heap, size),
    }
}

/// Runs `part` on a new thread with the default stack, where recursion over the user's graph
/// overflows first. The other rows stay on the main thread, because the system's allocator takes
/// locks in a process with threads.
fn on_default_stack<R: Send>(part: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| scope.spawn(part).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
