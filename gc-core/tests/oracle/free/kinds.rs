//! The types: each way to hold pointers, with and without a finalizer.

use std::any::Any;
use std::cell::Cell;

use gc_core::{DynTrace, Finalize, Gc, GcAny, Heap, Trace, WeakRef, gc_cast, trace_object};

use super::bags::{Aligned, Anys, Bag, Deque, Hashed, Held, Leaves, Nothing, Parts, Row, Slots, Untraced, Vector};
use super::user;

/// An object of any kind.
pub trait Thing: DynTrace {
    /// What holds its pointers.
    fn bag(&self) -> Option<&dyn Bag>;
    /// The object itself as a vector that can be borrowed, if it is one.
    fn vector(&self) -> Option<&Vector> {
        None
    }
    /// The object as one that points to a row, if it is one.
    fn row(&self) -> Option<&Row> {
        None
    }
    /// The weak reference, if it is one.
    fn weak(&self) -> Option<&WeakRef<dyn Thing>> {
        None
    }
}
trace_object!(dyn Thing);

/// A counted pointer to an object of any kind.
pub type Link = Gc<dyn Thing>;

/// No finalizer.
#[derive(Trace, Default)]
pub struct Plain<B>(B);

/// With a finalizer, which may be disarmed.
#[derive(Trace)]
#[trace(finalize, bound = "B: Held")]
pub struct Fin<B>(B, Cell<bool>);

/// What lies on no cycle and has no edge.
pub type Leaf = Plain<Nothing>;

/// A promise that is kept: only leaves are put in here.
#[derive(Trace, Default)]
#[trace(acyclic)]
pub struct Promised(Leaves, Option<Link>);

impl<B: Held> Thing for Plain<B> {
    fn bag(&self) -> Option<&dyn Bag> {
        Some(&self.0)
    }
    fn vector(&self) -> Option<&Vector> {
        (&self.0 as &dyn Any).downcast_ref()
    }
    fn row(&self) -> Option<&Row> {
        (&self.0 as &dyn Any).downcast_ref()
    }
}

impl<B: Held> Thing for Fin<B> {
    fn bag(&self) -> Option<&dyn Bag> {
        Some(&self.0)
    }
    fn vector(&self) -> Option<&Vector> {
        (&self.0 as &dyn Any).downcast_ref()
    }
}

impl Thing for Promised {
    fn bag(&self) -> Option<&dyn Bag> {
        Some(&self.0)
    }
}

impl Thing for WeakRef<dyn Thing> {
    fn bag(&self) -> Option<&dyn Bag> {
        None
    }
    fn weak(&self) -> Option<&WeakRef<dyn Thing>> {
        Some(self)
    }
}

impl<B: Held> Finalize for Fin<B> {
    fn armed(&self) -> bool {
        user::asked_whether_armed();
        self.1.get()
    }
    fn finalize(this: &Gc<Fin<B>>) {
        user::finalize(gc_cast!(this.clone() => dyn Thing));
    }
}

/// The kinds without and with a finalizer; other numbers are taken for one of them.
pub const KINDS: usize = 19;

/// Calls a macro for the types of every kind.
macro_rules! each_type {
    ($do:ident) => {
        $do! {
            0 => Plain<Slots>, 1 => Plain<Vector>, 2 => Plain<Deque>, 3 => Plain<Hashed>, 4 => Plain<Anys>,
            5 => Plain<Parts>, 6 => Plain<Untraced>, 7 => Plain<Aligned>, 8 => Leaf, 9 => Plain<Leaves>,
            10 => Promised, 11 => Fin<Slots>, 12 => Fin<Vector>, 13 => Fin<Hashed>, 14 => Fin<Untraced>,
            15 => Fin<Anys>, 16 => Fin<Nothing>, 17 => Fin<Leaves>, 18 => Plain<Row>,
        }
    };
}

/// A value of one kind.
trait Value: Thing + Trace {
    fn make(armed: bool) -> Self;
}

impl<B: Held> Value for Plain<B> {
    fn make(_armed: bool) -> Self {
        Plain::default()
    }
}

impl<B: Held> Value for Fin<B> {
    fn make(armed: bool) -> Self {
        Fin(B::default(), Cell::new(armed))
    }
}

impl Value for Promised {
    fn make(_armed: bool) -> Self {
        Promised::default()
    }
}

/// Puts a new object of a kind on a heap.
pub fn allocate(heap: &Heap, kind: usize, armed: bool) -> Link {
    fn new<T: Value>(heap: &Heap, armed: bool) -> Link {
        gc_cast!(heap.alloc(T::make(armed)) => dyn Thing)
    }
    macro_rules! by_number {
        ($($number:pat => $ty:ty),* $(,)?) => {
            match kind % KINDS {
                $($number => new::<$ty>(heap, armed),)*
                _ => unreachable!("there are no more kinds"),
            }
        };
    }
    each_type!(by_number)
}

/// Has an object of this kind a finalizer?
pub fn is_finalizable(kind: usize) -> bool {
    (11..=17).contains(&(kind % KINDS))
}

/// Can an object of this kind lie on a cycle, as far as its type says?
pub fn is_tracked(kind: usize) -> bool {
    !matches!(kind % KINDS, 8..=10 | 16 | 17)
}

/// Is there no place for a pointer to any object in objects of this kind?
pub fn cannot_close(kind: usize) -> bool {
    !is_tracked(kind) || kind % KINDS == 18
}

/// A pointer to an object whose type is not known; none to a row.
pub fn typed(object: &GcAny) -> Option<Link> {
    fn cast<T: Thing + Trace>(object: &GcAny) -> Option<Link> {
        object.downcast::<T>().map(|it| gc_cast!(it => dyn Thing))
    }
    macro_rules! first {
        ($($number:pat => $ty:ty),* $(,)?) => {
            None $(.or_else(|| cast::<$ty>(object)))*.or_else(|| cast::<WeakRef<dyn Thing>>(object))
        };
    }
    each_type!(first)
}

/// Moves a value out of its heap if this is the only pointer to it.
pub fn try_unwrap(object: Link) -> Result<Box<dyn Any>, Link> {
    fn unwrap<T: Thing + Trace>(held: &mut Option<Link>) -> Option<Box<dyn Any>> {
        let typed = Gc::as_any(held.as_ref()?).downcast::<T>()?;
        *held = None;
        let value = Gc::try_unwrap(typed).map_err(|typed| *held = Some(gc_cast!(typed => dyn Thing)));
        value.ok().map(|it| Box::new(it) as Box<dyn Any>)
    }
    let mut held = Some(object);
    macro_rules! first {
        ($($number:pat => $ty:ty),* $(,)?) => {
            None $(.or_else(|| unwrap::<$ty>(&mut held)))*
        };
    }
    let value: Option<Box<dyn Any>> = each_type!(first);
    value.ok_or_else(|| held.expect("a refused pointer comes back"))
}
