//! The state that a pass of the collector carries from edge to edge, and the
//! queue of blocks that it works off.
//!
//! The queue needs no memory: blocks are linked through their own entries, and
//! a block is on it exactly while some of its `pending` bits are set.

use crate::object::raw::Object;
use crate::object::type_info::{AnyPass, ScanBlock};
use crate::storage::block::{Block, flag};
use crate::storage::chunk::Owner;
use crate::storage::empty_blocks::EmptyBlocks;
use core::ptr::NonNull;

/// Scratch of one pass over the heap.
pub(crate) struct Pass {
    pub(crate) owner: NonNull<Owner>,
    /// Generations 0 to this are examined.
    pub(crate) oldest: u8,
    /// No object is excluded by its generation, so that every one is examined.
    pub(crate) everything: bool,
    /// Which objects an edge can make members.
    pub(crate) scope: Scope,
    /// Survivors are candidates no longer when they leave the set.
    pub(crate) clears_candidates: bool,
    /// The groups of a block that a scan looks at.
    pub(crate) window: u64,
    /// Objects scanned so far.
    pub(crate) scanned: usize,
    /// Edges, and parts that could not be looked at, of the members that were counted
    /// less those of the members that left the set since.
    pub(crate) edges: usize,
    /// Members that no mark has reached yet.
    pub(crate) unmarked: usize,
    /// Set by the pass `scan_external`: what the edges that leave the set require.
    pub(crate) leaving: Leaving,
    head: Option<NonNull<Block>>,
    tail: Option<NonNull<Block>>,
    listed: Option<NonNull<Block>>,
}

/// Which objects become members of the set when a member points to them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    /// All objects of the examined generations.
    Examined,
    /// All objects of the examined generations, in slices between which the program runs: the
    /// counts of a block are cleared when it is listed.
    Increment,
    /// Tentative garbage only.
    TentativeGarbage,
}

/// The way of reclaim that the edges out of a set require.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Leaving {
    /// No edge leaves.
    Nothing,
    /// Some do, to objects whose release nobody can watch.
    Unwatched,
    /// Some do, to objects that may die with a finalizer or a callback.
    Watched,
}

impl Pass {
    pub(crate) fn new(owner: NonNull<Owner>, oldest: u8) -> Pass {
        Pass {
            owner,
            oldest,
            everything: false,
            scope: Scope::Examined,
            clears_candidates: oldest == 2,
            window: !0,
            scanned: 0,
            edges: 0,
            unmarked: 0,
            leaving: Leaving::Nothing,
            head: None,
            tail: None,
            listed: None,
        }
    }

    /// Returns true if the object is in the heap of this pass. A pointer into another heap counts
    /// as external there.
    #[inline]
    pub(crate) fn owns(&self, object: Object) -> bool {
        object.chunk().owner() == self.owner
    }

    /// Queues the group of slots that `index` is in.
    #[inline]
    pub(crate) fn enqueue(&mut self, block: &Block, index: u32) {
        let before = block.pending.get();
        block.pending.set(before | 1 << (index >> 6));
        if before == 0 {
            self.push(block);
        }
    }

    /// Queues every group of `groups` (one bit each).
    pub(crate) fn enqueue_groups(&mut self, block: &Block, groups: u64) {
        let before = block.pending.get();
        block.pending.set(before | groups);
        if before == 0 && groups != 0 {
            self.push(block);
        }
    }

    fn push(&mut self, block: &Block) {
        block.next_queued.set(None);
        match self.tail.replace(block.link()) {
            None => self.head = Some(block.link()),
            // SAFETY: invariant 2: entries of queued blocks stay in place while the pass runs.
            Some(tail) => unsafe { tail.as_ref() }.next_queued.set(Some(block.link())),
        }
    }

    /// Takes the block that waits longest, with the groups to scan.
    pub(crate) fn dequeue<'a>(&mut self) -> Option<&'a Block> {
        // SAFETY: as in `push`.
        let block = unsafe { self.head?.as_ref() };
        self.head = block.next_queued.get();
        if self.head.is_none() {
            self.tail = None;
        }
        Some(block)
    }

    /// Nothing waits to be scanned any more; the caller clears what is pending in the blocks.
    pub(crate) fn forget_queue(&mut self) {
        (self.head, self.tail) = (None, None);
    }

    /// Returns true if no block is queued.
    pub(crate) fn is_idle(&self) -> bool {
        self.head.is_none()
    }

    /// Notes that members of the set lie in this block.
    #[inline]
    pub(crate) fn list(&mut self, block: &Block) {
        if !block.has(flag::LISTED) {
            self.list_new(block);
            if self.scope == Scope::Increment {
                block.clear_internal();
            }
        }
    }

    /// Lists a block that is not listed yet, and whose counts the caller clears.
    pub(crate) fn list_new(&mut self, block: &Block) {
        block.set_flag(flag::LISTED | flag::HAS_METADATA);
        block.next_listed.set(self.listed.replace(block.link()));
    }

    /// Scans the given groups of a block with a function of the block's type.
    pub(crate) fn scan(&mut self, block: &Block, groups: u64, scan: ScanBlock) {
        self.window = groups;
        // SAFETY: invariant 10: the callers take the function from the table of the block's type.
        unsafe { scan(block, NonNull::from(&mut *self).cast::<AnyPass>()) };
        self.window = !0;
    }

    /// The blocks that were noted, newest first.
    pub(crate) fn listed<'a>(&self) -> Listed<'a> {
        Listed { next: self.listed, _blocks: core::marker::PhantomData }
    }

    /// Lets go of the block that was noted last. `false`: there is none.
    pub(crate) fn unlist_one(&mut self, empty: &EmptyBlocks) -> bool {
        let Some(block) = self.listed().next() else { return false };
        self.listed = block.next_listed.get();
        block.clear_flag(flag::LISTED);
        empty.note_if_empty(block);
        true
    }

    /// Keeps only the listed blocks for which `keep` returns true.
    pub(crate) fn retain_listed(&mut self, empty: &EmptyBlocks, mut keep: impl FnMut(&Block) -> bool) {
        let blocks = self.listed();
        self.listed = None;
        for block in blocks {
            block.clear_flag(flag::LISTED);
            if keep(block) {
                self.list_new(block);
            } else {
                empty.note_if_empty(block);
            }
        }
    }

    /// Empties queue and list. Postcondition: no block is pending or listed.
    pub(crate) fn forget_blocks(&mut self, empty: &EmptyBlocks) {
        while let Some(block) = self.dequeue() {
            block.pending.set(0);
        }
        self.retain_listed(empty, |_| false);
    }
}

/// Iterates over listed blocks. A block may be unlisted as soon as it was yielded.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'a> {
    next: Option<NonNull<Block>>,
    _blocks: core::marker::PhantomData<&'a Block>,
}

impl Listed<'_> {
    /// The block to be yielded next.
    pub(crate) fn first(&self) -> Option<NonNull<Block>> {
        self.next
    }
}

impl<'a> Iterator for Listed<'a> {
    type Item = &'a Block;

    fn next(&mut self) -> Option<&'a Block> {
        // SAFETY: invariants 2 and 6: no block goes back while a collection is open.
        let block = unsafe { self.next?.as_ref() };
        self.next = block.next_listed.get();
        Some(block)
    }
}
