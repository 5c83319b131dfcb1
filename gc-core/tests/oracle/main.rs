//! The heap beside a naive model, beside itself, and beside recorded runs of CPython.
//!
//! * [`model`]: the model; [`harness`]: real objects that can do what the model's can
//! * [`words`]: random programs in the words of the recorded ones, run on both
//! * [`free`]: free random programs, beside a mirror of what must hold

mod detector_agreement;
mod free;
mod harness;
mod model;
mod model_agrees_with_python;
mod property;
mod words;
