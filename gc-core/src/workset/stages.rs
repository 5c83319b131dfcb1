//! What a collection found, as far as its finalizer policy must know it.

use crate::workset::set::Set;

/// Objects whose every reference comes from within their set.
pub(crate) struct Unreachable<'h>(pub(crate) Set<'h>);

/// What Legacy leaves alone: those that left the set, and bear a mark still; `saved` if
/// the others were.
pub(crate) struct Uncollectable<'h> {
    pub(crate) set: Set<'h>,
    pub(crate) saved: bool,
}
