//! The cost of an edge on a path that a person can follow: low for what the program names, high for
//! what the runtime keeps for itself.

use crate::Snapshot;
use crate::columns::{EdgeKind, Name, NodeKind};
use alloc::vec::Vec;

/// One more than the greatest cost of an edge.
pub(super) const COSTS: usize = 128;

const NAMED: u8 = 2;
const KEYED: u8 = 3;
/// The arrays and tables in which a container of a runtime keeps its contents, and the variables of a
/// closure.
const CONTENTS: u8 = 4;
const INTERNAL: u8 = 8;
const HIDDEN: u8 = 12;
/// Ways that lead from nearly every object to what all objects share.
const SHARED: u8 = 40;
/// Added for an edge of compiled code and the like.
const OF_INTERNAL: u8 = 30;
/// Added for an edge of a group of roots, and of one that the runtime has for itself, such as the
/// handles of the code that writes the dump.
const OF_GROUP: u8 = 30;
const OF_RUNTIME: u8 = 80;

/// The costs of all edges of a snapshot.
pub(super) struct Costs<'s> {
    snapshot: &'s Snapshot,
    /// By the number of a text: the cost of a named edge, and of an internal one.
    texts: Vec<(u8, u8)>,
    /// By the number of a shape: what is added for an edge that leaves such an object.
    shapes: Vec<u8>,
}

impl Costs<'_> {
    pub(super) fn of(snapshot: &Snapshot) -> Costs<'_> {
        let texts = snapshot.texts.all().iter().map(|text| (named(text), internal(text))).collect();
        let shapes = snapshot.shapes.iter().map(|shape| match shape.kind {
            NodeKind::Internal => OF_INTERNAL,
            NodeKind::Group if is_for_the_runtime(&shape.type_name) => OF_RUNTIME,
            NodeKind::Group => OF_GROUP,
            _ => 0,
        });
        Costs { snapshot, texts, shapes: shapes.collect() }
    }

    /// The cost of an edge of the object `from`.
    #[inline]
    pub(super) fn edge(&self, from: u32, name: Name) -> usize {
        let leaving = self.shapes[self.snapshot.shape[from as usize] as usize];
        self.name(name) + usize::from(leaving)
    }

    /// The cost of an edge from outside of the heap.
    pub(super) fn name(&self, name: Name) -> usize {
        usize::from(match (name.kind(), name.as_text()) {
            (EdgeKind::Named, None) => KEYED,
            (EdgeKind::Named | EdgeKind::Variable, Some(text)) => self.texts[text].0,
            (EdgeKind::Internal, Some(text)) => self.texts[text].1,
            _ => HIDDEN,
        })
    }
}

fn is_for_the_runtime(group: &str) -> bool {
    matches!(
        group,
        "(Handle scope)" | "(Strong roots)" | "(Relocatable)" | "(Startup object cache)" | "(Read-only roots)"
    )
}

fn named(text: &str) -> u8 {
    match text {
        "__dict__" => 1,
        "__self__" | "prototype" => SHARED,
        _ if leads_to_shared(text) => SHARED,
        _ if super::is_key(text) => KEYED,
        _ => NAMED,
    }
}

/// Returns true if edges of this name lead from many objects to what all of them share.
pub(crate) fn leads_to_shared(text: &str) -> bool {
    const NAMES: [&str; 13] = [
        "__globals__",
        "__class__",
        "__mro__",
        "__bases__",
        "__base__",
        "__builtins__",
        "__code__",
        "__func__",
        "__wrapped__",
        "f_back",
        "f_globals",
        "__proto__",
        "constructor",
    ];
    NAMES.contains(&text)
}

fn internal(text: &str) -> u8 {
    match text {
        "table" | "elements" | "properties" | "context" | "cache" | "cell_contents" => CONTENTS,
        _ if is_of_a_runtime(text) => SHARED,
        _ => INTERNAL,
    }
}

/// Returns true for what V8 and CPython keep in objects beside the values of the program.
pub(super) fn is_of_a_runtime(text: &str) -> bool {
    const NAMES: [&str; 36] = [
        "<type>",
        "__class__",
        "__globals__",
        "__code__",
        "__mro__",
        "__bases__",
        "__base__",
        "f_back",
        "f_globals",
        "f_code",
        "f_locals",
        "map",
        "scope",
        "scope_info",
        "native_context",
        "shared",
        "feedback_cell",
        "feedback_vector",
        "code",
        "script",
        "script_or_debug_info",
        "previous",
        "initial_map",
        "dependent_code",
        "back_pointer",
        "transitions",
        "transition_info",
        "prototype_info",
        "descriptors",
        "shared_function_info",
        "outer_scope_info",
        "bytecode_array",
        "extension",
        "prototype",
        "constructor",
        "parent_function",
    ];
    NAMES.contains(&text)
}
