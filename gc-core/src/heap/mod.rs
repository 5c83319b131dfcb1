//! `Heap`: the handle by which a program uses a heap. The algorithms are in other modules.

mod as_fields;
mod builder;
mod enumerate;
mod garbage;
mod gc_module;
mod limits;
mod pace;
mod weak_heap;

pub use crate::ground::config::{DebugFlags, FinalizerPolicy, Generation, NoSuchGeneration, Pace};
pub use crate::ground::error::{BuildError, OutOfMemory, OutOfMemoryKind};
pub use builder::HeapBuilder;
pub use enumerate::Edge;
pub use garbage::Garbage;
pub use gc_module::Pause;
pub use limits::{ExternalBytes, MemoryMetrics, OutOfMemoryInfo};
pub use pace::{Budget, Progress};
pub use weak_heap::WeakHeap;

use crate::collect;
use crate::core::{Core, CoreRef};
use crate::object::type_info::Short;
use crate::release::{self, user_code};
use crate::storage::chunk::Owner;
use crate::telemetry::hooks::{Hook, Unraisable, UnraisableKind};
use crate::telemetry::records::Cause;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

/// A handle to a managed heap. Clones are handles to the same heap.
///
/// A program can have any number of heaps, which share nothing. A heap and its objects stay on the
/// thread that made the heap.
///
/// Dropping the last handle runs a last full collection. An object that is still held lives until
/// its last pointer is dropped. Objects that are uncollectable under [`FinalizerPolicy::Legacy`]
/// leak, as at Python's exit, and the hook of [`Heap::on_unraisable`] is called. Cycles that become
/// garbage after the last handle was dropped are never found: keep a handle as long as there are
/// pointers ([`Gc::heap`](crate::Gc::heap) returns one).
///
/// ```
/// use gc_core::Heap;
///
/// let heap = Heap::new();
/// let text = heap.alloc_str("on the heap");
/// assert_eq!(&*text, "on the heap");
/// ```
pub struct Heap(CoreRef);

impl Heap {
    /// Makes a heap with the default settings: [`FinalizerPolicy::Pep442`], CPython's thresholds,
    /// memory from the system.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// assert_eq!(heap.policy(), gc_core::FinalizerPolicy::default());
    /// ```
    pub fn new() -> Heap {
        Heap::builder().build().expect("a heap without limits can be made")
    }

    /// Returns the default settings for a new heap.
    ///
    /// ```
    /// let heap = gc_core::Heap::builder().max(64 << 20).build()?;
    /// # Ok::<(), gc_core::BuildError>(())
    /// ```
    pub fn builder() -> HeapBuilder {
        HeapBuilder::new()
    }

    pub(crate) fn adopt(core: Box<Core>) -> Heap {
        core.life.shutdown.set(Some(close));
        #[cfg(feature = "std")]
        core.release.depth.set(release::across::join());
        Heap(CoreRef::leak(core))
    }

    /// Makes one more counted handle to a heap.
    pub(crate) fn of(core: &Core) -> Heap {
        core.life.handles.set(core.life.handles.get() + 1);
        core.life.is_shut_down.set(false);
        Heap(CoreRef::of(core))
    }

    /// Makes a handle that is not counted, for a hook that is called while something else keeps the
    /// heap.
    pub(crate) fn of_owner(owner: NonNull<Owner>) -> ManuallyDrop<Heap> {
        ManuallyDrop::new(Heap(CoreRef::of(Core::of(owner))))
    }

    /// Converts a hook to the form in which the heap stores it: a function of the heap's owner.
    pub(crate) fn hook<E: ?Sized + 'static>(hook: impl Fn(&Heap, &E) + 'static) -> Hook<E> {
        Rc::new(move |owner, event: &E| hook(&Heap::of_owner(owner), event))
    }

    #[inline]
    pub(crate) fn core(&self) -> &Core {
        &self.0
    }

    /// Returns the rules for finalizers.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// println!("finalizers as in {:?}", heap.policy());
    /// ```
    pub fn policy(&self) -> FinalizerPolicy {
        self.core().policy
    }

    /// Returns true if both handles are handles to the same heap.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert!(heap.ptr_eq(&heap.clone()) && !heap.ptr_eq(&gc_core::Heap::new()));
    /// ```
    pub fn ptr_eq(&self, other: &Heap) -> bool {
        core::ptr::eq(self.core(), other.core())
    }
}

/// Runs a last full collection and reports uncollectable objects. The function is called when the
/// last handle is dropped.
fn close(core: &Core) {
    collect::collect_because(core, Cause::Exit, 2);
    let flags = DebugFlags::from_bits_retain(core.state.schedule.debug.get());
    let garbage = core.state.garbage.borrow().len();
    if garbage == 0 || flags.contains(DebugFlags::SAVE_ALL) {
        return;
    }
    let message = user_code::written(format_args!("{garbage} uncollectable objects at shutdown")).unwrap_or_default();
    user_code::report(
        core,
        Unraisable { kind: UnraisableKind::UncollectableAtExit, type_name: String::new(), message },
    );
    if flags.contains(DebugFlags::UNCOLLECTABLE) {
        for at in 0..garbage {
            let object = core.state.garbage.borrow().get(at).copied();
            if let Some(object) = object {
                let (name, address) = (Short((object.info().name)()), object.address());
                user_code::log(core, format_args!("gc: uncollectable at shutdown <{name} {address:#x}>"));
            }
        }
    }
}

impl Clone for Heap {
    fn clone(&self) -> Heap {
        Heap::of(self.core())
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        let core = self.core();
        core.life.handles.set(core.life.handles.get() - 1);
        if core.life.handles.get() == 0 {
            core.release.pending_work.set(true);
            release::on_exit(core);
        }
    }
}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

impl Heap {
    /// Returns the number of slots in use, of tracked and untracked objects, including half-built
    /// and dying objects. For tests: unlike [`objects`](Heap::objects) this function changes no
    /// count.
    #[doc(hidden)]
    pub fn slots_in_use(&self) -> usize {
        self.core().slots_in_use(|_| true)
    }
}

impl fmt::Debug for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let core = self.core();
        f.debug_struct("Heap")
            .field("policy", &core.policy)
            .field("objects", &self.slots_in_use())
            .field("bytes", &core.storage.memory.used_bytes())
            .finish_non_exhaustive()
    }
}
