//! State of the collector between its collections.
//!
//! * [`candidates`]: the blocks with objects that lost a pointer and lived
//! * [`generations`]: which objects are old, promoted lazily
//! * [`schedule`]: thresholds, and when a collection is due
//! * [`pass`]: what a pass over the objects carries from edge to edge
//! * [`cycle`]: the incremental collection that is open
//! * [`budget`]: the work that an increment may do
//! * [`overhead`]: when a nearly full heap gives up

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
    /// A collection is open: no slot is reused, no block goes back.
    pub(crate) collecting: Cell<bool>,
    /// Objects may be frozen.
    pub(crate) frozen: Cell<bool>,
    /// The incremental collection that is open, between two of its increments.
    pub(crate) cycle: Cell<Option<cycle::CycleState>>,
    /// An incremental collection is open, between two increments or in one.
    pub(crate) is_cycle_open: Cell<bool>,
    /// The progress of the open increment.
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
