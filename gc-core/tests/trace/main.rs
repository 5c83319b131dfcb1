//! `Trace`: standard types, what the derive must withstand, and implementations that break the contract.

mod derived;
mod standard_types;
#[path = "../support/mod.rs"]
mod support;
mod wrong;
