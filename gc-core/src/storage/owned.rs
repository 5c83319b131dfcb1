//! Measures the bytes that values own outside of their slots, in heaps with a limit.
//!
//! The owned bytes of an object are charged to the limit when it is allocated. The value of an
//! object may own more or fewer bytes later without the heap's knowledge, so the heap measures them
//! again: block by block, in rounds over all blocks. A full collection measures all blocks at once.

use crate::storage::block::Block;
use crate::storage::limit::Account;
use crate::storage::memory::Memory;
use core::cell::Cell;

/// The state of one round that measures the owned bytes, block by block.
#[derive(Default)]
pub(crate) struct OwnedLook {
    /// Index of the chunk that the round has reached, and the number of blocks of that chunk that
    /// it has measured.
    chunk: Cell<usize>,
    blocks: Cell<usize>,
    /// Bytes owned by the values in the blocks that the round has measured.
    sum: Cell<usize>,
    /// Bytes charged since the round began. Some of these charged bytes may belong to values in
    /// blocks that the round has measured already.
    charged: Cell<usize>,
    /// The value of `Memory::releases` at the last step. If it has changed since then, chunks have
    /// moved in the list, and the round starts again.
    releases: Cell<usize>,
}

/// Cost of measuring a block, in addition to its objects, expressed as a number of objects.
const BLOCK_COST: usize = 16;

impl OwnedLook {
    /// Begins a new round, and discards the results of the present one.
    pub(crate) fn restart(&self) {
        self.chunk.set(0);
        self.blocks.set(0);
        self.sum.set(0);
        self.charged.set(0);
    }

    /// Measures the owned bytes of all objects, and sets the owned bytes of the account to their
    /// sum.
    pub(crate) fn measure(&self, memory: &Memory, account: &Account) {
        self.restart();
        self.go_on(memory, account, usize::MAX);
    }

    /// Charges the account for a new value that owns `bytes` bytes.
    pub(crate) fn charge(&self, account: &Account, bytes: usize) {
        account.set_owned(account.owned().saturating_add(bytes));
        self.charged.set(self.charged.get().saturating_add(bytes));
    }

    /// Continues the round: measures at least one block, and blocks with about `most` objects in
    /// all. Returns the cost of the measured blocks as a number of objects. Returns `None` if the
    /// round is complete; the account then has its result. (If the program ran during the round,
    /// the result is not exact for any single moment. The sum is usually too large, because it
    /// includes all bytes charged during the round.)
    pub(crate) fn go_on(&self, memory: &Memory, account: &Account, most: usize) -> Option<usize> {
        if self.releases.replace(memory.releases()) != memory.releases() {
            // A chunk was given back, so `self.chunk` may be the index of another chunk now.
            self.restart();
        }
        let mut spent = 0;
        while spent < most {
            let mut at = 0;
            let any = memory.each_block_of(self.chunk.get(), &mut |block: &Block| {
                if at == self.blocks.get() && spent < most {
                    let (owned, objects) = block.owned_bytes();
                    self.sum.set(self.sum.get().saturating_add(owned));
                    self.blocks.set(at + 1);
                    spent += objects + BLOCK_COST;
                }
                at += 1;
            });
            if !any {
                account.set_owned(self.sum.get().saturating_add(self.charged.get()));
                self.restart();
                return None;
            }
            if self.blocks.get() >= at {
                self.chunk.set(self.chunk.get() + 1);
                self.blocks.set(0);
            }
        }
        // The round is not complete. The sum of the round is already a lower bound of the owned
        // bytes.
        account.set_owned(account.owned().max(self.sum.get()));
        Some(spent)
    }
}
