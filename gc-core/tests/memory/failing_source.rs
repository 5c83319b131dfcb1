//! A chunk source that fails at random: whatever is refused, nothing is lost.

use crate::support::BOTH;
use crate::support::chunks::Counted;
use gc_core::{Budget, ChunkSource, FinalizerPolicy, Gc, Generation, Heap, OutOfMemoryKind, Pace, Slot, Trace};
use proptest::prelude::*;
use std::cell::Cell;
use std::ptr::NonNull;
use std::rc::Rc;
use std::time::Duration;

/// Refuses where the bits of a number say so, again and again.
#[derive(Clone)]
struct Moody {
    source: Counted,
    moods: u64,
    asked: Rc<Cell<u32>>,
}

// SAFETY: passes everything on that it does not refuse.
unsafe impl ChunkSource for Moody {
    fn acquire(&self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let asked = self.asked.replace(self.asked.get() + 1);
        if self.moods >> (asked % 64) & 1 == 0 { None } else { self.source.acquire(bytes, align) }
    }

    unsafe fn release(&self, start: NonNull<u8>, bytes: usize, align: usize) {
        // SAFETY: passed on.
        unsafe { self.source.release(start, bytes, align) }
    }
}

#[derive(Trace)]
struct Block<const N: usize> {
    next: Slot<Many>,
    number: u64,
    bytes: [u8; N],
}

/// Objects of several sizes that point to each other.
#[derive(Trace)]
enum Many {
    Small(Block<8>),
    Middle(Box<Block<300>>),
    Row(Gc<[u64]>, Slot<Many>),
}

#[derive(Clone, Debug)]
enum Act {
    Small,
    Middle,
    Row(usize),
    Drop(usize),
    Link(usize, usize),
    Collect(u8),
    Step(usize),
    Trim,
}

fn act() -> impl Strategy<Value = Act> {
    let n = || 0..64_usize;
    prop_oneof![
        4 => Just(Act::Small),
        2 => Just(Act::Middle),
        // Up to more than a chunk.
        4 => prop_oneof![1..100_usize, 100..20_000_usize, 20_000..900_000_usize].prop_map(Act::Row),
        4 => n().prop_map(Act::Drop),
        4 => (n(), n()).prop_map(|(from, to)| Act::Link(from, to)),
        1 => (0..3_u8).prop_map(Act::Collect),
        2 => (1..2000_usize).prop_map(Act::Step),
        1 => Just(Act::Trim),
    ]
}

struct Program {
    heap: Heap,
    held: Vec<(Gc<Many>, u64)>,
    numbers: u64,
    refused: usize,
}

impl Program {
    fn act(&mut self, act: &Act) {
        let at = |number: &usize| number % self.held.len().max(1);
        match act {
            Act::Small => {
                let number = self.number();
                self.alloc(Many::Small(Block { next: Slot::empty(), number, bytes: [number as u8; 8] }), number);
            }
            Act::Middle => {
                let number = self.number();
                let block = Block { next: Slot::empty(), number, bytes: [number as u8; 300] };
                self.alloc(Many::Middle(Box::new(block)), number);
            }
            Act::Row(length) => {
                let number = self.number();
                match self.heap.try_alloc_slice(vec![number; *length]) {
                    Ok(row) => self.alloc(Many::Row(row, Slot::empty()), number),
                    Err(error) => {
                        assert!(error.value.iter().all(|&it| it == number) && error.value.len() == *length);
                        self.refuse(error.kind);
                    }
                }
            }
            Act::Drop(number) if !self.held.is_empty() => drop(self.held.swap_remove(at(number))),
            Act::Link(from, to) if !self.held.is_empty() => {
                let to = self.held[at(to)].0.clone();
                next(&self.held[at(from)].0).set(Some(to));
            }
            Act::Collect(number) => {
                self.heap.collect_generation(Generation::try_from(*number).unwrap());
            }
            Act::Step(objects) => {
                self.heap.step(Budget::Objects(*objects));
            }
            Act::Trim => {
                self.heap.trim();
            }
            Act::Drop(_) | Act::Link(..) => {}
        }
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn alloc(&mut self, value: Many, number: u64) {
        match self.heap.try_alloc(value) {
            Ok(object) => self.held.push((object, number)),
            Err(error) => {
                assert!(is_whole(&error.value, number));
                self.refuse(error.kind);
            }
        }
    }

    fn refuse(&mut self, kind: OutOfMemoryKind) {
        // (A large row may be more than the limit.)
        assert!(matches!(kind, OutOfMemoryKind::HeapSpace | OutOfMemoryKind::RequestTooLarge), "{kind:?}");
        self.refused += 1;
    }

    fn check(&self) {
        assert!(self.held.iter().all(|(object, number)| is_whole(object, *number)));
    }
}

fn next(object: &Many) -> &Slot<Many> {
    match object {
        Many::Small(block) => &block.next,
        Many::Middle(block) => &block.next,
        Many::Row(_, next) => next,
    }
}

fn is_whole(object: &Many, number: u64) -> bool {
    match object {
        Many::Small(block) => block.number == number && block.bytes == [number as u8; 8],
        Many::Middle(block) => block.number == number && block.bytes == [number as u8; 300],
        Many::Row(row, _) => row.iter().all(|&it| it == number),
    }
}

fn run(policy: FinalizerPolicy, moods: u64, max: Option<usize>, sliced: bool, acts: &[Act]) -> usize {
    let source = Counted::default();
    let moody = Moody { source: source.clone(), moods, asked: Rc::default() };
    let builder = Heap::builder().policy(policy).chunk_source(moody);
    let builder = if let Some(max) = max { builder.max(max) } else { builder };
    let heap = builder.build().unwrap();
    if sliced {
        heap.set_pace(Pace::Incremental { budget: Duration::from_micros(20) });
    }
    let mut program = Program { heap, held: Vec::new(), numbers: 0, refused: 0 };
    for act in acts {
        program.act(act);
    }
    program.check();
    program.held.clear();
    program.heap.collect();
    assert!(program.heap.objects(None).is_empty());
    let refused = program.refused;
    drop(program);
    source.assert_closed();
    refused
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_heap_survives_a_source_that_fails_at_random(
        moods in any::<u64>(),
        max in prop::option::of((1..40_usize).prop_map(|mib| mib << 20)),
        sliced in any::<bool>(),
        acts in prop::collection::vec(act(), 0..120),
    ) {
        for policy in BOTH {
            run(policy, moods, max, sliced, &acts);
        }
    }
}

#[test]
fn a_source_that_always_fails_is_told_every_time() {
    let acts = vec![Act::Small; 20];
    assert_eq!(BOTH.map(|policy| run(policy, 0, None, false, &acts)), [20, 20]);
    assert_eq!(BOTH.map(|policy| run(policy, !0, None, false, &acts)), [0, 0]);
}
