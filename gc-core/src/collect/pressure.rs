//! Where memory is refused: a full collection and another attempt, or the error.

use super::collect_because;
use crate::core::Core;
use crate::ground::error::{OutOfMemory, OutOfMemoryKind};
use crate::release::user_code;
use crate::telemetry::records::Cause;

/// Tells the hook, and makes the error.
#[cold]
pub(crate) fn report_oom(core: &Core, kind: OutOfMemoryKind, requested: usize) -> OutOfMemory<()> {
    let account = &core.storage.account;
    let (used, owned, external) = (account.resident(), account.owned(), account.external());
    let max = account.limit();
    let reserve = account.reserve();
    let error = OutOfMemory { kind, requested, used, owned, external, max, reserve, value: () };
    core.telemetry.stats.note_out_of_memory();
    user_code::out_of_memory(core, &error);
    error
}

/// Tries to take memory from the allocator; where it is refused, a full collection may free
/// some. Gives the argument back after a second refusal.
pub(crate) fn retry_after_gc<A, R>(core: &Core, argument: A, attempt: impl Fn(A) -> Result<R, A>) -> Result<R, A> {
    match attempt(argument) {
        Err(argument) if !core.state.collecting.get() => {
            collect_because(core, Cause::AllocationFailure, 2);
            attempt(argument)
        }
        result => result,
    }
}
