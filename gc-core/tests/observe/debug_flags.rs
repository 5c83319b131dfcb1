//! Debug flags that are changed, and hooks that look around, in the middle of a collection.

use gc_core::{DebugFlags, FinalizerPolicy, Gc, GcAny, Heap, Slot, Trace, Weak};
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Trace)]
struct Node {
    text: String,
    next: Slot<Node>,
}

fn garbage_loop(heap: &Heap, text: &str) -> Weak<Node> {
    let node = heap.alloc(Node { text: text.into(), next: Slot::empty() });
    node.next.set(Some(node.clone()));
    Gc::downgrade(&node)
}

const BOTH: [FinalizerPolicy; 2] = [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442];

/// A heap with a garbage loop whose weak callback sets the debug flags to `then`.
fn switching(policy: FinalizerPolicy, first: DebugFlags, then: DebugFlags) -> (Heap, Weak<Node>) {
    let heap = Heap::builder().policy(policy).build().unwrap();
    heap.set_debug(first);
    let node = heap.alloc(Node { text: "loop".into(), next: Slot::empty() });
    node.next.set(Some(node.clone()));
    let inner = heap.clone();
    let weak = Gc::downgrade_with(&node, move || inner.set_debug(then));
    (heap, weak)
}

/// `Legacy` has condemned by the time of its callbacks, `Pep442` decides after them.
#[test]
fn save_all_switched_on_by_a_callback() {
    for policy in BOTH {
        let (heap, _weak) = switching(policy, DebugFlags::empty(), DebugFlags::SAVE_ALL);
        assert_eq!(heap.collect(), 1);
        let saved = usize::from(policy == FinalizerPolicy::Pep442);
        assert_eq!((heap.garbage().len(), heap.objects(None).len()), (saved, saved), "{policy:?}");
        heap.set_debug(DebugFlags::empty());
        heap.garbage().clear();
        assert_eq!(heap.collect(), saved);
        assert!(heap.objects(None).is_empty());
    }
}

/// What was to be saved and is not any more must not be reclaimed uncondemned.
#[test]
fn save_all_switched_off_by_a_callback() {
    for policy in BOTH {
        let (heap, _weak) = switching(policy, DebugFlags::SAVE_ALL, DebugFlags::empty());
        assert_eq!(heap.collect(), 1);
        let saved = usize::from(policy == FinalizerPolicy::Legacy);
        assert_eq!((heap.garbage().len(), heap.objects(None).len()), (saved, saved), "{policy:?}");
        heap.garbage().clear();
        assert_eq!(heap.collect(), saved);
    }
}

/// A log sink is user code: what it finds by enumeration is either safe from this
/// collection (`Pep442` looks again after it) or refused (`Legacy`).
#[test]
fn a_log_sink_that_keeps_what_it_finds() {
    for policy in BOTH {
        let found: Rc<RefCell<Vec<GcAny>>> = Rc::default();
        let heap = Heap::builder().policy(policy).build().unwrap();
        let weak = garbage_loop(&heap, "found by the sink");
        let (inner, kept) = (heap.clone(), found.clone());
        heap.on_log(move |_, line| {
            if line.starts_with("gc: collectable") {
                kept.borrow_mut().extend(inner.objects(None));
            }
        });
        heap.set_debug(DebugFlags::COLLECTABLE);
        let reclaimed = heap.collect();
        for object in found.borrow().iter() {
            assert_eq!(object.downcast::<Node>().expect("a node").text, "found by the sink");
        }
        assert_eq!(reclaimed + found.borrow().len(), 1, "{policy:?}");
        assert!(weak.upgrade().is_none(), "weak references died either way");
        found.borrow_mut().clear();
        heap.on_log(|_, _| {});
        heap.collect();
        assert!(heap.objects(None).is_empty());
    }
}

/// The same for garbage that nobody could look at, but for the flag: without finalizers
/// and weak references.
#[test]
fn a_log_sink_that_keeps_plain_garbage() {
    for policy in BOTH {
        let found: Rc<RefCell<Vec<GcAny>>> = Rc::default();
        let heap = Heap::builder().policy(policy).build().unwrap();
        let node = heap.alloc(Node { next: Slot::empty(), text: "plain".into() });
        node.next.set(Some(node.clone()));
        drop(node);
        let (inner, kept) = (heap.clone(), found.clone());
        heap.on_log(move |_, _| kept.borrow_mut().extend(inner.objects(None)));
        heap.set_debug(DebugFlags::COLLECTABLE);
        let reclaimed = heap.collect();
        assert_eq!(reclaimed + found.borrow().len(), 1, "{policy:?}");
        assert!(found.borrow().iter().all(|object| object.downcast::<Node>().unwrap().text == "plain"));
    }
}

/// Python's lines, in Python's order.
#[test]
fn the_lines_of_a_collection() {
    for policy in BOTH {
        let lines: Rc<RefCell<Vec<String>>> = Rc::default();
        let sink = lines.clone();
        let heap =
            Heap::builder().policy(policy).log(move |_, line| sink.borrow_mut().push(line.into())).build().unwrap();
        heap.set_debug(DebugFlags::STATS | DebugFlags::COLLECTABLE | DebugFlags::UNCOLLECTABLE);
        garbage_loop(&heap, "a");
        assert_eq!(heap.collect(), 1);
        let frozen = ["gc: objects in permanent generation: 0"];
        let frozen = if policy == FinalizerPolicy::Pep442 { &frozen[..] } else { &[] };
        let mut expected = vec!["gc: collecting generation 2...", "gc: objects in each generation: 1 0 0"];
        expected.extend(frozen);
        let lines = lines.borrow();
        assert_eq!(lines[..expected.len()], expected);
        assert!(lines[expected.len()].starts_with("gc: collectable <Node 0x"), "{lines:?}");
        assert_eq!(lines[expected.len() + 1..], ["gc: done, 1 unreachable, 0 uncollectable"]);
    }
}
