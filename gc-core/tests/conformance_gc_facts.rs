//! The collector's surroundings, fact by fact, as observed on CPython 2.7.18 (legacy)
//! and 3.11 (PEP 442): exit, callbacks, thresholds, orders of release, debug output.
//! (33 and 34, deep structures, are with the rows about those.)

mod common;

use common::*;
use gc_core::hooks::Phase;
use gc_core::{DebugFlags, Gc, Generation, Heap, List};
use std::cell::RefCell;
use std::rc::Rc;

/// Exit with an acyclic global, one on a cycle, and one in `garbage`: Legacy finalizes
/// the acyclic one only, PEP 442 all. What outlives the heap is finalized when it goes.
#[test]
fn fact_27_at_exit() {
    for world in World::both() {
        let log = world.log.clone();
        drop(world.self_loop("garbage", Fin::Log));
        world.heap.collect();
        let left: &[&str] = if world.is_legacy() { &[] } else { &["del garbage"] };
        assert_eq!(log.take(), left);
        let kept = world.node("kept", Fin::Log);
        let globals = (world.node("acyclic", Fin::Log), world.self_loop("loop", Fin::Log));
        let legacy = world.is_legacy();
        drop(globals);
        drop(world);
        let ended: &[&str] = if legacy { &["del acyclic"] } else { &["del acyclic", "del loop"] };
        assert_eq!(log.take().into_iter().filter(|line| line.starts_with("del")).collect::<Vec<_>>(), ended);
        assert_eq!(kept.name, "kept");
        drop(kept);
        assert_eq!(log.take(), ["del kept"]);
    }
}

/// Callbacks are called at start and stop of each collection, an empty one, too; both
/// numbers are 0 at the start; finalizers run in between. (Python 2.7 has none.)
#[test]
fn fact_28_callbacks() {
    for world in World::both() {
        let log = world.log.clone();
        world.heap.on_collection(move |_, phase, info| {
            let phase = if phase == Phase::Start { "start" } else { "stop" };
            let line = format!("{phase} {} {} {}", info.generation, info.collected, info.uncollectable);
            log.borrow_mut().push(line);
        });
        drop((world.self_loop("a", Fin::Log), world.self_loop("b", Fin::Log)));
        drop([world.plain_loop(), world.plain_loop(), world.plain_loop()]);
        assert_eq!(world.heap.collect_generation(Generation::One), 5);
        if world.is_legacy() {
            assert_eq!(world.taken(), ["start 1 0 0", "stop 1 3 2"]);
        } else {
            assert_eq!(world.taken(), ["start 1 0 0", "del a", "del b", "stop 1 5 0"]);
        }
        assert_eq!(world.heap.collect(), 0);
        assert_eq!(world.taken(), ["start 2 0 0", "stop 2 0 0"]);
    }
}

/// The generations that are collected by 400 allocations with thresholds (10, 2, 2).
fn collected_by_400(heap: &Heap) -> Vec<u8> {
    let started: Rc<RefCell<Vec<u8>>> = Rc::default();
    let seen = started.clone();
    let id = heap.on_collection(move |_, phase, info| {
        if phase == Phase::Start {
            seen.borrow_mut().push(info.generation.number());
        }
    });
    heap.set_thresholds([10, 2, 2]);
    heap.enable();
    let _held: Vec<_> = (0..400).map(|_| heap.alloc(Plain::default())).collect();
    heap.disable();
    heap.remove_hook(id);
    started.take()
}

/// (700, 10, 10) is the default. With (10, 2, 2) every 11th allocation collects, every
/// fourth time generation 1, and never generation 2, as less than a quarter of the
/// objects that survived the last full collection is new.
#[test]
fn fact_29_thresholds() {
    for world in World::both() {
        assert_eq!(world.heap.thresholds(), [700, 10, 10]);
        let _old: Vec<_> = (0..4000).map(|_| world.plain()).collect();
        world.heap.collect();
        let started = collected_by_400(&world.heap);
        assert_eq!(started.len(), 400 / 11);
        let expected: Vec<u8> = (1..=36).map(|nth| u8::from(nth % 4 == 0)).collect();
        assert_eq!(started, expected);
    }
}

/// The same where nothing is old: generation 2 is collected once it is due. CPython
/// shows it when no full collection has run yet; that one makes the others wait.
#[test]
fn fact_29_thresholds_before_the_first_full_collection() {
    for world in World::both() {
        let _old: Vec<_> = (0..4000).map(|_| world.plain()).collect();
        let started = collected_by_400(&world.heap);
        // The first allocation collects at once, for the 4000 before it.
        let mut expected = vec![0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2];
        expected.extend((1..=24).map(|nth| u8::from(nth % 4 == 0)));
        assert_eq!(started, expected);
    }
}

/// A store over the last pointer: the old value's finalizer sees the new one in the
/// field; a field that is emptied it sees empty.
#[test]
fn fact_30_setattr_order() {
    for world in World::both() {
        let a = world.node("a", Fin::None);
        let owner = Gc::downgrade(&a);
        let log = world.log.clone();
        let looks = Fin::run(move |_| {
            let next = owner.upgrade().unwrap().next.get();
            log.borrow_mut().push(next.map_or("unset".into(), |node| node.name.clone()));
        });
        a.next.set(Some(world.node("old", looks.clone())));
        a.next.set(Some(world.node("new", looks)));
        assert_eq!(world.taken(), ["del old", "new"]);
        a.next.take();
        assert_eq!(world.taken(), ["del new", "unset"]);
    }
}

/// Fields are released in their order; list items last to first, when the list dies
/// and when it is cleared.
#[test]
fn fact_31_release_order() {
    for world in World::both() {
        let made = |name: &str| world.node(name, Fin::Log);
        let owner = world.node("owner", Fin::None);
        owner.other.set(Some(made("other")));
        owner.next.set(Some(made("next")));
        ["0", "1", "2"].iter().for_each(|name| owner.list.push(made(name)));
        drop(owner);
        assert_eq!(world.taken(), ["del next", "del other", "del 2", "del 1", "del 0"]);

        let list: Gc<List<Node>> = world.heap.alloc(["0", "1", "2"].map(made).into_iter().collect());
        list.clear();
        assert_eq!(world.taken(), ["del 2", "del 1", "del 0"]);
        assert!(list.is_empty());

        let cycle = world.self_loop("cycle", Fin::None);
        ["0", "1"].iter().for_each(|name| cycle.list.push(made(name)));
        cycle.other.set(Some(made("other")));
        drop(cycle);
        world.heap.collect();
        let expected = if world.is_legacy() {
            ["del other", "del 1", "del 0"] // by count, in the order of the fields
        } else {
            ["del 0", "del 1", "del other"] // by the collection, in birth order
        };
        assert_eq!(world.taken(), expected);
    }
}

/// A world with a loop `f` that has a finalizer and points to `p`, and a plain loop `q`,
/// all trash, beside an old object; debug lines and callbacks go to the log.
fn debugged(world: &World, flags: DebugFlags) -> (usize, Vec<String>) {
    let _old = world.plain();
    world.heap.collect();
    let f = world.self_loop("f", Fin::Log);
    f.other.set(Some(world.node("p", Fin::None)));
    let q = world.plain_loop();
    let weak = world.weak(&q, "q");
    let known = [("f", Gc::as_any(&f).address()), ("p", Gc::as_any(&f.other.get().unwrap()).address())];
    drop((f, q));
    let log = world.log.clone();
    world.heap.on_log(move |_, line| {
        let mut line = String::from(line);
        for (name, address) in known {
            line = line.replace(&format!("{address:#x}"), name);
        }
        log.borrow_mut().push(line);
    });
    world.heap.set_debug(flags);
    let returned = world.heap.collect();
    drop(weak);
    (returned, world.taken())
}

/// `STATS`: generation, sizes (PEP 442: also of the permanent set), and the result;
/// "unreachable" is the return value. (Python adds the time elapsed.)
#[test]
fn fact_debug_output_stats() {
    for world in World::both() {
        let (returned, lines) = debugged(&world, DebugFlags::STATS);
        assert_eq!(returned, 3);
        let start = ["gc: collecting generation 2...", "gc: objects in each generation: 3 0 1"];
        assert_eq!(lines[..2], start);
        if world.is_legacy() {
            assert_eq!(lines[2], "cb q");
            assert!(lines[3].starts_with("gc: done, 3 unreachable, 2 uncollectable"), "{}", lines[3]);
            assert_eq!(lines.len(), 4);
        } else {
            assert_eq!(lines[2..5], ["gc: objects in permanent generation: 0", "cb q", "del f"]);
            assert!(lines[5].starts_with("gc: done, 3 unreachable, 0 uncollectable"), "{}", lines[5]);
            assert_eq!(lines.len(), 6);
        }
    }
}

/// `COLLECTABLE` and `UNCOLLECTABLE`: what was found, by type and address, before
/// callbacks and finalizers. PEP 442 finds all collectable.
#[test]
fn fact_debug_output_found() {
    for world in World::both() {
        let both = DebugFlags::COLLECTABLE | DebugFlags::UNCOLLECTABLE;
        let (returned, mut lines) = debugged(&world, both);
        assert_eq!(returned, 3);
        let plain = lines.iter_mut().find(|line| line.contains("Plain")).unwrap();
        assert!(plain.starts_with("gc: collectable <Plain 0x") && plain.ends_with('>'), "{plain}");
        *plain = "q".into();
        if world.is_legacy() {
            assert_eq!(lines, ["q", "gc: uncollectable <Node f>", "gc: uncollectable <Node p>", "cb q"]);
        } else {
            assert_eq!(lines, ["gc: collectable <Node f>", "gc: collectable <Node p>", "q", "cb q", "del f"]);
        }
        let (_, lines) = debugged(&world, DebugFlags::empty());
        let silent: &[&str] = if world.is_legacy() { &["cb q"] } else { &["cb q", "del f"] };
        assert_eq!(lines, silent);
    }
}

/// The flags have Python 3's numbers.
#[test]
fn fact_debug_output_flags() {
    let flags = [DebugFlags::STATS, DebugFlags::COLLECTABLE, DebugFlags::UNCOLLECTABLE, DebugFlags::SAVE_ALL];
    assert_eq!(flags.map(|flag| flag.bits()), [1, 2, 4, 32]);
    assert_eq!(DebugFlags::LEAK, DebugFlags::COLLECTABLE | DebugFlags::UNCOLLECTABLE | DebugFlags::SAVE_ALL);
    assert_eq!(DebugFlags::LEAK.bits(), 38);
}
