//! A module that passes gc-core on, but for the guard against `Drop`.

use facade::{Slot, Trace};

mod facade {
    pub use gc_core::*;
    #[allow(non_camel_case_types)]
    pub mod __private {
        pub use gc_core::__private::*;
        pub trait TracedTypeMustNotImplDrop_ImplFinalizeInstead {
            type Drop;
        }
    }
}

#[derive(Trace)]
#[trace(crate = crate::facade)]
struct Node {
    next: Slot<Node>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.next.take();
    }
}

fn main() {}
