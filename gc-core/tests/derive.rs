//! What `#[derive(Trace)]` makes of a type: which edges the heap sees, what they
//! are called, and which types it takes for acyclic.

// The strictest crate that the generated code has to pass in.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]
#![allow(dead_code, reason = "some fields are there for their types only")]

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

mod shapes {
    //! Structs and enums of every form.
    use super::*;

    #[derive(Trace)]
    struct Named {
        text: String,
        first: Gc<Leaf>,
        r#type: Slot<Leaf>,
        list: RefCell<Vec<Gc<Leaf>>>,
        inner: Option<Box<Inner>>,
    }

    #[derive(Trace)]
    struct Inner {
        far: Gc<Leaf>,
    }

    #[test]
    fn edges_are_named_after_the_fields() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let object = heap.alloc(Named {
            text: "no edge".into(),
            first: leaf.clone(),
            r#type: Slot::new(Some(leaf.clone())),
            list: RefCell::new(vec![leaf.clone(), leaf.clone()]),
            inner: Some(Box::new(Inner { far: leaf.clone() })),
        });
        let expected = ["first", "type", "list[0]", "list[1]", "inner.far"];
        assert_eq!(names_to(&heap, &object, &leaf), expected);
        assert_eq!(Gc::as_any(&object).referents().len(), expected.len());
    }

    #[derive(Trace)]
    struct Tuple(u32, Gc<Leaf>, Slot<Leaf>);

    #[test]
    fn edges_of_tuples_are_named_by_number() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let object = heap.alloc(Tuple(1, leaf.clone(), Slot::empty()));
        assert_eq!(names_to(&heap, &object, &leaf), ["1"]);
        object.2.set(Some(leaf.clone()));
        assert_eq!(names_to(&heap, &object, &leaf), ["1", "2"]);
    }

    #[derive(Trace)]
    enum Choice {
        Nothing,
        Numbered(Gc<Leaf>, u32, Gc<Leaf>),
        Named { left: Gc<Leaf>, right: Slot<Leaf> },
        Plain(u32),
    }

    #[test]
    fn an_enum_has_the_edges_of_the_variant_it_is() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let numbered = heap.alloc(Choice::Numbered(leaf.clone(), 1, leaf.clone()));
        assert_eq!(names_to(&heap, &numbered, &leaf), ["0", "2"]);
        let (left, right) = (leaf.clone(), Slot::new(Some(leaf.clone())));
        let named = heap.alloc(Choice::Named { left, right });
        assert_eq!(names_to(&heap, &named, &leaf), ["left", "right"]);
        for without in [Choice::Nothing, Choice::Plain(1)] {
            assert!(names(&heap, &heap.alloc(without)).is_empty());
        }
    }

    #[derive(Trace)]
    enum Never {}

    #[derive(Trace)]
    enum Flag {
        Up,
        Down,
    }

    #[derive(Trace)]
    struct MaybeNever(Option<Never>, Flag);

    #[test]
    fn enums_without_any_edge_are_fine() {
        let heap = Heap::new();
        for flag in [Flag::Up, Flag::Down] {
            let object = heap.alloc(MaybeNever(None, flag));
            assert!(names(&heap, &object).is_empty());
        }
    }

    #[test]
    fn types_in_functions_are_fine() {
        #[derive(Trace)]
        struct Local {
            leaf: Gc<Leaf>,
        }
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let object = heap.alloc(Local { leaf: leaf.clone() });
        assert_eq!(names_to(&heap, &object, &leaf), ["leaf"]);
    }

    macro_rules! make {
        ($name:ident { $($field:ident: $ty:ty),* }) => {
            #[derive(Trace)]
            struct $name { $($field: $ty),* }
        };
    }

    make!(Made { leaf: Gc<Leaf> });

    #[test]
    fn types_made_by_a_macro_are_fine() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let object = heap.alloc(Made { leaf: leaf.clone() });
        assert_eq!(names_to(&heap, &object, &leaf), ["leaf"]);
    }
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

mod generics {
    //! Parameters and their bounds.
    use super::*;

    /// Not traced, so every bound that asks for it fails to compile.
    #[derive(Clone, Copy)]
    struct Untraced;

    #[derive(Trace)]
    struct Full<T: ?Sized, K, V = u32, const N: usize = 2>
    where
        K: Copy,
    {
        boxed: Box<T>,
        array: [Slot<V>; N],
        pair: (K, Option<Gc<V>>),
    }

    #[test]
    fn bounds_defaults_where_clauses_and_constants() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let slot = || Slot::new(Some(leaf.clone()));
        let (array, pair) = ([slot(), slot(), Slot::empty()], ('k', Some(leaf.clone())));
        let object = heap.alloc(Full::<str, char, Leaf, 3> { boxed: "unsized".into(), array, pair });
        assert_eq!(names_to(&heap, &object, &leaf), ["array[0]", "array[1]", "pair.1"]);
        let (array, pair) = ([Slot::empty(), Slot::empty()], ('k', None));
        let object: Gc<Full<u32, char>> = heap.alloc(Full { boxed: Box::new(1), array, pair });
        assert!(names(&heap, &object).is_empty());
    }

    /// The generated method has a parameter of its own.
    #[derive(Trace)]
    struct NamedLikeOurs<V>(Gc<V>);

    #[test]
    fn a_parameter_named_like_the_visitors_does_not_clash() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let object = heap.alloc(NamedLikeOurs(leaf.clone()));
        assert_eq!(names_to(&heap, &object, &leaf), ["0"]);
    }

    #[derive(Trace)]
    struct OnlySkipped<T, U> {
        value: T,
        #[trace(skip)]
        other: U,
        #[trace(skip)]
        tag: PhantomData<fn(U)>,
    }

    #[test]
    fn parameters_of_skipped_fields_need_not_be_traced() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let value = leaf.clone();
        let object = heap.alloc(OnlySkipped { value, other: Untraced, tag: PhantomData });
        assert_eq!(names_to(&heap, &object, &leaf), ["value"]);
    }

    trait Language: 'static {
        type Value: Trace;
    }

    /// Not traced, although one of its associated types is.
    enum Lisp {}

    impl Language for Lisp {
        type Value = Gc<Object<Self>>;
    }

    enum Forth {}

    impl Language for Forth {
        type Value = Gc<Leaf>;
    }

    #[derive(Trace)]
    struct Stack<L: Language> {
        values: Vec<L::Value>,
        top: Option<<L as Language>::Value>,
    }

    #[test]
    fn associated_types_are_traced_and_their_parameter_is_not() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let object = heap.alloc(Stack::<Forth> { values: vec![leaf.clone()], top: Some(leaf.clone()) });
        assert_eq!(names_to(&heap, &object, &leaf), ["values[0]", "top"]);
    }

    /// With the derived bound, `Lisp::Value: Trace` would follow from itself.
    #[derive(Trace)]
    #[trace(bound = "")]
    struct Object<L: Language> {
        members: RefCell<Vec<L::Value>>,
    }

    #[test]
    fn bound_may_be_empty() {
        let heap = Heap::new();
        let object = heap.alloc(Object::<Lisp> { members: RefCell::default() });
        object.members.borrow_mut().push(object.clone());
        assert_eq!(names_to(&heap, &object, &object), ["members[0]"]);
        assert!(is_tracked(&heap, &object));
        object.members.take();
    }

    /// A type whose own `Trace` asks for less than the derived bound.
    #[derive(Trace)]
    struct Tagged<T> {
        leaf: Gc<Leaf>,
        #[trace(skip)]
        tag: PhantomData<T>,
    }

    #[derive(Trace)]
    #[trace(bound = "T: Copy")]
    struct Outer<T> {
        tagged: Tagged<T>,
    }

    #[test]
    fn bound_replaces_the_derived_one() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let tagged = Tagged::<Untraced> { leaf: leaf.clone(), tag: PhantomData };
        let object = heap.alloc(Outer { tagged });
        assert_eq!(names_to(&heap, &object, &leaf), ["tagged.leaf"]);
    }
}

mod cycles {
    //! Which types the heap takes for acyclic, and that recursive types end.
    use super::*;

    #[derive(Trace)]
    struct Holder {
        leaf: Gc<Leaf>,
        node: Gc<Node>,
    }

    #[derive(Trace)]
    struct Node {
        next: Slot<Self>,
    }

    #[test]
    fn a_type_that_reaches_itself_is_cyclic() {
        let heap = Heap::new();
        let node = heap.alloc(Node { next: Slot::empty() });
        node.next.set(Some(node.clone()));
        assert_eq!(names_to(&heap, &node, &node), ["next"]);
        assert!(is_tracked(&heap, &node));
        node.next.set(None);
    }

    #[test]
    fn a_type_that_does_not_reach_itself_is_acyclic() {
        let heap = Heap::new();
        let (leaf, node) = (heap.alloc(Leaf), heap.alloc(Node { next: Slot::empty() }));
        assert!(!is_tracked(&heap, &leaf));
        let holder = heap.alloc(Holder { leaf, node });
        assert_eq!(names(&heap, &holder), ["leaf", "node"]);
        assert!(!is_tracked(&heap, &holder));
    }

    /// Recursive without the heap.
    #[derive(Trace)]
    struct Owned {
        value: Gc<Leaf>,
        children: Vec<Owned>,
        rest: Option<Box<Owned>>,
    }

    #[test]
    fn ownership_is_not_a_cycle() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let owned = |children, rest| Owned { value: leaf.clone(), children, rest };
        let rest = Some(Box::new(owned(vec![], None)));
        let root = heap.alloc(owned(vec![owned(vec![], None)], rest));
        let expected = ["value", "children[0].value", "rest.value"];
        assert_eq!(names_to(&heap, &root, &leaf), expected);
        assert!(!is_tracked(&heap, &root));
    }

    #[derive(Trace)]
    struct List<T> {
        value: T,
        next: Slot<List<T>>,
    }

    #[test]
    fn generic_recursive_types() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let object = heap.alloc(List { value: leaf.clone(), next: Slot::empty() });
        assert_eq!(names_to(&heap, &object, &leaf), ["value"]);
        assert!(is_tracked(&heap, &object));
        let outer = heap.alloc(List { value: (), next: Slot::empty() });
        outer.next.set(Some(heap.alloc(List { value: (), next: Slot::empty() })));
        assert_eq!(names(&heap, &outer), ["next"]);
    }

    #[derive(Trace)]
    struct Parent {
        children: RefCell<Vec<Gc<Child>>>,
    }

    #[derive(Trace)]
    enum Child {
        Orphan,
        Of { parent: Gc<Parent> },
    }

    #[test]
    fn mutual_recursion() {
        let heap = Heap::new();
        let parent = heap.alloc(Parent { children: RefCell::default() });
        let child = heap.alloc(Child::Of { parent: parent.clone() });
        parent.children.borrow_mut().push(child.clone());
        assert_eq!(names_to(&heap, &parent, &child), ["children[0]"]);
        assert_eq!(names_to(&heap, &child, &parent), ["parent"]);
        assert!(is_tracked(&heap, &parent) && is_tracked(&heap, &child));
        assert!(is_tracked(&heap, &heap.alloc(Child::Orphan)));
        parent.children.take();
    }

    /// Every instance contains a larger one, so its types cannot be examined.
    #[derive(Trace)]
    #[trace(cyclic)]
    struct Nest<T> {
        value: T,
        inner: Slot<Nest<Vec<T>>>,
    }

    #[test]
    fn polymorphic_recursion_with_the_attribute() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let inner = heap.alloc(Nest { value: vec![leaf.clone()], inner: Slot::empty() });
        assert_eq!(names_to(&heap, &inner, &leaf), ["value[0]"]);
        let outer = heap.alloc(Nest { value: leaf, inner: Slot::new(Some(inner)) });
        assert_eq!(names(&heap, &outer), ["value", "inner"]);
        assert!(is_tracked(&heap, &outer));
    }

    trait Shape: DynTrace {}

    trace_object!(dyn Shape);

    #[derive(Trace)]
    struct Square(Gc<Leaf>);

    impl Shape for Square {}

    #[derive(Trace)]
    struct Canvas {
        shapes: Vec<Box<dyn Shape>>,
    }

    #[test]
    fn anything_may_be_behind_a_trait_object() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Square(leaf.clone()))];
        let canvas = heap.alloc(Canvas { shapes });
        assert_eq!(names_to(&heap, &canvas, &leaf), ["shapes[0].0"]);
        assert!(is_tracked(&heap, &canvas));
    }

    #[derive(Trace)]
    #[trace(cyclic)]
    struct SaidToBeCyclic(Gc<Leaf>);

    #[derive(Trace)]
    #[trace(acyclic)]
    struct Tree {
        children: Vec<Gc<Tree>>,
    }

    #[test]
    fn the_attributes_overrule_the_fields() {
        let heap = Heap::new();
        let leaf = heap.alloc(Leaf);
        let said = heap.alloc(SaidToBeCyclic(leaf.clone()));
        assert_eq!(names_to(&heap, &said, &leaf), ["0"]);
        assert!(is_tracked(&heap, &said));
        let below = heap.alloc(Tree { children: vec![] });
        let tree = heap.alloc(Tree { children: vec![below.clone()] });
        assert_eq!(names_to(&heap, &tree, &below), ["children[0]"]);
        assert!(!is_tracked(&heap, &tree));
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
    struct Walk;
    struct Seg;
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
