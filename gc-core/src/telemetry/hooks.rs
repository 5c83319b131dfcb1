//! The hooks: functions of the embedder that the heap calls at certain events, only where user code
//! is allowed.

use crate::ground::config::Generation;
use crate::ground::error::OutOfMemory;
use crate::storage::chunk::Owner;
use crate::telemetry::records::CollectionRecord;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

/// The kind of an [`Unraisable`]: the user code that panicked, or another event.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// use gc_core::hooks::UnraisableKind;
///
/// heap.on_unraisable(|_, event| match event.kind {
///     UnraisableKind::Finalizer => eprintln!("a finalizer of {} failed", event.type_name),
///     _ => eprintln!("{event}"),
/// });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum UnraisableKind {
    /// A finalizer panicked.
    Finalizer,
    /// [`Finalize::armed`](crate::Finalize::armed) panicked.
    Armed,
    /// The callback of a weak reference panicked.
    WeakCallback,
    /// The drop of a value panicked.
    ValueDrop,
    /// A collection callback or another hook panicked.
    Hook,
    /// A count saturated, so that the object is immortal from now on. (This is not a panic.)
    CountSaturated,
    /// Objects were uncollectable when the heap was dropped. (This is not a panic.)
    UncollectableAtExit,
}

/// A panic of user code that has no caller to propagate to, or another event that no function can
/// return as an error. Python prints such events as "Exception ignored in".
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.on_unraisable(|_, event| eprintln!("{:?} of {}: {}", event.kind, event.type_name, event.message));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unraisable {
    /// The kind of the event.
    pub kind: UnraisableKind,
    /// The short type name of the object concerned; empty if the event concerns no object.
    pub type_name: String,
    /// The message of the panic, or a description of the event.
    pub message: String,
}

impl core::fmt::Display for Unraisable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let place = match self.kind {
            UnraisableKind::Finalizer => "panic ignored in finalizer of",
            UnraisableKind::Armed => "panic ignored in armed() of",
            UnraisableKind::WeakCallback => "panic ignored in weak callback of",
            UnraisableKind::ValueDrop => "panic ignored in drop of",
            UnraisableKind::Hook => "panic ignored in hook",
            UnraisableKind::CountSaturated => "counts saturated, objects are immortal",
            UnraisableKind::UncollectableAtExit => "the heap was dropped",
        };
        f.write_str(place)?;
        if !self.type_name.is_empty() {
            write!(f, " {}", self.type_name)?;
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

/// The moment of a collection at which a collection callback is called.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.on_collection(|_, phase, _| assert!(matches!(phase, gc_core::hooks::Phase::Start | gc_core::hooks::Phase::Stop)));
/// heap.collect();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// The collection begins: no object was examined yet.
    Start,
    /// The collection has ended.
    Stop,
}

/// The numbers that a collection callback is given. At the start of the collection the counts are
/// 0, as in Python.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.on_collection(|_, _, info| assert_eq!((info.generation.number(), info.collected), (2, 0)));
/// heap.collect();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CollectionInfo {
    /// The oldest generation examined: 0, 1 or 2.
    pub generation: Generation,
    /// Objects reclaimed.
    pub collected: usize,
    /// Objects found uncollectable.
    pub uncollectable: usize,
}

/// Identifies a hook, so that it can be removed: see
/// [`Heap::remove_hook`](crate::Heap::remove_hook).
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let id: gc_core::hooks::HookId = heap.on_collection(|_, _, _| ());
/// assert!(heap.remove_hook(id));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HookId {
    number: u64,
    /// The address of the heap's `Hooks`: the id identifies no hook of another heap.
    heap: usize,
}

/// A hook. The first argument of a hook is the heap that it is called for.
pub(crate) type Hook<E> = Rc<dyn Fn(NonNull<Owner>, &E)>;

pub(crate) type OnCollection = Rc<dyn Fn(NonNull<Owner>, Phase, &CollectionInfo)>;
pub(crate) type OnUnraisable = Hook<Unraisable>;
pub(crate) type LogSink = Hook<str>;
pub(crate) type OnOutOfMemory = Hook<OutOfMemory<()>>;
pub(crate) type OnRecord = Hook<CollectionRecord>;

/// The collection callbacks of a heap, in the order in which they were added.
pub(crate) type Callbacks = Rc<Vec<(HookId, OnCollection)>>;

/// A hook that was replaced or removed; `None` if there was none. The receiver must drop it as user
/// code.
pub(crate) type Removed = Option<Box<dyn Any>>;

/// The hook of a kind of which a heap has at most one.
struct One<F>(RefCell<Option<(HookId, F)>>);

impl<F: Clone + 'static> One<F> {
    fn none() -> One<F> {
        One(RefCell::new(None))
    }

    fn get(&self) -> Option<F> {
        self.0.borrow().as_ref().map(|(_, hook)| hook.clone())
    }

    fn is_set(&self) -> bool {
        self.0.borrow().is_some()
    }

    fn set(&self, id: HookId, hook: F) -> Removed {
        self.0.replace(Some((id, hook))).map(boxed)
    }

    fn remove(&self, id: HookId) -> Removed {
        let mut hook = self.0.borrow_mut();
        hook.take_if(|(known, _)| *known == id).map(boxed)
    }
}

fn boxed(hook: impl Any) -> Box<dyn Any> {
    Box::new(hook)
}

pub(crate) struct Hooks {
    unraisable: One<OnUnraisable>,
    log: One<LogSink>,
    out_of_memory: One<OnOutOfMemory>,
    record: One<OnRecord>,
    /// The collection callbacks. The list is replaced, never changed in place, because a collection
    /// may be calling them.
    callbacks: RefCell<Callbacks>,
    /// True while the out-of-memory hook runs.
    pub(crate) in_oom_hook: Cell<bool>,
    /// True while the record hook runs. A collection that ends meanwhile is recorded, but the hook
    /// is not called for it.
    pub(crate) in_record_hook: Cell<bool>,
    next_id: Cell<u64>,
}

impl Hooks {
    pub(crate) fn new() -> Hooks {
        Hooks {
            unraisable: One::none(),
            log: One::none(),
            out_of_memory: One::none(),
            record: One::none(),
            callbacks: RefCell::default(),
            in_oom_hook: Cell::new(false),
            in_record_hook: Cell::new(false),
            next_id: Cell::new(0),
        }
    }

    fn new_id(&self) -> HookId {
        let number = self.next_id.replace(self.next_id.get() + 1);
        HookId { number, heap: core::ptr::from_ref(self).addr() }
    }

    pub(crate) fn set_unraisable(&self, hook: OnUnraisable) -> (HookId, Removed) {
        let id = self.new_id();
        (id, self.unraisable.set(id, hook))
    }

    pub(crate) fn unraisable(&self) -> Option<OnUnraisable> {
        self.unraisable.get()
    }

    pub(crate) fn set_log(&self, sink: LogSink) -> (HookId, Removed) {
        let id = self.new_id();
        (id, self.log.set(id, sink))
    }

    pub(crate) fn log(&self) -> Option<LogSink> {
        self.log.get()
    }

    pub(crate) fn set_out_of_memory(&self, hook: OnOutOfMemory) -> (HookId, Removed) {
        let id = self.new_id();
        (id, self.out_of_memory.set(id, hook))
    }

    pub(crate) fn out_of_memory(&self) -> Option<OnOutOfMemory> {
        self.out_of_memory.get()
    }

    pub(crate) fn set_record(&self, hook: OnRecord) -> (HookId, Removed) {
        let id = self.new_id();
        (id, self.record.set(id, hook))
    }

    pub(crate) fn record(&self) -> Option<OnRecord> {
        self.record.get()
    }

    pub(crate) fn add_callback(&self, callback: OnCollection) -> HookId {
        let id = self.new_id();
        let mut callbacks = self.callbacks.borrow_mut();
        let more = callbacks.iter().cloned().chain([(id, callback)]).collect();
        *callbacks = Rc::new(more);
        id
    }

    /// Returns the collection callbacks; `None` if there are none. The returned list keeps them
    /// even if they are removed later.
    pub(crate) fn callbacks(&self) -> Option<Callbacks> {
        let callbacks = self.callbacks.borrow();
        (!callbacks.is_empty()).then(|| callbacks.clone())
    }

    fn remove_callback(&self, id: HookId) -> Removed {
        let mut callbacks = self.callbacks.borrow_mut();
        let mut fewer = Vec::clone(&callbacks);
        let at = fewer.iter().position(|(known, _)| *known == id)?;
        let removed = fewer.remove(at).1;
        // The old list holds the removed hook as well. The old list is returned too, so that the
        // caller drops both where user code may run.
        let old = core::mem::replace(&mut *callbacks, Rc::new(fewer));
        Some(boxed((removed, old)))
    }

    /// Removes the hook with this id, and returns it. Returns `None` if there is no such hook.
    pub(crate) fn remove(&self, id: HookId) -> Removed {
        let one = self.unraisable.remove(id).or_else(|| self.log.remove(id));
        let one = one.or_else(|| self.out_of_memory.remove(id)).or_else(|| self.record.remove(id));
        one.or_else(|| self.remove_callback(id))
    }

    /// Returns true if the heap has no hook.
    pub(crate) fn is_empty(&self) -> bool {
        let one = self.unraisable.is_set() || self.log.is_set() || self.out_of_memory.is_set() || self.record.is_set();
        !one && self.callbacks.borrow().is_empty()
    }

    /// Removes and returns all hooks, at the end of the heap.
    pub(crate) fn take_all(&self) -> [Removed; 5] {
        [
            self.unraisable.0.take().map(boxed),
            self.log.0.take().map(boxed),
            self.out_of_memory.0.take().map(boxed),
            self.record.0.take().map(boxed),
            Some(self.callbacks.take()).filter(|list| !list.is_empty()).map(boxed),
        ]
    }
}
