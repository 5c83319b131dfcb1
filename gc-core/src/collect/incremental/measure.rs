//! Measures the owned bytes of values, in slices.

use crate::core::Core;

/// Looks at the blocks, where a limit asks for it. The program runs between two slices: the sum
/// is of no one moment, as every object was looked at in another.
pub(super) fn measure(core: &Core) -> bool {
    if !core.storage.account.is_limited() {
        return true;
    }
    while let Some(looked_at) = core.storage.owned_look.go_on(&core.storage.memory, &core.storage.account, 1) {
        if core.state.work_budget.spend(looked_at) {
            return false;
        }
    }
    true
}
