//! The classes of the recorded programs as types of the managed heap.

use super::stage::{Ambient, Carried, Reach, Stage};
use super::words::{Callback, Class, Field};
use gc_core::{DynTrace, Finalize, Gc, GcAny, Heap, List, Slot, Trace, WeakRef, gc_cast, trace_object};
use std::cell::Cell;
use std::rc::Rc;

/// A pointer to an object of any of the classes.
pub type Object = Gc<dyn Managed>;

/// An object of a program: an instance with fields, a list with items, or a weak reference.
pub trait Managed: DynTrace {
    /// Returns the class of the object.
    fn class(&self) -> Class;
    /// Returns one of the object's fields; `None` if the object has no fields.
    fn slot(&self, field: Field) -> Option<&Slot<dyn Managed>> {
        let _ = field;
        None
    }
    /// Returns the object's items; `None` if the object is no list.
    fn items(&self) -> Option<&List<dyn Managed>> {
        None
    }
    /// Returns the object as a weak reference; `None` if the object is none.
    fn weak(&self) -> Option<&WeakRef<dyn Managed>> {
        None
    }
}

trace_object!(dyn Managed);

/// Looks at the content of a slot without changing a count: the pointer is moved out and back.
/// Dropping a clone would make the object a candidate, and so hide the bug of a heap that forgets
/// to make it one.
pub fn peek<R>(slot: &Slot<dyn Managed>, look: impl FnOnce(Option<&Object>) -> R) -> R {
    let held = slot.take();
    let seen = look(held.as_ref());
    slot.replace(held);
    seen
}

/// Defines a class with four fields.
macro_rules! instance {
    ($(#[$attribute:meta])* $name:ident) => {
        #[derive(Trace)]
        $(#[$attribute])*
        pub struct $name<R: Reach> {
            f0: Slot<dyn Managed>,
            f1: Slot<dyn Managed>,
            f2: Slot<dyn Managed>,
            f3: Slot<dyn Managed>,
            survived: Cell<bool>,
            #[trace(skip)]
            #[allow(dead_code, reason = "without finalizer it only decides the reclaim path")]
            reach: R,
        }

        impl<R: Reach> $name<R> {
            fn alloc(heap: &Heap, reach: R) -> Object {
                let [f0, f1, f2, f3] = [const { Slot::empty() }; 4];
                let value = $name { f0, f1, f2, f3, survived: Cell::new(false), reach };
                gc_cast!(heap.alloc(value) => dyn Managed)
            }
        }

        impl<R: Reach> Managed for $name<R> {
            fn class(&self) -> Class {
                Class::$name
            }
            fn slot(&self, field: Field) -> Option<&Slot<dyn Managed>> {
                [&self.f0, &self.f1, &self.f2, &self.f3].get(field.0).copied()
            }
        }
    };
}

/// Defines a class with four fields and a finalizer. `$finalizer` is the action of the finalizer
/// after logging.
macro_rules! finalized_instance {
    ($name:ident, |$this:ident, $stage:ident| $finalizer:expr) => {
        instance!(
            #[trace(finalize)]
            $name
        );

        impl<R: Reach> Finalize for $name<R> {
            fn finalize($this: &Gc<Self>) {
                let Some($stage) = $this.reach.stage() else { return };
                if $stage.log_finalized(&**$this, &Gc::as_any($this)) {
                    $finalizer
                }
            }
        }
    };
}

instance!(Plain);
finalized_instance!(Fin, |this, _stage| ());
finalized_instance!(Res, |this, stage| {
    if !this.survived.replace(true) {
        stage.survive(gc_cast!(this.clone() => dyn Managed));
    }
});
finalized_instance!(Res2, |this, stage| stage.survive(gc_cast!(this.clone() => dyn Managed)));
finalized_instance!(Drop, |this, _stage| drop(this.f0.take()));

impl Managed for List<dyn Managed> {
    fn class(&self) -> Class {
        Class::List
    }
    fn items(&self) -> Option<&List<dyn Managed>> {
        Some(self)
    }
}

impl Managed for WeakRef<dyn Managed> {
    fn class(&self) -> Class {
        Class::WR
    }
    fn weak(&self) -> Option<&WeakRef<dyn Managed>> {
        Some(self)
    }
}

/// Which of the heap's two reclaim paths a program's objects ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Reclaim {
    /// One object after the other, in birth order.
    Exact,
    /// Block by block, where no finalizer, weak reference or edge to the outside
    /// lets the program tell.
    Fast,
}

/// Makes an object of a class; `None` for `WR`, which needs a target.
pub fn alloc(heap: &Heap, class: Class, reclaim: Reclaim, stage: &Rc<Stage>) -> Option<Object> {
    match reclaim {
        Reclaim::Fast => alloc_reaching(heap, class, Ambient),
        Reclaim::Exact => alloc_reaching(heap, class, Carried(stage.clone())),
    }
}

fn alloc_reaching(heap: &Heap, class: Class, reach: impl Reach) -> Option<Object> {
    Some(match class {
        Class::Plain => Plain::alloc(heap, reach),
        Class::Fin => Fin::alloc(heap, reach),
        Class::Res => Res::alloc(heap, reach),
        Class::Res2 => Res2::alloc(heap, reach),
        Class::Drop => Drop::alloc(heap, reach),
        Class::List => gc_cast!(heap.alloc(List::<dyn Managed>::new()) => dyn Managed),
        Class::WR => return None,
    })
}

/// Makes a weak reference to an object.
pub fn alloc_weak(heap: &Heap, target: &Object, callback: Option<Callback>, stage: &Rc<Stage>) -> Object {
    let weak = match callback {
        None => heap.alloc_weak(target),
        Some(callback) => {
            let stage = stage.clone();
            heap.alloc_weak_with(target, move |this| stage.called_back(this, callback))
        }
    };
    gc_cast!(weak => dyn Managed)
}

/// Returns the object behind an untyped pointer; `None` if no op made the object.
pub fn managed(any: &GcAny) -> Option<Object> {
    macro_rules! first_of {
        ($($type:ty),* $(,)?) => {
            None$(.or_else(|| any.downcast::<$type>().map(|object| gc_cast!(object => dyn Managed))))*
        };
    }
    first_of!(
        Plain<Ambient>,
        Fin<Ambient>,
        Res<Ambient>,
        Res2<Ambient>,
        Drop<Ambient>,
        Plain<Carried>,
        Fin<Carried>,
        Res<Carried>,
        Res2<Carried>,
        Drop<Carried>,
        List<dyn Managed>,
        WeakRef<dyn Managed>,
    )
}
