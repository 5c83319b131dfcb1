//! The words: those of the recorded programs, and those for what can be done to a heap besides.

use std::fmt;

use crate::harness::Mischief;
use crate::model::program::{Callback, Class, Field, Op, Path};

/// One step of a program.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    /// A recorded word.
    Op(Op),
    /// Another.
    Extra(Extra),
}

/// A step that no recorded program has a word for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extra {
    /// Two fields exchange what they hold. No count changes.
    Exchange { a: Path, f: Field, b: Path, g: Field },
    /// A root and a field exchange what they hold. No count changes, not even for a while when
    /// the path is a root.
    MoveRoot { root: usize, a: Path, f: Field },
    /// Two roots exchange what they hold.
    SwapRoots(usize, usize),
    /// A list changes otherwise than at its end.
    Edit { a: Path, edit: Edit },
    /// A bare weak reference: one of those that share a cell, or one with a callback.
    Downgrade { b: Path, callback: Option<Callback> },
    /// A clone of a bare weak reference.
    CloneWeak(usize),
    /// A bare weak reference goes.
    DropWeak(usize),
    /// What a bare weak reference points to is stored in a root.
    UpgradeWeak { weak: usize, to: usize },
    /// A new object, made while a weak reference to it exists.
    NewCyclic { class: Class, to: usize, meanwhile: Meanwhile },
    /// Moves a value out of the heap if a root holds the only pointer to it, and drops it.
    Unwrap { root: usize },
    /// Holds an object from elsewhere.
    Stash { b: Path },
    /// No longer.
    Unstash(usize),
    /// Moves everything to the permanent set; the next collection moves it back first.
    Freeze,
    /// Collects while everything is frozen.
    CollectFrozen { generation: usize },
    /// Sets when collections start by themselves.
    Thresholds([u32; 3]),
    /// No collection starts by itself.
    Pause,
    /// One pause ends.
    Resume,
    /// Chooses between trial deletion and the linear pass.
    Detector(Option<bool>),
    /// The object's finalizer, or a weak reference's callback, does more than its duty.
    Tease { b: Path, mischief: Mischief },
    /// An untracked object without edges.
    Text,
    /// It goes.
    DropText(usize),
}

/// What a list can do beside append and pop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    Replace(usize, Path),
    Insert(usize, Path),
    Remove(usize),
    Truncate(usize),
}

/// What happens while an object is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    Nothing,
    Collect,
    Panic,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Op(op) => f.write_str(&serde_json::to_string(op).expect("an op is plain data")),
            Step::Extra(Extra::Exchange { a, f: af, b, g }) => write!(f, "exchange {a}.{af} {b}.{g}"),
            Step::Extra(Extra::MoveRoot { root, a, f: af }) => write!(f, "exchange r{root} {a}.{af}"),
            Step::Extra(Extra::Downgrade { b, callback }) => write!(f, "downgrade {b} {callback:?}"),
            Step::Extra(Extra::Stash { b }) => write!(f, "stash {b}"),
            Step::Extra(Extra::Tease { b, mischief }) => write!(f, "tease {b} {mischief:?}"),
            Step::Extra(Extra::Edit { a, edit }) => write!(f, "edit {a} {edit:?}"),
            Step::Extra(extra) => write!(f, "{extra:?}"),
        }
    }
}
