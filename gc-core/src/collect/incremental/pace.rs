//! Schedules the automatic slices and young collections of an incremental heap, so that a
//! collection ends before the heap has grown by much.

use super::step;
use crate::collect::collect;
use crate::core::Core;
use crate::gc_state::budget::WorkLimit;
use crate::ground::restore::Restore;
use crate::ground::time::Stamp;
use crate::telemetry::records::Cause;
use core::time::Duration;

/// Approximate number of times that an incremental collection looks at each object.
const LOOKS: usize = 4;

/// While a collection is open, the heap may grow by one object for each `GROWTH` objects that it
/// began with.
const GROWTH: usize = 6;

/// Least number of objects born between two slices. The number is so small that the collector
/// finishes first even if each slice does next to nothing.
const SHORTEST: u32 = 4;

/// Greatest number of objects born between two slices.
const LONGEST: u32 = 50_000;

/// Greatest number of blocks with candidates that a young collection visits. A young collection
/// visits the blocks that were listed last, which hold the young objects. The other blocks wait for
/// the full collection.
const MOST_CANDIDATE_BLOCKS: usize = 256;

/// Runs a slice if an incremental collection is open or a full collection is due, else a young
/// collection. An allocation calls this when the trigger is exceeded.
pub(crate) fn work(core: &Core, budget: Duration) {
    let births = core.storage.birth_clock.next();
    if core.state.is_cycle_open.get() || core.state.schedule.full_is_due(births, || core.tracked_in_use()) {
        step(core, Cause::Allocations, WorkLimit::Time(budget));
        core.storage.birth_clock.forget_young();
    } else {
        collect_young(core, budget);
    }
    core.storage.birth_clock.set_trigger(trigger(core));
}

/// Returns the number of objects that may be born until the next slice or young collection.
pub(crate) fn trigger(core: &Core) -> u32 {
    let usual = core.state.schedule.natural_trigger();
    if usual == u32::MAX {
        return usual;
    }
    if core.state.is_cycle_open.get() {
        let looks_a_birth = LOOKS * GROWTH;
        return ((core.state.work_budget.spent() / looks_a_birth) as u32).clamp(SHORTEST, LONGEST);
    }
    usual.min(core.state.schedule.young_most.get())
}

/// Collects the young objects if enough of them were born since the last young collection, else
/// promotes them unexamined. The less these collections free, the rarer they become.
fn collect_young(core: &Core, budget: Duration) {
    let young = core.storage.birth_clock.young();
    if !core.state.schedule.young_have_their_turn(young) {
        core.state.epoch.promote(0);
        core.storage.bins.flush();
        core.storage.birth_clock.forget_young();
        return;
    }
    let began = Stamp::now();
    let freed = {
        let _fewer = Restore::after(&core.state.schedule.most_candidate_blocks, MOST_CANDIDATE_BLOCKS);
        collect(core, 0)
    };
    core.state.schedule.learn(freed, young as usize);
    core.state.schedule.limit_young(young, began.elapsed(), budget);
}
