//! Allocation of managed weak references.

use super::Gc;
use super::place::{HalfBuilt, init};
use crate::collect::pressure::report_oom;
use crate::ground::error::OutOfMemory;
use crate::heap::Heap;
use crate::object::raw::Object;
use crate::trace::Trace;
use crate::trace::shape::{WeakOne, info_of};
use crate::weak::WeakRef;

impl Heap {
    /// Allocates a weak reference to the target that is itself an object of this heap.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let target = heap.alloc(7);
    /// let weak = heap.alloc_weak(&target);
    /// assert_eq!(weak.upgrade().as_deref(), Some(&7));
    /// drop(target);
    /// assert!(weak.upgrade().is_none());
    /// ```
    ///
    /// # Panics
    /// Panics if the heap is out of memory.
    #[track_caller]
    pub fn alloc_weak<T: Trace + ?Sized>(&self, target: &Gc<T>) -> Gc<WeakRef<T>> {
        self.try_alloc_weak(target).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Allocates as [`alloc_weak`](Heap::alloc_weak) does, and returns an error instead of
    /// panicking.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let target = heap.alloc(7);
    /// assert!(heap.try_alloc_weak(&target).is_ok_and(|weak| weak.upgrade().is_some()));
    /// ```
    ///
    /// # Errors
    /// Returns [`OutOfMemory`] if the heap is out of memory.
    #[track_caller]
    pub fn try_alloc_weak<T: Trace + ?Sized>(&self, target: &Gc<T>) -> Result<Gc<WeakRef<T>>, OutOfMemory<()>> {
        self.place_weak(|object| WeakRef::link(target, object, None::<fn(&Gc<WeakRef<T>>)>))
    }

    /// Allocates a weak reference with a callback that runs when the target dies. The callback is
    /// given the weak reference, which is dead by then.
    ///
    /// While the callback waits, its captures count as held from outside of the heap. A captured
    /// `Gc` that leads to the holder of the weak reference is therefore a leak;
    /// [`alloc_weak_with_state`](Heap::alloc_weak_with_state) avoids it.
    ///
    /// # Panics
    /// Panics if the heap is out of memory.
    ///
    /// ```
    /// use gc_core::{Gc, Heap};
    ///
    /// let heap = Heap::new();
    /// let target = heap.alloc(String::from("target"));
    /// let weak = heap.alloc_weak_with(&target, |this| assert!(this.upgrade().is_none()));
    /// drop(target);
    /// assert!(!weak.has_callback());
    /// ```
    #[track_caller]
    pub fn alloc_weak_with<T: Trace + ?Sized>(
        &self,
        target: &Gc<T>,
        callback: impl FnOnce(&Gc<WeakRef<T>>) + 'static,
    ) -> Gc<WeakRef<T>> {
        self.try_alloc_weak_with(target, callback).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Allocates as [`alloc_weak_with`](Heap::alloc_weak_with) does, and returns an error instead
    /// of panicking. If it fails, the callback is dropped.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let target = heap.alloc(7);
    /// let weak = heap.try_alloc_weak_with(&target, |this| assert!(this.upgrade().is_none())).unwrap();
    /// drop(target); // the callback runs
    /// assert!(!weak.has_callback());
    /// ```
    ///
    /// # Errors
    /// Returns [`OutOfMemory`] if the heap is out of memory.
    #[track_caller]
    pub fn try_alloc_weak_with<T: Trace + ?Sized>(
        &self,
        target: &Gc<T>,
        callback: impl FnOnce(&Gc<WeakRef<T>>) + 'static,
    ) -> Result<Gc<WeakRef<T>>, OutOfMemory<()>> {
        self.place_weak(|object| WeakRef::link(target, object, Some(callback)))
    }

    /// Allocates a weak reference with a callback and a state, which is an object of the heap. When
    /// the target dies, the callback is given the weak reference and the state.
    ///
    /// The heap traces the pointer from the weak reference to the state. A state that leads to the
    /// holder of the weak reference is therefore no leak, unlike a pointer that the closure of
    /// [`alloc_weak_with`](Heap::alloc_weak_with) captures.
    ///
    /// The callback takes over the pointer to the state. If it never runs, the state is released
    /// together with the weak reference.
    ///
    /// # Panics
    /// Panics if the heap is out of memory.
    ///
    /// ```
    /// use gc_core::{Heap, List, Slot, Trace, WeakRef};
    ///
    /// #[derive(Trace, Default)]
    /// struct Cache {
    ///     entries: List<WeakRef<String>>,
    ///     gone: std::cell::Cell<u32>,
    /// }
    ///
    /// let heap = Heap::new();
    /// let (cache, text) = (heap.alloc(Cache::default()), heap.alloc(String::from("text")));
    /// cache.entries.push(heap.alloc_weak_with_state(&text, cache.clone(), |_, cache| {
    ///     cache.gone.set(cache.gone.get() + 1);
    /// }));
    /// drop(text);
    /// assert_eq!(cache.gone.get(), 1);
    /// let other = heap.alloc(String::from("held"));
    /// cache.entries.push(heap.alloc_weak_with_state(&other, cache.clone(), |_, _| ()));
    /// drop(cache);
    /// assert_eq!(heap.collect(), 3, "the cache, and its weak references");
    /// ```
    #[track_caller]
    pub fn alloc_weak_with_state<T: Trace + ?Sized, S: Trace>(
        &self,
        target: &Gc<T>,
        state: Gc<S>,
        callback: fn(&Gc<WeakRef<T>>, Gc<S>),
    ) -> Gc<WeakRef<T>> {
        self.try_alloc_weak_with_state(target, state, callback).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Allocates as [`alloc_weak_with_state`](Heap::alloc_weak_with_state) does, and returns an
    /// error instead of panicking.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let (target, state) = (heap.alloc(7), heap.alloc(std::cell::Cell::new(0)));
    /// let weak = heap.try_alloc_weak_with_state(&target, state.clone(), |_, state| state.set(1)).unwrap();
    /// drop(target); // the callback runs
    /// assert_eq!((state.get(), weak.has_callback()), (1, false));
    /// ```
    ///
    /// # Errors
    /// Returns [`OutOfMemory`] if the heap is out of memory.
    #[track_caller]
    pub fn try_alloc_weak_with_state<T: Trace + ?Sized, S: Trace>(
        &self,
        target: &Gc<T>,
        state: Gc<S>,
        callback: fn(&Gc<WeakRef<T>>, Gc<S>),
    ) -> Result<Gc<WeakRef<T>>, OutOfMemory<()>> {
        self.place_weak(|object| WeakRef::link_with_state(target, object, state, callback))
    }

    #[track_caller]
    fn place_weak<T: Trace + ?Sized>(
        &self,
        link: impl FnOnce(Object) -> Result<WeakRef<T>, OutOfMemory<()>>,
    ) -> Result<Gc<WeakRef<T>>, OutOfMemory<()>> {
        let size = size_of::<WeakRef<T>>();
        let placed = self.place(info_of::<WeakOne<WeakRef<T>>>(), size, 0, 0);
        let object = placed.map_err(|kind| report_oom(self.core(), kind, size))?;
        let half_built = HalfBuilt { core: self.core(), object };
        let value = link(object)?;
        core::mem::forget(half_built);
        // SAFETY: invariant 13: a slot for this value was just taken.
        Ok(unsafe { init(object, object.block(), value) })
    }
}
