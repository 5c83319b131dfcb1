//! The names of edges. Each text is kept once.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

/// The first position in a list or map that has no name of its own. This position and all later
/// ones are named `[…]`, because a long list would otherwise need a name for each position.
pub const NAMED: usize = 1000;

/// The name of an edge in one word: the number of a text, or a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Name(u32);

const POSITION: u32 = 1 << 31;

impl Name {
    /// Returns the name of an edge that is identified by its position in a list. Keeps the low 31
    /// bits of the position.
    pub fn position(at: usize) -> Name {
        Name(POSITION | (at as u32 & !POSITION))
    }

    /// Returns the name of an edge whose text has this number among the [`Texts`] of the snapshot.
    ///
    /// # Panics
    /// Panics if `number` is 2^31 or more.
    pub fn text(number: usize) -> Name {
        assert!(number < POSITION as usize, "fewer than 2^31 names");
        Name(number as u32)
    }

    /// Returns the position; `None` if the name is a text.
    pub fn as_position(self) -> Option<usize> {
        (self.0 & POSITION != 0).then_some((self.0 & !POSITION) as usize)
    }
}

/// The texts of a snapshot's names.
#[derive(Clone, Default, Debug)]
pub struct Texts(Vec<Box<str>>);

impl Texts {
    /// Creates the texts from a list in the order of their numbers.
    pub fn of(texts: Vec<Box<str>>) -> Texts {
        Texts(texts)
    }

    /// Returns the text of a name.
    pub(crate) fn show(&self, name: Name) -> Cow<'_, str> {
        match name.as_position() {
            Some(at) => Cow::Owned(format!("[{at}]")),
            None => Cow::Borrowed(&self.0[name.0 as usize]),
        }
    }

    /// Returns the bytes of memory that the texts take.
    pub(crate) fn bytes(&self) -> usize {
        let texts: usize = self.0.iter().map(|text| text.len()).sum();
        texts + self.0.capacity() * size_of::<Box<str>>()
    }
}
