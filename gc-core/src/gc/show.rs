//! `ShowGc`: the output of `{:?}` for pointers.

use super::Gc;
use crate::object::type_info::Kind;
use crate::trace::DynTrace;
use core::fmt::{Debug, Formatter, Result};

/// Writes the `{:?}` output of a `Gc` to this type: see the `Debug` of `Gc`.
/// [`trace_object!`](crate::trace_object) implements it for trait objects.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`Gc<{Self}>` cannot be shown by `{{:?}}`",
    note = "say `trace_object!({Self});` for a trait object"
)]
pub trait ShowGc {
    fn show(this: &Gc<Self>, f: &mut Formatter<'_>) -> Result {
        show_address(this, f)
    }
}

impl<T> ShowGc for T {}
impl ShowGc for dyn DynTrace {}
impl ShowGc for dyn core::any::Any {}

impl ShowGc for str {
    fn show(this: &Gc<str>, f: &mut Formatter<'_>) -> Result {
        Debug::fmt(&**this, f)
    }
}

/// Shows the elements, unless they can lie on a cycle and could therefore lead back to the slice.
impl<T: Debug> ShowGc for [T] {
    fn show(this: &Gc<[T]>, f: &mut Formatter<'_>) -> Result {
        match this.object().block().kind.get() {
            Kind::Cyclic => show_address(this, f),
            Kind::Leaf | Kind::AcyclicWithEdges => Debug::fmt(&**this, f),
        }
    }
}

fn show_address<T: ?Sized>(this: &Gc<T>, f: &mut Formatter<'_>) -> Result {
    let object = this.object();
    write!(f, "Gc<{}>({:#x})", object.info().short_name(), object.address())
}

/// Shows the text of a `Gc<str>`, and the elements of a `Gc<[T]>` if they cannot lie on a cycle.
/// Any other pointer is shown as its type and address, because showing a value on a cycle would not
/// end.
impl<T: ShowGc + ?Sized> Debug for Gc<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        T::show(self, f)
    }
}
