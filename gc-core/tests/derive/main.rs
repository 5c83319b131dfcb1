//! What `#[derive(Trace)]` makes of a type: which edges the heap sees, what they
//! are called, and which types it takes for acyclic.

// The strictest crate that the generated code has to pass in.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]
#![allow(dead_code, reason = "some fields are there for their types only")]

mod cycles;
mod generics;
mod shapes;

use gc_core::{DynTrace, Finalize, Gc, Heap, Slot, Trace, trace_object};
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;

/// A target for edges; it has none itself.
#[derive(Trace)]
struct Leaf;

/// The names of the edges of `object`, all of which have to lead to `target`.
fn names_to<T: Trace, U: Trace>(heap: &Heap, object: &Gc<T>, target: &Gc<U>) -> Vec<String> {
    let target = Gc::as_any(target);
    let edges = heap.edges(&Gc::as_any(object));
    assert!(edges.iter().all(|edge| edge.target.ptr_eq(&target)));
    edges.into_iter().map(|edge| edge.name).collect()
}

/// The names of the edges of `object`.
fn names<T: Trace>(heap: &Heap, object: &Gc<T>) -> Vec<String> {
    let edges = heap.edges(&Gc::as_any(object));
    edges.into_iter().map(|edge| edge.name).collect()
}

/// Whether the heap takes objects of this one's type for cyclic.
fn is_tracked<T: Trace>(heap: &Heap, object: &Gc<T>) -> bool {
    heap.is_tracked(&Gc::as_any(object))
}

mod skip {
    //! `#[trace(skip)]`.
    use super::*;

    /// Neither traced nor without a destructor.
    struct Socket(Rc<Cell<u32>>);

    #[derive(Trace)]
    struct Session {
        #[trace(skip)]
        socket: Socket,
        #[trace(skip)]
        hidden: Gc<Leaf>,
        seen: Gc<Leaf>,
    }

    #[derive(Trace)]
    enum Either {
        Both(#[trace(skip)] Gc<Leaf>, Gc<Leaf>),
        Hidden {
            #[trace(skip)]
            leaf: Gc<Leaf>,
        },
    }

    #[test]
    fn skipped_fields_have_no_edges() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let (hidden, seen) = (leaf.clone(), leaf.clone());
        let socket = Socket(Rc::default());
        let object = heap.alloc(Session { socket, hidden, seen });
        assert_eq!(names_to(&heap, &object, &leaf), ["seen"]);
        assert!(Gc::ptr_eq(&object.hidden, &object.seen));
    }

    #[test]
    fn skipped_fields_of_variants_have_no_edges() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let both = heap.alloc(Either::Both(leaf.clone(), leaf.clone()));
        assert_eq!(names_to(&heap, &both, &leaf), ["1"]);
        let hidden = heap.alloc(Either::Hidden { leaf });
        assert!(names(&heap, &hidden).is_empty());
    }

    #[derive(Trace)]
    struct OwnReference {
        #[trace(skip)]
        me: RefCell<Option<Gc<OwnReference>>>,
    }

    #[test]
    fn a_cycle_through_a_skipped_field_is_not_seen() {
        let heap = Heap::new();
        let object = heap.alloc(OwnReference { me: RefCell::default() });
        *object.me.borrow_mut() = Some(object.clone());
        assert!(!is_tracked(&heap, &object));
        object.me.take();
    }
}

mod promise {
    //! What `#[trace(acyclic)]` on a type means for the types around it.
    use super::*;

    #[derive(Trace)]
    #[trace(acyclic)]
    struct Tree {
        children: Vec<Gc<Tree>>,
    }

    #[derive(Trace)]
    struct Node {
        tree: Tree,
        next: Slot<Node>,
    }

    #[test]
    fn a_promise_of_a_part_says_nothing_about_the_whole() {
        let heap = Heap::new();
        let (tree, next) = (Tree { children: vec![] }, Slot::empty());
        let node = heap.alloc(Node { tree, next });
        assert!(is_tracked(&heap, &node));
    }
}

mod finalize {
    //! `#[trace(finalize)]`.
    use super::*;

    #[derive(Trace)]
    #[trace(finalize)]
    struct Plain {
        #[trace(skip)]
        runs: Rc<Cell<u32>>,
    }

    impl Finalize for Plain {
        fn finalize(this: &Gc<Self>) {
            this.runs.set(this.runs.get() + 1);
        }
    }

    #[test]
    fn the_finalizer_runs() {
        let (heap, runs) = (Heap::new(), Rc::new(Cell::new(0)));
        drop(heap.alloc(Plain { runs: runs.clone() }));
        assert_eq!(runs.get(), 1);
    }

    /// A finalizer for some parameters; the type is traced for these only.
    #[derive(Trace)]
    #[trace(finalize)]
    struct Counting<T, const STEP: u32> {
        value: T,
        #[trace(skip)]
        runs: Rc<Cell<u32>>,
    }

    impl<T: Trace + Into<u32> + Copy, const STEP: u32> Finalize for Counting<T, STEP> {
        fn finalize(this: &Gc<Self>) {
            this.runs.set(this.runs.get() + STEP * this.value.into());
        }
    }

    #[test]
    fn generic_finalizers_run() {
        let (heap, runs) = (Heap::new(), Rc::new(Cell::new(0)));
        drop(heap.alloc(Counting::<u8, 10> { value: 2, runs: runs.clone() }));
        assert_eq!(runs.get(), 20);
    }
}

mod hygiene {
    //! The generated code does not depend on what names mean around it.

    mod core {}
    mod gc_core {}
    struct Option;
    struct Some;
    struct TypeWalker;
    struct PathSegment;
    struct Box;
    trait Visitor {
        fn enter(&self) {}
        fn leave(&self) {}
    }
    impl<T> Visitor for T {}
    trait Finalize {
        fn trace(&self) {}
        fn field(&self) {}
    }
    impl<T> Finalize for T {}

    #[derive(::gc_core::Trace)]
    struct Lonely<T> {
        visitor: ::gc_core::Gc<T>,
        walk: ::gc_core::Slot<T>,
    }

    #[derive(::gc_core::Trace)]
    enum Lonelier {
        Some(::gc_core::Gc<super::Leaf>),
        None,
    }

    #[test]
    fn foreign_names_do_not_get_in() {
        let heap = ::gc_core::Heap::new();
        let leaf = heap.alloc(super::Leaf);
        let walk = ::gc_core::Slot::empty();
        let lonely = heap.alloc(Lonely { visitor: leaf.clone(), walk });
        assert_eq!(super::names_to(&heap, &lonely, &leaf), ["visitor"]);
        let lonelier = heap.alloc(Lonelier::Some(leaf.clone()));
        assert_eq!(super::names_to(&heap, &lonelier, &leaf), ["0"]);
        assert!(super::names(&heap, &heap.alloc(Lonelier::None)).is_empty());
    }
}
