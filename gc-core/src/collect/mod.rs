//! The cycle detector, as a table of contents.
//!
//! [`collect`] finds what is unreachable and does with it what the heap's finalizer
//! policy says. The stages are types, made from each other:
//!
//! ```text
//!                 Unreachable
//!        Legacy  /           \  Pep442
//!   Uncollectable + Reclaimable   Reclaimable (after finalizers and a second look)
//! ```

pub(crate) mod edges;
mod find;
mod reclaim;
pub(crate) mod report;
pub(crate) mod set;

use crate::FinalizerPolicy;
use crate::finalize::{self, Calls};
use crate::release::Isolated;
use crate::space::core::Core;
use crate::space::object::Object;
use bumpalo::Bump;
use bumpalo::collections::Vec;
use reclaim::Raised;
use report::debug;
use set::Set;

/// Objects whose every reference comes from within their set.
pub(crate) struct Unreachable<'h>(pub(crate) Set<'h>);

/// Unreachable objects that user code can get no pointer to any more.
pub(crate) struct Reclaimable<'h>(pub(crate) Set<'h>);

/// Unreachable objects that Legacy leaves alone: those with an armed finalizer in
/// birth order, then what they reach in birth order. Their `mark` bits are set; one
/// that dies or is resurrected meanwhile loses it.
pub(crate) struct Uncollectable<'b> {
    pub(crate) finalizable: Vec<'b, Object>,
    pub(crate) reached: Vec<'b, Object>,
}

/// What a collection did.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Outcome {
    /// Objects reclaimed, and weak references that died of their own callback.
    pub(crate) collected: usize,
    /// Objects found uncollectable.
    pub(crate) uncollectable: usize,
}

/// Collects generations 0 to `generation`. Python's return value: what was
/// collected plus what is uncollectable; 0 when a collection is open already.
pub(crate) fn collect(core: &Core, generation: u8) -> usize {
    if core.collecting.get() {
        return 0;
    }
    let stay = core.stay();
    let outcome = {
        let _isolated = Isolated::begin(core);
        let mut open = Open::begin(core);
        report::start(core, generation);
        core.schedule.count_collection(generation);
        core.young.set(0);
        let outcome = reclaim_unreachable(core, generation);
        core.schedule.record(generation, outcome.collected, outcome.uncollectable);
        if generation == 2 {
            core.schedule.note_survivors(core.births.get(), || core.tracked_in_use());
        }
        report::stop(core, generation, outcome);
        open.completed = true;
        outcome
    };
    drop(stay);
    if core.attention.get() {
        // The last handle may have been dropped by user code meanwhile.
        crate::release::leave(core);
    }
    outcome.collected + outcome.uncollectable
}

/// Collects the oldest generation that is due; called by an allocation.
#[cold]
#[inline(never)]
pub(crate) fn collect_due(core: &Core) {
    if core.collecting.get() {
        return;
    }
    let generation = core.schedule.due(|| core.tracked_in_use());
    collect(core, generation);
}

fn reclaim_unreachable(core: &Core, generation: u8) -> Outcome {
    if core.has_no_dirty_block() && !core.schedule.distrust.get() && !core.schedule.always_linear.get() {
        // Nothing lost a pointer and lived: there is nothing to suspect.
        core.epochs.promote(generation);
        core.bins.flush();
        return Outcome::default();
    }
    let unreachable = find::find(core, generation);
    if unreachable.0.is_empty() {
        return Outcome::default();
    }
    core.untidy.set(true);
    core.user_code_ran.set(false);
    let arena = Bump::new();
    match core.policy {
        FinalizerPolicy::Legacy => legacy(unreachable, &arena),
        FinalizerPolicy::Pep442 => pep442(unreachable, &arena),
    }
}

/// Python up to 3.3: what has a finalizer, and what it reaches, is uncollectable.
fn legacy(mut unreachable: Unreachable<'_>, arena: &Bump) -> Outcome {
    let core = unreachable.0.core();
    let armed = finalize::find_armed(&unreachable, arena);
    unreachable.recount_after_user_code();
    let (uncollectable, rest) = unreachable.set_uncollectable_aside(armed, arena);
    debug::print_found(core, Some(&rest.0), Some(&uncollectable), arena);
    let rest = rest.condemn_unless_saved();
    let mut collected = rest.0.tracked();
    let calls = Calls::clear_weak(&rest.0, arena);
    collected += calls.run(core, rest.0.generation());
    dispose(core, rest, arena);
    let left = finalize::settle_uncollectable(core, &uncollectable);
    Outcome { collected, uncollectable: left }
}

/// Python from 3.4: finalizers first, then a second look at who is reachable.
fn pep442(mut unreachable: Unreachable<'_>, arena: &Bump) -> Outcome {
    let core = unreachable.0.core();
    debug::print_found(core, Some(&unreachable.0), None, arena);
    let calls = Calls::clear_weak(&unreachable.0, arena);
    let mut collected = calls.run(core, unreachable.0.generation());
    finalize::run_finalizers(&unreachable, arena);
    unreachable.recount_after_user_code();
    let rest = unreachable.condemn_unless_saved();
    finalize::silence_new_weak(&rest, arena);
    collected += rest.0.tracked();
    dispose(core, rest, arena);
    Outcome { collected, uncollectable: 0 }
}

/// Reclaims the rest, or saves it all to `garbage` under `SAVE_ALL`.
fn dispose(core: &Core, rest: Reclaimable<'_>, arena: &Bump) {
    if debug::saves_all(core) {
        finalize::save_all(&rest, arena);
    } else {
        reclaim::reclaim(rest, arena);
    }
}

impl<'h> Unreachable<'h> {
    /// Looks again at who is reachable, if user code could have changed it. Holds
    /// after it: the members' every reference comes from within the set, now.
    fn recount_after_user_code(&mut self) {
        if self.0.core().user_code_ran.get() {
            let everything = core::mem::replace(&mut self.0.pass.everything, false);
            self.0.count_internal();
            self.0.evict_reachable();
            self.0.pass.everything = everything;
        }
    }

    /// Splits off those of `armed` that are unreachable still, and all they reach.
    fn set_uncollectable_aside<'b>(
        mut self,
        armed: Vec<'b, Object>,
        arena: &'b Bump,
    ) -> (Uncollectable<'b>, Unreachable<'h>) {
        let set = &mut self.0;
        let mut finalizable = Vec::new_in(arena);
        finalizable.extend(armed.into_iter().filter(|&object| set.contains(object)));
        if finalizable.is_empty() {
            return (Uncollectable { finalizable, reached: Vec::new_in(arena) }, self);
        }
        let before = set.in_birth_order(arena, |_, _| !0);
        for &object in &finalizable {
            set.mark_member(object);
        }
        set.spread_marks();
        let mut reached = Vec::new_in(arena);
        reached.extend(
            before.into_iter().filter(|&object| set::is_marked(object) && !finalizable.contains_sorted(object)),
        );
        (Uncollectable { finalizable, reached }, self)
    }

    /// From here on `upgrade` and every enumeration refuse the members. Nothing was
    /// run since they were counted. Under `SAVE_ALL` they will be handed out instead.
    fn condemn_unless_saved(self) -> Reclaimable<'h> {
        if !debug::saves_all(self.0.core()) {
            self.0.each(|block, object| {
                if block.info().weak_cell.is_none() {
                    object.count().condemn();
                }
            });
        }
        Reclaimable(self.0)
    }
}

/// Membership in a list that is in birth order.
trait ContainsSorted {
    fn contains_sorted(&self, object: Object) -> bool;
}

impl ContainsSorted for Vec<'_, Object> {
    fn contains_sorted(&self, object: Object) -> bool {
        self.binary_search_by_key(&object.birth(), |known| known.birth()).is_ok()
    }
}

/// A collection is open while this lives: no slot is reused, no block goes back.
struct Open<'h> {
    core: &'h Core,
    raised: Option<Raised<'h>>,
    completed: bool,
}

impl Open<'_> {
    fn begin(core: &Core) -> Open<'_> {
        Open { core, raised: Some(Raised::new(&core.collecting)), completed: false }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.completed {
            // A panic got out of a pass: the candidates that it took are lost.
            self.core.schedule.distrust.set(true);
        }
        self.raised = None;
        self.core.return_set_aside();
        if self.core.untidy.get() {
            self.core.tidy(false);
        }
    }
}
