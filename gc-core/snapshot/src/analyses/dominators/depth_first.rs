//! The depth-first order of the objects of a snapshot, and the edges that lead back in it.

use crate::Snapshot;
use alloc::vec;
use alloc::vec::Vec;
use bumpalo::Bump;

/// All objects, numbered in depth-first order. Number 0 stands for the outside of the heap.
///
/// Edges to roots are left out: a root is dominated by nothing but the outside, whatever else leads to it.
pub(super) struct DepthFirst {
    /// The object of each number.
    pub(super) order: Vec<u32>,
    /// The number from which each number was reached; 0 for a root.
    pub(super) parent: Vec<u32>,
    /// For each number the least number that has an edge to it, as far as it is less than the number.
    pub(super) least_source: Vec<u32>,
    /// The edges from greater numbers to smaller ones.
    pub(super) back: BackEdges,
    /// The first number whose object is not reachable from outside.
    pub(super) reachable: usize,
}

/// The mark of an object without a number that no path has met.
const UNSEEN: u32 = u32::MAX;
/// The mark of a root whose turn has not come.
const WAITING_ROOT: u32 = u32::MAX - 1;

/// The state of an object. (The first edge stands beside the number, because both are read together: that is
/// one cache miss for an object instead of two.)
#[derive(Clone, Copy)]
struct State {
    number: u32,
    first_edge: u32,
}

struct Walk<'w> {
    targets: &'w [u32],
    /// The state of each object, and at the end the number of all edges.
    states: &'w mut [State],
    /// Edges to objects that were not met when the object that they come from was: target, and number of the
    /// source.
    waiting: Vec<(u32, u32)>,
    /// The next free number.
    next: u32,
    result: DepthFirst,
}

impl DepthFirst {
    pub(super) fn of(snapshot: &Snapshot) -> DepthFirst {
        let objects = snapshot.len();
        let scratch = Bump::new();
        let first_edges = snapshot.first_edge.iter();
        let states = first_edges.map(|&first_edge| State { number: UNSEEN, first_edge });
        let states = scratch.alloc_slice_fill_iter(states);
        snapshot.root_numbers().for_each(|root| states[root as usize].number = WAITING_ROOT);
        let mut walk = Walk {
            targets: &snapshot.targets,
            states,
            waiting: Vec::new(),
            next: 1,
            result: DepthFirst {
                order: vec![u32::MAX; objects + 1],
                parent: vec![0; objects + 1],
                least_source: vec![0; objects + 1],
                back: BackEdges::of(objects + 1),
                reachable: 0,
            },
        };
        snapshot.root_numbers().for_each(|root| walk.from(root));
        walk.result.reachable = walk.next as usize;
        for at in 0..objects as u32 {
            if walk.states[at as usize].number == UNSEEN {
                walk.from(at);
            }
        }
        walk.result
    }
}

impl Walk<'_> {
    fn from(&mut self, root: u32) {
        self.enter(root, 0);
        while let Some((target, from)) = self.waiting.pop() {
            match self.states[target as usize].number {
                UNSEEN => self.enter(target, from),
                // It was reached from an object below the source in the meantime.
                to => {
                    let least = &mut self.result.least_source[to as usize];
                    *least = from.min(*least);
                }
            }
        }
    }

    /// Gives the object its number, and looks at its edges: all at once, so that the states of their targets
    /// come into the cache at the same time.
    #[inline]
    fn enter(&mut self, at: u32, parent: u32) {
        let number = self.next;
        self.next += 1;
        self.states[at as usize].number = number;
        let result = &mut self.result;
        result.order[number as usize] = at;
        result.parent[number as usize] = parent;
        result.least_source[number as usize] = parent;
        let edges = self.states[at as usize].first_edge as usize..self.states[at as usize + 1].first_edge as usize;
        // The first edge is taken up first, as it comes last onto the stack.
        for &target in self.targets[edges].iter().rev() {
            match self.states[target as usize].number {
                UNSEEN => self.waiting.push((target, number)),
                WAITING_ROOT => {}
                to if to == number => {}
                to => result.back.push(number, to),
            }
        }
    }
}

/// A number that comes soon is so much smaller.
const AHEAD: usize = 12;

/// Edges from greater numbers to smaller ones, in parts by the number that they lead to, so that each
/// part can be sorted within the processor's cache.
pub(super) struct BackEdges {
    /// For each part, the sources and the targets of its edges.
    parts: Vec<Vec<(u32, u32)>>,
}

/// The logarithm of the count of numbers of a part.
const PART: u32 = 14;

impl BackEdges {
    fn of(numbers: usize) -> BackEdges {
        BackEdges { parts: vec![Vec::new(); (numbers >> PART) + 1] }
    }

    #[inline]
    fn push(&mut self, from: u32, to: u32) {
        self.parts[(to >> PART) as usize].push((from, to));
    }

    /// Calls `each` for all numbers of `0..numbers`, the greatest first, with the sources of the edges to
    /// it, and with those to a number that comes soon.
    pub(super) fn take_from_the_last(self, numbers: usize, mut each: impl FnMut(usize, &[u32], &[u32])) {
        let (mut first, mut sources) = (vec![0u32; (1 << PART) + 1], Vec::new());
        for (part, edges) in self.parts.into_iter().enumerate().rev() {
            let begin = part << PART;
            let end = numbers.min(begin + (1 << PART));
            sort_by_target(&edges, begin as u32, &mut first, &mut sources);
            drop(edges);
            for number in (begin..end).rev() {
                let of = |at: usize| &sources[first[at] as usize..first[at + 1] as usize];
                let at = number - begin;
                each(number, of(at), if at >= AHEAD { of(at - AHEAD) } else { &[] });
            }
        }
    }
}

/// Sorts edges by their targets, which lie in the part that begins at `begin`: `first` gets the place of the
/// first source for each target.
fn sort_by_target(edges: &[(u32, u32)], begin: u32, first: &mut [u32], sources: &mut Vec<u32>) {
    first.fill(0);
    for &(_, to) in edges {
        first[(to - begin) as usize] += 1;
    }
    let mut sum = 0;
    for place in first.iter_mut() {
        sum += *place;
        *place = sum; // the end; each edge moves it down, to the beginning in the end
    }
    sources.clear();
    sources.resize(edges.len(), 0);
    for &(from, to) in edges {
        let place = &mut first[(to - begin) as usize];
        *place -= 1;
        sources[*place as usize] = from;
    }
}
