//! Incremental collection.

use gc_core::{Budget, Heap, Progress};
use support::node::node;

mod pace;
mod steps;
#[path = "../support/mod.rs"]
mod support;

/// Steps with a budget of `objects` until the collection is done. Returns what it found, and the number of steps.
pub fn finish(heap: &Heap, objects: usize) -> (usize, usize) {
    let mut steps = 1;
    loop {
        match heap.step(Budget::Objects(objects)) {
            Progress::Nothing => return (0, steps),
            Progress::Open => steps += 1,
            Progress::Done { collected, uncollectable } => return (collected + uncollectable, steps),
        }
    }
}

/// A ring of `nodes` nodes that nothing holds.
pub fn drop_ring(heap: &Heap, nodes: usize) {
    let first = node(heap);
    let mut last = first.clone();
    for _ in 1..nodes {
        let next = node(heap);
        last.next.set(Some(next.clone()));
        last = next;
    }
    last.next.set(Some(first));
}
