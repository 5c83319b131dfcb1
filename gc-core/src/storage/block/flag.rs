//! Facts about a block, one bit each.

/// Its type is tracked: also the unbuffered bit of a new count word.
pub(crate) const TRACKED: u16 = 1;
/// Objects of its type are allocated here at present.
pub(crate) const CURRENT: u16 = 2;
/// On its bin's list of blocks with free slots.
pub(crate) const AVAILABLE: u16 = 4;
/// Some bitmap beside `alloc` may have bits.
pub(crate) const HAS_METADATA: u16 = 8;
/// On the open collection's list of examined blocks.
pub(crate) const LISTED: u16 = 16;
/// On the list of blocks with recent candidates.
pub(crate) const RECENT: u16 = 32;
/// New births are too far from its `birth_base`: nothing is allocated here until it is empty.
pub(crate) const FULL: u16 = 64;
/// Its type has a finalizer.
pub(crate) const FINALIZABLE: u16 = 128;
/// Dropping its values may run code that we do not know.
pub(crate) const UNKNOWN_DROP: u16 = 256;
/// Its internal counts were written since it was formatted: they can be read.
pub(crate) const COUNTED: u16 = 512;
/// Weak references point, or pointed, into it.
pub(crate) const WEAK: u16 = 1024;
/// On the list of blocks with slots that were put aside.
pub(crate) const QUARANTINED: u16 = 2048;
/// On the list of blocks with candidates of generation 1 or older.
pub(crate) const OLDER_MIDDLE: u16 = 4096;
/// On the list of blocks with candidates of generation 2.
pub(crate) const OLDER_OLD: u16 = 8192;
/// On some list of blocks with candidates.
pub(crate) const WITH_CANDIDATES: u16 = RECENT | OLDER_MIDDLE | OLDER_OLD;
/// On the list of blocks that are to be given back when the collection closes.
pub(crate) const NOTED_EMPTY: u16 = 16384;
/// All objects in it are of generation 2 or frozen: promotion changes nothing.
pub(crate) const OLD: u16 = 32768;
/// The death of an object may be more than dropping its value.
pub(crate) const SLOW_DEATH: u16 = FINALIZABLE | UNKNOWN_DROP | WEAK;
/// Something refers to the block: it stays, even when it is empty.
pub(crate) const HELD: u16 = CURRENT | WITH_CANDIDATES | NOTED_EMPTY | LISTED;
