//! Allocation: puts a value on the heap and makes the first pointer to it.

use super::Gc;
use super::place::{HalfBuilt, init, out_of_memory, place};
use crate::collect::pressure::{report_oom, retry_after_gc};
use crate::ground::error::{OutOfMemory, OutOfMemoryKind};
use crate::heap::Heap;
use crate::object::raw::Object;
use crate::object::type_info::TypeInfo;
use crate::storage::bins::size_class;
use crate::trace::Trace;
use crate::trace::shape::{Many, One, Shape, Text, info_of, length_place, owned_in};
use crate::weak::Weak;
use core::panic::Location;
use core::ptr::{self, NonNull};

/// The exclusive upper limit of the bytes of a slice or string.
const MAX_SIZE: usize = isize::MAX as usize / 2;

impl Heap {
    /// Puts a value on the heap. The call may run a collection first, which may run any user code.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let number = heap.alloc(7);
    /// assert_eq!(*number, 7);
    /// ```
    ///
    /// # Panics
    /// Panics if the heap is out of memory; see [`try_alloc`](Heap::try_alloc).
    #[inline]
    #[track_caller]
    pub fn alloc<T: Trace>(&self, value: T) -> Gc<T> {
        let info = info_of::<One<T>>();
        let core = self.core();
        let Some((object, block)) = core.take_cached_slot(info) else { return self.alloc_slow(info, value) };
        core.be_born(object, block);
        // SAFETY: invariant 13: the slot was just taken for a `T`.
        unsafe { init(object, block, value) }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn alloc_slow<T: Trace>(&self, info: &'static TypeInfo, value: T) -> Gc<T> {
        let owned = self.charge_for(&value);
        match self.place(info, size_of::<T>(), 0, owned) {
            // SAFETY: invariant 13: a slot for a `T` was just taken.
            Ok(object) => unsafe { init(object, object.block(), value) },
            Err(kind) => out_of_memory(self.core(), kind, size_of::<T>().saturating_add(owned)),
        }
    }

    /// Allocates as [`alloc`](Heap::alloc) does, and returns an error instead of panicking.
    ///
    /// # Errors
    /// Returns [`OutOfMemory`], which hands the value back, if the heap is out of memory.
    ///
    /// ```
    /// use gc_core::{Heap, OutOfMemoryKind};
    ///
    /// let heap = Heap::builder().max(1 << 20).build()?;
    /// let mut held = Vec::new();
    /// let error = loop {
    ///     match heap.try_alloc([1u64; 100]) {
    ///         Ok(object) => held.push(object),
    ///         Err(error) => break error,
    ///     }
    /// };
    /// assert_eq!((error.kind, error.value[0]), (OutOfMemoryKind::HeapSpace, 1));
    /// held.clear();
    /// assert!(heap.try_alloc(error.value).is_ok());
    /// # Ok::<(), gc_core::BuildError>(())
    /// ```
    #[track_caller]
    pub fn try_alloc<T: Trace>(&self, value: T) -> Result<Gc<T>, OutOfMemory<T>> {
        let owned = self.charge_for(&value);
        match self.place(info_of::<One<T>>(), size_of::<T>(), 0, owned) {
            // SAFETY: invariant 13: a slot for a `T` was just taken.
            Ok(object) => Ok(unsafe { init(object, object.block(), value) }),
            Err(kind) => Err(report_oom(self.core(), kind, size_of::<T>().saturating_add(owned)).with(value)),
        }
    }

    /// Puts a value on the heap that holds a weak reference to itself. `make` is passed the
    /// reference and returns the value. The reference cannot be upgraded until this function
    /// returns. If `make` panics, nothing is allocated.
    ///
    /// # Panics
    /// Panics if the heap is out of memory, or if `make` panics.
    ///
    /// ```
    /// use gc_core::{Gc, Heap, Trace, Weak};
    ///
    /// #[derive(Trace)]
    /// struct Gadget {
    ///     me: Weak<Gadget>,
    /// }
    ///
    /// let heap = Heap::new();
    /// let gadget = heap.new_cyclic(|me| Gadget { me: me.clone() });
    /// assert!(Gc::ptr_eq(&gadget, &gadget.me.upgrade().unwrap()));
    /// ```
    #[track_caller]
    pub fn new_cyclic<T: Trace>(&self, make: impl FnOnce(&Weak<T>) -> T) -> Gc<T> {
        let core = self.core();
        let object = match self.place(info_of::<One<T>>(), size_of::<T>(), 0, 0) {
            Ok(object) => object,
            Err(kind) => out_of_memory(core, kind, size_of::<T>()),
        };
        let block = object.block();
        let half_built = HalfBuilt { core, object };
        object.count().close();
        let weak = Weak::to_object(object, object.value().cast::<T>()).unwrap_or_else(|error| panic!("{error}"));
        let value = make(&weak);
        core.storage.owned_look.charge(&core.storage.account, self.charge_for(&value));
        core::mem::forget(half_built);
        object.count().start(block.is_tracked());
        core.state.epoch.open_for_young(block);
        // SAFETY: invariant 13: the slot was taken for a `T` and was not given back.
        unsafe { init(object, block, value) }
    }

    /// Puts a copy of a string on the heap.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let text: gc_core::Gc<str> = heap.alloc_str("text");
    /// assert_eq!(&*text, "text");
    /// ```
    ///
    /// # Panics
    /// Panics if the heap is out of memory.
    #[track_caller]
    pub fn alloc_str(&self, text: &str) -> Gc<str> {
        self.try_alloc_str(text).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Copies a string as [`alloc_str`](Heap::alloc_str) does, and returns an error instead of
    /// panicking.
    ///
    /// ```
    /// let heap = gc_core::Heap::builder().max(4 << 20).build()?;
    /// assert!(heap.try_alloc_str("short").is_ok());
    /// assert!(heap.try_alloc_str(&"long".repeat(2 << 20)).is_err());
    /// # Ok::<(), gc_core::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`OutOfMemory`] if the heap is out of memory.
    #[track_caller]
    pub fn try_alloc_str(&self, text: &str) -> Result<Gc<str>, OutOfMemory<()>> {
        let object = self.place_many::<Text>(text.len(), 1, 0)?;
        // SAFETY: invariant 13: a slot for `text.len()` bytes was just taken; the bytes are valid
        // UTF-8.
        unsafe {
            ptr::copy_nonoverlapping(text.as_ptr(), object.value().as_ptr(), text.len());
            Ok(self.finish::<Text>(object))
        }
    }

    /// Puts the values of an iterator on the heap, as one slice.
    ///
    /// # Panics
    /// Panics if the heap is out of memory, if the iterator panics, or if the iterator yields fewer
    /// values than its length says.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// let squares = heap.alloc_slice([1, 2, 3, 4].map(|n| n * n));
    /// assert_eq!(*squares, [1, 4, 9, 16]);
    /// ```
    #[track_caller]
    pub fn alloc_slice<T: Trace, I>(&self, values: I) -> Gc<[T]>
    where
        I: IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
    {
        self.try_alloc_slice(values).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Allocates as [`alloc_slice`](Heap::alloc_slice) does, and returns an error instead of
    /// panicking if the heap is out of memory.
    ///
    /// ```
    /// let heap = gc_core::Heap::builder().max(4 << 20).build()?;
    /// assert_eq!(heap.try_alloc_slice([1, 2]).unwrap().len(), 2);
    /// // The values come back.
    /// assert_eq!(heap.try_alloc_slice(vec![0_u64; 1 << 20]).unwrap_err().value.len(), 1 << 20);
    /// # Ok::<(), gc_core::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`OutOfMemory`], which hands the values back, if the heap is out of memory. The
    /// vector in the error is empty if there was no memory to gather the values in.
    ///
    /// # Panics
    /// Panics if the iterator panics, or if it yields fewer values than its length says.
    #[track_caller]
    pub fn try_alloc_slice<T: Trace, I>(&self, values: I) -> Result<Gc<[T]>, OutOfMemory<alloc::vec::Vec<T>>>
    where
        I: IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
    {
        // The iterator is user code: it runs before a slot is taken.
        let values = values.into_iter();
        let expected = values.len();
        let mut gathered = self.vector_for(expected)?;
        gathered.extend(values.take(expected));
        let values = gathered;
        assert_eq!(values.len(), expected, "the iterator yielded fewer values than it said");
        let owned = self.charge_for(values.as_slice());
        let object = match self.place_many::<Many<T>>(values.len(), size_of::<T>(), owned) {
            Ok(object) => object,
            Err(error) => return Err(error.with(values)),
        };
        let mut values = core::mem::ManuallyDrop::new(values);
        // SAFETY: invariant 13: a slot for `values.len()` elements was just taken; the elements
        // move there, and the vector drops none.
        unsafe {
            ptr::copy_nonoverlapping(values.as_ptr(), object.value().cast::<T>().as_ptr(), values.len());
            values.set_len(0);
            drop(core::mem::ManuallyDrop::into_inner(values));
            Ok(self.finish::<Many<T>>(object))
        }
    }

    /// Takes a slot: see the function [`place`]. While allocations are tracked, also notes the
    /// caller.
    #[track_caller]
    pub(super) fn place(
        &self,
        info: &'static TypeInfo,
        size: usize,
        class: u8,
        owned: usize,
    ) -> Result<Object, OutOfMemoryKind> {
        let core = self.core();
        let object = place(core, info, size, class, owned)?;
        if core.telemetry.allocation_sites.is_on.get() {
            core.telemetry.allocation_sites.note(&core.storage.memory, object, Location::caller());
        }
        Ok(object)
    }

    /// Returns the bytes that a value owns outside of itself, or 0 if the heap has no limit.
    fn charge_for<T: Trace + ?Sized>(&self, value: &T) -> usize {
        if self.core().storage.account.is_limited() { owned_in(value) } else { 0 }
    }

    /// Returns an empty vector with room for `length` values.
    fn vector_for<T>(&self, length: usize) -> Result<alloc::vec::Vec<T>, OutOfMemory<alloc::vec::Vec<T>>> {
        let made =
            retry_after_gc(self.core(), alloc::vec::Vec::new(), |mut vector| match vector.try_reserve_exact(length) {
                Ok(()) => Ok(vector),
                Err(_) => Err(vector),
            });
        let bytes = length.saturating_mul(size_of::<T>());
        made.map_err(|vector| report_oom(self.core(), OutOfMemoryKind::HeapSpace, bytes).with(vector))
    }

    /// Takes a slot for `length` elements of `element` bytes each, and writes `length` into it.
    #[track_caller]
    fn place_many<S: Shape>(&self, length: usize, element: usize, owned: usize) -> Result<Object, OutOfMemory<()>> {
        let bytes = length.saturating_mul(element);
        let placed = match bytes {
            0..MAX_SIZE => {
                let (class, size) = size_class(bytes);
                self.place(info_of::<S>(), size, class, owned)
            }
            _ => Err(OutOfMemoryKind::RequestTooLarge),
        };
        let object = placed.map_err(|kind| report_oom(self.core(), kind, bytes.saturating_add(owned)))?;
        // SAFETY: invariants 4 and 13: the slot has 16 bytes before its value; the first 8 hold the
        // length.
        unsafe { length_place(object).write(length) };
        Ok(object)
    }

    /// Makes the object of a written slot alive and returns the first pointer to it.
    ///
    /// # Safety
    /// The caller has written the elements and their number into the slot.
    unsafe fn finish<S: Shape>(&self, object: Object) -> Gc<S::Value> {
        object.block().publish(object);
        // SAFETY: the caller promises that a value lies in the slot; its first count belongs to
        // this pointer.
        unsafe { Gc::from_raw(NonNull::new_unchecked(S::value(object))) }
    }
}
