//! `#[derive(Trace)]` for [gc-core], which re-exports it: depend on gc-core and
//! write `use gc_core::Trace;`, which brings in the trait and the derive.
//!
//! The heap finds cycles by asking each object, through `Trace`, which other objects it points to.
//! Implementing `Trace` by hand is `unsafe`, because a wrong answer frees an object that is in use.
//! Deriving it is safe, because the answer follows from the fields. See [`Trace`](macro@Trace) for
//! the attributes.
//!
//! The generated code names everything by absolute paths that begin with
//! `::gc_core`, unless `#[trace(crate = ..)]` names another path.
//!
//! The module `subject` checks the type and brings it into shape, with `attributes` reading
//! `#[trace(..)]`; `bounds` finds the where clause; `expand` writes the code.
//!
//! [gc-core]: https://docs.rs/gc-core

mod attributes;
mod bounds;
mod errors;
mod expand;
mod subject;

use proc_macro::TokenStream;
use subject::Subject;
use syn::{DeriveInput, parse_macro_input};

/// Derives `gc_core::Trace` for a struct or an enum.
///
/// ```
/// use gc_core::{Gc, Heap, Slot, Trace};
/// use std::cell::RefCell;
///
/// #[derive(Trace)]
/// struct Node {
///     name: String,
///     next: Slot<Node>,
///     peers: RefCell<Vec<Gc<Node>>>,
/// }
///
/// let heap = Heap::new();
/// let node = heap.alloc(Node {
///     name: "first".into(),
///     next: Slot::empty(),
///     peers: RefCell::default(),
/// });
/// node.next.set(Some(node.clone()));
/// ```
///
/// Every field has to be `Trace` itself or be marked `#[trace(skip)]`. Edges
/// are named after the fields, and by their number in tuples: the node above
/// has the edges `next`, `peers[0]`, `peers[1]` and so on. Structs of all
/// forms, enums, parameters (with bounds, defaults and where clauses, constants
/// too) and recursive types are fine. The code passes in a crate that says
/// `#![forbid(unsafe_code)]`.
///
/// # Attributes
///
/// | attribute | on | meaning |
/// |---|---|---|
/// | `#[trace(skip)]` | a field | The heap does not look into it, and it need not be `Trace`. |
/// | `#[trace(finalize)]` | the type | The type implements `gc_core::Finalize`, which runs before a value dies. |
/// | `#[trace(acyclic)]` | the type | You promise that no value is ever part of a cycle. |
/// | `#[trace(cyclic)]` | the type | A value may be part of a cycle; the heap does not examine the types of the fields to find out. |
/// | `#[trace(identity)]` | the type | Derives `PartialEq`, `Eq` and `Hash` by identity: a value equals itself only. For objects that may lie on cycles, where a comparison of fields need not end. |
/// | `#[trace(bound = "T: Shape")]` | the type | These predicates replace the derived bounds. |
/// | `#[trace(crate = my::gc)]` | the type | The path of gc-core, if it is not `::gc_core`. |
///
/// One attribute may have several arguments: `#[trace(finalize, acyclic)]`.
///
/// ## `skip`
///
/// Skip a field that has nothing to do with the heap: a file, a socket, a closure, a
/// native function. An object that a skipped field points to counts as held from
/// outside. That is never unsound, but a cycle through a skipped field is never
/// reclaimed.
///
/// ```
/// use gc_core::Trace;
///
/// #[derive(Trace)]
/// struct Session {
///     user: String,
///     #[trace(skip)]
///     on_close: Box<dyn Fn(&str)>,
/// }
/// ```
///
/// ## `finalize`
///
/// Without the attribute the heap would not know that there is a finalizer. So it is
/// an error to implement `Finalize` without the attribute, and to use the attribute
/// without an implementation. If the type has parameters, the compiler reports a
/// missing implementation only where the type is used, because there may be an
/// implementation for some parameters:
///
/// ```
/// use gc_core::{Finalize, Gc, Trace};
///
/// #[derive(Trace)]
/// #[trace(finalize)]
/// struct Resource<T> {
///     value: T,
/// }
///
/// impl<T: Trace> Finalize for Resource<T> {
///     fn finalize(this: &Gc<Self>) {
///         let _last_look = &this.value;
///     }
/// }
/// ```
///
/// ## `acyclic` and `cyclic`
///
/// Usually neither is needed: the heap examines the types that a type's fields can reach, once, and
/// takes a type that cannot reach itself for acyclic. Objects of acyclic types cost the collector
/// less. A trait object in a field makes a type cyclic, since the type behind it is not known.
///
/// `acyclic` is for a type that could reach itself but never does, such as an immutable tree. If
/// the promise is broken, the cycle is never reclaimed. The promise is made for objects of this
/// type and not for types that have it as a field.
///
/// `cyclic` is for a type whose fields contain ever larger instances of itself. Examining such
/// fields would have no end, which the compiler reports as "reached the recursion limit while
/// instantiating":
///
/// ```
/// use gc_core::{Slot, Trace};
///
/// #[derive(Trace)]
/// #[trace(cyclic)]
/// struct Nest<T> {
///     value: T,
///     inner: Slot<Nest<Vec<T>>>,
/// }
/// ```
///
/// ## `bound`
///
/// A type parameter gets the bound `Trace` if a field that is not skipped mentions it, otherwise
/// only `'static`. An associated type in such a field, `T::Item`, gets the bound itself and `T`
/// does not. If the derived bounds ask for too much, or if a parameter is hidden in the arguments
/// of a macro, `bound` gives the right predicates. `bound` may be empty, and `'static` is always
/// added:
///
/// ```
/// use gc_core::{Gc, Trace};
///
/// trait Language: 'static {
///     type Value: Trace;
/// }
///
/// // `L::Value: Trace`, the derived bound, would follow from itself as soon as
/// // a language uses `Gc<Object<Self>>` for its values.
/// #[derive(Trace)]
/// #[trace(bound = "")]
/// struct Object<L: Language> {
///     members: Vec<L::Value>,
/// }
///
/// enum Lisp {}
///
/// impl Language for Lisp {
///     type Value = Gc<Object<Self>>;
/// }
/// ```
///
/// # Errors
///
/// | the compiler says | what to do |
/// |---|---|
/// | conflicting implementations of `TracedTypeMustNotImplDrop_ImplFinalizeInstead` | A traced type must not implement `Drop`: by then its neighbours may be gone. Implement `Finalize`, or move the `Drop` to a type of its own and skip the field. |
/// | conflicting implementations of `FinalizeNeedsTheAttributeTraceFinalize` | Add `#[trace(finalize)]`. |
/// | `Node: Finalize` is not satisfied | Implement `Finalize`, or remove `#[trace(finalize)]`. |
/// | `Field` is not traced by the heap | Derive `Trace` for the type of the field, or skip the field. |
/// | a traced type cannot borrow | A type with a lifetime parameter cannot be traced: own the data, or hold it in a `Gc`. |
/// | `Trace` cannot be derived for a union | Use an enum. |
/// | `cyclic` and `acyclic` contradict each other | Keep the one that is true. |
/// | unknown attribute; belongs on a field; belongs on the type; has no meaning on a variant or a parameter; twice; takes no value | See the table of attributes. |
/// | reached the recursion limit while instantiating | See `cyclic`. |
#[proc_macro_derive(Trace, attributes(trace))]
pub fn derive_trace(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let code = match Subject::read(&input) {
        Ok(subject) => expand::expand(&subject),
        Err(errors) => errors.into_compile_error(),
    };
    code.into()
}
