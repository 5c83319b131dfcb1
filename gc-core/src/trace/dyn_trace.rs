//! Tracing through trait objects.

use super::shape::Sink;
use super::{Trace, TypeWalker, Visitor};
use crate::object::type_info::EdgeSink;

/// The object-safe counterpart of [`Trace`], implemented for every traced type.
///
/// Make it a supertrait of a trait whose objects are stored in the heap, and say
/// [`trace_object!`](crate::trace_object) once:
///
/// ```
/// use gc_core::{gc_cast, trace_object, DynTrace, Gc, Heap, Trace};
///
/// trait Shape: DynTrace {
///     fn area(&self) -> f64;
/// }
/// trace_object!(dyn Shape);
///
/// #[derive(Trace)]
/// struct Square(f64);
/// impl Shape for Square {
///     fn area(&self) -> f64 {
///         self.0 * self.0
///     }
/// }
///
/// let heap = Heap::new();
/// let shape: Gc<dyn Shape> = gc_cast!(heap.alloc(Square(3.0)) => dyn Shape);
/// assert_eq!(shape.area(), 9.0);
/// ```
pub trait DynTrace: sealed::TraceObject {}

impl<T: Trace> DynTrace for T {}

mod sealed {
    use super::{EdgeSink, Sink, Trace, Visitor};
    use crate::trace::shape::Erased;

    pub trait TraceObject: 'static {
        #[doc(hidden)]
        fn dyn_trace(&self, sink: DynSink<'_>);
    }

    /// A visitor of any type, behind a reference to a trait object.
    #[expect(missing_debug_implementations, reason = "opaque plumbing")]
    pub struct DynSink<'a>(&'a mut dyn EdgeSink);

    impl<T: Trace> TraceObject for T {
        fn dyn_trace(&self, sink: DynSink<'_>) {
            self.trace(&mut Erased(sink.0));
        }
    }

    pub(super) fn trace_through<V: Visitor>(object: &(impl TraceObject + ?Sized), visitor: &mut V) {
        object.dyn_trace(DynSink(&mut Sink(visitor)));
    }
}

/// Traces a trait object, in the code that [`trace_object!`](crate::trace_object) generates.
#[doc(hidden)]
pub fn trace_dyn<T: DynTrace + ?Sized, V: Visitor>(object: &T, visitor: &mut V) {
    sealed::trace_through(object, visitor);
}

/// Makes `Box<dyn Trait>` and `Gc<dyn Trait>` fields traceable, for a trait with
/// the supertrait [`DynTrace`].
///
/// ```
/// use gc_core::{DynTrace, Gc, Heap, Slot, Trace, gc_cast, trace_object};
///
/// trait Shape: DynTrace {
///     fn area(&self) -> u32;
/// }
/// trace_object!(dyn Shape);
///
/// #[derive(Trace)]
/// struct Square(u32, Slot<dyn Shape>);
///
/// impl Shape for Square {
///     fn area(&self) -> u32 {
///         self.0 * self.0
///     }
/// }
///
/// let heap = Heap::new();
/// let shape: Gc<dyn Shape> = gc_cast!(heap.alloc(Square(3, Slot::empty())) => dyn Shape);
/// assert_eq!(shape.area(), 9);
/// ```
///
/// The type must be a trait object:
///
/// ```compile_fail
/// struct Square;
/// gc_core::trace_object!(Square);
/// ```
#[macro_export]
macro_rules! trace_object {
    ($object:ty) => {
        const _: () = {
            // SAFETY: `trace` passes everything on to the value's own implementation. The tokens
            // are one type, and the constant below compiles only if that is a trait object, so that
            // its values have an implementation of their own.
            unsafe impl $crate::Trace for $object {
                fn types(walk: &mut $crate::TypeWalker) {
                    $crate::TypeWalker::cyclic(walk);
                }
                fn trace<V: $crate::Visitor>(&self, visitor: &mut V) {
                    $crate::__private::trace_dyn(self, visitor);
                }
            }
            impl $crate::__private::ShowGc for $object {}
            const _: fn(&$object) = <$object as $crate::__private::TraceObjectMustBeDyn<_>>::is_dyn;
        };
    };
}

/// Makes [`trace_object!`](crate::trace_object) fail to compile for a type of known size. Such a
/// type implements this trait in two ways, so that the compiler cannot infer `Way`. A type of
/// unknown size implements it in one way only.
#[doc(hidden)]
#[diagnostic::on_unimplemented(message = "`trace_object!` is for trait objects: `trace_object!(dyn Shape)`")]
pub trait TraceObjectMustBeDyn<Way> {
    fn is_dyn(&self) {}
}
impl<T: ?Sized> TraceObjectMustBeDyn<()> for T {}
impl<T> TraceObjectMustBeDyn<u8> for T {}

// SAFETY: `trace` passes everything on to the value's own implementation.
unsafe impl Trace for dyn DynTrace {
    fn types(walk: &mut TypeWalker) {
        walk.cyclic();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        sealed::trace_through(self, visitor);
    }
}
