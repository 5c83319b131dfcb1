//! What test files share.

#![allow(dead_code, unused_imports, reason = "each test file uses a part")]

pub mod chunks;
pub mod deep;
pub mod dice;
pub mod kept;
pub mod log;
pub mod node;
pub mod obj;
mod world;

use gc_core::{FinalizerPolicy, Heap};
pub use log::{log, logged};
pub use world::*;

pub const BOTH: [FinalizerPolicy; 2] = [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442];

/// A heap that does not collect by itself. What was logged before is forgotten.
pub fn heap(policy: FinalizerPolicy) -> Heap {
    logged();
    Heap::builder().policy(policy).thresholds([0, 0, 0]).build().unwrap()
}

/// Such a heap of each policy with each of the detectors.
pub fn heaps() -> impl Iterator<Item = Heap> {
    let detectors = |policy| [None, Some(false), Some(true)].map(|linear| (policy, linear));
    BOTH.into_iter().flat_map(detectors).map(|(policy, linear)| {
        let heap = heap(policy);
        heap.force_detector(linear);
        heap
    })
}

/// Slots in use, of objects that are tracked and of those that are not.
pub fn slots_in_use(heap: &Heap) -> usize {
    heap.slots_in_use()
}

/// Bytes of the blocks in use.
pub fn bytes_in_use(heap: &Heap) -> usize {
    heap.memory().used
}
