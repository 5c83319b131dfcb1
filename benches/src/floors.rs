//! Floors: lower bounds for the numbers of a heap. Three floors are the memory accesses that a
//! collector cannot avoid, without the collector. The fourth is bump allocation, the cheapest
//! allocation there is.

use crate::work::Sample;
use crate::work::random::Random;
use bumpalo::Bump;
use std::hint::black_box;

/// The number of objects that are fetched before the first of them is examined.
const AHEAD: usize = 64;

/// One pattern of memory accesses over all objects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Floor {
    /// Reads each header, in order.
    Sweep,
    /// Reads each object in order and decrements the header of a random one.
    Decrement,
    /// Marks all objects reachable from one object over two random edges each, fetching many
    /// objects at a time.
    Mark,
    /// Allocates objects from an arena, holds them, and drops them all at once.
    Bump,
}

/// An object of one cache line, as large as an object of a counting peer.
#[derive(Clone, Default)]
#[repr(align(64))]
struct Object {
    header: u64,
    edges: [u32; 2],
}

impl Floor {
    /// All floors.
    pub const ALL: [Floor; 4] = [Floor::Sweep, Floor::Decrement, Floor::Mark, Floor::Bump];

    /// Returns the floor's name on the command line and in the report.
    pub fn name(self) -> &'static str {
        match self {
            Floor::Sweep => "sweep",
            Floor::Decrement => "decrement",
            Floor::Mark => "mark",
            Floor::Bump => "bump",
        }
    }

    /// Returns the floor's title in the report.
    pub fn title(self) -> &'static str {
        match self {
            Floor::Sweep => "linear sweep over headers",
            Floor::Decrement => "linear scan with one random decrement",
            Floor::Mark => "mark over two random edges, 64 fetched at a time",
            Floor::Bump => "bump allocation: allocate, hold, drop at once",
        }
    }

    /// Runs the floor over `count` objects.
    pub fn run(self, count: usize) -> Sample {
        let mut objects = objects(count);
        let mut stack = vec![1; 2 * count]; // written once, so that none of its pages is new
        stack.clear();
        let sweep = |objects: &[Object]| objects.iter().map(|object| object.header).sum::<u64>();
        match self {
            Floor::Sweep => Sample::timed(count, || _ = black_box(sweep(&objects))),
            Floor::Decrement => Sample::timed(count, || decrement(&mut objects)),
            Floor::Mark => Sample::timed(count, || _ = black_box(mark(&mut objects, &mut stack))),
            Floor::Bump => bump(count),
        }
    }
}

/// A value as large as the one that the row `hold` holds: a number and two pointers.
type Held = (u64, [*const (); 2]);

/// Times bump allocation. The pages of the arena are new, like the pages of the heaps.
fn bump(count: usize) -> Sample {
    // This vector is written once, so that none of its pages is new.
    let mut held: Vec<*const Held> = vec![std::ptr::null(); count];
    held.clear();
    let arena = Bump::new();
    Sample::timed(count, || {
        for value in 0..count as u64 {
            held.push(std::ptr::from_ref(arena.alloc((value, [std::ptr::null(); 2]))));
        }
        black_box(&mut held).clear();
        drop(arena);
    })
}

fn objects(count: usize) -> Vec<Object> {
    let mut random = Random::new(4);
    let mut edge = || random.below(count) as u32;
    (0..count).map(|_| Object { header: 2, edges: [edge(), edge()] }).collect()
}

fn decrement(objects: &mut [Object]) {
    for at in 0..objects.len() {
        let target = objects[at].edges[0] as usize;
        objects[target].header -= 1;
        objects[target].header |= 2; // the header stays positive after any number of decrements
    }
}

/// Marks all objects that are reachable from the first object, and returns their number.
fn mark(objects: &mut [Object], stack: &mut Vec<u32>) -> usize {
    const MARK: u64 = 1 << 63;
    let mut marked = 0;
    stack.push(0);
    while !stack.is_empty() {
        let rest = stack.len().saturating_sub(AHEAD);
        let mut batch = [0; AHEAD];
        let batch = &mut batch[..stack.len() - rest];
        batch.copy_from_slice(&stack[rest..]);
        stack.truncate(rest);
        fetch(objects, batch);
        for &at in &*batch {
            let object = &mut objects[at as usize];
            if object.header & MARK == 0 {
                object.header |= MARK;
                marked += 1;
                stack.extend(object.edges);
            }
        }
    }
    marked
}

/// Loads the cache lines of the objects in `batch` at once, so that no load waits for another.
/// These loads are as good as a prefetch instruction, and are safe code.
#[inline]
fn fetch(objects: &[Object], batch: &[u32]) {
    let sum = batch.iter().fold(0, |sum, &at| sum ^ objects[at as usize].header);
    black_box(sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marking_reaches_what_a_plain_walk_reaches() {
        let mut objects = objects(1000);
        let (mut seen, mut stack) = (vec![false; objects.len()], vec![0]);
        while let Some(at) = stack.pop() {
            if !std::mem::replace(&mut seen[at as usize], true) {
                stack.extend(objects[at as usize].edges);
            }
        }
        let plain = seen.into_iter().filter(|&seen| seen).count();
        assert_eq!(mark(&mut objects, &mut Vec::new()), plain);
    }

    #[test]
    fn an_object_is_a_cache_line() {
        assert_eq!(size_of::<Object>(), 64);
        assert!(Floor::ALL.iter().all(|floor| floor.run(1000).count == 1000.0));
    }
}
