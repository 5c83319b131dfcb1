//! `TracedFn`: a replacement for boxed closures whose captures the heap traces.

use crate::trace::{DynTrace, Trace, TypeWalker, Visitor, trace_dyn};
use alloc::boxed::Box;
use core::fmt;

/// A function with a state that the heap traces, as a replacement for a boxed closure.
///
/// A `Gc` that a `Box<dyn Fn(..)>` captures counts as held from outside of the heap, so a cycle
/// through it is never collected. A `TracedFn` keeps its captures in the state, a value of a traced
/// type, and passes the state to a function that captures nothing.
///
/// ```
/// use gc_core::{Gc, Heap, List, Slot, Trace, TracedFn};
///
/// #[derive(Trace)]
/// struct Button {
///     name: String,
///     on_click: std::cell::RefCell<Option<TracedFn<Vec<String>>>>,
/// }
///
/// let heap = Heap::new();
/// let button = heap.alloc(Button { name: "ok".into(), on_click: Default::default() });
/// // Captures the button itself: a cycle.
/// let on_click = TracedFn::new(button.clone(), |button, log: &mut Vec<String>| log.push(button.name.clone()));
/// *button.on_click.borrow_mut() = Some(on_click);
///
/// let mut log = Vec::new();
/// button.on_click.borrow().as_ref().unwrap().call(&mut log);
/// assert_eq!(log, ["ok"]);
/// drop(button);
/// assert_eq!(heap.collect(), 1);
/// ```
pub struct TracedFn<A: ?Sized + 'static, R: 'static = ()>(Box<dyn Call<A, R>>);

trait Call<A: ?Sized, R>: DynTrace {
    fn call(&self, argument: &mut A) -> R;
}

struct Closure<S, A: ?Sized, R> {
    state: S,
    code: fn(&S, &mut A) -> R,
}

impl<S: Trace, A: ?Sized + 'static, R: 'static> Call<A, R> for Closure<S, A, R> {
    fn call(&self, argument: &mut A) -> R {
        (self.code)(&self.state, argument)
    }
}

// SAFETY: `trace` passes on the state, which is the only part with pointers.
unsafe impl<S: Trace, A: ?Sized + 'static, R: 'static> Trace for Closure<S, A, R> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<S>();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        self.state.trace(visitor);
    }
}

impl<A: ?Sized + 'static, R: 'static> TracedFn<A, R> {
    /// Makes a function from its state and its code. `code` captures nothing; each call passes the
    /// state to it.
    pub fn new<S: Trace>(state: S, code: fn(&S, &mut A) -> R) -> TracedFn<A, R> {
        TracedFn(Box::new(Closure { state, code }))
    }

    /// Calls the function.
    pub fn call(&self, argument: &mut A) -> R {
        self.0.call(argument)
    }
}

// SAFETY: `trace` passes on everything that the state reports.
unsafe impl<A: ?Sized + 'static, R: 'static> Trace for TracedFn<A, R> {
    fn types(walk: &mut TypeWalker) {
        walk.owns_memory();
        walk.cyclic();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        visitor.owned_bytes(size_of_val(&*self.0));
        trace_dyn(&*self.0, visitor);
    }
}

impl<A: ?Sized + 'static, R: 'static> fmt::Debug for TracedFn<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TracedFn")
    }
}
