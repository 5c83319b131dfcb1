//! What CPython's `test_weakref` checks of references and callbacks when the target
//! is found by a collection. Each test is named after the one it follows.
//!
//! Python's callbacks are bound methods, which make the weak reference's owner part
//! of the garbage. Here a callback's captures count as held from outside, so the
//! owner holds the weak reference and the callback looks around by other means.

use crate::support::{heaps, log, logged};
use gc_core::{Finalize, FinalizerPolicy, Gc, GcAny, Heap, Slot, Trace, Weak, WeakRef};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Three strong fields and one for a managed weak reference to any object.
#[derive(Trace, Default)]
struct Obj {
    me: Slot<Obj>,
    other: Slot<Obj>,
    class: Slot<Class>,
    weak: Slot<WeakRef<Obj>>,
    weak_class: Slot<WeakRef<Class>>,
}

/// Another type, whose objects are on cycles, too.
#[derive(Trace, Default)]
struct Class {
    me: Slot<Class>,
}

fn obj(heap: &Heap) -> Gc<Obj> {
    heap.alloc(Obj::default())
}

fn looped(heap: &Heap) -> Gc<Obj> {
    let object = obj(heap);
    object.me.set(Some(object.clone()));
    object
}

fn assert_empty(heap: &Heap) {
    assert_eq!(heap.objects(None).len(), 0);
    assert_eq!((heap.collect(), heap.garbage().len()), (0, 0));
}

/// So many objects are reclaimed, and no callback runs.
fn assert_silent_end(heap: &Heap, collected: usize) {
    assert_eq!(heap.collect(), collected);
    assert_empty(heap);
    assert!(logged().is_empty());
}

fn looped_class(heap: &Heap) -> Gc<Class> {
    let class = heap.alloc(Class::default());
    class.me.set(Some(class.clone()));
    class
}

/// Through another object's type: the owner `i` reaches a looped `Class`, to which
/// its weak reference points. Both are trash: no callback.
#[test]
fn test_callback_in_cycle_1() {
    for heap in heaps() {
        let class = looped_class(&heap);
        let i = looped(&heap);
        i.weak_class.set(Some(heap.alloc_weak_with(&class, |_| log("called"))));
        i.class.set(Some(class));
        drop(i);
        assert_silent_end(&heap, 3);
    }
}

/// The same, and the type's object is reachable only through the owner.
#[test]
fn test_callback_in_cycle_2() {
    for heap in heaps() {
        let class = heap.alloc(Class::default());
        let i = looped(&heap);
        i.weak_class.set(Some(heap.alloc_weak_with(&class, |_| log("called"))));
        i.class.set(Some(class));
        drop(i);
        assert_silent_end(&heap, 3);
    }
}

/// `c2` reaches `c1` and watches it; `c1` does not reach back.
#[test]
fn test_callback_reachable_one_way() {
    for heap in heaps() {
        let (c1, c2) = (obj(&heap), looped(&heap));
        c2.weak.set(Some(heap.alloc_weak_with(&c1, |_| log("called"))));
        c2.other.set(Some(c1));
        drop(c2);
        assert_silent_end(&heap, 3);
    }
}

/// As that, with a target of another class, that is looped as well and younger.
#[test]
fn test_callback_different_classes() {
    for heap in heaps() {
        let c2 = looped(&heap);
        let class = looped_class(&heap);
        c2.weak_class.set(Some(heap.alloc_weak_with(&class, |_| log("called"))));
        c2.class.set(Some(class));
        drop(c2);
        assert_silent_end(&heap, 3);
    }
}

/// Two trash objects that watch each other are silent; from outside, one is told.
#[test]
fn test_callback_in_cycle_resurrection() {
    for heap in heaps() {
        let (c1, c2) = (obj(&heap), obj(&heap));
        c1.other.set(Some(c2.clone()));
        c2.other.set(Some(c1.clone()));
        c1.weak.set(Some(heap.alloc_weak_with(&c2, |_| log("c1 called"))));
        c2.weak.set(Some(heap.alloc_weak_with(&c1, |_| log("c2 called"))));
        let outside = heap.alloc_weak_with(&c1, |this| {
            log(format!("outside called, alive {}", this.upgrade().is_some()));
        });
        let bare = Gc::downgrade_with(&c2, || log("bare called"));
        drop((c1, c2));
        assert!(logged().is_empty());
        assert_eq!(heap.collect(), 4);
        assert_eq!(logged(), ["outside called, alive false", "bare called"]);
        assert!(outside.upgrade().is_none() && bare.upgrade().is_none());
        drop(outside);
        assert_empty(&heap);
    }
}

/// A weak reference to what a callback needs: that in the trash is silent, that
/// outside is called.
#[test]
fn test_callbacks_on_callback() {
    for heap in heaps() {
        let (c, d, callback) = (obj(&heap), obj(&heap), obj(&heap));
        c.other.set(Some(d.clone()));
        d.other.set(Some(c.clone()));
        c.me.set(Some(callback.clone()));
        c.weak.set(Some(heap.alloc_weak_with(&d, |_| log("cb called"))));
        d.weak.set(Some(heap.alloc_weak_with(&callback, |_| log("cb called"))));
        let outside = heap.alloc_weak_with(&callback, |_| log("safe callback called"));
        assert!(Gc::ptr_eq(&outside.upgrade().unwrap(), &callback));
        drop((c, d, callback));
        assert!(logged().is_empty());
        assert_eq!(heap.collect(), 5);
        assert_eq!(logged(), ["safe callback called"]);
        assert!(outside.upgrade().is_none());
    }
}

/// A managed weak reference that is itself watched by another.
#[test]
fn test_callbacks_on_weak_references() {
    for heap in heaps() {
        let owner = looped(&heap);
        let inner = heap.alloc_weak_with(&owner, |_| log("inner called"));
        let outside = heap.alloc_weak_with(&inner, |_| log("outside called"));
        owner.weak.set(Some(inner));
        drop(owner);
        assert_eq!(heap.collect(), 2);
        assert_eq!(logged(), ["outside called"]);
        assert!(outside.upgrade().is_none());
        drop(outside);
        assert_empty(&heap);
    }
}

/// Weak references to several trash objects: all dead before the first callback.
#[test]
fn test_multiple_selfref_callbacks_in_a_collection() {
    for heap in heaps() {
        let (a, b) = (obj(&heap), obj(&heap));
        a.other.set(Some(b.clone()));
        b.other.set(Some(a.clone()));
        let all: Rc<RefCell<Vec<Weak<Obj>>>> = Rc::default();
        for target in [&a, &b, &a] {
            let seen = Rc::downgrade(&all);
            all.borrow_mut().push(Gc::downgrade_with(target, move || {
                let all = seen.upgrade().unwrap();
                let alive = all.borrow().iter().filter(|weak| weak.upgrade().is_some()).count();
                log(format!("{alive} alive"));
            }));
            all.borrow_mut().push(Gc::downgrade(target));
        }
        drop((a, b));
        assert_eq!(heap.collect(), 2);
        assert_eq!(logged(), ["0 alive"; 3]);
        assert_empty(&heap);
    }
}

/// A bare weak reference has no owner: its callback runs although the object that
/// stores it is trash, and it meets nothing half-dead.
#[test]
fn a_bare_callback_stored_in_trash_runs() {
    #[derive(Trace)]
    struct Holder {
        me: Slot<Holder>,
        watch: RefCell<Vec<Weak<Holder>>>,
    }
    for heap in heaps() {
        let holder = heap.alloc(Holder { me: Slot::empty(), watch: RefCell::default() });
        holder.me.set(Some(holder.clone()));
        let (plain, inner) = (Gc::downgrade(&holder), heap.clone());
        let watch = Gc::downgrade_with(&holder, move || {
            let listed = inner.objects(None).iter().filter_map(GcAny::downcast::<Holder>).count();
            log(format!("upgrade {}, listed {listed}", plain.upgrade().is_some()));
        });
        holder.watch.borrow_mut().push(watch);
        drop(holder);
        assert_eq!(heap.collect(), 1);
        let listed = if heap.policy() == FinalizerPolicy::Legacy { 0 } else { 1 };
        // PEP 442 condemns only after the finalizers.
        assert_eq!(logged(), [format!("upgrade false, listed {listed}")]);
        assert_empty(&heap);
    }
}

/// The weak reference that owns its target, which is on a cycle with its owner.
#[test]
fn test_subclass_refs_with_cycle() {
    for heap in heaps() {
        for two in [false, true] {
            let owner = obj(&heap);
            let target = looped(&heap);
            owner.weak.set(Some(heap.alloc_weak_with(&target, |_| log("called"))));
            if two {
                target.weak.set(Some(heap.alloc_weak_with(&owner, |_| log("called"))));
            }
            target.other.set(Some(owner.clone()));
            owner.other.set(Some(target));
            drop(owner);
            assert_silent_end(&heap, 3 + usize::from(two));
        }
    }
}

/// A finalizer, armed or not, beside the same: Legacy leaves all that it reaches.
#[derive(Trace)]
#[trace(finalize)]
struct Fin {
    me: Slot<Fin>,
    obj: Slot<Obj>,
    weak: Slot<WeakRef<Fin>>,
    armed: Cell<bool>,
}

impl Finalize for Fin {
    fn armed(&self) -> bool {
        self.armed.get()
    }
    fn finalize(this: &Gc<Fin>) {
        let target = this.weak.get().and_then(|weak| weak.upgrade());
        log(format!("finalized, target {}", target.is_some()));
    }
}

/// `Legacy` touches no weak reference to or in what is uncollectable; PEP 442 runs
/// finalizers after all of them died.
#[test]
fn weak_references_of_finalizable_garbage() {
    for heap in heaps() {
        for armed in [false, true] {
            let fin =
                heap.alloc(Fin { me: Slot::empty(), obj: Slot::empty(), weak: Slot::empty(), armed: armed.into() });
            fin.me.set(Some(fin.clone()));
            fin.weak.set(Some(heap.alloc_weak_with(&fin, |_| log("inside called"))));
            fin.obj.set(Some(looped(&heap)));
            let outside = heap.alloc_weak_with(&fin, |_| log("outside called"));
            let beyond = Gc::downgrade_with(&fin.obj.get().unwrap(), || log("beyond called"));
            drop(fin);
            assert_eq!(heap.collect(), 3);
            if armed && heap.policy() == FinalizerPolicy::Legacy {
                assert!(logged().is_empty());
                assert!(outside.upgrade().is_some() && beyond.upgrade().is_some());
                let fin = heap.garbage().pop().unwrap().downcast::<Fin>().unwrap();
                assert!(fin.weak.get().unwrap().upgrade().is_some() && fin.weak.get().unwrap().has_callback());
                fin.me.take();
                drop(fin);
                // The count's order: weak references, finalizer, contents.
                let called = logged();
                assert_eq!(called, ["outside called", "inside called", "finalized, target false"]);
                assert_eq!(heap.collect(), 1);
                assert_eq!(logged(), ["beyond called"]);
            } else {
                let mut expected = vec!["outside called", "beyond called"];
                if armed {
                    expected.push("finalized, target false");
                }
                assert_eq!(logged(), expected);
            }
            drop(outside);
            assert_empty(&heap);
        }
    }
}
