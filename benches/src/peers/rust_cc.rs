//! `rust-cc`: counting with trial deletion, collecting by a threshold of bytes.

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use rust_cc::{Cc, Finalize, Trace};
use std::cell::RefCell;

/// The collector of this thread.
#[derive(Debug)]
pub struct RustCc;

/// A node of the workloads.
#[derive(Trace, Finalize)]
pub struct Node {
    value: u64,
    edges: RefCell<[Option<Cc<Node>>; 2]>,
}

impl PointerHeap for RustCc {
    const KIND: Kind = Kind::Counting;
    const AUTOMATIC: bool = true;
    type Pointer = Cc<Node>;

    fn new(automatic: Automatic) -> RustCc {
        let set = rust_cc::config::config(|config| config.set_auto_collect(automatic == Automatic::On));
        set.expect("nobody else has the configuration");
        RustCc
    }

    super::edges_in_a_cell!(Cc, RefCell);

    fn collect(&self) -> Result<(), Cannot> {
        rust_cc::collect_cycles();
        Ok(())
    }
}
