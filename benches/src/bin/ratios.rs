//! Quick ratios to `Rc` in one run: minimum of several interleaved rounds.

use gc_benches::{Node, RcNode, garbage_pairs};
use gc_core::Heap;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

fn time(f: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    f();
    start.elapsed().as_secs_f64()
}

fn compare(name: &str, count: f64, ours: &mut dyn FnMut(), theirs: &mut dyn FnMut()) {
    let (mut best, mut other) = (f64::MAX, f64::MAX);
    for _ in 0..30 {
        best = best.min(time(ours));
        other = other.min(time(theirs));
    }
    let (best, other) = (best * 1e9 / count, other * 1e9 / count);
    println!("{name}: {best:.2} ns, Rc {other:.2} ns, ratio {:.2}", best / other);
}

fn main() {
    const N: usize = 1_000_000;
    let heap = Heap::new();
    heap.disable();
    let (held, held_rc) = (heap.alloc(Node::default()), Rc::new(RcNode::default()));
    compare("clone and drop", N as f64, &mut || (0..N).for_each(|_| drop(black_box(held.clone()))), &mut || {
        (0..N).for_each(|_| drop(black_box(held_rc.clone())))
    });
    compare(
        "allocate and drop",
        N as f64,
        &mut || (0..N).for_each(|_| drop(black_box(heap.alloc(Node::default())))),
        &mut || (0..N).for_each(|_| drop(black_box(Rc::new(RcNode::default())))),
    );
    compare(
        "allocate, hold, drop",
        N as f64,
        &mut || drop(black_box((0..N).map(|_| heap.alloc(Node::default())).collect::<Vec<_>>())),
        &mut || drop(black_box((0..N).map(|_| Rc::new(RcNode::default())).collect::<Vec<_>>())),
    );
    let mut best = f64::MAX;
    for _ in 0..10 {
        garbage_pairs(&heap, N / 2);
        best = best.min(time(&mut || assert_eq!(heap.collect(), N)));
    }
    println!("collect garbage pairs: {:.2} ns an object", best * 1e9 / N as f64);
}
