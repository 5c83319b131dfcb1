//! Basic types that all other modules use: settings, errors, names of edges, fallible boxes,
//! guards.
//!
//! The modules here import nothing from the rest of this crate.
//!
//! * [`config`]: the finalizer policies, the pace of collection, generations, the debug flags
//! * [`error`]: out-of-memory and build errors
//! * [`label`]: the names of edges
//! * [`boxed`]: boxes whose allocation may fail
//! * [`time`]: points in time
//! * [`restore`]: a guard that changes a setting and later restores it

pub(crate) mod boxed;
pub(crate) mod config;
pub(crate) mod error;
pub(crate) mod label;
pub(crate) mod restore;
pub(crate) mod time;
