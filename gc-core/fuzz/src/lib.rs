//! What the fuzz targets share.
//!
//! * [`decode`]: the fuzzer's bytes as a program of the property test
//! * [`free`]: such programs, from the property test itself, with the mirror that judges them
//!
//! A program's own panics are raised by `resume_unwind`: the fuzzer's hook, which takes any panic
//! for a find, does not hear of them.

#[path = "../../tests/oracle/free/mod.rs"]
pub mod free;
#[path = "../../tests/oracle/harness/mod.rs"]
pub mod harness;
#[path = "../../tests/oracle/model/mod.rs"]
pub mod model;

pub mod decode;
pub mod looks;
