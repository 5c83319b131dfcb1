//! Used by every room: settings, errors, names of edges, fallible boxes, guards.
//!
//! Imports nothing of this crate.
//!
//! * [`config`]: the policies, the pace, the debug flags
//! * [`error`]: out-of-memory and build errors
//! * [`label`]: the names of edges
//! * [`boxed`]: boxes whose allocation may fail
//! * [`time`]: points in time
//! * [`restore`]: a setting that is changed for the time of one call

pub(crate) mod boxed;
pub(crate) mod config;
pub(crate) mod error;
pub(crate) mod label;
pub(crate) mod restore;
pub(crate) mod time;
