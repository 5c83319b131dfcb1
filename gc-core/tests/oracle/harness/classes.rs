//! The classes of the recorded programs as types of the heap, one type each for every way to keep
//! the fields.

use std::any::Any;
use std::cell::Cell;

use gc_core::{DynTrace, Finalize, Gc, GcAny, Heap, List, Trace, WeakRef, gc_cast, trace_object};

use super::fields::{Boxed, Bulk, Cells, Fields, Map, Memory, Payload, Slots, Store, Vector, Wild};
use super::outside::{self, Outside};
use crate::model::program::{Class, FIELDS};

/// An object of any class.
pub trait Managed: DynTrace {
    /// The fields of an object that has some.
    fn fields(&self) -> Option<&dyn Fields> {
        None
    }
    /// The items of a list.
    fn items(&self) -> Option<&List<dyn Managed>> {
        None
    }
    /// The weak reference, if it is one.
    fn weak(&self) -> Option<&WeakRef<dyn Managed>> {
        None
    }
}
trace_object!(dyn Managed);

/// A counted pointer to an object of any class.
pub type Link = Gc<dyn Managed>;

/// What names an object while it is alive.
pub fn address<T: ?Sized>(object: &Gc<T>) -> usize {
    Gc::as_ptr(object).addr()
}

/// Four fields, and something else.
#[derive(Trace, Default)]
pub struct Body<S, P> {
    store: S,
    payload: P,
}

/// No finalizer.
#[derive(Trace)]
pub struct Plain<S, P>(Body<S, P>);

/// Its finalizer only logs.
#[derive(Trace)]
#[trace(finalize, bound = "S: Store, P: Payload")]
pub struct Fin<S, P>(Body<S, P>);

/// Its finalizer keeps it the first time.
#[derive(Trace)]
#[trace(finalize, bound = "S: Store, P: Payload")]
pub struct Res<S, P>(Body<S, P>, Cell<bool>);

/// Its finalizer keeps it every time.
#[derive(Trace)]
#[trace(finalize, bound = "S: Store, P: Payload")]
pub struct Res2<S, P>(Body<S, P>);

/// Its finalizer unsets the first field.
#[derive(Trace)]
#[trace(finalize, bound = "S: Store, P: Payload")]
pub struct Unset<S, P>(Body<S, P>);

/// A growable array.
#[derive(Trace)]
pub struct Array<P>(List<dyn Managed>, P);

macro_rules! has_fields {
    ($($class:ident),*) => {$(
        impl<S: Store, P: Payload> Managed for $class<S, P> {
            fn fields(&self) -> Option<&dyn Fields> {
                Some(&self.0.store)
            }
        }
    )*};
}

has_fields!(Plain, Fin, Res, Res2, Unset);

impl<P: Payload> Managed for Array<P> {
    fn items(&self) -> Option<&List<dyn Managed>> {
        Some(&self.0)
    }
}

impl Managed for WeakRef<dyn Managed> {
    fn weak(&self) -> Option<&WeakRef<dyn Managed>> {
        Some(self)
    }
}

fn survive<T: Managed + Trace>(this: &Gc<T>, outside: &Outside) {
    outside.survivors.borrow_mut().push(gc_cast!(this.clone() => dyn Managed));
}

impl<S: Store, P: Payload> Finalize for Fin<S, P> {
    fn finalize(this: &Gc<Self>) {
        outside::finalize(this, |_| {});
    }
}

impl<S: Store, P: Payload> Finalize for Res<S, P> {
    fn finalize(this: &Gc<Self>) {
        outside::finalize(this, |outside| {
            if !this.1.replace(true) {
                survive(this, outside);
            }
        });
    }
}

impl<S: Store, P: Payload> Finalize for Res2<S, P> {
    fn finalize(this: &Gc<Self>) {
        outside::finalize(this, |outside| survive(this, outside));
    }
}

impl<S: Store, P: Payload> Finalize for Unset<S, P> {
    fn finalize(this: &Gc<Self>) {
        outside::finalize(this, |_| this.0.store.set(0, None));
    }
}

/// How many ways there are to keep an object's fields.
pub const BODIES: usize = 8;

/// Calls a generic function with one of the ways to keep fields.
macro_rules! with_body {
    ($body:expr, $function:ident($($argument:expr),*)) => {
        match $body {
            0 => $function::<Slots, ()>($($argument),*),
            1 => $function::<Slots, Memory>($($argument),*),
            2 => $function::<Slots, Wild>($($argument),*),
            3 => $function::<Boxed, ()>($($argument),*),
            4 => $function::<Vector, Memory>($($argument),*),
            5 => $function::<Map, ()>($($argument),*),
            6 => $function::<Cells, Bulk>($($argument),*),
            _ => $function::<Cells, ()>($($argument),*),
        }
    };
}

/// A new object that keeps its fields in that way.
pub fn new_object(heap: &Heap, class: Class, body: usize) -> Link {
    with_body!(body, new_of(class, |it: &dyn Allocate| it.allocate(heap)))
}

/// The same where a weak reference to the object is wanted while it is made.
pub fn new_cyclic(heap: &Heap, class: Class, body: usize, meanwhile: &dyn Fn(bool)) -> Link {
    with_body!(body, new_of(class, |it: &dyn Allocate| it.allocate_cyclic(heap, meanwhile)))
}

/// A value that waits to be put on a heap.
trait Allocate {
    fn allocate(&self, heap: &Heap) -> Link;
    fn allocate_cyclic(&self, heap: &Heap, meanwhile: &dyn Fn(bool)) -> Link;
}

impl<T: Managed + Trace> Allocate for Cell<Option<T>> {
    fn allocate(&self, heap: &Heap) -> Link {
        gc_cast!(heap.alloc(self.take().expect("it is allocated once")) => dyn Managed)
    }

    fn allocate_cyclic(&self, heap: &Heap, meanwhile: &dyn Fn(bool)) -> Link {
        let new = heap.new_cyclic(|weak| {
            meanwhile(weak.upgrade().is_some());
            self.take().expect("it is made once")
        });
        gc_cast!(new => dyn Managed)
    }
}

fn new_of<S: Store, P: Payload>(class: Class, allocate: impl Fn(&dyn Allocate) -> Link) -> Link {
    let body = Body::<S, P>::default;
    match class {
        Class::Plain => allocate(&Cell::new(Some(Plain(body())))),
        Class::Fin => allocate(&Cell::new(Some(Fin(body())))),
        Class::Res => allocate(&Cell::new(Some(Res(body(), Cell::new(false))))),
        Class::Res2 => allocate(&Cell::new(Some(Res2(body())))),
        Class::Drop => allocate(&Cell::new(Some(Unset(body())))),
        Class::List => allocate(&Cell::new(Some(Array(List::new(), P::default())))),
        Class::Wr => panic!("a weak reference has a referent"),
    }
}

/// Moves the value out of the heap if this is the only pointer to it.
pub fn try_unwrap(object: Link, body: usize) -> Result<Box<dyn Any>, Link> {
    with_body!(body, unwrap_of(object))
}

fn unwrap_of<S: Store, P: Payload>(object: Link) -> Result<Box<dyn Any>, Link> {
    let mut held = Some(object);
    let value = unwrap_as::<Plain<S, P>>(&mut held)
        .or_else(|| unwrap_as::<Fin<S, P>>(&mut held))
        .or_else(|| unwrap_as::<Res<S, P>>(&mut held))
        .or_else(|| unwrap_as::<Res2<S, P>>(&mut held))
        .or_else(|| unwrap_as::<Unset<S, P>>(&mut held))
        .or_else(|| unwrap_as::<Array<P>>(&mut held));
    value.ok_or_else(|| held.expect("a refused pointer comes back"))
}

fn unwrap_as<T: Managed + Trace>(held: &mut Option<Link>) -> Option<Box<dyn Any>> {
    let typed = Gc::as_any(held.as_ref()?).downcast::<T>()?;
    *held = None;
    match Gc::try_unwrap(typed) {
        Ok(value) => Some(Box::new(value)),
        Err(typed) => {
            *held = Some(gc_cast!(typed => dyn Managed));
            None
        }
    }
}

/// A pointer to an object whose type is not known.
pub fn typed(object: &GcAny, body: usize) -> Option<Link> {
    let weak = object.downcast::<WeakRef<dyn Managed>>().map(|it| gc_cast!(it => dyn Managed));
    weak.or_else(|| with_body!(body, typed_of(object)))
}

fn typed_of<S: Store, P: Payload>(object: &GcAny) -> Option<Link> {
    typed_as::<Plain<S, P>>(object)
        .or_else(|| typed_as::<Fin<S, P>>(object))
        .or_else(|| typed_as::<Res<S, P>>(object))
        .or_else(|| typed_as::<Res2<S, P>>(object))
        .or_else(|| typed_as::<Unset<S, P>>(object))
        .or_else(|| typed_as::<Array<P>>(object))
}

fn typed_as<T: Managed + Trace>(object: &GcAny) -> Option<Link> {
    object.downcast::<T>().map(|it| gc_cast!(it => dyn Managed))
}

/// Takes everything out of an object, so that it is part of no cycle.
pub fn cut(object: &dyn Managed) {
    if let Some(fields) = object.fields() {
        (0..FIELDS).for_each(|field| fields.set(field, None));
    }
    if let Some(items) = object.items() {
        items.clear();
    }
}
