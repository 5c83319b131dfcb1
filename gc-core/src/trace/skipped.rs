//! Fields that a derived `Trace` skips: the verifier looks into those that it could trace.

use super::Trace;
use super::shape::Erased;
use crate::space::info::FieldList;
use crate::space::object::Object;
use crate::space::pass::EdgeSink;
use alloc::boxed::Box;
use core::any::TypeId;

impl FieldList {
    /// A field that is not traced, by a function that finds it in a value and does nothing else.
    #[doc(hidden)]
    pub fn skipped<S, T>(
        &mut self,
        name: &'static str,
        offset: Option<usize>,
        find: fn(&S) -> Option<&T>,
    ) -> SkippedField<'_, S, T> {
        if let Some(offset) = offset {
            self.add(name, offset, size_of::<T>());
        }
        SkippedField { list: self, name, find }
    }
}

/// A skipped field. `note` lists it where its type is `Trace`; elsewhere [`NotTraced::note`] is
/// called, which does nothing.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "opaque plumbing")]
pub struct SkippedField<'l, S, T> {
    list: &'l mut FieldList,
    name: &'static str,
    find: fn(&S) -> Option<&T>,
}

impl<S: 'static, T: Trace> SkippedField<'_, S, T> {
    /// Lists the field.
    pub fn note(self) {
        let find = self.find;
        let edges = move |object: Object, sink: &mut dyn EdgeSink| {
            if object.info().id == TypeId::of::<S>() {
                // SAFETY: invariant 10: the caller looks at a living object, of this type.
                let value = unsafe { object.value().cast::<S>().as_ref() };
                find(value).into_iter().for_each(|part| part.trace(&mut Erased(sink)));
            }
        };
        self.list.add_untraced(self.name, Box::new(edges));
    }
}

/// What is done with a skipped field of which nothing is known: nothing.
#[doc(hidden)]
pub trait NotTraced: Sized {
    fn note(self) {}
}

impl<S, T> NotTraced for SkippedField<'_, S, T> {}
