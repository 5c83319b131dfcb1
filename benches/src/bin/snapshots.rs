//! Measures the time of a snapshot, its dominators, a diff, a heap dump and other views of a
//! heap. Exits with 1 if a bar does not hold.

use anyhow::Result;
use clap::Parser;
use gc_benches::measure::thread_time;
use gc_benches::{machine, table};
use gc_core::diagnosis::DiagnosisInput;
use gc_core::snapshot::{Snapshot, SnapshotBuilder};
use gc_core::{Gc, Heap, Trace};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures what looking into a heap costs: nodes with two edges to random others, in thread CPU
/// time.
///
/// A snapshot of 1e7 objects (the fastest of three) must take less than 3 s, and less than 48
/// bytes an object.
///
/// Example: snapshots --objects 1e6
#[derive(Debug, Parser)]
#[command(name = "snapshots", verbatim_doc_comment)]
struct Options {
    /// How many objects
    #[arg(long, default_value = "1e7", value_parser = objects)]
    objects: usize,
    /// Only write a heap dump of the objects to this file
    #[arg(long, value_name = "FILE")]
    dump: Option<PathBuf>,
}

fn objects(text: &str) -> Result<usize, String> {
    match text.parse::<f64>() {
        Ok(number) if (10.0..=1e8).contains(&number) => Ok(number as usize),
        _ => Err("a number from 10 to 1e8 is wanted".into()),
    }
}

#[derive(Trace)]
struct Node {
    number: u64,
    edges: RefCell<[Option<Gc<Node>>; 2]>,
}

#[derive(Trace, Default)]
struct Hub {
    leaves: RefCell<Vec<Gc<Leaf>>>,
}

#[derive(Trace)]
struct Leaf {
    number: u64,
}

/// The time that a snapshot may take for each object, in seconds.
const SECONDS: f64 = 3.0 / 1e7;
/// The memory that a snapshot may take for each object, in bytes.
const BYTES: f64 = 48.0;

/// Number of snapshots that are taken; the fastest counts.
const SNAPSHOTS: usize = 3;

fn main() -> Result<ExitCode> {
    let Options { objects, dump } = Options::parse();
    let heap = Heap::new();
    let nodes: Vec<Gc<Node>> =
        (0..objects as u64).map(|number| heap.alloc(Node { number, edges: RefCell::default() })).collect();
    let mut random = 0x9E37_79B9_7F4A_7C15u64;
    let mut other = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        Some(nodes[(random % objects as u64) as usize].clone())
    };
    for node in &nodes {
        *node.edges.borrow_mut() = [other(), other()];
    }
    if let Some(file) = dump {
        heap.write_heap_snapshot(BufWriter::new(File::create(file)?))?;
        std::mem::forget((nodes, heap));
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    let mut row = |what: &str, seconds: f64| {
        let each = seconds / objects as f64 * 1e9;
        rows.push(vec![what.into(), table::number(seconds), table::number(each)]);
    };
    let (mut snapshot, mut seconds) = timed(|| heap.snapshot());
    for _ in 1..SNAPSHOTS {
        drop(snapshot);
        let (again, took) = timed(|| heap.snapshot());
        (snapshot, seconds) = (again, seconds.min(took));
    }
    row("snapshot", seconds);
    row("dominators, retained sizes", timed(|| snapshot.dominators()).1);
    let one_root = of_one_root(&snapshot)?;
    row("the same, if one root holds all", timed(|| one_root.dominators()).1);
    drop(one_root);
    row("components", timed(|| snapshot.components().len()).1);
    let last = snapshot.find(&Gc::as_any(&nodes[objects - 1])).expect("it lives");
    row("path to a root", timed(|| snapshot.path_to_root(last)).1);
    row("diff with itself", timed(|| snapshot.diff(&snapshot).types().len()).1);
    row("census", timed(|| heap.census()).1);
    row("heap dump", timed(|| heap.write_heap_snapshot(std::io::sink())).1);
    let hub = Heap::new();
    let holder = hub.alloc(Hub::default());
    let leaves = objects as u64 * 3 / 10;
    (0..leaves).for_each(|number| holder.leaves.borrow_mut().push(hub.alloc(Leaf { number })));
    row("verify, 0.3 of the objects in one list", timed(|| hub.verify().len()).1);
    let of_hub = hub.snapshot();
    row("diagnose the same", timed(|| DiagnosisInput::of_snapshot(&of_hub).diagnose().suspects.len()).1);
    assert_eq!(holder.leaves.borrow()[0].number, 0);
    let bytes = snapshot.memory() as f64 / objects as f64;
    let mut out = std::io::stdout();
    write!(out, "{}", table::aligned(&["work", "s", "ns an object"], &rows))?;
    writeln!(
        out,
        "\n{}, {}, {objects} objects, {} edges",
        machine::machine(),
        machine::today(),
        snapshot.edge_count()
    )?;
    let bars = [("seconds of a snapshot", seconds, SECONDS * objects as f64), ("bytes an object", bytes, BYTES)];
    for (name, value, bar) in bars {
        let holds = if value < bar { "holds" } else { "MISSED" };
        writeln!(out, "{holds}: {name}: {} (bar {})", table::number(value), table::number(bar))?;
    }
    // Dropping the heap is not part of the measurement.
    assert_eq!(nodes[objects - 1].number, objects as u64 - 1);
    std::mem::forget((nodes, heap));
    Ok(if bars.iter().all(|(_, value, bar)| value < bar) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A snapshot of the same objects and edges of which the first object holds all that it reaches.
fn of_one_root(snapshot: &Snapshot) -> Result<Snapshot> {
    let mut builder = SnapshotBuilder::new();
    let mut numbers = HashMap::new();
    for object in snapshot.objects() {
        let external = u32::from(numbers.is_empty());
        numbers.insert(object.id(), builder.object(object.id(), object.type_name(), object.bytes(), external)?);
    }
    for (from, object) in snapshot.objects().enumerate() {
        for (place, (_, target)) in object.edges().enumerate() {
            builder.element(from, place, numbers[&target.id()])?;
        }
    }
    Ok(builder.finish())
}

fn timed<R>(work: impl FnOnce() -> R) -> (R, f64) {
    let start = thread_time();
    let result = work();
    (result, (thread_time() - start).as_secs_f64())
}
