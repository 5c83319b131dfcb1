//! Finalizers in collections and at count zero, fact by fact, as observed on CPython
//! 2.7.18 (legacy) and 3.11 (PEP 442). Where CPython follows its internal list, order
//! is asserted as birth order.

use crate::support::*;
use gc_core::{DebugFlags, Gc, Generation};
use std::cell::RefCell;
use std::rc::Rc;

/// Collects everything and empties the log.
fn collect(world: &World) -> (usize, Vec<String>) {
    (world.heap.collect(), world.taken())
}

fn nodes<const N: usize>(world: &World, nodes: [(&str, Fin); N]) -> [Gc<Node>; N] {
    nodes.map(|(name, fin)| world.node(name, fin))
}

/// The object of that name in `garbage`.
fn in_garbage(world: &World, name: &str) -> Gc<Node> {
    let entries = world.heap.garbage().to_vec();
    let mut nodes = entries.iter().filter_map(|entry| entry.downcast::<Node>());
    nodes.find(|node| node.name == name).unwrap()
}

/// A ring of finalizers is taken in birth order, not in ring order; all are intact.
#[test]
fn fact_01_ring_order() {
    for world in World::both() {
        let whole = Fin::run(|this| {
            let ring: Vec<_> = std::iter::successors(this.next.get(), |node| node.next.get()).take(5).collect();
            assert!(Gc::ptr_eq(&ring[4], this));
        });
        let made = nodes(&world, ["3", "1", "4", "0", "2"].map(|name| (name, whole.clone())));
        let named = |name: usize| made.iter().find(|node| node.name == name.to_string()).unwrap();
        (0..5).for_each(|name| named(name).next.set(Some(named((name + 1) % 5).clone())));
        drop(made);
        assert_eq!(world.heap.collect(), 5);
        if world.is_legacy() {
            assert_eq!(world.garbage_names(), ["3", "1", "4", "0", "2"]);
            assert!(world.taken().is_empty());
        } else {
            assert_eq!(world.taken(), ["del 3", "del 1", "del 4", "del 0", "del 2"]);
            assert_eq!((world.garbage_names().len(), world.alive()), (0, 0));
        }
    }
}

/// After a promotion CPython's list is b, c, a, because the ring was kept by a later
/// object that points to b. Here the order is birth order still.
#[test]
fn fact_02_order_after_promotion() {
    for world in World::both() {
        let ring = world.ring(&[("a", Fin::Log), ("b", Fin::Log), ("c", Fin::Log)]);
        let top = world.node("top", Fin::None);
        top.next.set(Some(ring[1].clone()));
        drop(ring);
        assert_eq!(collect(&world), (0, vec![]));
        drop(top);
        assert_eq!(world.heap.collect(), 3);
        if world.is_legacy() {
            assert_eq!(world.garbage_names(), ["a", "b", "c"]);
        } else {
            assert_eq!(world.taken(), ["del a", "del b", "del c"]);
        }
    }
}

/// A finalizer that raises is reported for each object, and all are freed. In a cycle
/// Legacy does not call it at all.
#[test]
fn fact_03_raises() {
    for world in World::both() {
        let alone = world.node("alone", Fin::Panic);
        let weak = Gc::downgrade(&alone);
        drop(alone);
        assert_eq!(world.taken(), ["del alone", "Finalizer: finalizer of alone"]);
        assert!(weak.upgrade().is_none());

        let reports: Rc<RefCell<Vec<String>>> = Rc::default();
        let sink = reports.clone();
        world.heap.on_unraisable(move |_, event| sink.borrow_mut().push(event.to_string()));
        drop(world.ring(&[("a", Fin::Panic), ("b", Fin::Log), ("c", Fin::Panic)]));
        assert_eq!(world.heap.collect(), 3);
        if world.is_legacy() {
            assert_eq!((world.taken().len(), reports.take().len()), (0, 0));
            assert_eq!(world.garbage_names(), ["a", "b", "c"]);
        } else {
            assert_eq!(world.taken(), ["del a", "del b", "del c"]);
            let report = |name| format!("panic ignored in finalizer of Node: finalizer of {name}");
            assert_eq!(reports.take(), [report("a"), report("c")]);
            assert_eq!(world.alive(), 0);
        }
    }
}

/// An acyclic object with a finalizer that hangs off a plain cycle is finalized during
/// the collection; Legacy does not count it, and has it in no list.
#[test]
fn fact_04_tail() {
    for world in World::both() {
        let ring = world.ring(&[("a", Fin::None), ("b", Fin::None)]);
        let intact = Rc::new(RefCell::new(None));
        let (seen, a) = (intact.clone(), Gc::downgrade(&ring[0]));
        let look = Fin::run(move |_| *seen.borrow_mut() = Some(a.upgrade().is_some()));
        ring[0].other.set(Some(world.node("t", look)));
        drop(ring);
        let returned = if world.is_legacy() { 2 } else { 3 };
        assert_eq!(collect(&world), (returned, vec!["del t".into()]));
        assert_eq!(intact.take(), Some(false));
        assert_eq!((world.garbage_names().len(), world.alive()), (0, 0));
    }
}

/// A plain loop behind such a tail: Legacy leaves it to the next collection, as it was
/// reachable from an object with a finalizer.
#[test]
fn fact_05_tail_keeps_cycle() {
    for world in World::both() {
        let a = world.self_loop("a", Fin::None);
        let t = world.node("t", Fin::Log);
        let c = world.self_loop("c", Fin::None);
        let weak = Gc::downgrade(&c);
        t.next.set(Some(c));
        a.other.set(Some(t));
        drop(a);
        if world.is_legacy() {
            assert_eq!(collect(&world), (2, vec!["del t".into()]));
            assert!(weak.upgrade().is_some());
            assert_eq!((world.garbage_names().len(), world.alive()), (0, 1));
            assert_eq!(collect(&world), (1, vec![]));
        } else {
            assert_eq!(collect(&world), (3, vec!["del t".into()]));
        }
        assert!(weak.upgrade().is_none());
        assert_eq!(world.alive(), 0);
    }
}

/// What an uncollectable object reaches is kept, and is in `garbage` if it has a
/// finalizer, on a cycle or not.
#[test]
fn fact_06_fin_then_tail() {
    for world in World::both() {
        let f = world.self_loop("f", Fin::Log);
        let [p, q] = nodes(&world, [("p", Fin::None), ("q", Fin::Log)]);
        p.next.set(Some(q));
        f.other.set(Some(p));
        drop(f);
        if world.is_legacy() {
            assert_eq!(collect(&world), (3, vec![]));
            assert_eq!(world.garbage_names(), ["f", "q"]);
            assert_eq!(in_garbage(&world, "f").other.get().unwrap().name, "p");
            assert_eq!(world.alive(), 3);
        } else {
            assert_eq!(collect(&world), (3, vec!["del f".into(), "del q".into()]));
            assert_eq!(world.alive(), 0);
        }
    }
}

/// `garbage` holds its objects: a second collection finds nothing and adds nothing.
#[test]
fn fact_07_in_garbage_already() {
    let world = World::legacy();
    drop(world.ring(&[("a", Fin::Log), ("b", Fin::Log)]));
    assert_eq!(collect(&world), (2, vec![]));
    assert_eq!(collect(&world), (0, vec![]));
    assert_eq!(world.garbage_names(), ["a", "b"]);
}

/// Cutting a cycle in `garbage` does nothing yet; clearing releases the last entry first.
#[test]
fn fact_08_break_by_hand() {
    let world = World::legacy();
    drop(world.ring(&[("a", Fin::Log), ("b", Fin::Log)]));
    assert_eq!(collect(&world), (2, vec![]));
    for name in ["a", "b"] {
        in_garbage(&world, name).next.take();
    }
    assert!(world.taken().is_empty());
    world.heap.garbage().clear();
    assert_eq!(world.taken(), ["del b", "del a"]);
    assert_eq!(world.alive(), 0);
}

/// Cleared without being cut, the object stays in the generation after the collected
/// one, is found again when that is collected, and is never finalized.
#[test]
fn fact_09_clear_without_breaking() {
    let generations = [Generation::Zero, Generation::One, Generation::Two];
    for (at, collected) in generations.into_iter().enumerate() {
        let world = World::legacy();
        drop(world.self_loop("f", Fin::Log));
        assert_eq!(world.heap.collect_generation(collected), 1);
        let old = generations[(at + 1).min(2)];
        assert_eq!(world.heap.garbage().get(0).unwrap().generation(), Some(old));
        world.heap.garbage().clear();
        for younger in generations.into_iter().filter(|&it| it < old) {
            assert_eq!(world.heap.collect_generation(younger), 0, "{younger:?} after {collected:?}");
        }
        assert_eq!(world.heap.collect_generation(old), 1, "{old:?} after {collected:?}");
        assert_eq!(world.garbage_names(), ["f"]);
        assert_eq!((world.taken().len(), world.alive()), (0, 1));
    }
}

/// The return value is collected + uncollectable, and the outside weak references that
/// died of their own callback. What a finalizer resurrected or freed is not counted.
#[test]
fn fact_10_return_value() {
    for world in World::both() {
        drop(world.ring(&[("1", Fin::Log), ("2", Fin::Log), ("3", Fin::Log)]));
        assert_eq!(world.heap.collect(), 3);
        let f = world.self_loop("f", Fin::Log);
        f.other.set(Some(world.node("child", Fin::None)));
        drop(f);
        assert_eq!(world.heap.collect(), 2);
        let garbage: &[&str] = if world.is_legacy() { &["1", "2", "3", "f"] } else { &[] };
        assert_eq!(world.garbage_names(), garbage);

        let target = world.plain_loop();
        let root: Rc<RefCell<Option<_>>> = Rc::default();
        let holder = root.clone();
        let weak = world.heap.alloc_weak_with(&target, move |_| drop(holder.take()));
        *root.borrow_mut() = Some(weak);
        drop(target);
        assert_eq!(world.heap.collect(), 2);
        assert!(root.borrow().is_none());
    }
    let world = World::pep442();
    drop((world.self_loop("r", Fin::Resurrect), world.self_loop("u", Fin::Unlink), world.plain_loop()));
    assert_eq!(world.heap.collect(), 1);
    assert_eq!((world.survivor_names(), world.alive()), (vec!["r".into()], 1));
}

/// A finalizer that breaks its own cycle: all die by count before they are counted.
#[test]
fn fact_11_breaks_its_own_cycle() {
    for world in World::both() {
        let [b, p, q, h] = nodes(&world, [("b", Fin::Unlink), ("p", Fin::None), ("q", Fin::None), ("h", Fin::Log)]);
        q.next.set(Some(b.clone()));
        q.other.set(Some(h));
        p.next.set(Some(q));
        b.next.set(Some(p));
        drop(b);
        if world.is_legacy() {
            assert_eq!(collect(&world), (4, vec![]));
            assert_eq!(world.garbage_names(), ["b", "h"]);
        } else {
            assert_eq!(collect(&world), (0, vec!["del b".into(), "del h".into()]));
            assert_eq!(world.alive(), 0);
        }
    }
}

/// A finalizer that makes a new loop with the same finalizer, up to number 3.
fn makes_loops(world: &Rc<World>, number: u32) -> Fin {
    let world = world.clone();
    Fin::run(move |_| {
        if number < 3 {
            drop(world.self_loop(&(number + 1).to_string(), makes_loops(&world, number + 1)));
        }
    })
}

/// A finalizer makes a new cycle: it is of generation 0 and found by the next
/// collection only.
#[test]
fn fact_12_creates_cycles() {
    for world in World::both().map(Rc::new) {
        if world.is_legacy() {
            drop(world.node("0", makes_loops(&world, 0)));
            assert_eq!(world.taken(), ["del 0"]);
            assert_eq!(collect(&world), (1, vec![]));
            assert_eq!(world.garbage_names(), ["1"]);
            // Lets go of the world that its finalizer holds.
            *in_garbage(&world, "1").fin.borrow_mut() = Fin::None;
            continue;
        }
        drop(world.self_loop("0", makes_loops(&world, 0)));
        for number in 0..3 {
            assert_eq!(collect(&world), (1, vec![format!("del {number}")]));
            assert_eq!(names(&world.heap.objects(Some(Generation::Zero))), [(number + 1).to_string()]);
        }
        assert_eq!(collect(&world), (1, vec!["del 3".into()]));
        assert_eq!(world.alive(), 0);
    }
}

/// Resurrection in a cycle: z and what it reaches survive in the older generation; q,
/// which only pointed at it, is collected. Later all die without the finalizer.
#[test]
fn fact_13_resurrect() {
    for (collected, old) in [(Generation::Zero, Generation::One), (Generation::Two, Generation::Two)] {
        for world in World::both() {
            let [z, p] = world.ring(&[("z", Fin::Resurrect), ("p", Fin::None)]).try_into().unwrap();
            let q = world.self_loop("q", Fin::None);
            q.other.set(Some(z.clone()));
            drop((z, p, q));
            let returned = world.heap.collect_generation(collected);
            if world.is_legacy() {
                assert_eq!((returned, world.garbage_names()), (3, vec!["z".into()]));
                assert_eq!((world.taken().len(), world.alive()), (0, 2));
                continue;
            }
            assert_eq!((returned, world.taken()), (1, vec!["del z".into()]));
            assert_eq!((world.survivor_names(), world.alive()), (vec!["z".into()], 2));
            let mut survivors = names(&world.heap.objects(Some(old)));
            survivors.sort_unstable();
            assert_eq!(survivors, ["p", "z"]);
            world.drop_survivors();
            assert_eq!(world.heap.collect_generation(old), 2);
            assert_eq!((world.taken().len(), world.alive()), (0, 0));
        }
    }
}

/// Resurrected by count and dropped again: Legacy calls the finalizer every time,
/// PEP 442 once.
#[test]
fn fact_14_resurrected_again() {
    for world in World::both() {
        drop(world.node("a", Fin::Resurrect));
        for _ in 0..3 {
            world.drop_survivors();
        }
        let calls = if world.is_legacy() { 4 } else { 1 };
        assert_eq!(world.taken(), vec!["del a"; calls]);
        if let Some(a) = world.survivors.borrow_mut().pop() {
            *a.fin.borrow_mut() = Fin::Log;
        }
        assert_eq!(world.alive(), 0);
    }
}

/// `SAVE_ALL`. Legacy: the collectable, then those with a finalizer, then what these
/// reach. PEP 442: all, after their finalizers, which never run again. Weak references
/// to what is found die and call back; nothing is emptied.
#[test]
fn fact_23_saveall() {
    for world in World::both() {
        let p1 = world.self_loop("p1", Fin::None);
        let q = world.node("q", Fin::None);
        let f = world.self_loop("f", Fin::Log);
        f.other.set(Some(q));
        let p2 = world.self_loop("p2", Fin::None);
        let weaks = [&p1, &f, &p2].map(|node| world.weak(node, &node.name));
        drop((p1, f, p2));
        world.heap.set_debug(DebugFlags::SAVE_ALL);
        assert_eq!(world.heap.collect(), 4);
        world.heap.set_debug(DebugFlags::empty());

        let alive = weaks.each_ref().map(|weak| weak.upgrade().is_some());
        if world.is_legacy() {
            assert_eq!(world.garbage_names(), ["p1", "p2", "f", "q"]);
            assert_eq!(world.taken(), ["cb p1", "cb p2"]);
            assert_eq!(alive, [false, true, false]);
        } else {
            assert_eq!(world.garbage_names(), ["p1", "q", "f", "p2"]);
            assert_eq!(world.taken(), ["cb p1", "cb f", "cb p2", "del f"]);
            assert_eq!(alive, [false; 3]);
        }
        for name in ["p1", "f", "p2"] {
            let node = in_garbage(&world, name);
            assert!(Gc::ptr_eq(&node.next.get().unwrap(), &node));
        }
        assert_eq!(in_garbage(&world, "f").other.get().unwrap().name, "q");

        world.heap.garbage().clear();
        let left: &[&str] = if world.is_legacy() { &["f"] } else { &[] };
        assert_eq!(collect(&world), (4, vec![]));
        assert_eq!(world.garbage_names(), left);
    }
}

/// A finalizer that appears or vanishes after the objects were made: what counts is
/// how it is when the collection looks.
#[test]
fn fact_24_late_del() {
    for world in World::both() {
        let added = world.self_loop("added", Fin::None);
        let removed = world.self_loop("removed", Fin::Log);
        *added.fin.borrow_mut() = Fin::Log;
        *removed.fin.borrow_mut() = Fin::None;
        drop((added, removed));
        assert_eq!(world.heap.collect(), 2);
        if world.is_legacy() {
            assert_eq!(world.garbage_names(), ["added"]);
            assert_eq!((world.taken().len(), world.alive()), (0, 1));
        } else {
            assert_eq!(world.taken(), ["del added"]);
            assert_eq!((world.garbage_names().len(), world.alive()), (0, 0));
        }
    }
}
