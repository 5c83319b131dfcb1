//! The static table of facts and functions that the heap has for a type. `trace::shape` builds it.

use crate::ground::label::PathSegment;
use crate::object::address::Object;
use crate::object::weak_cell::CellRef;
use crate::storage::block::Block;
use crate::storage::chunk::Owner;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::TypeId;
use core::fmt;
use core::ptr::NonNull;

/// How the collector treats the objects of a type. The type walk determines the value once for each
/// type and heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    /// The type holds no traced pointer. Objects of such a type are never examined.
    Leaf = 0,
    /// An object of the type may lie on a cycle. The object is tracked: it belongs to a generation,
    /// and becomes a candidate when it loses a pointer.
    Cyclic = 1,
    /// The type holds traced pointers, but its objects lie on no cycle. Passes follow the pointers,
    /// and the objects are not tracked.
    AcyclicWithEdges = 2,
}

impl Kind {
    /// Returns 1 for the kind that is tracked, else 0. The result is also the unbuffered bit of a
    /// new count word.
    #[inline]
    pub(crate) fn tracked(self) -> u32 {
        self as u32 & 1
    }
}

/// The worst that dropping a value of a type in place can do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum DropEffect {
    /// Dropping the value does nothing.
    None,
    /// Dropping the value releases traced pointers and does nothing else.
    Pointers,
    /// Dropping the value may release traced pointers and gives back memory (of boxes, vectors,
    /// maps, strings).
    Memory,
    /// Dropping the value may run unknown code.
    Unknown,
}

/// The result of the type walk for one type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Class {
    pub(crate) kind: Kind,
    pub(crate) drop_effect: DropEffect,
}

/// The finalizer of a type, type-erased; made by [`FinalizerFns::of`](crate::FinalizerFns::of).
///
/// ```
/// use gc_core::{Finalize, FinalizerFns, Gc, Trace, Visitor, TypeWalker};
///
/// struct ByHand;
///
/// impl Finalize for ByHand {
///     fn finalize(_: &Gc<ByHand>) {}
/// }
///
/// // SAFETY: there is no pointer to report.
/// unsafe impl Trace for ByHand {
///     const FINALIZER: Option<FinalizerFns> = Some(FinalizerFns::of::<ByHand>());
///     fn types(_: &mut TypeWalker) {}
///     fn trace<V: Visitor>(&self, _: &mut V) {}
/// }
/// ```
#[derive(Clone, Copy)]
pub struct FinalizerFns {
    /// Asks the value whether its finalizer is armed.
    pub(crate) armed: unsafe fn(Object) -> bool,
    /// Runs the finalizer on an object that the caller holds.
    pub(crate) finalize: unsafe fn(Object),
}

impl core::fmt::Debug for FinalizerFns {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FinalizerFns")
    }
}

/// The positions of the fields of a type: see [`Trace::fields`](crate::Trace::fields).
///
/// ```
/// use gc_core::FieldList;
///
/// struct Pair {
///     one: u64,
///     other: u64,
/// }
///
/// fn fields(list: &mut FieldList) {
///     list.add("one", std::mem::offset_of!(Pair, one), 8);
///     list.add("other", std::mem::offset_of!(Pair, other), 8);
/// }
/// ```
#[derive(Default)]
pub struct FieldList {
    fields: Vec<(&'static str, core::ops::Range<usize>)>,
    /// Fields that may lie at a different place in each object, each with the function that finds
    /// the place.
    places: Vec<(&'static str, PlaceIn)>,
    /// Fields that are not traced although their types could be, each with the function that
    /// reports the edges in it.
    untraced: Vec<(&'static str, EdgesOf)>,
    /// True if all fields that are not listed are traced.
    rest_is_traced: bool,
}

/// A function that returns the bytes of an object's value that a field takes; `None` if the object
/// does not have the field.
pub(crate) type PlaceIn = Box<dyn Fn(Object) -> Option<core::ops::Range<usize>>>;

/// A function that reports the edges of one part of an object's value.
pub(crate) type EdgesOf = Box<dyn Fn(Object, &mut dyn EdgeSink)>;

impl core::fmt::Debug for FieldList {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("FieldList").field("fields", &self.fields).finish_non_exhaustive()
    }
}

impl FieldList {
    /// Adds a field that lies `offset` bytes from the beginning of the value and has `bytes` bytes.
    pub fn add(&mut self, name: &'static str, offset: usize, bytes: usize) {
        self.fields.push((name, offset..offset.saturating_add(bytes)));
    }

    /// Declares that all fields that are not listed are traced. The derive guarantees it.
    #[doc(hidden)]
    pub fn rest_is_traced(&mut self) {
        self.rest_is_traced = true;
    }

    /// Adds a field, with the function that finds its place in an object.
    pub(crate) fn add_place(&mut self, name: &'static str, place: PlaceIn) {
        self.places.push((name, place));
    }

    /// Adds the fields that lie at a different place in each object, at their places in the value
    /// of `object`.
    pub(crate) fn locate(&mut self, object: Object) {
        let found = self.places.iter().filter_map(|(name, place)| Some((*name, place(object)?)));
        self.fields.extend(found);
    }

    /// Adds a field that is not traced although its type could be, with the function that reports
    /// the edges in it.
    pub(crate) fn add_untraced(&mut self, name: &'static str, edges: EdgesOf) {
        self.untraced.push((name, edges));
    }

    /// Returns the name of the field that the byte at `offset` in the value lies in.
    pub(crate) fn at(&self, offset: usize) -> Option<&'static str> {
        self.fields.iter().find(|(_, place)| place.contains(&offset)).map(|&(name, _)| name)
    }

    /// Returns true if all fields that are not in the list are traced.
    pub(crate) fn is_partial(&self) -> bool {
        self.rest_is_traced
    }

    /// Returns true if the byte at `offset` could belong to a pointer that is neither traced nor
    /// reported by `untraced`.
    pub(crate) fn may_hide(&self, offset: usize) -> bool {
        let is_opaque = |name| self.untraced.iter().all(|&(known, _)| known != name);
        !self.rest_is_traced || self.at(offset).is_some_and(is_opaque)
    }

    /// Returns the fields that are not traced although their types could be, each with the function
    /// that reports the edges in it.
    pub(crate) fn untraced(&self) -> impl Iterator<Item = &(&'static str, EdgesOf)> {
        self.untraced.iter()
    }
}

/// Functions on the value of a living managed weak reference.
pub(crate) struct ManagedWeak {
    pub(crate) cell: unsafe fn(Object) -> CellRef,
    /// Releases the state that the callback would be given.
    pub(crate) release_state: unsafe fn(Object),
}

/// A function that destroys an object, compiled for its type.
pub(crate) type Deallocate = unsafe fn(Object, NonNull<Owner>, &Block);

/// Receives the edges of an object one by one, for observation and for the traversal of single
/// objects.
pub(crate) trait EdgeSink {
    /// Receives an edge to `target`. The segments that name the edge were entered before.
    fn edge(&mut self, target: Object);
    /// Receives the beginning of a named part of the value.
    fn enter(&mut self, segment: PathSegment<'_>) {
        let _ = segment;
    }
    /// Receives the end of the part that was entered last.
    fn leave(&mut self) {}
    /// Receives the information that a part of the value could not be examined.
    fn opaque(&mut self) {}
    /// Receives the address of an object that the value holds without counting a reference.
    fn weak_edge(&mut self, address: usize) {
        let _ = address;
    }
    /// Receives the information that the value owns `bytes` bytes outside of itself.
    fn owned_bytes(&mut self, bytes: usize) {
        let _ = bytes;
    }
    /// Returns true if the sink wants the names of edges.
    fn wants_names(&self) -> bool {
        false
    }
}

/// The state of a pass, as an opaque type: a type's table only passes its address on. It is a
/// [`Pass`](crate::gc_state::pass::Pass).
pub(crate) struct AnyPass(());

/// A function that runs one pass over the chosen objects of a block, compiled for the block's type.
pub(crate) type ScanBlock = unsafe fn(&Block, NonNull<AnyPass>);

/// The table of one type. Tables must be compared by `id`, not by address, because a type can have
/// several.
#[repr(align(128))]
pub(crate) struct TypeInfo {
    pub(crate) id: TypeId,
    pub(crate) name: fn() -> &'static str,
    pub(crate) align: usize,
    /// Bytes before the value: those of the header, and of the length that precedes the header of a
    /// slice.
    pub(crate) prefix: usize,
    /// Runs the type walk. Returns `None` if there is no memory for it.
    pub(crate) classify: fn() -> Option<Class>,
    /// Drops the value of an object without finalizer and weak references, and frees its slot.
    pub(crate) deallocate: Deallocate,
    /// Drops the value in place; `None` if that would do nothing.
    pub(crate) drop: Option<unsafe fn(Object)>,
    pub(crate) finalizer: Option<FinalizerFns>,
    /// The functions of a managed weak reference; `None` for other types.
    pub(crate) managed_weak: Option<ManagedWeak>,
    /// Counts the edges of the members (see `workset::edges::Count`).
    pub(crate) count: ScanBlock,
    /// Adds the objects that the members reach, and counts edges (see
    /// `workset::edges::TraceClosure`).
    pub(crate) trace_closure: ScanBlock,
    /// Marks the objects that marked members reach (see `workset::edges::Mark`).
    pub(crate) mark: ScanBlock,
    /// Looks for edges that leave the set (see `collect::reclaim`).
    pub(crate) scan_external: ScanBlock,
    /// Releases the edges that leave the set (see `collect::reclaim`).
    pub(crate) release_external: ScanBlock,
    /// Reports the edges of one object with their names.
    pub(crate) edges: unsafe fn(Object, &mut dyn EdgeSink),
    /// Bytes that the value of a living object owns outside of its slot.
    pub(crate) owned: unsafe fn(Object) -> usize,
    /// Bytes of the value of a living object.
    pub(crate) size: unsafe fn(Object) -> usize,
    /// Adds the fields of the type to a list.
    pub(crate) fields: fn(&mut FieldList),
}

impl TypeInfo {
    /// Returns the type's name without module paths: `Node<Vec<(u8, &str)>>`, `dyn Shape`.
    pub(crate) fn short_name(&self) -> alloc::string::String {
        short((self.name)())
    }
}

/// Returns a type's name without module paths.
pub(crate) fn short(name: &str) -> alloc::string::String {
    alloc::format!("{}", Short(name))
}

/// Displays a type's name without module paths.
pub(crate) struct Short<'a>(pub(crate) &'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0;
        let mut word = 0;
        let mut chars = name.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let path = c == ':' && chars.peek().is_some_and(|&(_, next)| next == ':');
            if path {
                chars.next();
                word = at + 2;
            } else if !(c.is_alphanumeric() || c == '_') {
                f.write_str(&name[word..at + c.len_utf8()])?;
                word = at + c.len_utf8();
            }
        }
        f.write_str(&name[word..])
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn names_lose_their_paths() {
        assert_eq!(short("a::b::Node<alloc::vec::Vec<(u8, &str)>>"), "Node<Vec<(u8, &str)>>");
        assert_eq!(short("dyn x::y::Shape"), "dyn Shape");
        assert_eq!(short("[core::option::Option<u8>; 4]"), "[Option<u8>; 4]");
        assert_eq!(short("u8"), "u8");
    }
}
