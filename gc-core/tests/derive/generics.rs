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
