//! The proof: pieces of the suspects, each counted anew and reclaimed within one slice.
//!
//! A piece is what some seeds reach among the suspects, up to a limit. It need not be all
//! that they reach: whoever is accounted for from within the piece, after those that are
//! not have left it with all that they reach, is unreachable, whatever else there is.

use super::guess::join;
use crate::collect::{Outcome, Unreachable, dispose};
use crate::core::Core;
use crate::gc_state::cycle::Sliced;
use crate::gc_state::pass::{Pass, Scope};
use crate::ground::time::Stamp;
use crate::storage::block::{Block, SUSPECT};
use crate::workset::set::Set;

/// Rounds over the seeds: in one after the first those have their turn that only now
/// lost their last pointer from another piece.
const ROUNDS: u32 = 64;

/// A round that reclaimed less than one in so many of the one before was hardly worth it.
const WORTH: usize = 8;

/// The most objects of a piece, where time would allow for more.
const LARGEST: usize = 4096;

/// Smaller ones wait for the next slice, unless that is all that a slice may do.
const SMALLEST: usize = 64;

/// As many seeds as one in so many of its objects: what they reach comes to them.
const SEEDS: usize = 4;

/// Tries pieces until the slice or all rounds are over.
pub(super) fn try_all(core: &Core, sliced: &mut Sliced) -> bool {
    loop {
        let limit = core.slice.affords(sliced.piece_cost * 2).min(LARGEST);
        if limit < SMALLEST && core.slice.spent() > 0 {
            core.slice.finish();
            return false;
        }
        let began = Stamp::now();
        let Some(objects) = try_piece(core, sliced, limit.max(1)) else {
            if sliced.rounds == ROUNDS || !is_worth_another(core, sliced) {
                return true;
            }
            sliced.begin_round(&core.dirty, core.births.next());
            continue;
        };
        sliced.learn_cost(began.elapsed(), objects);
        if core.slice.spend(objects) {
            return false;
        }
    }
}

/// Is there more to be reclaimed? Pieces that hung off others follow these, round by round;
/// but when only as much was reclaimed as may have become garbage meanwhile, that waits for
/// the next collection.
fn is_worth_another(core: &Core, sliced: &Sliced) -> bool {
    let births = (core.births.next() - sliced.round_began) as usize;
    sliced.reclaimed > births.min(sliced.reclaimed_before / WORTH)
}

/// Tries one piece of about so many objects; how many were looked at. `None`: this round
/// has no seeds left.
fn try_piece(core: &Core, sliced: &mut Sliced, limit: usize) -> Option<usize> {
    let mut pass = Pass::new(core.owner(), 2);
    pass.scope = Scope::Suspects;
    pass.acquits = false;
    let taken = take_seeds(core, sliced, &mut pass, limit.div_ceil(SEEDS));
    if taken.groups == 0 {
        return None;
    }
    let mut set = Set::new(core, pass);
    let whole = set.close_over_suspects(limit);
    if !whole {
        sliced.truncated = true;
        set.count_internal();
    }
    let objects = set.pass.scanned;
    condemn(set, sliced);
    // Only now is known which of them have candidates left, and which are empty.
    sliced.dirty_are_done(&core.dirty, &core.empty_blocks, taken.blocks);
    Some(objects + taken.groups)
}

/// What seeds are left after the rounds, and have passed a rehearsal, is tried at once: the
/// one thing that can take longer than a slice may.
pub(super) fn try_whole(core: &Core, sliced: &mut Sliced) -> bool {
    let pass = core::mem::replace(&mut sliced.pass, Pass::new(core.owner(), 2));
    let mut set = Set::new(core, pass);
    set.forget_empty_blocks();
    if !set.is_empty() {
        set.count_internal();
        condemn(set, sliced);
    }
    true
}

/// Proves what it can of a set whose internal references were just counted, and disposes
/// of that.
fn condemn(mut set: Set<'_>, sliced: &mut Sliced) {
    set.evict_reachable();
    if set.is_empty() {
        return;
    }
    // Their slots will be others'.
    set.blocks().for_each(Block::forget_suspects);
    super::report::note_found(set.core(), &set);
    let Outcome { collected, uncollectable, .. } = dispose(Unreachable(set));
    sliced.reclaimed += collected + uncollectable;
    sliced.collected += collected;
    sliced.uncollectable += uncollectable;
}

/// What looking for seeds came to.
struct Taken {
    /// Groups of slots that were looked at.
    groups: usize,
    /// Blocks whose last group was among them.
    blocks: usize,
}

/// Makes the next seeds members, at least so many if there are.
fn take_seeds(core: &Core, sliced: &mut Sliced, pass: &mut Pass, most: usize) -> Taken {
    let (mut seeds_taken, mut taken) = (0, Taken { groups: 0, blocks: 0 });
    let mut next = sliced.first_dirty();
    while let Some(block) = next
        && seeds_taken < most
        && taken.groups < most * 4
    {
        core.epochs.fold(block);
        let (group, planes) = (sliced.group, block.group(sliced.group));
        taken.groups += 1;
        let candidates = planes.candidate.get() & planes.examined(2);
        let seeds = block.flagged(group, candidates, SUSPECT);
        if seeds != 0 {
            pass.list(block);
            join(pass, block, group, seeds, SUSPECT);
            seeds_taken += seeds.count_ones() as usize;
        }
        sliced.group += 1;
        if sliced.group == block.group_count() {
            (next, sliced.group) = (sliced.dirty_after(block), 0);
            taken.blocks += 1;
        }
    }
    taken
}

impl Set<'_> {
    /// Adds the suspects that members reach, and counts the references within. `false`: there
    /// are more, and of some members nothing was counted.
    fn close_over_suspects(&mut self, limit: usize) -> bool {
        while let Some(block) = self.pass.dequeue() {
            let groups = block.pending.take();
            if self.pass.scanned < limit {
                self.pass.scan(block, groups, block.info().spread);
            }
        }
        self.pass.scanned < limit
    }
}
