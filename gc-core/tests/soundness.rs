//! Attacks on the edges of the crate by safe code: what the derive and the macros expand to,
//! what the library reads of values, where user values are dropped, and how deep the stack gets.
//! (What must not compile is in `compile_fail`.)

#![forbid(unsafe_code)]

use gc_core::{
    DebugFlags, DynTrace, Finalize, FinalizerPolicy, Gc, Heap, HookId, ReleaseAfter, Slot, Trace, Visitor, WeakRef,
    gc_cast, trace_object,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

const BOTH: [FinalizerPolicy; 2] = [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442];

/// Two objects on a cycle share a slot that points to a third. Returns what a collection does.
fn share_and_collect<N: Trace>(
    node: impl Fn(&Heap, &str, &Rc<Slot<N>>) -> Gc<N>,
    next: impl Fn(&N) -> &Slot<N>,
    name: impl Fn(&N) -> String,
) {
    let heap = Heap::new();
    let none = || Rc::new(Slot::empty());
    let shared = none();
    let victim = node(&heap, "victim", &none());
    shared.set(Some(victim.clone()));
    let (a, b) = (node(&heap, "a", &shared), node(&heap, "b", &shared));
    next(&a).set(Some(b.clone()));
    next(&b).set(Some(a.clone()));
    drop((a, b));
    assert_eq!(Gc::count(&victim), 2);
    assert_eq!(heap.collect(), 2);
    let _others: Vec<Gc<N>> = (0..100).map(|_| node(&heap, "other", &none())).collect();
    assert_eq!(name(&victim), "victim");
    assert_eq!(heap.verify(), []);
}

/// The derive's own type parameter must not change what the type of a field means.
#[test]
fn a_type_named_as_the_derives_parameter_means_itself() {
    trait Pick {
        type Out;
    }
    #[allow(non_camel_case_types)]
    struct __V;
    impl Pick for __V {
        type Out = Rc<Slot<Node>>;
    }
    impl<V: Visitor> Pick for V {
        type Out = Slot<Node>;
    }
    #[derive(Trace)]
    struct Node {
        name: String,
        next: Slot<Node>,
        shared: <__V as Pick>::Out,
    }
    share_and_collect(
        |heap, name, shared| heap.alloc(Node { name: name.into(), next: Slot::empty(), shared: shared.clone() }),
        |node| &node.next,
        |node| node.name.clone(),
    );
}

/// The derive has read `Slot<Node>`; the field is an `Rc<Slot<Node>>`.
#[test]
fn an_attribute_that_changes_a_field_after_the_derive_changes_how_it_is_traced() {
    #[derive(Trace)]
    #[gc_core_test_attribute::share]
    struct Node {
        name: String,
        next: Slot<Node>,
        shared: Slot<Node>,
    }
    share_and_collect(
        |heap, name, shared| heap.alloc(Node { name: name.into(), next: Slot::empty(), shared: shared.clone() }),
        |node| &node.next,
        |node| node.name.clone(),
    );
}

/// Items of any name beside the type, and parameters called as the derive's own.
#[test]
fn names_beside_the_type_do_not_matter() {
    #![allow(non_camel_case_types, non_upper_case_globals, dead_code)]
    mod core {}
    mod gc_core {}
    struct visitor;
    static walk: u8 = 0;
    const list: u8 = 0;
    #[derive(Trace)]
    struct Holder<__V: Trace, __V_: 'static> {
        held: __V,
        #[trace(skip)]
        other: __V_,
        next: Slot<Holder<__V, __V_>>,
    }
    let heap = Heap::new();
    let holder = heap.alloc(Holder { held: 1, other: "x", next: Slot::empty() });
    holder.next.set(Some(holder.clone()));
    drop(holder);
    assert_eq!(heap.collect(), 1);
}

/// gc-core under another path, and a facade that is named by `crate = ..`.
#[test]
fn the_derive_finds_the_crate_where_it_is_told_to() {
    mod facade {
        pub use gc_core::*;
    }
    #[derive(Trace)]
    #[trace(crate = facade, finalize)]
    struct Node<T> {
        value: T,
        next: facade::Slot<Node<T>>,
        #[trace(skip)]
        skipped: Option<fn()>,
    }
    impl<T: facade::Trace> facade::Finalize for Node<T> {
        fn finalize(this: &Gc<Node<T>>) {
            assert!(this.next.is_some() && this.skipped.is_none());
        }
    }
    let heap = Heap::new();
    let node = heap.alloc(Node { value: 1, next: Slot::empty(), skipped: None });
    node.next.set(Some(node.clone()));
    assert_eq!(node.value, 1);
    drop(node);
    assert_eq!(heap.collect(), 1);
}

#[test]
fn trait_objects_of_all_forms_are_traced() {
    trait Shape<T>: DynTrace {
        type Out;
        fn slot(&self) -> &Slot<dyn Shape<T, Out = u8>>;
    }
    trace_object!(dyn Shape<u32, Out = u8>);
    trait Plain: DynTrace {}
    trace_object!(dyn Plain + Send);

    #[derive(Trace)]
    struct Square(Slot<dyn Shape<u32, Out = u8>>, Option<Box<dyn Plain + Send>>);
    impl Shape<u32> for Square {
        type Out = u8;
        fn slot(&self) -> &Slot<dyn Shape<u32, Out = u8>> {
            &self.0
        }
    }
    #[derive(Trace)]
    struct Nothing;
    impl Plain for Nothing {}

    let heap = Heap::new();
    let square = heap.alloc(Square(Slot::empty(), Some(Box::new(Nothing))));
    let shape: Gc<dyn Shape<u32, Out = u8>> = gc_cast!(square => dyn Shape<u32, Out = u8>);
    shape.slot().set(Some(shape.clone()));
    drop(shape);
    assert_eq!(heap.collect(), 1);
}

/// Another thread writes to skipped fields while the verifier looks. (For ThreadSanitizer.)
#[test]
fn the_verifier_reads_nothing_that_another_thread_may_write() {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    #[derive(Trace)]
    struct Node {
        next: Slot<Node>,
        #[trace(skip)]
        hits: AtomicUsize,
        #[trace(skip)]
        data: Mutex<[usize; 4]>,
    }
    let heap = Heap::new();
    let node = heap.alloc(Node { next: Slot::empty(), hits: AtomicUsize::new(0), data: Mutex::new([0; 4]) });
    let other = heap.alloc(Node { next: Slot::empty(), hits: AtomicUsize::new(0), data: Mutex::new([0; 4]) });
    let (hits, data, address) = (&node.hits, &node.data, Gc::as_ptr(&other).addr());
    let stop = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                hits.store(address, Ordering::Relaxed);
                data.lock().unwrap()[1] = address;
            }
        });
        for _ in 0..200 {
            assert_eq!(heap.verify(), []);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(node.next.is_none());
}

/// A skipped cell is mutably borrowed while the verifier looks. (For Miri, and the optimiser.)
#[test]
fn the_verifier_reads_nothing_that_is_borrowed() {
    #[derive(Trace)]
    struct Node {
        next: Slot<Node>,
        #[trace(skip)]
        cell: RefCell<usize>,
    }
    #[inline(never)]
    fn with(number: &mut usize, address: usize, heap: &Heap) -> usize {
        *number = address;
        let problems = heap.verify().len();
        *number = 0;
        problems
    }
    let heap = Heap::new();
    let node = || heap.alloc(Node { next: Slot::empty(), cell: RefCell::new(0) });
    let (one, other) = (node(), node());
    assert_eq!(with(&mut one.cell.borrow_mut(), Gc::as_ptr(&other).addr(), &heap), 0);
    assert!(one.next.is_none() && *one.cell.borrow() == 0);
}

#[derive(Trace)]
struct Plain(Slot<Plain>);

fn garbage(heap: &Heap) {
    let node = heap.alloc(Plain(Slot::empty()));
    node.0.set(Some(node.clone()));
}

/// Slots in use, those without an object included.
fn slots(heap: &Heap) -> usize {
    let text = format!("{heap:?}");
    text.split_once("objects: ").unwrap().1.split_once(',').unwrap().0.parse().unwrap()
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
            assert_eq!(slots(&heap), 0, "no slot is lost");
            let weak = heap.downgrade();
            drop(heap);
            assert!(weak.upgrade().is_none(), "the heap is gone");
            kinds += 1;
        };
        check(
            &|heap| {
                let (id, hook) = removes_itself(Bomb);
                id.set(Some(heap.add_callback(move |heap, _, _| hook(heap))));
            },
            false,
        );
        check(
            &|heap| {
                let (id, hook) = removes_itself(Bomb);
                id.set(Some(heap.set_log(move |heap, _| hook(heap))));
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
                heap.set_log(move |heap, _| {
                    let _ = &bomb;
                    heap.set_log(|_, _| ());
                });
            },
            false,
        );
        check(
            &|heap| {
                let bomb = Bomb;
                heap.add_callback(move |_, _, _| {
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
                heap.add_callback(|_, _, _| panic!("tell"));
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
    heap.set_log(move |_, _| {
        let _ = &bomb;
    });
    let id = heap.set_log(|_, _| ());
    assert_eq!(told.get(), 1);
    assert!(heap.remove_hook(id) && !heap.remove_hook(id));
    let bomb = Bomb;
    let id = heap.add_callback(move |_, _, _| {
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
        heap.add_callback(move |heap, _, _| {
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

#[derive(Trace)]
#[trace(finalize)]
struct Link(Slot<Link>, #[trace(skip)] Dropped);

/// Its drop is code that the heap does not know.
struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}

thread_local!(static DROPPED: Cell<usize> = const { Cell::new(0) });

impl Finalize for Link {
    fn finalize(_: &Gc<Link>) {}
}

#[derive(Trace)]
struct Light(Slot<Light>);

fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let size = if cfg!(gc_asan) { 2 << 20 } else { 512 << 10 };
    std::thread::Builder::new().stack_size(size).spawn(run).unwrap().join().unwrap();
}

/// A chain that visits many heaps, again and again.
#[test]
fn a_chain_through_many_heaps_needs_no_more_stack_than_one_heaps() {
    for policy in BOTH {
        on_a_small_stack(move || {
            let heap = || Heap::builder().policy(policy).build().unwrap();
            let heaps: Vec<Heap> = (0..300).map(|_| heap()).collect();
            let (mut last, mut light) = (None, None);
            for at in 0..3000 {
                // The order is another one each time.
                let heap = &heaps[at * 7 % 300];
                last = Some(heap.alloc(Link(Slot::new(last.take()), Dropped)));
                light = Some(heap.alloc(Light(Slot::new(light.take()))));
            }
            drop(last);
            assert_eq!(DROPPED.replace(0), 3000, "all are gone when the drop returns");
            drop(light);
            for heap in &heaps {
                assert_eq!((heap.objects(None).len(), heap.verify()), (0, vec![]));
            }
            let weak: Vec<gc_core::WeakHeap> = heaps.iter().map(Heap::downgrade).collect();
            drop(heaps);
            assert!(weak.iter().all(|it| it.upgrade().is_none()), "no heap is kept");
        });
    }
}

/// The heaps' handles are gone already: each heap goes with its last object, in the middle of
/// the release of the chain.
#[test]
fn heaps_that_go_while_a_chain_through_them_is_released() {
    on_a_small_stack(|| {
        let heaps: Vec<Heap> = (0..500).map(|_| Heap::new()).collect();
        let weak: Vec<gc_core::WeakHeap> = heaps.iter().map(Heap::downgrade).collect();
        let mut last = None;
        for at in 0..2000 {
            last = Some(heaps[at % 500].alloc(Link(Slot::new(last.take()), Dropped)));
        }
        drop(heaps);
        assert!(weak.iter().all(|it| it.upgrade().is_some()));
        drop(last);
        assert_eq!(DROPPED.replace(0), 2000);
        assert!(weak.iter().all(|it| it.upgrade().is_none()));
    });
}

/// Collections in finalizers, of the other heap, while its chain is released.
#[test]
fn collections_inside_of_a_chain_through_heaps() {
    #[derive(Trace)]
    #[trace(finalize)]
    struct Collects(Slot<Collects>, u32);
    impl Finalize for Collects {
        fn finalize(this: &Gc<Collects>) {
            if this.1.is_multiple_of(50) {
                Gc::heap(this).collect();
                let other = this.0.get().map(|next| Gc::heap(&next));
                other.into_iter().for_each(|heap| assert_eq!(heap.collect(), 0));
            }
        }
    }
    let run = || {
        let heaps: Vec<Heap> = (0..40).map(|_| Heap::new()).collect();
        let mut last = None;
        for at in 0..4000 {
            last = Some(heaps[at % 40].alloc(Collects(Slot::new(last.take()), at as u32)));
        }
        drop(last);
        for heap in &heaps {
            assert_eq!((heap.objects(None).len(), heap.verify()), (0, vec![]));
        }
    };
    std::thread::Builder::new().stack_size(8 << 20).spawn(run).unwrap().join().unwrap();
}

/// The drop of each object collects another heap, whose garbage owns the object of the next heap:
/// a bounded number of collections is inside of each other.
#[test]
fn collections_of_many_heaps_inside_of_each_other() {
    struct Collects(Heap, RefCell<Option<Gc<Owner>>>);
    impl Drop for Collects {
        fn drop(&mut self) {
            let cycle = self.0.alloc(Owner { me: Slot::empty(), owned: self.1.take(), drop: None });
            cycle.me.set(Some(cycle.clone()));
            drop(cycle);
            self.0.collect();
            DROPPED.set(DROPPED.get() + 1);
        }
    }
    #[derive(Trace)]
    struct Owner {
        me: Slot<Owner>,
        #[trace(skip)]
        owned: Option<Gc<Owner>>,
        #[trace(skip)]
        drop: Option<Collects>,
    }
    on_a_small_stack(|| {
        let heaps: Vec<Heap> = (0..300).map(|_| Heap::new()).collect();
        let mut last = None;
        for at in 0..2000 {
            let collects = Collects(heaps[(at + 1) % 300].clone(), RefCell::new(last.take()));
            last = Some(heaps[at % 300].alloc(Owner { me: Slot::empty(), owned: None, drop: Some(collects) }));
        }
        drop(last);
        // What a collection inside of too many did not find, a later one does.
        while DROPPED.get() < 2000 {
            assert_ne!(heaps.iter().map(Heap::collect).sum::<usize>(), 0);
        }
        while heaps.iter().map(Heap::collect).sum::<usize>() != 0 {}
        assert!(heaps.iter().all(|heap| heap.objects(None).is_empty() && heap.verify().is_empty()));
        DROPPED.set(0);
    });
}

/// The garbage of each heap owns the last handle of the next one, whose last collection it is
/// that finds the garbage there.
#[test]
fn the_last_handles_of_many_heaps_inside_of_each_other() {
    #[derive(Trace)]
    struct Owner(Slot<Owner>, #[trace(skip)] Option<Heap>, #[trace(skip)] CountsDrops);
    struct CountsDrops;
    impl Drop for CountsDrops {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
        }
    }
    for count in [10, 17, 1000] {
        on_a_small_stack(move || {
            let (mut inner, mut weak): (Option<Heap>, Vec<gc_core::WeakHeap>) = (None, Vec::new());
            for _ in 0..count {
                let heap = Heap::new();
                let cycle = heap.alloc(Owner(Slot::empty(), inner.take(), CountsDrops));
                cycle.0.set(Some(cycle.clone()));
                weak.push(heap.downgrade());
                inner = Some(heap);
            }
            drop(inner);
            assert_eq!(DROPPED.replace(0), count, "all are gone when the drop returns");
            assert!(weak.iter().all(|it| it.upgrade().is_none()), "no heap is kept");
        });
    }
}

/// The thread's first heap is not counted in the bound: it ends where there is no room for another.
#[test]
fn the_first_heap_ends_where_no_other_may_collect() {
    #[derive(Trace)]
    struct Owner(Slot<Owner>, #[trace(skip)] Vec<Heap>);
    fn with_garbage(heap: Heap, owned: Vec<Heap>) -> Heap {
        let cycle = heap.alloc(Owner(Slot::empty(), owned));
        cycle.0.set(Some(cycle.clone()));
        heap
    }
    for depth in [15, 16, 17, 18, 60] {
        on_a_small_stack(move || {
            let first = with_garbage(Heap::new(), Vec::new());
            let mut owned = vec![with_garbage(Heap::new(), Vec::new()), first];
            let mut weak: Vec<gc_core::WeakHeap> = owned.iter().map(Heap::downgrade).collect();
            for _ in 1..depth {
                let heap = with_garbage(Heap::new(), std::mem::take(&mut owned));
                weak.push(heap.downgrade());
                owned.push(heap);
            }
            drop(owned);
            assert!(weak.iter().all(|it| it.upgrade().is_none()), "no heap is kept at depth {depth}");
        });
    }
}

/// A heap that waits for its end gets a handle again, and in a release of it, the outermost one,
/// the thread's first heap collects.
#[test]
fn a_heap_that_waits_for_its_end_is_used_again() {
    #[derive(Default)]
    struct State {
        first: Option<Heap>,
        others: Vec<Heap>,
        again: Option<Heap>,
        dropped_at_once: usize,
    }
    thread_local!(static STATE: RefCell<State> = RefCell::default());
    #[derive(Trace)]
    #[trace(finalize)]
    struct Deeper(Slot<Deeper>);
    impl Finalize for Deeper {
        fn finalize(_: &Gc<Deeper>) {
            deeper();
        }
    }
    struct CollectsFirst;
    impl Drop for CollectsFirst {
        fn drop(&mut self) {
            let first = STATE.with_borrow(|state| state.first.clone()).unwrap();
            drop(first.alloc(Slot::<u8>::empty()));
            first.collect();
        }
    }
    #[derive(Trace)]
    struct Value(#[trace(skip)] CollectsFirst);
    fn deeper() {
        let Some(heap) = STATE.with_borrow_mut(|state| state.others.pop()) else { return };
        let cycle = heap.alloc(Deeper(Slot::empty()));
        cycle.0.set(Some(cycle.clone()));
        drop(cycle);
        if STATE.with_borrow(|state| !state.others.is_empty()) {
            heap.collect();
            return;
        }
        let weak = heap.downgrade();
        drop(heap);
        let again = weak.upgrade().unwrap();
        drop(again.alloc(Value(CollectsFirst)));
        let mut last = None;
        for _ in 0..100 {
            last = Some(again.alloc(Link(Slot::new(last.take()), Dropped)));
        }
        on_a_deep_stack(60, &RefCell::new(last));
        STATE.with_borrow_mut(|state| {
            state.again = Some(again);
            state.dropped_at_once = DROPPED.replace(0);
        });
    }
    fn on_a_deep_stack(frames: u8, last: &RefCell<Option<Gc<Link>>>) {
        let frame = std::hint::black_box([frames; 4096]);
        if frames == 0 {
            drop(last.take())
        } else {
            on_a_deep_stack(frames - 1, last)
        }
        std::hint::black_box(&frame);
    }
    let run = || {
        STATE.with_borrow_mut(|state| {
            state.first = Some(Heap::new());
            state.others = (0..17).map(|_| Heap::new()).collect();
        });
        deeper();
        let dropped = STATE.with_borrow(|state| state.dropped_at_once);
        assert_eq!(dropped, 100, "all are gone when the drop returns");
        let again = STATE.with_borrow_mut(|state| state.again.take()).unwrap();
        let weak = again.downgrade();
        assert_eq!(again.verify(), []);
        drop(again);
        assert!(weak.upgrade().is_none());
        STATE.take();
    };
    std::thread::Builder::new().stack_size(8 << 20).spawn(run).unwrap().join().unwrap();
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

#[test]
fn an_id_of_a_hook_names_nothing_in_another_heap() {
    let (one, other) = (Heap::new(), Heap::new());
    let (id, _) = (one.add_callback(|_, _, _| ()), other.add_callback(|_, _, _| ()));
    assert!(!other.remove_hook(id));
    assert!(one.remove_hook(id));
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

/// As many elements as there are numbers, in no memory at all.
#[test]
fn elements_without_a_size_are_not_looked_at_one_by_one() {
    #[derive(Trace)]
    struct Node {
        units: Vec<()>,
        next: Slot<Node>,
    }
    let heap = Heap::new();
    let units: Gc<[()]> = gc_cast!(heap.alloc([(); usize::MAX]) => [()]);
    assert_eq!((units.len(), Gc::as_any(&units).referents().len()), (usize::MAX, 0));
    let node = heap.alloc(Node { units: Vec::from([(); usize::MAX]), next: Slot::empty() });
    node.next.set(Some(node.clone()));
    assert_eq!(node.units.len(), usize::MAX);
    assert_eq!(heap.snapshot().len(), 2);
    drop((node, units));
    assert_eq!((heap.collect(), heap.verify()), (1, vec![]));
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
    assert_eq!((slots(&heap), heap.verify()), (0, vec![]));
}
