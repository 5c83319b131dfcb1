//! `trace_object!` takes a trait object, and nothing that could end its own implementation.

use gc_core::{DynTrace, Slot, Trace, Visitor, TypeWalker, trace_object};

trait Shape: DynTrace {
    fn slot(&self) -> &Slot<u32>;
}

trait Rest {
    fn types(_: &mut TypeWalker);
    fn trace<V: Visitor>(&self, _: &mut V);
}

trace_object! {
    dyn Shape {
        fn types(walk: &mut TypeWalker) {
            walk.cyclic();
        }
        fn trace<V: Visitor>(&self, visitor: &mut V) {
            self.slot().trace(visitor);
            self.slot().trace(visitor);
        }
    }
    impl Rest for dyn Shape
}

fn main() {}
