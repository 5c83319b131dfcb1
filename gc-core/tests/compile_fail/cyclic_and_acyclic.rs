//! A type is one or the other.

use gc_core::Trace;

#[derive(Trace)]
#[trace(cyclic, acyclic)]
struct AtOnce;

#[derive(Trace)]
#[trace(acyclic)]
#[trace(cyclic)]
struct InTwoSteps;

fn main() {}
