//! The verifier's look at plain memory.

use crate::heap::Heap;
use crate::object::scan::Words;
use alloc::vec::Vec;
use gc_snapshot::diagnosis::Problem;

impl Heap {
    /// Does what [`verify`](Heap::verify) does, and looks at every word of every value as well: finds the pointers that a
    /// `Trace` written by hand leaves out or reports twice, and those in skipped fields of types
    /// that are not `Trace`. What lies behind a vector or box there is not found. (A number, or
    /// what is left of an old value in padding, looks like such a pointer where it is the address
    /// of an object that is held from outside.)
    ///
    /// # Safety
    /// Nothing may write to a value of the heap while this runs: no other thread, through an
    /// atomic or a mutex in a skipped field, and nobody through a `&mut` to a part of a value,
    /// as `RefCell::borrow_mut` gives it, that is live across the call.
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
