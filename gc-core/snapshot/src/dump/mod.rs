//! Reading heap dumps.

mod layout;
mod read;

pub use read::{ReadError, read_heap_snapshot};
