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
