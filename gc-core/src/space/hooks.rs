//! What the embedder hangs into the heap. Called only where user code is allowed.

use super::records::CollectionRecord;
use crate::OutOfMemory;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

/// Where in the heap's work user code panicked.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// use gc_core::UnraisableKind;
///
/// heap.on_unraisable(|event| match event.kind {
///     UnraisableKind::Finalizer => eprintln!("a finalizer of {} failed", event.type_name),
///     _ => eprintln!("{event}"),
/// });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum UnraisableKind {
    /// In a finalizer.
    Finalizer,
    /// In [`Finalize::armed`](crate::Finalize::armed).
    Armed,
    /// In the callback of a weak reference.
    WeakCallback,
    /// While a value was dropped.
    ValueDrop,
    /// In a collection callback or another hook.
    Hook,
    /// No panic: a count saturated, the object is immortal from now on.
    CountSaturated,
    /// No panic: objects were uncollectable when the heap was dropped.
    UncollectableAtExit,
}

/// A panic of user code that could not go on to its caller, or another event that
/// has nowhere else to go. Python prints these as "Exception ignored in".
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.on_unraisable(|event| eprintln!("{:?} of {}: {}", event.kind, event.type_name, event.message));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unraisable {
    /// Where it happened.
    pub kind: UnraisableKind,
    /// The short type name of the object concerned, if one is.
    pub type_name: String,
    /// The panic's message.
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

/// When a collection callback is called.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.add_callback(|phase, _| assert!(matches!(phase, gc_core::Phase::Start | gc_core::Phase::Stop)));
/// heap.collect();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Before anything was examined.
    Start,
    /// After everything is done.
    Stop,
}

/// What a collection callback is told; zeros at the start, as in Python.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.add_callback(|_, info| assert_eq!((info.generation, info.collected, info.uncollectable), (2, 0, 0)));
/// heap.collect();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CollectionInfo {
    /// The oldest generation examined: 0, 1 or 2.
    pub generation: u8,
    /// Objects reclaimed.
    pub collected: usize,
    /// Objects found uncollectable.
    pub uncollectable: usize,
}

/// Names a collection callback, to remove it.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let id: gc_core::CallbackId = heap.add_callback(|_, _| ());
/// assert!(heap.remove_callback(id));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallbackId(u64);

pub(crate) type OnCollection = Rc<dyn Fn(Phase, &CollectionInfo)>;
pub(crate) type OnUnraisable = Rc<dyn Fn(&Unraisable)>;
pub(crate) type LogSink = Rc<dyn Fn(&str)>;
pub(crate) type OnOutOfMemory = Rc<dyn Fn(&OutOfMemory<()>)>;
pub(crate) type OnRecord = Rc<dyn Fn(&CollectionRecord)>;

/// Collection callbacks in the order they were added.
type Callbacks = Rc<Vec<(CallbackId, OnCollection)>>;

pub(crate) struct Hooks {
    unraisable: RefCell<Option<OnUnraisable>>,
    log: RefCell<Option<LogSink>>,
    out_of_memory: RefCell<Option<OnOutOfMemory>>,
    record: RefCell<Option<OnRecord>>,
    /// Never changed in place: a collection may be calling them.
    callbacks: RefCell<Callbacks>,
    next_id: Cell<u64>,
}

impl Hooks {
    pub(crate) fn new() -> Hooks {
        Hooks {
            unraisable: RefCell::new(None),
            log: RefCell::new(None),
            out_of_memory: RefCell::new(None),
            record: RefCell::new(None),
            callbacks: RefCell::default(),
            next_id: Cell::new(0),
        }
    }

    /// Replaces the hook; the old one is given back to be dropped by the caller.
    pub(crate) fn set_unraisable(&self, hook: OnUnraisable) -> Option<OnUnraisable> {
        self.unraisable.replace(Some(hook))
    }

    pub(crate) fn unraisable(&self) -> Option<OnUnraisable> {
        self.unraisable.borrow().clone()
    }

    pub(crate) fn set_log(&self, sink: LogSink) -> Option<LogSink> {
        self.log.replace(Some(sink))
    }

    pub(crate) fn log(&self) -> Option<LogSink> {
        self.log.borrow().clone()
    }

    pub(crate) fn set_out_of_memory(&self, hook: OnOutOfMemory) -> Option<OnOutOfMemory> {
        self.out_of_memory.replace(Some(hook))
    }

    pub(crate) fn out_of_memory(&self) -> Option<OnOutOfMemory> {
        self.out_of_memory.borrow().clone()
    }

    pub(crate) fn set_record(&self, hook: OnRecord) -> Option<OnRecord> {
        self.record.replace(Some(hook))
    }

    pub(crate) fn record(&self) -> Option<OnRecord> {
        self.record.borrow().clone()
    }

    pub(crate) fn add_callback(&self, callback: OnCollection) -> CallbackId {
        let id = CallbackId(self.next_id.get());
        self.next_id.set(id.0 + 1);
        let mut callbacks = self.callbacks.borrow_mut();
        let more = callbacks.iter().cloned().chain([(id, callback)]).collect();
        *callbacks = Rc::new(more);
        id
    }

    pub(crate) fn remove_callback(&self, id: CallbackId) -> Option<OnCollection> {
        let mut callbacks = self.callbacks.borrow_mut();
        let mut fewer = Vec::clone(&callbacks);
        let at = fewer.iter().position(|(known, _)| *known == id)?;
        let removed = fewer.remove(at).1;
        *callbacks = Rc::new(fewer);
        Some(removed)
    }

    /// The callbacks as they are now.
    pub(crate) fn callbacks(&self) -> Callbacks {
        self.callbacks.borrow().clone()
    }
}
