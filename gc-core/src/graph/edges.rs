//! Objects, their edges, and the objects that point to others.

use crate::core::Core;
use crate::ground::label::{KeyLabel, PathSegment};
use crate::object::raw::Object;
use crate::object::type_info::EdgeSink;
use crate::storage::block::Block;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// An edge with its name.
pub(crate) struct RawEdge {
    pub(crate) name: String,
    pub(crate) target: Object,
}

/// Returns the edges of an object, or none if the object is not open. Edges to targets that are not
/// open are left out.
pub(crate) fn edges(object: Object) -> Vec<RawEdge> {
    let mut edges = Vec::new();
    if object.is_open() {
        named_edges(object, &mut |path, target| {
            if target.is_open() {
                edges.push(RawEdge { name: path.name(), target });
            }
        });
    }
    edges
}

/// Calls `f` with the path to each edge of an object, and the target of the edge.
pub(crate) fn named_edges(object: Object, f: &mut dyn FnMut(&Path, Object)) {
    object.edges(&mut Named { path: Path(Vec::new()), f });
}

/// Calls `f` for each part of an object that owns memory outside of the value, with the field of
/// the part and the number of bytes.
pub(crate) fn owned_by_field(object: Object, f: &mut dyn FnMut(String, usize)) {
    object.edges(&mut OwnedParts { path: Path(Vec::new()), f });
}

struct OwnedParts<'a> {
    path: Path,
    f: &'a mut dyn FnMut(String, usize),
}

impl EdgeSink for OwnedParts<'_> {
    fn edge(&mut self, _target: Object) {}
    fn enter(&mut self, segment: PathSegment<'_>) {
        self.path.enter(segment);
    }
    fn leave(&mut self) {
        self.path.0.pop();
    }
    fn owned_bytes(&mut self, bytes: usize) {
        let field = self.path.0.first().map_or_else(String::new, |step| step.name.clone());
        (self.f)(field, bytes);
    }
    fn wants_names(&self) -> bool {
        true
    }
}

/// Calls `f` with the target of each edge of an object.
pub(crate) fn edges_to(object: Object, f: &mut dyn FnMut(Object)) {
    object.edges(&mut Targets(f));
}

/// The path from a value to an edge in it.
pub(crate) struct Path(pub(crate) Vec<Step>);

pub(crate) struct Step {
    name: String,
    pub(crate) place: Place,
}

/// The kind and the position of a step.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Field,
    Element(usize),
    Entry(usize),
}

impl Path {
    fn enter(&mut self, segment: PathSegment<'_>) {
        let place = match segment {
            PathSegment::Field(_) => Place::Field,
            PathSegment::Index(at) => Place::Element(at),
            PathSegment::Key(_, at) => Place::Entry(at),
        };
        self.0.push(Step { name: show(segment), place });
    }

    /// Returns the name of the path. Fields are joined by dots; indices and keys follow directly.
    pub(crate) fn name(&self) -> String {
        self.name_within(usize::MAX)
    }

    /// Returns the name of the path, in which positions from `most` on are shown as `[…]`.
    pub(crate) fn name_within(&self, most: usize) -> String {
        let mut name = String::new();
        for step in &self.0 {
            if !name.is_empty() && !step.name.starts_with('[') {
                name.push('.');
            }
            match step.place {
                Place::Element(at) | Place::Entry(at) if at >= most => name.push_str("[…]"),
                _ => name.push_str(&step.name),
            }
        }
        name
    }
}

struct Named<'a> {
    path: Path,
    f: &'a mut dyn FnMut(&Path, Object),
}

impl EdgeSink for Named<'_> {
    fn edge(&mut self, target: Object) {
        (self.f)(&self.path, target);
    }
    fn enter(&mut self, segment: PathSegment<'_>) {
        self.path.enter(segment);
    }
    fn leave(&mut self) {
        self.path.0.pop();
    }
    fn wants_names(&self) -> bool {
        true
    }
}

struct Targets<'a>(&'a mut dyn FnMut(Object));

impl EdgeSink for Targets<'_> {
    fn edge(&mut self, target: Object) {
        (self.0)(target);
    }
}

fn show(segment: PathSegment<'_>) -> String {
    match segment {
        PathSegment::Field(name) => String::from(name),
        PathSegment::Index(index) => format!("[{index}]"),
        PathSegment::Key(KeyLabel::Str(key), _) => format!("[{key:?}]"),
        PathSegment::Key(KeyLabel::Int(key), _) => format!("[{key}]"),
        PathSegment::Key(KeyLabel::Char(key), _) => format!("[{key:?}]"),
        PathSegment::Key(KeyLabel::Bool(key), _) => format!("[{key}]"),
        PathSegment::Key(KeyLabel::None, index) => format!("[#{index}]"),
    }
}

/// Returns the tracked objects of a generation, or of all generations, oldest block first. Objects
/// that are dying, half-built or being reclaimed are left out.
pub(crate) fn objects(core: &Core, generation: Option<u8>) -> Vec<Object> {
    let mut found = Vec::new();
    core.storage.memory.each_block(&mut |block| {
        if !block.is_tracked() {
            return;
        }
        core.state.epoch.catch_up(block);
        let choose = |bitmaps: &crate::object::bitmaps::Bitmaps| match generation {
            Some(generation) => bitmaps.generation(generation),
            None => bitmaps.alloc.get(),
        };
        block.each(choose, |object| {
            if object.is_open() {
                found.push(object);
            }
        });
    });
    found
}

/// Returns the open objects with an edge to one of `targets`, oldest first.
pub(crate) fn referrers(core: &Core, targets: &[Object]) -> Vec<Object> {
    chosen(core, |_| true, |object| points_to(object, targets))
}

fn points_to(object: Object, targets: &[Object]) -> bool {
    let mut found = false;
    edges_to(object, &mut |target| found |= targets.contains(&target));
    found
}

/// Returns the open objects for which `choose` returns true, in the blocks for which `within`
/// returns true, oldest first.
pub(crate) fn chosen(core: &Core, within: impl Fn(&Block) -> bool, choose: impl Fn(Object) -> bool) -> Vec<Object> {
    let mut found = Vec::new();
    core.storage.memory.each_block(&mut |block| {
        if within(block) {
            block.each(
                |bitmaps| bitmaps.alloc.get(),
                |object| {
                    if object.is_open() && choose(object) {
                        found.push(object);
                    }
                },
            );
        }
    });
    found.sort_by_key(|object| object.birth());
    found
}

/// Calls `f` for each living object, including objects that are being reclaimed.
pub(crate) fn each_living(core: &Core, mut f: impl FnMut(Object)) {
    core.storage.memory.each_block(&mut |block| block.each(|bitmaps| bitmaps.alloc.get(), &mut f));
}
