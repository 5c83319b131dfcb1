//! Releases: how deep they nest, in which order they are queued, and what a collection meanwhile may examine.

use crate::support::kept::{Leaf, Node, fin, heap, heaps, node};
use crate::support::{log, logged, slots_in_use};
use gc_core::{FinalizerPolicy, Gc, Slot, Trace};

/// Before a value is dropped its alloc bit is cleared: a dying object is not examined,
/// and its edges count as external. Its first child's finalizer collects.
#[test]
fn the_dying_are_not_examined() {
    for heap in heaps() {
        let parent = node(&heap);
        parent.fin.set(Some(fin(&heap, |_| true, |this| log(format!("collected {}", Gc::heap(this).collect())))));
        parent.next.set(Some(node(&heap)));
        drop(parent);
        assert_eq!(logged(), ["collected 0"]);
        assert!(heap.objects(None).is_empty());
    }
}

/// Beyond 48 levels objects at zero are queued; they die in the order in which they
/// were released.
#[test]
fn the_queue_keeps_the_order_of_release() {
    for heap in heaps() {
        let deepest = node(&heap);
        deepest.fin.set(Some(fin(&heap, |_| true, |_| log("fin"))));
        deepest.leaf.set(Some(heap.alloc(Leaf(0))));
        let above = |next, _| heap.alloc(Node { next: Slot::new(Some(next)), ..Node::default() });
        drop((0..47).fold(deepest, above));
        assert_eq!(logged(), ["fin", "leaf 0"]);
    }
}

/// What hangs off it is not traced; dropping it takes much of the stack.
#[derive(Trace)]
struct Heavy(#[trace(skip)] Hungry);

struct Hungry(Option<Gc<Heavy>>);

impl Drop for Hungry {
    fn drop(&mut self) {
        let frame = std::hint::black_box([0u8; 64 << 10]);
        drop(self.0.take());
        std::hint::black_box(frame);
    }
}

/// Releases never nest deeper than a bound in stack bytes: 40 levels do not fit here.
#[test]
fn nesting_is_bounded_in_bytes_of_stack() {
    let test = || {
        let heap = heap(FinalizerPolicy::Pep442);
        let chain = (0..40).fold(None, |next, _| Some(heap.alloc(Heavy(Hungry(next)))));
        assert!(chain.as_ref().is_some_and(|heavy| heavy.0.0.is_some()));
        drop(chain);
        assert_eq!(slots_in_use(&heap), 0);
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(test).unwrap().join().unwrap();
}
