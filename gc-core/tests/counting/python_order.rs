//! Orders of stores and releases, as observed on CPython 2.7.18 (legacy) and 3.11 (PEP 442).

use crate::support::*;
use gc_core::{Gc, List};

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
