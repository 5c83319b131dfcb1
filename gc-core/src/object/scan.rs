//! Reads values as plain words, to find pointers that a `Trace` implementation does not report.

use crate::object::raw::Object;
use crate::object::weak_cell::Callback;
use alloc::vec::Vec;
use core::ptr::NonNull;

const WORD: usize = size_of::<usize>();

/// Proof that the words of values may be read.
pub(crate) struct Words(());

impl Words {
    /// # Safety
    /// While the result lives, nothing else writes to a value of the heap, and there is no `&mut`
    /// to a part of one.
    pub(crate) unsafe fn may_be_read() -> Words {
        Words(())
    }

    /// Returns the offset and the content of each aligned word of a living object's value. Padding
    /// between its fields is included, with arbitrary content. Returns no words on processors for
    /// which [`read_word`] is not implemented.
    pub(crate) fn of(&self, object: Object) -> Vec<(usize, usize)> {
        debug_assert!(object.is_alive());
        // SAFETY: invariant 10: the table is the one of the object's type.
        let bytes = unsafe { (object.info().size)(object) };
        // SAFETY: invariant 10: these bytes belong to the value; nothing writes to it, by the
        // promise of `may_be_read`.
        unsafe { between(object.value().cast(), bytes) }
    }
}

/// Returns the words that the callback of a weak reference captured. (Nothing else accesses them:
/// no reference leads into a closure that does not run.)
pub(crate) fn captured(callback: &Callback) -> Vec<usize> {
    let captured = NonNull::from(&**callback);
    // SAFETY: invariant 8: the callback belongs to its cell, which is alive, and does not run.
    let words = unsafe { between(captured.cast(), size_of_val(&**callback)) };
    words.into_iter().map(|(_, word)| word).collect()
}

/// # Safety
/// The `bytes` bytes from `start` on belong to one value, and nothing writes to them meanwhile.
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

/// Reads a word that may be padding. Rust forbids to read padding, which is uninitialised, as an
/// integer. So the word is copied into a buffer first, and an empty piece of assembly, which could
/// have written the buffer as far as the compiler knows, makes it initialised.
///
/// # Safety
/// The bytes of a word can be read from `from` on.
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
