//! Generations, thresholds, automatic collection, and the functions of the `gc` module.

mod automatic;
mod long_lived;
mod python_module;
#[path = "../support/mod.rs"]
mod support;
mod thresholds;
