//! The flags of a block, one bit each.

/// The block's type is tracked. The value is equal to the unbuffered bit of a new count word.
pub(crate) const TRACKED: u16 = 1;
/// New objects of the block's type are allocated in this block at present.
pub(crate) const CURRENT: u16 = 2;
/// The block is on its bin's list of blocks with free slots.
pub(crate) const AVAILABLE: u16 = 4;
/// Some bitmap other than `alloc` may have bits set.
pub(crate) const HAS_METADATA: u16 = 8;
/// The block is on the open collection's list of examined blocks.
pub(crate) const LISTED: u16 = 16;
/// The block is on the list of blocks with recent candidates.
pub(crate) const RECENT: u16 = 32;
/// The next birth is too far from the block's `birth_base` to be stored in a header. Nothing is
/// allocated in the block until it is empty.
pub(crate) const FULL: u16 = 64;
/// The block's type has a finalizer.
pub(crate) const FINALIZABLE: u16 = 128;
/// Dropping a value of the block's type may run unknown code.
pub(crate) const UNKNOWN_DROP: u16 = 256;
/// The internal counts were written since the block was formatted, so they may be read.
pub(crate) const COUNTED: u16 = 512;
/// Weak references point, or pointed, to objects in the block.
pub(crate) const WEAK: u16 = 1024;
/// The block is on the list of blocks with slots that were put aside.
pub(crate) const QUARANTINED: u16 = 2048;
/// The block is on the list of blocks with candidates of generation 1 or older.
pub(crate) const OLDER_MIDDLE: u16 = 4096;
/// The block is on the list of blocks with candidates of generation 2.
pub(crate) const OLDER_OLD: u16 = 8192;
/// The block is on some list of blocks with candidates.
pub(crate) const WITH_CANDIDATES: u16 = RECENT | OLDER_MIDDLE | OLDER_OLD;
/// The block is on the list of blocks that are given back when the collection closes.
pub(crate) const NOTED_EMPTY: u16 = 16384;
/// All objects in the block are of generation 2 or frozen, so that promotion changes nothing.
pub(crate) const OLD: u16 = 32768;
/// The death of an object in the block may require more than dropping its value.
pub(crate) const SLOW_DEATH: u16 = FINALIZABLE | UNKNOWN_DROP | WEAK;
/// Something refers to the block, so that it is not given back, even if it is empty.
pub(crate) const HELD: u16 = CURRENT | WITH_CANDIDATES | NOTED_EMPTY | LISTED;
