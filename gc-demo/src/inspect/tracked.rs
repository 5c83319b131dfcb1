//! The objects that Python's collector tracks, as objgraph shows them in the process.

use anyhow::{Result, bail};
use gc_snapshot::HeapDump;
use std::collections::HashMap;
use std::fmt::Write as _;

/// The rows that `objgraph.show_most_common_types(limit=top)` prints: name and number of objects, the
/// most frequent first; of equal ones the one that the collector met first.
///
/// # Errors
/// The dump does not say what the collector tracks.
pub fn most_common_types(dump: &HeapDump, top: usize) -> Result<String> {
    let Some(process) = &dump.process else {
        bail!("this dump does not say what Python's collector tracks: it is not one of `gc-demo python-dumper`")
    };
    let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
    for (number, object) in dump.snapshot.objects().enumerate().filter(|(_, object)| object.is_tracked()) {
        counts.entry(object.type_name()).or_insert((0, number)).0 += 1;
    }
    for (name, &more) in &process.left_out {
        counts.entry(name).or_insert((0, usize::MAX)).0 += more;
    }
    let mut rows: Vec<(&str, (usize, usize))> = counts.into_iter().collect();
    rows.sort_by_key(|&(name, (count, first))| (std::cmp::Reverse(count), first, name));
    rows.truncate(top);
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, (count, _)) in rows {
        let _ = writeln!(text, "{name:<width$} {count}");
    }
    Ok(text)
}
