//! Reading dumps of Python processes in the formats of other tools: PyHeap and meliae.

mod graph;
mod meliae;
mod pyheap;

pub(super) use meliae::{is_meliae, read as read_meliae};
pub(super) use pyheap::{is_pyheap, read as read_pyheap};
