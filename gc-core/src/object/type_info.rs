//! The table of a type: one static table each, built by `trace::shape`.

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

/// How the collector treats a type's objects. Found once per type and heap by the type walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Holds no pointer: never examined.
    Leaf = 0,
    /// May lie on a cycle: tracked, in a generation, a candidate when it loses a pointer.
    Cyclic = 1,
    /// Holds pointers but lies on no cycle: passed through, untracked.
    AcyclicWithEdges = 2,
}

impl Kind {
    /// 1 for the kind that is tracked, else 0: also the unbuffered bit of a new count word.
    #[inline]
    pub(crate) fn tracked(self) -> u32 {
        self as u32 & 1
    }
}

/// The worst that dropping a value of a type in place can do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum DropEffect {
    /// Nothing.
    None,
    /// Releases traced pointers, nothing else.
    Pointers,
    /// Gives memory back as well (boxes, vectors, maps, strings).
    Memory,
    /// May run code that we do not know.
    Unknown,
}

/// Result of the type walk.
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

/// Where the fields of a type lie: see [`Trace::fields`](crate::Trace::fields).
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
    /// Fields whose places must be looked up in each object.
    places: Vec<(&'static str, PlaceIn)>,
    /// Fields that are not traced although their types could be.
    untraced: Vec<(&'static str, EdgesOf)>,
    /// True if all fields that are not listed are traced.
    rest_is_traced: bool,
}

/// Where a field lies in an object's value, if it has it.
pub(crate) type PlaceIn = Box<dyn Fn(Object) -> Option<core::ops::Range<usize>>>;

/// Reports the edges of one part of an object's value.
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

    /// A field whose place is to be asked for.
    pub(crate) fn add_place(&mut self, name: &'static str, place: PlaceIn) {
        self.places.push((name, place));
    }

    /// Finds the places of all fields in the value of an object.
    pub(crate) fn locate(&mut self, object: Object) {
        let found = self.places.iter().filter_map(|(name, place)| Some((*name, place(object)?)));
        self.fields.extend(found);
    }

    /// A field that is not traced although its type could be, with what reports its edges.
    pub(crate) fn add_untraced(&mut self, name: &'static str, edges: EdgesOf) {
        self.untraced.push((name, edges));
    }

    /// The field that a byte of the value lies in.
    pub(crate) fn at(&self, offset: usize) -> Option<&'static str> {
        self.fields.iter().find(|(_, place)| place.contains(&offset)).map(|&(name, _)| name)
    }

    /// Returns true if the list has only the fields that are not traced.
    pub(crate) fn is_partial(&self) -> bool {
        self.rest_is_traced
    }

    /// Returns true if this byte could hold a pointer that is neither traced nor in `untraced`.
    pub(crate) fn may_hide(&self, offset: usize) -> bool {
        let is_opaque = |name| self.untraced.iter().all(|&(known, _)| known != name);
        !self.rest_is_traced || self.at(offset).is_some_and(is_opaque)
    }

    /// The fields that are not traced although their types could be, each with what reports
    /// the edges in it.
    pub(crate) fn untraced(&self) -> impl Iterator<Item = &(&'static str, EdgesOf)> {
        self.untraced.iter()
    }
}

/// Functions on the value of a living managed weak reference.
pub(crate) struct ManagedWeak {
    pub(crate) cell: unsafe fn(Object) -> CellRef,
    /// Releases what the callback would be given.
    pub(crate) release_state: unsafe fn(Object),
}

/// The death of an object, compiled for its type.
pub(crate) type Deallocate = unsafe fn(Object, NonNull<Owner>, &Block);

/// Takes edges one by one; what observation and traversal of single objects use.
pub(crate) trait EdgeSink {
    /// One edge to `target`, after the segments that name it were entered.
    fn edge(&mut self, target: Object);
    /// A part of the value begins.
    fn enter(&mut self, segment: PathSegment<'_>) {
        let _ = segment;
    }
    /// The part ends.
    fn leave(&mut self) {}
    /// A part could not be looked at.
    fn opaque(&mut self) {}
    /// The value holds the address of an object that it does not count.
    fn weak_edge(&mut self, address: usize) {
        let _ = address;
    }
    /// The value owns `bytes` bytes outside of itself.
    fn owned_bytes(&mut self, bytes: usize) {
        let _ = bytes;
    }
    /// Returns true if the sink wants the names of edges.
    fn wants_names(&self) -> bool {
        false
    }
}

/// The state that a pass carries, of which a type's table knows nothing. It is a
/// [`Pass`](crate::gc_state::pass::Pass).
pub(crate) struct AnyPass(());

/// A pass over the chosen objects of one block, compiled for the block's type.
pub(crate) type ScanBlock = unsafe fn(&Block, NonNull<AnyPass>);

/// The table of one type. Its address is no identity (a type can have several); `id` is.
#[repr(align(128))]
pub(crate) struct TypeInfo {
    pub(crate) id: TypeId,
    pub(crate) name: fn() -> &'static str,
    pub(crate) align: usize,
    /// Bytes before the value: the header, and the length of a slice before that.
    pub(crate) prefix: usize,
    /// Runs the type walk.
    pub(crate) classify: fn() -> Option<Class>,
    /// Drops the value of an object without finalizer and weak references, and frees its slot.
    pub(crate) deallocate: Deallocate,
    /// Drops the value in place; `None` where that does nothing.
    pub(crate) drop: Option<unsafe fn(Object)>,
    pub(crate) finalizer: Option<FinalizerFns>,
    /// The functions of a managed weak reference; `None` for other types.
    pub(crate) managed_weak: Option<ManagedWeak>,
    /// Counts the edges of the members (see `workset::edges::Count`).
    pub(crate) count: ScanBlock,
    /// Adds what the members reach, and counts edges (see `workset::edges::TraceClosure`).
    pub(crate) trace_closure: ScanBlock,
    /// Marks what marked members reach (see `workset::edges::Mark`).
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
    /// Lists the fields.
    pub(crate) fields: fn(&mut FieldList),
}

impl TypeInfo {
    /// The type's name without module paths: `Node<Vec<(u8, &str)>>`, `dyn Shape`.
    pub(crate) fn short_name(&self) -> alloc::string::String {
        short((self.name)())
    }
}

/// Drops path segments from a type's name.
pub(crate) fn short(name: &str) -> alloc::string::String {
    alloc::format!("{}", Short(name))
}

/// Shows a type's name without path segments.
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
