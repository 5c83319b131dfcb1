//! What values own outside of their slots, beside what was really allocated for them.

use gc_core::{Budget, Gc, Heap, List, OutOfMemoryKind, Progress, Slot, Trace};
use smallvec::SmallVec;
use std::alloc::{GlobalAlloc, Layout, System};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};

struct Counting;

thread_local!(static BYTES: Cell<isize> = const { Cell::new(0) });

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size() as isize);
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size() as isize);
        // SAFETY: passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Makes a value on the heap; what was allocated for it, and what it says that it owns.
fn told<T: Trace>(make: impl FnOnce() -> T) -> (f64, f64) {
    let before = BYTES.get();
    let value = make();
    let allocated = BYTES.get() - before;
    let heap = Heap::new();
    let object = heap.alloc(value);
    let owned = Gc::as_any(&object).owned_bytes();
    assert_eq!(heap.owned_bytes(), owned);
    (allocated as f64, owned as f64)
}

fn exact<T: Trace>(make: impl FnOnce() -> T) {
    let (allocated, owned) = told(make);
    assert_eq!(allocated, owned, "{}", std::any::type_name::<T>());
}

/// An estimate, from half to one and a half of what is true.
fn about<T: Trace>(make: impl FnOnce() -> T) {
    let (allocated, owned) = told(make);
    let near = owned >= allocated * 0.5 && owned <= allocated * 1.5;
    assert!(near, "{}: {owned} told, {allocated} allocated", std::any::type_name::<T>());
}

#[test]
fn what_std_types_own_is_what_was_allocated() {
    exact(|| 5u64);
    exact(|| String::from("some text"));
    exact(String::new);
    exact(|| Cow::<'static, str>::Borrowed("text"));
    exact(|| Cow::<'static, str>::Owned("text".repeat(9)));
    exact(|| std::path::PathBuf::from("/a/path"));
    exact(|| std::ffi::OsString::from("text"));
    exact(|| Vec::<u64>::with_capacity(100));
    exact(|| vec![vec![1u8; 10], vec![2; 20]]);
    exact(|| Box::new(7u32));
    exact(|| Box::new(vec![String::from("x"), String::from("yy")]));
    exact(|| vec![1u16; 30].into_boxed_slice());
    exact(|| (0..50u32).collect::<VecDeque<_>>());
    exact(|| (0..50u32).collect::<LinkedList<_>>());
    exact(|| Some(String::from("text")));
    exact(|| Err::<u8, _>(String::from("text")));
    exact(|| (String::from("a"), [String::from("bb"), String::new()]));
    exact(|| RefCell::new(Cell::new(vec![1u64])));
    exact(|| SmallVec::<[u64; 4]>::from_slice(&[1, 2, 3]));
    exact(|| SmallVec::<[u64; 4]>::from_slice(&[1; 20]));
    for entries in [0, 1, 3, 7, 100, 1000] {
        exact(|| (0..entries).collect::<HashSet<u64>>());
        exact(|| (0..entries).map(|n| (n, n.to_string())).collect::<HashMap<u64, String>>());
        #[cfg(feature = "hashbrown")]
        {
            exact(|| (0..entries).map(|n| (n, 0u8)).collect::<hashbrown::HashMap<u64, u8>>());
            exact(|| (0..entries).collect::<hashbrown::HashSet<u64>>());
        }
    }
    for entries in [1, 40, 3000] {
        about(|| (0..entries).rev().map(|n| (n * 7919 % 10007, n)).collect::<BTreeMap<u64, u64>>());
        about(|| (0..entries).map(|n| n * 7919 % 10007).collect::<BTreeSet<u64>>());
    }
}

#[derive(Trace)]
enum Shape {
    Empty,
    Named {
        name: String,
        next: Slot<Shape>,
    },
    Pair {
        traced: Vec<u32>,
        #[trace(skip)]
        _skipped: Vec<u32>,
    },
}

#[test]
fn derived_types_add_up_what_they_trace() {
    exact(|| Shape::Empty);
    exact(|| Shape::Named { name: "a name".into(), next: Slot::empty() });
    let (allocated, owned) = told(|| Shape::Pair { traced: vec![1; 10], _skipped: vec![2; 5] });
    assert_eq!((allocated, owned), (60.0, 40.0), "what is skipped is not counted");
}

#[test]
fn what_is_behind_pointers_is_not_owned() {
    let heap = Heap::new();
    let text = heap.alloc(String::from("0123456789"));
    let list: Gc<List<String>> = heap.alloc([text.clone(), text.clone()].into_iter().collect());
    let owned = Gc::as_any(&list).owned_bytes();
    assert!((16..=64).contains(&owned), "{owned}");
    let any = Gc::as_any(&text);
    assert_eq!((any.owned_bytes(), any.shallow_bytes()), (10, 32));
    assert_eq!(heap.owned_bytes(), owned + 10);
    let borrowed = heap.alloc(RefCell::new(vec![0u8; 100]));
    let guard = borrowed.borrow_mut();
    assert_eq!(Gc::as_any(&borrowed).owned_bytes(), 0, "nobody looks at what is mutably borrowed");
    drop(guard);
    assert_eq!(Gc::as_any(&borrowed).owned_bytes(), 100);
}

#[test]
fn owned_bytes_count_in_the_limit() {
    let heap = Heap::builder().max(8 << 20).build().unwrap();
    let buffers: Vec<Gc<Vec<u8>>> = (0..6).map(|_| heap.alloc(vec![0u8; 1 << 20])).collect();
    heap.collect();
    let memory = heap.memory();
    assert_eq!((memory.owned, memory.max), (6 << 20, Some(8 << 20)));
    let error = heap.try_external_bytes(3 << 20).unwrap_err();
    assert_eq!(error.kind, OutOfMemoryKind::ExternalMemory);
    drop(buffers);
    assert!(heap.try_external_bytes(3 << 20).is_ok());
}

#[test]
fn an_incremental_collection_measures_them_in_slices() {
    let heap = Heap::builder().max(64 << 20).build().unwrap();
    let buffers: Vec<Gc<Vec<u8>>> = (0..20_000).map(|n| heap.alloc(vec![0u8; n % 100])).collect();
    let looped = heap.alloc(Shape::Named { name: "a name".into(), next: Slot::empty() });
    drop(looped.clone());
    let mut slices = 0;
    while heap.step(Budget::Objects(500)) == Progress::Open {
        slices += 1;
    }
    assert!(slices >= 10, "a slice does a block at most: {slices}");
    assert_eq!(heap.memory().owned, heap.owned_bytes());
    assert!(heap.memory().owned > 900_000);
    drop(buffers);
}

/// What a value owns is charged when it is born: 32 MiB of buffers in 2 MiB of limit.
#[test]
fn a_limit_holds_for_what_new_values_own() {
    type Make = fn(&Heap, usize) -> Result<(), OutOfMemoryKind>;
    fn kept<T: ?Sized>(object: Result<Gc<T>, gc_core::OutOfMemory<impl Sized>>) -> Result<(), OutOfMemoryKind> {
        object.map(std::mem::forget).map_err(|error| error.kind)
    }
    let ways: [Make; 3] = [
        |heap, bytes| kept(heap.try_alloc(vec![0u8; bytes])),
        |heap, bytes| kept(heap.try_alloc(Some(String::from_utf8(vec![b'a'; bytes]).unwrap()))),
        |heap, bytes| kept(heap.try_alloc_slice([vec![0u8; bytes / 2], vec![0u8; bytes / 2]])),
    ];
    for make in ways {
        for bytes in [64, 1000, 100_000] {
            let heap = Heap::builder().max(2 << 20).build().unwrap();
            let mut made = 0;
            let kind = loop {
                match make(&heap, bytes) {
                    Ok(()) => made += 1,
                    Err(kind) => break kind,
                }
            };
            let memory = heap.memory();
            assert_eq!((kind, memory.owned), (OutOfMemoryKind::HeapSpace, made * bytes));
            assert_eq!(memory.owned, heap.owned_bytes());
            assert!(memory.owned + memory.committed <= 2 << 20, "{memory:?}");
            assert!(made * bytes > 700_000, "{made} of {bytes}");
        }
    }
}

/// What died is not charged for ever: churn needs no limit above what lives.
#[test]
fn values_that_died_leave_their_charge() {
    let heap = Heap::builder().max(2 << 20).build().unwrap();
    let kept: Vec<Gc<Vec<u8>>> = (0..10).map(|_| heap.alloc(vec![0; 100_000])).collect();
    for _ in 0..1000 {
        drop(heap.alloc(vec![0u8; 100_000]));
    }
    assert_eq!(heap.owned_bytes(), 1_000_000);
    assert!(heap.metrics().collections < 10, "looking is enough: {}", heap.metrics().collections);
    drop(kept);
    assert!(heap.try_alloc(vec![0u8; 1_500_000]).is_ok());
}

/// An interpreter that grows values in place: the limit is found at its safe points.
#[test]
fn growth_in_place_is_found_by_looks() {
    for (others, points) in [(0, 1), (20_000, 8)] {
        let heap = Heap::builder().max(16 << 20).build().unwrap();
        let told = std::rc::Rc::new(std::cell::Cell::new(0));
        let seen = told.clone();
        heap.on_out_of_memory(move |_, error| seen.set(error.owned));
        let _others: Vec<Gc<String>> = (0..others).map(|n| heap.alloc(format!("object {n}"))).collect();
        let list = heap.alloc(RefCell::new(vec![0u64; 1000]));
        assert!(heap.check_limit().is_ok());
        list.borrow_mut().resize(3 << 20, 0);
        let error = (0..points).find_map(|_| heap.check_limit().err()).expect("the limit is passed");
        assert_eq!((error.kind, error.owned), (OutOfMemoryKind::HeapSpace, heap.owned_bytes()));
        assert_eq!(told.get(), error.owned);
        let text = error.to_string();
        assert!(text.contains(&format!("owned {}, external 0, limit {}", error.owned, 16 << 20)), "{text}");
        // An allocation fails as well, until the list is smaller.
        assert!(heap.try_alloc(String::from("text")).is_err());
        *list.borrow_mut() = Vec::new();
        assert!(heap.check_limit().is_ok() && heap.try_alloc(String::from("text")).is_ok());
    }
    assert!(Heap::new().check_limit().is_ok());
}

/// Allocations of other types look as well: by the blocks that they take.
#[test]
fn growth_in_place_is_found_by_allocations() {
    let heap = Heap::builder().max(8 << 20).build().unwrap();
    let list = heap.alloc(RefCell::new(Vec::<u64>::new()));
    let mut held = Vec::new();
    let error = loop {
        list.borrow_mut().extend([0; 10]);
        match heap.try_alloc([0u64; 4]) {
            Ok(object) => held.push(object),
            Err(error) => break error,
        }
    };
    assert!(error.owned >= 4 << 20, "{error}");
    assert!(list.borrow().capacity() * 8 <= 9 << 20, "{error}");
}
