//! The state of a pass of the collector over the objects, and the queue of blocks that the pass
//! works off.
//!
//! The queue needs no memory of its own: blocks are linked through their own entries, and a block
//! is queued exactly while some of its `pending` bits are set.

use crate::object::raw::Object;
use crate::object::type_info::{AnyPass, ScanBlock};
use crate::storage::block::{Block, flag};
use crate::storage::chunk::Owner;
use crate::storage::empty_blocks::EmptyBlocks;
use core::ptr::NonNull;

/// State of one pass over the heap.
pub(crate) struct Pass {
    pub(crate) owner: NonNull<Owner>,
    /// The oldest generation that is examined.
    pub(crate) oldest: u8,
    /// True if no object is excluded by its generation, so that all objects are examined.
    pub(crate) everything: bool,
    /// Which objects an edge can make members.
    pub(crate) scope: Scope,
    /// True if survivors stop being candidates when they leave the set.
    pub(crate) clears_candidates: bool,
    /// The groups of a block that a scan looks at, one bit each.
    pub(crate) window: u64,
    /// Objects scanned so far.
    pub(crate) scanned: usize,
    /// Number of edges of the counted members, without the edges of members that have left the set
    /// since. A part of a value that could not be looked at counts as one edge.
    pub(crate) edges: usize,
    /// Members that no mark has reached yet.
    pub(crate) unmarked: usize,
    /// The way of reclaim that the edges out of the set require. The pass `scan_external` sets it.
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
    /// No edge leaves the set.
    Nothing,
    /// Edges leave the set, but no user code can observe the release of their targets.
    Unwatched,
    /// Edges leave the set, and some lead to objects that may die with a finalizer or a callback.
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
    /// as an external reference in that heap.
    #[inline]
    pub(crate) fn owns(&self, object: Object) -> bool {
        object.chunk().owner() == self.owner
    }

    /// Queues the group of slots that contains the slot `index`.
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

    /// Takes the block that has waited longest. The `pending` bits of a block are the groups to be
    /// scanned.
    pub(crate) fn dequeue<'a>(&mut self) -> Option<&'a Block> {
        // SAFETY: as in `push`.
        let block = unsafe { self.head?.as_ref() };
        self.head = block.next_queued.get();
        if self.head.is_none() {
            self.tail = None;
        }
        Some(block)
    }

    /// Empties the queue. The caller clears the `pending` bits of the blocks.
    pub(crate) fn forget_queue(&mut self) {
        (self.head, self.tail) = (None, None);
    }

    /// Returns true if no block is queued.
    pub(crate) fn is_idle(&self) -> bool {
        self.head.is_none()
    }

    /// Lists a block that has members of the set, unless it is listed already. In an incremental
    /// collection, a block that is newly listed has its internal counts cleared.
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

    /// Returns the listed blocks. The block that was listed last comes first.
    pub(crate) fn listed<'a>(&self) -> Listed<'a> {
        Listed { next: self.listed, _blocks: core::marker::PhantomData }
    }

    /// Unlists the block that was listed last. Returns false if no block is listed.
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

    /// Empties the queue and the list. Postcondition: no block is pending or listed.
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
        // SAFETY: invariants 2 and 6: no block is given back while a collection is open.
        let block = unsafe { self.next?.as_ref() };
        self.next = block.next_listed.get();
        Some(block)
    }
}
