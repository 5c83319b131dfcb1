//! The end of a heap, as Python observes it at exit.

use crate::support::*;

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
