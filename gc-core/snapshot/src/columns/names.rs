//! The names of edges. Each text is kept once.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

/// The first position in a list or map that has no name of its own. The position `NAMED` and all later
/// ones are named `[…]`, because a long list would otherwise need a name for each position.
pub const NAMED: usize = 1000;

/// The way in which an object holds the target of an edge.
///
/// ```
/// use gc_snapshot::columns::{EdgeKind, Name};
///
/// assert_eq!(Name::text(7).kind(), EdgeKind::Named);
/// assert_eq!(Name::text(7).of_kind(EdgeKind::Internal).kind(), EdgeKind::Internal);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EdgeKind {
    /// By something that the program names or numbers: an attribute, a key, a position.
    Named,
    /// By a variable: of a closure, or of a running function.
    Variable,
    /// By something that the runtime keeps for itself and names, such as the table of a map.
    Internal,
    /// By something that the runtime keeps for itself and does not name.
    Hidden,
}

/// The name of an edge in one word: the number of a text or a position, and the kind of the edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Name(u32);

const POSITION: u32 = 1 << 31;
const KIND: u32 = 29;
const NUMBER: u32 = (1 << KIND) - 1;

impl Name {
    /// Returns the name of an edge that is identified by its position in a list. Keeps the low 31
    /// bits of the position. Of a position of 2^29 or more
    /// the last 29 bits are kept.
    pub fn position(at: usize) -> Name {
        Name(POSITION | (at as u32 & NUMBER))
    }

    /// Returns the name of an edge whose text has this number among the [`Texts`] of the snapshot.
    ///
    /// # Panics
    /// Panics if `number` is 2^29 or more.
    pub fn text(number: usize) -> Name {
        assert!(number <= NUMBER as usize, "fewer than 2^29 names");
        Name(number as u32)
    }

    /// Returns the name with another kind. A name is of kind [`EdgeKind::Named`] at first.
    #[must_use]
    pub fn of_kind(self, kind: EdgeKind) -> Name {
        Name(self.0 & (POSITION | NUMBER) | (kind as u32) << KIND)
    }

    /// Returns the kind of the edge.
    pub fn kind(self) -> EdgeKind {
        match self.0 >> KIND & 3 {
            0 => EdgeKind::Named,
            1 => EdgeKind::Variable,
            2 => EdgeKind::Internal,
            _ => EdgeKind::Hidden,
        }
    }

    /// Returns the position; `None` if the name is a text.
    pub fn as_position(self) -> Option<usize> {
        (self.0 & POSITION != 0).then_some((self.0 & NUMBER) as usize)
    }

    /// Returns the number of the text, if the name is one.
    pub(crate) fn as_text(self) -> Option<usize> {
        (self.0 & POSITION == 0).then_some((self.0 & NUMBER) as usize)
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
            None => Cow::Borrowed(&self.0[(name.0 & NUMBER) as usize]),
        }
    }

    /// The texts by their numbers.
    pub(crate) fn all(&self) -> &[Box<str>] {
        &self.0
    }

    /// Returns the bytes of memory that the texts take.
    pub(crate) fn bytes(&self) -> usize {
        let texts: usize = self.0.iter().map(|text| text.len()).sum();
        texts + self.0.capacity() * size_of::<Box<str>>()
    }
}
