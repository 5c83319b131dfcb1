//! Code run in the middle of a pass could change what the pass reads.

use gc_core::{PathSegment, Visitor};

struct Mine;

impl Visitor for Mine {
    fn enter(&mut self, _segment: PathSegment<'_>) {}
    fn leave(&mut self) {}
}

fn main() {}
