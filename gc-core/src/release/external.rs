//! Releasing what a set points to outside of itself.

use super::decrement;
use crate::gc_state::pass::Pass;
use crate::object::raw::Object;
use crate::workset::edges::{EdgeAction, is_inside};

/// Releases what is pointed to from the set but not in it.
pub(crate) struct ReleaseExternal;

impl EdgeAction for ReleaseExternal {
    fn edge(pass: &mut Pass, target: Object) {
        if !is_inside(pass, target) {
            decrement(target);
        }
    }
}
