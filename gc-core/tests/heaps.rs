//! Several heaps, their ends, and the memory they take and give back.

use gc_core::{
    ChunkSource, Finalize, FinalizerPolicy, Gc, GcAny, Heap, OutOfMemoryKind, Slot, SystemChunks, Trace,
    UnraisableKind, WeakRef,
};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;

const BOTH: [FinalizerPolicy; 2] = [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442];

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static SURVIVORS: RefCell<Vec<Gc<Node>>> = const { RefCell::new(Vec::new()) };
    static KEPT: RefCell<Option<Heap>> = const { RefCell::new(None) };
}

fn log(event: impl Into<String>) {
    LOG.with_borrow_mut(|log| log.push(event.into()));
}

/// What a source of chunks counts, and how many more it gives.
#[derive(Default)]
struct Account {
    chunks: Cell<usize>,
    bytes: Cell<usize>,
    left: Cell<Option<usize>>,
}

#[derive(Clone, Default)]
struct Counted(Rc<Account>);

// SAFETY: passes everything on to the default source.
unsafe impl ChunkSource for Counted {
    fn acquire(&self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let Account { chunks, bytes: all, left, .. } = &*self.0;
        if let Some(more) = left.get() {
            left.set(Some(more.checked_sub(1)?));
        }
        chunks.set(chunks.get() + 1);
        all.set(all.get() + bytes);
        SystemChunks.acquire(bytes, align)
    }
    unsafe fn release(&self, start: NonNull<u8>, bytes: usize, align: usize) {
        self.0.chunks.set(self.0.chunks.get() - 1);
        self.0.bytes.set(self.0.bytes.get() - bytes);
        // SAFETY: passed on.
        unsafe { SystemChunks.release(start, bytes, align) }
    }
}

fn counted(policy: FinalizerPolicy) -> (Heap, Counted) {
    LOG.take();
    let source = Counted::default();
    let builder = Heap::builder().policy(policy).thresholds([0, 0, 0]).chunk_source(source.clone());
    let builder = builder.on_unraisable(|event| log(format!("{:?} {}", event.kind, event.message)));
    (builder.build(), source)
}

impl Counted {
    /// The heap took memory, and has given all of it back.
    fn assert_closed(&self) {
        assert_eq!((self.0.chunks.get(), self.0.bytes.get()), (0, 0));
    }
}

/// May point into any heap.
#[derive(Trace)]
struct Node {
    next: Slot<Node>,
}

fn node(heap: &Heap) -> Gc<Node> {
    heap.alloc(Node { next: Slot::empty() })
}

#[derive(Trace)]
#[trace(finalize)]
struct Fin {
    name: &'static str,
    next: Slot<Fin>,
    node: Slot<Node>,
    #[trace(skip)]
    finalizer: fn(&Gc<Fin>),
}

impl Finalize for Fin {
    fn finalize(this: &Gc<Fin>) {
        log(format!("del {}", this.name));
        (this.finalizer)(this);
    }
}

fn fin(heap: &Heap, name: &'static str, finalizer: fn(&Gc<Fin>)) -> Gc<Fin> {
    heap.alloc(Fin { name, next: Slot::empty(), node: Slot::empty(), finalizer })
}

#[test]
fn a_pointer_into_another_heap() {
    for (policy, dropped_first) in BOTH.into_iter().flat_map(|policy| [(policy, 0), (policy, 1)]) {
        let ((one, account1), (two, account2)) = (counted(policy), counted(policy));
        let (from, to) = (node(&one), node(&two));
        from.next.set(Some(to.clone()));
        drop(to);
        assert_eq!((one.collect(), two.collect()), (0, 0), "held by the other heap, which is external");
        assert_eq!(two.objects(None).len(), 1);
        assert_eq!(one.edges(&Gc::as_any(&from)).len(), 1);
        // A collection of `one` frees the object and so the one in `two`.
        from.next.get().unwrap().next.set(Some(node(&two)));
        let mut heaps = vec![one, two];
        drop(heaps.remove(dropped_first));
        assert_eq!(Gc::count(&from.next.get().unwrap()), 2);
        drop(from);
        drop(heaps);
        account1.assert_closed();
        account2.assert_closed();
    }
}

#[test]
fn garbage_that_points_into_another_heap() {
    for policy in BOTH {
        let ((one, account1), (two, account2)) = (counted(policy), counted(policy));
        for linear in [false, true] {
            one.force_detector(Some(linear));
            let ring = node(&one);
            let inner = node(&one);
            inner.next.set(Some(node(&two)));
            ring.next.set(Some(ring.clone()));
            let both = fin(&one, "in one", |_| ());
            both.node.set(Some(inner));
            let weak = Gc::downgrade(&two.objects(None)[0].downcast::<Node>().unwrap());
            drop((ring, both));
            assert_eq!(one.collect(), 1);
            assert!(weak.upgrade().is_none());
            assert_eq!((one.objects(None).len(), two.objects(None).len()), (0, 0));
        }
        // On a cycle, with the edge into the other heap in its middle.
        let (a, b, far) = (fin(&one, "a", |_| ()), fin(&one, "b", |_| ()), fin(&two, "far", |_| log("far away")));
        a.next.set(Some(b.clone()));
        b.next.set(Some(a.clone()));
        a.node.set(Some(node(&two)));
        drop((a, b, far));
        LOG.take();
        assert_eq!(one.collect(), 2);
        if policy == FinalizerPolicy::Legacy {
            one.garbage().get(0).unwrap().downcast::<Fin>().unwrap().next.take();
            one.garbage().clear();
        }
        assert!(two.objects(None).is_empty());
        drop((one, two));
        account1.assert_closed();
        account2.assert_closed();
    }
}

/// A cycle across heaps leaks, whichever heap goes first; broken by hand, it is freed.
#[test]
fn a_cycle_across_heaps() {
    for policy in BOTH {
        for broken in [false, true] {
            let ((one, account1), (two, account2)) = (counted(policy), counted(policy));
            let (a, b) = (node(&one), node(&two));
            a.next.set(Some(b.clone()));
            b.next.set(Some(a.clone()));
            let weak = Gc::downgrade(&a);
            drop((a, b));
            assert_eq!((one.collect(), two.collect(), one.collect()), (0, 0, 0));
            drop(one);
            assert_eq!(two.collect(), 0);
            drop(two);
            let a = weak.upgrade().expect("leaked, not freed");
            assert!(Gc::ptr_eq(&a.next.get().unwrap().next.get().unwrap(), &a));
            if broken {
                a.next.take();
                drop(a);
                assert!(weak.upgrade().is_none());
                account1.assert_closed();
                account2.assert_closed();
            } else {
                drop(a);
                assert_eq!((account1.0.chunks.get(), account2.0.chunks.get()), (1, 1));
            }
        }
    }
}

/// A chain that changes the heap with each object: its depth is no depth of the stack,
/// however many heaps there are.
#[test]
fn a_chain_across_heaps() {
    for (policy, count) in BOTH.into_iter().flat_map(|policy| [1, 2, 3, 10, 100].map(|count| (policy, count))) {
        let all: Vec<_> = (0..count).map(|_| counted(policy)).collect();
        let mut head = node(&all[0].0);
        for n in 0..100_000 {
            let next = Slot::new(Some(head));
            head = all[n % count].0.alloc(Node { next });
        }
        drop(head);
        for (heap, account) in all {
            assert!(heap.objects(None).is_empty());
            drop(heap);
            account.assert_closed();
        }
    }
}

/// A managed weak reference of one heap to an object of another: its callback runs,
/// and it is not moved by the other heap's collection.
#[test]
fn a_managed_weak_reference_into_another_heap() {
    for policy in BOTH {
        let ((one, account1), (two, account2)) = (counted(policy), counted(policy));
        for by_collection in [false, true] {
            let target = node(&two);
            let weak: Gc<WeakRef<Node>> = one.alloc_weak_with(&target, |this| {
                log(format!("called, alive {}", this.upgrade().is_some()));
            });
            assert_eq!(Gc::as_any(&target).weak_refs(), [Gc::as_any(&weak)]);
            if by_collection {
                target.next.set(Some(target.clone()));
            }
            drop(target);
            assert_eq!(two.collect(), usize::from(by_collection));
            assert_eq!(LOG.take(), ["called, alive false"]);
            assert_eq!(Gc::as_any(&weak).generation().map(|generation| generation as u8), Some(0));
        }
        // The weak reference's heap may go first.
        let target = node(&two);
        let weak = one.alloc_weak_with(&target, |_| log("called"));
        drop(one);
        drop(target);
        assert_eq!(LOG.take(), ["called"]);
        drop(weak);
        account1.assert_closed();
        drop(two);
        account2.assert_closed();
    }
}

#[test]
fn heaps_on_several_threads() {
    let threads: Vec<_> = (0..4u32)
        .map(|seed| {
            std::thread::spawn(move || {
                let (heap, account) = counted(BOTH[seed as usize % 2]);
                heap.set_thresholds([100, 5, 5]);
                for _ in 0..2000 {
                    let (a, b) = (node(&heap), node(&heap));
                    a.next.set(Some(b.clone()));
                    b.next.set(Some(a.clone()));
                }
                heap.collect();
                let left = heap.objects(None).len();
                let collected: usize = heap.stats().iter().map(|stats| stats.collected).sum();
                drop(heap);
                account.assert_closed();
                (left, collected)
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), (0, 4000));
    }
}

#[test]
fn the_end_of_an_empty_heap() {
    for policy in BOTH {
        let (heap, account) = counted(policy);
        assert_eq!(account.0.chunks.get(), 0, "no memory before the first allocation");
        drop((heap.clone(), heap));
        account.assert_closed();
        assert!(LOG.take().is_empty());
    }
}

/// Live objects outlive the last handle, and work; the heap goes with the last one.
#[test]
fn the_end_over_live_objects() {
    for policy in BOTH {
        let (heap, account) = counted(policy);
        let object = fin(&heap, "held", |_| ());
        object.node.set(Some(node(&heap)));
        let (text, weak) = (heap.alloc_str("text"), Gc::downgrade_with(&object, || log("called")));
        drop(heap);
        assert_eq!((object.name, &*text, Gc::count(&object)), ("held", "text", 1));
        assert!(account.0.chunks.get() > 0 && LOG.take().is_empty());
        // A handle obtained again works, and its end is an end again.
        let heap = Gc::heap(&object);
        drop(fin(&heap, "again", |_| ()));
        assert_eq!((heap.collect(), heap.objects(None).len()), (0, 2));
        drop(heap);
        drop(object);
        let legacy = ["del again", "called", "del held"];
        let modern = ["del again", "del held", "called"];
        assert_eq!(LOG.take(), if policy == FinalizerPolicy::Legacy { legacy } else { modern });
        assert!(weak.upgrade().is_none() && account.0.chunks.get() > 0);
        drop(text);
        account.assert_closed();
    }
}

#[test]
fn the_end_over_garbage() {
    for policy in BOTH {
        let (heap, account) = counted(policy);
        let garbage = node(&heap);
        garbage.next.set(Some(garbage.clone()));
        let called = Gc::downgrade_with(&garbage, || log("called"));
        drop(garbage);
        drop(heap);
        assert_eq!(LOG.take(), ["called"]);
        account.assert_closed();
        drop(called);
    }
}

#[test]
fn the_end_over_garbage_with_finalizers() {
    for policy in BOTH {
        let (heap, account) = counted(policy);
        let a = fin(&heap, "a", |_| ());
        a.next.set(Some(fin(&heap, "b", |_| ())));
        a.next.get().unwrap().next.set(Some(a.clone()));
        drop(a);
        drop(heap);
        match policy {
            FinalizerPolicy::Legacy => {
                let kind = UnraisableKind::UncollectableAtExit;
                assert_eq!(LOG.take(), [format!("{kind:?} 2 uncollectable objects at shutdown")]);
                assert_eq!(account.0.chunks.get(), 1, "they leak, as at Python's exit");
            }
            FinalizerPolicy::Pep442 => {
                assert_eq!(LOG.take(), ["del a", "del b"]);
                account.assert_closed();
            }
        }
    }
}

/// A finalizer of the last collection gets a handle, and uses or keeps it.
#[test]
fn a_handle_obtained_again_in_the_last_collection() {
    for kept in [false, true] {
        let (heap, account) = counted(FinalizerPolicy::Pep442);
        let finalizer: fn(&Gc<Fin>) = if kept {
            |this| KEPT.set(Some(Gc::heap(this)))
        } else {
            |this| {
                let heap = Gc::heap(this);
                let young = node(&heap);
                young.next.set(Some(young.clone()));
                log(format!("collected {}", heap.collect()));
            }
        };
        let object = fin(&heap, "object", finalizer);
        object.next.set(Some(object.clone()));
        drop(object);
        drop(heap);
        if kept {
            assert_eq!(LOG.take(), ["del object"]);
            let heap = KEPT.take().unwrap();
            assert!(heap.objects(None).is_empty());
            drop(node(&heap));
        } else {
            assert_eq!(LOG.take(), ["del object", "collected 0"]);
        }
        drop(KEPT.take());
        // What the finalizer of the first last collection made needs a second one.
        if !kept {
            assert_eq!(account.0.chunks.get(), 0, "the heap was closed again by the finalizer's handle");
        }
        account.assert_closed();
    }
}

/// The last handle is dropped by a finalizer, which holds the last object.
#[test]
fn the_last_handle_dropped_in_a_finalizer() {
    for policy in BOTH {
        for resurrect in [false, true] {
            let (heap, account) = counted(policy);
            let finalizer: fn(&Gc<Fin>) = if resurrect {
                |this| {
                    SURVIVORS.with_borrow_mut(|all| all.extend(this.node.get()));
                    drop(KEPT.take());
                }
            } else {
                |_| drop(KEPT.take())
            };
            let object = fin(&heap, "object", finalizer);
            object.node.set(Some(node(&heap)));
            KEPT.set(Some(heap));
            drop(object);
            assert_eq!(LOG.take(), ["del object"]);
            let survivors = SURVIVORS.take();
            assert_eq!(account.0.chunks.get(), usize::from(resurrect));
            assert_eq!(survivors.len(), usize::from(resurrect));
            drop(survivors);
            account.assert_closed();
        }
    }
}

/// After everything is dropped all chunks are back, whatever the heap went through;
/// and doing it again takes no more than the first time.
#[test]
fn memory_goes_back() {
    fn churn(heap: &Heap, account: &Account) -> usize {
        let mut kept: Vec<GcAny> = Vec::new();
        for n in 0..30_000usize {
            let ring = node(heap);
            ring.next.set(Some(ring.clone()));
            if n % 10 == 0 {
                kept.push(heap.alloc([n; 20]).into());
                kept.push(heap.alloc_str(&"x".repeat(n % 3000)).into());
                kept.push(heap.alloc_slice(0..n % 500).into());
            }
            if n % 7000 == 0 {
                kept.push(heap.alloc_slice((0..1_000_000u32).map(|_| 0)).into());
                kept.push(heap.alloc_slice((0..n as u32 * 100).map(|_| 0)).into());
            }
        }
        account.bytes.get()
    }
    for policy in BOTH {
        let (heap, account) = counted(policy);
        heap.set_thresholds([700, 10, 10]);
        let first = churn(&heap, &account.0);
        assert!(first > 40 << 20, "{first}");
        heap.collect();
        assert!(heap.objects(None).is_empty());
        assert!(account.0.bytes.get() <= first / 2, "{} of {first}", account.0.bytes.get());
        let again = churn(&heap, &account.0);
        assert!(again <= first + (4 << 20), "{again} after {first}");
        heap.collect();
        drop(heap);
        account.assert_closed();
    }
}

/// A source that gives two chunks, then none, then again.
#[test]
fn a_source_that_fails() {
    #[derive(Trace)]
    struct Large {
        number: u32,
        _bytes: [u8; 60_000],
    }
    let large = |number| Large { number, _bytes: [0; 60_000] };
    for policy in BOTH {
        let (heap, account) = counted(policy);
        account.0.left.set(Some(2));
        let mut all = Vec::new();
        let error = loop {
            match heap.try_alloc(large(all.len() as u32)) {
                Ok(object) => all.push(object),
                Err(error) => break error,
            }
        };
        assert_eq!((error.kind, error.value.number), (OutOfMemoryKind::HeapSpace, all.len() as u32));
        assert!(all.len() >= 100 && error.requested == size_of::<Large>(), "{}", all.len());
        let text = error.to_string();
        let expected = format!("out of memory: heap space ({} bytes requested, {} in use)", 60_004, error.used);
        assert_eq!(text, expected);
        let panic = catch_unwind(AssertUnwindSafe(|| heap.alloc(large(0)))).map(|_| ()).unwrap_err();
        assert_eq!(*panic.downcast_ref::<String>().unwrap(), text);
        let slice = catch_unwind(AssertUnwindSafe(|| heap.alloc_slice((0..5_000_000u32).map(u64::from))));
        assert!(slice.is_err());
        // What needs no more memory works, collecting included.
        assert_eq!(heap.collect(), 0);
        assert!(all.iter().zip(0..).all(|(object, number)| object.number == number));
        // One dies: its place is there again.
        drop(all.pop());
        all.push(heap.try_alloc(large(1)).unwrap());
        assert!(heap.try_alloc(large(2)).is_err());
        // Garbage is collected before an allocation fails.
        let ring = heap.alloc(Node { next: Slot::empty() });
        ring.next.set(Some(ring.clone()));
        let collections = heap.stats()[2].collections;
        drop(ring);
        assert!(heap.try_alloc(large(2)).is_err());
        assert_eq!((heap.stats()[2].collections, heap.objects(None).len()), (collections + 1, 0));
        // Memory is there again.
        account.0.left.set(None);
        all.push(heap.alloc(large(3)));
        assert_eq!(all.last().unwrap().number, 3);
        drop((all, heap));
        account.assert_closed();
    }
}

/// A source that gives nothing at all.
#[test]
fn a_source_without_memory() {
    let (heap, account) = counted(FinalizerPolicy::Pep442);
    account.0.left.set(Some(0));
    let error = heap.try_alloc(String::from("back")).unwrap_err();
    assert_eq!((error.value.as_str(), error.used), ("back", 0));
    assert!(catch_unwind(AssertUnwindSafe(|| heap.alloc_str("x"))).is_err());
    assert_eq!(heap.collect(), 0);
    account.0.left.set(None);
    assert_eq!(&*heap.alloc_str("x"), "x");
}

/// A type of its own for each number, all of one size.
#[derive(Trace)]
struct Typed<const N: usize> {
    next: Slot<Typed<N>>,
    number: usize,
}

/// A type of its own for each size.
#[derive(Trace)]
struct Wide<const N: usize> {
    next: Slot<Wide<N>>,
    bytes: [u8; N],
}

/// One object each of 64 neighbouring types from `n * 64` on.
macro_rules! types {
    ($make:ident, $kept:expr; $($n:literal)*) => {$(
        types!(@8 $make, $kept, $n * 64, 0 8 16 24 32 40 48 56);
    )*};
    (@8 $make:ident, $kept:expr, $from:expr, $($step:literal)*) => {$(
        types!(@1 $make, $kept, $from + $step, 0 1 2 3 4 5 6 7);
    )*};
    (@1 $make:ident, $kept:expr, $from:expr, $($step:literal)*) => {$(
        $kept.push($make!($from + $step));
    )*};
}

/// Bytes that the heap says its blocks in use have.
fn bytes_in_use(heap: &Heap) -> usize {
    let text = format!("{heap:?}");
    let bytes = text.split("bytes: ").nth(1).unwrap();
    bytes.split([',', ' ']).next().unwrap().parse().unwrap()
}

/// 1,024 types, an object each, take no more than 16 MiB of blocks.
#[test]
fn many_types_with_one_object_each() {
    let (heap, account) = counted(FinalizerPolicy::Pep442);
    let mut kept: Vec<GcAny> = Vec::new();
    macro_rules! typed {
        ($n:expr) => {{
            let object = heap.alloc(Typed::<{ $n }> { next: Slot::empty(), number: $n });
            object.next.set(Some(object.clone()));
            GcAny::from(object)
        }};
    }
    types!(typed, kept; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    assert_eq!((kept.len(), heap.objects(None).len()), (1024, 1024));
    let types: std::collections::HashSet<String> = kept.iter().map(GcAny::type_name).collect();
    assert_eq!(types.len(), 1024);
    assert_eq!(kept[500].downcast::<Typed<500>>().unwrap().number, 500);
    assert!(kept[500].downcast::<Typed<501>>().is_none());
    let bytes = bytes_in_use(&heap);
    assert!(bytes <= 16 << 20, "{} KiB", bytes >> 10);
    drop(kept);
    assert_eq!(heap.collect(), 1024);
    drop(heap);
    account.assert_closed();
}

/// Types of many sizes: a block of 64 KiB each at most.
#[test]
fn types_of_many_sizes_with_one_object_each() {
    let (heap, account) = counted(FinalizerPolicy::Pep442);
    let mut kept: Vec<GcAny> = Vec::new();
    macro_rules! wide {
        ($n:expr) => {{
            let object = heap.alloc(Wide::<{ 16 * ($n) }> { next: Slot::empty(), bytes: [$n; 16 * ($n)] });
            object.next.set(Some(object.clone()));
            GcAny::from(object)
        }};
    }
    types!(wide, kept; 0);
    assert_eq!(kept[63].downcast::<Wide<1008>>().unwrap().bytes, [63; 1008]);
    let bytes = bytes_in_use(&heap);
    assert!(bytes <= 64 * (64 << 10), "{} KiB for 64 types", bytes >> 10);
    drop(kept);
    assert_eq!(heap.collect(), 64);
    drop(heap);
    account.assert_closed();
}
