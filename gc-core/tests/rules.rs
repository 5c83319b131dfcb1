//! Rules that keep the heap sound, or its results those of Python, and that no other
//! test sees broken: one test each. What breaks them on purpose is in `faults/`.

mod common;

use common::{log, logged};
use gc_core::hooks::{CollectionInfo, Phase};
use gc_core::{DebugFlags, Finalize, FinalizerPolicy, Gc, Generation, Heap, Slot, Trace, TypeWalker, Visitor, Weak};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

thread_local! {
    /// What user code keeps outside of the heap.
    static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
    static TRACE_PANICS: Cell<bool> = const { Cell::new(false) };
}

fn keep(thing: impl Any) {
    KEPT.with_borrow_mut(|kept| kept.push(Box::new(thing)));
}

fn heap(policy: FinalizerPolicy) -> Heap {
    KEPT.take();
    common::heap(policy)
}

/// A heap of each policy with each of the detectors.
fn heaps() -> impl Iterator<Item = Heap> {
    common::heaps().inspect(|_| drop(KEPT.take()))
}

/// Pointers only: nobody can watch it die.
#[derive(Trace, Default)]
struct Node {
    fin: Slot<Fin>,
    next: Slot<Node>,
    other: Slot<Node>,
    leaf: Slot<Leaf>,
}

fn node(heap: &Heap) -> Gc<Node> {
    heap.alloc(Node::default())
}

fn looped(heap: &Heap) -> Gc<Node> {
    let node = node(heap);
    node.next.set(Some(node.clone()));
    node
}

/// Untracked, and says when it dies.
#[derive(Trace)]
#[trace(finalize)]
struct Leaf(usize);

impl Finalize for Leaf {
    fn finalize(this: &Gc<Leaf>) {
        log(format!("leaf {}", this.0));
    }
}

type Action = Box<dyn Fn(&Gc<Fin>)>;

/// Does what a test wants when its heap asks whether it is armed, or finalizes it.
#[derive(Trace)]
#[trace(finalize)]
struct Fin {
    next: Slot<Fin>,
    #[trace(skip)]
    armed: fn(&Fin) -> bool,
    #[trace(skip)]
    finalizer: Action,
}

impl Finalize for Fin {
    fn armed(&self) -> bool {
        (self.armed)(self)
    }
    fn finalize(this: &Gc<Fin>) {
        (this.finalizer)(this);
    }
}

fn fin(heap: &Heap, armed: fn(&Fin) -> bool, finalizer: impl Fn(&Gc<Fin>) + 'static) -> Gc<Fin> {
    heap.alloc(Fin { next: Slot::empty(), armed, finalizer: Box::new(finalizer) })
}

/// Two objects that hold each other; the first one's finalizer is this.
fn ring_of_fins(heap: &Heap, armed: fn(&Fin) -> bool, finalizer: impl Fn(&Gc<Fin>) + 'static) {
    let ring = [fin(heap, armed, finalizer), fin(heap, |_| false, |_| ())];
    ring[0].next.set(Some(ring[1].clone()));
    ring[1].next.set(Some(ring[0].clone()));
}

/// `armed` is user code: after it ran, the set is recounted. Here it keeps a member
/// that nothing uncollectable reaches.
#[test]
fn armed_is_user_code() {
    fn keeps_next(this: &Fin) -> bool {
        keep(this.next.get());
        false
    }
    for heap in heaps() {
        ring_of_fins(&heap, keeps_next, |_| ());
        assert_eq!((heap.collect(), KEPT.with_borrow(Vec::len)), (0, 1));
        assert_eq!((heap.objects(None).len(), heap.garbage().len()), (2, 0));
    }
}

/// Hooks fire only where user code is allowed. One that moves a pointer, which changes
/// no count, must not do so between the count of a set and its verdict.
#[test]
fn no_hook_fires_inside_a_pass() {
    for heap in heaps() {
        let ring = [node(&heap), node(&heap)];
        ring[0].next.set(Some(ring[1].clone()));
        ring[1].next.set(Some(ring[0].clone()));
        let weak = Gc::downgrade(&ring[0]);
        drop(ring);
        heap.on_collection(move |_, phase, _: &CollectionInfo| {
            if phase == Phase::Start {
                keep(weak.upgrade().and_then(|node| node.next.take()));
            }
        });
        assert_eq!((heap.collect(), heap.objects(None).len()), (0, 2));
    }
}

/// Collects a ring of two; the first one's finalizer makes a weak reference to itself
/// with a callback, and one to the second. Before the second's dies, what the callback
/// captured is finalized, and looks: both are condemned by then.
fn seen_while_condemned(look: impl Fn(&Heap, &Weak<Fin>) -> usize + 'static) -> usize {
    let heap = heap(FinalizerPolicy::Pep442);
    let seen = Rc::new(Cell::new(usize::MAX));
    let (look, tell) = (Rc::new(look), seen.clone());
    let finalizer = move |this: &Gc<Fin>| {
        let (look, tell, heap) = (look.clone(), tell.clone(), Gc::heap(this));
        let second = Gc::downgrade(&this.next.get().unwrap());
        let captured = fin(&Gc::heap(this), |_| true, move |_| tell.set(look(&heap, &second)));
        keep(Gc::downgrade_with(this, move || drop(captured)));
    };
    ring_of_fins(&heap, |_| true, finalizer);
    assert_eq!((heap.collect(), heap.objects(None).len()), (2, 0));
    seen.get()
}

/// From the last recount on `upgrade` refuses the members of the set.
#[test]
fn upgrade_refuses_the_condemned() {
    let upgraded = |_: &Heap, second: &Weak<Fin>| second.upgrade().map_or(0, |found| Gc::strong_count(&found));
    assert_eq!(seen_while_condemned(upgraded), 0);
}

/// So does every enumeration.
#[test]
fn enumerations_refuse_the_condemned() {
    assert_eq!(seen_while_condemned(|heap, _| heap.objects(None).len()), 1, "who looks");
}

/// A weak reference that a finalizer makes to an unreachable object is dead before
/// anything is reclaimed: it does not find what lies in the slot later.
#[test]
fn a_weak_reference_made_by_a_finalizer_dies() {
    for heap in heaps().filter(|heap| heap.policy() == FinalizerPolicy::Pep442) {
        let finalizer = |this: &Gc<Fin>| {
            keep(Gc::downgrade(&this.next.get().unwrap()));
            keep(Gc::downgrade_with(this, || log("called")));
        };
        ring_of_fins(&heap, |_| true, finalizer);
        assert_eq!(heap.collect(), 2);
        // These lie where the dead did.
        let _new: Vec<_> = (0..1000).map(|_| fin(&heap, |_| false, |_| ())).collect();
        let weak: Vec<_> = KEPT.take().into_iter().map(|weak| weak.downcast::<Weak<Fin>>().unwrap()).collect();
        assert!(weak.len() == 2 && weak.iter().all(|weak| weak.upgrade().is_none()));
        assert!(logged().is_empty());
    }
}

/// Four pieces of garbage whose slots do not lie in birth order.
fn out_of_order(heap: &Heap) -> [Gc<Node>; 4] {
    // The last slot freed is the first that is taken again.
    drop([(); 4].map(|()| node(heap)));
    let nodes = [(); 4].map(|()| looped(heap));
    assert!(nodes.windows(2).all(|two| Gc::as_ptr(&two[0]) > Gc::as_ptr(&two[1])));
    nodes
}

/// Reclaim is exact where an edge leaves the set to an object with a finalizer or a
/// weak callback, in this heap or another: the garbage goes in birth order, and what it
/// held with it.
#[test]
fn reclaim_is_exact_where_leaves_are_watched() {
    for (heap, abroad) in heaps().flat_map(|heap| [(heap.clone(), false), (heap, true)]) {
        let other = Heap::builder().policy(heap.policy()).build().unwrap();
        let nodes = out_of_order(&heap);
        for (n, node) in nodes.iter().enumerate() {
            let leaf = if abroad { &other } else { &heap }.alloc(Leaf(n));
            keep(Gc::downgrade_with(&leaf, move || log(format!("called {n}"))));
            node.leaf.set(Some(leaf));
        }
        drop(nodes);
        assert_eq!(heap.collect(), 4);
        let of_one = |n| match heap.policy() {
            FinalizerPolicy::Legacy => [format!("called {n}"), format!("leaf {n}")],
            FinalizerPolicy::Pep442 => [format!("leaf {n}"), format!("called {n}")],
        };
        assert_eq!(logged(), (0..4).flat_map(of_one).collect::<Vec<_>>());
    }
}

/// So it is where an edge leads to an object that was not examined.
#[test]
fn reclaim_is_exact_where_what_is_older_may_die() {
    for heap in heaps() {
        let old = [0, 1, 2, 3].map(|n| fin(&heap, |_| true, move |_| log(format!("old {n}"))));
        heap.collect();
        let nodes = out_of_order(&heap);
        nodes.iter().zip(old).for_each(|(node, old)| node.fin.set(Some(old)));
        drop(nodes);
        assert_eq!(heap.collect_generation(Generation::Zero), 4);
        assert_eq!(logged(), ["old 0", "old 1", "old 2", "old 3"]);
    }
}

/// Every decrement that the library makes marks a candidate: that of a reclaim, too.
/// The other pointer is moved, and no decrement but that one is ever seen.
#[test]
fn reclaim_marks_candidates() {
    for heap in heaps() {
        let (held, garbage) = (node(&heap), looped(&heap));
        garbage.other.set(Some(held.clone()));
        drop(garbage);
        assert_eq!(heap.collect(), 1);
        let place = Gc::as_ptr(&held);
        // SAFETY: the object is alive before and after: it holds itself then.
        unsafe { &(*place).next }.set(Some(held));
        assert_eq!((heap.collect(), heap.objects(None).len()), (1, 0));
    }
}

/// So does the release of an object that its finalizer resurrected.
#[test]
fn the_release_after_a_resurrection_marks_a_candidate() {
    for heap in heaps() {
        drop(fin(&heap, |this| this.next.is_none(), |this| this.next.set(Some(this.clone()))));
        assert_eq!((heap.collect(), heap.objects(None).len()), (1, 0));
    }
}

/// So does the release of what was in `garbage`.
#[test]
fn clearing_garbage_marks_candidates() {
    for heap in heaps() {
        heap.set_debug(DebugFlags::SAVE_ALL);
        drop(looped(&heap));
        assert_eq!((heap.collect(), heap.garbage().len()), (1, 1));
        heap.set_debug(DebugFlags::empty());
        heap.garbage().clear();
        assert_eq!((heap.collect(), heap.objects(None).len()), (1, 0));
    }
}

/// A young collection passes the candidacy of its survivors on: one may hang off older
/// garbage, and be all that tells of it.
#[test]
fn a_young_collection_keeps_candidates() {
    for heap in heaps() {
        let old = node(&heap);
        heap.collect();
        let young = node(&heap);
        old.next.set(Some(young.clone()));
        young.next.set(Some(old));
        drop(young);
        assert_eq!((heap.collect_generation(Generation::Zero), heap.collect()), (0, 2));
    }
}

struct Panics(Slot<Panics>);

// SAFETY: reports its edge. That it panics breaks the contract, and is what is tested.
unsafe impl Trace for Panics {
    fn types(walk: &mut TypeWalker) {
        walk.field::<Slot<Panics>>();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        assert!(!TRACE_PANICS.get(), "in trace");
        self.0.trace(visitor);
    }
}

/// A collection that was aborted makes the next full one linear.
#[test]
fn after_an_aborted_collection_candidates_are_not_trusted() {
    for heap in heaps() {
        let object = heap.alloc(Panics(Slot::empty()));
        object.0.set(Some(object.clone()));
        drop((object, looped(&heap)));
        TRACE_PANICS.set(true);
        assert!(catch_unwind(AssertUnwindSafe(|| heap.collect())).is_err());
        TRACE_PANICS.set(false);
        assert_eq!((heap.collect(), heap.objects(None).len()), (2, 0));
    }
}

/// So does `unfreeze`: a candidate was taken while a frozen object held it.
#[test]
fn after_unfreeze_candidates_are_not_trusted() {
    for heap in heaps() {
        let frozen = node(&heap);
        heap.freeze();
        let young = node(&heap);
        frozen.next.set(Some(young.clone()));
        young.next.set(Some(frozen));
        drop(young);
        assert_eq!(heap.collect(), 0);
        heap.unfreeze();
        assert_eq!(heap.collect(), 2);
    }
}

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

/// While a collection is open no slot freed during it is reused.
#[test]
fn no_slot_is_reused_while_a_collection_is_open() {
    fn is_reused(heap: &Heap) -> bool {
        let place = Gc::as_ptr(&node(heap));
        Gc::as_ptr(&node(heap)) == place
    }
    for heap in heaps() {
        let (garbage, inner) = (looped(&heap), heap.clone());
        keep(Gc::downgrade_with(&garbage, move || log(format!("reused {}", is_reused(&inner)))));
        drop(garbage);
        assert_eq!((is_reused(&heap), heap.collect(), is_reused(&heap)), (true, 1, true));
        assert_eq!(logged(), ["reused false"]);
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
        assert!(format!("{heap:?}").contains("objects: 0,"), "{heap:?}");
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(test).unwrap().join().unwrap();
}
