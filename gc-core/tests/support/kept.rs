//! Objects whose finalizers and `armed` do what a test wants, and a place outside of the heap to keep things in.

use super::log;
use gc_core::{Finalize, FinalizerPolicy, Gc, Heap, Slot, Trace};
use std::any::Any;
use std::cell::RefCell;

thread_local! {
    /// What user code keeps outside of the heap.
    pub static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

pub fn keep(thing: impl Any) {
    KEPT.with_borrow_mut(|kept| kept.push(Box::new(thing)));
}

pub fn heap(policy: FinalizerPolicy) -> Heap {
    KEPT.take();
    super::heap(policy)
}

/// A heap of each policy with each of the detectors.
pub fn heaps() -> impl Iterator<Item = Heap> {
    super::heaps().inspect(|_| drop(KEPT.take()))
}

/// Pointers only: nobody can watch it die.
#[derive(Trace, Default)]
pub struct Node {
    pub fin: Slot<Fin>,
    pub next: Slot<Node>,
    pub other: Slot<Node>,
    pub leaf: Slot<Leaf>,
}

pub fn node(heap: &Heap) -> Gc<Node> {
    heap.alloc(Node::default())
}

pub fn looped(heap: &Heap) -> Gc<Node> {
    let node = node(heap);
    node.next.set(Some(node.clone()));
    node
}

/// Untracked, and says when it dies.
#[derive(Trace)]
#[trace(finalize)]
pub struct Leaf(pub usize);

impl Finalize for Leaf {
    fn finalize(this: &Gc<Leaf>) {
        log(format!("leaf {}", this.0));
    }
}

pub type Action = Box<dyn Fn(&Gc<Fin>)>;

/// Does what a test wants when its heap asks whether it is armed, or finalizes it.
#[derive(Trace)]
#[trace(finalize)]
pub struct Fin {
    pub next: Slot<Fin>,
    #[trace(skip)]
    pub armed: fn(&Fin) -> bool,
    #[trace(skip)]
    pub finalizer: Action,
}

impl Finalize for Fin {
    fn armed(&self) -> bool {
        (self.armed)(self)
    }
    fn finalize(this: &Gc<Fin>) {
        (this.finalizer)(this);
    }
}

pub fn fin(heap: &Heap, armed: fn(&Fin) -> bool, finalizer: impl Fn(&Gc<Fin>) + 'static) -> Gc<Fin> {
    heap.alloc(Fin { next: Slot::empty(), armed, finalizer: Box::new(finalizer) })
}

/// Two objects that hold each other; the first one's finalizer is this.
pub fn ring_of_fins(heap: &Heap, armed: fn(&Fin) -> bool, finalizer: impl Fn(&Gc<Fin>) + 'static) {
    let ring = [fin(heap, armed, finalizer), fin(heap, |_| false, |_| ())];
    ring[0].next.set(Some(ring[1].clone()));
    ring[1].next.set(Some(ring[0].clone()));
}
