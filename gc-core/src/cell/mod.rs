//! Mutable parts of values. Each cell stores its new content before it releases the old content.

mod list;
mod release_after;
mod slot;
mod traced_fn;

pub use list::List;
pub use release_after::ReleaseAfter;
pub use slot::Slot;
pub use traced_fn::TracedFn;
