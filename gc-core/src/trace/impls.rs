//! Implements `Trace` for scalars, strings, boxes, cells and tuples. (The implementations for types
//! with elements are in `containers`.)

use super::{KeyLabel, PathSegment, Trace, TypeWalker, Visitor};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::sync::Arc;
use core::cell::{Cell, OnceCell, RefCell};
use core::marker::PhantomData;

/// Implements `Trace` for types that hold no `Gc` and whose drop runs no user code.
macro_rules! scalar {
    ($($ty:ty $(=> $label:expr)?),* $(,)?) => {$(
        // SAFETY: the type has no edge to report, and its drop does nothing.
        unsafe impl Trace for $ty {
            fn types(_walk: &mut TypeWalker) {}
            #[inline(always)]
            fn trace<V: Visitor>(&self, _visitor: &mut V) {}
            $(fn label(&self) -> KeyLabel<'_> {
                let label: fn(&$ty) -> KeyLabel<'_> = $label;
                label(self)
            })?
        }
    )*};
}

scalar! {
    (), f32, f64,
    bool => |&v| KeyLabel::Bool(v), char => |&v| KeyLabel::Char(v),
    u8 => |&v| KeyLabel::Int(v.into()), i8 => |&v| KeyLabel::Int(v.into()),
    u16 => |&v| KeyLabel::Int(v.into()), i16 => |&v| KeyLabel::Int(v.into()),
    u32 => |&v| KeyLabel::Int(v.into()), i32 => |&v| KeyLabel::Int(v.into()),
    u64 => |&v| KeyLabel::Int(v.into()), i64 => |&v| KeyLabel::Int(v.into()),
    i128 => |&v| KeyLabel::Int(v),
    u128 => |&v| i128::try_from(v).map_or(KeyLabel::None, KeyLabel::Int),
    usize => |&v| KeyLabel::Int(v as i128), isize => |&v| KeyLabel::Int(v as i128),
    str => |v| KeyLabel::Str(v),
    core::num::NonZeroU8, core::num::NonZeroU16, core::num::NonZeroU32, core::num::NonZeroU64,
    core::num::NonZeroUsize, core::num::NonZeroI8, core::num::NonZeroI16, core::num::NonZeroI32,
    core::num::NonZeroI64, core::num::NonZeroIsize,
    core::time::Duration, core::cmp::Ordering, core::any::TypeId, core::marker::PhantomPinned,
}

/// Implements `Trace` for types that own memory and hold no `Gc`.
macro_rules! text {
    ($($ty:ty => $self:ident $label:expr, $bytes:expr);* $(;)?) => {$(
        // SAFETY: the type has no edge to report.
        unsafe impl Trace for $ty {
            fn types(walk: &mut TypeWalker) {
                walk.owns_memory();
            }
            #[inline(always)]
            fn trace<V: Visitor>(&self, visitor: &mut V) {
                let $self = self;
                visitor.owned_bytes($bytes);
            }
            fn label(&self) -> KeyLabel<'_> {
                let $self = self;
                $label
            }
        }
    )*};
}

text! {
    String => text KeyLabel::Str(text), text.capacity();
    Cow<'static, str> => text KeyLabel::Str(text), match text {
        Cow::Owned(text) => text.capacity(),
        Cow::Borrowed(_) => 0,
    };
}

#[cfg(feature = "std")]
text! {
    std::path::PathBuf => _path KeyLabel::None, _path.capacity();
    std::ffi::OsString => _text KeyLabel::None, _text.capacity();
}

/// Implements `Trace` for types that are not looked into. An object that such a value points to
/// counts as held from outside of the heap.
macro_rules! opaque {
    ($([$($param:ident),*] $ty:ty),* $(,)?) => {$(
        // SAFETY: `trace` reports nothing.
        unsafe impl<$($param: ?Sized + 'static),*> Trace for $ty {
            fn types(walk: &mut TypeWalker) {
                walk.untraced::<$ty>();
            }
            #[inline(always)]
            fn trace<V: Visitor>(&self, _visitor: &mut V) {}
        }
    )*};
}

opaque! {
    [T] Rc<T>, [T] Arc<T>, [T] alloc::rc::Weak<T>, [T] alloc::sync::Weak<T>,
    [T] &'static T, [T] *const T, [T] *mut T,
}

#[cfg(feature = "std")]
opaque! { [] std::time::Instant, [] std::time::SystemTime }

// SAFETY: a `PhantomData` holds nothing.
unsafe impl<T: ?Sized + 'static> Trace for PhantomData<T> {
    fn types(_walk: &mut TypeWalker) {}
    #[inline(always)]
    fn trace<V: Visitor>(&self, _visitor: &mut V) {}
}

// SAFETY: `trace` passes on the one value that the box owns.
unsafe impl<T: Trace + ?Sized> Trace for Box<T> {
    fn types(walk: &mut TypeWalker) {
        walk.owns_memory();
        walk.field::<T>();
    }
    #[inline]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        visitor.owned_bytes(size_of_val(&**self));
        (**self).trace(visitor);
    }
    fn label(&self) -> KeyLabel<'_> {
        (**self).label()
    }
}

// SAFETY: `trace` passes on the value, if there is one.
unsafe impl<T: Trace> Trace for Option<T> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<T>();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        if let Some(value) = self {
            value.trace(visitor);
        }
    }
}

// SAFETY: `trace` passes on the value or the error.
unsafe impl<T: Trace, E: Trace> Trace for Result<T, E> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<T>();
        walk.field::<E>();
    }
    #[inline]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        match self {
            Ok(value) => value.trace(visitor),
            Err(error) => error.trace(visitor),
        }
    }
}

// SAFETY: `trace` passes on the value, and reads it in place. Visitors are sealed and run no user
// code, so that nothing can replace the value meanwhile.
unsafe impl<T: Trace> Trace for Cell<T> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<T>();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        // SAFETY: nothing replaces the value, and the cell is not shared between threads:
        // invariant 15.
        unsafe { (*self.as_ptr()).trace(visitor) };
    }
}

// SAFETY: `trace` passes on the value. While the value is mutably borrowed, its edges are not
// reported, so that their targets count as held from outside of the heap.
unsafe impl<T: Trace + ?Sized> Trace for RefCell<T> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<T>();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        match self.try_borrow() {
            Ok(value) => value.trace(visitor),
            Err(_) => visitor.opaque(),
        }
    }
}

// SAFETY: `trace` passes on the value, if there is one.
unsafe impl<T: Trace> Trace for OnceCell<T> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<T>();
    }
    #[inline]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        if let Some(value) = self.get() {
            value.trace(visitor);
        }
    }
}

// SAFETY: `trace` passes on the wrapped value.
unsafe impl<T: Trace> Trace for core::num::Wrapping<T> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<T>();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        self.0.trace(visitor);
    }
}

macro_rules! tuple {
    ($($name:ident $field:tt),*) => {
        // SAFETY: `trace` passes on every field.
        unsafe impl<$($name: Trace),*> Trace for ($($name,)*) {
            fn types(walk: &mut TypeWalker) {
                $(walk.field::<$name>();)*
            }
            #[inline(always)]
            fn trace<V: Visitor>(&self, visitor: &mut V) {
                $(
                    visitor.enter(PathSegment::Field(stringify!($field)));
                    self.$field.trace(visitor);
                    visitor.leave();
                )*
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

macro_rules! function {
    ($($arg:ident),*) => {
        // SAFETY: a function pointer holds nothing.
        unsafe impl<R: 'static, $($arg: 'static),*> Trace for fn($($arg),*) -> R {
            fn types(_walk: &mut TypeWalker) {}
            #[inline(always)]
            fn trace<V: Visitor>(&self, _visitor: &mut V) {}
        }
    };
}

function!();
function!(A);
function!(A, B);
function!(A, B, C);
function!(A, B, C, D);
