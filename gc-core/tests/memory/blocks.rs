//! The memory that a heap takes and gives back.

use crate::support::chunks::{Counted, counted};
use crate::support::node::looped;
use crate::support::{BOTH, bytes_in_use, slots_in_use};
use gc_core::{FinalizerPolicy, Gc, GcAny, Heap, OutOfMemoryKind, Slot, Trace};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// After everything is dropped all chunks are back, whatever the heap went through;
/// and doing it again takes no more than the first time.
#[test]
fn memory_goes_back() {
    fn churn(heap: &Heap, account: &Counted) -> usize {
        let mut kept: Vec<GcAny> = Vec::new();
        for n in 0..30_000usize {
            looped(heap);
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
        account.bytes()
    }
    for policy in BOTH {
        let (heap, account) = counted(policy);
        heap.set_thresholds([700, 10, 10]);
        let first = churn(&heap, &account);
        assert!(first > 40 << 20, "{first}");
        heap.collect();
        assert!(heap.objects(None).is_empty());
        assert!(account.bytes() <= first / 2, "{} of {first}", account.bytes());
        let again = churn(&heap, &account);
        assert!(again <= first + (4 << 20), "{again} after {first}");
        heap.collect();
        drop(heap);
        account.assert_closed();
    }
}

/// A tracked value of many bytes, all of which say the same number.
#[derive(Trace)]
struct Filled<const N: usize> {
    next: Slot<Filled<N>>,
    bytes: [u8; N],
}

fn filled<const N: usize>(heap: &Heap, count: usize) -> Vec<Gc<Filled<N>>> {
    let filled = |n| Filled { next: Slot::empty(), bytes: [n as u8; N] };
    (0..count).map(|n| heap.alloc(filled(n))).collect()
}

/// Collects often enough that memory which is not needed has gone: it must be free for
/// all of the time between two full collections.
fn decay(heap: &Heap) {
    for _ in 0..2 {
        heap.collect();
    }
}

/// After a peak the chunks go back to their source, all but one.
#[test]
fn chunks_that_are_not_needed_go_back() {
    for policy in BOTH {
        let (heap, source) = counted(policy);
        let peak = filled::<112>(&heap, 100_000);
        assert!(source.chunks() > 2, "{}", source.chunks());
        drop(peak);
        decay(&heap);
        assert_eq!((source.chunks(), slots_in_use(&heap)), (1, 0));
        // What is left works.
        let again = filled::<112>(&heap, 1000);
        assert!(again.iter().zip(0..).all(|(object, n)| object.bytes == [n as u8; 112]));
        drop((again, heap));
        source.assert_closed();
    }
}

/// The same where the objects are garbage on cycles: a collection empties the blocks.
#[test]
fn chunks_that_a_collection_emptied_go_back() {
    for policy in BOTH {
        let (heap, source) = counted(policy);
        for object in filled::<112>(&heap, 100_000) {
            object.next.set(Some(object.clone()));
        }
        assert_eq!(heap.collect(), 100_000);
        assert!(source.chunks() > 2, "they may be needed again at once");
        heap.collect();
        assert_eq!(source.chunks(), 1);
    }
}

/// Memory that is needed again and again stays: no chunk is taken, and the content of
/// none is given up, after the first round.
#[test]
fn memory_that_is_needed_again_stays() {
    for policy in BOTH {
        let (heap, source) = counted(policy);
        drop(filled::<16_000>(&heap, 1000));
        heap.collect();
        let first = source.acquired();
        for round in 0..5 {
            drop(filled::<16_000>(&heap, 1000));
            heap.collect();
            assert_eq!((source.acquired(), source.chunks(), source.decommits()), (first, first, 0), "round {round}");
        }
    }
}

/// A chunk with objects in it stays, but the content of its empty blocks is given up;
/// what lives beside them is not touched, and they can be used again.
#[test]
fn empty_blocks_of_a_chunk_in_use_are_given_up() {
    for policy in BOTH {
        let (heap, source) = counted(policy);
        let mut objects = filled::<16_000>(&heap, 1000);
        let chunks = source.chunks();
        let every_other_eight = |n: usize| (n / 8).is_multiple_of(2);
        let mut place = 0..;
        objects.retain(|_| place.next().is_some_and(every_other_eight));
        decay(&heap);
        assert_eq!((source.chunks(), source.acquired()), (chunks, chunks), "each holds survivors");
        assert!(source.decommits() > 50, "{}", source.decommits());
        let again = filled::<16_000>(&heap, 480);
        assert_eq!(source.acquired(), chunks, "there was room");
        let survivors = objects.iter().zip((0..1000).filter(|&n| every_other_eight(n)));
        assert!(survivors.chain(again.iter().zip(0..)).all(|(object, n)| object.bytes == [n as u8; 16_000]));
        drop((objects, again, heap));
        source.assert_closed();
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
        account.limit(Some(2));
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
        let expected = format!(
            "out of memory: heap space ({} bytes requested; heap {}, owned 0, external 0, no limit)",
            60_004, error.used
        );
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
        let ring = looped(&heap);
        let collections = heap.stats()[2].collections;
        drop(ring);
        assert!(heap.try_alloc(large(2)).is_err());
        assert_eq!((heap.stats()[2].collections, heap.objects(None).len()), (collections + 1, 0));
        // Memory is there again.
        account.limit(None);
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
    account.limit(Some(0));
    let error = heap.try_alloc(String::from("back")).unwrap_err();
    assert_eq!((error.value.as_str(), error.used), ("back", 0));
    assert!(catch_unwind(AssertUnwindSafe(|| heap.alloc_str("x"))).is_err());
    assert_eq!(heap.collect(), 0);
    account.limit(None);
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
