//! The source of chunks, and helpers that mark the bytes of free slots for tests.

use core::ptr::NonNull;

/// A source of the aligned chunks that a heap lives in.
///
/// The default source, [`SystemChunks`], takes chunks from the operating system. Another source can
/// be given to [`HeapBuilder::chunk_source`](crate::HeapBuilder::chunk_source), to choose where the
/// heap lies, to count its chunks, or to let allocations fail in a test.
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
/// 1. `acquire` returns memory of at least `bytes` bytes that is aligned to `align` (a power of
///    two), readable and writable. Nothing else uses this memory until `release` is called with the
///    address, `bytes` and `align` of it.
/// 2. `decommit` may change the content of the memory in any way, but leaves the memory usable.
/// 3. None of the methods calls a function of the heap.
pub unsafe trait ChunkSource {
    /// Acquires `bytes` bytes of memory that are aligned to `align`. Returns `None` if there is no
    /// memory.
    fn acquire(&self, bytes: usize, align: usize) -> Option<NonNull<u8>>;

    /// Gives memory back to the source.
    ///
    /// # Safety
    /// `start` was returned by `acquire` of this source for the same `bytes` and `align`, and
    /// nothing uses the memory any more.
    unsafe fn release(&self, start: NonNull<u8>, bytes: usize, align: usize);

    /// Declares that the content of this part of a chunk is not needed any more. A source may then
    /// give the memory behind it to the system. The default implementation does nothing.
    ///
    /// # Safety
    /// The range lies in a chunk of this source, and nothing in it is in use.
    unsafe fn decommit(&self, start: NonNull<u8>, bytes: usize) {
        let _ = (start, bytes);
    }

    /// Declares that this part of a chunk will be used densely, so that huge pages are useful. The
    /// default implementation does nothing.
    ///
    /// # Safety
    /// The range lies in a chunk of this source.
    unsafe fn expect_dense(&self, start: NonNull<u8>, bytes: usize) {
        let _ = (start, bytes);
    }
}

/// The default source: it takes pages from the operating system on Unix with the feature `std`, and
/// otherwise memory from the global allocator.
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
            // SAFETY: invariant 14: the caller owns the range and does not use it any more.
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
                // SAFETY: the caller passes an address and numbers that `acquire` was called with.
                unsafe { alloc::alloc::dealloc(start.as_ptr(), layout) };
            }
        }
    }
}

/// Overwrites the bytes of free slots, in builds with `gc_zeal`. A read of a free slot then finds a
/// conspicuous value, and a write to it is detected when the slot is taken again.
#[cfg(gc_zeal)]
pub(crate) mod overwritten {
    use core::ptr::NonNull;

    const BYTE: u8 = 0xDD;

    pub(crate) fn write(start: NonNull<u8>, bytes: usize) {
        // SAFETY: invariant 5: these bytes are the value's bytes of a free slot.
        unsafe { start.write_bytes(BYTE, bytes) };
    }

    pub(crate) fn check(start: NonNull<u8>, bytes: usize) {
        // SAFETY: invariants 5 and 13: the slot was just taken by this code, and nothing else uses
        // it.
        let bytes = unsafe { core::slice::from_raw_parts(start.as_ptr(), bytes) };
        // (Very large values are not overwritten when their block is made.)
        if bytes.len() < 1 << 20
            && let Some(at) = bytes.iter().position(|&byte| byte != BYTE)
        {
            stop(&alloc::format!("byte {at} of the free slot {start:p} was written to"));
        }
    }

    /// Prints a message and aborts the process. (A panic would be treated like a panic of user
    /// code. The message is written to stderr directly, because tests capture the output of
    /// `eprintln`.)
    pub(crate) fn stop(why: &str) -> ! {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), alloc::format!("gc_zeal: {why}\n").as_bytes());
        std::process::abort();
    }
}

/// Marks the bytes of free slots as inaccessible for AddressSanitizer. Does nothing in builds
/// without `gc_asan`.
pub(crate) mod poison {
    use core::ptr::NonNull;

    #[cfg(gc_asan)]
    unsafe extern "C" {
        fn __asan_poison_memory_region(start: *const u8, bytes: usize);
        fn __asan_unpoison_memory_region(start: *const u8, bytes: usize);
        fn __lsan_register_root_region(start: *const u8, bytes: usize);
        fn __lsan_unregister_root_region(start: *const u8, bytes: usize);
    }

    /// Makes these bytes inaccessible until [`clear`] is called for them.
    #[cfg(gc_asan)]
    pub(crate) fn set(start: NonNull<u8>, bytes: usize) {
        // SAFETY: invariant 14: changes the sanitizer's shadow only.
        unsafe { __asan_poison_memory_region(start.as_ptr(), bytes) };
    }

    /// Makes these bytes accessible again.
    #[inline]
    pub(crate) fn clear(start: NonNull<u8>, bytes: usize) {
        #[cfg(gc_asan)]
        // SAFETY: invariant 14: changes the sanitizer's shadow only.
        unsafe {
            __asan_unpoison_memory_region(start.as_ptr(), bytes);
        }
        let _ = (start, bytes);
    }

    /// Registers a chunk as a root of the leak checker if `root` is true, else removes it. Memory
    /// owned by objects in a registered chunk is not reported as a leak.
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
