//! The vocabulary of recorded programs: classes, fields, roots, callbacks and access paths.
//!
//! Parsing is strict, so that a parsed program names only things that can exist.

use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// The id of an object in a program. The first object made has id 1, and an id is never reused.
pub type Id = u32;

/// Number of external roots, `r0` to `r7`.
pub const ROOTS: usize = 8;

/// Number of fields of an instance.
pub const FIELDS: usize = 4;

/// The class of an object. The class determines the action of the finalizer after logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Class {
    /// The object has no finalizer.
    Plain,
    /// The finalizer only logs.
    Fin,
    /// The finalizer appends the object to the survivors, the first time.
    Res,
    /// The finalizer appends the object to the survivors, every time.
    Res2,
    /// The finalizer unsets the object's `f0`.
    Drop,
    /// The object is a growable array without a finalizer.
    List,
    /// The object is a weak reference, which the op `wref` makes, never the op `new`.
    #[serde(skip)]
    WR,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A field's number, `f0` to `f3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Field(pub usize);

/// A root's number, 0 to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub struct Root(pub usize);

/// The action of a weak callback, after logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Callback {
    /// The callback only logs.
    Log,
    /// The callback empties the root, then releases the object that the root held.
    DropRoot(Root),
}

/// The start of an access path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// `rK`, an external root.
    Root(Root),
    /// `GK`, an entry of the garbage list.
    Garbage(usize),
    /// `SK`, an entry of the survivors list.
    Survivor(usize),
}

/// One step along an access path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// `.fN`, a field of an instance.
    Field(Field),
    /// `[i]`, an item of a list.
    Item(usize),
    /// `()`, the target of a weak reference.
    Referent,
}

/// An access path, by which a program names an object: `r0.f1()`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Path {
    /// The start of the path.
    pub base: Base,
    /// The edges that the path follows from its start.
    pub hops: Vec<Hop>,
}

/// Parses a number below `limit` in its shortest form.
fn number(text: &str, limit: usize) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value: usize = text.parse().ok().filter(|_| digits)?;
    (value < limit && (value == 0 || !text.starts_with('0'))).then_some(value)
}

impl Field {
    fn read(text: &str) -> Option<Field> {
        number(text.strip_prefix('f')?, FIELDS).map(Field)
    }
}

impl Root {
    fn read(text: &str) -> Option<Root> {
        number(text.strip_prefix('r')?, ROOTS).map(Root)
    }
}

impl Callback {
    fn read(text: &str) -> Option<Callback> {
        match text.strip_prefix("drop:") {
            Some(root) => Root::read(root).map(Callback::DropRoot),
            None => (text == "log").then_some(Callback::Log),
        }
    }
}

impl Base {
    fn read(text: &str) -> Option<Base> {
        if let Some(index) = text.strip_prefix('G') {
            return number(index, usize::MAX).map(Base::Garbage);
        }
        match text.strip_prefix('S') {
            Some(index) => number(index, usize::MAX).map(Base::Survivor),
            None => Root::read(text).map(Base::Root),
        }
    }
}

impl Hop {
    fn read(text: &str) -> Option<Hop> {
        if let Some(field) = text.strip_prefix('.') {
            return Field::read(field).map(Hop::Field);
        }
        if text == "()" {
            return Some(Hop::Referent);
        }
        number(text.strip_prefix('[')?.strip_suffix(']')?, usize::MAX).map(Hop::Item)
    }
}

impl Path {
    fn read(text: &str) -> Option<Path> {
        let (base, mut rest) = text.split_at(next_hop(text, 0));
        let mut hops = Vec::new();
        while !rest.is_empty() {
            let (hop, after) = rest.split_at(next_hop(rest, 1));
            hops.push(Hop::read(hop)?);
            rest = after;
        }
        Some(Path { base: Base::read(base)?, hops })
    }
}

/// Returns the position at which the next hop starts, at `from` or later.
fn next_hop(text: &str, from: usize) -> usize {
    text.char_indices().find(|&(at, c)| at >= from && matches!(c, '.' | '[' | '(')).map_or(text.len(), |(at, _)| at)
}

/// Implements strict parsing, with an error message that names the expected form.
macro_rules! read_from_text {
    ($type:ty, $right:literal) => {
        impl FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                <$type>::read(text).ok_or_else(|| format!("{text:?} is not {}", $right))
            }
        }

        impl TryFrom<String> for $type {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }
    };
}

read_from_text!(Field, "a field: there are f0 to f3");
read_from_text!(Callback, "a callback: there are null, \"log\" and \"drop:rK\"");
read_from_text!(Path, "an access path: r0 to r7, GK or SK, then any of .f0 to .f3, [i] and ()");

impl TryFrom<u64> for Root {
    type Error = String;
    fn try_from(value: u64) -> Result<Root, String> {
        let known = usize::try_from(value).ok().filter(|&value| value < ROOTS);
        known.map(Root).ok_or_else(|| format!("{value} is not a root: there are 0 to 7"))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "f{}", self.0)
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Callback::Log => f.write_str("log"),
            Callback::DropRoot(root) => write!(f, "drop:{root}"),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.base {
            Base::Root(root) => write!(f, "{root}")?,
            Base::Garbage(index) => write!(f, "G{index}")?,
            Base::Survivor(index) => write!(f, "S{index}")?,
        }
        self.hops.iter().try_for_each(|hop| match hop {
            Hop::Field(field) => write!(f, ".{field}"),
            Hop::Item(index) => write!(f, "[{index}]"),
            Hop::Referent => f.write_str("()"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Callback, Field, Path, Root};

    #[test]
    fn a_path_that_was_read_prints_as_it_was() {
        for text in ["r0", "r7.f3", "G12.f0[3]()", "S0()()", "r1[0].f2"] {
            assert_eq!(text.parse::<Path>().map(|path| path.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_names_nothing_is_no_path() {
        for text in ["", "r", "r8", "r01", "r+1", "q0", "r0.", "r0.f4", "r0.f", "r0[", "r0[]", "r0[-1]", "r0(", "é"] {
            assert!(text.parse::<Path>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_index_too_large_for_the_machine_is_no_index() {
        assert!("r0[99999999999999999999]".parse::<Path>().is_err());
    }

    #[test]
    fn callbacks_fields_and_roots() {
        assert_eq!("drop:r3".parse(), Ok(Callback::DropRoot(Root(3))));
        assert!("drop:r8".parse::<Callback>().is_err() && "drop:3".parse::<Callback>().is_err());
        assert!("f4".parse::<Field>().is_err() && Root::try_from(8).is_err());
    }
}
