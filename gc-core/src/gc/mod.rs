//! `Gc`: the counted pointer.

mod allocate;
mod allocate_weak;
mod by_address;
mod place;
mod show;

pub use by_address::ByAddress;
pub use show::ShowGc;

use crate::OutOfMemory;
use crate::any::GcAny;
use crate::heap::Heap;
use crate::object::raw::Object;
use crate::release::{self, finalizer};
use crate::trace::{KeyLabel, Trace, TypeWalker, Visitor, visit};
use crate::weak::Weak;
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;
use core::{fmt, ptr};

/// A counted pointer to a value on a [`Heap`](crate::Heap).
///
/// A pointer is one word (two for `dyn Trait`, slices and strings) and is never null. A clone adds
/// one to the object's count, and a drop subtracts one; the object dies with the last pointer to
/// it. The heap's collections find cycles of objects that only hold each other.
///
/// Comparison and hashing look at the value, as with `Rc`; see [`Gc::ptr_eq`] and
/// [`ByAddress`] for identity. `Debug` prints the type and the address, because printing the value
/// need not end on a cycle; it prints a string, and a slice whose elements cannot lie on a cycle.
///
/// A `Gc` gives no `&mut T`: the parts of a value that change are [`Slot`](crate::Slot)s,
/// [`List`](crate::List)s and cells.
///
/// ```
/// use gc_core::{Gc, Heap};
///
/// let heap = Heap::new();
/// let a = heap.alloc(5u32);
/// let b = a.clone();
/// assert_eq!((*a, Gc::strong_count(&b)), (5, 2));
/// assert_eq!(size_of::<Option<Gc<u32>>>(), 8);
/// ```
///
/// ```
/// use gc_core::{Gc, Heap};
///
/// let heap = Heap::new();
/// let one = heap.alloc(7);
/// let again = one.clone();
/// assert!(Gc::ptr_eq(&one, &again) && Gc::strong_count(&one) == 2);
/// assert_eq!(Gc::as_ptr(&one), Gc::as_ptr(&again));
/// assert!(Gc::as_any(&one).is::<i32>() && Gc::heap(&one).ptr_eq(&heap));
/// let (weak, told) = (Gc::downgrade(&one), Gc::try_downgrade_with(&one, || ()).unwrap());
/// assert_eq!(Gc::weak_count(&one), 2);
/// drop((one, told));
/// assert_eq!(Gc::try_unwrap(again), Ok(7)); // the last pointer
/// assert!(weak.upgrade().is_none());
/// ```
#[repr(transparent)]
pub struct Gc<T: ?Sized>(NonNull<T>, Invariant<T>);

/// Makes `Gc<T>` invariant in `T`: the type walk compares type ids, so that subtyping must not
/// change the type of a pointer.
type Invariant<T> = PhantomData<fn(*mut T) -> *mut T>;

impl<T: ?Sized> Gc<T> {
    /// Makes a pointer that takes over one count of the object.
    ///
    /// # Safety
    /// `value` is the address of a living `T` in a slot, and the caller gives up one count of the
    /// object.
    #[inline]
    pub(crate) unsafe fn from_raw(value: NonNull<T>) -> Gc<T> {
        Gc(value, PhantomData)
    }

    /// Makes one more pointer to an open object: one that is alive, and neither condemned nor
    /// dying.
    ///
    /// # Safety
    /// `value` is the address of a living `T` in a slot. (This function adds the count itself.)
    pub(crate) unsafe fn another(value: NonNull<T>) -> Gc<T> {
        // SAFETY: the caller's promise; `held` is never dropped, so it takes over no count.
        let held = ManuallyDrop::new(unsafe { Gc::from_raw(value) });
        Gc::clone(&held)
    }

    #[inline]
    pub(crate) fn object(&self) -> Object {
        // SAFETY: invariant 1: `self` holds a count.
        unsafe { Object::new(self.0.cast()) }
    }

    pub(crate) fn value_pointer(&self) -> NonNull<T> {
        self.0
    }

    /// Returns the address of the value.
    #[inline]
    pub fn as_ptr(this: &Gc<T>) -> *const T {
        this.0.as_ptr()
    }

    /// Returns true if both pointers point to the same object.
    #[inline]
    pub fn ptr_eq(this: &Gc<T>, other: &Gc<T>) -> bool {
        ptr::addr_eq(this.0.as_ptr(), other.0.as_ptr())
    }

    /// Returns the number of counted pointers to the object, or `usize::MAX` if the count is
    /// saturated. An object with a saturated count is immortal.
    pub fn strong_count(this: &Gc<T>) -> usize {
        match this.object().count().get() {
            u32::MAX => usize::MAX,
            count => count as usize,
        }
    }

    /// Returns the number of weak references to the object. All [`Weak`]s without a callback count
    /// as one, and so do a [`Weak`] with a callback and its clones. Takes time in proportion to that number:
    /// the weak references are counted one by one.
    pub fn weak_count(this: &Gc<T>) -> usize {
        let object = this.object();
        let mut count = 0;
        object.core().weaks.each(object, |_| count += 1);
        count
    }

    /// Returns a handle to the heap that the object lives in.
    pub fn heap(this: &Gc<T>) -> Heap {
        Heap::of(this.object().core())
    }

    /// Returns an untyped pointer to the object.
    pub fn as_any(this: &Gc<T>) -> GcAny {
        GcAny::another(this.object())
    }

    /// Makes a weak reference without a callback. All such weak references to one object share one
    /// cell.
    ///
    /// # Panics
    /// Panics if the program's allocator is out of memory; see
    /// [`try_downgrade`](Gc::try_downgrade).
    pub fn downgrade(this: &Gc<T>) -> Weak<T> {
        Gc::try_downgrade(this).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Makes a weak reference as [`downgrade`](Gc::downgrade) does, and returns an error instead of
    /// panicking.
    ///
    /// # Errors
    /// Returns [`OutOfMemory`] if there is no memory, even after a full collection.
    ///
    /// ```
    /// use gc_core::{Gc, Heap};
    ///
    /// let heap = Heap::new();
    /// let value = heap.alloc(1u8);
    /// assert_eq!(Gc::try_downgrade(&value)?.upgrade().as_deref(), Some(&1));
    /// # Ok::<(), gc_core::OutOfMemory<()>>(())
    /// ```
    pub fn try_downgrade(this: &Gc<T>) -> Result<Weak<T>, OutOfMemory<()>> {
        Weak::plain(this)
    }

    /// Makes a weak reference with a callback, which runs when the object dies, unless the
    /// reference and all its clones have been dropped before. The captures of the callback count as
    /// held from outside of the heap.
    ///
    /// ```
    /// use gc_core::{Gc, Heap};
    /// use std::{cell::Cell, rc::Rc};
    ///
    /// let heap = Heap::new();
    /// let value = heap.alloc(1u8);
    /// let called = Rc::new(Cell::new(false));
    /// let seen = called.clone();
    /// let weak = Gc::downgrade_with(&value, move || seen.set(true));
    /// drop(value);
    /// assert!(called.get() && weak.upgrade().is_none());
    /// ```
    ///
    /// # Panics
    /// Panics if the program's allocator is out of memory; see
    /// [`try_downgrade_with`](Gc::try_downgrade_with).
    pub fn downgrade_with(this: &Gc<T>, callback: impl FnOnce() + 'static) -> Weak<T> {
        Gc::try_downgrade_with(this, callback).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Makes a weak reference as [`downgrade_with`](Gc::downgrade_with) does, and returns an error
    /// instead of panicking. If it fails, the callback is dropped.
    ///
    /// # Errors
    /// Returns [`OutOfMemory`] if there is no memory, even after a full collection.
    pub fn try_downgrade_with(this: &Gc<T>, callback: impl FnOnce() + 'static) -> Result<Weak<T>, OutOfMemory<()>> {
        Weak::with_callback(this, callback)
    }

    /// Changes the type of a pointer, for [`gc_cast!`](crate::gc_cast), in which the compiler has
    /// checked the coercion.
    ///
    /// # Safety
    /// `to` was made from `this` by an unsizing coercion.
    #[doc(hidden)]
    pub unsafe fn __cast<U: ?Sized>(this: Gc<T>, to: *const U) -> Gc<U> {
        let _moved = ManuallyDrop::new(this);
        // SAFETY: the caller promises that `to` has the address of `this`, which is not null; the
        // count moves to the result.
        unsafe { Gc(NonNull::new_unchecked(to.cast_mut()), PhantomData) }
    }
}

impl<T: Trace> Gc<T> {
    /// Moves the value out if this is the only pointer to it, and returns the pointer otherwise.
    /// Weak references to the object are cleared, and their callbacks run. The finalizer does not
    /// run, because the value is not destroyed.
    ///
    /// # Errors
    /// Returns the pointer itself if there are other pointers to the object, or if the value is a
    /// [`WeakRef`](crate::WeakRef), which cannot leave its object.
    pub fn try_unwrap(this: Gc<T>) -> Result<T, Gc<T>> {
        let object = this.object();
        if object.count().get() != 1 || object.info().managed_weak.is_some() {
            return Err(this);
        }
        let this = ManuallyDrop::new(this);
        let core = object.core();
        object.place().clear_alloc();
        object.count().close();
        // SAFETY: invariant 11: the count is zero now; the slot is freed without a drop.
        let value = unsafe { this.0.read() };
        finalizer::part_with_weak(core, object);
        core.free_slot(object);
        if core.release.pending_work.get() {
            release::on_exit(core);
        }
        Ok(value)
    }
}

impl<T: ?Sized> Clone for Gc<T> {
    #[inline]
    fn clone(&self) -> Gc<T> {
        let pointer = self.0;
        if self.object().count().increment() {
            note_saturated(self.object());
        }
        Gc(pointer, PhantomData)
    }
}

#[cold]
fn note_saturated(object: Object) {
    let saturated = &object.core().life.saturated;
    saturated.set(saturated.get() + 1);
}

impl<T: ?Sized> Drop for Gc<T> {
    #[inline]
    fn drop(&mut self) {
        release::decrement(self.object());
    }
}

impl<T: ?Sized> Deref for Gc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: invariants 10 and 11: the value lives as long as a pointer that can
        // be dereferenced exists.
        unsafe { self.0.as_ref() }
    }
}

impl<T: ?Sized> AsRef<T> for Gc<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized> core::borrow::Borrow<T> for Gc<T> {
    fn borrow(&self) -> &T {
        self
    }
}

// SAFETY: `trace` reports the pointer, once. Dropping the pointer dereferences nothing that is
// traced: the release looks at headers only, and drops a value when no pointer to it is left.
unsafe impl<T: Trace + ?Sized> Trace for Gc<T> {
    fn types(walk: &mut TypeWalker) {
        walk.edge::<T>();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        visit(visitor, self.object());
    }
    fn label(&self) -> KeyLabel<'_> {
        KeyLabel::None
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for Gc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized> fmt::Pointer for Gc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&self.0, f)
    }
}

/// Compares the values, as `Rc` does. A derived `PartialEq` of a type that points to its own kind
/// follows the pointers. On a cycle, such a comparison does not end and overflows the stack.
/// Compare such objects by identity: [`Gc::ptr_eq`], [`ByAddress`] as a key, or
/// `#[trace(identity)]` on the type, which derives `PartialEq`, `Eq` and `Hash` by identity.
///
/// ```
/// use gc_core::{ByAddress, Gc, Heap, Slot, Trace};
/// use std::collections::HashSet;
///
/// #[derive(Trace)]
/// #[trace(identity)]
/// struct Node {
///     next: Slot<Node>,
/// }
///
/// let heap = Heap::new();
/// let node = || heap.alloc(Node { next: Slot::empty() });
/// let (a, b) = (node(), node());
/// a.next.set(Some(a.clone())); // a cycle
/// assert!(a == a.clone() && a != b);
/// let seen: HashSet<Gc<Node>> = [a.clone(), a.clone(), b].into();
/// assert_eq!(seen.len(), 2);
/// assert!(ByAddress(a.clone()) == ByAddress(a));
/// ```
impl<T: PartialEq + ?Sized> PartialEq for Gc<T> {
    fn eq(&self, other: &Gc<T>) -> bool {
        **self == **other
    }
}

impl<T: Eq + ?Sized> Eq for Gc<T> {}

impl<T: PartialOrd + ?Sized> PartialOrd for Gc<T> {
    fn partial_cmp(&self, other: &Gc<T>) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: Ord + ?Sized> Ord for Gc<T> {
    fn cmp(&self, other: &Gc<T>) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: Hash + ?Sized> Hash for Gc<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

/// Turns a `Gc<T>` into a `Gc<dyn Trait>` (or another unsized type that `T` coerces
/// to), on stable and without `unsafe`. See [`DynTrace`](crate::DynTrace).
///
/// ```
/// use gc_core::{gc_cast, Gc, Heap};
///
/// let heap = Heap::new();
/// let numbers: Gc<[u8]> = gc_cast!(heap.alloc([1u8, 2, 3]) => [u8]);
/// assert_eq!(numbers.len(), 3);
/// ```
#[macro_export]
macro_rules! gc_cast {
    ($value:expr => $to:ty) => {{
        let value = $value;
        // A `*mut T` is invariant in `T`. A subtype must be refused, because it has a type id of
        // its own.
        let from = $crate::Gc::as_ptr(&value).cast_mut();
        // Only an unsizing coercion of this very pointer compiles here.
        let to: *mut $to = from;
        // SAFETY: the promise of `__cast`: `to` was coerced from the pointer's own address.
        unsafe { $crate::Gc::__cast(value, to.cast_const()) }
    }};
}
