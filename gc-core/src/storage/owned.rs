//! Bytes that values own outside of their slots, where a limit counts them.
//!
//! They are charged when an object is born, and measured again by looks: what a value that
//! lives gains or loses tells nobody. A look goes round block by block; full collections look
//! at all blocks at once.

use crate::core::Core;
use crate::storage::block::Block;
use core::cell::Cell;

/// A round of looks at the blocks of a heap.
#[derive(Default)]
pub(crate) struct OwnedLook {
    /// The chunk that it is at, and how many of its blocks were looked at.
    chunk: Cell<usize>,
    blocks: Cell<usize>,
    /// What the values in all blocks before that own.
    sum: Cell<usize>,
    /// What was charged since the round began: for values in those blocks, maybe.
    charged: Cell<usize>,
    /// Chunks that had ever been given back when the round began.
    releases: Cell<usize>,
}

/// A look at a block costs as much as one at so many objects.
const BLOCK_COST: usize = 16;

impl OwnedLook {
    /// Begins a round.
    pub(crate) fn restart(&self) {
        self.chunk.set(0);
        self.blocks.set(0);
        self.sum.set(0);
        self.charged.set(0);
    }
}

impl Core {
    /// Measures the owned bytes of all objects. Holds after it: the account has the exact number.
    pub(crate) fn measure_owned(&self) {
        self.owned_look.restart();
        self.look_at_owned(usize::MAX);
    }

    /// A value that owns so many bytes is put on the heap.
    pub(crate) fn charge_owned(&self, bytes: usize) {
        self.account.set_owned(self.account.owned().saturating_add(bytes));
        self.owned_look.charged.set(self.owned_look.charged.get().saturating_add(bytes));
    }

    /// Goes on with the round, past at least one block and about so many objects. Tells how many
    /// those were; `None`: the round is complete, and the account has its sum. (Where the program
    /// ran in between, that is of no one moment, and rather too much: with all that was charged
    /// meanwhile.)
    pub(crate) fn look_at_owned(&self, most: usize) -> Option<usize> {
        let look = &self.owned_look;
        if look.releases.replace(self.memory.releases()) != self.memory.releases() {
            // Some chunks may have moved to where we were.
            look.restart();
        }
        let mut spent = 0;
        while spent < most {
            let mut at = 0;
            let any = self.memory.each_block_of(look.chunk.get(), &mut |block: &Block| {
                if at == look.blocks.get() && spent < most {
                    let (owned, objects) = block.owned_bytes();
                    look.sum.set(look.sum.get().saturating_add(owned));
                    look.blocks.set(at + 1);
                    spent += objects + BLOCK_COST;
                }
                at += 1;
            });
            if !any {
                self.account.set_owned(look.sum.get().saturating_add(look.charged.get()));
                look.restart();
                return None;
            }
            if look.blocks.get() >= at {
                look.chunk.set(look.chunk.get() + 1);
                look.blocks.set(0);
            }
        }
        // What was found already is no less than that.
        self.account.set_owned(self.account.owned().max(look.sum.get()));
        Some(spent)
    }
}
