//! `Trace` for sequences, sets and maps, and about what memory they own.

use super::{Label, Seg, Trace, Visitor, Walk};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use smallvec::SmallVec;

/// Traces elements with their positions.
#[inline(always)]
fn trace_elements<'a, T: Trace, V: Visitor>(elements: impl Iterator<Item = &'a T>, visitor: &mut V) {
    for (index, element) in elements.enumerate() {
        visitor.enter(Seg::Index(index));
        element.trace(visitor);
        visitor.leave();
    }
}

// SAFETY: passes every owned element on.
unsafe impl<T: Trace> Trace for [T] {
    fn types(walk: &mut Walk) {
        walk.field::<T>();
    }
    #[inline]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        trace_elements(self.iter(), visitor);
    }
}

// SAFETY: passes every owned element on.
unsafe impl<T: Trace, const N: usize> Trace for [T; N] {
    fn types(walk: &mut Walk) {
        walk.field::<T>();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        trace_elements(self.iter(), visitor);
    }
}

/// Sequences with elements in memory of their own.
macro_rules! sequence {
    ($([$($bound:tt)*] $ty:ty => $self:ident $bytes:expr);* $(;)?) => {$(
        // SAFETY: passes every owned element on.
        unsafe impl<$($bound)*> Trace for $ty {
            fn types(walk: &mut Walk) {
                walk.owns_memory();
                walk.field::<T>();
            }
            #[inline]
            fn trace<V: Visitor>(&self, visitor: &mut V) {
                let $self = self;
                visitor.owns($bytes);
                trace_elements(self.iter(), visitor);
            }
        }
    )*};
}

sequence! {
    [T: Trace] Vec<T> => it it.capacity() * size_of::<T>();
    [T: Trace] VecDeque<T> => it it.capacity() * size_of::<T>();
    [T: Trace] alloc::collections::LinkedList<T> => it it.len() * size_of::<(usize, usize, T)>();
    [T: Trace] BTreeSet<T> => it tree_bytes(it.len(), size_of::<T>());
}

/// What a B-tree of so many entries takes, about: a node has room for eleven, and is two
/// thirds full where keys come in no order; one in eight has edges as well.
#[inline(always)]
fn tree_bytes(entries: usize, size: usize) -> usize {
    let nodes = entries.div_ceil(8);
    nodes * (11 * size + 16) + nodes / 8 * 12 * size_of::<usize>()
}

/// What a hash table of this capacity takes: seven eighths of its buckets can be used, and
/// each has a byte of its own beside the entry.
#[inline(always)]
fn table_bytes(capacity: usize, size: usize) -> usize {
    match capacity {
        0 => 0,
        1..4 => 4 * (size + 1) + 16,
        4..8 => 8 * (size + 1) + 16,
        _ => (capacity * 8 / 7).next_power_of_two() * (size + 1) + 16,
    }
}

// SAFETY: passes every owned element on.
unsafe impl<A: smallvec::Array<Item: Trace> + 'static> Trace for SmallVec<A> {
    fn types(walk: &mut Walk) {
        walk.owns_memory();
        walk.field::<A::Item>();
    }
    #[inline]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        visitor.owns(if self.spilled() { self.capacity() * size_of::<A::Item>() } else { 0 });
        trace_elements(self.iter(), visitor);
    }
}

/// Traces entries with their keys; labels are made only where somebody listens.
#[inline(always)]
fn trace_entries<'a, K: Trace, T: Trace, V: Visitor>(entries: impl Iterator<Item = (&'a K, &'a T)>, visitor: &mut V) {
    for (index, (key, value)) in entries.enumerate() {
        let label = if visitor.wants_names() { key.label() } else { Label::None };
        visitor.enter(Seg::Key(label, index));
        key.trace(visitor);
        value.trace(visitor);
        visitor.leave();
    }
}

/// Maps; dropping one drops keys and values and calls neither `Hash` nor `Ord`.
macro_rules! map {
    ($([$($bound:tt)*] $ty:ty $(, $hasher:ident)? => $self:ident $bytes:expr);* $(;)?) => {$(
        // SAFETY: passes every owned key and value on.
        unsafe impl<$($bound)*> Trace for $ty {
            fn types(walk: &mut Walk) {
                walk.owns_memory();
                walk.field::<K>();
                walk.field::<T>();
                $(walk.untraced::<$hasher>();)?
            }
            #[inline]
            fn trace<V: Visitor>(&self, visitor: &mut V) {
                let $self = self;
                visitor.owns($bytes);
                trace_entries(self.iter(), visitor);
            }
        }
    )*};
}

map! {
    [K: Trace, T: Trace] BTreeMap<K, T> => it tree_bytes(it.len(), size_of::<(K, T)>());
    [K: Trace, T: Trace, S: 'static] hashbrown::HashMap<K, T, S>, S
        => it table_bytes(it.capacity(), size_of::<(K, T)>());
}

#[cfg(feature = "std")]
map! {
    [K: Trace, T: Trace, S: 'static] std::collections::HashMap<K, T, S>, S
        => it table_bytes(it.capacity(), size_of::<(K, T)>());
}

#[cfg(feature = "std")]
// SAFETY: passes every owned element on.
unsafe impl<T: Trace, S: 'static> Trace for std::collections::HashSet<T, S> {
    fn types(walk: &mut Walk) {
        walk.owns_memory();
        walk.field::<T>();
        walk.untraced::<S>();
    }
    #[inline]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        visitor.owns(table_bytes(self.capacity(), size_of::<T>()));
        trace_elements(self.iter(), visitor);
    }
}
