//! Rows about allocation, counts and death by count.

use super::{Sample, graphs};
use crate::heap_under_test::{Cannot, HeapUnderTest, Kind, Mutator};
use crate::measure::resident_bytes;
use std::hint::black_box;
use std::mem::MaybeUninit;

/// Allocations between two safepoints. A heap that collects only at safepoints needs them.
const BATCH: usize = 1000;

/// Rounds of a short row within a process. The first round warms up, and the fastest counts.
const ROUNDS: usize = 5;

/// Allocates a node and drops it at once.
pub(super) fn churn<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    let batches = count.div_ceil(BATCH);
    let mut round = || {
        for _ in 0..batches {
            heap.mutate(|nodes, _| {
                (0..BATCH as u64).for_each(|value| drop(black_box(nodes.alloc(value, [None, None]))));
            });
            heap.safepoint();
        }
    };
    Ok(fastest(|| Sample::timed(batches * BATCH, &mut round)))
}

/// Allocates nodes into a vector that is large enough, then drops them. On a tracing heap, the
/// collection that reclaims the nodes is part of the measurement.
pub(super) fn hold<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    heap.mutate(|_, roots| touch_capacity(roots, count));
    Sample::try_timed(count, || {
        heap.mutate(|nodes, roots| {
            (0..count as u64).for_each(|value| roots.push(nodes.alloc(value, [None, None])));
        });
        heap.mutate(|_, roots| roots.clear());
        reclaim(heap)
    })
}

/// Clones a held pointer and drops the clone.
pub(super) fn clone_and_drop<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    if H::PLAIN_HANDLES {
        return Err(Cannot("a pointer is a plain copy that keeps nothing alive"));
    }
    heap.mutate(|nodes, roots| roots.push(nodes.alloc(1, [None, None])));
    Ok(heap.mutate(|_, roots| {
        let held = &roots[0];
        fastest(|| Sample::timed(count, || (0..count).for_each(|_| drop(black_box(black_box(held).clone())))))
    }))
}

/// Drops a linked list at its head.
pub(super) fn drop_list<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    graphs::list(heap, count);
    Sample::try_timed(count, || {
        graphs::release(heap, 0);
        reclaim(heap)
    })
}

/// Measures the growth of the resident set by held nodes and their handles, in bytes.
pub(super) fn bytes_held<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    let before = resident_bytes();
    heap.mutate(|nodes, roots| {
        roots.reserve_exact(count);
        for value in 0..count as u64 {
            roots.push(nodes.alloc(value, [None, None]));
        }
    });
    let grown = resident_bytes().saturating_sub(before);
    Ok(Sample { total: grown as f64, count: count as f64, asked_to_collect: false })
}

/// Touches the pages of the vector's capacity, so that no row includes the system's work for
/// new pages.
fn touch_capacity<T>(vector: &mut Vec<T>, count: usize) {
    vector.reserve_exact(count);
    black_box(vector.spare_capacity_mut()).fill_with(MaybeUninit::zeroed);
}

/// Reclaims the dropped nodes by a collection. A counting heap has reclaimed them already.
fn reclaim<H: HeapUnderTest>(heap: &mut H) -> Result<(), Cannot> {
    match H::KIND {
        Kind::Counting => Ok(()),
        Kind::Tracing => heap.collect(),
    }
}

fn fastest(mut round: impl FnMut() -> Sample) -> Sample {
    let mut best = round();
    for _ in 1..ROUNDS {
        let sample = round();
        if sample.each() < best.each() {
            best = sample;
        }
    }
    best
}
