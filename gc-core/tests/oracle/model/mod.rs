//! A naive model of the managed heap under both finalizer policies.
//!
//! It is the yardstick the real heap is held against: it keeps no counter, no list and no cache
//! that could go stale. A count is the number of places that hold the object, a generation is a
//! note on the object, the weak references to an object are found by asking every weak reference,
//! and what a collection may reclaim is worked out from nothing each time. Everything a collection
//! works through is taken in birth order. It is quadratic and meant for some hundreds of objects;
//! it nests as deep as the program's structure does, so keep that below the heap's own nesting
//! limit (48) where the two are compared.
//!
//! * [`heap`]: objects, their counts, references that come and go
//! * [`death`]: death by count, finalizers
//! * [`weak`]: weak references and their callbacks
//! * [`collect`]: what is unreachable, and the two policies
//! * [`program`]: the words of a recorded program; [`outcome`]: what is recorded of each op
//! * [`run`]: applies an [`Op`] to a [`Model`] and gives the [`Outcome`]
//! * [`trace`]: programs as files, recorded and compared
//! * [`untraced`]: programs for the rules that no recorded one covers
//! * [`generate`]: random programs, from the [`shapes`] they are wired of and the [`dice`] they follow

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "several targets include the model, and each uses its own part of it"
)]

pub mod collect;
pub mod death;
#[path = "../../support/dice.rs"]
pub mod dice;
pub mod generate;
pub mod heap;
pub mod outcome;
pub mod program;
pub mod run;
pub mod shapes;
pub mod trace;
pub mod untraced;
pub mod weak;

pub use generate::{Composer, MAX_LIVE, generate};
pub use heap::{Contents, Model, Object, Place};
pub use outcome::{Collected, Difference, Event, Final, Outcome, Refs};
pub use program::{Callback, Class, Field, Id, Kind, Op, Path, Policy};
pub use run::Refused;
pub use trace::{Header, Malformed, Program, Step};
