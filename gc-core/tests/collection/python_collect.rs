//! Rows of CPython's `test_gc`: what collections find, and what user code that runs
//! in them may do. A test has its row's name.

use crate::support::*;
use gc_core::{DebugFlags, Finalize, FinalizerPolicy, Gc, Heap, List, Slot, Trace, Weak};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A container that can be changed, without a finalizer.
#[derive(Trace, Default)]
struct Container {
    list: List<Container>,
    map: RefCell<BTreeMap<u32, Gc<Container>>>,
}

/// A type whose finalizer is always armed.
#[derive(Trace)]
#[trace(finalize)]
struct Bare {
    next: Slot<Bare>,
    #[trace(skip)]
    on_finalize: Rc<dyn Fn()>,
}

impl Finalize for Bare {
    fn finalize(this: &Gc<Bare>) {
        (this.on_finalize)();
    }
}

fn bare(world: &World, on_finalize: impl Fn() + 'static) -> Gc<Bare> {
    world.heap.alloc(Bare { next: Slot::empty(), on_finalize: Rc::new(on_finalize) })
}

/// A list that contains itself: collect returns exactly 1.
#[test]
fn test_list() {
    for world in World::both() {
        let list = world.heap.alloc(Container::default());
        list.list.push(list.clone());
        assert_eq!(world.heap.collect(), 0);
        drop(list);
        assert_eq!(world.heap.collect(), 1);
        assert_eq!(world.alive(), 0);
    }
}

/// A map that holds itself as a value: collect returns 1.
#[test]
fn test_dict() {
    for world in World::both() {
        let map = world.heap.alloc(Container::default());
        map.map.borrow_mut().insert(1, map.clone());
        assert_eq!(world.heap.collect(), 0);
        drop(map);
        assert_eq!(world.heap.collect(), 1);
        assert_eq!(world.alive(), 0);
    }
}

/// A loop through an object that cannot be changed and a list: collect returns 2.
#[test]
fn test_tuple() {
    #[derive(Trace)]
    struct Tuple(Gc<Items>);
    #[derive(Trace)]
    struct Items(List<Tuple>);

    for world in World::both() {
        let items = world.heap.alloc(Items(List::new()));
        let tuple = world.heap.alloc(Tuple(items.clone()));
        items.0.push(tuple.clone());
        assert_eq!(world.heap.collect(), 0);
        assert!(Gc::ptr_eq(&tuple.0, &items));
        drop((tuple, items));
        assert_eq!(world.heap.collect(), 2);
        assert_eq!(world.alive(), 0);
    }
}

/// An object that points to itself is collected.
#[test]
fn test_instance() {
    for world in World::both() {
        let a = world.plain_loop();
        assert_eq!(world.heap.collect(), 0);
        drop(a);
        assert_eq!(world.heap.collect(), 1);
        assert_eq!(world.heap.collect(), 0);
    }
}

/// The same with a container as base, and with a class that holds its own instance;
/// nothing is left then.
#[test]
fn test_newinstance() {
    #[derive(Trace, Default)]
    struct Class {
        attribute: Slot<Instance>,
    }
    #[derive(Trace)]
    struct Instance {
        class: Gc<Class>,
        base: List<Instance>,
        attribute: Slot<Instance>,
    }

    for world in World::both() {
        let heap = &world.heap;
        let class = heap.alloc(Class::default());
        let instance = || heap.alloc(Instance { class: class.clone(), base: List::new(), attribute: Slot::empty() });

        let plain = instance();
        plain.attribute.set(Some(plain.clone()));
        drop(plain);
        assert_eq!(heap.collect(), 1);

        let list = instance();
        list.attribute.set(Some(list.clone()));
        list.base.push(list.clone());
        drop(list);
        assert_eq!(heap.collect(), 1);

        class.attribute.set(Some(instance()));
        assert!(Gc::ptr_eq(&class.attribute.get().unwrap().class, &class));
        drop(class);
        assert_eq!(heap.collect(), 2);
        assert_eq!(heap.collect(), 0);
        assert_eq!(world.alive(), 0);
    }
}

/// A self loop with a finalizer lands in `garbage`, the plain one beside it does not;
/// cut there and removed, it is finalized.
fn finalizer_in_garbage(make: impl Fn(&World) -> Gc<Node>, remove: impl Fn(&Heap)) {
    let world = World::legacy();
    let (a, b) = (make(&world), world.plain_loop());
    let at = Gc::as_any(&a).address();
    assert_eq!(world.heap.collect(), 0);
    drop((a, b));
    assert_eq!(world.heap.collect(), 2);
    assert_eq!(world.garbage_names(), ["a"]);
    assert_eq!(world.alive(), 1);

    let found = world.heap.garbage().get(0).unwrap();
    assert_eq!(found.address(), at);
    found.downcast::<Node>().unwrap().next.take();
    drop(found);
    assert!(world.taken().is_empty());
    remove(&world.heap);
    assert_eq!(world.taken(), ["del a"]);
    assert_eq!((world.heap.garbage().len(), world.alive()), (0, 0));
}

/// A self loop with a finalizer is uncollectable; the program can cut it and take it
/// out of `garbage`.
#[test]
fn test_finalizer() {
    finalizer_in_garbage(|world| world.self_loop("a", Fin::Log), |heap| drop(heap.garbage().remove(0)));
}

/// The same for a type whose finalizer is always armed.
#[test]
fn test_finalizer_newclass() {
    let world = World::legacy();
    let a = bare(&world, world.logs("del a"));
    a.next.set(Some(a.clone()));
    let b = world.plain_loop();
    drop((a, b));
    assert_eq!(world.heap.collect(), 2);
    assert_eq!(world.heap.garbage().len(), 1);
    let found = world.heap.garbage().get(0).unwrap().downcast::<Bare>().unwrap();
    found.next.take();
    assert!(world.heap.garbage().remove(0).is_some());
    assert!(world.taken().is_empty());
    drop(found);
    assert_eq!(world.taken(), ["del a"]);
    assert_eq!(world.alive(), 0);
}

/// The rows for `tp_del`, which is the finalizer of the legacy policy: as
/// `test_finalizer`, with the entry popped.
#[test]
fn test_legacy_finalizer() {
    finalizer_in_garbage(|world| world.self_loop("a", Fin::Log), |heap| drop(heap.garbage().pop()));
}

/// The same where the loop goes through a list of the object, and the list is cleared.
#[test]
fn test_legacy_finalizer_newclass() {
    let make = |world: &World| {
        let a = world.node("a", Fin::Log);
        a.list.push(a.clone());
        a.next.set(Some(world.node("tail", Fin::None)));
        a
    };
    let world = World::legacy();
    drop(make(&world));
    assert_eq!(world.heap.collect(), 2);
    assert_eq!(world.garbage_names(), ["a"]);
    world.heap.garbage().get(0).unwrap().downcast::<Node>().unwrap().list.clear();
    assert!(world.taken().is_empty());
    world.heap.garbage().clear();
    assert_eq!(world.taken(), ["del a"]);
    assert_eq!(world.alive(), 0);
}

/// A weak reference that a finalizer made to other trash is upgraded while the trash
/// is reclaimed. Python 3.11 then shows a half-emptied object; here the weak
/// reference is dead before anything is reclaimed.
#[test]
fn test_function_tp_clear_leaves_consistent_state() {
    let world = World::pep442();
    let reference: Rc<RefCell<Weak<Node>>> = Rc::default();
    let seen = Rc::new(Cell::new(None));

    let (late_reference, late_seen) = (reference.clone(), seen.clone());
    let late_fin = world.node(
        "late",
        Fin::run(move |_| {
            late_seen.set(Some(late_reference.borrow().upgrade().is_some()));
        }),
    );
    let func = world.node("func", Fin::None);
    let global = Rc::new(RefCell::new(Some(late_fin.clone())));
    let cyclic = world.node(
        "cyclic",
        Fin::run(move |this| {
            let func = this.next.get().unwrap();
            *reference.borrow_mut() = Gc::downgrade(&func);
            assert!(reference.borrow().upgrade().is_some());
            drop(global.take());
        }),
    );
    cyclic.next.set(Some(func.clone()));
    cyclic.other.set(Some(late_fin));
    func.next.set(Some(cyclic.clone()));
    drop((func, cyclic));

    assert_eq!(world.heap.collect(), 2);
    assert_eq!(world.taken(), ["del cyclic", "del late"]);
    assert_eq!(seen.get(), Some(false));
    assert_eq!(world.alive(), 0);
}

/// `SAVE_ALL`: trash goes to `garbage`, here exactly one object.
#[test]
fn test_saveall() {
    for world in World::both() {
        let list = world.heap.alloc(Container::default());
        list.list.push(list.clone());
        let at = Gc::as_any(&list).address();
        world.heap.set_debug(DebugFlags::SAVE_ALL);
        drop(list);
        assert_eq!(world.heap.collect(), 1);
        world.heap.set_debug(DebugFlags::empty());

        assert_eq!(world.heap.garbage().len(), 1);
        let saved = world.heap.garbage().pop().unwrap();
        assert_eq!(saved.address(), at);
        let list = saved.downcast::<Container>().unwrap();
        assert!(Gc::ptr_eq(&list.list.get(0).unwrap(), &list));
        drop((saved, list));
        assert_eq!(world.heap.collect(), 1);
        assert_eq!((world.heap.garbage().len(), world.alive()), (0, 0));
    }
}

/// What a finalizer that allocates three objects does with threshold 1: the first
/// and the third allocation collect.
fn allocate_three(heap: &Heap) {
    let _held: Vec<_> = (0..3).map(|_| heap.alloc(Plain::default())).collect();
}

/// Collections that start by themselves while a finalizer runs.
#[test]
fn test_del() {
    for world in World::both() {
        let heap = &world.heap;
        heap.set_thresholds([1, 10, 10]);
        heap.enable();
        let a = world.node("a", Fin::run(|this| allocate_three(&Gc::heap(this))));
        drop(a);
        assert_eq!(world.taken(), ["del a"]);
        assert_eq!(heap.stats().map(|it| it.collections), [2, 0, 0]);
        assert_eq!(heap.stats().map(|it| it.collected), [0, 0, 0]);
        assert_eq!(world.alive(), 0);
    }
}

/// The same for a type whose finalizer is always armed.
#[test]
fn test_del_newclass() {
    for world in World::both() {
        let heap = world.heap.clone();
        heap.set_thresholds([1, 10, 10]);
        heap.enable();
        let inner = heap.clone();
        let finalized = Rc::new(Cell::new(0));
        let calls = finalized.clone();
        drop(bare(&world, move || {
            calls.set(calls.get() + 1);
            allocate_three(&inner);
        }));
        assert_eq!(finalized.get(), 1);
        assert_eq!(heap.stats().map(|it| it.collections), [2, 0, 0]);
        assert_eq!(world.alive(), 0);
    }
}

/// Asking for a finalizer is user code here, unlike in Python: if it cuts the trash
/// apart, what died of that is not counted, and no list gets an entry.
#[test]
fn test_boom() {
    #[derive(Trace)]
    #[trace(finalize)]
    struct Boom {
        attr: Slot<Boom>,
        #[trace(skip)]
        asked: Rc<Cell<usize>>,
    }
    impl Finalize for Boom {
        fn armed(&self) -> bool {
            self.asked.set(self.asked.get() + 1);
            self.attr.take();
            false
        }
        fn finalize(_: &Gc<Boom>) {
            unreachable!("never armed");
        }
    }

    for world in World::both() {
        let asked = Rc::new(Cell::new(0));
        let boom = || world.heap.alloc(Boom { attr: Slot::empty(), asked: asked.clone() });
        let (a, b) = (boom(), boom());
        a.attr.set(Some(b.clone()));
        b.attr.set(Some(a.clone()));
        drop((a, b));
        // a is asked and lets b go, which is asked at zero and lets a go.
        assert_eq!(world.heap.collect(), 0);
        assert!(asked.get() >= 2);
        assert_eq!((world.heap.garbage().len(), world.alive()), (0, 0));
    }
}

/// A finalizer drops an attribute, which frees a part of the trash that is being
/// finalized. What died by count is not in the return value.
#[test]
fn test_bug21435() {
    let world = World::new(FinalizerPolicy::Pep442);
    let a = world.node("a", Fin::None);
    let inner = world.node("inner", Fin::None);
    let b = world.node("b", Fin::Unlink);
    b.other.set(Some(inner));
    b.next.set(Some(a.clone()));
    a.next.set(Some(b.clone()));
    drop((a, b));
    assert_eq!(world.heap.collect(), 0);
    assert_eq!(world.taken(), ["del b"]);
    assert_eq!(world.alive(), 0);
}
