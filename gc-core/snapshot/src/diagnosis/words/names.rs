//! The names of places, as a person would look for them.

use crate::SnapshotObject;
use crate::columns::{EdgeKind, NodeKind};
use crate::diagnosis::growth::Gathering;
use crate::places::{Place, Places, ROOT};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Names of a way that are shown at most; those in the middle are left out.
const NAMES: usize = 6;
/// Steps of a path to an example that are shown at most.
const STEPS: usize = 14;

/// The name of a place, with the label of the edges to what it holds.
pub(in crate::diagnosis) fn full_name(places: &Places<'_>, it: &Gathering<'_>) -> String {
    let name = name(places, it.place);
    match it.members.first().map(|member| places.word(member.label)) {
        Some(label) if it.place != ROOT && !label.is_empty() && !label.starts_with('<') => match label {
            "key" => format!("{name}[…]"),
            _ if label.starts_with('[') => format!("{name}{label}"),
            _ => format!("{name}.{label}"),
        },
        _ => name,
    }
}

/// The name of a place: the names on the way to it, without what only the runtime names.
pub(in crate::diagnosis) fn name(places: &Places<'_>, place: u32) -> String {
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

/// The path by which a person finds an object, a line a step.
pub(super) fn path(places: &Places<'_>, object: SnapshotObject<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (number, (name, object)) in places.path(object).iter().enumerate() {
        let dot = if name.starts_with('[') || name.is_empty() { "" } else { "." };
        let line = if number == 0 { format!("{name} {object}") } else { format!("{dot}{name} -> {object}") };
        lines.push(line.trim_start().into());
    }
    if lines.len() > STEPS {
        let left_out = lines.len() - STEPS;
        lines.splice(STEPS / 2..STEPS / 2 + left_out, [format!("… {left_out} more …")]);
    }
    lines.join("\n  ")
}
