//! The type walk: once for each type on a heap it is found out whether its objects
//! can lie on a cycle, and what dropping them can do.
//!
//! This is no associated constant because recursive types make that an evaluation
//! cycle (E0391).

use super::{FindPart, Trace};
use crate::__private::{NoDrop, TracedTypeMustNotImplDrop_ImplFinalizeInstead};
use crate::object::type_info::{Class, DropEffect, Kind};
use alloc::vec::Vec;
use core::any::TypeId;
use hashbrown::HashSet;

/// Finds out, once for each type, whether its objects can lie on a cycle and what dropping them can
/// do.
///
/// [`Trace::types`] describes one type to it.
///
/// ```
/// use gc_core::{Gc, Slot, Trace, Visitor, TypeWalker};
/// use std::marker::PhantomData;
///
/// struct Handle {
///     next: Slot<Handle>,
///     file: Option<std::fs::File>,
/// }
///
/// // SAFETY: the only pointer is reported.
/// unsafe impl Trace for Handle {
///     fn types(walk: &mut TypeWalker) {
///         walk.field::<Slot<Handle>>(); // a part that is traced
///         walk.untraced::<Option<std::fs::File>>(); // one that is not
///     }
///     fn trace<V: Visitor>(&self, visitor: &mut V) {
///         self.next.trace(visitor);
///     }
/// }
///
/// /// Memory of its own with a pointer in it, of which nothing is known but its type.
/// struct Raw<T>(*mut Gc<T>, PhantomData<T>);
///
/// // SAFETY: the pointer is not reported, so what it leads to counts as held.
/// unsafe impl<T: Trace> Trace for Raw<T> {
///     fn types(walk: &mut TypeWalker) {
///         walk.owns_memory();
///         walk.edge::<T>(); // it points to a `T`; `walk.cyclic()` where not even that is known
///     }
///     fn trace<V: Visitor>(&self, _: &mut V) {}
/// }
///
/// /// What never lies on a cycle, as its author promises.
/// struct Leaf(Gc<str>);
///
/// // SAFETY: the pointer is reported.
/// unsafe impl Trace for Leaf {
///     fn types(walk: &mut TypeWalker) {
///         walk.acyclic();
///         walk.field::<Gc<str>>();
///     }
///     fn trace<V: Visitor>(&self, visitor: &mut V) {
///         self.0.trace(visitor);
///     }
/// }
/// ```
#[expect(missing_debug_implementations, reason = "there is nothing to see")]
pub struct TypeWalker {
    /// Types described so far as parts of the object that is looked at.
    parts: HashSet<TypeId>,
    /// Types behind pointers, waiting to be described.
    behind: Vec<fn(&mut TypeWalker)>,
    /// Types behind pointers, all that were met.
    targets: HashSet<TypeId>,
    /// The walk is still in the object itself, not behind one of its pointers.
    inside: bool,
    /// An unsized type behind a pointer is being described.
    unsized_target: bool,
    drop_effect: DropEffect,
    has_edges: bool,
    cyclic: bool,
    promised_acyclic: bool,
    /// The walk could not be finished.
    out_of_memory: bool,
}

impl TypeWalker {
    /// Walks from `T` as the type of an object. `None`: there is no memory for that.
    pub(crate) fn classify<T: Trace + ?Sized>(needs_drop: bool) -> Option<Class> {
        let mut walk = TypeWalker {
            parts: HashSet::new(),
            behind: Vec::new(),
            targets: HashSet::new(),
            inside: true,
            unsized_target: false,
            drop_effect: DropEffect::None,
            has_edges: false,
            cyclic: false,
            promised_acyclic: false,
            out_of_memory: false,
        };
        walk.field::<T>();
        walk.inside = false;
        while !walk.cyclic && !walk.promised_acyclic {
            let Some(describe) = walk.behind.pop() else { break };
            describe(&mut walk);
        }
        if walk.out_of_memory {
            return None;
        }
        let on_cycle = walk.cyclic || walk.targets.contains(&TypeId::of::<T>());
        let kind = match (walk.promised_acyclic, on_cycle, walk.has_edges) {
            (false, true, _) => Kind::Cyclic,
            (_, _, true) => Kind::AcyclicWithEdges,
            (_, _, false) => Kind::Leaf,
        };
        let drop_effect = if needs_drop { walk.drop_effect } else { DropEffect::None };
        Some(Class {
            kind,
            drop_effect: drop_effect.max(if needs_drop { DropEffect::Pointers } else { DropEffect::None }),
        })
    }

    /// A part of the value that is owned by it: a field, or what is in a box or vector.
    pub fn field<T: Trace + ?Sized>(&mut self) {
        self.out_of_memory |= self.parts.try_reserve(1).is_err();
        if !self.out_of_memory && self.parts.insert(TypeId::of::<T>()) {
            T::types(self);
        }
    }

    /// The value points to a `T` on the heap.
    pub fn edge<T: Trace + ?Sized>(&mut self) {
        self.drops(DropEffect::Pointers);
        self.has_edges |= self.inside;
        self.cyclic |= self.unsized_target;
        self.out_of_memory |= self.targets.try_reserve(1).is_err() || self.behind.try_reserve(1).is_err();
        if !self.out_of_memory && self.targets.insert(TypeId::of::<T>()) {
            self.behind.push(TypeWalker::target::<T>);
        }
    }

    /// Walks the target of a pointer. An unsized target may be any object that was cast to it,
    /// including this one: where it has edges, it is taken for a way back.
    fn target<T: Trace + ?Sized>(&mut self) {
        if size_of::<*const T>() == size_of::<usize>() {
            return self.field::<T>();
        }
        let parts = core::mem::take(&mut self.parts);
        self.unsized_target = true;
        self.field::<T>();
        self.unsized_target = false;
        self.out_of_memory |= self.parts.try_reserve(parts.len()).is_err();
        if !self.out_of_memory {
            self.parts.extend(parts);
        }
    }

    /// Declares a part that is not traced. If the part has to be dropped, its drop may do anything.
    pub fn untraced<T: ?Sized>(&mut self) {
        if core::mem::needs_drop::<T>() {
            self.drops(DropEffect::Unknown);
        }
    }

    /// The value owns memory outside of its slot.
    pub fn owns_memory(&mut self) {
        self.drops(DropEffect::Memory);
    }

    /// Declares the type cyclic: the types that it can point to are unknown.
    pub fn cyclic(&mut self) {
        self.drops(DropEffect::Unknown);
        self.has_edges |= self.inside;
        self.cyclic = true;
    }

    /// A promise that no object of this type ever lies on a cycle.
    pub fn acyclic(&mut self) {
        // Said by a part, it says nothing about the whole.
        self.promised_acyclic |= self.inside && self.parts.len() == 1;
    }

    /// A part that is not traced, which the function finds in a value: its type is that of the part.
    #[doc(hidden)]
    pub fn part_untraced<S: ?Sized, T: ?Sized>(&mut self, _find: FindPart<S, T>) {
        self.untraced::<T>();
    }

    /// Compiles only for types that the derive's guard against `Drop` stands beside: the real
    /// one, whatever crate the guard was named through.
    #[doc(hidden)]
    pub fn derived<T>(&mut self)
    where
        T: TracedTypeMustNotImplDrop_ImplFinalizeInstead<Drop = NoDrop> + ?Sized,
    {
    }

    fn drops(&mut self, drop_effect: DropEffect) {
        if self.inside {
            self.drop_effect = self.drop_effect.max(drop_effect);
        }
    }
}
