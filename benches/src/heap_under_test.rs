//! The interface between the workloads and the heaps that are compared.
//!
//! A workload builds its graph inside [`HeapUnderTest::mutate`] and collects between
//! two calls of `mutate`. `gc-arena` forces this shape, because its pointers live only
//! inside such a call. The shape costs the other heaps nothing: for a heap of smart
//! pointers `mutate` is a plain call.
//!
//! The pointers that a program holds across collections are in a vector of *roots*, which
//! every call of `mutate` receives. The roots of a counting heap are a `Vec` of pointers, as
//! in any program; the roots of `gc-arena` are the arena's root object, and those of `safe-gc`
//! a `Vec` of its `Root`s. No heap therefore pays for the way in which another heap finds its
//! roots: there is no `DynamicRootSet`, and there are no emulated counts.
//!
//! Two kinds of pointer exist, because some peers tell them apart: a
//! [handle](Mutator::Handle) that a variable holds and an [edge](Mutator::Edge) that
//! an object holds. If a heap has only one kind of pointer, [`Mutator::move_to_edge`] is a
//! move and [`Mutator::edge_to`] is a clone.

use std::fmt;
use std::marker::PhantomData;

/// The reason why a peer cannot do a workload. The report notes it for the peer's cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cannot(pub &'static str);

impl fmt::Display for Cannot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Cannot {}

/// The way in which a heap finds out that an object is dead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Reference counts, with a cycle detector in every heap but `Rc`.
    Counting,
    /// Tracing from roots. No object dies before a collection.
    Tracing,
}

/// The setting for collections that the heap starts by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Automatic {
    /// The heap's default policy.
    On,
    /// Explicit collections only, if the heap has such a setting.
    Off,
}

/// The type of a heap's handles.
pub type HandleOf<'gc, H> = <<H as HeapUnderTest>::Mutator<'gc> as Mutator>::Handle;

/// A heap that the workloads run on.
pub trait HeapUnderTest: Sized + 'static {
    /// The way in which the heap finds dead objects.
    const KIND: Kind;
    /// True if the heap collects cycles without being asked to.
    const AUTOMATIC: bool;
    /// True if a handle is a plain copy that keeps nothing alive.
    const PLAIN_HANDLES: bool = false;
    /// The type that allocates and links nodes inside [`mutate`](HeapUnderTest::mutate).
    type Mutator<'gc>: Mutator;

    /// Makes a heap in its default settings, except for automatic collection.
    fn new(automatic: Automatic) -> Self;

    /// Runs a part of the program. Inside the call, no collection is asked for.
    fn mutate<R>(
        &mut self,
        part: impl for<'gc> FnOnce(&mut Self::Mutator<'gc>, &mut Vec<HandleOf<'gc, Self>>) -> R,
    ) -> R;

    /// Collects all garbage.
    fn collect(&mut self) -> Result<(), Cannot>;

    /// Collects the garbage of the young generation.
    fn collect_young(&mut self) -> Result<(), Cannot> {
        Err(Cannot("no generations"))
    }

    /// Returns the most garbage that one collection found, in bytes, or `None` if the heap does
    /// not record it.
    fn floating_bytes(&self) -> Option<u64> {
        None
    }

    /// Marks a point between two parts of the program. A heap that collects only at such points
    /// may do the collection work that is due.
    fn safepoint(&mut self) {}
}

/// Allocates nodes, each with a number and two edges, and links them.
pub trait Mutator {
    /// The pointer that a variable of the program holds.
    type Handle: Clone;
    /// The pointer that an object holds.
    type Edge;

    /// Allocates a node.
    fn alloc(&mut self, value: u64, edges: [Option<Self::Edge>; 2]) -> Self::Handle;

    /// Returns a further pointer to the node, to be stored in an object.
    fn edge_to(&self, handle: &Self::Handle) -> Self::Edge;

    /// Turns the handle itself into a pointer that is stored in an object.
    fn move_to_edge(&self, handle: Self::Handle) -> Self::Edge;

    /// Overwrites an edge. The previous pointer is dropped after the store.
    fn set_edge(&mut self, from: &Self::Handle, index: usize, to: Option<Self::Edge>);
}

/// A heap whose handles are smart pointers. The adapter of such a peer implements only this
/// trait.
pub trait PointerHeap: Sized + 'static {
    /// The way in which the heap finds dead objects.
    const KIND: Kind;
    /// True if the heap collects cycles without being asked to.
    const AUTOMATIC: bool;
    /// The smart pointer to a node.
    type Pointer: Clone;

    /// See [`HeapUnderTest::new`].
    fn new(automatic: Automatic) -> Self;
    /// Allocates a node.
    fn alloc(&self, value: u64, edges: [Option<Self::Pointer>; 2]) -> Self::Pointer;
    /// Stores an edge and returns the previous one.
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
    // This field stands before the heap, so that the roots are dropped first.
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
