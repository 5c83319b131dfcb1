//! What values own outside of their slots, added up in slices.

use crate::space::core::Core;
use crate::space::sliced::Sliced;

/// Adds up block by block, where a limit asks for it. The program runs between two slices: the sum is of no one
/// moment, as every object was looked at in another.
pub(super) fn measure(core: &Core, sliced: &mut Sliced) -> bool {
    if !core.account.is_limited() {
        return true;
    }
    loop {
        let (mut at, mut is_over) = (0, false);
        let any = core.memory.each_block_of(sliced.chunk, &mut |block| {
            if !is_over && at == sliced.measured {
                sliced.measured += 1;
                let (owned, objects) = block.owned_bytes();
                sliced.owned = sliced.owned.saturating_add(owned);
                is_over = core.slice.spend(objects + 1);
            }
            at += 1;
        });
        if is_over {
            return false;
        }
        if !any {
            return true;
        }
        (sliced.chunk, sliced.measured) = (sliced.chunk + 1, 0);
    }
}
