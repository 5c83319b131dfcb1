//! The objects that Python's collector tracks, as objgraph shows them in the process.

use anyhow::{Result, bail};
use gc_snapshot::HeapDump;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write as _;

/// The rows that `objgraph.show_most_common_types(limit=top)` prints: name and number of objects, the
/// most frequent first; of equal ones the one that the collector met first.
///
/// # Errors
/// The dump does not say what the collector tracks.
pub fn most_common_types(dump: &HeapDump, top: usize) -> Result<String> {
    let mut rows = Counts::of(dump)?.rows();
    rows.sort_by_key(|&(name, Count { objects, first })| (Reverse(objects), first, name));
    rows.truncate(top);
    let width = widest(rows.iter().map(|&(name, _)| name));
    let mut text = String::new();
    for (name, count) in rows {
        let _ = writeln!(text, "{name:<width$} {}", count.objects);
    }
    Ok(text)
}

/// The rows that `objgraph.show_growth(limit=top)` prints at the time of the last dump, if it was called at
/// the time of each: the types of which there are more than in any dump before, with the number of
/// objects and how many that is more.
///
/// # Errors
/// A dump does not say what the collector tracks.
pub fn growth(dumps: &[HeapDump], top: usize) -> Result<String> {
    let Some((last, before)) = dumps.split_last() else { return Ok(String::new()) };
    let mut peaks: HashMap<&str, usize> = HashMap::new();
    for dump in before {
        for (name, count) in Counts::of(dump)?.rows() {
            let peak = peaks.entry(name).or_default();
            *peak = count.objects.max(*peak);
        }
    }
    let now = Counts::of(last)?;
    let more =
        |(name, count): (_, Count)| (name, count, count.objects.saturating_sub(peaks.get(name).copied().unwrap_or(0)));
    let mut rows: Vec<(&str, Count, usize)> = now.rows().into_iter().map(more).filter(|row| row.2 > 0).collect();
    rows.sort_by_key(|&(name, count, more)| (Reverse(more), count.first, name));
    rows.truncate(top);
    let width = widest(rows.iter().map(|row| row.0));
    let mut text = String::new();
    for (name, count, more) in rows {
        let _ = writeln!(text, "{name:<width$}{:>9} {:>9}", count.objects, format!("+{more}"));
    }
    Ok(text)
}

fn widest<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0)
}

/// How many objects of each type the collector tracks.
struct Counts<'d>(HashMap<&'d str, Count>);

#[derive(Clone, Copy)]
struct Count {
    objects: usize,
    /// The place of the first one in the order of the collector.
    first: usize,
}

impl<'d> Counts<'d> {
    /// # Errors
    /// The dump does not say what the collector tracks.
    fn of(dump: &'d HeapDump) -> Result<Counts<'d>> {
        let Some(process) = &dump.process else {
            bail!("this dump does not say what Python's collector tracks: it is not one of `gc-demo python-dumper`")
        };
        let mut counts: HashMap<&str, Count> = HashMap::new();
        for (first, object) in dump.snapshot.objects().enumerate().filter(|(_, object)| object.is_tracked()) {
            counts.entry(object.type_name()).or_insert(Count { objects: 0, first }).objects += 1;
        }
        // The objects of the dumper are not in the dump, but objgraph counts them.
        for (name, &more) in &process.left_out {
            counts.entry(name).or_insert(Count { objects: 0, first: usize::MAX }).objects += more;
        }
        Ok(Counts(counts))
    }

    fn rows(&self) -> Vec<(&'d str, Count)> {
        self.0.iter().map(|(&name, &count)| (name, count)).collect()
    }
}
