//! Shapes: how the values of a type lie in their slots, and the passes compiled for each type.

use super::{PathSegment, Trace, TypeWalker, Visitor, sealed, visit};
use crate::core::Core;
use crate::gc_state::pass::Pass;
use crate::object::bitmaps::{bits, raise};
use crate::object::raw::Object;
use crate::object::type_info::EdgeSink;
use crate::object::type_info::{AnyPass, ManagedWeak, TypeInfo};
use crate::object::weak_cell::CellRef;
use crate::release;
use crate::release::external::ReleaseExternal;
use crate::storage::block::Block;
use crate::storage::chunk::Owner;
use crate::workset::edges::{Count, EdgeAction, Mark, ScanExternal, TraceClosure};
use core::any::{TypeId, type_name};
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

/// A way to find the value of an object in its slot.
pub(crate) trait Shape: 'static {
    type Value: Trace + ?Sized;
    const ALIGN: usize;
    const PREFIX: usize;
    const NEEDS_DROP: bool;
    const MANAGED_WEAK: Option<ManagedWeak> = None;

    /// Returns a pointer to the value in the object's slot.
    ///
    /// # Safety
    /// A value of this shape lies in the slot.
    unsafe fn value(object: Object) -> *mut Self::Value;
}

/// The shape of one value of a sized type.
pub(crate) struct One<T>(PhantomData<T>);

impl<T: Trace> Shape for One<T> {
    type Value = T;
    const ALIGN: usize = align_of::<T>();
    const PREFIX: usize = 8;
    const NEEDS_DROP: bool = core::mem::needs_drop::<T>();

    #[inline(always)]
    unsafe fn value(object: Object) -> *mut T {
        object.value().cast().as_ptr()
    }
}

/// The shape of a slice. The number of its elements stands before the header.
pub(crate) struct Many<T>(PhantomData<T>);

impl<T: Trace> Shape for Many<T> {
    type Value = [T];
    const ALIGN: usize = align_of::<T>();
    const PREFIX: usize = 16;
    const NEEDS_DROP: bool = core::mem::needs_drop::<T>();

    unsafe fn value(object: Object) -> *mut [T] {
        // SAFETY: the caller's promise, and invariant 10: the length was written with the value.
        let length = unsafe { length_of(object) };
        ptr::slice_from_raw_parts_mut(object.value().cast().as_ptr(), length)
    }
}

/// The shape of a string. The number of its bytes stands before the header.
pub(crate) struct Text;

impl Shape for Text {
    type Value = str;
    const ALIGN: usize = 1;
    const PREFIX: usize = 16;
    const NEEDS_DROP: bool = false;

    unsafe fn value(object: Object) -> *mut str {
        // SAFETY: as in `Many`.
        let length = unsafe { length_of(object) };
        ptr::slice_from_raw_parts_mut(object.value().as_ptr(), length) as *mut str
    }
}

/// Returns the place in the slot of a slice or string that holds its length.
pub(crate) fn length_place(object: Object) -> *mut usize {
    object.value().as_ptr().cast::<u8>().wrapping_sub(16).cast()
}

/// Returns the length of a slice or string.
///
/// Returns the length of a slice or string.
///
/// # Safety
/// The object is a slice or string whose length was written.
unsafe fn length_of(object: Object) -> usize {
    // SAFETY: the caller's promise.
    unsafe { length_place(object).read() }
}

/// The shape of a managed weak reference: as [`One`], with functions for its cell and its state.
pub(crate) struct WeakOne<T>(PhantomData<T>);

/// A type whose values are managed weak references.
pub(crate) trait HasCell {
    fn cell(&self) -> CellRef;

    /// Releases the state that would be passed to the callback.
    fn release_state(&self);
}

impl<T: Trace + HasCell> Shape for WeakOne<T> {
    type Value = T;
    const ALIGN: usize = align_of::<T>();
    const PREFIX: usize = 8;
    const NEEDS_DROP: bool = true;
    const MANAGED_WEAK: Option<ManagedWeak> = Some(ManagedWeak {
        // SAFETY: invariant 10: called on living objects of this shape.
        cell: |object| unsafe { &*Self::value(object) }.cell(),
        // SAFETY: invariant 10: as for `cell`.
        release_state: |object| unsafe { &*Self::value(object) }.release_state(),
    });

    unsafe fn value(object: Object) -> *mut T {
        object.value().cast().as_ptr()
    }
}

/// Returns the table of properties and functions of a shape's type.
pub(crate) const fn info_of<S: Shape>() -> &'static TypeInfo {
    const {
        &TypeInfo {
            id: TypeId::of::<S::Value>(),
            name: type_name::<S::Value>,
            align: S::ALIGN,
            prefix: S::PREFIX,
            classify: || TypeWalker::classify::<S::Value>(S::NEEDS_DROP),
            deallocate: deallocate::<S>,
            drop: if S::NEEDS_DROP { Some(drop_value::<S>) } else { None },
            finalizer: <S::Value as Trace>::FINALIZER,
            managed_weak: S::MANAGED_WEAK,
            count: count_block::<S>,
            trace_closure: trace_closure_block::<S>,
            mark: mark_block::<S>,
            scan_external: scan_external_block::<S>,
            release_external: release_external_block::<S>,
            edges: edges_of::<S>,
            owned: owned_by::<S>,
            // SAFETY: the caller promises that the object is alive and of this shape.
            size: |object| size_of_val(unsafe { &*S::value(object) }),
            fields: <S::Value as Trace>::fields,
        }
    }
}

unsafe fn drop_value<S: Shape>(object: Object) {
    // SAFETY: invariant 11, kept by the caller in `release`.
    unsafe { ptr::drop_in_place(S::value(object)) }
}

unsafe fn deallocate<S: Shape>(object: Object, owner: NonNull<Owner>, block: &Block) {
    // SAFETY: invariant 11, kept by the caller in `release`.
    let drop_value = || unsafe { ptr::drop_in_place(S::value(object)) };
    // SAFETY: invariant 11: the same promise.
    unsafe { release::deallocate_as(Core::of(owner), block, object, S::NEEDS_DROP.then_some(drop_value)) }
}

/// A visitor that calls the edge action `A` of a pass for each edge of a value.
struct Edges<'a, A>(&'a mut Pass, PhantomData<A>);

impl<A: EdgeAction> sealed::Sealed for Edges<'_, A> {
    #[inline(always)]
    fn object(&mut self, target: sealed::Edge) {
        A::edge(self.0, target.0);
    }
}
impl<A: EdgeAction> Visitor for Edges<'_, A> {
    #[inline(always)]
    fn opaque(&mut self) {
        A::opaque(self.0);
    }
}

#[inline(always)]
unsafe fn trace_slots<S: Shape, A: EdgeAction>(block: &Block, group: u32, slots: u64, pass: &mut Pass) {
    pass.scanned += slots.count_ones() as usize;
    for bit in bits(slots) {
        let object = block.object(group * 64 + bit);
        // SAFETY: invariant 10: the slot is alive and of this block's type, which is the type that
        // the table with this function was made for.
        unsafe { (*S::value(object)).trace(&mut Edges::<A>(pass, PhantomData)) };
    }
}

#[inline(always)]
unsafe fn all_members<S: Shape, A: EdgeAction>(block: &Block, pass: NonNull<AnyPass>) {
    // SAFETY: invariant 10: only `Pass::scan` calls this, and `pass` is a pointer to itself.
    let pass = unsafe { pass.cast::<Pass>().as_mut() };
    for group in bits(block.filled() & pass.window) {
        // SAFETY: invariant 10: members are alive, and of this block's type.
        unsafe { trace_slots::<S, A>(block, group, block.group(group).members(), pass) };
    }
}

unsafe fn count_block<S: Shape>(block: &Block, pass: NonNull<AnyPass>) {
    // SAFETY: invariant 10, which the caller keeps.
    unsafe { all_members::<S, Count>(block, pass) }
}

unsafe fn scan_external_block<S: Shape>(block: &Block, pass: NonNull<AnyPass>) {
    // SAFETY: invariant 10, which the caller keeps.
    unsafe { all_members::<S, ScanExternal>(block, pass) }
}

unsafe fn release_external_block<S: Shape>(block: &Block, pass: NonNull<AnyPass>) {
    // SAFETY: invariant 10, which the caller keeps.
    unsafe { all_members::<S, ReleaseExternal>(block, pass) }
}

/// Marks and scans those members of the groups in the window that are not marked yet.
unsafe fn trace_closure_block<S: Shape>(block: &Block, pass: NonNull<AnyPass>) {
    // SAFETY: as in `all_members`.
    let pass = unsafe { pass.cast::<Pass>().as_mut() };
    for group in bits(pass.window) {
        let bitmaps = block.group(group);
        let waiting = bitmaps.members() & !bitmaps.mark.get();
        raise(&bitmaps.mark, waiting);
        // SAFETY: invariant 10: members are alive, and of this block's type.
        unsafe { trace_slots::<S, TraceClosure>(block, group, waiting, pass) };
    }
}

/// Scans the marked members of the groups in the window, and removes them from the working set.
unsafe fn mark_block<S: Shape>(block: &Block, pass: NonNull<AnyPass>) {
    // SAFETY: as in `all_members`.
    let pass = unsafe { pass.cast::<Pass>().as_mut() };
    for group in bits(pass.window) {
        let waiting = block.evict_marked(group, pass.clears_candidates);
        // SAFETY: invariant 10: members are alive, and of this block's type.
        unsafe { trace_slots::<S, Mark>(block, group, waiting, pass) };
    }
}

/// A visitor that adds up the bytes that a value owns.
struct Owned(usize);

impl sealed::Sealed for Owned {
    #[inline(always)]
    fn object(&mut self, _target: sealed::Edge) {}
}

impl Visitor for Owned {
    #[inline(always)]
    fn owned_bytes(&mut self, bytes: usize) {
        self.0 = self.0.saturating_add(bytes);
    }
}

/// Returns the number of bytes that a value owns outside of itself.
pub(crate) fn owned_in<T: Trace + ?Sized>(value: &T) -> usize {
    let mut owned = Owned(0);
    value.trace(&mut owned);
    owned.0
}

unsafe fn owned_by<S: Shape>(object: Object) -> usize {
    // SAFETY: invariant 10: the caller looks at a living object of this type.
    owned_in(unsafe { &*S::value(object) })
}

/// Reports the named edges of one object.
unsafe fn edges_of<S: Shape>(object: Object, sink: &mut dyn EdgeSink) {
    // SAFETY: invariant 10: the caller looks at a living object of this type.
    unsafe { (*S::value(object)).trace(&mut Erased(sink)) };
}

/// A visitor that hands edges and names on to a sink behind a reference to a trait object.
pub(super) struct Erased<'a>(pub(super) &'a mut dyn EdgeSink);

impl sealed::Sealed for Erased<'_> {
    fn object(&mut self, target: sealed::Edge) {
        self.0.edge(target.0);
    }
}

impl Visitor for Erased<'_> {
    fn enter(&mut self, segment: PathSegment<'_>) {
        self.0.enter(segment);
    }
    fn leave(&mut self) {
        self.0.leave();
    }
    fn opaque(&mut self) {
        self.0.opaque();
    }
    fn weak_edge(&mut self, address: usize) {
        self.0.weak_edge(address);
    }
    fn owned_bytes(&mut self, bytes: usize) {
        self.0.owned_bytes(bytes);
    }
    fn wants_names(&self) -> bool {
        self.0.wants_names()
    }
}

/// A sink that hands edges and names on to a visitor.
pub(super) struct Sink<'a, V>(pub(super) &'a mut V);

impl<V: Visitor> EdgeSink for Sink<'_, V> {
    fn edge(&mut self, target: Object) {
        visit(self.0, target);
    }
    fn enter(&mut self, segment: PathSegment<'_>) {
        self.0.enter(segment);
    }
    fn leave(&mut self) {
        self.0.leave();
    }
    fn opaque(&mut self) {
        self.0.opaque();
    }
    fn weak_edge(&mut self, address: usize) {
        self.0.weak_edge(address);
    }
    fn owned_bytes(&mut self, bytes: usize) {
        self.0.owned_bytes(bytes);
    }
    fn wants_names(&self) -> bool {
        self.0.wants_names()
    }
}
