//! What the tests of depth share: a thread with little stack, and nodes for deep structures.

use std::cell::Cell;

use gc_core::{Finalize, FinalizerPolicy, Gc, Heap, Slot, Trace};

pub const STACK: usize = 256 << 10;

/// Objects in the structures that nothing but the heap works through.
pub const MANY: usize = scaled(5_000_000);

/// Objects where user code runs for each.
pub const FEWER: usize = scaled(1_000_000);

pub const fn scaled(objects: usize) -> usize {
    if cfg!(debug_assertions) { objects / 10 } else { objects }
}

pub const BOTH: [FinalizerPolicy; 2] = [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442];

pub fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread.spawn(test).expect("a thread starts").join().expect("the test passes");
}

pub fn heap(policy: FinalizerPolicy) -> Heap {
    let heap = Heap::builder().policy(policy).build().unwrap();
    heap.disable();
    heap
}

/// Nothing is left, not even what is not tracked.
pub fn assert_empty(heap: &Heap) {
    assert_eq!(heap.objects(None).len(), 0);
    assert_eq!(heap.slots_in_use(), 0);
}

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// How often user code was called since this was last asked.
pub fn calls() -> usize {
    CALLS.take()
}

pub fn called() {
    CALLS.set(CALLS.get() + 1);
}

/// A node with a payload, by which dropping it is more or less than releasing pointers.
#[derive(Trace)]
pub struct Node<P> {
    pub next: Slot<Node<P>>,
    pub other: Slot<Node<P>>,
    pub payload: P,
}

impl<P: Trace> Node<P> {
    pub fn alone(heap: &Heap, payload: P) -> Gc<Node<P>> {
        heap.alloc(Node { next: Slot::empty(), other: Slot::empty(), payload })
    }

    /// A list from its head to `last`, with as many nodes more.
    pub fn list_before(last: Gc<Node<P>>, heap: &Heap, length: usize, payload: impl Fn() -> P) -> Gc<Node<P>> {
        (0..length).fold(last, |head, _| {
            let before = Node::alone(heap, payload());
            before.next.set(Some(head));
            before
        })
    }

    /// A ring of that many nodes, held by one pointer.
    pub fn ring(heap: &Heap, length: usize, payload: impl Fn() -> P) -> Gc<Node<P>> {
        let last = Node::alone(heap, payload());
        let first = Node::list_before(last.clone(), heap, length - 1, payload);
        last.next.set(Some(first));
        last
    }
}

/// What the heap does not look into, and whose drop it does not know.
#[derive(Trace)]
pub struct Untraced(#[trace(skip)] pub Counted);

pub struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        called();
    }
}

/// What a finalizer does beside being counted.
#[derive(Clone, Copy, PartialEq, Eq, Trace)]
pub enum Duty {
    Nothing,
    /// It empties a field, by which the next one dies while this finalizer runs.
    Unlink,
}

/// A node with a finalizer.
#[derive(Trace)]
#[trace(finalize)]
pub struct Fin {
    pub next: Slot<Fin>,
    pub tail: Slot<Node<()>>,
    pub duty: Duty,
}

impl Finalize for Fin {
    fn finalize(this: &Gc<Fin>) {
        called();
        if this.duty == Duty::Unlink {
            this.next.take();
        }
    }
}

impl Fin {
    pub fn alone(heap: &Heap, duty: Duty) -> Gc<Fin> {
        heap.alloc(Fin { next: Slot::empty(), tail: Slot::empty(), duty })
    }

    /// A list of that many nodes and one more: its first and its last node.
    pub fn list(heap: &Heap, length: usize, duty: Duty) -> [Gc<Fin>; 2] {
        let last = Fin::alone(heap, duty);
        let first = (0..length).fold(last.clone(), |head, _| {
            let before = Fin::alone(heap, duty);
            before.next.set(Some(head));
            before
        });
        [first, last]
    }

    pub fn ring(heap: &Heap, length: usize) -> Gc<Fin> {
        let [first, last] = Fin::list(heap, length - 1, Duty::Nothing);
        last.next.set(Some(first));
        last
    }
}
