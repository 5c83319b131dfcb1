//! Incremental collection: a full collection in slices, between which the program runs.
//!
//! There is no barrier. While the program changes the graph, the slices only guess which objects
//! are unreachable: the *tentative garbage*. Then partitions of the tentative garbage are proved
//! unreachable, each within one slice, by counting references anew. Only the proof decides which
//! objects are reclaimed. `docs/algorithm.md` has the argument.
//!
//! ```text
//!   Take ── TraceClosure ─────┐                                       guess of what is unreachable
//!             └ too many       ├─ FindExternal ── Mark ── BuildGarbageList   bits and counts, in slices
//!        List ─ Prepare ─ Count ┘
//!   Partitions                                                    proof and reclaim, one by one
//!   Retake ── TraceClosure ── FindExternal ── Mark ── Sweep ── Remainder   what no partition was large enough for
//!   Release ── Measure
//! ```

mod guess;
mod measure;
pub(crate) mod pace;
mod partitions;

use super::report;
use super::{Open, Outcome};
use crate::core::Core;
use crate::gc_state::budget::WorkLimit;
use crate::gc_state::cycle::{CycleState, Stage};
use crate::gc_state::schedule::SMALL_CLOSURE;
use crate::graph::zeal;
use crate::release::{self, Isolated};
use crate::telemetry::records::Cause;

/// The result of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// There is nothing to collect, or a collection is open already.
    Nothing,
    /// The collection is still open.
    Open,
    /// The collection is done.
    Done(Outcome),
}

/// Runs one slice of the open incremental collection, or of a new one if none is open. Returns
/// `Step::Nothing` if a collection is running, if no isolated operation may begin, or if no
/// incremental collection is open and there is no cause to begin one.
pub(crate) fn step(core: &Core, cause: Cause, limit: WorkLimit) -> Step {
    if core.state.collecting.get()
        || !Isolated::is_possible(core)
        || !(core.state.is_cycle_open.get() || has_cause(core))
    {
        return Step::Nothing;
    }
    let guard = core.enter();
    let step = {
        let _isolated = Isolated::begin(core);
        core.state.work_budget.begin(limit);
        let mut running = Running::begin(core, cause);
        let finished = running.slice();
        running.end(finished)
    };
    zeal::after(core, "a slice");
    drop(guard);
    release::exit_operation(core);
    step
}

fn has_cause(core: &Core) -> bool {
    let schedule = &core.state.schedule;
    !core.state.candidates.is_empty(2)
        || schedule.candidates_incomplete.get()
        || schedule.is_always_linear()
        || !core.release.deferred.borrow().is_empty()
}

/// Ends the open incremental collection without a result, and destroys the objects whose release it
/// deferred. Postcondition: the candidates count as incomplete if a collection was open, so that
/// the next full collection is linear.
pub(crate) fn abandon(core: &Core) {
    if let Some(cycle) = discard(core) {
        release::resume(core);
        close(core, &cycle);
    }
    release::resume(core);
}

/// Discards the open incremental collection, and clears its bits in the blocks. Returns `None` if
/// no collection is open between two slices. Runs no user code.
fn discard(core: &Core) -> Option<CycleState> {
    let mut cycle = core.state.cycle.take()?;
    cycle.discard(&core.state.candidates, &core.storage.empty_blocks);
    core.state.schedule.candidates_incomplete.set(true);
    Some(cycle)
}

/// Ends the open incremental collection when no other collection follows. If no isolated operation
/// may begin (see [`Isolated::is_possible`]), no user code runs: callbacks are not called, and
/// deferred releases wait for the next slice or collection.
pub(crate) fn cancel(core: &Core) {
    if core.state.is_cycle_open.get() && !core.state.collecting.get() {
        let guard = core.enter();
        {
            let isolated = Isolated::is_possible(core).then(|| Isolated::begin(core));
            let mut open = Open::begin(core);
            if isolated.is_some() {
                abandon(core);
            } else if discard(core).is_some() {
                core.state.is_cycle_open.set(false);
            }
            open.completed = true;
        }
        drop(guard);
        release::exit_operation(core);
    }
}

/// The open slice of an incremental collection. A panic that leaves a pass ends the collection.
struct Running<'h> {
    core: &'h Core,
    cycle: Option<CycleState>,
    open: Option<Open<'h>>,
}

impl<'h> Running<'h> {
    fn begin(core: &'h Core, cause: Cause) -> Running<'h> {
        let open = Some(Open::begin(core));
        let cycle = core.state.cycle.take();
        let mut running = Running { core, cycle, open };
        if running.cycle.is_none() {
            running.cycle = Some(begin(core, cause));
        }
        running
    }

    /// Works until the slice is over. Returns true if the collection is finished.
    fn slice(&mut self) -> bool {
        let (core, Some(cycle)) = (self.core, &mut self.cycle) else { return true };
        cycle.slices += 1;
        if !release::resume(core) {
            return false;
        }
        loop {
            let done = match cycle.stage {
                Stage::Take => guess::take(core, cycle),
                Stage::TraceClosure => guess::trace_closure(core, cycle),
                Stage::List => guess::list(core, cycle),
                Stage::Prepare => guess::prepare(core, cycle),
                Stage::Count => guess::count(core, cycle),
                Stage::FindExternal => guess::find_external(core, cycle),
                Stage::Mark => guess::mark(core, cycle),
                Stage::BuildGarbageList => guess::build_garbage_list(core, cycle),
                Stage::Partitions => partitions::try_all(core, cycle),
                Stage::Retake => guess::retake(core, cycle),
                Stage::Sweep => guess::sweep(core, cycle),
                Stage::Remainder => partitions::try_remainder(core, cycle),
                Stage::Release => release::resume(core),
                Stage::Measure => measure::measure(core),
            };
            zeal::after(core, "a stage of an incremental collection");
            match after(core, cycle, done) {
                Some(next) => cycle.stage = next,
                None if done => return true,
                None => return false,
            }
            if core.state.work_budget.is_over()
                || (cycle.stage == Stage::Remainder && core.state.work_budget.spent() > SMALL_CLOSURE)
            {
                return false;
            }
        }
    }

    /// Keeps the collection for the next slice, or closes it if it is finished.
    fn end(mut self, finished: bool) -> Step {
        let core = self.core;
        let (Some(mut cycle), Some(mut open)) = (self.cycle.take(), self.open.take()) else { return Step::Nothing };
        open.completed = true;
        let step = if finished { Step::Done(finish(core, &cycle)) } else { Step::Open };
        drop(open);
        let pause = core.state.work_budget.end();
        core.telemetry.stats.pause(pause, 1);
        cycle.time += pause;
        cycle.longest = cycle.longest.max(pause);
        if finished {
            report::enter_sliced(core, &cycle);
        } else {
            core.state.cycle.set(Some(cycle));
        }
        step
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.core.state.work_budget.end();
        if let Some(mut cycle) = self.cycle.take() {
            cycle.discard(&self.core.state.candidates, &self.core.storage.empty_blocks);
            self.core.state.is_cycle_open.set(false);
        }
    }
}

/// Begins a collection. Postcondition: objects born from now on are not part of the collection.
fn begin(core: &Core, cause: Cause) -> CycleState {
    report::start(core, 2);
    core.state.is_cycle_open.set(true);
    core.state.schedule.count_collection(2);
    core.storage.birth_clock.forget_young();
    core.state.epoch.promote(2);
    core.storage.bins.flush();
    let schedule = &core.state.schedule;
    let linear = schedule.candidates_incomplete.take() || schedule.is_always_linear();
    let closure = schedule.largest_closure(core.objects_in_use());
    let mut cycle = CycleState::new(core.owner(), &core.state.candidates, linear, closure);
    (cycle.cause, cycle.used_before) = (cause, core.storage.memory.used_bytes());
    cycle
}

/// Returns the next stage, and prepares it, if the current stage is `done` or is given up because
/// the closure is too large. Returns `None` if the current stage goes on or was the last.
fn after(core: &Core, cycle: &mut CycleState, done: bool) -> Option<Stage> {
    let next = match (cycle.stage, done) {
        (Stage::TraceClosure, false) if guess::is_too_large(cycle) => Stage::List,
        (_, false) | (Stage::Measure, true) => return None,
        (Stage::Take, _) if cycle.linear => Stage::List,
        (Stage::Take | Stage::Retake, _) => Stage::TraceClosure,
        (Stage::List, _) => Stage::Prepare,
        (Stage::Prepare, _) => Stage::Count,
        (Stage::TraceClosure | Stage::Count, _) => Stage::FindExternal,
        (Stage::FindExternal, _) => Stage::Mark,
        (Stage::Mark, _) if cycle.rechecking => Stage::Sweep,
        (Stage::Mark, _) => Stage::BuildGarbageList,
        (Stage::BuildGarbageList, _) => Stage::Partitions,
        (Stage::Partitions, _) if cycle.truncated => Stage::Retake,
        (Stage::Partitions, _) => Stage::Release,
        (Stage::Sweep, _) => Stage::Remainder,
        (Stage::Remainder, _) => Stage::Release,
        (Stage::Release, _) => Stage::Measure,
    };
    guess::prepare_stage(core, cycle, next);
    Some(next)
}

/// Ends a complete collection. The objects that were born during it are promoted unexamined, so
/// that the next young collection does not take longer than others.
fn finish(core: &Core, cycle: &CycleState) -> Outcome {
    core.state.epoch.promote(2);
    core.storage.bins.flush();
    core.storage.birth_clock.forget_young();
    core.state.schedule.note_survivors(core.storage.birth_clock.next(), || core.tracked_in_use());
    core.storage.account.forget_fresh();
    close(core, cycle)
}

/// Closes the collection, and records and reports its outcome.
fn close(core: &Core, cycle: &CycleState) -> Outcome {
    let outcome = Outcome { collected: cycle.collected, uncollectable: cycle.uncollectable, ..Outcome::default() };
    core.state.is_cycle_open.set(false);
    core.state.schedule.record(2, outcome.collected, outcome.uncollectable);
    report::stop(core, 2, outcome);
    outcome
}
