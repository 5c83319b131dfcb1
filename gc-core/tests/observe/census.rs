//! Counts by type: what they say, how they print, and that looking changes nothing.

use crate::support::BOTH;
use gc_core::observe::PeakCounts;
use gc_core::{Finalize, FinalizerPolicy, Gc, GcAny, Heap, Slot, Trace};
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Trace, Default)]
struct Node {
    next: Slot<Node>,
    name: String,
}

mod other {
    /// Has the name of the other one.
    #[derive(gc_core::Trace, Default)]
    pub struct Node(pub u64);
}

fn node(heap: &Heap, name: &str) -> Gc<Node> {
    heap.alloc(Node { next: Slot::empty(), name: name.into() })
}

#[test]
fn objects_are_counted_by_type_with_their_bytes() {
    let heap = Heap::new();
    let nodes: Vec<Gc<Node>> = (0..100).map(|n| node(&heap, &"x".repeat(n % 10))).collect();
    let numbers: Vec<Gc<u64>> = (0..300).map(|n| heap.alloc(n)).collect();
    let rows = [heap.alloc_slice([1u8; 1000]), heap.alloc_slice([1u8; 10])];
    let census = heap.census();
    let found = census.of("Node").unwrap();
    assert_eq!((found.objects, found.owned_bytes), (100, 450));
    assert_eq!(found.shallow_bytes, 100 * Gc::as_any(&nodes[0]).shallow_bytes());
    let found = census.of("[u8]").unwrap();
    let shallow: usize = rows.iter().map(|row| Gc::as_any(row).shallow_bytes()).sum();
    assert_eq!((found.objects, found.shallow_bytes), (2, shallow), "slices of all sizes are one type");
    assert_eq!(census.of("u64").unwrap().objects, numbers.len(), "untracked objects are counted");
    assert_eq!(census.objects(), 402);
    assert_eq!(census.bytes(), census.types().iter().map(|row| row.bytes()).sum::<usize>());
    let names = |limit| census.most_common(limit).iter().map(|row| row.type_name.as_str()).collect::<Vec<_>>();
    assert_eq!((names(2), names(9)), (vec!["u64", "Node"], vec!["u64", "Node", "[u8]"]));
    drop((nodes, numbers, rows));
    assert_eq!(heap.census().types(), [], "types without objects are left out");
}

#[test]
fn types_that_share_a_name_have_their_paths() {
    let heap = Heap::new();
    let _held = (node(&heap, ""), heap.alloc(other::Node(1)));
    let names: Vec<String> = heap.census().types().iter().map(|row| row.type_name.clone()).collect();
    assert_eq!(names, ["observe::census::Node", "observe::census::other::Node"]);
}

#[test]
fn it_prints_as_the_class_histogram_of_the_jvm() {
    let heap = Heap::new();
    let _held = (node(&heap, "four"), node(&heap, ""), heap.alloc(7u64));
    let expected = " num     #instances         #bytes         #owned  type name\n\
                    ------------------------------------------------------------\n\
                    \x20  1:             2             80              4  Node\n\
                    \x20  2:             1             16              0  u64\n\
                    Total             3             96              4\n";
    assert_eq!(heap.census().to_string(), expected);
}

#[test]
fn growth_is_told_against_the_peak() {
    let heap = Heap::new();
    let mut peaks = PeakCounts::new();
    let mut nodes: Vec<Gc<Node>> = (0..75).map(|_| node(&heap, "")).collect();
    let mut grown = |heap: &Heap| {
        let grown = peaks.growth(&heap.census());
        grown.iter().map(|row| format!("{row:<6}")).collect::<Vec<_>>()
    };
    assert_eq!(grown(&heap), ["Node         75       +75"]);
    nodes.extend((0..5).map(|_| node(&heap, "")));
    let numbers: Vec<Gc<u64>> = (0..30).map(|n| heap.alloc(n)).collect();
    assert_eq!(grown(&heap), ["u64          30       +30", "Node         80        +5"]);
    nodes.truncate(10);
    assert!(grown(&heap).is_empty(), "fewer is no growth");
    nodes.extend((0..71).map(|_| node(&heap, "")));
    assert_eq!(grown(&heap), ["Node         81        +1"], "the peak stays");
    drop(numbers);
}

/// An object's address, count and generation.
type Looked = (usize, usize, Option<gc_core::Generation>);

/// What a look could change.
fn state(heap: &Heap) -> (Vec<Looked>, [u32; 3], gc_core::stats::MemoryMetrics) {
    let objects = heap.objects(None);
    let one = |object: &GcAny| -> Looked { (object.address(), object.strong_count(), object.generation()) };
    (objects.iter().map(one).collect(), heap.counts(), heap.memory())
}

#[test]
fn looking_changes_nothing() {
    for policy in BOTH {
        let heap = crate::support::heap(policy);
        let held: Vec<Gc<Node>> = (0..500).map(|n| node(&heap, &n.to_string())).collect();
        for at in 0..400 {
            held[at].next.set(Some(held[at * 7 % 500].clone()));
        }
        heap.collect_generation(gc_core::Generation::Zero);
        drop(held[200].clone());
        let before = state(&heap);
        assert_eq!(heap.census(), heap.census());
        assert_eq!(heap.generation_sizes(), heap.generation_sizes());
        assert_eq!(heap.by_type("Nobody").len() + heap.new_objects(heap.mark()).len(), 0);
        assert_eq!(state(&heap), before);
        assert_eq!(heap.census().objects(), 500);
        drop(held);
        assert!(heap.collect() > 0, "what was garbage is found still");
    }
}

#[test]
fn objects_are_found_by_what_they_are() {
    let heap = crate::support::heap(FinalizerPolicy::Pep442);
    let first = node(&heap, "first");
    let mark = heap.mark();
    let second = node(&heap, "second");
    let number = heap.alloc(7u64);
    first.next.set(Some(second.clone()));
    second.next.set(Some(node(&heap, "third")));
    let names = |found: Vec<GcAny>| {
        let name = |object: &GcAny| object.downcast_ref::<Node>().map_or("?".into(), |node| node.name.clone());
        found.iter().map(name).collect::<Vec<String>>()
    };
    assert_eq!(names(heap.by_type("Node")), ["first", "second", "third"]);
    assert_eq!(names(heap.by_type("u64")), ["?"]);
    assert_eq!(names(heap.by_type("Nobody")), [""; 0]);
    assert_eq!(names(heap.new_objects(mark)), ["second", "?", "third"]);
    assert_eq!(names(heap.new_objects(heap.mark())), [""; 0]);
    assert_eq!(names(heap.unreferenced_objects()), ["first"], "tracked, and nobody within points to it");
    assert_eq!(heap.generation_sizes(), [3, 0, 0, 0]);
    heap.collect();
    assert_eq!(heap.generation_sizes(), [0, 0, 3, 0]);
    drop((first, second, number));
    let forgotten = node(&heap, "forgotten");
    std::mem::forget(forgotten.clone());
    drop(forgotten);
    assert_eq!(names(heap.unreferenced_objects()), ["forgotten"]);
}

#[derive(Trace)]
#[trace(finalize)]
struct Looker {
    me: Slot<Looker>,
    plain: Slot<Node>,
    #[trace(skip)]
    seen: Rc<RefCell<Vec<usize>>>,
}

impl Finalize for Looker {
    fn finalize(this: &Gc<Looker>) {
        let census = Gc::heap(this).census();
        this.seen.borrow_mut().extend(census.of("Looker").map(|row| row.objects));
    }
}

#[test]
fn a_finalizer_may_ask() {
    let heap = crate::support::heap(FinalizerPolicy::Pep442);
    let seen = Rc::new(RefCell::new(Vec::new()));
    for _ in 0..3 {
        let looker = heap.alloc(Looker { me: Slot::empty(), plain: Slot::empty(), seen: seen.clone() });
        looker.me.set(Some(looker.clone()));
    }
    heap.collect();
    assert_eq!(*seen.borrow(), [3, 3, 3], "they live until the last finalizer has run");
    assert_eq!(heap.census().objects(), 0);
}
