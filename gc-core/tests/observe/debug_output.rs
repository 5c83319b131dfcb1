//! Debug output of collections, as observed on CPython 2.7.18 (legacy) and 3.11 (PEP 442).

use crate::support::*;
use gc_core::{DebugFlags, Gc};

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
