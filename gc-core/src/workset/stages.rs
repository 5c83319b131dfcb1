//! The stages of a collection that its finalizer policy works on.

use crate::workset::set::Set;

/// A set of objects that are referenced only by members of the set.
pub(crate) struct Unreachable<'h>(pub(crate) Set<'h>);

/// The objects that Legacy does not reclaim: marked former members of `set`. `saved` is true if the
/// other members were saved to `garbage`.
pub(crate) struct Uncollectable<'h> {
    pub(crate) set: Set<'h>,
    pub(crate) saved: bool,
}
