//! Attacks on the edges of the crate by safe code: what the derive and the macros expand to, and
//! what the verifier reads of values. (What must not compile is in `compile_fail`.)

#![forbid(unsafe_code)]

use gc_core::{DynTrace, Gc, Heap, Slot, Trace, Visitor, gc_cast, trace_object};
use std::cell::RefCell;
use std::rc::Rc;

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
    assert_eq!(Gc::strong_count(&victim), 2);
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
    trait Everything: Sized {
        fn note(self) {}
        fn is(&self, _: u8) {}
        fn skipped(self) {}
    }
    impl<T> Everything for T {}
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
