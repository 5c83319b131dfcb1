//! Memory limits: the figures of a heap's memory, external bytes, and the out-of-memory hook.

use super::{Heap, OutOfMemory, OutOfMemoryKind};
use crate::collect;
use crate::collect::pressure::report_oom;
use crate::release::user_code;
use crate::storage::limit::Account;
use crate::telemetry::hooks::HookId;
use crate::telemetry::records::Cause;
use core::cell::Cell;
use core::fmt;

/// The memory of a heap, in bytes; see [`Heap::memory`].
///
/// ```
/// let heap = gc_core::Heap::builder().max(16 << 20).build()?;
/// let _text = heap.alloc_str("text");
/// let memory = heap.memory();
/// assert!(memory.used > 0 && memory.used <= memory.committed && memory.peak <= 16 << 20);
/// assert_eq!((memory.external, memory.max), (0, Some(16 << 20)));
/// # Ok::<(), gc_core::BuildError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct MemoryMetrics {
    /// Bytes of the blocks that hold objects, including their side tables.
    pub used: usize,
    /// Bytes of all memory that the heap has: used blocks, free blocks that still have their
    /// memory, and the headers of chunks.
    pub committed: usize,
    /// External bytes that are declared: see [`Heap::external_bytes`].
    pub external: usize,
    /// Bytes that values own outside of their slots (the buffer of a `Vec`, the target of a `Box`),
    /// as the limit counts them. Owned bytes are the bytes that were measured last (by a full
    /// collection or [`Heap::check_limit`]), and the bytes of values allocated since. The number is
    /// 0 if the heap has no limit; [`Heap::owned_bytes`] measures at any time.
    pub owned: usize,
    /// The limit of the sum of `committed`, `external` and `owned`; `None` without a limit.
    pub max: Option<usize>,
    /// The greatest sum of `committed`, `external` and `owned` so far.
    pub peak: usize,
}

/// The error that is passed to the hook of [`Heap::on_out_of_memory`].
pub type OutOfMemoryInfo = OutOfMemory<()>;

impl Heap {
    /// Returns the figures of the heap's memory.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert_eq!(heap.memory().max, None);
    /// ```
    pub fn memory(&self) -> MemoryMetrics {
        let core = self.core();
        let account = &core.storage.account;
        MemoryMetrics {
            used: core.storage.memory.used_bytes(),
            committed: account.resident(),
            external: account.external(),
            owned: account.owned(),
            max: account.limit(),
            peak: account.peak(),
        }
    }

    /// Measures and returns the bytes that all values own outside of their slots: see
    /// [`Visitor::owned_bytes`](crate::Visitor::owned_bytes). The function looks at every object
    /// whose type may own memory.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// let name = heap.alloc(String::from("a name"));
    /// assert_eq!(heap.owned_bytes(), name.capacity());
    /// ```
    pub fn owned_bytes(&self) -> usize {
        self.core().owned_bytes()
    }

    /// Gives memory that is not in use back to the system, and returns the number of bytes given
    /// back. The heap keeps the address space that
    /// [`HeapBuilder::initial`](crate::HeapBuilder::initial) reserved. Without this call, the heap
    /// gives memory back when the memory was not needed for a while.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// drop((0..10_000).map(|number| heap.alloc(number)).collect::<Vec<_>>());
    /// heap.trim();
    /// assert_eq!(heap.trim(), 0, "what is not in use was given back");
    /// ```
    pub fn trim(&self) -> usize {
        self.core().storage.memory.trim()
    }

    /// Sets the hook that is called whenever the heap is out of memory, before the error is
    /// returned or the panic begins. Use the hook to write a heap dump or a last message.
    ///
    /// The hook may look at the heap, free objects, and allocate a little: a 32nd of the limit is a
    /// reserve for hooks and finalizers. The failed allocation is not tried again after the hook.
    /// The hook is not called again while it runs. A second hook replaces the first.
    ///
    /// The captures of a hook live until the hook is removed ([`remove_hook`]) or the heap is gone.
    /// A captured [`Heap`] or [`Gc`](crate::Gc) therefore keeps the heap alive until the hook is
    /// removed. Use the heap that is passed to the hook, or capture a
    /// [`WeakHeap`](crate::WeakHeap).
    ///
    /// [`remove_hook`]: Heap::remove_hook
    ///
    /// ```
    /// use gc_core::{Heap, OutOfMemoryKind};
    /// use std::{cell::Cell, rc::Rc};
    ///
    /// let heap = Heap::builder().max(1 << 20).build()?;
    /// let seen = Rc::new(Cell::new(None));
    /// let told = seen.clone();
    /// heap.on_out_of_memory(move |_, error| told.set(Some(error.kind)));
    /// assert!(heap.try_alloc_slice(vec![0u8; 2 << 20]).is_err());
    /// assert_eq!(seen.get(), Some(OutOfMemoryKind::RequestTooLarge));
    /// # Ok::<(), gc_core::BuildError>(())
    /// ```
    pub fn on_out_of_memory(&self, hook: impl Fn(&Heap, &OutOfMemoryInfo) + 'static) -> HookId {
        let (id, old) = self.core().hooks.set_out_of_memory(Heap::hook(hook));
        user_code::drop_hook(self.core(), old);
        id
    }

    /// Measures the memory that values own, and returns an error if the heap is above its limit.
    /// Call this function at the safe points of a program whose values grow while it allocates
    /// nothing on the heap, such as an interpreter that appends to a `RefCell<Vec<Value>>`. (An
    /// allocation charges the bytes that the new value owns. Growth in place is noticed when values
    /// are measured again.)
    ///
    /// A call looks at a part of the objects that may own memory, which takes some microseconds;
    /// repeated calls look at all such objects. If the heap is then above its limit, the call looks
    /// at all such objects, and runs a full collection if the heap is still above its limit.
    /// Without a limit the call does nothing.
    ///
    /// ```
    /// use gc_core::{Heap, OutOfMemoryKind};
    /// use std::cell::RefCell;
    ///
    /// let heap = Heap::builder().max(4 << 20).build()?;
    /// let list = heap.alloc(RefCell::new(Vec::new()));
    /// let error = loop {
    ///     (0..1000).for_each(|number: u64| list.borrow_mut().push(number)); // what the program does
    ///     if let Err(error) = heap.check_limit() {
    ///         break error;
    ///     }
    /// };
    /// assert_eq!((error.kind, error.owned), (OutOfMemoryKind::HeapSpace, 4 << 20));
    /// # Ok::<(), gc_core::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`OutOfMemory`] if the heap is above its limit even after a full collection. The
    /// hook of [`on_out_of_memory`](Heap::on_out_of_memory) was called then.
    pub fn check_limit(&self) -> Result<(), OutOfMemory<()>> {
        let core = self.core();
        if !core.storage.account.is_limited() {
            return Ok(());
        }
        core.storage.owned_look.go_on(
            &core.storage.memory,
            &core.storage.account,
            (core.objects_in_use() / 8).max(4096),
        );
        if core.storage.account.admits(0) {
            return Ok(());
        }
        core.storage.owned_look.measure(&core.storage.memory, &core.storage.account);
        core.storage.memory.trim();
        if !core.storage.account.admits(0) {
            collect::collect_because(core, Cause::AllocationFailure, 2);
            core.storage.memory.trim();
        }
        if core.storage.account.admits(0) { Ok(()) } else { Err(report_oom(core, OutOfMemoryKind::HeapSpace, 0)) }
    }

    /// Declares bytes outside of the heap that an object stands for: a buffer of a C library, a
    /// mapped file. Declared bytes count in the limit, and are a reason to collect. Keep the
    /// returned guard in the same object as the handle to the memory that was declared.
    ///
    /// # Panics
    /// Panics if the limit has no room for the bytes; see
    /// [`try_external_bytes`](Heap::try_external_bytes).
    ///
    /// ```
    /// let heap = gc_core::Heap::builder().max(8 << 20).build()?;
    /// let buffer = heap.external_bytes(5 << 20);
    /// assert_eq!(heap.memory().external, 5 << 20);
    /// assert!(heap.try_external_bytes(5 << 20).is_err());
    /// drop(buffer);
    /// assert!(heap.try_external_bytes(5 << 20).is_ok());
    /// # Ok::<(), gc_core::BuildError>(())
    /// ```
    pub fn external_bytes(&self, bytes: usize) -> ExternalBytes {
        match self.try_external_bytes(bytes) {
            Ok(guard) => guard,
            Err(error) => panic!("{error}"),
        }
    }

    /// Declares bytes as [`external_bytes`](Heap::external_bytes) does, and returns an error
    /// instead of panicking.
    ///
    /// ```
    /// let heap = gc_core::Heap::builder().max(8 << 20).build()?;
    /// assert!(heap.try_external_bytes(1 << 20).is_ok() && heap.try_external_bytes(9 << 20).is_err());
    /// # Ok::<(), gc_core::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`OutOfMemory`] if the limit has no room, even after a full collection.
    pub fn try_external_bytes(&self, bytes: usize) -> Result<ExternalBytes, OutOfMemory<()>> {
        let core = self.core();
        let account = &core.storage.account;
        if !account.could_admit(bytes) {
            return Err(report_oom(core, OutOfMemoryKind::RequestTooLarge, bytes));
        }
        if account.is_due(bytes) {
            collect::collect_for_bytes(core);
        }
        if !account.admits(bytes) {
            core.storage.memory.trim();
        }
        if !account.admits(bytes) {
            collect::collect_because(core, Cause::AllocationFailure, 2);
            core.storage.memory.trim();
        }
        if !account.admits(bytes) {
            return Err(report_oom(core, OutOfMemoryKind::ExternalMemory, bytes));
        }
        account.resize(0, bytes);
        Ok(ExternalBytes { account: account.clone(), bytes: Cell::new(bytes) })
    }
}

/// Declared bytes outside of the heap: see [`Heap::external_bytes`]. The bytes stay declared until
/// this guard is dropped. The guard may outlive the heap.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let buffer = heap.external_bytes(1000);
/// buffer.resize(2000);
/// assert_eq!((buffer.bytes(), heap.memory().external), (2000, 2000));
/// drop(buffer);
/// assert_eq!(heap.memory().external, 0);
/// ```
pub struct ExternalBytes {
    account: Account,
    bytes: Cell<usize>,
}

impl ExternalBytes {
    /// Returns the number of declared bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Sets the declared size. The call never fails: a size above the limit makes a later
    /// allocation fail.
    pub fn resize(&self, bytes: usize) {
        self.account.resize(self.bytes.replace(bytes), bytes);
    }
}

impl Drop for ExternalBytes {
    fn drop(&mut self) {
        self.account.resize(self.bytes.get(), 0);
    }
}

impl fmt::Debug for ExternalBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExternalBytes").field(&self.bytes.get()).finish()
    }
}
