//! Cells: what they hold, and the order in which they store and release.

use crate::support::{BOTH, heap, log, logged};
use gc_core::{Finalize, FinalizerPolicy, Gc, Heap, List, ReleaseAfter, Slot, Trace};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

thread_local! {
    /// What every finalizer looks at.
    static LOOK: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Says its name when it dies, and what a test wants to know then.
#[derive(Trace)]
#[trace(finalize)]
struct Fin {
    name: &'static str,
}

impl Finalize for Fin {
    fn finalize(this: &Gc<Fin>) {
        log(this.name);
        if let Some(look) = LOOK.with_borrow(Clone::clone) {
            look();
        }
    }
}

fn fin(heap: &Heap, name: &'static str) -> Gc<Fin> {
    heap.alloc(Fin { name })
}

#[test]
fn slot() {
    let heap = heap(FinalizerPolicy::Pep442);
    let slot = Slot::new(Some(heap.alloc(1)));
    assert!(slot.is_some() && Slot::<u8>::default().is_none());
    assert_eq!(slot.replace(Some(heap.alloc(2))).map(|old| *old), Some(1));
    slot.set(slot.get());
    assert_eq!((slot.get().map(|now| *now), Gc::strong_count(&slot.get().unwrap())), (Some(2), 2));
    assert_eq!(slot.take().map(|old| *old), Some(2));
    assert!(slot.is_none() && Slot::from(heap.alloc(3)).is_some());
}

#[test]
fn list_is_a_growable_array() {
    let heap = heap(FinalizerPolicy::Pep442);
    let mut list: List<i32> = [1, 2, 3].map(|n| heap.alloc(n)).into_iter().collect();
    list.extend([heap.alloc(4)]);
    list.insert(0, heap.alloc(0));
    list.push(heap.alloc(5));
    assert_eq!((list.len(), *list.get(0).unwrap(), *list.get(5).unwrap()), (6, 0, 5));
    assert_eq!((*list.replace(1, heap.alloc(10)), *list.remove(0), *list.pop().unwrap()), (1, 0, 5));
    assert_eq!(list.to_vec(), [10, 2, 3, 4].map(|n| heap.alloc(n)));
    list.truncate(9);
    list.truncate(1);
    assert!(list.get(1).is_none() && !list.is_empty() && List::<u8>::default().pop().is_none());
}

/// Detached first, then released, last to first; also when the list dies.
#[test]
fn list_detaches_and_releases_last_to_first() {
    for policy in BOTH {
        let heap = heap(policy);
        let list = Rc::new(List::new());
        let seen = list.clone();
        LOOK.set(Some(Rc::new(move || log(format!("{} left", seen.len())))));
        let fill = || ["a", "b", "c"].map(|name| list.push(fin(&heap, name)));
        fill();
        list.truncate(1);
        assert_eq!(logged(), ["c", "1 left", "b", "1 left"]);
        list.clear();
        assert_eq!(logged(), ["a", "0 left"]);
        fill();
        list.clear();
        assert_eq!(logged(), ["c", "0 left", "b", "0 left", "a", "0 left"]);
        LOOK.set(None);
        drop(["a", "b", "c"].map(|name| fin(&heap, name)).into_iter().collect::<List<_>>());
        assert_eq!(logged(), ["c", "b", "a"]);
        drop(["a", "b", "c"].map(|name| fin(&heap, name)));
        assert_eq!(logged(), ["a", "b", "c"], "a plain array follows Rust");
    }
}

/// The finalizer of what a change removed finds the cell free, and changed.
#[test]
fn cells_release_after_the_borrow() {
    fn seen<C: 'static>(content: C, len: fn(&C) -> usize, change: impl FnOnce(&RefCell<C>)) -> Vec<String> {
        logged();
        let cell = Rc::new(RefCell::new(content));
        let seen = cell.clone();
        LOOK.set(Some(Rc::new(move || {
            log(seen.try_borrow_mut().map_or("borrowed".into(), |content| format!("{} left", len(&content))));
        })));
        change(&cell);
        LOOK.set(None);
        logged()
    }
    let heap = heap(FinalizerPolicy::Pep442);
    let fin = |name| fin(&heap, name);
    let vec = || vec![fin("a"), fin("b")];
    let len = |items: &Vec<Gc<Fin>>| items.len();
    assert_eq!(seen(vec(), len, |cell| cell.clear()), ["a", "0 left", "b", "0 left"]);
    assert_eq!(seen(vec(), len, |cell| cell.store(vec![fin("c")])), ["a", "1 left", "b", "1 left"]);
    assert_eq!(seen(vec(), len, |cell| cell.change(|items| items.swap_remove(0))), ["a", "1 left"]);
    assert_eq!(seen(vec(), len, |cell| cell.change(|items| items.drain(..).rev().collect::<Vec<_>>()))[0], "b");
    assert_eq!(seen(vec(), len, |cell| assert!(cell.put(1, fin("new")))), ["b", "2 left"]);
    assert_eq!(seen(vec(), len, |cell| assert!(!cell.put(2, fin("refused")))), ["refused", "2 left"]);
    assert_eq!(seen(vec(), len, |cell| assert!(cell.discard(&0) && !cell.discard(&1))), ["a", "1 left"]);
    assert_eq!(seen(vec(), len, |cell| assert_eq!(cell.borrow().len(), 2)), [""; 0]);

    let deque = VecDeque::from(vec());
    let change = |cell: &RefCell<_>| assert!(cell.put(0, fin("new")) && cell.discard(&1) && !cell.discard(&1));
    assert_eq!(seen(deque, VecDeque::len, change), ["a", "2 left", "b", "1 left"]);
    let tree = BTreeMap::from([(1, fin("a"))]);
    let change = |cell: &RefCell<_>| assert!(cell.put(1, fin("new")) && cell.put(2, fin("b")) && cell.discard(&2));
    assert_eq!(seen(tree, BTreeMap::len, change), ["a", "1 left", "b", "1 left"]);
    let map = HashMap::from([("k", fin("a"))]);
    let change = |cell: &RefCell<HashMap<_, _>>| assert!(cell.put("k", fin("new")) && !cell.discard(&"none"));
    assert_eq!(seen(map, HashMap::len, change), ["a", "1 left"]);
    logged();
}
