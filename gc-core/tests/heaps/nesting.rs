//! Attacks on the edges of the crate by safe code: many heaps of one thread, whose releases and
//! collections are inside of each other.

#![forbid(unsafe_code)]

use gc_core::hooks::Phase;
use gc_core::{Budget, Finalize, FinalizerPolicy, Gc, Heap, Progress, Slot, Trace};
use std::cell::{Cell, RefCell};
use std::time::Duration;

const BOTH: [FinalizerPolicy; 2] = [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442];

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
/// the thread's first heap collects, and another one gives an incremental collection up.
#[test]
fn a_heap_that_waits_for_its_end_is_used_again() {
    #[derive(Default)]
    struct State {
        first: Option<Heap>,
        sliced: Option<Heap>,
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
            let sliced = STATE.with_borrow(|state| state.sliced.clone()).unwrap();
            sliced.freeze();
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
    fn with_an_open_collection() -> Heap {
        let heap = Heap::new();
        let all: Vec<_> = (0..5000).map(|_| heap.alloc(Deeper(Slot::empty()))).collect();
        all.iter().for_each(|one| one.0.set(Some(one.clone())));
        drop(all);
        heap.step(Duration::ZERO);
        heap
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
            state.sliced = Some(with_an_open_collection());
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

/// Each heap has a hook that captured the last handle of the next one, or its last object.
#[test]
fn heaps_that_hooks_of_each_other_keep() {
    on_a_small_stack(|| {
        let mut last: Option<Heap> = None;
        let mut weak = Vec::new();
        for _ in 0..3000 {
            let (heap, next) = (Heap::new(), last.take());
            weak.push(heap.downgrade());
            heap.on_collection(move |_, _, _| assert!(next.is_some()));
            last = Some(heap);
        }
        drop(last);
        assert!(weak.iter().all(|heap| heap.upgrade().is_none()));
        let mut last: Option<Gc<u64>> = None;
        weak.clear();
        for number in 0..3000 {
            let (heap, next) = (Heap::new(), last.take());
            weak.push(heap.downgrade());
            heap.on_unraisable(move |_, _| assert!(next.is_some()));
            last = Some(heap.alloc(number));
        }
        drop(last);
        assert!(weak.iter().all(|heap| heap.upgrade().is_none()));
    });
}

/// The callback of each heap, which is told that its incremental collection ended, ends the one of
/// the next heap.
#[test]
fn incremental_collections_given_up_inside_of_each_other() {
    on_a_small_stack(|| {
        let heaps: Vec<Heap> = (0..1000).map(|_| Heap::new()).collect();
        for (heap, next) in heaps.iter().zip(heaps.iter().skip(1).map(Some).chain([None])) {
            for _ in 0..50 {
                let cycle = heap.alloc(Light(Slot::empty()));
                cycle.0.set(Some(cycle.clone()));
            }
            assert_eq!(heap.step(Budget::Objects(1)), Progress::Open);
            let next = next.map(Heap::downgrade);
            heap.on_collection(move |_, phase, _| {
                let next = next.as_ref().and_then(gc_core::WeakHeap::upgrade);
                next.filter(|_| phase == Phase::Stop).inspect(Heap::unfreeze);
            });
        }
        heaps[0].unfreeze();
        let stepping = heaps.iter().filter(|heap| heap.is_stepping()).count();
        assert!(stepping > 900, "so deep and no deeper: {stepping}");
        assert!(heaps.iter().all(|heap| heap.collect() == 50 && heap.verify().is_empty()));
    });
}
