//! The algorithm of Georgiadis ("Linear-time algorithms for dominators and related problems", 2005,
//! "SEMI-NCA"): semidominators as Lengauer and Tarjan find them, then immediate dominators as nearest
//! common ancestors in the dominator tree as far as it is built.
//!
//! All of it happens in depth-first numbers: what belongs together in the heap has numbers that are close to
//! each other.

use super::depth_first::DepthFirst;
use alloc::vec::Vec;
use bumpalo::Bump;

/// Returns the object of each number, and its immediate dominator as a number of the depth-first order.
pub(super) fn immediate(walk: DepthFirst) -> (Vec<u32>, Vec<u32>) {
    let scratch = Bump::new();
    let numbers = walk.order.len();
    let parent = walk.parent;
    // The least semidominator of each number is at first the least source; it becomes the semidominator.
    let mut semi = walk.least_source;
    let mut forest = Forest { nodes: scratch.alloc_slice_fill_copy(numbers, Node::default()), path: Vec::new() };
    walk.back.take_from_the_last(numbers, |w, sources, soon| {
        forest.touch(soon);
        if parent[w] == 0 {
            semi[w] = 0;
        } else {
            for &v in sources {
                semi[w] = semi[w].min(forest.least(v, w as u32));
            }
        }
        forest.nodes[w] = Node { ancestor: parent[w], least: semi[w] };
    });
    let mut dominator = parent;
    for w in 1..numbers {
        let mut above = dominator[w];
        while above > semi[w] {
            above = dominator[above as usize];
        }
        dominator[w] = above;
    }
    (walk.order, dominator)
}

/// The forest of Lengauer and Tarjan: numbers that were looked at hang below their parents.
struct Forest<'b> {
    nodes: &'b mut [Node],
    path: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Node {
    /// A number above; all between were skipped.
    ancestor: u32,
    /// The least semidominator from here up to the ancestor, the ancestor excluded.
    least: u32,
}

impl Forest<'_> {
    /// Returns the least semidominator on the path from `v` up to the root of its tree, the root excluded.
    /// All numbers above `w` hang below their parents, `v` is one of them, and a root is none.
    #[inline]
    fn least(&mut self, v: u32, w: u32) -> u32 {
        let node = self.nodes[v as usize];
        if node.ancestor <= w {
            return node.least;
        }
        self.compress(v, w)
    }

    /// Reads the nodes of these numbers, so that they are in the cache when they are needed.
    #[inline]
    fn touch(&self, numbers: &[u32]) {
        let sum = numbers.iter().fold(0, |sum, &number| sum ^ self.nodes[number as usize].least);
        core::hint::black_box(sum);
    }

    fn compress(&mut self, v: u32, w: u32) -> u32 {
        let mut at = v;
        loop {
            let above = self.nodes[at as usize].ancestor;
            if above <= w {
                break;
            }
            self.path.push(at);
            at = above;
        }
        let mut top = self.nodes[at as usize];
        while let Some(at) = self.path.pop() {
            let node = &mut self.nodes[at as usize];
            top.least = top.least.min(node.least);
            *node = top;
        }
        top.least
    }
}
