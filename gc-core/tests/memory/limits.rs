//! Memory limits: what counts, what comes back as an error, and that nothing is lost by it.

use crate::support::chunks::counted;
use crate::support::node::{Node, looped, node};
use crate::support::{BOTH, logged, slots_in_use};
use gc_core::{Budget, BuildError, Finalize, FinalizerPolicy, Gc, Heap, OutOfMemoryKind, Pace, Progress, Slot, Trace};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

const MIB: usize = 1 << 20;

fn limited(policy: FinalizerPolicy, max: usize) -> Heap {
    logged();
    Heap::builder().policy(policy).max(max).build().unwrap()
}

/// Allocates values until there is no room; all of them.
fn fill<T: Trace>(heap: &Heap, mut make: impl FnMut() -> T) -> (Vec<Gc<T>>, OutOfMemoryKind) {
    let mut held = Vec::new();
    loop {
        match heap.try_alloc(make()) {
            Ok(object) => held.push(object),
            Err(error) => return (held, error.kind),
        }
    }
}

#[test]
fn settings_that_cannot_be_are_refused_with_the_reason() {
    let refused = |initial, max| Heap::builder().initial(initial).max(max).build().unwrap_err();
    let error = refused(64 * MIB, 16 * MIB);
    assert_eq!(error, BuildError::InitialAboveMax { initial: 64 * MIB, max: 16 * MIB });
    assert_eq!(error.to_string(), "initial heap size (64 MiB) is larger than the maximum heap size (16 MiB)");
    let error = refused(0, 1000);
    assert_eq!(error.to_string(), "maximum heap size (1000 bytes) is too small: the least is 256 KiB");
    let error = refused(0, 0);
    assert!(matches!(error, BuildError::MaxTooSmall { max: 0, .. }));

    let (_, source) = counted(FinalizerPolicy::Pep442);
    source.limit(Some(2));
    let error = Heap::builder().initial(12 * MIB).chunk_source(source.clone()).build().unwrap_err();
    assert_eq!(error.to_string(), "could not reserve the initial heap size (12 MiB)");
    source.assert_closed();
}

#[test]
fn the_initial_size_is_taken_at_once_and_kept() {
    let (_, source) = counted(FinalizerPolicy::Pep442);
    let heap = Heap::builder().initial(10 * MIB).chunk_source(source.clone()).build().unwrap();
    assert_eq!(source.bytes(), 12 * MIB);
    let held: Vec<Gc<[u64; 100]>> = (0..50_000).map(|_| heap.alloc([0; 100])).collect();
    assert!(source.bytes() > 30 * MIB);
    drop(held);
    heap.trim();
    assert_eq!(source.bytes(), 12 * MIB);
    drop(heap);
    source.assert_closed();
}

#[test]
fn the_least_limit_leaves_room_for_objects() {
    for policy in BOTH {
        let heap = limited(policy, 256 << 10);
        let (held, kind) = fill(&heap, Node::default);
        assert!(held.len() > 1000, "{}", held.len());
        assert_eq!(kind, OutOfMemoryKind::HeapSpace);
    }
}

#[test]
fn ten_thousand_errors_in_a_row_lose_nothing() {
    for policy in BOTH {
        for pace in [Pace::StopTheWorld, Pace::Incremental { budget: Duration::from_micros(100) }] {
            let heap = limited(policy, 2 * MIB);
            heap.set_pace(pace);
            let (mut held, _) = fill(&heap, Node::default);
            let full = held.len();
            let (rows, _) = fill(&heap, || [0u64; 40]); // has room in a block of its own
            for (number, at) in (0..10_000u64).zip((0..full).cycle()) {
                let error = heap.try_alloc([number; 40]).unwrap_err();
                assert_eq!(error.value, [number; 40]);
                assert!(error.kind == OutOfMemoryKind::HeapSpace && error.max == Some(2 * MIB));
                assert!(error.used <= 2 * MIB && error.requested == 320);
                // The heap lives on: pointers come and go.
                held[at].next.set(Some(held[(at * 7 + 3) % full].clone()));
            }
            assert_eq!(slots_in_use(&heap), full + rows.len());
            held.iter().for_each(|node| drop(node.next.take()));
            assert!(held.iter().all(|node| Gc::strong_count(node) == 1));
            held.truncate(full / 2);
            heap.collect();
            let (more, _) = fill(&heap, Node::default);
            assert!(more.len() + held.len() + 100 >= full, "{} and {}, of {full}", more.len(), held.len());
        }
    }
}

#[test]
fn garbage_goes_before_an_allocation_fails() {
    for policy in BOTH {
        let heap = limited(policy, MIB);
        heap.disable();
        for _ in 0..200_000 {
            drop(looped(&heap));
        }
        assert!(heap.stats()[2].collections >= 3);
        // Also what an incremental collection is at, or has yet to release.
        for _ in 0..200_000 {
            drop(looped(&heap));
            heap.step(Budget::Objects(1));
        }
    }
}

#[test]
fn a_value_larger_than_the_limit_is_told_apart() {
    let heap = limited(FinalizerPolicy::Pep442, MIB);
    let error = heap.try_alloc_slice(vec![7u8; 2 * MIB]).unwrap_err();
    assert_eq!((error.kind, error.value.len(), error.value[5]), (OutOfMemoryKind::RequestTooLarge, 2 * MIB, 7));
    assert_eq!(
        error.to_string(),
        "out of memory: requested size exceeds the heap limit (2097152 bytes requested; heap 0, owned 0, external 0, limit 1048576, of which 65536 are a reserve)"
    );
    assert_eq!(heap.stats()[2].collections, 0, "no collection could help");
    let error = heap.try_alloc_str(&"x".repeat(2 * MIB)).unwrap_err();
    assert_eq!(error.kind, OutOfMemoryKind::RequestTooLarge);
}

#[test]
fn alloc_panics_with_the_text_of_the_error() {
    let heap = limited(FinalizerPolicy::Pep442, MIB);
    let (_held, _) = fill(&heap, || [0u64; 64]);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| heap.alloc([0u64; 64]))).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.starts_with("out of memory: heap space (512 bytes requested; "), "{text}");
    assert!(text.ends_with(", limit 1048576, of which 65536 are a reserve)"), "{text}");
}

#[derive(Trace)]
#[trace(finalize)]
struct LastWish {
    this: Slot<LastWish>,
    heap: RefCell<Option<Untraced>>,
}

#[derive(Trace)]
struct Untraced(#[trace(skip)] Heap);

thread_local!(static WISHES: Cell<(usize, usize)> = const { Cell::new((0, 0)) });

impl Finalize for LastWish {
    fn finalize(this: &Gc<Self>) {
        let heap = this.heap.borrow_mut().take().unwrap();
        let (granted, refused) = WISHES.get();
        // A kind of object of which there are none: it needs a block.
        match heap.0.try_alloc([0u64; 900]) {
            Ok(_) => WISHES.set((granted + 1, refused)),
            Err(_) => WISHES.set((granted, refused + 1)),
        }
    }
}

#[test]
fn finalizers_of_the_last_collection_may_use_the_reserve() {
    WISHES.set((0, 0));
    let heap = limited(FinalizerPolicy::Pep442, 4 * MIB);
    heap.disable();
    for _ in 0..3 {
        let wish = LastWish { this: Slot::empty(), heap: RefCell::new(Some(Untraced(heap.clone()))) };
        let wish = heap.alloc(wish);
        wish.this.set(Some(wish.clone()));
    }
    let (_held, kind) = fill(&heap, || [1u64; 30]);
    assert_eq!(kind, OutOfMemoryKind::HeapSpace);
    assert_eq!(WISHES.get(), (3, 0));
}

#[test]
fn the_hook_is_told_once_and_may_look_around() {
    let heap = limited(FinalizerPolicy::Pep442, MIB);
    let told = Rc::new(RefCell::new(Vec::new()));
    let (seen, inside) = (told.clone(), heap.clone());
    heap.on_out_of_memory(move |_, error| {
        let objects = inside.objects(None).len();
        // It is not called from within itself.
        assert!(inside.try_alloc_slice(vec![0u8; MIB / 2]).is_err());
        assert!(inside.try_alloc(5u8).is_ok(), "the reserve is open");
        seen.borrow_mut().push((error.kind, objects));
    });
    let (held, _) = fill(&heap, Node::default);
    assert_eq!(*told.borrow(), [(OutOfMemoryKind::HeapSpace, held.len())]);
    heap.on_out_of_memory(|_, _| panic!("a hook that panics"));
    assert!(heap.try_alloc(Node::default()).is_err());
}

#[test]
fn a_heap_that_does_nothing_but_collect_says_so() {
    let heap = limited(FinalizerPolicy::Pep442, 8 * MIB);
    heap.disable();
    heap.force_detector(Some(true)); // looks at everything each time
    let (mut held, _) = fill(&heap, Node::default);
    held.pop();
    let mut kinds = Vec::new();
    for _ in 0..40 {
        // There is room for one object, as soon as the one before was collected.
        match heap.try_alloc(Node::default()) {
            Ok(node) => node.next.set(Some(node.clone())),
            Err(error) => kinds.push(error.kind),
        }
    }
    assert!(!kinds.is_empty() && kinds.len() <= 8, "{kinds:?}");
    assert!(kinds.iter().all(|&kind| kind == OutOfMemoryKind::OverheadLimit), "{kinds:?}");
}

#[test]
fn free_memory_is_given_back_on_demand() {
    let (heap, source) = counted(FinalizerPolicy::Pep442);
    let held: Vec<Gc<[u64; 20]>> = (0..100_000).map(|_| heap.alloc([0; 20])).collect();
    let full = heap.memory();
    assert!(full.used > 16 * MIB && full.committed >= full.used && full.max.is_none());
    drop(held);
    assert!(heap.memory().committed > 8 * MIB, "it stays warm for a while");
    let given = heap.trim();
    let after = heap.memory();
    assert_eq!(after.committed + given, full.committed);
    assert!(after.committed < MIB && after.peak >= full.committed, "{after:?}");
    assert_eq!(source.chunks(), 1);
}

#[test]
fn external_bytes_count_and_are_a_reason_to_collect() {
    #[derive(Trace)]
    struct Image {
        this: Slot<Image>,
        _pixels: gc_core::ExternalBytes,
    }
    for policy in BOTH {
        let heap = limited(policy, 16 * MIB);
        // Garbage that holds much more than the limit in all.
        for _ in 0..100 {
            let pixels = heap.try_external_bytes(3 * MIB).unwrap();
            let image = heap.alloc(Image { this: Slot::empty(), _pixels: pixels });
            image.this.set(Some(image.clone()));
        }
        assert!(heap.memory().external <= 16 * MIB);
        heap.collect();
        assert_eq!(heap.memory().external, 0);

        let guard = heap.external_bytes(10 * MIB);
        let error = heap.try_external_bytes(8 * MIB).unwrap_err();
        assert_eq!((error.kind, error.external), (OutOfMemoryKind::ExternalMemory, 10 * MIB));
        assert!(error.to_string().contains("external memory (8388608 bytes requested; "), "{error}");
        assert_eq!(heap.try_external_bytes(17 * MIB).unwrap_err().kind, OutOfMemoryKind::RequestTooLarge);
        guard.resize(15 * MIB);
        assert_eq!((guard.bytes(), heap.memory().external), (15 * MIB, 15 * MIB));
        let (held, _) = fill(&heap, || [0u64; 100]);
        assert!(held.len() * 800 < MIB, "they leave less room for objects");
        guard.resize(0);
        assert!(heap.try_alloc([0u64; 100]).is_ok());
        drop(held);
        drop(heap);
        drop(guard); // outlives the heap
    }
}

#[test]
fn a_collection_at_the_limit_takes_over_an_incremental_one() {
    let heap = limited(FinalizerPolicy::Pep442, 2 * MIB);
    heap.disable();
    let held: Vec<Gc<Node>> = (0..1000).map(|_| node(&heap)).collect();
    (0..5000).for_each(|_| drop(looped(&heap)));
    assert_eq!(heap.step(Budget::Objects(100)), Progress::Open);
    let (more, _) = fill(&heap, Node::default);
    assert!(!heap.is_stepping());
    assert_eq!(slots_in_use(&heap), held.len() + more.len());
}

#[test]
fn few_large_objects_are_a_reason_to_collect() {
    #[derive(Trace)]
    struct Large {
        this: Slot<Large>,
        _bytes: [u8; 100_000],
    }
    for pace in [Pace::StopTheWorld, Pace::Incremental { budget: Duration::from_millis(5) }] {
        let heap = Heap::new();
        heap.set_pace(pace);
        for _ in 0..600 {
            let large = heap.alloc(Large { this: Slot::empty(), _bytes: [0; 100_000] });
            large.this.set(Some(large.clone()));
        }
        // (Of 57 MiB in all; how many slices of 5 ms do how much, a loaded machine decides.)
        assert!(heap.memory().peak < 40 * MIB, "{pace:?}: {:?}", heap.memory());
    }
}

#[test]
fn a_program_can_ask_whether_it_is_time() {
    for pace in [Pace::StopTheWorld, Pace::Incremental { budget: Duration::from_micros(200) }] {
        let heap = Heap::new();
        heap.set_pace(pace);
        heap.disable();
        assert!(!heap.should_collect());
        let held: Vec<Gc<Node>> = (0..701).map(|_| node(&heap)).collect();
        assert!(heap.should_collect() && heap.stats()[0].collections == 0);
        heap.collect();
        assert!(!heap.should_collect());
        drop(held);
    }
}

#[test]
fn a_row_longer_than_any_memory_is_refused() {
    let heap = Heap::new();
    let error = heap.try_alloc_slice((0..usize::MAX / 2).map(|n| n as u64)).unwrap_err();
    assert_eq!((error.kind, error.requested), (OutOfMemoryKind::HeapSpace, usize::MAX));
    assert!(error.value.is_empty());
}
