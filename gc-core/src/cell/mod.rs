//! Mutable parts of values that release what they held only after they hold the new.

mod list;
mod release_after;
mod slot;
mod traced_fn;

pub use list::List;
pub use release_after::ReleaseAfter;
pub use slot::Slot;
pub use traced_fn::TracedFn;
