//! The screens of `inspect`.

use gc_core::diagnosis::Diagnosis;
use gc_core::snapshot::{Diff, Snapshot, SnapshotObject};
use std::fmt::Write as _;

/// Returns a line with the numbers of objects, edges, bytes and roots.
pub fn summary(snapshot: &Snapshot) -> String {
    let (objects, edges, bytes) = (snapshot.len(), snapshot.edge_count(), snapshot.bytes());
    let roots = snapshot.roots().count();
    format!("{objects} objects, {edges} edges, {bytes} bytes, {roots} root{}\n", plural(roots))
}

/// The ending of a word that is counted.
pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Formats the class histogram, with at most `top` types.
pub fn types(snapshot: &Snapshot, top: usize) -> String {
    let text = snapshot.census().to_string();
    let lines: Vec<&str> = text.lines().collect();
    let (head, rows) = lines.split_at(lines.len().min(2));
    let (rows, total) = rows.split_at(rows.len().saturating_sub(1));
    let mut out = String::from("\n");
    for line in head.iter().chain(rows.iter().take(top)).chain(total) {
        let _ = writeln!(out, "{line}");
    }
    out + &left_out(rows.len(), top, "types")
}

pub(super) fn left_out(all: usize, top: usize, what: &str) -> String {
    match all.saturating_sub(top) {
        0 => String::new(),
        more => format!("({more} more {what}: --top {all})\n"),
    }
}

/// Formats the difference between two snapshots, with at most `top` types.
pub fn diff(diff: &Diff<'_>, top: usize) -> String {
    if diff.types().is_empty() {
        return "\nnothing changed\n".into();
    }
    let text = diff.to_string();
    let mut out = String::from("\n");
    for line in text.lines().take(top + 2) {
        let _ = writeln!(out, "{line}");
    }
    out + &left_out(diff.types().len(), top, "types")
}

/// Formats a table of the `top` objects with the largest retained sizes.
pub fn dominators(snapshot: &Snapshot, top: usize) -> String {
    let dominators = snapshot.dominators();
    let mut out = String::from("\n      retained    objects        own  object\n");
    out += "------------------------------------------------------------\n";
    for object in dominators.largest(top) {
        let (retained, objects) = (dominators.retained_bytes(object), dominators.retained_objects(object));
        let _ = writeln!(out, "{retained:>14} {objects:>10} {:>10}  {object}", object.bytes());
    }
    out + &left_out(snapshot.len(), top, "objects")
}

/// Formats the path from a root to an object.
pub fn path<'s>(snapshot: &'s Snapshot, object: SnapshotObject<'s>) -> String {
    match snapshot.path_to_root(object) {
        Some(chain) => format!("{chain}\n"),
        None => format!("{object}: nothing outside of the heap leads to it; the next collection finds it\n"),
    }
}

/// Formats the diagnosis.
pub fn suspects(diagnosis: &Diagnosis) -> String {
    format!("\n{diagnosis}")
}
