//! State of the collector between its collections.
//!
//! * [`candidates`]: the blocks that hold candidates
//! * [`generations`]: the generations of objects, promoted lazily
//! * [`schedule`]: thresholds, and when a collection is due
//! * [`pass`]: the state of a pass over the objects, and its queue of blocks
//! * [`cycle`]: the incremental collection that is open
//! * [`budget`]: the work that a slice may do
//! * [`overhead`]: the limit for the time that a nearly full heap spends on collections

pub(crate) mod budget;
pub(crate) mod candidates;
pub(crate) mod cycle;
pub(crate) mod generations;
pub(crate) mod overhead;
pub(crate) mod pass;
pub(crate) mod schedule;

use crate::ground::config::Pace;
use crate::object::address::Object;
use alloc::collections::VecDeque;
use core::cell::{Cell, RefCell};

/// State of the collector of one heap.
pub(crate) struct GcState {
    pub(crate) pace: Cell<Pace>,
    /// True while a collection or a slice is running. Meanwhile no slot is reused, and no block is
    /// given back.
    pub(crate) collecting: Cell<bool>,
    /// True if objects may be frozen.
    pub(crate) frozen: Cell<bool>,
    /// The incremental collection that is open, between two of its slices.
    pub(crate) cycle: Cell<Option<cycle::CycleState>>,
    /// True while an incremental collection is open, between two slices or within one.
    pub(crate) is_cycle_open: Cell<bool>,
    /// The progress of the open slice.
    pub(crate) work_budget: budget::WorkBudget,
    pub(crate) epoch: generations::GenerationEpoch,
    pub(crate) schedule: schedule::Schedule,
    pub(crate) candidates: candidates::CandidateBlocks,
    /// The list of uncollectable objects, each held by a count.
    pub(crate) garbage: RefCell<VecDeque<Object>>,
    pub(crate) overhead: overhead::Overhead,
}

impl GcState {
    pub(crate) fn new() -> GcState {
        GcState {
            pace: Cell::new(Pace::StopTheWorld),
            collecting: Cell::new(false),
            frozen: Cell::new(false),
            cycle: Cell::new(None),
            is_cycle_open: Cell::new(false),
            work_budget: budget::WorkBudget::default(),
            epoch: generations::GenerationEpoch::default(),
            schedule: schedule::Schedule::default(),
            candidates: candidates::CandidateBlocks::default(),
            garbage: RefCell::new(VecDeque::new()),
            overhead: overhead::Overhead::default(),
        }
    }
}
