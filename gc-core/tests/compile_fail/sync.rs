//! A shared reference to a `Gc` would be enough to clone it elsewhere.

use gc_core::Heap;

fn main() {
    let heap = Heap::new();
    let object = heap.alloc(1_u32);
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(*object, 1));
    });
}
