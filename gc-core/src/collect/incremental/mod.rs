//! Incremental collection: a full collection in slices, between which the program runs.
//!
//! There is no barrier. What the slices find out while the program changes the graph is
//! only a guess at who is unreachable: the *suspects*. Then pieces of them are proved
//! unreachable, each within one slice, by counting its references anew; only the proof
//! decides. `docs/algorithm.md` has the argument.
//!
//! ```text
//!   Take ── Spread ───────────┐                            guess: who is unreachable?
//!             └ too many       ├─ Compare ── Mark ── Sort   bits and counts, in slices
//!        List ─ Prepare ─ Count ┘
//!   Pieces                                                  proof and reclaim, piece by piece
//!   Retake ── Spread ── Compare ── Mark ── Sweep ── Whole   what no piece was large enough for
//!   Release ── Measure
//! ```

mod guess;
mod measure;
pub(crate) mod pace;
mod pieces;

use super::report;
use super::{Open, Outcome};
use crate::core::Core;
use crate::gc_state::budget::Allowance;
use crate::gc_state::cycle::{Sliced, Stage};
use crate::graph::zeal;
use crate::release::{self, Isolated};
use crate::telemetry::records::Cause;

/// The closure of the candidates may be this part of the heap; beyond that everything is
/// looked at instead. See `find::CLOSURE_PART`.
const CLOSURE_PART: usize = 32;

/// Closures up to this size are always worth finishing.
const SMALL_CLOSURE: usize = 1000;

/// How far a step came.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// There is nothing to collect, or a collection is open already.
    Nothing,
    /// The collection goes on.
    Open,
    /// It is done.
    Done(Outcome),
}

/// Does one slice of the incremental collection that is open, or begins one if an object
/// lost a pointer since the last.
pub(crate) fn step(core: &Core, cause: Cause, allowance: Allowance) -> Step {
    if core.collecting.get() || !Isolated::is_possible(core) || !(core.is_sliced.get() || has_cause(core)) {
        return Step::Nothing;
    }
    let stay = core.stay();
    let step = {
        let _isolated = Isolated::begin(core);
        core.slice.begin(allowance);
        let mut running = Running::begin(core, cause);
        let finished = running.slice();
        running.end(finished)
    };
    zeal::after(core, "a slice");
    drop(stay);
    release::leave_operation(core);
    step
}

fn has_cause(core: &Core) -> bool {
    !core.dirty.is_empty(2) || core.schedule.distrust.get() || core.schedule.always_linear.get()
}

/// Ends the incremental collection that is open, without a result: its candidates are not
/// trusted any more, so that the next full collection looks at everything. What it has
/// yet to release is released.
pub(crate) fn abandon(core: &Core) {
    if let Some(mut sliced) = core.sliced.take() {
        sliced.discard(&core.dirty, &core.empty_blocks);
        core.schedule.distrust.set(true);
        release::resume(core);
        close(core, &sliced);
    }
    release::resume(core);
}

/// The same where no collection is about to begin.
pub(crate) fn cancel(core: &Core) {
    if core.is_sliced.get() && !core.collecting.get() {
        let stay = core.stay();
        {
            let _isolated = Isolated::begin(core);
            let mut open = Open::begin(core);
            abandon(core);
            open.completed = true;
        }
        drop(stay);
        release::leave_operation(core);
    }
}

/// The slice that is open. A panic that gets out of a pass ends the collection.
struct Running<'h> {
    core: &'h Core,
    sliced: Option<Sliced>,
    open: Option<Open<'h>>,
}

impl<'h> Running<'h> {
    fn begin(core: &'h Core, cause: Cause) -> Running<'h> {
        let open = Some(Open::begin(core));
        let sliced = core.sliced.take();
        let mut running = Running { core, sliced, open };
        if running.sliced.is_none() {
            running.sliced = Some(begin(core, cause));
        }
        running
    }

    /// Works until the slice is over. `true`: the collection is finished.
    fn slice(&mut self) -> bool {
        let (core, Some(sliced)) = (self.core, &mut self.sliced) else { return true };
        sliced.slices += 1;
        if !release::resume(core) {
            return false;
        }
        loop {
            let done = match sliced.stage {
                Stage::Take => guess::take(core, sliced),
                Stage::Spread => guess::spread(core, sliced),
                Stage::List => guess::list(core, sliced),
                Stage::Prepare => guess::prepare(core, sliced),
                Stage::Count => guess::count(core, sliced),
                Stage::Compare => guess::compare(core, sliced),
                Stage::Mark => guess::mark(core, sliced),
                Stage::Sort => guess::sort(core, sliced),
                Stage::Pieces => pieces::try_all(core, sliced),
                Stage::Retake => guess::retake(core, sliced),
                Stage::Sweep => guess::sweep(core, sliced),
                Stage::Whole => pieces::try_whole(core, sliced),
                Stage::Release => release::resume(core),
                Stage::Measure => measure::measure(core),
            };
            zeal::after(core, "a stage of an incremental collection");
            match after(core, sliced, done) {
                Some(next) => sliced.stage = next,
                None if done => return true,
                None => return false,
            }
            if core.slice.is_over() || (sliced.stage == Stage::Whole && core.slice.spent() > SMALL_CLOSURE) {
                return false;
            }
        }
    }

    /// Keeps what is left for the next slice, or closes the collection.
    fn end(mut self, finished: bool) -> Step {
        let core = self.core;
        let (Some(mut sliced), Some(mut open)) = (self.sliced.take(), self.open.take()) else { return Step::Nothing };
        open.completed = true;
        let step = if finished { Step::Done(finish(core, &sliced)) } else { Step::Open };
        drop(open);
        let pause = core.slice.end();
        core.ledger.pause(pause, 1);
        sliced.time += pause;
        sliced.longest = sliced.longest.max(pause);
        if finished {
            report::enter_sliced(core, &sliced);
        } else {
            core.sliced.set(Some(sliced));
        }
        step
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.core.slice.end();
        if let Some(mut sliced) = self.sliced.take() {
            sliced.discard(&self.core.dirty, &self.core.empty_blocks);
            self.core.is_sliced.set(false);
        }
    }
}

/// Begins a collection. Holds after it: who is born from now on is no part of it.
fn begin(core: &Core, cause: Cause) -> Sliced {
    report::start(core, 2);
    core.is_sliced.set(true);
    core.schedule.count_collection(2);
    core.births.forget_young();
    core.epochs.promote(2);
    core.bins.flush();
    let schedule = &core.schedule;
    let linear = schedule.distrust.take() || schedule.always_linear.get();
    let part = if schedule.never_linear.get() { usize::MAX } else { core.objects_in_use() / CLOSURE_PART };
    let mut sliced = Sliced::new(core.owner(), &core.dirty, linear, part.max(SMALL_CLOSURE));
    (sliced.cause, sliced.used_before) = (cause, core.memory.used_bytes());
    sliced
}

/// What comes after a stage, if it is `done`, or cannot be. `None`: it goes on, or was the last.
fn after(core: &Core, sliced: &mut Sliced, done: bool) -> Option<Stage> {
    let next = match (sliced.stage, done) {
        (Stage::Spread, false) if guess::is_too_large(sliced) => Stage::List,
        (_, false) | (Stage::Measure, true) => return None,
        (Stage::Take, _) if sliced.linear => Stage::List,
        (Stage::Take | Stage::Retake, _) => Stage::Spread,
        (Stage::List, _) => Stage::Prepare,
        (Stage::Prepare, _) => Stage::Count,
        (Stage::Spread | Stage::Count, _) => Stage::Compare,
        (Stage::Compare, _) => Stage::Mark,
        (Stage::Mark, _) if sliced.rehearsing => Stage::Sweep,
        (Stage::Mark, _) => Stage::Sort,
        (Stage::Sort, _) => Stage::Pieces,
        (Stage::Pieces, _) if sliced.truncated => Stage::Retake,
        (Stage::Pieces, _) => Stage::Release,
        (Stage::Sweep, _) => Stage::Whole,
        (Stage::Whole, _) => Stage::Release,
        (Stage::Release, _) => Stage::Measure,
    };
    guess::prepare_stage(core, sliced, next);
    Some(next)
}

/// Ends a collection that has done all there is to do. Who was born meanwhile has grown
/// old unseen, so that the next young collection is as short as any.
fn finish(core: &Core, sliced: &Sliced) -> Outcome {
    core.epochs.promote(2);
    core.bins.flush();
    core.births.forget_young();
    core.schedule.note_survivors(core.births.next(), || core.tracked_in_use());
    core.account.forget_fresh();
    close(core, sliced)
}

/// Closes the collection and tells what it did.
fn close(core: &Core, sliced: &Sliced) -> Outcome {
    let outcome = Outcome { collected: sliced.collected, uncollectable: sliced.uncollectable, ..Outcome::default() };
    core.is_sliced.set(false);
    core.schedule.record(2, outcome.collected, outcome.uncollectable);
    report::stop(core, 2, outcome);
    outcome
}
