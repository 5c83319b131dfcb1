//! Parts of values: how generated code tells where a part is, and the fields that a derived `Trace`
//! skips. The verifier traces a skipped field if the type of the field implements `Trace`.

use super::Trace;
use super::shape::Erased;
use crate::object::raw::Object;
use crate::object::type_info::EdgeSink;
use crate::object::type_info::FieldList;
use alloc::boxed::Box;
use core::any::TypeId;
use core::cell::Cell;

/// A function that finds a part in a value and passes it to [`Found::is`]; it does nothing else.
#[doc(hidden)]
pub type FindPart<S, T> = for<'a> fn(&'a S, &Found<'a, T>);

/// Receives the place of a part from a [`FindPart`] function.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "opaque plumbing")]
pub struct Found<'a, T: ?Sized>(Cell<Option<&'a T>>);

impl<'a, T: ?Sized> Found<'a, T> {
    /// Notes where the part is.
    pub fn is(&self, part: &'a T) {
        self.0.set(Some(part));
    }
}

/// Returns a part of a living object's value, or `None` if the value is no `S` or lacks the part.
fn part_of<S: 'static, T>(object: &Object, find: FindPart<S, T>) -> Option<&T> {
    if object.info().id != TypeId::of::<S>() {
        return None;
    }
    let found = Found(Cell::new(None));
    // SAFETY: invariant 10: the caller looks at a living object, of this type.
    find(unsafe { object.value().cast::<S>().as_ref() }, &found);
    found.0.get()
}

impl FieldList {
    /// Adds a field that is not traced, with a function that finds the field in a value.
    #[doc(hidden)]
    pub fn skipped<S: 'static, T: 'static>(
        &mut self,
        name: &'static str,
        find: FindPart<S, T>,
    ) -> SkippedField<'_, S, T> {
        let place = move |object: Object| {
            let part = core::ptr::from_ref(part_of(&object, find)?).addr();
            let offset = part - object.address();
            Some(offset..offset + size_of::<T>())
        };
        self.add_place(name, Box::new(place));
        SkippedField { list: self, name, find }
    }
}

/// A skipped field. If the type of the field is `Trace`, the inherent method `__gc_core_note` lists
/// the field; otherwise the method of [`NotTraced`] is called, which does nothing.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "opaque plumbing")]
pub struct SkippedField<'l, S, T> {
    list: &'l mut FieldList,
    name: &'static str,
    find: FindPart<S, T>,
}

impl<S: 'static, T: Trace> SkippedField<'_, S, T> {
    /// Adds the field to the list of fields that the verifier traces.
    pub fn __gc_core_note(self) {
        let find = self.find;
        let edges = move |object: Object, sink: &mut dyn EdgeSink| {
            part_of(&object, find).into_iter().for_each(|part| part.trace(&mut Erased(sink)));
        };
        self.list.add_untraced(self.name, Box::new(edges));
    }
}

/// Does nothing with a skipped field whose type is not `Trace`.
#[doc(hidden)]
pub trait NotTraced: Sized {
    fn __gc_core_note(self) {}
}

impl<S, T> NotTraced for SkippedField<'_, S, T> {}
