//! The output of `--json`; `docs/formats.md` describes it.

use super::around::{Branch, Change, Holding, OfType};
use super::memory::Memory;
use super::{Looks, Options, find};
use anyhow::Result;
use gc_core::snapshot::{Snapshot, SnapshotObject};
use serde::Serialize;
use std::io::Write;

#[derive(Serialize)]
struct Report {
    objects: usize,
    edges: usize,
    bytes: u64,
    types: Vec<Type>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<TypeChange>>,
    dominators: Vec<Dominated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Vec<Step>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<Vec<Branch>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of_type: Option<OfType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holding: Option<Holding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_holder: Option<Vec<Change>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Memory>,
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
struct TypeChange {
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

pub(super) fn write(options: &Options, looks: &Looks<'_>, out: &mut impl Write) -> Result<()> {
    let (now, diagnosis) = (looks.now, looks.diagnose());
    let census = now.census();
    let types = census.types().iter().map(|row| Type {
        r#type: row.type_name.clone(),
        objects: row.objects,
        bytes: row.bytes(),
    });
    let changes = looks.earlier().map(|earlier| now.diff(earlier).types().iter().map(change).collect());
    let path = options.path.map(|id| find(now, id)).transpose()?.map(|object| steps(now, object));
    let report = Report {
        objects: now.len(),
        edges: now.edge_count(),
        bytes: now.bytes(),
        types: types.collect(),
        changes,
        dominators: dominated(now),
        path,
        tree: looks.tree(options)?,
        of_type: looks.of_type(options)?,
        holding: looks.holding(options)?,
        by_holder: looks.by_holder(options)?,
        memory: looks.memory(),
        verdict: diagnosis.verdict.word(),
        suspects: diagnosis.suspects.iter().map(Suspected::of).collect(),
    };
    serde_json::to_writer(&mut *out, &report)?;
    writeln!(out)?;
    Ok(())
}

fn change(row: &gc_core::snapshot::TypeChange) -> TypeChange {
    let (born, died, objects, bytes) = (row.born, row.died, row.objects, row.bytes);
    TypeChange { r#type: row.type_name.clone(), born, died, objects, bytes }
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
