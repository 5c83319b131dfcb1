//! A source of chunks that counts what it gives, and can fail.

use super::{log, logged};
use gc_core::{ChunkSource, FinalizerPolicy, Heap, HeapBuilder, SystemChunks};
use std::cell::Cell;
use std::ptr::NonNull;
use std::rc::Rc;

#[derive(Default)]
struct Account {
    chunks: Cell<usize>,
    bytes: Cell<usize>,
    acquired: Cell<usize>,
    decommits: Cell<usize>,
    left: Cell<Option<usize>>,
}

/// Passes everything on to the default source. Clones share their numbers.
#[derive(Clone, Default)]
pub struct Counted(Rc<Account>);

// SAFETY: passes everything on to the default source.
unsafe impl ChunkSource for Counted {
    fn acquire(&self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let Account { chunks, bytes: all, acquired, left, .. } = &*self.0;
        if let Some(more) = left.get() {
            left.set(Some(more.checked_sub(1)?));
        }
        chunks.set(chunks.get() + 1);
        acquired.set(acquired.get() + 1);
        all.set(all.get() + bytes);
        SystemChunks.acquire(bytes, align)
    }

    unsafe fn release(&self, start: NonNull<u8>, bytes: usize, align: usize) {
        self.0.chunks.set(self.0.chunks.get() - 1);
        self.0.bytes.set(self.0.bytes.get() - bytes);
        // SAFETY: passed on.
        unsafe { SystemChunks.release(start, bytes, align) }
    }

    unsafe fn decommit(&self, start: NonNull<u8>, bytes: usize) {
        self.0.decommits.set(self.0.decommits.get() + 1);
        // SAFETY: passed on.
        unsafe { SystemChunks.decommit(start, bytes) }
    }

    unsafe fn expect_dense(&self, start: NonNull<u8>, bytes: usize) {
        // SAFETY: passed on.
        unsafe { SystemChunks.expect_dense(start, bytes) }
    }
}

impl Counted {
    /// Chunks that are out.
    pub fn chunks(&self) -> usize {
        self.0.chunks.get()
    }

    /// Bytes that are out.
    pub fn bytes(&self) -> usize {
        self.0.bytes.get()
    }

    /// Chunks that ever went out.
    pub fn acquired(&self) -> usize {
        self.0.acquired.get()
    }

    /// How often the content of a part was given up.
    pub fn decommits(&self) -> usize {
        self.0.decommits.get()
    }

    /// From now on it gives as many chunks, or any number.
    pub fn limit(&self, chunks: Option<usize>) {
        self.0.left.set(chunks);
    }

    /// The heap has given all memory back.
    pub fn assert_closed(&self) {
        assert_eq!((self.chunks(), self.bytes()), (0, 0));
    }
}

/// For a heap that does not collect by itself, and is counted.
pub fn counted_builder(policy: FinalizerPolicy) -> (HeapBuilder, Counted) {
    let source = Counted::default();
    (Heap::builder().policy(policy).thresholds([0, 0, 0]).chunk_source(source.clone()), source)
}

/// A heap that does not collect by itself, logs its unraisable events, and is counted.
pub fn counted(policy: FinalizerPolicy) -> (Heap, Counted) {
    logged();
    let (builder, source) = counted_builder(policy);
    let builder = builder.on_unraisable(|_, event| log(format!("{:?} {}", event.kind, event.message)));
    (builder.build().unwrap(), source)
}
