//! Checks of the heap in builds with `--cfg gc_zeal`. In these builds the heap is verified after
//! every step of every collection, and freed memory is overwritten (see
//! `storage::os::overwritten`).
//!
//! The following holds between any two steps, even in the middle of a collection:
//!
//! * The count of a living object is at least the number of edges from living objects to it.
//! * An edge leads to a slot that is in use: its object lives, or is dying and pinned.

use crate::core::Core;

/// Verifies the heap after a step of a collection, in builds with `--cfg gc_zeal`. Aborts the
/// process if the heap is inconsistent, because a panic would be caught as a panic of user code.
#[inline(always)]
pub(crate) fn after(core: &Core, step: &str) {
    #[cfg(gc_zeal)]
    {
        let problems = checks::problems(core);
        if !problems.is_empty() {
            crate::storage::os::overwritten::stop(&alloc::format!("after {step}: {}", problems.join("\n  ")));
        }
    }
    let _ = (core, step);
}

#[cfg(gc_zeal)]
mod checks {
    use crate::core::Core;
    use crate::graph::edges::{each_living, edges_to};
    use crate::graph::structure;
    use crate::object::raw::{Object, Place};
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use hashbrown::HashMap;

    pub(super) fn problems(core: &Core) -> Vec<String> {
        let mut problems = Vec::new();
        edges(core, &mut problems);
        if core.state.collecting.get() {
            each_living(core, |object| structure::look_at_object(core, object, &mut |it| problems.push(it)));
        } else {
            problems.extend(structure::problems(core).into_iter().map(|it| it.detail));
        }
        problems
    }

    fn edges(core: &Core, problems: &mut Vec<String>) {
        let mut internal: HashMap<Object, u32> = HashMap::new();
        each_living(core, |source| {
            edges_to(source, &mut |target| {
                if target.chunk().owner() == core.owner() {
                    *internal.entry(target).or_default() += 1;
                }
            });
        });
        for (target, edges) in internal {
            let Place { bitmaps, bit, .. } = target.place();
            let count = target.count().get();
            if bitmaps.fresh() & bit != 0 {
                problems.push(format!("{} edges lead to the free slot {:#x}", edges, target.address()));
            } else if bitmaps.alloc.get() & bit != 0 && count < edges {
                let name = target.info().short_name();
                problems.push(format!("{name} at {:#x} has count {count}, but {edges} edges", target.address()));
            }
        }
    }
}
