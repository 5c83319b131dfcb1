//! Places: where in a program the objects of snapshots are held.
//!
//! A place is a path from a root, with all keys and positions of a container taken together:
//! `registry.sessions[…].user`. Objects are told apart by their places, never by their identity: an
//! address is used again by another object, and a full cache has new entries in each dump. What grows is
//! then a matter of counting: a place that holds more objects of a type in each snapshot than in the one
//! before, while there is no more of the place itself.
//!
//! Each object has one place: that of its cheapest path ([`cost`], [`tree`]). All edges count, though: an
//! object that two containers hold is counted at both ([`units`]).

mod cost;
mod holders;
mod names;
mod tree;
mod trie;
mod units;
mod words;

pub(crate) use cost::leads_to_shared;
pub use holders::{HolderChange, HolderCount, Holders, PathStep};
pub(crate) use names::{name, with_label};
pub(crate) use trie::{Place, Places, ROOT};
pub(crate) use units::{Unit, Units};

use crate::diagnosis::general;
use alloc::string::String;

/// Returns true if a name is a key or a position.
fn is_key(text: &str) -> bool {
    (text.starts_with('[') && text.ends_with(']'))
        || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A name of an edge, with `[…]` for each key and position.
fn label(text: &str) -> String {
    if is_key(text) { "[…]".into() } else { general(text) }
}
