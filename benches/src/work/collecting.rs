//! Rows about one explicit collection.

use super::{Sample, Size, graphs};
use crate::heap_under_test::{Cannot, HeapUnderTest};

/// The least time of a measurement of an idle heap, in seconds. Many collections are timed
/// together, because reading the clock takes longer than one of them.
const LONG_ENOUGH: f64 = 1e-3;

/// Collects garbage cycles of two.
pub(super) fn pairs<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    graphs::pairs(heap, count / 2, 0);
    graphs::release(heap, 0);
    Sample::try_timed(count / 2 * 2, || heap.collect())
}

/// Collects one garbage ring.
pub(super) fn ring<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    graphs::ring(heap, count);
    graphs::release(heap, 0);
    Sample::try_timed(count, || heap.collect())
}

/// Runs a full collection of a live graph. Every node is held by a root and is a candidate.
pub(super) fn full_look<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    graphs::live(heap, count);
    heap.collect()?;
    graphs::touch(heap);
    Sample::try_timed(count, || heap.collect())
}

/// Runs a full collection of a live graph in which every node but one just lost its handle. Only
/// marking shows which nodes are live.
pub(super) fn full_look_one_root<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    graphs::connected(heap, count);
    heap.collect()?;
    graphs::release(heap, 1);
    Sample::try_timed(count, || heap.collect())
}

/// Collects right after a collection, with no work of the program in between.
pub(super) fn nothing_to_suspect<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    graphs::live(heap, count);
    heap.collect()?;
    let mut rounds = 1;
    loop {
        let sample = Sample::try_timed(rounds, || (0..rounds).try_for_each(|_| heap.collect()))?;
        if sample.total >= LONG_ENOUGH {
            return Ok(sample);
        }
        rounds *= 4;
    }
}

/// Collects a few garbage pairs beside a settled live graph.
pub(super) fn pairs_beside_live<H: HeapUnderTest>(heap: &mut H, size: &Size) -> Result<Sample, Cannot> {
    few_pairs(heap, size, 0, H::collect)
}

/// Collects pairs, each node of which points into the live graph.
pub(super) fn pairs_into_live<H: HeapUnderTest>(
    heap: &mut H,
    size: &Size,
    collect: fn(&mut H) -> Result<(), Cannot>,
) -> Result<Sample, Cannot> {
    few_pairs(heap, size, size.objects, collect)
}

fn few_pairs<H: HeapUnderTest>(
    heap: &mut H,
    size: &Size,
    into: usize,
    collect: fn(&mut H) -> Result<(), Cannot>,
) -> Result<Sample, Cannot> {
    collect(heap)?; // fails at once on a heap that lacks this kind of collection
    graphs::live(heap, size.objects);
    heap.collect()?;
    graphs::pairs(heap, size.pairs, into);
    graphs::release(heap, size.objects);
    Sample::try_timed(1, || collect(heap))
}
