//! The blocks with candidates, in lists by the generation of the youngest candidate of each block.
//!
//! A collection visits only the blocks that may hold candidates of the generations that it
//! examines. A young collection therefore spends no time on candidates of older generations.

use crate::object::bitmaps::raise;
use crate::object::raw::{Object, Place};
use crate::storage::block::{Block, BlockLink, flag};
use crate::storage::empty_blocks::EmptyBlocks;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::ptr::NonNull;

/// The lists of blocks with candidates. A block can be on several lists at once.
#[derive(Default)]
pub(crate) struct CandidateBlocks {
    /// Blocks in which an object of any generation became a candidate recently.
    recent: BlockLink,
    /// Blocks whose other candidates are of generation 1 or older (first list), or of generation 2
    /// or frozen (second list).
    older: [RefCell<Vec<NonNull<Block>>>; 2],
}

/// The flags of the blocks on the lists of `older`.
const OLDER: [u16; 2] = [flag::OLDER_MIDDLE, flag::OLDER_OLD];

/// The candidates that a block keeps after a visit. The greater the value, the more collections
/// visit the block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Keeps {
    /// The block keeps no candidate.
    Clean,
    /// All candidates that the block keeps are of generation 2 or frozen.
    Old,
    /// Some candidates that the block keeps are of generation 1.
    Middle,
    /// Some candidates that the block keeps may be of generation 0.
    Recent,
}

impl CandidateBlocks {
    /// Returns true if no block has a candidate that a collection of `generation` must look at.
    pub(crate) fn is_empty(&self, generation: u8) -> bool {
        let older = &self.older[..usize::from(generation)];
        self.recent.get().is_none() && older.iter().all(|list| list.borrow().is_empty())
    }

    /// Makes an object a candidate and lists its block. The object has lost a pointer and is still
    /// alive.
    #[inline]
    pub(crate) fn add(&self, object: Object) {
        let Place { block, bitmaps, bit } = object.place();
        raise(&bitmaps.candidate, bit);
        self.list_recent(block);
    }

    fn list_recent(&self, block: &Block) {
        if !block.has(flag::RECENT) {
            block.set_flag(flag::RECENT | flag::HAS_METADATA);
            block.next_with_candidates.set(self.recent.replace(Some(block.link())));
        }
    }

    fn list_older(&self, block: &Block, list: usize) {
        if block.has(OLDER[list]) {
            return;
        }
        let mut older = self.older[list].borrow_mut();
        if older.try_reserve(1).is_err() {
            return self.list_recent(block); // more collections visit the block
        }
        block.set_flag(OLDER[list]);
        older.push(block.link());
    }

    /// Calls `f` once for each block that may have candidates of generations 0 to `generation`. `f`
    /// returns which candidates the block keeps. At most `most` blocks are visited, those that were
    /// listed last; the other blocks wait for another collection.
    pub(crate) fn visit(&self, generation: u8, most: usize, empty: &EmptyBlocks, mut f: impl FnMut(&Block) -> Keeps) {
        self.join_lists(generation);
        let mut next = self.recent.take();
        for _ in 0..most {
            let Some(link) = next else { break };
            // SAFETY: invariant 2: a block on a list of candidate blocks is not given back.
            let block = unsafe { link.as_ref() };
            next = block.next_with_candidates.take();
            block.clear_flag(flag::RECENT);
            match f(block) {
                Keeps::Clean => empty.note_if_empty(block),
                Keeps::Middle => self.list_older(block, 0),
                Keeps::Old => self.list_older(block, 1),
                Keeps::Recent => self.list_recent(block),
            }
        }
        self.put_back(next);
    }

    /// Appends the rest of a taken list to the blocks that were listed since the list was taken.
    fn put_back(&self, rest: Option<NonNull<Block>>) {
        let mut last = &self.recent;
        while let Some(link) = last.get() {
            // SAFETY: invariant 2: a block on a list of candidate blocks is not given back.
            last = unsafe { &link.as_ref().next_with_candidates };
        }
        last.set(rest);
    }

    /// Takes all blocks with candidates, linked by `next_with_candidates`. The blocks keep the flag
    /// `RECENT`, so that they are neither listed again nor given back.
    pub(crate) fn take_all(&self) -> Option<NonNull<Block>> {
        self.join_lists(2);
        self.recent.take()
    }

    /// Lists a block from `take_all` again if it has candidates. Otherwise notes the block if it is
    /// empty.
    pub(crate) fn list_again(&self, block: &Block, empty: &EmptyBlocks) {
        if block.live() > 0 && block.groups().iter().any(|bitmaps| bitmaps.candidate.get() != 0) {
            self.list_older(block, 1);
        } else {
            empty.note_if_empty(block);
        }
    }

    /// Makes the objects `slots` of a group candidates and lists their block.
    pub(crate) fn add_group(&self, block: &Block, group: u32, slots: u64) {
        raise(&block.group(group).candidate, slots);
        self.list_recent(block);
    }

    /// Moves the blocks that a collection of `generation` visits from the older lists to the recent
    /// list.
    fn join_lists(&self, generation: u8) {
        for (list, flag) in self.older.iter().zip(OLDER).take(generation.into()) {
            for link in list.take() {
                // SAFETY: invariant 2: a block on a list of candidate blocks is not given back.
                let block = unsafe { link.as_ref() };
                block.clear_flag(flag);
                self.list_recent(block);
            }
        }
    }
}
