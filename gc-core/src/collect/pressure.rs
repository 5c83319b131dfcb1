//! Handles refused requests for memory, by a full collection and a second attempt, or by an error.

use super::collect_because;
use crate::core::Core;
use crate::ground::error::{OutOfMemory, OutOfMemoryKind};
use crate::release::user_code;
use crate::telemetry::records::Cause;

/// Makes an out-of-memory error, counts it, and passes it to the out-of-memory hook.
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

/// Calls `attempt`, which takes memory from the allocator. If the allocator refuses, runs a full
/// collection and tries once more, unless a collection is running. Returns the argument as the
/// error if the last attempt failed.
pub(crate) fn retry_after_gc<A, R>(core: &Core, argument: A, attempt: impl Fn(A) -> Result<R, A>) -> Result<R, A> {
    match attempt(argument) {
        Err(argument) if !core.state.collecting.get() => {
            collect_because(core, Cause::AllocationFailure, 2);
            attempt(argument)
        }
        result => result,
    }
}
