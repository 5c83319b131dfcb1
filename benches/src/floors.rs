//! What the machine can do at best: the memory accesses that a collector cannot avoid,
//! without the collector.

use crate::work::Sample;
use crate::work::random::Random;
use std::collections::VecDeque;
use std::hint::black_box;

/// Entries between the prefetch of an object and the look at it.
const QUEUE: usize = 16;

/// One such access pattern over all objects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Floor {
    /// Reads each header, in order.
    Sweep,
    /// Reads each object in order and decrements the header of a random one.
    Decrement,
    /// Marks from one object over two random edges, with a prefetch queue.
    Mark,
}

/// An object as large as a counting peer's: one line of the cache.
#[derive(Clone, Default)]
#[repr(align(64))]
struct Object {
    header: u64,
    edges: [u32; 2],
}

impl Floor {
    /// All of them.
    pub const ALL: [Floor; 3] = [Floor::Sweep, Floor::Decrement, Floor::Mark];

    /// Its name on the command line and in the report.
    pub fn name(self) -> &'static str {
        match self {
            Floor::Sweep => "sweep",
            Floor::Decrement => "decrement",
            Floor::Mark => "mark",
        }
    }

    /// What it does, for the report.
    pub fn title(self) -> &'static str {
        match self {
            Floor::Sweep => "linear sweep over headers",
            Floor::Decrement => "linear scan with one random decrement",
            Floor::Mark => "mark over two random edges, 16 prefetched",
        }
    }

    /// Runs it over so many objects.
    pub fn run(self, count: usize) -> Sample {
        let mut objects = objects(count);
        let mut queue = Queue::with_capacity(count);
        Sample::timed(count, || match self {
            Floor::Sweep => drop(black_box(objects.iter().map(|object| object.header).sum::<u64>())),
            Floor::Decrement => decrement(&mut objects),
            Floor::Mark => drop(black_box(mark(&mut objects, &mut queue))),
        })
    }
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
        objects[target].header |= 2; // stays positive, whoever comes again
    }
}

/// Marks all that is reachable from the first object; returns how many.
fn mark(objects: &mut [Object], queue: &mut Queue) -> usize {
    const MARK: u64 = 1 << 63;
    let mut marked = 0;
    queue.stack.push(0);
    while let Some(at) = queue.next(objects) {
        let object = &mut objects[at as usize];
        if object.header & MARK == 0 {
            object.header |= MARK;
            marked += 1;
            queue.stack.extend(object.edges);
        }
    }
    marked
}

/// A mark stack whose top passes through a short queue, being fetched meanwhile.
struct Queue {
    stack: Vec<u32>,
    fetched: VecDeque<u32>,
}

impl Queue {
    fn with_capacity(count: usize) -> Queue {
        let mut stack = vec![1; 2 * count]; // written once, so that no page of it is new
        stack.clear();
        Queue { stack, fetched: VecDeque::with_capacity(QUEUE) }
    }

    #[inline]
    fn next(&mut self, objects: &[Object]) -> Option<u32> {
        while self.fetched.len() < QUEUE
            && let Some(at) = self.stack.pop()
        {
            prefetch(&objects[at as usize]);
            self.fetched.push_back(at);
        }
        self.fetched.pop_front()
    }
}

#[inline]
fn prefetch(object: &Object) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch is a hint: it reads nothing into the program and never faults;
    // and the reference is valid anyway.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(object).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = object; // no stable prefetch: the floor is higher than need be
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
        assert_eq!(mark(&mut objects, &mut Queue::with_capacity(1000)), plain);
    }

    #[test]
    fn an_object_is_a_cache_line() {
        assert_eq!(size_of::<Object>(), 64);
        assert!(Floor::ALL.iter().all(|floor| floor.run(1000).count == 1000.0));
    }
}
