//! The words a program is written in: classes, fields, access paths, callbacks and ops.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An object's name: 1 for the first one born, never reused, so ids compare as births do.
pub type Id = u32;

/// How many external roots `r0..` there are.
pub const ROOTS: usize = 8;

/// How many fields an object that is no list and no weak reference has.
pub const FIELDS: usize = 4;

/// Who finalizes what, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Python 2.7: objects with a finalizer that are unreachable are left alone.
    Legacy,
    /// Python 3.4 and later: a finalizer runs once in a life, cycles or not.
    Modern,
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Policy::Legacy => "legacy",
            Policy::Modern => "modern",
        })
    }
}

/// The two sizes of program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 20 to 60 ops.
    Short,
    /// Up to some two thousand ops.
    Long,
}

/// What an object is and what its finalizer does; every finalizer logs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Four fields, no finalizer.
    Plain,
    /// Its finalizer only logs.
    Fin,
    /// Its finalizer appends it to the survivors the first time it runs.
    Res,
    /// Its finalizer appends it to the survivors every time.
    Res2,
    /// Its finalizer unsets its own `f0`.
    Drop,
    /// A growable array, no finalizer.
    List,
    /// A weak reference that is itself a managed object; born by `wref`, never by `new`.
    #[serde(rename = "WR")]
    Wr,
}

impl Class {
    /// Whether objects of the class have a finalizer.
    pub fn has_finalizer(self) -> bool {
        matches!(self, Class::Fin | Class::Res | Class::Res2 | Class::Drop)
    }

    /// Whether objects of the class have the fields `f0..f3`.
    pub fn has_fields(self) -> bool {
        !matches!(self, Class::List | Class::Wr)
    }
}

/// A field's number, `f0` to `f3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Field(pub usize);

/// What a weak reference does when it is called back; both log first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Callback {
    /// Only logs.
    Log,
    /// Empties the root, then releases what it held.
    DropRoot(usize),
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// `rK`, an external root.
    Root(usize),
    /// `GK`, an entry of the garbage list.
    Garbage(usize),
    /// `SK`, an entry of the survivors list.
    Survivor(usize),
}

/// One step along a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hop {
    /// `.fN`
    Field(Field),
    /// `[i]`
    Item(usize),
    /// `()`, what the weak reference points to.
    Referent,
}

/// How a program names an object: a base and the hops from there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Path {
    /// Where it starts.
    pub base: Base,
    /// What is followed from there.
    pub hops: Vec<Hop>,
}

impl Path {
    /// The path `rK`.
    pub fn root(number: usize) -> Self {
        Path { base: Base::Root(number), hops: Vec::new() }
    }
}

/// One op. `*_id` names the object the path before it must lead to, `id` the object born.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the operands are described once, above")]
pub enum Op {
    /// A new object, stored in a root.
    New { id: Id, cls: Class, to: usize },
    /// `a.f = b`
    Set { a: Path, a_id: Id, f: Field, b: Path, b_id: Id },
    /// Unsets a field that is set.
    Clear { a: Path, a_id: Id, f: Field },
    /// Appends `b` to the list `a`.
    Append { a: Path, a_id: Id, b: Path, b_id: Id },
    /// Removes the last item of the list `a`.
    Pop { a: Path, a_id: Id },
    /// Stores `b` in a root.
    Assign { to: usize, b: Path, b_id: Id },
    /// Empties a root.
    Del { to: usize },
    /// A new weak reference to `b`, stored in a root.
    Wref { id: Id, b: Path, b_id: Id, cb: Option<Callback>, to: usize },
    /// Collects a generation and the younger ones.
    Collect {
        #[serde(rename = "gen")]
        generation: usize,
    },
    /// Empties the garbage list.
    ClearGarbage,
    /// Removes the last entry of the garbage list.
    PopGarbage,
    /// Empties the survivors list.
    ClearSurvivors,
    /// Removes the last entry of the survivors list.
    PopSurvivor,
    /// From now on all that is reclaimable goes to the garbage list instead (or no longer).
    Saveall { on: bool },
}

impl Op {
    /// The operands that are paths, each with its key and id, in the order they are released.
    pub fn operands(&self) -> Vec<(&'static str, &Path, Id)> {
        match self {
            Op::Set { a, a_id, b, b_id, .. } | Op::Append { a, a_id, b, b_id } => {
                vec![("a", a, *a_id), ("b", b, *b_id)]
            }
            Op::Clear { a, a_id, .. } | Op::Pop { a, a_id } => vec![("a", a, *a_id)],
            Op::Assign { b, b_id, .. } | Op::Wref { b, b_id, .. } => vec![("b", b, *b_id)],
            _ => Vec::new(),
        }
    }

    /// The same operands, their ids open to change.
    pub fn operands_mut(&mut self) -> Vec<(&Path, &mut Id)> {
        match self {
            Op::Set { a, a_id, b, b_id, .. } | Op::Append { a, a_id, b, b_id } => vec![(a, a_id), (b, b_id)],
            Op::Clear { a, a_id, .. } | Op::Pop { a, a_id } => vec![(a, a_id)],
            Op::Assign { b, b_id, .. } | Op::Wref { b, b_id, .. } => vec![(b, b_id)],
            _ => Vec::new(),
        }
    }

    /// The id of the object the op makes.
    pub fn born_mut(&mut self) -> Option<&mut Id> {
        match self {
            Op::New { id, .. } | Op::Wref { id, .. } => Some(id),
            _ => None,
        }
    }
}

/// Reads `text` as a number below `limit`, written without sign or leading zero.
fn number(text: &str, limit: usize) -> Option<usize> {
    let value: usize = text.parse().ok()?;
    (value < limit && value.to_string() == text).then_some(value)
}

fn field(text: &str) -> Option<Field> {
    number(text.strip_prefix('f')?, FIELDS).map(Field)
}

fn callback(text: &str) -> Option<Callback> {
    match text.strip_prefix("drop:r") {
        Some(root) => number(root, ROOTS).map(Callback::DropRoot),
        None => (text == "log").then_some(Callback::Log),
    }
}

fn base(text: &str) -> Option<Base> {
    let (kind, index) = text.split_at_checked(1)?;
    match kind {
        "r" => number(index, ROOTS).map(Base::Root),
        "G" => number(index, usize::MAX).map(Base::Garbage),
        "S" => number(index, usize::MAX).map(Base::Survivor),
        _ => None,
    }
}

fn hops(mut text: &str) -> Option<Vec<Hop>> {
    let mut hops = Vec::new();
    while !text.is_empty() {
        let end = text[1..].find(['.', '[', '(']).map_or(text.len(), |i| i + 1);
        let (hop, rest) = text.split_at(end);
        hops.push(match hop.strip_prefix('.') {
            Some(name) => Hop::Field(field(name)?),
            None if hop == "()" => Hop::Referent,
            None => Hop::Item(number(hop.strip_prefix('[')?.strip_suffix(']')?, usize::MAX)?),
        });
        text = rest;
    }
    Some(hops)
}

fn path(text: &str) -> Option<Path> {
    let (start, rest) = text.split_at(text.find(['.', '[', '(']).unwrap_or(text.len()));
    Some(Path { base: base(start)?, hops: hops(rest)? })
}

/// Reading and writing of a word that is a string in the files.
macro_rules! as_text {
    ($type:ty, $read:ident, $what:literal, |$value:ident, $out:ident| $write:expr) => {
        impl TryFrom<String> for $type {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                $read(&text).ok_or_else(|| format!("{text:?} is no {}", $what))
            }
        }

        impl FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                text.to_owned().try_into()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, $out: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $value = self;
                $write
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }
    };
}

as_text!(Field, field, "field", |it, f| write!(f, "f{}", it.0));
as_text!(Callback, callback, "callback", |it, f| match it {
    Callback::Log => f.write_str("log"),
    Callback::DropRoot(root) => write!(f, "drop:r{root}"),
});
as_text!(Path, path, "access path", |it, f| {
    match it.base {
        Base::Root(k) => write!(f, "r{k}")?,
        Base::Garbage(k) => write!(f, "G{k}")?,
        Base::Survivor(k) => write!(f, "S{k}")?,
    }
    it.hops.iter().try_for_each(|hop| match hop {
        Hop::Field(field) => write!(f, ".{field}"),
        Hop::Item(index) => write!(f, "[{index}]"),
        Hop::Referent => f.write_str("()"),
    })
});
