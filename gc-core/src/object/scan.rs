//! Looking at a value as plain words: for the verifier, which wants to see the pointers that
//! a `Trace` does not report.

use crate::object::raw::Object;
use crate::object::weak_cell::Callback;
use alloc::vec::Vec;
use core::ptr::NonNull;

const WORD: usize = size_of::<usize>();

/// Proof that the words of values may be read.
pub(crate) struct Words(());

impl Words {
    /// # Safety
    /// While this lives nothing else writes to a value of the heap, and there is no `&mut` to a
    /// part of one.
    pub(crate) unsafe fn may_be_read() -> Words {
        Words(())
    }

    /// The offset and content of each aligned word of a living object's value. What lies between
    /// its fields has some content, too. On processors for which [`read_word`] is not written
    /// there are no words.
    pub(crate) fn of(&self, object: Object) -> Vec<(usize, usize)> {
        debug_assert!(object.is_alive());
        // SAFETY: invariant 10: the table is the one of the object's type.
        let bytes = unsafe { (object.info().size)(object) };
        // SAFETY: invariant 10: these bytes are the value's; nobody writes, by the promise of
        // `may_be_read`.
        unsafe { between(object.value().cast(), bytes) }
    }
}

/// The words of what the callback of a weak reference captured. (It is the callback's alone: no
/// reference leads into a closure that does not run.)
pub(crate) fn captured(callback: &Callback) -> Vec<usize> {
    let captured = NonNull::from(&**callback);
    // SAFETY: invariant 8: the callback is its cell's, which is alive, and does not run.
    let words = unsafe { between(captured.cast(), size_of_val(&**callback)) };
    words.into_iter().map(|(_, word)| word).collect()
}

/// # Safety
/// The `bytes` bytes from `start` on belong to one value, to which nothing writes meanwhile.
unsafe fn between(start: NonNull<u8>, bytes: usize) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut offset = start.addr().get().next_multiple_of(WORD) - start.addr().get();
    while offset + WORD <= bytes {
        // SAFETY: the caller's promise.
        words.extend(unsafe { read_word(start.add(offset)) }.map(|word| (offset, word)));
        offset += WORD;
    }
    words
}

/// Reads a word that may be padding, which no Rust value of a type with invalid states may
/// be read from: for all that the compiler knows, the empty piece of assembly wrote it.
///
/// # Safety
/// As many bytes as a word has can be read from `from`.
#[cfg(all(not(miri), any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
unsafe fn read_word(from: NonNull<u8>) -> Option<usize> {
    let mut word = core::mem::MaybeUninit::<usize>::uninit();
    // SAFETY: the caller's promise; the assembly does nothing.
    unsafe {
        word.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(from.as_ptr(), WORD);
        core::arch::asm!("/* {word} */", word = in(reg) word.as_mut_ptr(), options(nostack, preserves_flags));
        Some(word.assume_init())
    }
}

/// # Safety
/// None.
#[cfg(not(all(not(miri), any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))))]
unsafe fn read_word(_from: NonNull<u8>) -> Option<usize> {
    None
}
