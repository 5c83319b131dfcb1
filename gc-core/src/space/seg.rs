//! The names of edges.

/// One step on the way from a value to an edge in it.
#[derive(Clone, Copy, Debug)]
pub enum Seg<'a> {
    /// A field of a struct or of an enum's variant: `.next`, `.0`.
    Field(&'static str),
    /// An element of a sequence: `[3]`.
    Index(usize),
    /// An entry of a map: `["key"]`, or `[#3]` where the key has no label.
    Key(Label<'a>, usize),
}

/// What can be shown of a map's key without running user code.
#[derive(Clone, Copy, Debug)]
pub enum Label<'a> {
    /// A string.
    Str(&'a str),
    /// An integer.
    Int(i128),
    /// A character.
    Char(char),
    /// A truth value.
    Bool(bool),
    /// Nothing: the entry is named by its position.
    None,
}
