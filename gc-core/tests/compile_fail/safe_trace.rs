//! Whoever writes `Trace` by hand says `unsafe`, and keeps its contract.

use gc_core::{Trace, Visitor, TypeWalker};

struct Node;

impl Trace for Node {
    fn types(_: &mut TypeWalker) {}
    fn trace<V: Visitor>(&self, _: &mut V) {}
}

fn main() {}
