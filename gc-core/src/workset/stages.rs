//! The stages of a collection that its finalizer policy works on.

use crate::workset::set::Set;

/// Objects whose every reference comes from within their set.
pub(crate) struct Unreachable<'h>(pub(crate) Set<'h>);

/// The objects that Legacy leaves alone: marked former members. `saved` is true if the other
/// members were saved.
pub(crate) struct Uncollectable<'h> {
    pub(crate) set: Set<'h>,
    pub(crate) saved: bool,
}
