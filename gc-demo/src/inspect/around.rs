//! Looking around in a dump: the dominator tree, the objects of a type, the holders of an
//! object, and changes by holder.

use super::{Looks, Options, find};
use anyhow::{Result, bail};
use gc_core::snapshot::{DominatorTree, Dominators, Holders, Snapshot, SnapshotObject};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::HashMap;

/// The part of the heap that an object must retain to be shown on a line of its own.
const OWN_LINE: f64 = 0.01;
/// The most lines below one line of the tree.
const LINES: usize = 10;

/// A line of the dominator tree: an object, or all small objects of one type.
#[derive(Serialize)]
pub struct Branch {
    /// Number of objects that the line stands for.
    pub count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    pub r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The place of the object, for one that has a line of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    pub retained_bytes: u64,
    pub retained_objects: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<Branch>,
    /// Number of objects below that no line stands for.
    pub left_out: usize,
}

/// The objects of a type.
#[derive(Serialize)]
pub struct OfType {
    pub r#type: String,
    pub objects: usize,
    pub bytes: u64,
    /// Bytes that would be free if all of them were freed.
    pub retained_bytes: u64,
    pub holders: Vec<Holder>,
    pub paths: Vec<Step>,
}

#[derive(Serialize)]
pub struct Holder {
    pub place: String,
    pub r#type: String,
    pub edges: usize,
}

#[derive(Serialize)]
pub struct Step {
    pub depth: usize,
    pub edge: String,
    pub r#type: String,
    pub objects: usize,
    pub bytes: u64,
}

/// The holders of an object.
#[derive(Serialize)]
pub struct Holding {
    pub id: u64,
    pub object: String,
    pub place: Option<String>,
    pub bytes: u64,
    pub retained_bytes: u64,
    pub retained_objects: u32,
    pub external_references: u32,
    pub referrers: Vec<Referrer>,
    /// From the closest one up.
    pub dominators: Vec<Referrer>,
}

#[derive(Serialize)]
pub struct Referrer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge: Option<String>,
    pub id: u64,
    pub object: String,
    pub retained_bytes: u64,
}

/// The change at one holder.
#[derive(Serialize)]
pub struct Change {
    pub place: String,
    pub r#type: String,
    pub before: usize,
    pub now: usize,
    pub gained_bytes: i64,
}

impl Branch {
    /// The object with its name and id, or the count and the type.
    pub fn what(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        match (self.count, self.id) {
            (1, Some(id)) => format!("{}{name} @{id}", self.r#type),
            (count, _) => format!("{count} x {}", self.r#type),
        }
    }
}

impl<'s> Looks<'s> {
    /// The dominator tree, if it is asked for.
    pub(super) fn tree(&self, options: &Options) -> Result<Option<Vec<Branch>>> {
        let Some(id) = options.tree else { return Ok(None) };
        let top = if id == 0 { None } else { Some(find(self.now, id)?) };
        Ok(Some(self.branches_below(top, options.depth.into())))
    }

    /// The dominator tree from the top, with this many levels.
    pub fn branches(&self, levels: usize) -> Vec<Branch> {
        self.branches_below(None, levels)
    }

    fn branches_below(&self, top: Option<SnapshotObject<'s>>, levels: usize) -> Vec<Branch> {
        let (dominators, holders) = (self.now.dominators(), Holders::of(&[self.now]));
        let (tree, least) = (dominators.tree(), (self.now.bytes() as f64 * OWN_LINE) as u64);
        let view = View { tree: &tree, dominators: &dominators, holders: &holders, least };
        match top {
            Some(object) => vec![view.branch(object, levels)],
            None => view.below(None, levels).0,
        }
    }

    /// The objects of a type, if they are asked for.
    pub(super) fn of_type(&self, options: &Options) -> Result<Option<OfType>> {
        let Some(type_name) = &options.r#type else { return Ok(None) };
        let census = self.now.census();
        let Some(row) = census.of(type_name) else { bail!(unknown_type(self.now, type_name)) };
        let holders = Holders::of(&[self.now]);
        Ok(Some(OfType {
            r#type: type_name.clone(),
            objects: row.objects,
            bytes: row.bytes() as u64,
            retained_bytes: retained_by_type(self.now, type_name),
            holders: holders
                .of_type(type_name)
                .into_iter()
                .map(|row| Holder { place: row.place, r#type: row.holder_type, edges: row.edges })
                .collect(),
            paths: holders.paths_to(type_name).into_iter().map(step).collect(),
        }))
    }

    /// The holders of the object that is asked for.
    pub(super) fn holding(&self, options: &Options) -> Result<Option<Holding>> {
        let Some(id) = options.holders else { return Ok(None) };
        let object = find(self.now, id)?;
        let dominators = self.now.dominators();
        let referrer = |edge: Option<String>, object| Referrer {
            edge,
            id: object_id(object),
            object: object.to_string(),
            retained_bytes: dominators.retained_bytes(object),
        };
        let above = std::iter::successors(dominators.dominator(object), |&above| dominators.dominator(above));
        Ok(Some(Holding {
            id,
            object: object.to_string(),
            place: Holders::of(&[self.now]).place(object),
            bytes: object.bytes(),
            retained_bytes: dominators.retained_bytes(object),
            retained_objects: dominators.retained_objects(object),
            external_references: object.external_references(),
            referrers: self.now.referrers(object).map(|(from, edge)| referrer(Some(edge.into_owned()), from)).collect(),
            dominators: above.map(|above| referrer(None, above)).collect(),
        }))
    }

    /// The changes by holder, if they are asked for.
    pub(super) fn by_holder(&self, options: &Options) -> Result<Option<Vec<Change>>> {
        if !options.diff {
            return Ok(None);
        }
        if self.before.is_empty() {
            bail!("--diff compares the first file with the last: give two, the older one first");
        }
        Ok(Some(self.changes()))
    }

    /// The changes by holder from the first dump to the last.
    pub fn changes(&self) -> Vec<Change> {
        let change = |row: gc_core::snapshot::HolderChange| Change {
            gained_bytes: row.gain(),
            place: row.place,
            r#type: row.type_name,
            before: row.before,
            now: row.now,
        };
        Holders::of(&self.all()).changes().into_iter().map(change).collect()
    }
}

fn object_id(object: SnapshotObject<'_>) -> u64 {
    object.id().0
}

fn step(step: gc_core::snapshot::PathStep) -> Step {
    let gc_core::snapshot::PathStep { depth, edge, type_name, objects, bytes, .. } = step;
    Step { depth, edge, r#type: type_name, objects, bytes }
}

/// The error for a type without objects, with types of a similar name.
fn unknown_type(snapshot: &Snapshot, type_name: &str) -> String {
    let census = snapshot.census();
    let wanted = type_name.to_lowercase();
    let names = || census.types().iter().map(|row| &*row.type_name);
    let mut similar: Vec<&str> = names().filter(|name| name.to_lowercase().contains(&wanted)).collect();
    similar.sort_by_key(|name| name.len());
    similar.truncate(5);
    match similar[..] {
        [] => format!("there is no object of type {type_name}; --types lists the {} types", names().count()),
        _ => format!("there is no object of type {type_name}; there are: {}", similar.join(", ")),
    }
}

/// The bytes that would be free if all objects of the type were freed, as far as one of them alone
/// retains them.
fn retained_by_type(snapshot: &Snapshot, type_name: &str) -> u64 {
    let dominators = snapshot.dominators();
    let tree = dominators.tree();
    let (mut waiting, mut bytes) = (tree.below(None), 0);
    while let Some(object) = waiting.pop() {
        if object.type_name() == type_name {
            bytes += dominators.retained_bytes(object);
        } else {
            waiting.extend(tree.below(Some(object)));
        }
    }
    bytes
}

/// The dominator tree as it is shown.
struct View<'v, 's> {
    tree: &'v DominatorTree<'v, 's>,
    dominators: &'v Dominators<'s>,
    holders: &'v Holders<'s>,
    /// The bytes from which an object has a line of its own.
    least: u64,
}

impl<'s> View<'_, 's> {
    fn branch(&self, object: SnapshotObject<'s>, depth: usize) -> Branch {
        let (below, left_out) = if depth == 0 { (Vec::new(), 0) } else { self.below(Some(object), depth - 1) };
        Branch {
            count: 1,
            id: Some(object_id(object)),
            r#type: object.type_name().into(),
            name: object.own_name().map(String::from),
            place: self.holders.place(object),
            retained_bytes: self.dominators.retained_bytes(object),
            retained_objects: self.dominators.retained_objects(object).into(),
            below,
            left_out,
        }
    }

    /// The lines below an object, and how many objects no line stands for.
    fn below(&self, object: Option<SnapshotObject<'s>>, depth: usize) -> (Vec<Branch>, usize) {
        let objects = self.tree.below(object);
        let is_large = |&object: &SnapshotObject<'s>| self.dominators.retained_bytes(object) >= self.least.max(1);
        let large = objects.iter().copied().take(LINES).take_while(is_large).count();
        let mut lines: Vec<Branch> = objects[..large].iter().map(|&object| self.branch(object, depth)).collect();
        let mut groups: HashMap<&str, Branch> = HashMap::new();
        for &object in &objects[large..] {
            let group = groups.entry(object.type_name()).or_insert_with(|| Branch {
                count: 0,
                id: None,
                r#type: object.type_name().into(),
                name: None,
                place: None,
                retained_bytes: 0,
                retained_objects: 0,
                below: Vec::new(),
                left_out: 0,
            });
            group.count += 1;
            group.id = if group.count == 1 { Some(object_id(object)) } else { None };
            group.retained_bytes += self.dominators.retained_bytes(object);
            group.retained_objects += u64::from(self.dominators.retained_objects(object));
        }
        lines.extend(groups.into_values());
        lines.sort_by(|one, other| {
            (Reverse(one.retained_bytes), &one.r#type).cmp(&(Reverse(other.retained_bytes), &other.r#type))
        });
        let left_out = lines.iter().skip(LINES).map(|line| line.count).sum();
        lines.truncate(LINES);
        (lines, left_out)
    }
}
