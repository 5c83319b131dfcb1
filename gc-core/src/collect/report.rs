//! Reports of a collection: callbacks and debug lines, as in Python's `gc`.

use super::Outcome;
use crate::core::Core;
use crate::gc_state::cycle::CycleState;
use crate::ground::config::Generation;
use crate::ground::time::Stamp;
use crate::release::user_code;
use crate::telemetry::hooks::{CollectionInfo, Phase, Unraisable, UnraisableKind};
use crate::telemetry::records::{Cause, CollectionRecord};
use crate::telemetry::stats::CollectionMetrics;
use crate::workset::set::Set;
use alloc::string::String;

/// Reports the beginning of a collection to the callbacks, and to the log if `STATS` is set.
pub(super) fn start(core: &Core, generation: u8) {
    report_saturated(core);
    let info = || CollectionInfo { generation: Generation::of(generation), collected: 0, uncollectable: 0 };
    user_code::collection_event(core, Phase::Start, info);
    if debug::has(core, debug::STATS) {
        user_code::log(core, format_args!("gc: collecting generation {generation}..."));
        let [young, middle, old, frozen] = core.state.epoch.sizes(&core.storage.memory);
        user_code::log(core, format_args!("gc: objects in each generation: {young} {middle} {old}"));
        if core.policy == crate::ground::config::FinalizerPolicy::Pep442 {
            user_code::log(core, format_args!("gc: objects in permanent generation: {frozen}"));
        }
    }
}

/// Reports the number of counts that saturated since the last collection. An object whose count is
/// saturated is immortal.
fn report_saturated(core: &Core) {
    let saturated = core.life.saturated.take();
    if saturated > 0 {
        let message = user_code::written(format_args!("{saturated} since the last collection")).unwrap_or_default();
        let kind = UnraisableKind::CountSaturated;
        user_code::report(core, Unraisable { kind, type_name: String::new(), message });
    }
}

/// Reports the end and the outcome of a collection to the log if `STATS` is set, and to the
/// callbacks.
pub(super) fn stop(core: &Core, generation: u8, outcome: Outcome) {
    let Outcome { collected, uncollectable, .. } = outcome;
    if debug::has(core, debug::STATS) {
        let unreachable = collected + uncollectable;
        user_code::log(core, format_args!("gc: done, {unreachable} unreachable, {uncollectable} uncollectable"));
    }
    let info = || CollectionInfo { generation: Generation::of(generation), collected, uncollectable };
    user_code::collection_event(core, Phase::Stop, info);
}

/// Cause, time and memory at the beginning of a collection.
#[derive(Clone, Copy)]
pub(super) struct Beginning {
    pub(super) at: Stamp,
    pub(super) cause: Cause,
    pub(super) used: usize,
}

impl Beginning {
    /// Notes the beginning of a collection. The caller has set the cause of the collection.
    pub(super) fn now(core: &Core) -> Beginning {
        Beginning { at: Stamp::now(), cause: core.telemetry.stats.cause.take(), used: core.storage.memory.used_bytes() }
    }
}

/// Records the time and the findings of a collection that stopped the world.
pub(super) fn enter(core: &Core, generation: u8, began: Beginning, outcome: Outcome) {
    let time = began.at.elapsed();
    let Outcome { collected, uncollectable, found: objects, found_bytes: bytes } = outcome;
    core.telemetry.stats.pause(time, 0);
    let slices = 1;
    let generation = Generation::of(generation);
    let found = CollectionMetrics { generation, slices, time, longest_pause: time, objects, bytes, ..sizes(core) };
    let began = CollectionMetrics { cause: began.cause, used_before: began.used, ..found };
    record(core, CollectionMetrics { collected, uncollectable, ..began });
}

/// Records the time and the findings of an incremental collection.
pub(super) fn enter_sliced(core: &Core, cycle: &CycleState) {
    let found = CollectionMetrics {
        generation: Generation::Two,
        slices: cycle.slices,
        time: cycle.time,
        longest_pause: cycle.longest,
        objects: cycle.found,
        bytes: cycle.found_bytes,
        ..sizes(core)
    };
    let began = CollectionMetrics { cause: cycle.cause, used_before: cycle.used_before, ..found };
    record(core, CollectionMetrics { collected: cycle.collected, uncollectable: cycle.uncollectable, ..began });
}

fn sizes(core: &Core) -> CollectionMetrics {
    let (used_after, committed) = (core.storage.memory.used_bytes(), core.storage.account.resident());
    CollectionMetrics { used_after, committed, ..CollectionMetrics::default() }
}

fn record(core: &Core, figures: CollectionMetrics) {
    let figures = core.telemetry.stats.collection(figures);
    #[cfg(feature = "tracing")]
    tracing::event!(
        target: "gc_core",
        tracing::Level::DEBUG,
        number = figures.number,
        generation = figures.generation.number(),
        cause = %figures.cause,
        slices = figures.slices,
        time_us = figures.time.as_micros() as u64,
        found = figures.objects,
        collected = figures.collected,
        uncollectable = figures.uncollectable,
        used_before = figures.used_before,
        used_after = figures.used_after,
        "collection"
    );
    if core.telemetry.stats.records.wants_types.get() {
        user_code::record(core, &CollectionRecord { figures, types: core.telemetry.stats.records.take_found() });
    }
}

/// Notes the types of the objects found unreachable, if records of collections include types.
pub(super) fn note_found(core: &Core, found: &Set<'_>) {
    if core.telemetry.stats.records.wants_types.get() {
        for block in found.blocks() {
            let members = block.member_count();
            core.telemetry.stats.records.note_found(block.info(), members, members * block.slot_bytes());
        }
    }
}

pub(crate) mod debug {
    //! The debug flags and the lines of `COLLECTABLE` and `UNCOLLECTABLE`.

    use super::{Core, user_code};
    use crate::finalize::set_aside;
    use crate::ground::config::FinalizerPolicy;
    use crate::object::raw::Object;
    use crate::object::type_info::Short;
    use crate::workset::set::Set;

    pub(crate) const STATS: u32 = 1;
    pub(crate) const COLLECTABLE: u32 = 2;
    pub(crate) const UNCOLLECTABLE: u32 = 4;
    pub(crate) const SAVE_ALL: u32 = 32;

    pub(crate) fn has(core: &Core, flag: u32) -> bool {
        core.state.schedule.debug.get() & flag != 0
    }

    /// Returns true if a debug flag is set.
    pub(crate) fn is_on(core: &Core) -> bool {
        core.state.schedule.debug.get() != 0
    }

    /// Returns true if garbage is saved instead of reclaimed.
    pub(crate) fn saves_all(core: &Core) -> bool {
        has(core, SAVE_ALL)
    }

    /// Logs the objects found, in birth order: the members, and the objects set aside as
    /// uncollectable.
    pub(crate) fn print_found(core: &Core, found: &Set<'_>) {
        if has(core, COLLECTABLE) {
            found.in_birth_order(|_, _| !0).for_each(|object| print(core, "collectable", object));
        }
        if has(core, UNCOLLECTABLE) && core.policy == FinalizerPolicy::Legacy {
            set_aside(found).for_each(|(object, _)| print(core, "uncollectable", object));
        }
    }

    fn print(core: &Core, what: &str, object: Object) {
        // A log sink is user code: an earlier call may have released an object that is yet to be
        // printed.
        if object.is_alive() {
            let address = object.address();
            user_code::log(core, format_args!("gc: {what} <{} {address:#x}>", Short((object.info().name)())));
        }
    }
}
