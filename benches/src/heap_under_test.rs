//! The one interface between the workloads and the heaps they compare.
//!
//! A workload builds its graph inside [`HeapUnderTest::mutate`] and collects between
//! two calls of it. That is the shape that `gc-arena` forces (its pointers live only
//! inside such a call) and that costs the others nothing: for a heap of smart
//! pointers `mutate` is a plain call.
//!
//! What a program holds across collections stands in a vector of *roots*, handed to
//! every `mutate`. For counting heaps it is a `Vec` of pointers, as any program has
//! one; for `gc-arena` it is the arena's root object, for `safe-gc` a `Vec` of its
//! roots. So nobody pays for another's way of rooting: no `DynamicRootSet`, no
//! emulated counts.
//!
//! Two kinds of pointer exist, because some peers tell them apart: a
//! [handle](Mutator::Handle) that a variable holds and an [edge](Mutator::Edge) that
//! an object holds. Where a heap has only one kind, making an edge of a handle is a
//! move and an edge to a handle is a clone.

use std::fmt;
use std::marker::PhantomData;

/// Why a peer cannot do a workload. Printed in the peer's cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cannot(pub &'static str);

impl fmt::Display for Cannot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Cannot {}

/// How a heap finds out that an object is dead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Reference counts, and for all but `Rc` a cycle detector.
    Counting,
    /// Tracing from roots: nothing dies before a collection.
    Tracing,
}

/// Tells whether collections may start by themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Automatic {
    /// Whatever the heap does by default.
    On,
    /// Only explicit ones, where the heap can be told so.
    Off,
}

/// The handles of a heap.
pub type HandleOf<'gc, H> = <<H as HeapUnderTest>::Mutator<'gc> as Mutator>::Handle;

/// A heap that the workloads run on.
pub trait HeapUnderTest: Sized + 'static {
    /// How it finds the dead.
    const KIND: Kind;
    /// True if it collects cycles without being asked to.
    const AUTOMATIC: bool;
    /// True if a handle is a plain copy that keeps nothing alive.
    const PLAIN_HANDLES: bool = false;
    /// Allocates and links inside [`mutate`](HeapUnderTest::mutate).
    type Mutator<'gc>: Mutator;

    /// A heap in its default settings, but for automatic collection.
    fn new(automatic: Automatic) -> Self;

    /// Runs a part of the program. No collection that has to be asked for happens inside.
    fn mutate<R>(
        &mut self,
        part: impl for<'gc> FnOnce(&mut Self::Mutator<'gc>, &mut Vec<HandleOf<'gc, Self>>) -> R,
    ) -> R;

    /// Collects all garbage.
    fn collect(&mut self) -> Result<(), Cannot>;

    /// Collects what is young.
    fn collect_young(&mut self) -> Result<(), Cannot> {
        Err(Cannot("no generations"))
    }

    /// The most garbage that one collection found, in bytes, where the heap knows.
    fn floating_bytes(&self) -> Option<u64> {
        None
    }

    /// A point between parts of the program where a heap that collects only at such
    /// points may do what is due.
    fn safepoint(&mut self) {}
}

/// Allocates nodes of a number and two edges, and links them.
pub trait Mutator {
    /// The pointer that a variable of the program holds.
    type Handle: Clone;
    /// The pointer that an object holds.
    type Edge;

    /// A new node.
    fn alloc(&mut self, value: u64, edges: [Option<Self::Edge>; 2]) -> Self::Handle;

    /// Another pointer to the node, to be stored in an object.
    fn edge_to(&self, handle: &Self::Handle) -> Self::Edge;

    /// The handle itself, moved into an object.
    fn move_to_edge(&self, handle: Self::Handle) -> Self::Edge;

    /// Overwrites an edge; what was there is let go after the store.
    fn set_edge(&mut self, from: &Self::Handle, index: usize, to: Option<Self::Edge>);
}

/// A heap whose handles are smart pointers: all an adapter of such a peer has to say.
pub trait PointerHeap: Sized + 'static {
    /// How it finds the dead.
    const KIND: Kind;
    /// True if it collects cycles without being asked to.
    const AUTOMATIC: bool;
    /// The smart pointer.
    type Pointer: Clone;

    /// See [`HeapUnderTest::new`].
    fn new(automatic: Automatic) -> Self;
    /// A new node.
    fn alloc(&self, value: u64, edges: [Option<Self::Pointer>; 2]) -> Self::Pointer;
    /// Stores an edge and returns what was there.
    fn replace_edge(from: &Self::Pointer, index: usize, to: Option<Self::Pointer>) -> Option<Self::Pointer>;
    /// See [`HeapUnderTest::collect`].
    fn collect(&self) -> Result<(), Cannot>;
    /// See [`HeapUnderTest::collect_young`].
    fn collect_young(&self) -> Result<(), Cannot> {
        Err(Cannot("no generations"))
    }
    /// See [`HeapUnderTest::floating_bytes`].
    fn floating_bytes(&self) -> Option<u64> {
        None
    }
}

/// A [`PointerHeap`] with the roots of its program.
#[derive(Debug)]
pub struct WithRoots<P: PointerHeap> {
    // Before the heap, so that the roots go first.
    roots: Vec<P::Pointer>,
    heap: P,
}

/// Allocates in a [`PointerHeap`].
#[derive(Debug)]
pub struct Pointers<'gc, P>(&'gc P, PhantomData<P>);

impl<P: PointerHeap> HeapUnderTest for WithRoots<P> {
    const KIND: Kind = P::KIND;
    const AUTOMATIC: bool = P::AUTOMATIC;
    type Mutator<'gc> = Pointers<'gc, P>;

    fn new(automatic: Automatic) -> Self {
        WithRoots { roots: Vec::new(), heap: P::new(automatic) }
    }

    fn mutate<R>(&mut self, part: impl for<'gc> FnOnce(&mut Pointers<'gc, P>, &mut Vec<P::Pointer>) -> R) -> R {
        part(&mut Pointers(&self.heap, PhantomData), &mut self.roots)
    }

    fn collect(&mut self) -> Result<(), Cannot> {
        self.heap.collect()
    }

    fn collect_young(&mut self) -> Result<(), Cannot> {
        self.heap.collect_young()
    }

    fn floating_bytes(&self) -> Option<u64> {
        self.heap.floating_bytes()
    }
}

impl<P: PointerHeap> Mutator for Pointers<'_, P> {
    type Handle = P::Pointer;
    type Edge = P::Pointer;

    #[inline]
    fn alloc(&mut self, value: u64, edges: [Option<P::Pointer>; 2]) -> P::Pointer {
        self.0.alloc(value, edges)
    }

    #[inline]
    fn edge_to(&self, handle: &P::Pointer) -> P::Pointer {
        handle.clone()
    }

    #[inline]
    fn move_to_edge(&self, handle: P::Pointer) -> P::Pointer {
        handle
    }

    #[inline]
    fn set_edge(&mut self, from: &P::Pointer, index: usize, to: Option<P::Pointer>) {
        drop(P::replace_edge(from, index, to));
    }
}
