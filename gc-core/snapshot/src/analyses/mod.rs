//! Analyses of a snapshot. Each analysis allocates its own memory while it runs.

mod chains;
mod components;
mod diff;
mod dominator_tree;
mod dominators;

pub use chains::{Chain, Link};
pub use components::Component;
pub use diff::{Diff, TypeChange};
pub use dominator_tree::DominatorTree;
pub use dominators::Dominators;
