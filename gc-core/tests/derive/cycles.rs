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
