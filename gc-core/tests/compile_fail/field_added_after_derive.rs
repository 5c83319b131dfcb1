//! An attribute below the derive adds a field that the derive has not seen.

use gc_core::{Slot, Trace};

#[derive(Trace)]
#[gc_core_test_attribute::add_field]
struct Node {
    next: Slot<Node>,
}

fn main() {}
