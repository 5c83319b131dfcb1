//! The cycle detector.
//!
//! [`collect`] finds the unreachable objects and disposes of them as the heap's finalizer policy
//! requires. Each stage of a collection has a type, which is made from that of the stage before:
//!
//! ```text
//!                      Unreachable
//!             Legacy  /           \  Pep442
//!   Rest (the armed put aside)    Rest (after finalizers and a second look)
//!                     \           /
//!                      Reclaimable
//!                           |
//!                     Uncollectable (empty under Pep442)
//! ```

mod find;
pub(crate) mod incremental;
pub(crate) mod pressure;
mod reclaim;
pub(crate) mod report;

use crate::core::Core;
use crate::finalize::{self, Calls};
use crate::gc_state::budget::WorkLimit;
use crate::graph::zeal;
use crate::ground::config::{FinalizerPolicy, Pace};
use crate::ground::restore::Restore;
use crate::release::{self, Isolated};
use crate::telemetry::records::Cause;
use crate::workset::set::Set;
use crate::workset::stages::{Uncollectable, Unreachable};
use report::{Beginning, debug};

/// The members that the finalizer policy leaves to be reclaimed, or to be saved to `garbage`.
/// Members to be reclaimed are condemned or unobservable.
struct Rest<'h> {
    set: Set<'h>,
    saved: bool,
    unobservable: bool,
}

/// The members to be reclaimed. The members are condemned, except for managed weak references, or
/// they are unobservable: no user code runs before they are gone.
struct Reclaimable<'s, 'h> {
    set: &'s mut Set<'h>,
    unobservable: bool,
}

/// Results of a collection.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Outcome {
    /// Objects reclaimed, and weak references that died of their own callback.
    pub(crate) collected: usize,
    /// Objects found uncollectable.
    pub(crate) uncollectable: usize,
    /// Objects found unreachable, and the bytes of their slots.
    pub(crate) found: usize,
    pub(crate) found_bytes: usize,
}

/// Collects generations 0 to `generation`, and records the cause.
pub(crate) fn collect_because(core: &Core, cause: Cause, generation: u8) -> usize {
    let _cause = Restore::after(&core.telemetry.stats.cause, cause);
    collect(core, generation)
}

/// Collects generations 0 to `generation`. Returns the number of collected and uncollectable
/// objects, as Python's `gc.collect` does. Returns 0 without collecting if a collection is running,
/// or if no isolated operation may begin (see [`Isolated::is_possible`]).
pub(crate) fn collect(core: &Core, generation: u8) -> usize {
    if core.state.collecting.get() || !Isolated::is_possible(core) {
        return 0;
    }
    let guard = core.enter();
    let began = Beginning::now(core);
    #[cfg(feature = "tracing")]
    let _span = tracing::debug_span!(target: "gc_core", "collect", generation, cause = %began.cause).entered();
    let outcome = {
        let _isolated = Isolated::begin(core);
        let mut open = Open::begin(core);
        incremental::abandon(core);
        report::start(core, generation);
        core.state.schedule.count_collection(generation);
        core.storage.birth_clock.forget_young();
        let outcome = reclaim_unreachable(core, generation);
        core.state.schedule.record(generation, outcome.collected, outcome.uncollectable);
        report::stop(core, generation, outcome);
        open.completed = true;
        outcome
    };
    zeal::after(core, "a collection");
    if generation == 2 {
        // The slots that were put aside are free by now.
        core.state.schedule.note_survivors(core.storage.birth_clock.next(), || core.tracked_in_use());
        core.storage.memory.give_to_system(usize::MAX);
        core.storage.account.forget_fresh();
        if core.storage.account.is_limited() {
            core.storage.owned_look.measure(&core.storage.memory, &core.storage.account);
        }
    }
    report::enter(core, generation, began, outcome);
    drop(guard);
    release::exit_operation(core);
    outcome.collected + outcome.uncollectable
}

/// Runs the collection or the slice that is due. An allocation calls this.
#[cold]
#[inline(never)]
pub(crate) fn collect_due(core: &Core) {
    if core.state.collecting.get() {
        return;
    }
    match core.state.pace.get() {
        Pace::StopTheWorld => collect_oldest_due(core),
        Pace::Incremental { budget } => incremental::pace::work(core, budget),
    }
}

/// Collects because large objects or external bytes were added, although the number of new objects
/// makes no collection due. Does nothing if automatic collection is off, or if the program has set
/// thresholds, which are kept to exactly.
#[cold]
pub(crate) fn collect_for_bytes(core: &Core) {
    if core.state.collecting.get() || core.state.schedule.trigger() == u32::MAX || !core.state.schedule.is_adaptive() {
        return;
    }
    match core.state.pace.get() {
        Pace::StopTheWorld => {
            collect_because(core, Cause::Bytes, 2);
        }
        Pace::Incremental { budget } => {
            incremental::step(core, Cause::Bytes, WorkLimit::Time(budget));
            if !core.state.is_cycle_open.get() {
                core.storage.account.forget_fresh();
            }
        }
    }
}

/// Collects the oldest generation that is due.
fn collect_oldest_due(core: &Core) {
    let generation = core.state.schedule.due(core.storage.birth_clock.next(), || core.tracked_in_use());
    let touched = core.storage.birth_clock.young() as usize;
    let freed = collect_because(core, Cause::Allocations, generation);
    core.state.schedule.learn(freed, touched);
    core.storage.birth_clock.set_trigger(trigger(core));
}

/// Returns the number of young objects above which an allocation collects; `u32::MAX` if automatic
/// collection is off.
pub(crate) fn trigger(core: &Core) -> u32 {
    if core.state.schedule.trigger() == u32::MAX { u32::MAX } else { natural_trigger(core) }
}

/// Returns the trigger as it would be with automatic collection on.
pub(crate) fn natural_trigger(core: &Core) -> u32 {
    match core.state.pace.get() {
        Pace::StopTheWorld => core.state.schedule.natural_trigger(),
        Pace::Incremental { .. } => incremental::pace::trigger(core),
    }
}

fn reclaim_unreachable(core: &Core, generation: u8) -> Outcome {
    if core.state.candidates.is_empty(generation)
        && !core.state.schedule.candidates_incomplete.get()
        && !core.state.schedule.is_always_linear()
    {
        // No object lost a pointer and lived, so no examined object became unreachable.
        core.state.epoch.promote(generation);
        core.storage.bins.flush();
        return Outcome::default();
    }
    let unreachable = find::find(core, generation);
    zeal::after(core, "finding who is unreachable");
    if unreachable.0.is_empty() {
        return Outcome::default();
    }
    let (found, found_bytes) = unreachable.0.size();
    report::note_found(core, &unreachable.0);
    Outcome { found, found_bytes, ..dispose(unreachable) }
}

/// Disposes of unreachable objects as the finalizer policy requires. The caller has run no user
/// code since they were found.
fn dispose(unreachable: Unreachable<'_>) -> Outcome {
    let core = unreachable.0.core();
    core.release.user_code_ran.set(false);
    match core.policy {
        FinalizerPolicy::Legacy => legacy(unreachable),
        FinalizerPolicy::Pep442 => pep442(unreachable),
    }
}

/// Applies the rules of Python up to 3.3: armed objects, and all that they reach, are
/// uncollectable.
fn legacy(mut unreachable: Unreachable<'_>) -> Outcome {
    let core = unreachable.0.core();
    finalize::ask_whether_armed(&unreachable);
    unreachable.recount_after_user_code();
    unreachable.set_uncollectable_aside();
    zeal::after(core, "setting aside who is uncollectable");
    let rest = unreachable.condemn_unless_saved();
    debug::print_found(core, &rest.set);
    let mut collected = rest.set.tracked();
    collected += Calls::clear_weak(&rest.set).run(core, rest.set.generation());
    zeal::after(core, "weak callbacks");
    let uncollectable = finalize::file_uncollectable(&rest.dispose());
    Outcome { collected, uncollectable, ..Outcome::default() }
}

/// Applies the rules of Python from 3.4: runs the finalizers, then counts again to find the objects
/// that they made reachable.
fn pep442(mut unreachable: Unreachable<'_>) -> Outcome {
    let core = unreachable.0.core();
    debug::print_found(core, &unreachable.0);
    let mut collected = Calls::clear_weak(&unreachable.0).run(core, unreachable.0.generation());
    zeal::after(core, "weak callbacks");
    finalize::run_finalizers(&unreachable);
    zeal::after(core, "finalizers");
    unreachable.recount_after_user_code();
    let rest = unreachable.condemn_unless_saved();
    finalize::silence_new_weak(&rest.set);
    collected += rest.set.tracked();
    drop(rest.dispose());
    Outcome { collected, ..Outcome::default() }
}

impl<'h> Unreachable<'h> {
    /// Counts references again if user code could have changed them. Postcondition: every reference
    /// to a member comes from within the set.
    fn recount_after_user_code(&mut self) {
        if self.0.core().release.user_code_ran.get() {
            self.0.recount_internal();
            self.0.evict_reachable();
        }
    }

    /// Removes the armed members, and all members that they reach, from the set. Postcondition:
    /// exactly the uncollectable former members are marked. An object that dies or is resurrected
    /// loses its mark.
    fn set_uncollectable_aside(&mut self) {
        self.0.mark_members(finalize::armed);
        self.0.spread_marks();
    }

    /// Condemns the members: `upgrade` and every enumeration refuse them from here on. The caller
    /// has run no user code since they were counted.
    ///
    /// Unobservable members are not condemned, because no user code runs before they are gone.
    /// Under `SAVE_ALL` no member is condemned, because all are saved to `garbage`. This method
    /// reads that flag once: if user code changes it later, this collection does not notice.
    fn condemn_unless_saved(self) -> Rest<'h> {
        let core = self.0.core();
        let saved = debug::saves_all(core);
        let unobservable = !saved && !debug::is_on(core) && self.0.is_unobservable();
        if !saved && !unobservable {
            self.0.each(|block, object| {
                if block.info().managed_weak.is_none() {
                    object.count().condemn();
                }
            });
        }
        Rest { set: self.0, saved, unobservable }
    }
}

impl<'h> Rest<'h> {
    /// Reclaims all members, or saves them to `garbage`.
    fn dispose(mut self) -> Uncollectable<'h> {
        if self.saved {
            finalize::save_all(&self.set);
        } else {
            reclaim::reclaim(Reclaimable { set: &mut self.set, unobservable: self.unobservable });
        }
        zeal::after(self.set.core(), "reclaim");
        Uncollectable { set: self.set, saved: self.saved }
    }
}

/// Keeps a collection open while it lives. Meanwhile no slot is reused, and no block is given back.
struct Open<'h> {
    core: &'h Core,
    /// Lets finalizers use the memory reserve while the collection is open.
    reserve: Option<Restore<'h, bool>>,
    raised: Option<Restore<'h, bool>>,
    completed: bool,
}

impl Open<'_> {
    fn begin(core: &Core) -> Open<'_> {
        let reserve = Some(core.storage.account.open_reserve());
        Open { core, reserve, raised: Some(Restore::after(&core.state.collecting, true)), completed: false }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.completed {
            // A panic left a pass, so the candidates that the pass took are lost.
            self.core.state.schedule.candidates_incomplete.set(true);
        }
        self.raised = None;
        self.reserve = None;
        self.core.release_quarantined();
        self.core.release_empty_blocks();
    }
}
