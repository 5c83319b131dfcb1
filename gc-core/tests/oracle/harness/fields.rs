//! Ways to keep the four fields of an object. They differ in what dropping a value does, which
//! the heap looks at to choose how it reclaims; a program cannot tell them apart.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use gc_core::{ReleaseAfter, Slot, Trace, TypeWalker, Visitor};

use super::classes::{Link, Managed};
use crate::model::program::FIELDS;

/// The four fields. Storing comes before the release of the old value.
pub trait Fields {
    /// Stores a value and hands the old one out: no count changes.
    fn replace(&self, field: usize, value: Option<Link>) -> Option<Link>;

    /// A pointer more to what is in the field.
    fn get(&self, field: usize) -> Option<Link> {
        let value = self.replace(field, None);
        let clone = value.clone();
        self.replace(field, value);
        clone
    }

    /// Stores a value, then releases the old one.
    fn set(&self, field: usize, value: Option<Link>) {
        drop(self.replace(field, value));
    }
}

/// Fields that can be part of a value on the heap.
pub trait Store: Fields + Trace + Default {}
impl<T: Fields + Trace + Default> Store for T {}

/// What people should use.
#[derive(Trace, Default)]
pub struct Slots([Slot<dyn Managed>; FIELDS]);

impl Fields for Slots {
    fn replace(&self, field: usize, value: Option<Link>) -> Option<Link> {
        self.0[field].replace(value)
    }
    fn get(&self, field: usize) -> Option<Link> {
        self.0[field].get()
    }
    fn set(&self, field: usize, value: Option<Link>) {
        self.0[field].set(value);
    }
}

/// The same in memory of its own.
#[derive(Trace, Default)]
pub struct Boxed(Box<Slots>);

impl Fields for Boxed {
    fn replace(&self, field: usize, value: Option<Link>) -> Option<Link> {
        self.0.replace(field, value)
    }
}

/// Cells of the standard library.
#[derive(Trace, Default)]
pub struct Cells([Cell<Option<Link>>; FIELDS]);

impl Fields for Cells {
    fn replace(&self, field: usize, value: Option<Link>) -> Option<Link> {
        self.0[field].replace(value)
    }
}

/// A vector behind a borrow.
#[derive(Trace)]
pub struct Vector(RefCell<Vec<Option<Link>>>);

impl Default for Vector {
    fn default() -> Vector {
        Vector(RefCell::new(vec![None; FIELDS]))
    }
}

impl Fields for Vector {
    fn replace(&self, field: usize, value: Option<Link>) -> Option<Link> {
        std::mem::replace(&mut self.0.borrow_mut()[field], value)
    }
    fn set(&self, field: usize, value: Option<Link>) {
        assert!(self.0.put(field, value));
    }
}

/// A map with entries for the fields that are set.
#[derive(Trace, Default)]
pub struct Map(RefCell<BTreeMap<u8, Link>>);

impl Fields for Map {
    fn replace(&self, field: usize, value: Option<Link>) -> Option<Link> {
        let mut map = self.0.borrow_mut();
        match value {
            Some(value) => map.insert(field as u8, value),
            None => map.remove(&(field as u8)),
        }
    }
    fn set(&self, field: usize, value: Option<Link>) {
        match value {
            Some(value) => drop(self.0.put(field as u8, value)),
            None => drop(self.0.discard(&(field as u8))),
        }
    }
}

/// Something in a value beside its pointers.
pub trait Payload: Trace + Default {}
impl<T: Trace + Default> Payload for T {}

thread_local! {
    static TOKENS: Cell<isize> = const { Cell::new(0) };
}

/// How many payloads that can be counted are alive on this thread.
pub fn tokens() -> isize {
    TOKENS.get()
}

/// Counts itself while it lives.
pub struct Token(Box<u8>);

impl Default for Token {
    fn default() -> Token {
        TOKENS.set(TOKENS.get() + 1);
        Token(Box::new(1))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        assert_eq!(std::mem::take(&mut *self.0), 1, "a value is dropped once");
        TOKENS.set(TOKENS.get() - 1);
    }
}

/// Owns memory, and does no more than give it back as far as a heap can tell.
#[derive(Default)]
pub struct Memory(Token);

// SAFETY: holds no pointer into the heap; its drop counts and frees memory.
unsafe impl Trace for Memory {
    fn types(walk: &mut TypeWalker) {
        walk.owns_memory();
    }
    fn trace<V: Visitor>(&self, _visitor: &mut V) {}
}

/// May do anything when it is dropped, as far as a heap can tell.
#[derive(Trace, Default)]
pub struct Wild(#[trace(skip)] Token);

/// Takes a lot of room.
#[derive(Trace)]
pub struct Bulk([u8; 17_000]);

impl Default for Bulk {
    fn default() -> Bulk {
        Bulk([7; 17_000])
    }
}
