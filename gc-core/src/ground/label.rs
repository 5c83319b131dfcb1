//! The types that name the edges of an object.

/// One step on the way from a value to an edge in it.
///
/// ```
/// use gc_core::{PathSegment, Slot, Trace, Visitor, TypeWalker};
///
/// struct Pair([Slot<Pair>; 2]);
///
/// // SAFETY: both pointers are reported, once.
/// unsafe impl Trace for Pair {
///     fn types(walk: &mut TypeWalker) {
///         walk.field::<Slot<Pair>>();
///     }
///     fn trace<V: Visitor>(&self, visitor: &mut V) {
///         for (number, slot) in self.0.iter().enumerate() {
///             visitor.enter(PathSegment::Index(number)); // `[0]`, `[1]`
///             slot.trace(visitor);
///             visitor.leave();
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum PathSegment<'a> {
    /// A field of a struct or of an enum's variant: `.next`, `.0`.
    Field(&'static str),
    /// An element of a sequence: `[3]`.
    Index(usize),
    /// An entry of a map, with its key and its position: `["key"]`, or `[#3]` if the key has no
    /// label.
    Key(KeyLabel<'a>, usize),
}

/// A label that shows a map's key without running user code.
///
/// ```
/// use gc_core::{KeyLabel, Trace};
///
/// assert!(matches!("key".label(), KeyLabel::Str("key"))); // entries of a map are shown by their keys
/// ```
#[derive(Clone, Copy, Debug)]
pub enum KeyLabel<'a> {
    /// A string.
    Str(&'a str),
    /// An integer.
    Int(i128),
    /// A character.
    Char(char),
    /// A truth value.
    Bool(bool),
    /// No label: the entry is shown by its position.
    None,
}
