//! Callbacks of collections, as observed on CPython 3.11.

use crate::support::*;
use gc_core::Generation;
use gc_core::hooks::Phase;

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
