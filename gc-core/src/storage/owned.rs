//! Bytes that values own outside of their slots, where a limit counts them.
//!
//! They are charged when an object is born. A living value may own more or fewer bytes later, which
//! the heap is not told of, so the bytes are measured again: block by block, in rounds over the
//! heap. A full collection measures all blocks at once.

use crate::storage::block::Block;
use crate::storage::limit::Account;
use crate::storage::memory::Memory;
use core::cell::Cell;

/// A round of looks at the blocks of a heap.
#[derive(Default)]
pub(crate) struct OwnedLook {
    /// The chunk that it is at, and how many of its blocks were looked at.
    chunk: Cell<usize>,
    blocks: Cell<usize>,
    /// Bytes owned by the values in the blocks before that.
    sum: Cell<usize>,
    /// Bytes charged since the round began, possibly for values in those blocks.
    charged: Cell<usize>,
    /// Chunks that had ever been given back when the round began.
    releases: Cell<usize>,
}

/// Cost of a look at a block, as a number of objects looked at.
const BLOCK_COST: usize = 16;

impl OwnedLook {
    /// Begins a round.
    pub(crate) fn restart(&self) {
        self.chunk.set(0);
        self.blocks.set(0);
        self.sum.set(0);
        self.charged.set(0);
    }

    /// Measures the owned bytes of all objects. Postcondition: the account has the exact number.
    pub(crate) fn measure(&self, memory: &Memory, account: &Account) {
        self.restart();
        self.go_on(memory, account, usize::MAX);
    }

    /// Charges a new value that owns `bytes` bytes.
    pub(crate) fn charge(&self, account: &Account, bytes: usize) {
        account.set_owned(account.owned().saturating_add(bytes));
        self.charged.set(self.charged.get().saturating_add(bytes));
    }

    /// Goes on with the round: past at least one block, and about `most` objects. Returns their
    /// number; `None` if the round is complete, and the account has its sum. (Where the program ran
    /// in between, the sum is of no single moment. It is rather too large: it includes all bytes
    /// charged meanwhile.)
    pub(crate) fn go_on(&self, memory: &Memory, account: &Account, most: usize) -> Option<usize> {
        if self.releases.replace(memory.releases()) != memory.releases() {
            // Some chunks may have moved to where we were.
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
        // The values own at least the bytes that this round has found so far.
        account.set_owned(account.owned().max(self.sum.get()));
        Some(spent)
    }
}
