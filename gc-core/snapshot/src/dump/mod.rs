//! Reading heap dumps.

mod assemble;
mod error;
mod heap_dump;
mod layout;
mod nodes;
mod parts;
mod python;
mod read;
mod scan;

pub use error::ReadError;
pub use heap_dump::HeapDump;
pub use layout::Process;
pub use read::{read_dump, read_heap_snapshot};
