//! Rows that are small programs, under each heap's default policy. The program asks for
//! collections only on a heap that never collects by itself.

use super::random::Random;
use super::{Sample, Size};
use crate::heap_under_test::{Cannot, HandleOf, HeapUnderTest, Kind, Mutator};
use crate::measure::thread_time;
use std::time::Duration;

/// Steps between two safepoints when all steps are timed together.
const BATCH: usize = 100;

/// Replaces random nodes of a linked graph.
pub(super) fn random_churn<H: HeapUnderTest>(heap: &mut H, size: &Size) -> Result<Sample, Cannot> {
    let mut program = RandomChurn::new(heap, size.live)?;
    let batches = size.steps.div_ceil(BATCH);
    let sample = Sample::try_timed(batches * BATCH, || (0..batches).try_for_each(|_| program.steps(BATCH)))?;
    Ok(Sample { asked_to_collect: !H::AUTOMATIC, ..sample })
}

/// Measures the longest step of random churn, including the safepoint, in thread CPU time. The
/// time of other processes is not counted.
pub(super) fn longest_pause<H: HeapUnderTest>(heap: &mut H, size: &Size) -> Result<Sample, Cannot> {
    let mut program = RandomChurn::new(heap, size.live)?;
    let mut longest = Duration::ZERO;
    let mut last = thread_time();
    for _ in 0..size.steps {
        program.steps(1)?;
        let now = thread_time();
        longest = longest.max(now - last);
        last = now;
    }
    Ok(Sample { asked_to_collect: !H::AUTOMATIC, ..Sample::time(longest, 1) })
}

/// A program that replaces random nodes in a graph of `live` held nodes.
///
/// Edge 0 of a node is its *reference*, to a random node. Edge 1 is its *mate*: a new node and
/// its mate point to each other, until a newer node takes one of them as its mate. When a node
/// is replaced, its reference is cleared and its mate is kept. Chains of replaced nodes therefore
/// end in cycles, and the graph stays bounded.
///
/// (If a replaced node kept both edges to nodes of its time, each node would have two referrers
/// on average, and the number of reachable replaced nodes would grow for ever, by about half of
/// all steps. Such a program leaks by construction, and measures memory instead of a collector.)
pub struct RandomChurn<'a, H> {
    heap: &'a mut H,
    random: Random,
    live: usize,
    done: usize,
}

impl<'a, H: HeapUnderTest> RandomChurn<'a, H> {
    /// Builds the graph and returns the program, ready for its first step.
    ///
    /// # Errors
    ///
    /// Fails if the heap cannot collect cycles at all.
    pub fn new(heap: &'a mut H, live: usize) -> Result<Self, Cannot> {
        if !H::AUTOMATIC {
            heap.collect()?; // fails at once on a heap that never finds a cycle
        }
        heap.mutate(|nodes, roots| roots.extend((0..live as u64).map(|value| nodes.alloc(value, [None, None]))));
        Ok(RandomChurn { heap, random: Random::new(3), live, done: 0 })
    }

    /// Runs `count` steps, then a safepoint.
    pub fn steps(&mut self, count: usize) -> Result<(), Cannot> {
        let random = &mut self.random;
        self.heap.mutate(|nodes, roots| (0..count).for_each(|_| step::<H>(nodes, roots, random)));
        self.heap.safepoint();
        let before = self.done / self.live;
        self.done += count;
        if !H::AUTOMATIC && self.done / self.live > before {
            self.heap.collect()?;
        }
        Ok(())
    }
}

#[inline]
fn step<'gc, H: HeapUnderTest>(nodes: &mut H::Mutator<'gc>, roots: &mut [HandleOf<'gc, H>], random: &mut Random) {
    let [slot, reference, mate] = [(); 3].map(|()| random.below(roots.len()));
    let edges = [reference, mate].map(|target| Some(nodes.edge_to(&roots[target])));
    let new = nodes.alloc(slot as u64, edges);
    let to_new = nodes.edge_to(&new);
    nodes.set_edge(&roots[mate], 1, Some(to_new));
    let old = std::mem::replace(&mut roots[slot], new);
    nodes.set_edge(&old, 0, None);
}

/// Builds full binary trees, one after the other, and drops each.
pub(super) fn binary_trees<H: HeapUnderTest>(heap: &mut H, size: &Size) -> Result<Sample, Cannot> {
    let nodes = (2usize << size.depth) - 1;
    Sample::try_timed(size.trees * nodes, || {
        for _ in 0..size.trees {
            heap.mutate(|nodes, _| drop(std::hint::black_box(tree(nodes, size.depth))));
            heap.safepoint();
        }
        match H::KIND {
            Kind::Counting => Ok(()),
            Kind::Tracing => heap.collect(), // this collection reclaims the last trees
        }
    })
}

/// Allocates a full binary tree. Both children stay handles until their parent is allocated,
/// because a tracing heap may collect in between.
fn tree<M: Mutator>(nodes: &mut M, depth: u32) -> M::Handle {
    if depth == 0 {
        return nodes.alloc(0, [None, None]);
    }
    let (left, right) = (tree(nodes, depth - 1), tree(nodes, depth - 1));
    let edges = [left, right].map(|child| Some(nodes.move_to_edge(child)));
    nodes.alloc(u64::from(depth), edges)
}
