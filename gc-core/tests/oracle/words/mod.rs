//! Programs in the words of the recorded ones, and in some more, held against the model after
//! every step.
//!
//! * [`step`]: the words
//! * [`ledger`]: the model, and what it takes to say the new words in its own
//! * [`player`]: the heap, and the new words performed on it
//! * [`compose`]: random programs
//! * [`run`]: both side by side, to the end, where nothing may be left

pub mod compose;
pub mod ledger;
pub mod player;
pub mod run;
pub mod step;

pub use run::{Case, run};
pub use step::Step;
