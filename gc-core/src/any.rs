//! `GcAny`: a counted pointer that does not know the type of its object.

use crate::FinalizerPolicy;
use crate::gc::Gc;
use crate::graph;
use crate::heap::Generation;
use crate::object::raw::Object;
use crate::release::{self, finalizer};
use crate::trace::{Trace, TypeWalker, Visitor, visit};
use crate::weak::is_weak_ref;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::TypeId;
use core::fmt;
#[cfg(feature = "observe")]
use gc_snapshot::ObjectId;

/// A counted pointer to an object of any type. Functions that list objects, such as
/// [`Heap::objects`](crate::Heap::objects) and [`Heap::garbage`](crate::Heap::garbage), return it.
///
/// ```
/// use gc_core::{Gc, Heap};
///
/// let heap = Heap::new();
/// let any = Gc::as_any(&heap.alloc(7u32));
/// assert_eq!(any.type_name(), "u32");
/// assert_eq!(*any.downcast::<u32>().unwrap(), 7);
/// ```
///
/// ```
/// use gc_core::{Gc, Generation, Heap};
///
/// let heap = Heap::new();
/// let (text, other) = (heap.alloc(String::from("text")), heap.alloc(7_u32));
/// let any = Gc::as_any(&text);
/// assert_eq!((any.type_name(), any.is::<String>(), any.is_weak_ref()), ("String".into(), true, false));
/// assert_eq!(any.downcast_ref::<String>().map(String::len), Some(4));
/// assert!(any.downcast::<u32>().is_none() && !any.ptr_eq(&Gc::as_any(&other)));
/// assert_eq!((any.strong_count(), any.owned_bytes(), any.shallow_bytes() >= 24), (2, 4, true));
/// assert!(any.birth() < Gc::as_any(&other).birth() && any.id() == Gc::as_any(&text).id());
/// assert_eq!(any.address(), Gc::as_ptr(&text).addr());
/// // A string lies on no cycle: it is in no generation, and has no pointers.
/// assert!(!any.is_tracked() && !any.is_finalized() && any.generation().is_none() && any.referents().is_empty());
/// // Managed weak references know their target, and it knows them.
/// let weak = Gc::as_any(&heap.alloc_weak(&text));
/// assert!(weak.weak_target() == Some(any.clone()) && any.weak_refs() == [weak]);
/// ```
pub struct GcAny(Object);

impl GcAny {
    /// Makes one more pointer to an object, which must be open: alive, and neither condemned nor
    /// dying.
    pub(crate) fn another(object: Object) -> GcAny {
        debug_assert!(object.is_open());
        object.count().increment();
        GcAny(object)
    }

    /// Makes a pointer that takes over a count which the caller holds.
    pub(crate) fn from_counted(object: Object) -> GcAny {
        GcAny(object)
    }

    pub(crate) fn object(&self) -> Object {
        self.0
    }

    /// Returns the name of the object's type, without module paths.
    pub fn type_name(&self) -> String {
        self.0.info().short_name()
    }

    /// Returns true if the object is a `T`.
    pub fn is<T: Trace + ?Sized>(&self) -> bool {
        self.0.info().id == TypeId::of::<T>()
    }

    /// Returns a typed pointer to the object, or `None` if the object is no `T`.
    pub fn downcast<T: Trace>(&self) -> Option<Gc<T>> {
        // SAFETY: invariant 10: the block says that the object is a living `T`; `self` holds a
        // count.
        self.is::<T>().then(|| unsafe { Gc::another(self.0.value().cast()) })
    }

    /// Returns a reference to the value, or `None` if the object is no `T`.
    pub fn downcast_ref<T: Trace>(&self) -> Option<&T> {
        // SAFETY: as in `downcast`; the value lives as long as the count that `self` holds.
        self.is::<T>().then(|| unsafe { self.0.value().cast().as_ref() })
    }

    /// Returns the address of the object, which identifies it as long as the object lives.
    pub fn address(&self) -> usize {
        self.0.address()
    }

    /// Returns the number of the object's allocation in its heap. Older objects have smaller
    /// numbers.
    pub fn birth(&self) -> u64 {
        self.0.birth()
    }

    /// Returns the object's id in snapshots and heap dumps.
    #[cfg(feature = "observe")]
    pub fn id(&self) -> ObjectId {
        ObjectId::of_birth(self.birth())
    }

    /// Returns true if both pointers point to the same object.
    pub fn ptr_eq(&self, other: &GcAny) -> bool {
        self.0 == other.0
    }

    /// Returns the number of counted pointers to the object, including this one, or `usize::MAX` if
    /// the count is saturated.
    pub fn strong_count(&self) -> usize {
        match self.0.count().get() {
            u32::MAX => usize::MAX,
            count => count as usize,
        }
    }

    /// Returns the size of the object's slot in bytes, including its header.
    pub fn shallow_bytes(&self) -> usize {
        self.object().block().slot_bytes()
    }

    /// Returns the number of bytes that the value owns outside of its slot: see
    /// [`Visitor::owned_bytes`](crate::Visitor::owned_bytes).
    pub fn owned_bytes(&self) -> usize {
        self.object().owned_bytes()
    }

    /// Returns the objects that this object points to, one entry for each edge.
    pub fn referents(&self) -> Vec<GcAny> {
        graph::edges::edges(self.0).into_iter().map(|edge| GcAny::another(edge.target)).collect()
    }

    /// Returns the managed weak references to this object, newest first: Python's
    /// `weakref.getweakrefs`. A [`Weak`](crate::Weak) is no object of the heap, so it is not
    /// listed.
    pub fn weak_refs(&self) -> Vec<GcAny> {
        let mut found = Vec::new();
        self.0.core().weaks.each(self.0, |cell| {
            found.extend(cell.owner().filter(|owner| owner.is_open()).map(GcAny::another));
        });
        found
    }

    /// Returns the target, if this object is a managed weak reference and its target lives.
    pub fn weak_target(&self) -> Option<GcAny> {
        let target = self.0.weak_cell()?.target()?;
        target.is_open().then(|| GcAny::another(target))
    }

    /// Returns true if the object is a managed weak reference.
    pub fn is_weak_ref(&self) -> bool {
        is_weak_ref(self.0)
    }

    /// Returns true if the object's type is tracked. A type is not tracked if its objects cannot
    /// lie on a cycle.
    pub fn is_tracked(&self) -> bool {
        self.0.block().is_tracked()
    }

    /// Returns true if the PEP 442 finalizer of the object has run.
    pub fn is_finalized(&self) -> bool {
        // Under the legacy policy, the bitmap of finalized objects has another use.
        self.0.core().policy == FinalizerPolicy::Pep442 && finalizer::is_finalized(self.0)
    }

    /// Returns the generation of the object, or `None` if it is untracked or frozen.
    pub fn generation(&self) -> Option<Generation> {
        let number = self.0.core().state.epoch.generation_of(self.0);
        Generation::try_from(number).ok().filter(|_| self.is_tracked())
    }
}

impl Clone for GcAny {
    fn clone(&self) -> GcAny {
        self.0.count().increment();
        GcAny(self.0)
    }
}

impl Drop for GcAny {
    fn drop(&mut self) {
        release::decrement(self.0);
    }
}

/// Compares by identity, because the type of the value is not known.
impl PartialEq for GcAny {
    fn eq(&self, other: &GcAny) -> bool {
        self.ptr_eq(other)
    }
}

impl Eq for GcAny {}

impl core::hash::Hash for GcAny {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl fmt::Debug for GcAny {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} {:#x}>", self.type_name(), self.address())
    }
}

impl<T: ?Sized> From<Gc<T>> for GcAny {
    fn from(value: Gc<T>) -> GcAny {
        Gc::as_any(&value)
    }
}

// SAFETY: `trace` reports the pointer, once. Dropping the pointer is a release, as for `Gc`.
unsafe impl Trace for GcAny {
    fn types(walk: &mut TypeWalker) {
        walk.cyclic();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        visit(visitor, self.0);
    }
}
