//! The verifier's check of every word of every value.

use crate::heap::Heap;
use crate::object::scan::Words;
use alloc::vec::Vec;
use gc_snapshot::diagnosis::Problem;

impl Heap {
    /// Checks the heap as [`verify`](Heap::verify) does, and also looks at every word of every
    /// value. The check finds the pointers that a hand-written `Trace` leaves out or reports twice,
    /// and pointers in skipped fields of types that are not `Trace`, unless they lie behind a
    /// vector or box there.
    ///
    /// A word can be reported although it is no pointer. A pointer is reported wrongly if a number,
    /// or the remains of an old value in padding, equals the address of an object that is held from
    /// outside.
    ///
    /// # Safety
    /// No code may write to a value of the heap while this function runs: neither another thread,
    /// through an atomic or a mutex in a skipped field, nor any code through a `&mut` to a part of
    /// a value that is live across the call, as `RefCell::borrow_mut` gives it.
    ///
    /// ```
    /// use gc_core::{Heap, Slot, Trace, Visitor, TypeWalker};
    ///
    /// struct Session(Slot<Session>);
    ///
    /// // SAFETY: reports nothing, so what is pointed to counts as held from outside.
    /// unsafe impl Trace for Session {
    ///     fn types(walk: &mut TypeWalker) {
    ///         walk.field::<Slot<Session>>();
    ///     }
    ///     fn trace<V: Visitor>(&self, _: &mut V) {}
    /// }
    ///
    /// let heap = Heap::new();
    /// let session = heap.alloc(Session(Slot::empty()));
    /// session.0.set(Some(session.clone()));
    /// // SAFETY: there is no other thread and no borrow.
    /// let problems = unsafe { heap.verify_memory() };
    /// # if cfg!(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")) {
    /// assert_eq!(problems[0].type_name, "Session");
    /// # }
    /// ```
    pub unsafe fn verify_memory(&self) -> Vec<Problem> {
        // SAFETY: the caller's promise.
        self.problems(Some(&unsafe { Words::may_be_read() }))
    }
}
