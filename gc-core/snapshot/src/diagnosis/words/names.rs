//! The names of places, as a person would look for them.

use crate::SnapshotObject;
use crate::diagnosis::growth::Gathering;
use crate::places::{Places, ROOT, name, with_label};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Steps of a path to an example that are shown at most.
const STEPS: usize = 14;

/// The name of a place, with the label of the edges to what it holds.
pub(in crate::diagnosis) fn full_name(places: &Places<'_>, it: &Gathering<'_>) -> String {
    let name = name(places, it.place);
    match it.members.first() {
        Some(member) if it.place != ROOT => with_label(name, places.word(member.label)),
        _ => name,
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
