//! The names of edges, each text kept once.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

/// Positions in a list or map from here on are all called `[…]`: a long list would have as
/// many names.
pub const NAMED: usize = 1000;

/// The name of an edge in one word: the number of a text, or a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Name(u32);

const POSITION: u32 = 1 << 31;

impl Name {
    /// The name of an edge that is known by its position in a list.
    pub fn position(at: usize) -> Name {
        Name(POSITION | (at as u32 & !POSITION))
    }

    /// The text of this number among the [`Texts`] of the snapshot.
    ///
    /// # Panics
    /// Panics if `number` is 2^31 or more.
    pub fn text(number: usize) -> Name {
        assert!(number < POSITION as usize, "fewer than 2^31 names");
        Name(number as u32)
    }

    /// Returns the position, if the name is one.
    pub fn as_position(self) -> Option<usize> {
        (self.0 & POSITION != 0).then_some((self.0 & !POSITION) as usize)
    }
}

/// The texts of a snapshot's names.
#[derive(Clone, Default, Debug)]
pub struct Texts(Vec<Box<str>>);

impl Texts {
    /// Texts by their numbers.
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

    /// Bytes of memory that the texts take.
    pub(crate) fn bytes(&self) -> usize {
        let texts: usize = self.0.iter().map(|text| text.len()).sum();
        texts + self.0.capacity() * size_of::<Box<str>>()
    }
}
