//! Sets that nobody outside can watch: without a finalizer, without a weak reference, and
//! with no edge that leaves. They are reclaimed without a word. As soon as an edge leaves
//! a set, what it leads to is released, once.

use crate::support::{BOTH, bytes_in_use, heap, heaps, log, logged, slots_in_use};
use gc_core::{Finalize, Gc, Generation, Heap, Slot, Trace};
use std::cell::RefCell;
use std::collections::HashSet;

/// A member of the sets here: of the kinds that are reclaimed in different ways.
trait Member: Trace + Sized {
    fn new(heap: &Heap) -> Gc<Self>;
    fn link(&self, target: &Gc<Self>);
    fn point(&self, target: &Target);
}

/// Pointers only.
#[derive(Trace, Default)]
struct Pointers {
    next: Slot<Pointers>,
    again: Slot<Pointers>,
    held: Slot<Held>,
    leaf: Slot<u32>,
    watched: Slot<Watched>,
}

impl Member for Pointers {
    fn new(heap: &Heap) -> Gc<Self> {
        heap.alloc(Pointers::default())
    }

    fn link(&self, target: &Gc<Self>) {
        self.next.set(Some(target.clone()));
        self.again.set(Some(target.clone()));
    }

    fn point(&self, target: &Target) {
        match target {
            Target::Held(object) => self.held.set(Some(object.clone())),
            Target::Leaf(object) => self.leaf.set(Some(object.clone())),
            Target::Watched(object) => self.watched.set(Some(object.clone())),
        }
    }
}

/// Pointers in memory of their own.
#[derive(Trace, Default)]
struct Memory {
    links: RefCell<Vec<Gc<Memory>>>,
    targets: RefCell<Vec<Target>>,
    text: String,
}

impl Member for Memory {
    fn new(heap: &Heap) -> Gc<Self> {
        heap.alloc(Memory { text: "owned".repeat(10), ..Memory::default() })
    }

    fn link(&self, target: &Gc<Self>) {
        self.links.borrow_mut().extend([target.clone(), target.clone()]);
    }

    fn point(&self, target: &Target) {
        self.targets.borrow_mut().push(target.clone());
    }
}

/// What an edge that leaves a set may lead to.
#[derive(Trace, Clone)]
enum Target {
    /// Tracked: a candidate when it loses a pointer.
    Held(Gc<Held>),
    /// Untracked, and nobody can see when it dies.
    Leaf(Gc<u32>),
    /// Untracked, and says when it dies.
    Watched(Gc<Watched>),
}

#[derive(Trace, Default)]
struct Held {
    me: Slot<Held>,
}

#[derive(Trace)]
#[trace(finalize)]
struct Watched(u32);

impl Finalize for Watched {
    fn finalize(this: &Gc<Watched>) {
        log(format!("del {}", this.0));
    }
}

impl Target {
    /// Makes one of each kind.
    const KINDS: [fn(&Heap) -> Target; 3] = [
        |heap| Target::Held(heap.alloc(Held::default())),
        |heap| Target::Leaf(heap.alloc(1)),
        |heap| Target::Watched(heap.alloc(Watched(2))),
    ];

    fn count(&self) -> usize {
        match self {
            Target::Held(object) => Gc::strong_count(object),
            Target::Leaf(object) => Gc::strong_count(object),
            Target::Watched(object) => Gc::strong_count(object),
        }
    }
}

/// Objects each of which points to the following one twice, the last one to the first.
fn ring<T: Member>(heap: &Heap, count: usize) -> Vec<Gc<T>> {
    let ring: Vec<Gc<T>> = (0..count).map(|_| T::new(heap)).collect();
    link_in_a_ring(&ring);
    ring
}

fn link_in_a_ring<T: Member>(ring: &[Gc<T>]) {
    for (n, object) in ring.iter().enumerate() {
        object.link(&ring[(n + 1) % ring.len()]);
    }
}

fn addresses<T>(objects: &[Gc<T>]) -> HashSet<usize> {
    objects.iter().map(|object| Gc::as_ptr(object).addr()).collect()
}

fn is_reclaimed_and_reused<T: Member>(heap: &Heap) {
    const MEMBERS: usize = 500;
    // Every block that the members lie in holds another object, so that none goes back.
    let (mut members, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..MEMBERS {
        members.push(T::new(heap));
        beside.push(T::new(heap));
    }
    link_in_a_ring(&members);
    let (mut places, bytes) = (addresses(&members), bytes_in_use(heap));
    for _ in 0..20 {
        assert_eq!(heap.collect(), 0);
        members.clear();
        assert_eq!((heap.collect(), slots_in_use(heap)), (MEMBERS, MEMBERS));
        members = ring(heap, MEMBERS);
        places.extend(addresses(&members));
    }
    assert!(places.len() < 5 * MEMBERS, "{} slots in 20 rounds", places.len());
    assert!(bytes_in_use(heap) <= bytes + (64 << 10), "no more than a block of slack: {}", bytes_in_use(heap));
    assert!(beside.iter().all(|object| Gc::strong_count(object) == 1));
    members.clear();
    assert_eq!(heap.collect(), MEMBERS);
}

/// An unobservable set is reclaimed, and its slots are free: they are taken again, by objects
/// that live and die like the first ones.
#[test]
fn an_unobservable_set_is_reclaimed_and_its_slots_are_reused() {
    for heap in heaps() {
        is_reclaimed_and_reused::<Pointers>(&heap);
        is_reclaimed_and_reused::<Memory>(&heap);
    }
}

/// It goes as well from among objects that live on, and beside other garbage.
#[test]
fn an_unobservable_set_among_the_living() {
    for heap in heaps() {
        let all: Vec<_> = (0..300).map(|_| ring::<Pointers>(&heap, 3)).collect();
        let (held, dropped): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(n, _)| n % 3 == 0);
        drop(dropped);
        assert_eq!((heap.collect(), slots_in_use(&heap)), (600, 300));
        assert!(held.iter().flat_map(|(_, ring)| ring).all(|object| Gc::strong_count(object) == 3));
        drop(held);
        assert_eq!((heap.collect(), slots_in_use(&heap)), (300, 0));
    }
}

/// A ring of three, one of which holds the target, is reclaimed: the target has lost the
/// one pointer.
fn releases_once<T: Member>(heap: &Heap, target: &Target, generation: Generation) {
    for from in 0..3 {
        let members = ring::<T>(heap, 3);
        members[from].point(target);
        assert_eq!(target.count(), 2);
        drop(members);
        assert_eq!(heap.collect_generation(generation), 3);
        assert_eq!(target.count(), 1, "released once");
    }
}

/// The same where nobody else holds the target.
fn takes_with_it<T: Member>(heap: &Heap, kind: fn(&Heap) -> Target) {
    for from in 0..3 {
        let members = ring::<T>(heap, 3);
        let target = kind(heap);
        members[from].point(&target);
        let (tracked, watched) = (matches!(target, Target::Held(_)), matches!(target, Target::Watched(_)));
        drop((members, target));
        assert_eq!(heap.collect(), 3 + usize::from(tracked));
        assert_eq!((logged().len(), slots_in_use(heap)), (usize::from(watched), 0));
    }
}

#[test]
fn what_an_edge_that_leaves_the_set_leads_to_is_released_once() {
    for heap in heaps() {
        for target in Target::KINDS.map(|kind| kind(&heap)) {
            releases_once::<Pointers>(&heap, &target, Generation::Two);
            releases_once::<Memory>(&heap, &target, Generation::Two);
        }
        assert_eq!(logged(), ["del 2"], "with the last pointer, ours");
        assert_eq!(slots_in_use(&heap), 0);
    }
}

/// So it is where the target is older than what the collection examines.
#[test]
fn what_is_older_than_the_set_is_released_once() {
    for heap in heaps() {
        for target in Target::KINDS.map(|kind| kind(&heap)) {
            heap.collect();
            releases_once::<Pointers>(&heap, &target, Generation::Zero);
            releases_once::<Memory>(&heap, &target, Generation::One);
        }
        assert_eq!(slots_in_use(&heap), 0);
    }
}

/// So it is where the target is of another heap.
#[test]
fn what_is_in_another_heap_is_released_once() {
    for heap in heaps() {
        let other = Heap::new();
        for target in Target::KINDS.map(|kind| kind(&other)) {
            releases_once::<Pointers>(&heap, &target, Generation::Two);
            releases_once::<Memory>(&heap, &target, Generation::Two);
        }
        assert_eq!((slots_in_use(&heap), slots_in_use(&other)), (0, 0));
    }
}

/// With the last pointer to it the target dies, and is finalized once.
#[test]
fn what_only_the_set_held_dies_with_it() {
    for heap in heaps() {
        for kind in Target::KINDS {
            takes_with_it::<Pointers>(&heap, kind);
            takes_with_it::<Memory>(&heap, kind);
        }
    }
}

/// A live object loses the pointer of the set, and is a candidate by that: it is found
/// once it is garbage itself.
#[test]
fn a_live_object_that_a_set_held_is_found_when_it_is_garbage() {
    for heap in heaps() {
        let held = heap.alloc(Held::default());
        held.me.set(Some(held.clone()));
        let members = ring::<Pointers>(&heap, 3);
        members[1].point(&Target::Held(held.clone()));
        drop(members);
        assert_eq!((heap.collect(), Gc::strong_count(&held)), (3, 2));
        drop(held);
        assert_eq!((heap.collect(), slots_in_use(&heap)), (1, 0));
    }
}

/// A part that could not be looked at may hide an edge that leaves: what it holds is
/// released all the same.
#[test]
fn what_a_leaked_borrow_hides_is_released_once() {
    #[derive(Trace, Default)]
    struct Hides {
        next: Slot<Hides>,
        hidden: RefCell<Option<Gc<u32>>>,
    }
    for policy in BOTH {
        let heap = heap(policy);
        let target = heap.alloc(7);
        let object = heap.alloc(Hides::default());
        object.next.set(Some(object.clone()));
        *object.hidden.borrow_mut() = Some(target.clone());
        std::mem::forget(object.hidden.borrow_mut());
        drop(object);
        assert_eq!((heap.collect(), Gc::strong_count(&target)), (1, 1));
        assert_eq!(slots_in_use(&heap), 1);
    }
}

/// Members of different types are unobservable together: each has edges that leave its kind.
#[test]
fn a_set_of_several_types() {
    #[derive(Trace, Default)]
    struct Both {
        first: Slot<Pointers>,
        second: Slot<Memory>,
        me: Slot<Both>,
    }
    for heap in heaps() {
        for round in 0..10 {
            let both = heap.alloc(Both::default());
            both.me.set(Some(both.clone()));
            both.first.set(ring::<Pointers>(&heap, 4).pop());
            both.second.set(ring::<Memory>(&heap, 5).pop());
            assert_eq!(heap.collect(), 0, "{round}");
            drop(both);
            assert_eq!((heap.collect(), slots_in_use(&heap)), (10, 0), "{round}");
        }
    }
}
