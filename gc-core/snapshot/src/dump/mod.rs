//! Reading heap dumps.

mod assemble;
mod error;
mod layout;
mod nodes;
mod parts;
mod python;
mod read;
mod scan;

pub use error::ReadError;
pub use layout::Process;
pub use read::{HeapDump, read_dump, read_heap_snapshot};
