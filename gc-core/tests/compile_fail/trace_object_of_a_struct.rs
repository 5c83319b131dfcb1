//! A type that is no trait object derives `Trace`.

use gc_core::{Slot, trace_object};

struct Square(Slot<u32>);

trace_object!(Square);

fn main() {}
