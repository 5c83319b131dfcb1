//! Plans how slots and side tables lie in a block.

use crate::object::bitmaps::Bitmaps;

/// The positions of slots and side tables in a block of a given size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotLayout {
    /// Bytes from one slot to the next.
    pub(crate) stride: u32,
    /// Offset of the first slot's value.
    pub(crate) first: u32,
    /// Number of slots, including the slots whose place the side tables take (the *metadata gap*).
    pub(crate) slots: u32,
    /// Offset of the side tables.
    pub(crate) tables: u32,
    /// The metadata gap: the number of the first slot whose place the side tables take, and of the
    /// first slot behind them.
    pub(crate) gap: (u16, u16),
}

/// In a block whose stride is at least this many bytes, the side tables stand before the first
/// slot, because a metadata gap of whole slots would waste too much memory.
const TABLES_IN_FRONT: usize = 1024;

impl SlotLayout {
    /// Plans a block of `bytes` bytes for values of `size` bytes, aligned to `align`, with `prefix`
    /// bytes before each value. The position of the metadata gap depends on `colour` (0 to 15).
    /// Returns `None` if the block has no room for a slot beside the tables.
    pub(crate) fn plan(bytes: usize, size: usize, align: usize, prefix: usize, colour: usize) -> Option<SlotLayout> {
        let size = size.max(8);
        let align = align.max(8);
        let stride = (prefix + size).next_multiple_of(align);
        if stride >= TABLES_IN_FRONT {
            return Self::plan_in_front(bytes, size, align, prefix, stride);
        }
        let first = prefix.next_multiple_of(align);
        let slots = (bytes.checked_sub(first + size)?) / stride + 1;
        let taken = (table_bytes(slots) + 63).div_ceil(stride);
        if taken >= slots {
            return None;
        }
        let start = (slots - taken) * colour / 16;
        let tables = (first + start * stride - prefix).next_multiple_of(64);
        Some(SlotLayout {
            stride: stride as u32,
            first: first as u32,
            slots: slots as u32,
            tables: tables as u32,
            gap: (start as u16, (start + taken) as u16),
        })
    }

    fn plan_in_front(bytes: usize, size: usize, align: usize, prefix: usize, stride: usize) -> Option<SlotLayout> {
        let most = (bytes / stride).max(1);
        let first = (table_bytes(most) + prefix).next_multiple_of(align);
        let slots = (bytes.checked_sub(first + size)?) / stride + 1;
        Some(SlotLayout {
            stride: u32::try_from(stride).unwrap_or(u32::MAX),
            first: first as u32,
            slots: slots.min(most) as u32,
            tables: 0,
            gap: (0, 0),
        })
    }

    /// Returns the layout with one slot only.
    pub(crate) fn single(self) -> SlotLayout {
        SlotLayout { slots: 1, ..self }
    }
}

/// Returns the bytes that the side tables for `slots` slots take.
fn table_bytes(slots: usize) -> usize {
    slots.div_ceil(64) * size_of::<Bitmaps>() + slots * size_of::<u32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_keeps_slots_and_tables_apart() {
        for bytes in [4096, 65536] {
            for size in [0, 1, 8, 24, 32, 40, 100, 500, 1000, 3000, 20000] {
                for align in [1, 8, 16, 64, 512] {
                    for (prefix, colour) in [(8, 0), (8, 7), (16, 15)] {
                        check(bytes, size, align, prefix, colour);
                    }
                }
            }
        }
    }

    fn check(bytes: usize, size: usize, align: usize, prefix: usize, colour: usize) {
        let Some(plan) = SlotLayout::plan(bytes, size, align, prefix, colour) else { return };
        let tables = plan.tables as usize..plan.tables as usize + table_bytes(plan.slots as usize);
        assert!(tables.end <= bytes && tables.start.is_multiple_of(64), "{plan:?}");
        for slot in 0..plan.slots as usize {
            if (plan.gap.0 as usize..plan.gap.1 as usize).contains(&slot) {
                continue;
            }
            let value = plan.first as usize + slot * plan.stride as usize;
            let whole = value - prefix..value + size.max(8);
            assert!(value.is_multiple_of(align) && whole.end <= bytes, "{plan:?} slot {slot}");
            assert!(whole.end <= tables.start || whole.start >= tables.end, "{plan:?} slot {slot}");
        }
    }
}
