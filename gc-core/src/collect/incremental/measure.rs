//! Measures the owned bytes of values, in slices.

use crate::core::Core;

/// Measures the owned bytes if the heap has a limit. Returns false if the slice ends first. The
/// program runs between two slices, so the sum is not that of a single moment.
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
