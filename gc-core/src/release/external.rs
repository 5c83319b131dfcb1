//! Releases the pointers of a set to objects outside of the set.

use super::decrement;
use crate::gc_state::pass::Pass;
use crate::object::raw::Object;
use crate::workset::edges::{EdgeAction, is_inside};

/// Releases each pointer of a member to an object outside of the set.
pub(crate) struct ReleaseExternal;

impl EdgeAction for ReleaseExternal {
    fn edge(pass: &mut Pass, target: Object) {
        if !is_inside(pass, target) {
            decrement(target);
        }
    }
}
