//! Attacks on the edges of the crate by safe code: where user values are dropped, those that hooks
//! captured among them, and what they get at meanwhile.

#![forbid(unsafe_code)]

use crate::support::slots_in_use;
use gc_core::hooks::HookId;
use gc_core::{DebugFlags, Finalize, FinalizerPolicy, Gc, GcAny, Heap, ReleaseAfter, Slot, Trace, WeakRef};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

const BOTH: [FinalizerPolicy; 2] = [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442];

#[derive(Trace)]
struct Plain(Slot<Plain>);

fn garbage(heap: &Heap) {
    let node = heap.alloc(Plain(Slot::empty()));
    node.0.set(Some(node.clone()));
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("a bomb");
        }
    }
}

/// A heap that counts what it has nobody to tell.
fn telling_heap(policy: FinalizerPolicy, thresholds: [u32; 3]) -> (Heap, Rc<Cell<usize>>) {
    let told = Rc::new(Cell::new(0));
    let count = told.clone();
    let builder = Heap::builder().policy(policy).thresholds(thresholds).max(4 << 20);
    let heap = builder.on_unraisable(move |_, _| count.set(count.get() + 1)).build().unwrap();
    (heap, told)
}

/// A hook that takes itself out while it runs, with what panics in its drop.
fn removes_itself(bomb: Bomb) -> (Rc<Cell<Option<HookId>>>, impl Fn(&Heap)) {
    let id = Rc::new(Cell::new(None));
    let own = id.clone();
    let hook = move |heap: &Heap| {
        let _ = &bomb;
        if let Some(id) = own.take() {
            assert!(heap.remove_hook(id));
        }
    };
    (id, hook)
}

#[test]
fn what_a_hook_captured_dies_where_user_code_may_panic() {
    for policy in BOTH {
        let mut kinds = 0;
        let mut check = |set: &dyn Fn(&Heap), is_told: bool| {
            let (heap, told) = telling_heap(policy, [10, 10, 10]);
            heap.set_debug(DebugFlags::COLLECTABLE);
            set(&heap);
            let held: Vec<Gc<Plain>> = (0..30).map(|_| heap.alloc(Plain(Slot::empty()))).collect();
            garbage(&heap);
            heap.collect();
            assert!(heap.try_alloc_slice(vec![0u8; 8 << 20]).is_err());
            if !is_told {
                assert!(told.get() > 0, "the bomb's panic was reported");
            }
            assert_eq!(heap.verify(), []);
            drop(held);
            garbage(&heap);
            assert_eq!(heap.collect(), 1, "the next collection works");
            assert_eq!(slots_in_use(&heap), 0, "no slot is lost");
            let weak = heap.downgrade();
            drop(heap);
            assert!(weak.upgrade().is_none(), "the heap is gone");
            kinds += 1;
        };
        check(
            &|heap| {
                let (id, hook) = removes_itself(Bomb);
                id.set(Some(heap.on_collection(move |heap, _, _| hook(heap))));
            },
            false,
        );
        check(
            &|heap| {
                let (id, hook) = removes_itself(Bomb);
                id.set(Some(heap.on_log(move |heap, _| hook(heap))));
            },
            false,
        );
        check(
            &|heap| {
                let (id, hook) = removes_itself(Bomb);
                id.set(Some(heap.on_record(move |heap, _| hook(heap))));
            },
            false,
        );
        check(
            &|heap| {
                let (id, hook) = removes_itself(Bomb);
                id.set(Some(heap.on_out_of_memory(move |heap, _| hook(heap))));
            },
            false,
        );
        // One that is replaced by the next, while it runs; and one that is there at the end.
        check(
            &|heap| {
                let bomb = Bomb;
                heap.on_log(move |heap, _| {
                    let _ = &bomb;
                    heap.on_log(|_, _| ());
                });
            },
            false,
        );
        check(
            &|heap| {
                let bomb = Bomb;
                heap.on_collection(move |_, _, _| {
                    let _ = &bomb;
                });
            },
            true,
        );
        // The hook that is told of panics.
        check(
            &|heap| {
                let (bomb, weak) = (Bomb, heap.downgrade());
                heap.on_unraisable(move |_, _| {
                    let _ = &bomb;
                    weak.upgrade().unwrap().on_unraisable(|_, _| ());
                });
                heap.on_collection(|_, _, _| panic!("tell"));
            },
            true,
        );
        assert_eq!(kinds, 7);
    }
}

/// A hook that is set or removed from outside: its drop is the heap's business all the same.
#[test]
fn replacing_and_removing_a_hook_reports_the_panic_of_its_drop() {
    let (heap, told) = telling_heap(BOTH[0], [0, 0, 0]);
    let bomb = Bomb;
    heap.on_log(move |_, _| {
        let _ = &bomb;
    });
    let id = heap.on_log(|_, _| ());
    assert_eq!(told.get(), 1);
    assert!(heap.remove_hook(id) && !heap.remove_hook(id));
    let bomb = Bomb;
    let id = heap.on_collection(move |_, _, _| {
        let _ = &bomb;
    });
    assert!(heap.remove_hook(id));
    assert_eq!(told.get(), 2);
}

/// A hook may drop what keeps the heap, and the heap is still there when it returns.
#[test]
fn a_hook_may_drop_the_last_handle() {
    for policy in BOTH {
        let heap = Heap::builder().policy(policy).build().unwrap();
        let weak = heap.downgrade();
        let held = Rc::new(RefCell::new(None));
        let inner = held.clone();
        heap.on_collection(move |heap, _, _| {
            if inner.take().is_some() {
                garbage(heap);
            }
        });
        garbage(&heap);
        *held.borrow_mut() = Some(heap);
        weak.upgrade().unwrap().collect();
        assert!(weak.upgrade().is_none());
    }
}

/// A hook that removes itself and panics: what it captured is dropped after that, and may panic too.
#[test]
fn a_hook_that_panics_and_whose_capture_panics() {
    fn bomb(id: &Rc<Cell<Option<HookId>>>) -> impl Fn(&Heap) + 'static {
        struct Explodes;
        impl Drop for Explodes {
            fn drop(&mut self) {
                panic!("in the drop of what a hook captured");
            }
        }
        let (id, explodes) = (id.clone(), Explodes);
        move |heap| {
            let _ = &explodes;
            if let Some(id) = id.take() {
                heap.remove_hook(id);
                panic!("in the hook");
            }
        }
    }
    let heap = Heap::new();
    let told = Rc::new(Cell::new(0));
    let into = told.clone();
    heap.on_unraisable(move |_, _| into.set(into.get() + 1));
    let id = Rc::new(Cell::new(None));
    let hook = bomb(&id);
    id.set(Some(heap.on_record(move |heap, _| hook(heap))));
    heap.collect();
    assert_eq!(told.get(), 2, "both panics are reported");
    let hook = bomb(&id);
    id.set(Some(heap.on_unraisable(move |heap, _| hook(heap))));
    let target = heap.alloc(1);
    let _weak = Gc::downgrade_with(&target, || panic!("in a callback"));
    drop(target);
    assert_eq!((told.get(), heap.collect(), heap.verify()), (2, 0, vec![]));
}

#[test]
fn an_id_of_a_hook_names_nothing_in_another_heap() {
    let (one, other) = (Heap::new(), Heap::new());
    let (id, _) = (one.on_collection(|_, _, _| ()), other.on_collection(|_, _, _| ()));
    assert!(!other.remove_hook(id));
    assert!(one.remove_hook(id));
}

/// A hand-written drop that unwinds through an allocation leaves no slot behind.
#[test]
fn a_panic_that_passes_an_allocation_loses_no_slot() {
    let (heap, _) = telling_heap(BOTH[1], [0, 0, 0]);
    let result = catch_unwind(AssertUnwindSafe(|| {
        heap.alloc_slice((0..3).map(|at| if at == 2 { panic!("an iterator") } else { Slot::<Plain>::empty() }))
    }));
    assert!(result.is_err());
    let result = catch_unwind(AssertUnwindSafe(|| heap.new_cyclic::<Plain>(|_| panic!("a maker"))));
    assert!(result.is_err());
    assert_eq!((slots_in_use(&heap), heap.verify()), (0, vec![]));
}

/// The state of a weak reference that is garbage itself is nobody's: legacy Python does not call
/// the callback, and here it must not get at an object that is reclaimed.
#[test]
fn a_callback_does_not_get_a_state_that_is_reclaimed_with_it() {
    #[derive(Trace)]
    struct State {
        text: RefCell<String>,
        holder: Slot<Holder>,
    }
    #[derive(Trace)]
    struct Holder {
        target: Slot<u64>,
        state: Slot<State>,
        weak: Slot<WeakRef<u64>>,
    }
    thread_local!(static KEPT: RefCell<Option<Gc<State>>> = const { RefCell::new(None) });
    for policy in BOTH {
        let heap = Heap::builder().policy(policy).build().unwrap();
        let state = heap.alloc(State { text: RefCell::new("x".repeat(100)), holder: Slot::empty() });
        let holder =
            heap.alloc(Holder { target: Slot::empty(), state: Slot::new(Some(state.clone())), weak: Slot::empty() });
        let target = heap.alloc(5);
        let keep = |_: &Gc<WeakRef<u64>>, state: Gc<State>| KEPT.set(Some(state));
        holder.weak.set(Some(heap.alloc_weak_with_state(&target, state.clone(), keep)));
        holder.target.set(Some(target));
        state.holder.set(Some(holder));
        drop(state);
        assert!(heap.collect() >= 2);
        assert!(KEPT.take().is_none(), "it would be a pointer to what is dropped: {:?}", heap.policy());
        assert_eq!((heap.objects(None).len(), heap.verify()), (0, vec![]));
    }
}

/// The drop of a value that is reclaimed keeps a weak reference that is reclaimed with it, and
/// drops it when the collection is over.
#[test]
fn a_weak_reference_that_is_kept_has_lost_its_state() {
    #[derive(Trace)]
    struct Node {
        #[trace(skip)]
        finds: Finds, // dropped first
        next: Slot<Node>,
        weak: Slot<WeakRef<u64>>,
    }
    struct Finds(gc_core::WeakHeap);
    impl Drop for Finds {
        fn drop(&mut self) {
            let Some(heap) = self.0.upgrade() else { return };
            let found = heap.objects(None).into_iter().filter(|object| object.downcast_ref::<WeakRef<u64>>().is_some());
            KEPT.with_borrow_mut(|kept| kept.extend(found));
        }
    }
    thread_local!(static KEPT: RefCell<Vec<GcAny>> = const { RefCell::new(Vec::new()) });
    for policy in BOTH {
        for nodes in 1..4 {
            let heap = Heap::builder().policy(policy).build().unwrap();
            let node = || heap.alloc(Node { next: Slot::empty(), weak: Slot::empty(), finds: Finds(heap.downgrade()) });
            let first = node();
            let target = heap.alloc(5);
            let weak = heap.alloc_weak_with_state(&target, first.clone(), |_, _| panic!("called"));
            let last = (1..nodes).fold(first.clone(), |last, _| {
                let node = node();
                last.next.set(Some(node.clone()));
                node
            });
            last.next.set(Some(first));
            last.weak.set(Some(weak));
            drop(last);
            assert!(heap.collect() >= nodes);
            assert_eq!((KEPT.with_borrow(Vec::is_empty), heap.verify()), (false, vec![]));
            KEPT.take();
            assert_eq!((heap.verify(), heap.collect(), heap.objects(None).len()), (vec![], 0, 0));
        }
    }
}

#[derive(Trace, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[trace(finalize)]
struct Key(u32);

thread_local! {
    static TREE: RefCell<BTreeMap<Gc<Key>, u32>> = RefCell::default();
    static TABLE: RefCell<HashMap<Gc<Key>, u32>> = RefCell::default();
    static SEEN: RefCell<Vec<usize>> = RefCell::default();
}

impl Finalize for Key {
    fn finalize(_: &Gc<Key>) {
        let entries = TREE.with_borrow(BTreeMap::len) + TABLE.with_borrow(HashMap::len);
        SEEN.with_borrow_mut(|seen| seen.push(entries));
    }
}

#[test]
fn a_key_that_a_map_does_not_need_is_released_after_the_borrow() {
    let heap = Heap::new();
    TREE.with(|map| {
        assert!(map.put(heap.alloc(Key(1)), 1));
        assert!(map.put(heap.alloc(Key(1)), 2));
        assert_eq!(map.borrow().values().copied().collect::<Vec<_>>(), [2]);
        assert!(map.discard(&heap.alloc(Key(1))));
    });
    TABLE.with(|map| {
        assert!(map.put(heap.alloc(Key(1)), 1));
        assert!(map.put(heap.alloc(Key(1)), 2));
        map.clear();
    });
    assert_eq!(SEEN.take(), [1, 0, 0, 1, 0]);
}
