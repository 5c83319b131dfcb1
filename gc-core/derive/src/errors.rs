//! Reports every mistake of a type at once, so that nobody has to compile a
//! second time to hear of the second one.

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Adds a mistake behind those that are already there.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Takes the value out of `result`, or its default when there is a mistake
    /// to remember. Nothing is generated from such a default: [`finish`] fails.
    ///
    /// [`finish`]: Errors::finish
    pub(crate) fn value<T: Default>(&mut self, result: syn::Result<T>) -> T {
        result.unwrap_or_else(|error| {
            self.push(error);
            T::default()
        })
    }

    /// Hands `value` on if there was no mistake.
    pub(crate) fn finish<T>(self, value: T) -> syn::Result<T> {
        match self.0 {
            Some(error) => Err(error),
            None => Ok(value),
        }
    }
}
