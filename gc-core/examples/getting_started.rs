//! The first steps: objects, a cycle, a finalizer, a weak reference, a limit.

// ANCHOR: types
use gc_core::{Finalize, Gc, Heap, Slot, Trace, Weak};

#[derive(Trace)]
#[trace(finalize)]
struct Person {
    name: String,
    friend: Slot<Person>,
}

impl Finalize for Person {
    fn finalize(this: &Gc<Self>) {
        println!("{} leaves", this.name);
    }
}
// ANCHOR_END: types

fn person(heap: &Heap, name: &str) -> Gc<Person> {
    heap.alloc(Person { name: name.into(), friend: Slot::empty() })
}

/// Counting: the object goes with its last pointer.
fn counting(heap: &Heap) {
    // ANCHOR: counting
    let ann = person(heap, "Ann");
    let again = ann.clone();
    assert_eq!(Gc::strong_count(&ann), 2);
    drop(ann);
    drop(again); // prints "Ann leaves", here and now
    assert!(heap.objects(None).is_empty());
    // ANCHOR_END: counting
}

/// What counting cannot free, a collection finds.
fn cycle(heap: &Heap) {
    // ANCHOR: cycle
    let ann = person(heap, "Ann");
    let bob = person(heap, "Bob");
    ann.friend.set(Some(bob.clone()));
    bob.friend.set(Some(ann.clone()));
    drop((ann, bob)); // each still holds the other
    assert_eq!(heap.objects(None).len(), 2);
    assert_eq!(heap.collect(), 2); // prints "Ann leaves" and "Bob leaves"
    assert!(heap.objects(None).is_empty());
    // ANCHOR_END: cycle
}

/// A weak reference does not keep its target, and tells when it goes.
fn weak(heap: &Heap) {
    // ANCHOR: weak
    let ann = person(heap, "Ann");
    let weak: Weak<Person> = Gc::downgrade_with(&ann, || println!("the weak reference is told"));
    assert_eq!(weak.upgrade().map(|ann| ann.name.clone()), Some("Ann".into()));
    drop(ann);
    assert!(weak.upgrade().is_none());
    // ANCHOR_END: weak
}

/// A limit is an error that hands the value back.
fn limit() -> Result<(), gc_core::BuildError> {
    // ANCHOR: limit
    let heap = Heap::builder().max(8 << 20).build()?;
    let mut held = Vec::new();
    let error = loop {
        match heap.try_alloc([0_u8; 4096]) {
            Ok(block) => held.push(block),
            Err(error) => break error,
        }
    };
    assert_eq!(error.value.len(), 4096);
    println!("{} blocks, then: {error}", held.len());
    // ANCHOR_END: limit
    Ok(())
}

pub fn main() -> Result<(), gc_core::BuildError> {
    let heap = Heap::new();
    counting(&heap);
    cycle(&heap);
    weak(&heap);
    limit()
}
