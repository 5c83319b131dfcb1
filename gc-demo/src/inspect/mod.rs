//! `gc-demo inspect`: shows the objects in a heap dump, the paths to them, and the changes between
//! two heap dumps.

mod open;
mod progress;
mod show;
mod tracked;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use gc_core::diagnosis::{Diagnosis, DiagnosisInput};
use gc_core::snapshot::{ObjectId, Snapshot, SnapshotObject};
use gc_snapshot::HeapDump;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// A `.heapsnapshot` file, `-` for stdin; of several, the oldest first
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How many rows of each table are shown
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Show the shortest path from a root to the object with this id
    #[arg(long, value_name = "ID", value_parser = id)]
    path: Option<u64>,
    /// Show the objects that retain most
    #[arg(long)]
    dominators: bool,
    /// Show the objects by type
    #[arg(long)]
    types: bool,
    /// With `--types`: the objects that Python's collector tracks
    ///
    /// The rows are those that objgraph prints in the process by
    /// `objgraph.show_most_common_types(limit=N)`; N is that of `--top`. The
    /// objects of the dumper are counted as well.
    #[arg(long, requires = "types", verbatim_doc_comment)]
    tracked: bool,
    /// Show what is suspicious
    #[arg(long)]
    suspects: bool,
    /// Print JSON: types, retained sizes of all objects, suspects
    #[arg(long)]
    json: bool,
}

/// Parses an id in the form in which ids are shown, `@2405`, or without the sign.
fn id(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix('@').unwrap_or(text);
    digits.parse().map_err(|_| "an id is wanted as it is shown: @2405".into())
}

/// Reads the files and shows what was asked for.
///
/// # Errors
/// When a file cannot be read or is no heap dump, or when no object has the given id.
pub fn run(options: &Options, out: &mut impl Write) -> Result<()> {
    if options.files.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
        bail!("stdin can be read once: `-` was given for several files");
    }
    let dumps = options.files.iter().map(|file| open::dump(file)).collect::<Result<Vec<HeapDump>>>()?;
    for (file, dump) in options.files.iter().zip(&dumps) {
        dump.notes.iter().for_each(|note| eprintln!("note: {}: {note}", file.display()));
    }
    let Some((now, before)) = dumps.split_last() else { bail!("no file") };
    if options.tracked {
        write!(out, "{}", tracked::most_common_types(now, options.top)?)?;
        return Ok(());
    }
    let (now, before): (&Snapshot, Vec<&Snapshot>) =
        (&now.snapshot, before.iter().map(|dump| &dump.snapshot).collect());
    let earlier = before.first().copied();
    let input = before.iter().copied().fold(DiagnosisInput::of_snapshot(now), DiagnosisInput::earlier);
    let diagnosis = || input.clone().diagnose();
    if options.json {
        return json(options, now, earlier, &diagnosis(), out);
    }
    if let Some(id) = options.path {
        write!(out, "{}", show::path(now, find(now, id)?))?;
    }
    let all = !(options.dominators || options.types || options.suspects || options.path.is_some());
    if all {
        write!(out, "{}", show::summary(now))?;
    }
    if let Some(earlier) = earlier.filter(|_| all || options.types) {
        write!(out, "{}", show::diff(&now.diff(earlier), options.top))?;
    } else if all || options.types {
        write!(out, "{}", show::types(now, options.top))?;
    }
    if all || options.dominators {
        write!(out, "{}", show::dominators(now, options.top))?;
    }
    if all || options.suspects {
        write!(out, "{}", show::suspects(&diagnosis()))?;
    }
    Ok(())
}

fn find(snapshot: &Snapshot, id: u64) -> Result<SnapshotObject<'_>> {
    let known = || format!("there is no object {}; ids are shown as @ID by --dominators", ObjectId(id));
    snapshot.find(ObjectId(id)).with_context(known)
}

/// The output of `--json`; `docs/formats.md` describes it.
#[derive(Serialize)]
struct Report {
    objects: usize,
    edges: usize,
    bytes: u64,
    types: Vec<Type>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<Change>>,
    dominators: Vec<Dominated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Vec<Step>>,
    verdict: &'static str,
    suspects: Vec<Suspected>,
}

#[derive(Serialize)]
struct Type {
    r#type: String,
    objects: usize,
    bytes: usize,
}

#[derive(Serialize)]
struct Change {
    r#type: String,
    born: usize,
    died: usize,
    objects: usize,
    bytes: i64,
}

#[derive(Serialize)]
struct Dominated {
    id: u64,
    r#type: String,
    bytes: u64,
    retained_bytes: u64,
    retained_objects: u32,
    dominator: Option<u64>,
}

#[derive(Serialize)]
struct Step {
    edge: Option<String>,
    id: u64,
    r#type: String,
}

#[derive(Serialize)]
pub struct Suspected {
    pub kind: &'static str,
    pub r#type: String,
    pub holder: Option<u64>,
    pub holder_type: Option<String>,
    pub place: Option<String>,
    pub bytes: u64,
    pub evidence: serde_json::Map<String, serde_json::Value>,
    pub finding: String,
    pub advice: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Gathered>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Objects of one type that gather in one place.
#[derive(Serialize)]
pub struct Gathered {
    pub r#type: String,
    pub before: u64,
    pub now: u64,
    pub bytes: u64,
}

impl Suspected {
    pub fn of(suspect: &gc_core::diagnosis::Suspect) -> Suspected {
        let evidence = suspect.evidence.iter().map(|item| (item.name.to_owned(), item.value.into())).collect();
        Suspected {
            kind: suspect.kind.word(),
            r#type: suspect.type_name.clone(),
            holder: suspect.holder.map(|id| id.0),
            holder_type: suspect.holder_type.clone(),
            place: suspect.place.clone(),
            bytes: suspect.bytes,
            evidence,
            finding: suspect.finding.clone(),
            advice: suspect.advice.clone(),
            also: suspect.also.clone(),
            types: suspect.types.iter().map(gathered).collect(),
            path: suspect.path.clone(),
        }
    }
}

fn gathered(row: &gc_core::diagnosis::Gathered) -> Gathered {
    Gathered { r#type: row.type_name.clone(), before: row.before, now: row.now, bytes: row.bytes }
}

fn json(
    options: &Options,
    now: &Snapshot,
    earlier: Option<&Snapshot>,
    diagnosis: &Diagnosis,
    out: &mut impl Write,
) -> Result<()> {
    let census = now.census();
    let types = census.types().iter().map(|row| Type {
        r#type: row.type_name.clone(),
        objects: row.objects,
        bytes: row.bytes(),
    });
    let changes = earlier.map(|earlier| now.diff(earlier).types().iter().map(change).collect());
    let path = options.path.map(|id| find(now, id)).transpose()?.map(|object| steps(now, object));
    let report = Report {
        objects: now.len(),
        edges: now.edge_count(),
        bytes: now.bytes(),
        types: types.collect(),
        changes,
        dominators: dominated(now),
        path,
        verdict: diagnosis.verdict.word(),
        suspects: diagnosis.suspects.iter().map(Suspected::of).collect(),
    };
    serde_json::to_writer(&mut *out, &report)?;
    writeln!(out)?;
    Ok(())
}

fn change(row: &gc_core::snapshot::TypeChange) -> Change {
    let (born, died, objects, bytes) = (row.born, row.died, row.objects, row.bytes);
    Change { r#type: row.type_name.clone(), born, died, objects, bytes }
}

/// Returns all objects by retained size, the largest first.
fn dominated<'s>(snapshot: &'s Snapshot) -> Vec<Dominated> {
    let dominators = snapshot.dominators();
    let row = |object: SnapshotObject<'s>| Dominated {
        id: object.id().0,
        r#type: object.type_name().into(),
        bytes: object.bytes(),
        retained_bytes: dominators.retained_bytes(object),
        retained_objects: dominators.retained_objects(object),
        dominator: dominators.dominator(object).map(|above| above.id().0),
    };
    dominators.largest(snapshot.len()).into_iter().map(row).collect()
}

fn steps<'s>(snapshot: &'s Snapshot, object: SnapshotObject<'s>) -> Vec<Step> {
    let Some(chain) = snapshot.path_to_root(object) else { return Vec::new() };
    let step = |edge: Option<String>, object: SnapshotObject<'_>| Step {
        edge,
        id: object.id().0,
        r#type: object.type_name().into(),
    };
    let first = step(None, chain.start());
    let links = chain.links().iter().map(|link| step(Some(link.edge.clone().into_owned()), link.target));
    [first].into_iter().chain(links).collect()
}
