//! `gc-arena`: incremental mark and sweep. Pointers live inside `mutate`, and the arena
//! collects between two calls of `mutate`. The program's roots are the arena's root object.

use crate::heap_under_test::{Automatic, Cannot, HeapUnderTest, Kind, Mutator};
use gc_arena::barrier::unlock;
use gc_arena::lock::RefLock;
use gc_arena::{Arena, Collect, Gc, Mutation, Rootable};

/// An arena with its roots.
pub struct GcArena {
    arena: Arena<Rootable![Roots<'_>]>,
    automatic: Automatic,
}

/// The pointers that the program holds.
type Roots<'gc> = Vec<Gc<'gc, Node<'gc>>>;

/// A node of the workloads.
#[derive(Collect)]
#[collect(no_drop)]
pub struct Node<'gc> {
    value: u64,
    edges: RefLock<[Option<Gc<'gc, Node<'gc>>>; 2]>,
}

/// Allocates in the arena.
pub struct InArena<'gc>(&'gc Mutation<'gc>);

impl HeapUnderTest for GcArena {
    const KIND: Kind = Kind::Tracing;
    const AUTOMATIC: bool = true;
    const PLAIN_HANDLES: bool = true;
    type Mutator<'gc> = InArena<'gc>;

    fn new(automatic: Automatic) -> GcArena {
        GcArena { arena: Arena::new(|_| Vec::new()), automatic }
    }

    fn mutate<R>(&mut self, part: impl for<'gc> FnOnce(&mut InArena<'gc>, &mut Roots<'gc>) -> R) -> R {
        self.arena.mutate_root(|mutation, roots| part(&mut InArena(mutation), roots))
    }

    fn collect(&mut self) -> Result<(), Cannot> {
        self.arena.finish_cycle();
        Ok(())
    }

    fn safepoint(&mut self) {
        if self.automatic == Automatic::On {
            self.arena.collect_debt();
        }
    }
}

impl<'gc> Mutator for InArena<'gc> {
    type Handle = Gc<'gc, Node<'gc>>;
    type Edge = Gc<'gc, Node<'gc>>;

    #[inline]
    fn alloc(&mut self, value: u64, edges: [Option<Self::Edge>; 2]) -> Self::Handle {
        Gc::new(self.0, Node { value, edges: RefLock::new(edges) })
    }

    #[inline]
    fn edge_to(&self, handle: &Self::Handle) -> Self::Edge {
        *handle
    }

    #[inline]
    fn move_to_edge(&self, handle: Self::Handle) -> Self::Edge {
        handle
    }

    #[inline]
    fn set_edge(&mut self, from: &Self::Handle, index: usize, to: Option<Self::Edge>) {
        unlock!(Gc::write(self.0, *from), Node, edges).borrow_mut()[index] = to;
    }
}
