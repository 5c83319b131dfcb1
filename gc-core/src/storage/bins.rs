//! The bins of a heap: one bin for each type (and size class, for slices) that has been allocated.

use crate::ground::boxed::{Shared, try_box};
use crate::object::type_info::TypeInfo;
use crate::storage::bin::Bin;
use crate::storage::block::BlockLink;
use core::any::TypeId;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;
use hashbrown::HashMap;

const CACHE: usize = 128;

/// An entry of the cache that leads from a type to its current block. The key is computed from the
/// address of a `TypeInfo` table. It is a hint only, because a type can have several tables: on a
/// miss, the bin is found by type.
#[derive(Default)]
pub(crate) struct CacheEntry {
    pub(crate) key: Cell<usize>,
    pub(crate) block: BlockLink,
}

pub(crate) struct Bins {
    cache: [CacheEntry; CACHE],
    by_type: RefCell<HashMap<(TypeId, u8), Shared<Bin>>>,
}

impl Bins {
    pub(crate) fn new() -> Bins {
        Bins {
            cache: [const { CacheEntry { key: Cell::new(0), block: Cell::new(None) } }; CACHE],
            by_type: RefCell::new(HashMap::new()),
        }
    }

    #[inline]
    pub(crate) fn entry(&self, key: usize) -> &CacheEntry {
        &self.cache[(key ^ key >> 7 ^ key >> 14) & (CACHE - 1)]
    }

    /// Empties the cache. The next allocation of each type then looks up the type's block, and
    /// brings the bitmaps of that block up to date.
    pub(crate) fn flush(&self) {
        for entry in &self.cache {
            entry.key.set(0);
        }
    }

    /// Returns the bin of a type and size class, and makes it on the first use. Returns `None` if
    /// there is no memory.
    pub(crate) fn bin(&self, info: &'static TypeInfo, size: usize, class: u8) -> Option<NonNull<Bin>> {
        if let Some(bin) = self.by_type.borrow().get(&(info.id, class)) {
            return Some(bin.link());
        }
        let bin = Bin::new(info, (info.classify)()?, size);
        let mut by_type = self.by_type.borrow_mut();
        by_type.try_reserve(1).ok()?;
        let bin = Shared::new(try_box(bin).ok()?);
        let link = bin.link();
        by_type.insert((info.id, class), bin);
        Some(link)
    }
}

/// Returns the key in the cache for a type and size class. Keys do not collide, because tables are
/// 128 bytes apart, and the size classes of cached blocks have numbers below 127.
pub(crate) fn key_of(info: &'static TypeInfo, class: u8) -> usize {
    core::ptr::from_ref(info).addr() + class as usize
}

/// Added to the cache key of a type whose allocations are charged to the limit, so that
/// `take_cached_slot`, which makes no charge, does not find the entry. (No other key is equal to
/// such a sum: tables are 128 bytes apart, and the size classes of cached blocks have numbers below
/// 127.)
pub(crate) const CHARGED: usize = 127;

/// Returns the number (from 1) and the size in bytes of the size class for a slice of `bytes`
/// bytes.
pub(crate) fn size_class(bytes: usize) -> (u8, usize) {
    if bytes <= 128 {
        let class = bytes.max(1).div_ceil(16);
        return (class as u8, class * 16);
    }
    let step = (bytes - 1).ilog2() as usize - 2;
    let size = bytes.next_multiple_of(1 << step);
    let quarter = (size >> step) - 4;
    ((8 + (step - 5) * 4 + quarter) as u8, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_classes_grow_and_hold_what_they_are_for() {
        let mut last = (0, 0);
        for bytes in 1..70_000 {
            let (class, size) = size_class(bytes);
            assert!(size >= bytes && size <= bytes.max(16) * 5 / 4 + 16, "{bytes} -> {size}");
            assert!(
                (class, size) == last || (class == last.0 + 1 && size > last.1),
                "{bytes}: {class} {size} after {last:?}"
            );
            last = (class, size);
        }
        assert!(last.0 < 100);
    }
}
