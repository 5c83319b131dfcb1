//! Ways in which a value holds pointers: by them the heap knows what dropping it can do, and
//! whether it can lie on a cycle.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};

use gc_core::{DynTrace, Gc, GcAny, Slot, Trace, trace_object};

use super::kinds::{Leaf, Link, Thing, typed};
use crate::harness::fields::{Memory, Wild};

/// Something that holds pointers.
pub trait Bag {
    /// Adds a pointer, or gives it back where there is no place for it.
    fn put(&self, value: Link) -> Result<(), Link>;
    /// Takes a pointer out; which one, the number says.
    fn take(&self, number: usize) -> Option<Link>;
}

/// A bag that can be part of a value on the heap.
pub trait Held: Bag + Trace + Default {}
impl<T: Bag + Trace + Default> Held for T {}

/// Pointers and nothing else.
#[derive(Trace, Default)]
pub struct Slots([Slot<dyn Thing>; 3]);

impl Bag for Slots {
    fn put(&self, value: Link) -> Result<(), Link> {
        match self.0.iter().find(|it| it.is_none()) {
            Some(slot) => slot.set(Some(value)),
            None => return Err(value),
        }
        Ok(())
    }
    fn take(&self, number: usize) -> Option<Link> {
        self.0[number % 3].take()
    }
}

/// A bag in a cell that may be borrowed.
trait Sequence: Default {
    fn add(&mut self, value: Link);
    fn draw(&mut self, number: usize) -> Option<Link>;
}

impl Sequence for Vec<Link> {
    fn add(&mut self, value: Link) {
        self.push(value);
    }
    fn draw(&mut self, number: usize) -> Option<Link> {
        (!self.is_empty()).then(|| self.swap_remove(number % self.len()))
    }
}

impl Sequence for VecDeque<Box<Link>> {
    fn add(&mut self, value: Link) {
        self.push_front(Box::new(value));
    }
    fn draw(&mut self, number: usize) -> Option<Link> {
        let value = if number.is_multiple_of(2) { self.pop_back() } else { self.pop_front() };
        value.map(|it| *it)
    }
}

impl Sequence for HashMap<usize, Link> {
    fn add(&mut self, value: Link) {
        let key = (0..).find(|it| !self.contains_key(it)).expect("a key is free");
        self.insert(key, value);
    }
    fn draw(&mut self, number: usize) -> Option<Link> {
        let key = *self.keys().min_by_key(|it| **it ^ (number % 4))?;
        self.remove(&key)
    }
}

impl Sequence for Vec<GcAny> {
    fn add(&mut self, value: Link) {
        self.push(value.into());
    }
    fn draw(&mut self, _number: usize) -> Option<Link> {
        self.pop().map(|it| typed(&it).expect("it is of a known type"))
    }
}

impl Sequence for Vec<Box<dyn Part>> {
    fn add(&mut self, value: Link) {
        self.push(Box::new(Single(value)));
    }
    fn draw(&mut self, _number: usize) -> Option<Link> {
        self.pop().map(|it| it.into_link())
    }
}

macro_rules! in_a_cell {
    ($($bag:ident: $sequence:ty, $extra:ty, $room:expr;)*) => {$(
        #[derive(Trace, Default)]
        pub struct $bag(RefCell<$sequence>, $extra);

        impl Bag for $bag {
            fn put(&self, value: Link) -> Result<(), Link> {
                match self.0.try_borrow_mut() {
                    Ok(mut bag) if bag.len() < $room => bag.add(value),
                    _ => return Err(value),
                }
                Ok(())
            }
            fn take(&self, number: usize) -> Option<Link> {
                self.0.try_borrow_mut().ok()?.draw(number)
            }
        }
    )*};
}

in_a_cell! {
    Vector: Vec<Link>, String, 8;
    Deque: VecDeque<Box<Link>>, Memory, 8;
    Hashed: HashMap<usize, Link>, (), 8;
    Anys: Vec<GcAny>, (), 8;
    Parts: Vec<Box<dyn Part>>, (), 4;
    Untraced: Vec<Link>, Wild, 4;
}

impl Vector {
    /// Does something while the bag is borrowed, if it is not yet.
    pub fn while_borrowed<R>(&self, f: impl FnOnce() -> R) -> R {
        let _borrowed = self.0.try_borrow_mut();
        f()
    }
}

/// A part of a value whose type is not known.
pub trait Part: DynTrace {
    fn into_link(self: Box<Self>) -> Link;
}
trace_object!(dyn Part);

#[derive(Trace)]
struct Single(Link);

impl Part for Single {
    fn into_link(self: Box<Self>) -> Link {
        self.0
    }
}

/// One pointer, in a value that must lie at a round address.
#[derive(Trace, Default)]
#[repr(align(256))]
pub struct Aligned(Cell<Option<Link>>);

impl Bag for Aligned {
    fn put(&self, value: Link) -> Result<(), Link> {
        match self.0.replace(Some(value)) {
            None => Ok(()),
            Some(old) => Err(self.0.replace(Some(old)).expect("it was just stored")),
        }
    }
    fn take(&self, _number: usize) -> Option<Link> {
        self.0.take()
    }
}

/// No pointer, no size.
#[derive(Trace, Default)]
pub struct Nothing;

impl Bag for Nothing {
    fn put(&self, value: Link) -> Result<(), Link> {
        Err(value)
    }
    fn take(&self, _number: usize) -> Option<Link> {
        None
    }
}

/// Pointers to leaves only: values of this type lie on no cycle, but have edges.
#[derive(Trace, Default)]
pub struct Leaves([Slot<Leaf>; 2], String);

impl Bag for Leaves {
    fn put(&self, value: Link) -> Result<(), Link> {
        let leaf = Gc::as_any(&value).downcast::<Leaf>();
        match (leaf, self.0.iter().find(|it| it.is_none())) {
            (Some(leaf), Some(slot)) => slot.set(Some(leaf)),
            _ => return Err(value),
        }
        Ok(())
    }
    fn take(&self, number: usize) -> Option<Link> {
        let leaf = self.0[number % 2].take()?;
        Some(gc_core::gc_cast!(leaf => dyn Thing))
    }
}

/// A pointer to pointers in a row, which are an object themselves.
#[derive(Trace, Default)]
pub struct Row(pub RefCell<Option<Gc<[Link]>>>);

impl Bag for Row {
    fn put(&self, value: Link) -> Result<(), Link> {
        Err(value)
    }
    fn take(&self, _number: usize) -> Option<Link> {
        None
    }
}
