//! The names of places, as a person would look for them.

use super::{Place, Places, ROOT};
use crate::columns::{EdgeKind, NodeKind};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Names of a way that are shown at most; those in the middle are left out.
const NAMES: usize = 6;

/// The name of a place: the names on the way to it, without what only the runtime names.
pub(crate) fn name(places: &Places<'_>, place: u32) -> String {
    if place == ROOT {
        return "outside of the heap".into();
    }
    let way = places.way(place);
    let mut names: Vec<String> = Vec::new();
    for (number, at) in way.iter().enumerate() {
        let label = places.word(at.label);
        let is_unnamed = label == "[…]" || label.is_empty();
        if number == 0 && is_unnamed && at.kind == NodeKind::Object {
            names.push(places.word(at.type_word).into());
        } else if is_shown(at, label) {
            match names.last_mut() {
                Some(last) if label.starts_with('[') => last.push_str(label),
                None if is_unnamed => {}
                _ => names.push(label.into()),
            }
        }
    }
    if names.is_empty() {
        return way.last().map_or("", |at| places.word(at.type_word)).into();
    }
    if names.len() > NAMES {
        let left_out = names.len() - NAMES + 1;
        names.splice(1..=left_out, [String::from("…")]);
    }
    names.join(".")
}

fn is_shown(at: &Place, label: &str) -> bool {
    match at.edge {
        EdgeKind::Named | EdgeKind::Variable => label != "__dict__",
        EdgeKind::Internal => label == "value in a weak map",
        EdgeKind::Hidden => false,
    }
}

/// The name of a place, with the label of the edges to what it holds.
pub(crate) fn with_label(name: String, label: &str) -> String {
    match label {
        "key" => format!("{name}[…]"),
        _ if label.is_empty() || label.starts_with('<') => name,
        _ if label.starts_with('[') => format!("{name}{label}"),
        _ => format!("{name}.{label}"),
    }
}
