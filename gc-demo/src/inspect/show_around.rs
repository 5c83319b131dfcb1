//! The screens of looking around: the tree, a type, the holders of an object, the changes.

use super::around::{Branch, Change, Holding, OfType, Step};
use super::show::{left_out, plural};
use gc_snapshot::text::Bytes;
use std::fmt::Write as _;

/// Formats the dominator tree.
pub(super) fn tree(branches: &[Branch]) -> String {
    let mut out = String::from("\n  retained    objects  object\n");
    out += "------------------------------------------------------------\n";
    branches.iter().for_each(|branch| show_branch(branch, 0, &mut out));
    out
}

fn show_branch(branch: &Branch, depth: usize, out: &mut String) {
    let place = branch.place.as_ref().map(|place| format!("  {place}")).unwrap_or_default();
    let what = branch.what() + &place;
    let retained = Bytes(branch.retained_bytes as f64).to_string();
    let _ = writeln!(out, "{retained:>10} {:>10}  {}{what}", branch.retained_objects, "  ".repeat(depth));
    branch.below.iter().for_each(|below| show_branch(below, depth + 1, out));
    if branch.left_out > 0 {
        let _ = writeln!(out, "{:>21}  {}({} more)", "", "  ".repeat(depth + 1), branch.left_out);
    }
}

/// Formats the objects of a type, with at most `top` holders and steps.
pub(super) fn of_type(it: &OfType, top: usize) -> String {
    let OfType { r#type, objects, bytes, retained_bytes, holders, paths } = it;
    let [bytes, retained] = [*bytes, *retained_bytes].map(|bytes| Bytes(bytes as f64));
    let mut out = format!("\n{type}: {objects} objects, {bytes}; they retain {retained}\n\n");
    out += "     edges  held by\n------------------------------------------------------------\n";
    for holder in holders.iter().take(top) {
        let _ = writeln!(out, "{:>10}  {} ({})", holder.edges, holder.place, holder.r#type);
    }
    out += &left_out(holders.len(), top, "holders");
    out += "\n   objects      bytes  merged paths from the roots\n";
    out += "------------------------------------------------------------\n";
    // Steps to few of the objects are left out, with all below them.
    let shown: Vec<&Step> = paths.iter().filter(|step| step.objects * 100 >= *objects).collect();
    for step in shown.iter().take(top.saturating_mul(2)) {
        let edge = match &*step.edge {
            edge if step.depth == 0 || edge.starts_with('[') || edge.is_empty() => edge.to_owned(),
            edge => format!(".{edge}"),
        };
        let (bytes, indent) = (Bytes(step.bytes as f64).to_string(), "  ".repeat(step.depth));
        let _ = writeln!(out, "{:>10} {bytes:>10}  {indent}{edge} -> {}", step.objects, step.r#type);
    }
    let left_out = paths.len() - shown.len().min(top.saturating_mul(2));
    if left_out > 0 {
        let _ = writeln!(out, "({left_out} more steps, to few of the objects: --json)");
    }
    out
}

/// Formats the holders of an object, with at most `top` referrers.
pub(super) fn holding(it: &Holding, top: usize) -> String {
    let (bytes, retained) = (Bytes(it.bytes as f64), Bytes(it.retained_bytes as f64));
    let objects = it.retained_objects as usize;
    let mut out = format!("\n{}, {bytes}, retains {retained} in {objects} object{}\n", it.object, plural(objects));
    if let Some(place) = &it.place {
        let _ = writeln!(out, "place: {place}");
    }
    if it.external_references > 0 {
        let _ = writeln!(
            out,
            "held from outside {} time{}",
            it.external_references,
            plural(it.external_references as usize)
        );
    }
    let _ = writeln!(out, "\nheld by {} edge{}", it.referrers.len(), plural(it.referrers.len()));
    for referrer in it.referrers.iter().take(top) {
        let _ = writeln!(out, "  {} of {}", referrer.edge.as_deref().unwrap_or(""), referrer.object);
    }
    out += &left_out(it.referrers.len(), top, "edges");
    if it.dominators.is_empty() {
        return out + "\nno object retains it alone\n";
    }
    out += "\nretained by, from the closest up\n";
    for above in it.dominators.iter().take(top) {
        let retained = Bytes(above.retained_bytes as f64).to_string();
        let _ = writeln!(out, "{retained:>12}  {}", above.object);
    }
    out + &left_out(it.dominators.len(), top, "objects")
}

/// Formats what changed by holder: the `top` places that gained most, and those that lost most.
pub(super) fn changes(rows: &[Change], top: usize) -> String {
    if rows.is_empty() {
        return "\nno place holds more or less than before\n".into();
    }
    let mut out = String::from("\n    before        now      gained  held by (type)\n");
    out += "------------------------------------------------------------\n";
    let lost = rows.iter().filter(|change| change.gained_bytes < 0).count().min(top / 2);
    let gained = top.saturating_sub(lost).min(rows.len() - lost);
    for change in rows[..gained].iter().chain(&rows[rows.len() - lost..]) {
        let bytes = match change.gained_bytes {
            more @ 0.. => format!("+{}", Bytes(more as f64)),
            less => format!("-{}", Bytes(less.unsigned_abs() as f64)),
        };
        let _ =
            writeln!(out, "{:>10} {:>10} {bytes:>11}  {} ({})", change.before, change.now, change.place, change.r#type);
    }
    out + &left_out(rows.len(), gained + lost, "places")
}
