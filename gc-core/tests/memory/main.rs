//! Blocks and chunks, limits, bytes that values own, a chunk source that fails.

mod blocks;
mod failing_source;
mod limits;
mod owned;
#[path = "../support/mod.rs"]
mod support;
