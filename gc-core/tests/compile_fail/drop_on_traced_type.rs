//! A traced type's values may be dropped while their neighbours are already
//! gone, so its `Drop` could reach a dead object.

use gc_core::{Slot, Trace};

#[derive(Trace)]
struct Node {
    next: Slot<Node>,
}

impl Drop for Node {
    fn drop(&mut self) {}
}

#[derive(Trace)]
struct Generic<T> {
    value: T,
}

impl<T> Drop for Generic<T> {
    fn drop(&mut self) {}
}

fn main() {}
