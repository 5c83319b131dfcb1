//! The graphs that the workloads build. The roots hold every graph until the workload releases
//! it, so that no automatic collection can reclaim a graph that is half built.

use super::random::Random;
use crate::heap_under_test::{HeapUnderTest, Mutator};

/// Adds `count` held nodes, each with edges to two random nodes.
pub fn live<H: HeapUnderTest>(heap: &mut H, count: usize) {
    heap.mutate(|nodes, roots| {
        roots.reserve(count);
        roots.extend((0..count as u64).map(|value| nodes.alloc(value, [None, None])));
        let mut random = Random::new(1);
        for from in 0..count {
            for index in 0..2 {
                let to = nodes.edge_to(&roots[random.below(count)]);
                nodes.set_edge(&roots[from], index, Some(to));
            }
        }
    });
}

/// Adds `count` held nodes, each with an edge to a random node and an edge to the next node in a
/// random cyclic order. Every node is reachable from every other node.
pub fn connected<H: HeapUnderTest>(heap: &mut H, count: usize) {
    live(heap, count);
    heap.mutate(|nodes, roots| {
        let mut random = Random::new(5);
        let mut order: Vec<usize> = (0..count).collect();
        (1..count).for_each(|at| order.swap(at, random.below(at + 1)));
        for at in 0..count {
            let next = nodes.edge_to(&roots[order[(at + 1) % count]]);
            nodes.set_edge(&roots[order[at]], 0, Some(next));
        }
    });
}

/// Adds `count` cycles of two nodes, each held at one node. If `into` is not 0, the second edge
/// of each node points to a random one of the first `into` roots.
pub fn pairs<H: HeapUnderTest>(heap: &mut H, count: usize, into: usize) {
    heap.mutate(|nodes, roots| {
        roots.reserve(count);
        let mut random = Random::new(2);
        for value in 0..count as u64 {
            let mut live = || (into > 0).then(|| nodes.edge_to(&roots[random.below(into)]));
            let (first, second) = (live(), live());
            let one = nodes.alloc(value, [None, first]);
            let to_one = nodes.edge_to(&one);
            let two = nodes.alloc(value, [Some(to_one), second]);
            let to_two = nodes.move_to_edge(two);
            nodes.set_edge(&one, 0, Some(to_two));
            roots.push(one);
        }
    });
}

/// Adds a singly linked list of `count` nodes, held at its head.
pub fn list<H: HeapUnderTest>(heap: &mut H, count: usize) {
    heap.mutate(|nodes, roots| {
        let mut head = nodes.alloc(0, [None, None]);
        for value in 1..count as u64 {
            let tail = nodes.move_to_edge(head);
            head = nodes.alloc(value, [Some(tail), None]);
        }
        roots.push(head);
    });
}

/// Adds a ring of `count` nodes, held at one node.
pub fn ring<H: HeapUnderTest>(heap: &mut H, count: usize) {
    heap.mutate(|nodes, roots| {
        let last = nodes.alloc(0, [None, None]);
        let mut head = last.clone();
        for value in 1..count as u64 {
            let tail = nodes.move_to_edge(head);
            head = nodes.alloc(value, [Some(tail), None]);
        }
        let to_head = nodes.edge_to(&head);
        nodes.set_edge(&last, 0, Some(to_head));
        roots.push(head);
    });
}

/// Drops all roots except the first `keep`.
pub fn release<H: HeapUnderTest>(heap: &mut H, keep: usize) {
    heap.mutate(|_, roots| roots.truncate(keep));
}

/// Clones every root and drops the clone. On a counting heap, every such node becomes a
/// candidate.
pub fn touch<H: HeapUnderTest>(heap: &mut H) {
    heap.mutate(|_, roots| roots.iter().for_each(|root| drop(std::hint::black_box(root.clone()))));
}
