//! Implements `Trace` for sequences, sets and maps, and estimates the memory that they own.

use super::{KeyLabel, PathSegment, Trace, TypeWalker, Visitor};
use alloc::collections::{BTreeMap, BTreeSet, LinkedList, VecDeque};
use alloc::vec::Vec;
use smallvec::SmallVec;

/// Traces elements with their positions. Elements without a size are skipped: they hold nothing,
/// and there can be up to `usize::MAX` of them.
#[inline(always)]
fn trace_elements<'a, T: Trace, V: Visitor>(elements: impl Iterator<Item = &'a T>, visitor: &mut V) {
    if const { size_of::<T>() == 0 } {
        return;
    }
    for (index, element) in elements.enumerate() {
        visitor.enter(PathSegment::Index(index));
        element.trace(visitor);
        visitor.leave();
    }
}

// SAFETY: `trace` passes on every element that the slice owns.
unsafe impl<T: Trace> Trace for [T] {
    fn types(walk: &mut TypeWalker) {
        walk.field::<T>();
    }
    #[inline]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        trace_elements(self.iter(), visitor);
    }
}

// SAFETY: `trace` passes on every element that the array owns.
unsafe impl<T: Trace, const N: usize> Trace for [T; N] {
    fn types(walk: &mut TypeWalker) {
        walk.field::<T>();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        trace_elements(self.iter(), visitor);
    }
}

/// Returns the approximate size of a B-tree with `entries` entries of `size` bytes each. A node has
/// room for eleven entries and is two thirds full if the keys come in no order; one node in eight
/// has edges as well.
#[inline(always)]
fn tree_bytes(entries: usize, size: usize) -> usize {
    let nodes = entries.div_ceil(8);
    nodes * (11 * size + 16) + nodes / 8 * 12 * size_of::<usize>()
}

/// Returns the size in bytes of a hash table with this capacity and entries of `size` bytes each.
/// Seven eighths of the buckets can be used, and each bucket has one byte beside its entry.
#[inline(always)]
fn table_bytes(capacity: usize, size: usize) -> usize {
    match capacity {
        0 => 0,
        1..4 => 4 * (size + 1) + 16,
        4..8 => 8 * (size + 1) + 16,
        _ => (capacity * 8 / 7).next_power_of_two() * (size + 1) + 16,
    }
}

/// Traces entries with their keys. A label of a key is made only if the visitor uses names.
#[inline(always)]
fn trace_entries<'a, K: Trace, T: Trace, V: Visitor>(entries: impl Iterator<Item = (&'a K, &'a T)>, visitor: &mut V) {
    for (index, (key, value)) in entries.enumerate() {
        let label = if visitor.wants_names() { key.label() } else { KeyLabel::None };
        visitor.enter(PathSegment::Key(label, index));
        key.trace(visitor);
        value.trace(visitor);
        visitor.leave();
    }
}

/// Implements `Trace` for containers that hold values in memory of their own. (Dropping a container
/// drops the values, and calls neither `Hash` nor `Ord`; the hasher is not traced.)
macro_rules! container {
    ($([$($bound:tt)*] $ty:ty: $trace:ident of $($part:ty),+ $(; $hasher:ty)? => $self:ident $bytes:expr);* $(;)?) => {$(
        // SAFETY: `trace` passes on every part that the container owns.
        unsafe impl<$($bound)*> Trace for $ty {
            fn types(walk: &mut TypeWalker) {
                walk.owns_memory();
                $(walk.field::<$part>();)+
                $(walk.untraced::<$hasher>();)?
            }
            #[inline]
            fn trace<V: Visitor>(&self, visitor: &mut V) {
                let $self = self;
                visitor.owned_bytes($bytes);
                $trace(self.iter(), visitor);
            }
        }
    )*};
}

container! {
    [T: Trace] Vec<T>: trace_elements of T => it it.capacity() * size_of::<T>();
    [T: Trace] VecDeque<T>: trace_elements of T => it it.capacity() * size_of::<T>();
    [T: Trace] LinkedList<T>: trace_elements of T => it it.len() * size_of::<(usize, usize, T)>();
    [T: Trace] BTreeSet<T>: trace_elements of T => it tree_bytes(it.len(), size_of::<T>());
    [A: smallvec::Array<Item: Trace> + 'static] SmallVec<A>: trace_elements of A::Item
        => it if it.spilled() { it.capacity() * size_of::<A::Item>() } else { 0 };
    [K: Trace, T: Trace] BTreeMap<K, T>: trace_entries of K, T => it tree_bytes(it.len(), size_of::<(K, T)>());
}

#[cfg(feature = "hashbrown")]
container! {
    [K: Trace, T: Trace, S: 'static] hashbrown::HashMap<K, T, S>: trace_entries of K, T; S
        => it table_bytes(it.capacity(), size_of::<(K, T)>());
    [T: Trace, S: 'static] hashbrown::HashSet<T, S>: trace_elements of T; S
        => it table_bytes(it.capacity(), size_of::<T>());
}

#[cfg(feature = "std")]
container! {
    [K: Trace, T: Trace, S: 'static] std::collections::HashMap<K, T, S>: trace_entries of K, T; S
        => it table_bytes(it.capacity(), size_of::<(K, T)>());
    [T: Trace, S: 'static] std::collections::HashSet<T, S>: trace_elements of T; S
        => it table_bytes(it.capacity(), size_of::<T>());
}
