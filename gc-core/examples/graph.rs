//! How an application with a cyclic graph embeds the heap: a document of elements that know their
//! children and their parent, with listeners, that is edited and undone.

use gc_core::{Gc, GcAny, Heap, ReleaseAfter, Slot, Trace};
use std::cell::{Cell, RefCell};

// ANCHOR: types
/// An element of a document. Children and parent hold each other: a cycle in every element.
#[derive(Trace)]
struct Element {
    tag: &'static str,
    parent: Slot<Element>,
    children: RefCell<Vec<Gc<Element>>>,
    listeners: RefCell<Vec<Gc<Listener>>>,
    /// Numbers, strings and the like need no pointer, nor any tracing.
    width: Cell<u32>,
}

/// A listener holds what it acts on, which may be the element that it listens to.
#[derive(Trace)]
struct Listener {
    target: Gc<Element>,
    #[trace(skip)] // a function holds nothing
    effect: fn(&Element),
}
// ANCHOR_END: types

// ANCHOR: edit
/// A new element below another one.
fn add(heap: &Heap, parent: &Gc<Element>, tag: &'static str) -> Gc<Element> {
    let child = element(heap, tag);
    child.parent.set(Some(parent.clone()));
    parent.children.borrow_mut().push(child.clone());
    child
}

/// Takes an element out of its parent. What nobody else holds is garbage from here on, however
/// its parts hold each other.
fn remove(child: &Gc<Element>) {
    if let Some(parent) = child.parent.take() {
        // What a change lets go of is released when the borrow is over: a finalizer that it
        // calls may look at these children.
        parent.children.change(|children| children.retain(|it| !Gc::ptr_eq(it, child)));
    }
}
// ANCHOR_END: edit

fn element(heap: &Heap, tag: &'static str) -> Gc<Element> {
    heap.alloc(Element {
        tag,
        parent: Slot::empty(),
        children: RefCell::default(),
        listeners: RefCell::default(),
        width: Cell::new(0),
    })
}

/// Calls the listeners of an element.
fn resize(element: &Gc<Element>) {
    // Clones are cheap; the list is free again when a listener changes it.
    let listeners = element.listeners.borrow().clone();
    for listener in listeners {
        (listener.effect)(&listener.target);
    }
}

pub fn main() {
    // ANCHOR: use
    let heap = Heap::new();
    let page = element(&heap, "page");
    let table = add(&heap, &page, "table");
    for _ in 0..100 {
        let row = add(&heap, &table, "row");
        let grow = |element: &Element| element.width.set(element.width.get() + 1);
        row.listeners.borrow_mut().push(heap.alloc(Listener { target: row.clone(), effect: grow }));
        resize(&row);
    }
    assert_eq!(heap.objects(None).len(), 2 + 200);

    // Undo the table: 100 rows, their listeners and the table hold each other.
    remove(&table);
    drop(table);
    assert_eq!(heap.collect(), 201);
    assert_eq!(heap.objects(None), [Gc::as_any(&page)]);
    // ANCHOR_END: use

    // ANCHOR: look
    // What holds what, by the names of the fields.
    let picture = add(&heap, &page, "picture");
    let snapshot = heap.snapshot();
    let found = snapshot.find(&Gc::as_any(&picture)).expect("it is alive");
    let holders: Vec<String> = snapshot.referrers(found).map(|(_, edge)| edge.into_owned()).collect();
    assert_eq!(holders, ["children[0]"]);
    // ANCHOR_END: look
    assert!(heap.objects(None).iter().filter_map(GcAny::downcast::<Element>).any(|it| it.tag == "picture"));
}
