//! Where chunks come from.

use core::ptr::NonNull;

/// Gives and takes back the aligned chunks that a heap lives in.
///
/// The default takes them from the operating system. Another one can be given to
/// [`HeapBuilder::chunk_source`](crate::HeapBuilder::chunk_source): to place the
/// heap, to count it, or to make it fail in a test.
///
/// ```
/// use gc_core::{ChunkSource, Heap, SystemChunks};
/// use std::cell::Cell;
/// use std::ptr::NonNull;
///
/// /// Gives this many chunks and no more.
/// struct AtMost(Cell<usize>);
///
/// // SAFETY: passes everything on to the default source.
/// unsafe impl ChunkSource for AtMost {
///     fn acquire(&self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
///         self.0.set(self.0.get().checked_sub(1)?);
///         SystemChunks.acquire(bytes, align)
///     }
///     unsafe fn release(&self, start: NonNull<u8>, bytes: usize, align: usize) {
///         // SAFETY: passed on.
///         unsafe { SystemChunks.release(start, bytes, align) }
///     }
///     unsafe fn decommit(&self, start: NonNull<u8>, bytes: usize) {
///         // SAFETY: passed on.
///         unsafe { SystemChunks.decommit(start, bytes) }
///     }
///     unsafe fn expect_dense(&self, start: NonNull<u8>, bytes: usize) {
///         // SAFETY: passed on.
///         unsafe { SystemChunks.expect_dense(start, bytes) }
///     }
/// }
///
/// let heap = Heap::builder().chunk_source(AtMost(Cell::new(0))).build()?;
/// assert!(heap.try_alloc(7).is_err());
/// # Ok::<(), gc_core::BuildError>(())
/// ```
///
/// # Safety
///
/// 1. `acquire` returns memory of at least `bytes` bytes, aligned to `align` (a
///    power of two), readable and writable, that nothing else uses until it is
///    released with the same numbers.
/// 2. `decommit` may replace what the memory holds by anything, but leaves it usable.
/// 3. None of the methods calls into the heap.
pub unsafe trait ChunkSource {
    /// Takes memory; `None` when there is none to be had.
    fn acquire(&self, bytes: usize, align: usize) -> Option<NonNull<u8>>;

    /// Gives memory back.
    ///
    /// # Safety
    /// `start` came from `acquire` of this source with the same `bytes` and `align`,
    /// and nothing uses it any more.
    unsafe fn release(&self, start: NonNull<u8>, bytes: usize, align: usize);

    /// The content of this part of a chunk is not needed any more.
    ///
    /// # Safety
    /// The range lies in a chunk of this source; nothing in it is used.
    unsafe fn decommit(&self, start: NonNull<u8>, bytes: usize) {
        let _ = (start, bytes);
    }

    /// This part of a chunk will be used densely: huge pages are welcome.
    ///
    /// # Safety
    /// The range lies in a chunk of this source.
    unsafe fn expect_dense(&self, start: NonNull<u8>, bytes: usize) {
        let _ = (start, bytes);
    }
}

/// The default source: pages from the operating system where there is one to ask,
/// else from the global allocator.
///
/// ```
/// let heap = gc_core::Heap::builder().chunk_source(gc_core::SystemChunks).build()?; // as without it
/// # Ok::<(), gc_core::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChunks;

#[cfg(all(feature = "std", unix, not(miri)))]
mod pages {
    use super::{ChunkSource, NonNull, SystemChunks};
    use core::ptr;

    fn map(bytes: usize) -> Option<NonNull<u8>> {
        let (read_write, private) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE);
        // SAFETY: invariant 14: a new anonymous mapping touches no memory of ours.
        let start = unsafe { libc::mmap(ptr::null_mut(), bytes, read_write, private | libc::MAP_ANON, -1, 0) };
        if start == libc::MAP_FAILED { None } else { NonNull::new(start.cast()) }
    }

    fn unmap(start: *mut u8, bytes: usize) {
        if bytes > 0 {
            // SAFETY: invariant 14: the callers own the range and give it up.
            unsafe { libc::munmap(start.cast(), bytes) };
        }
    }

    // SAFETY: invariant 14: anonymous private mappings are ours alone until unmapped.
    unsafe impl ChunkSource for SystemChunks {
        fn acquire(&self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
            let padded = bytes.checked_add(align)?;
            let start = map(padded)?.as_ptr();
            let before = start.align_offset(align);
            let chunk = start.wrapping_add(before);
            unmap(start, before);
            unmap(chunk.wrapping_add(bytes), padded - before - bytes);
            NonNull::new(chunk)
        }

        unsafe fn release(&self, start: NonNull<u8>, bytes: usize, _align: usize) {
            unmap(start.as_ptr(), bytes);
        }

        unsafe fn decommit(&self, start: NonNull<u8>, bytes: usize) {
            // SAFETY: invariant 14: the caller gave up the content of this mapped range.
            unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_DONTNEED) };
        }

        #[cfg(target_os = "linux")]
        unsafe fn expect_dense(&self, start: NonNull<u8>, bytes: usize) {
            // SAFETY: invariant 14: advice on a mapped range changes no content.
            unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
        }
    }
}

#[cfg(not(all(feature = "std", unix, not(miri))))]
mod pages {
    use super::{ChunkSource, NonNull, SystemChunks};
    use core::alloc::Layout;

    // SAFETY: the global allocator keeps the same promises.
    unsafe impl ChunkSource for SystemChunks {
        fn acquire(&self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
            let layout = Layout::from_size_align(bytes, align).ok()?;
            // SAFETY: invariant 14: chunks are never of size 0.
            NonNull::new(unsafe { alloc::alloc::alloc(layout) })
        }

        unsafe fn release(&self, start: NonNull<u8>, bytes: usize, align: usize) {
            if let Ok(layout) = Layout::from_size_align(bytes, align) {
                // SAFETY: the caller passes what it acquired.
                unsafe { alloc::alloc::dealloc(start.as_ptr(), layout) };
            }
        }
    }
}

/// Overwrites the bytes of free slots, in builds with zeal: a read finds nonsense, and a write is
/// found when the slot is taken again.
#[cfg(gc_zeal)]
pub(crate) mod overwritten {
    use core::ptr::NonNull;

    const BYTE: u8 = 0xDD;

    pub(crate) fn write(start: NonNull<u8>, bytes: usize) {
        // SAFETY: invariant 5: the value's bytes of a slot that is free.
        unsafe { start.write_bytes(BYTE, bytes) };
    }

    pub(crate) fn check(start: NonNull<u8>, bytes: usize) {
        // SAFETY: invariants 5 and 13: the same slot, which was just taken, by us.
        let bytes = unsafe { core::slice::from_raw_parts(start.as_ptr(), bytes) };
        // (Very large values are not overwritten when their block is made.)
        if bytes.len() < 1 << 20
            && let Some(at) = bytes.iter().position(|&byte| byte != BYTE)
        {
            stop(&alloc::format!("byte {at} of the free slot {start:p} was written to"));
        }
    }

    /// A panic would be taken for one of user code, and text on stderr is kept back by tests.
    pub(crate) fn stop(why: &str) -> ! {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), alloc::format!("gc_zeal: {why}\n").as_bytes());
        std::process::abort();
    }
}

/// Marks the bytes of free slots for AddressSanitizer, in builds made for it.
pub(crate) mod poison {
    use core::ptr::NonNull;

    #[cfg(gc_asan)]
    unsafe extern "C" {
        fn __asan_poison_memory_region(start: *const u8, bytes: usize);
        fn __asan_unpoison_memory_region(start: *const u8, bytes: usize);
        fn __lsan_register_root_region(start: *const u8, bytes: usize);
        fn __lsan_unregister_root_region(start: *const u8, bytes: usize);
    }

    /// Nobody may touch these bytes until [`clear`].
    #[cfg(gc_asan)]
    pub(crate) fn set(start: NonNull<u8>, bytes: usize) {
        // SAFETY: invariant 14: changes the sanitizer's shadow only.
        unsafe { __asan_poison_memory_region(start.as_ptr(), bytes) };
    }

    /// These bytes may be used again.
    #[inline]
    pub(crate) fn clear(start: NonNull<u8>, bytes: usize) {
        #[cfg(gc_asan)]
        // SAFETY: invariant 14: changes the sanitizer's shadow only.
        unsafe {
            __asan_unpoison_memory_region(start.as_ptr(), bytes);
        }
        let _ = (start, bytes);
    }

    /// Tells the leak checker that memory owned by objects in this chunk is no leak: the heap keeps
    /// its own account.
    #[inline]
    pub(crate) fn chunk_is_root(start: NonNull<u8>, bytes: usize, root: bool) {
        #[cfg(gc_asan)]
        // SAFETY: invariant 14: names a mapped range to the leak checker.
        unsafe {
            if root {
                __lsan_register_root_region(start.as_ptr(), bytes);
            } else {
                __lsan_unregister_root_region(start.as_ptr(), bytes);
            }
        }
        let _ = (start, bytes, root);
    }
}
