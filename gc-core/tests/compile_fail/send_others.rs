//! Nothing that belongs to a heap leaves its thread: counts are not atomic.

use gc_core::snapshot::Snapshot;
use gc_core::{ByAddress, ExternalBytes, Gc, GcAny, Heap, List, Slot, Weak, WeakRef};

fn is_send<T: Send>() {}

fn main() {
    is_send::<Heap>();
    is_send::<Weak<u32>>();
    is_send::<Gc<WeakRef<u32>>>();
    is_send::<GcAny>();
    is_send::<Slot<u32>>();
    is_send::<List<Gc<u32>>>();
    is_send::<ByAddress<Gc<u32>>>();
    is_send::<ExternalBytes>();
    // What holds no pointer into a heap may leave it.
    is_send::<Snapshot>();
}
