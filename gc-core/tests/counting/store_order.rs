//! Stores and operands: what is stored before what is released.

use crate::support::obj::{Obj, obj, with_finalizer};
use crate::support::{BOTH, heap, log, logged};
use gc_core::{FinalizerPolicy, Gc, GcAny, Heap};

/// Finds a living object by its name, as `gc.get_objects()` lets a program do.
fn find(heap: &Heap, name: &str) -> Option<Gc<Obj>> {
    let objects = heap.objects(None);
    objects.iter().filter_map(GcAny::downcast::<Obj>).find(|object| object.name == name)
}

fn log_name(this: &Gc<Obj>) {
    log(this.name);
}

/// `set`: the new value is stored before the old one is released.
#[test]
fn set_stores_before_it_releases() {
    fn see_owner(this: &Gc<Obj>) {
        let owner = find(&Gc::heap(this), "owner").unwrap();
        let new = owner.next.get().unwrap();
        log(format!("{} sees {} with count {}", this.name, new.name, Gc::strong_count(&new)));
    }
    for policy in BOTH {
        let heap = heap(policy);
        let owner = obj(&heap, "owner");
        owner.next.set(Some(with_finalizer(&heap, "old", see_owner)));
        owner.next.set(Some(obj(&heap, "new")));
        assert_eq!(logged(), ["old sees new with count 2"]);

        // The same where the old value dies with what it owns: its child sees it, too.
        let child = with_finalizer(&heap, "child", see_owner);
        let old = obj(&heap, "old");
        old.other.set(Some(child));
        owner.next.set(Some(old));
        owner.next.set(Some(obj(&heap, "newer")));
        assert_eq!(logged(), ["child sees newer with count 2"]);
        assert_eq!(heap.objects(None).len(), 2);
    }
}

/// The finalizer that unsets a field of its own: the field is empty before what was
/// in it is released.
#[test]
fn a_finalizer_unsets_before_it_releases() {
    fn unset_field(this: &Gc<Obj>) {
        log(format!("{} begins", this.name));
        drop(this.next.take());
        log(format!("{} ends", this.name));
    }
    fn see_parent(this: &Gc<Obj>) {
        let parent = find(&Gc::heap(this), "parent").unwrap();
        log(format!("{} sees {:?} count {}", this.name, parent.next.get().is_some(), Gc::strong_count(&parent)));
    }
    for policy in BOTH {
        let heap = heap(policy);
        // By count: the parent counts as one while its finalizer runs.
        let parent = with_finalizer(&heap, "parent", unset_field);
        parent.next.set(Some(with_finalizer(&heap, "child", see_parent)));
        drop(parent);
        assert_eq!(logged(), ["parent begins", "child sees false count 2", "parent ends"]);
        assert!(heap.objects(None).is_empty());

        // By a collection: the parent's own cycle counts as well, and the hold on it.
        let parent = with_finalizer(&heap, "parent", unset_field);
        parent.next.set(Some(with_finalizer(&heap, "child", see_parent)));
        parent.other.set(Some(parent.clone()));
        drop(parent);
        match policy {
            FinalizerPolicy::Legacy => {
                assert_eq!((heap.collect(), heap.garbage().len()), (2, 2));
                assert!(logged().is_empty());
                heap.garbage().clear();
                // The cycle is there still: break it as the program would.
                let parent = find(&heap, "parent").unwrap();
                parent.other.take();
                drop(parent);
            }
            FinalizerPolicy::Pep442 => assert_eq!(heap.collect(), 1),
        }
        let count = if policy == FinalizerPolicy::Legacy { 2 } else { 3 };
        let seen = format!("child sees false count {count}");
        assert_eq!(logged(), ["parent begins", &seen, "parent ends"]);
        assert!(heap.objects(None).is_empty());
    }
}

/// Operand temporaries: an embedder's are Rust values, and objects die in the order
/// in which Rust drops the pointers to them.
#[test]
fn temporaries_are_released_in_the_order_in_which_they_are_dropped() {
    fn takes_two(_one: Gc<Obj>, _two: Gc<Obj>) {}
    fn look(_one: &Gc<Obj>, _two: &Gc<Obj>) {}

    for policy in BOTH {
        let heap = heap(policy);
        let fin = |name| with_finalizer(&heap, name, log_name);
        {
            let _a = fin("a");
            let _b = fin("b");
        }
        assert_eq!(logged(), ["b", "a"], "locals: the last declared goes first");
        drop((fin("a"), fin("b")));
        assert_eq!(logged(), ["a", "b"], "fields: in their order");
        drop(vec![fin("a"), fin("b")]);
        assert_eq!(logged(), ["a", "b"], "elements: in their order");
        takes_two(fin("a"), fin("b"));
        assert_eq!(logged(), ["b", "a"], "arguments: the last goes first");
        look(&fin("a"), &fin("b"));
        assert_eq!(logged(), ["b", "a"], "temporaries of a statement: the last goes first");
        let (a, b) = (fin("a"), fin("b"));
        drop(a);
        drop(b);
        assert_eq!(logged(), ["a", "b"], "said by the program");
    }
}

/// A pointer that an operation holds keeps what another of its effects released.
#[test]
fn an_operand_outlives_the_operation() {
    for policy in BOTH {
        let heap = heap(policy);
        let a = obj(&heap, "a");
        a.next.set(Some(with_finalizer(&heap, "b", log_name)));
        {
            let operand = a.next.get().unwrap();
            a.next.set(None);
            assert_eq!((Gc::strong_count(&operand), logged().len()), (1, 0));
        }
        assert_eq!(logged(), ["b"]);
    }
}
