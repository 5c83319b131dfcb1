//! Objects, their edges, and who points to whom.

use crate::space::core::Core;
use crate::space::object::Object;
use crate::space::pass::EdgeSink;
use crate::space::seg::{Label, Seg};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// An edge with its name.
pub(crate) struct RawEdge {
    pub(crate) name: String,
    pub(crate) target: Object,
}

/// The edges of an open object. Targets that are being reclaimed are left out.
pub(crate) fn edges(object: Object) -> Vec<RawEdge> {
    let mut path = Path { segments: Vec::new(), edges: Vec::new() };
    if object.is_open() {
        object.edges(&mut path);
    }
    path.edges
}

struct Path {
    segments: Vec<String>,
    edges: Vec<RawEdge>,
}

impl EdgeSink for Path {
    fn edge(&mut self, target: Object) {
        if target.is_open() {
            self.edges.push(RawEdge { name: join(&self.segments), target });
        }
    }
    fn enter(&mut self, seg: Seg<'_>) {
        self.segments.push(show(seg));
    }
    fn leave(&mut self) {
        self.segments.pop();
    }
    fn wants_names(&self) -> bool {
        true
    }
}

/// Fields are joined by dots, indices and keys follow directly.
pub(super) fn join(segments: &[String]) -> String {
    let mut name = String::new();
    for segment in segments {
        if !name.is_empty() && !segment.starts_with('[') {
            name.push('.');
        }
        name.push_str(segment);
    }
    name
}

pub(super) fn show(seg: Seg<'_>) -> String {
    match seg {
        Seg::Field(name) => String::from(name),
        Seg::Index(index) => format!("[{index}]"),
        Seg::Key(Label::Str(key), _) => format!("[{key:?}]"),
        Seg::Key(Label::Int(key), _) => format!("[{key}]"),
        Seg::Key(Label::Char(key), _) => format!("[{key:?}]"),
        Seg::Key(Label::Bool(key), _) => format!("[{key}]"),
        Seg::Key(Label::None, index) => format!("[#{index}]"),
    }
}

/// The tracked objects of a generation, or all of them, oldest block first. Never
/// one that is dying, half-built or being reclaimed.
pub(crate) fn objects(core: &Core, generation: Option<u8>) -> Vec<Object> {
    let mut found = Vec::new();
    core.memory.each_block(&mut |block| {
        if !block.is_tracked() {
            return;
        }
        core.epochs.fold(block);
        let choose = |planes: &crate::space::planes::Planes| match generation {
            Some(generation) => planes.generation(generation),
            None => planes.alloc.get(),
        };
        block.each(choose, |object| {
            if object.is_open() {
                found.push(object);
            }
        });
    });
    found
}

/// The open objects with an edge to one of `targets`, oldest first.
pub(crate) fn referrers(core: &Core, targets: &[Object]) -> Vec<Object> {
    let mut found = Vec::new();
    core.memory.each_block(&mut |block| {
        block.each(
            |planes| planes.alloc.get(),
            |object| {
                if object.is_open() && points_to(object, targets) {
                    found.push(object);
                }
            },
        );
    });
    found.sort_by_key(|object| object.birth());
    found
}

fn points_to(object: Object, targets: &[Object]) -> bool {
    let mut found = false;
    edges_to(object, &mut |target| found |= targets.contains(&target));
    found
}

/// Calls `f` with the target of each edge of an object.
pub(crate) fn edges_to(object: Object, f: &mut dyn FnMut(Object)) {
    struct Targets<'a>(&'a mut dyn FnMut(Object));
    impl EdgeSink for Targets<'_> {
        fn edge(&mut self, target: Object) {
            (self.0)(target);
        }
    }
    object.edges(&mut Targets(f));
}
