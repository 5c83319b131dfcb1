//! Code run in the middle of a pass could change what the pass reads.

use gc_core::{Seg, Visitor};

struct Mine;

impl Visitor for Mine {
    fn enter(&mut self, _seg: Seg<'_>) {}
    fn leave(&mut self) {}
}

fn main() {}
