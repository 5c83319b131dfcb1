//! The memory that objects lie in: chunks of address space, cut into blocks of slots of one type.
//!
//! * [`os`]: the source of chunks
//! * [`chunk`]: 4 MiB of address space, cut into blocks
//! * [`block`]: slots of one type, with their side bitmaps
//! * [`layout`]: how slots and side bitmaps lie in a block
//! * [`bin`], [`bins`]: the blocks of one type, and of all types
//! * [`memory`]: the chunks of a heap, and the blocks taken from them
//! * [`empty_blocks`], [`decay`]: blocks that are given back later, and free blocks whose memory is
//!   handed back to the system
//! * [`quarantine`]: freed slots that must not be used again while a collection is open
//! * [`limit`], [`owned`]: the bytes that a heap has taken and may take, and those that its values
//!   own outside of their slots

pub(crate) mod bin;
pub(crate) mod bins;
pub(crate) mod block;
pub(crate) mod chunk;
pub(crate) mod decay;
pub(crate) mod empty_blocks;
pub(crate) mod layout;
pub(crate) mod limit;
pub(crate) mod memory;
pub(crate) mod os;
pub(crate) mod owned;
pub(crate) mod quarantine;

use crate::object::birth_clock::BirthClock;
use alloc::boxed::Box;

/// The memory of one heap, and the counters of births and bytes.
pub(crate) struct Storage {
    // Every allocation reads `birth_clock` and `bins`.
    pub(crate) birth_clock: BirthClock,
    pub(crate) bins: bins::Bins,
    /// Blocks with slots that were freed while a collection is open.
    pub(crate) quarantine: quarantine::Quarantine,
    /// Empty blocks that could not be given back at once.
    pub(crate) empty_blocks: empty_blocks::EmptyBlocks,
    pub(crate) account: limit::Account,
    pub(crate) owned_look: owned::OwnedLook,
    pub(crate) memory: memory::Memory,
}

impl Storage {
    pub(crate) fn new(source: Box<dyn os::ChunkSource>) -> Storage {
        let account = limit::Account::new();
        Storage {
            birth_clock: BirthClock::new(),
            bins: bins::Bins::new(),
            quarantine: quarantine::Quarantine::default(),
            empty_blocks: empty_blocks::EmptyBlocks::default(),
            memory: memory::Memory::new(source, account.clone()),
            account,
            owned_look: owned::OwnedLook::default(),
        }
    }
}
