//! The rule that a full collection waits for long-lived objects.

use gc_core::{Gc, Heap, Slot, Trace};

/// Full collections of a steady stream of garbage, with a type that is reclaimed
/// exactly or not.
fn full_collections<T: Trace>(make: impl Fn() -> T, link: impl Fn(&Gc<T>, Gc<T>)) -> usize {
    let heap = Heap::builder().thresholds([100, 2, 2]).build().unwrap();
    let mut window = std::collections::VecDeque::new();
    for _ in 0..100_000 {
        let object = heap.alloc(make());
        link(&object, object.clone());
        window.push_back(object);
        if window.len() > 2_000 {
            window.pop_front();
        }
    }
    heap.stats()[2].collections
}

#[derive(Trace)]
struct Plain {
    me: Slot<Plain>,
}

#[derive(Trace)]
struct Skipping {
    me: Slot<Skipping>,
    #[trace(skip)]
    nothing: Option<Box<dyn Fn()>>,
}

/// What an exact reclaim had just freed counted as long-lived, so that each full
/// collection waited for more garbage than the one before.
#[test]
fn garbage_does_not_count_as_long_lived() {
    let fast = full_collections(|| Plain { me: Slot::empty() }, |object, me| object.me.set(Some(me)));
    let skipping = || Skipping { me: Slot::empty(), nothing: None };
    let exact = full_collections(skipping, |object, me| {
        assert!(object.nothing.is_none());
        object.me.set(Some(me));
    });
    assert!(fast > 2 && exact * 2 > fast, "{exact} full collections against {fast}");
}
