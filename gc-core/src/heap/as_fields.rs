//! Implements `Trace` for `ExternalBytes` and `WeakHeap`, so that they can be parts of values.

use super::{ExternalBytes, WeakHeap};
use crate::trace::{Trace, TypeWalker, Visitor};

// SAFETY: the type holds no `Gc`; its drop changes numbers of an account and runs no user code.
unsafe impl Trace for ExternalBytes {
    fn types(walk: &mut TypeWalker) {
        walk.owns_memory();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, _visitor: &mut V) {}
}

// SAFETY: the type holds no `Gc`; its drop runs no user code.
unsafe impl Trace for WeakHeap {
    fn types(walk: &mut TypeWalker) {
        walk.owns_memory();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, _visitor: &mut V) {}
}
