//! The type walk. The walk finds out, once for each type on a heap, whether the objects of the type
//! can lie on a cycle, and what dropping them can do.
//!
//! The result is not an associated constant, because the evaluation of such a constant is a cycle
//! for recursive types (E0391).

use super::{FindPart, Trace};
use crate::__private::{NoDrop, TracedTypeMustNotImplDrop_ImplFinalizeInstead};
use crate::object::type_info::{Class, DropEffect, Kind};
use alloc::vec::Vec;
use core::any::TypeId;
use hashbrown::HashSet;

/// Finds out, once for each type, whether its objects can lie on a cycle and what dropping them can
/// do.
///
/// [`Trace::types`] describes a type to the walker.
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
    /// Types that were described already, as parts of the object or of a target of its pointers.
    parts: HashSet<TypeId>,
    /// Functions that describe the types behind pointers that were not described yet.
    behind: Vec<fn(&mut TypeWalker)>,
    /// All types behind pointers that were met so far.
    targets: HashSet<TypeId>,
    /// True while the walk is in the object itself, not behind one of its pointers.
    inside: bool,
    /// True while an unsized type behind a pointer is described.
    unsized_target: bool,
    drop_effect: DropEffect,
    has_edges: bool,
    cyclic: bool,
    promised_acyclic: bool,
    /// True if the walk could not be finished, because there was no memory for it.
    out_of_memory: bool,
}

impl TypeWalker {
    /// Walks from `T` as the type of an object. Returns `None` if there is no memory for the walk.
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

    /// Declares a part that the value owns: a field, or the content of a box or vector.
    pub fn field<T: Trace + ?Sized>(&mut self) {
        self.out_of_memory |= self.parts.try_reserve(1).is_err();
        if !self.out_of_memory && self.parts.insert(TypeId::of::<T>()) {
            T::types(self);
        }
    }

    /// Declares that the value points to a `T` on the heap.
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
    /// including the object that the walk began with. If an unsized target has edges, its objects
    /// are therefore assumed to lead back.
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

    /// Declares that the value owns memory outside of its slot.
    pub fn owns_memory(&mut self) {
        self.drops(DropEffect::Memory);
    }

    /// Declares the type cyclic: the types that it can point to are unknown.
    pub fn cyclic(&mut self) {
        self.drops(DropEffect::Unknown);
        self.has_edges |= self.inside;
        self.cyclic = true;
    }

    /// Promises that no object of this type ever lies on a cycle.
    pub fn acyclic(&mut self) {
        // A promise that a part makes says nothing about the whole value.
        self.promised_acyclic |= self.inside && self.parts.len() == 1;
    }

    /// Declares a part that is not traced. The type of the part is inferred from the function,
    /// which finds the part in a value.
    #[doc(hidden)]
    pub fn part_untraced<S: ?Sized, T: ?Sized>(&mut self, _find: FindPart<S, T>) {
        self.untraced::<T>();
    }

    /// Compiles only for a type that implements gc-core's guard against `Drop`, as the derive does.
    /// Generated code calls this function, so that no other crate's guard can take the place of
    /// gc-core's.
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
