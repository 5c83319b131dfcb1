//! Tracing: the traits by which a value reports its edges and describes its type to the heap.

mod containers;
mod dyn_trace;
mod impls;
pub(crate) mod shape;
mod skipped;
mod walk;

pub use crate::ground::label::{KeyLabel, PathSegment};
pub use dyn_trace::{DynTrace, TraceObjectMustBeDyn, trace_dyn};
pub use skipped::{FindPart, Found, NotTraced};
pub use walk::TypeWalker;

use crate::object::raw::Object;
use crate::object::type_info::{FieldList, FinalizerFns};
use crate::{Finalize, Gc};

/// A type whose values can live on the heap, or be parts of such values.
///
/// Use `#[derive(Trace)]`; it is safe. A hand-written implementation is `unsafe`:
///
/// ```
/// use gc_core::{Heap, Slot, Trace};
///
/// #[derive(Trace)]
/// struct Node {
///     next: Slot<Node>,
///     name: String,
///     #[trace(skip)] // no pointer to an object of the heap is in it
///     file: Option<std::fs::File>,
/// }
///
/// let heap = Heap::new();
/// let node = heap.alloc(Node { next: Slot::empty(), name: "a".into(), file: None });
/// node.next.set(Some(node.clone()));
/// drop(node);
/// assert_eq!(heap.collect(), 1);
/// ```
///
/// # Safety
///
/// 1. [`trace`](Trace::trace) runs no user code, neither clones nor drops a [`Gc`],
///    and does not panic.
/// 2. [`trace`](Trace::trace) reports a `Gc` at most once, and only if the value itself owns it
///    (through fields, boxes, vectors: uniquely owned data), by calling `trace` on it.
/// 3. [`trace`](Trace::trace) reports the same edges each time until the value is mutated.
/// 4. Dropping the value dereferences no `Gc` that is reported.
/// 5. [`types`](Trace::types) names the type of every part that is traced (by
///    [`TypeWalker::field`]) and says [`TypeWalker::untraced`] for every part that is not.
/// 6. The implementation defines no item of this trait that the documentation hides.
///
/// A `Gc` that is *not* reported makes its target count as held from outside of the heap, which is
/// a leak at worst.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not traced by the heap",
    label = "the heap cannot look into this type",
    note = "add `#[derive(Trace)]` to `{Self}`, or `#[trace(skip)]` to the field when it holds no `Gc`, as a native \
            function or a closure without one",
    note = "a trait object is traced after `trace_object!(dyn Trait)`; an object that needs its heap holds a `WeakHeap`"
)]
pub unsafe trait Trace: 'static {
    /// The functions of the finalizer, for a type with `#[trace(finalize)]`; otherwise `None`.
    #[doc(hidden)]
    const FINALIZER: Option<FinalizerFns> = None;

    /// Names every type that a value owns or points to.
    ///
    /// ```
    /// use gc_core::{Slot, Trace, Visitor, TypeWalker};
    ///
    /// struct Node(Slot<Node>);
    ///
    /// // SAFETY: the pointer is reported, once.
    /// unsafe impl Trace for Node {
    ///     fn types(walk: &mut TypeWalker) {
    ///         walk.field::<Slot<Node>>();
    ///     }
    ///     fn trace<V: Visitor>(&self, visitor: &mut V) {
    ///         self.0.trace(visitor);
    ///     }
    /// }
    /// ```
    fn types(walk: &mut TypeWalker);

    /// Reports every edge of the value to the visitor.
    fn trace<V: Visitor>(&self, visitor: &mut V);

    /// Names the type of a part of a value, in the code that the derive generates for each field.
    /// The type is inferred from the function, which finds the part in a value.
    #[doc(hidden)]
    fn part_types<S: ?Sized>(_find: FindPart<S, Self>, walk: &mut TypeWalker) {
        walk.field::<Self>();
    }

    /// Reports the edges of a part under its name, in the code that the derive generates for each
    /// field.
    #[doc(hidden)]
    #[inline(always)]
    fn trace_part<V: Visitor>(&self, name: &'static str, visitor: &mut V) {
        visitor.enter(PathSegment::Field(name));
        self.trace(visitor);
        visitor.leave();
    }

    /// Lists the fields with their offsets and sizes, so that [`Heap::verify_memory`] can name a
    /// field with a pointer that is not reported. The derive implements this function. Without it,
    /// the verifier names the byte offset only.
    ///
    /// ```
    /// # use gc_core::{FieldList, Slot, Trace, Visitor, TypeWalker};
    /// struct Session {
    ///     user: Slot<String>,
    /// }
    /// # /*
    /// unsafe impl Trace for Session {
    /// # */
    /// # unsafe impl Trace for Session {
    /// #     fn types(walk: &mut TypeWalker) { walk.field::<Slot<String>>() }
    /// #     fn trace<V: Visitor>(&self, visitor: &mut V) { self.user.trace(visitor) }
    ///     // ..
    ///     fn fields(list: &mut FieldList) {
    ///         let offset = std::mem::offset_of!(Session, user);
    ///         list.add("user", offset, size_of::<Slot<String>>());
    ///     }
    /// }
    /// ```
    ///
    /// [`Heap::verify_memory`]: crate::Heap::verify_memory
    fn fields(list: &mut FieldList) {
        let _ = list;
    }

    /// Returns the label by which the value, as a key of a map, is shown in the names of edges.
    ///
    /// ```
    /// use gc_core::{KeyLabel, Trace};
    ///
    /// assert!(matches!(7_u8.label(), KeyLabel::Int(7)) && matches!("seven".label(), KeyLabel::Str("seven")));
    /// ```
    fn label(&self) -> KeyLabel<'_> {
        KeyLabel::None
    }
}

pub(crate) mod sealed {
    use crate::object::raw::Object;

    #[diagnostic::on_unimplemented(
        message = "`Visitor` is sealed",
        note = "use `GcAny::referents` or `Heap::edges` to look at edges"
    )]
    pub trait Sealed {
        #[doc(hidden)]
        fn object(&mut self, target: Edge);
    }

    /// An edge's target, opaque outside of the crate.
    #[derive(Clone, Copy, Debug)]
    pub struct Edge(pub(crate) Object);
}

/// Receives the edges of a value. Sealed: only the heap's own passes implement it.
///
/// ```
/// use gc_core::{PathSegment, Slot, Trace, Visitor, TypeWalker};
///
/// /// A list that manages its memory itself.
/// struct Buffer {
///     items: Box<[Slot<Buffer>]>,
/// }
///
/// // SAFETY: each pointer is reported once.
/// unsafe impl Trace for Buffer {
///     fn types(walk: &mut TypeWalker) {
///         walk.field::<Slot<Buffer>>();
///         walk.owns_memory();
///     }
///     fn trace<V: Visitor>(&self, visitor: &mut V) {
///         visitor.owned_bytes(size_of_val(&*self.items));
///         for (number, item) in self.items.iter().enumerate() {
///             visitor.enter(if visitor.wants_names() { PathSegment::Index(number) } else { PathSegment::Index(0) });
///             item.trace(visitor);
///             visitor.leave();
///         }
///     }
/// }
/// ```
pub trait Visitor: sealed::Sealed {
    /// Begins a part of the value. The names of the edges that are reported before the matching
    /// [`leave`](Visitor::leave) contain the segment. In the collector's passes, this call costs
    /// nothing.
    #[inline(always)]
    fn enter(&mut self, segment: PathSegment<'_>) {
        let _ = segment;
    }

    /// Ends the part that the matching [`enter`](Visitor::enter) began.
    #[inline(always)]
    fn leave(&mut self) {}

    /// Reports that a part of the value cannot be looked at, because it is mutably borrowed.
    #[doc(hidden)]
    #[inline(always)]
    fn opaque(&mut self) {}

    /// Reports that the value holds the address of an object without a count: a weak reference.
    #[doc(hidden)]
    #[inline(always)]
    fn weak_edge(&mut self, address: usize) {
        let _ = address;
    }

    /// Reports that the value owns `bytes` bytes outside of itself: the buffer of a vector, the
    /// target of a box. Bytes are counted by capacity, as requested from the allocator. The target
    /// of a [`Gc`] is an object of its own, and the target of an `Rc` is shared: neither is owned.
    /// In the collector's passes, this call costs nothing. A hand-written implementation of
    /// [`Trace`] calls this function for memory that it manages itself; the parts that it traces
    /// report their own bytes.
    #[inline(always)]
    fn owned_bytes(&mut self, bytes: usize) {
        let _ = bytes;
    }

    /// Returns true if the visitor uses the segments that are passed to [`enter`](Visitor::enter).
    /// Maps make labels of their keys for such a visitor only.
    #[inline(always)]
    fn wants_names(&self) -> bool {
        false
    }
}

/// Reports an edge to a visitor.
#[inline(always)]
pub(crate) fn visit<V: Visitor>(visitor: &mut V, target: Object) {
    visitor.object(sealed::Edge(target));
}

impl FinalizerFns {
    /// Returns the functions of the finalizer of `T`.
    #[must_use]
    pub const fn of<T: Trace + Finalize>() -> FinalizerFns {
        FinalizerFns {
            // SAFETY: invariant 10: both functions are called on living objects of this type only.
            armed: |object| unsafe { object.value().cast::<T>().as_ref() }.armed(),
            finalize: |object| {
                // SAFETY: invariant 10, as for `armed`; the caller holds a count for the time of
                // the call, and `this` is not dropped.
                let this = unsafe { Gc::<T>::from_raw(object.value().cast()) };
                T::finalize(&core::mem::ManuallyDrop::new(this));
            },
        }
    }
}
