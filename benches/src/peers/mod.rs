//! The heaps that are compared, with one adapter in each file.

pub(crate) mod arena;
mod bacon;
mod boa;
mod dumpster_sync;
mod dumpster_unsync;
mod gcmodule;
mod jrsonnet;
mod manish_gc;
pub(crate) mod ours;
mod rc;
mod rust_cc;
mod safe_gc;

/// Implements allocation and stores for a peer whose node has a number and a cell with two
/// edges.
macro_rules! edges_in_a_cell {
    ($pointer:ident, $cell:ident) => {
        #[inline]
        fn alloc(&self, value: u64, edges: [Option<$pointer<Node>>; 2]) -> $pointer<Node> {
            $pointer::new(Node { value, edges: $cell::new(edges) })
        }

        #[inline]
        fn replace_edge(from: &$pointer<Node>, index: usize, to: Option<$pointer<Node>>) -> Option<$pointer<Node>> {
            std::mem::replace(&mut from.edges.borrow_mut()[index], to)
        }
    };
}
use edges_in_a_cell;

use crate::heap_under_test::{Cannot, HeapUnderTest, Kind, WithRoots};
use crate::work::{self, Sample, Size, Work};

/// A heap that rows can be run on, by name.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The name of the peer on the command line and in the report.
    pub name: &'static str,
    /// The way in which the peer finds dead objects.
    pub kind: Kind,
    /// Runs a workload once on a fresh heap, and drops the heap.
    pub run: fn(Work, &Size) -> Result<Sample, Cannot>,
    /// Runs a workload once on a fresh heap, and leaks the heap.
    pub run_and_leak: fn(Work, &Size) -> Result<Sample, Cannot>,
}

/// The name of our heap.
pub const OURS: &str = "gc-core";
/// The name of `std::rc::Rc`, the yardstick.
pub const RC: &str = "Rc";

const fn peer<H: HeapUnderTest>(name: &'static str) -> Peer {
    Peer { name, kind: H::KIND, run: work::run::<H>, run_and_leak: work::run_and_leak::<H> }
}

/// All peers. Our heap and the yardstick come first.
pub const PEERS: [Peer; 12] = [
    peer::<WithRoots<ours::Ours>>(OURS),
    peer::<WithRoots<rc::StdRc>>(RC),
    peer::<WithRoots<gcmodule::Gcmodule>>("gcmodule"),
    peer::<WithRoots<jrsonnet::Jrsonnet>>("jrsonnet-gcmodule"),
    peer::<WithRoots<bacon::Bacon>>("bacon_rajan_cc"),
    peer::<WithRoots<rust_cc::RustCc>>("rust-cc"),
    peer::<WithRoots<dumpster_unsync::DumpsterUnsync>>("dumpster::unsync"),
    peer::<WithRoots<dumpster_sync::DumpsterSync>>("dumpster::sync"),
    peer::<WithRoots<manish_gc::ManishGc>>("gc"),
    peer::<WithRoots<boa::Boa>>("boa_gc"),
    peer::<arena::GcArena>("gc-arena"),
    peer::<safe_gc::SafeGc>("safe-gc"),
];

/// Returns the peer of this name.
pub fn named(name: &str) -> Option<&'static Peer> {
    const { &PEERS }.iter().find(|peer| peer.name == name)
}

/// Returns true if the peer counts references, has a cycle detector, and is not our heap.
pub fn is_counting_rival(name: &str) -> bool {
    name != OURS && name != RC && named(name).is_some_and(|peer| peer.kind == Kind::Counting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_does_or_explains_every_workload() {
        for peer in &PEERS {
            for work in Work::ALL {
                match (peer.run)(work, &Size::TINY) {
                    Ok(sample) => assert!(sample.total >= 0.0 && sample.count > 0.0, "{} {work:?}", peer.name),
                    Err(Cannot(reason)) => assert!(!reason.is_empty(), "{} {work:?}", peer.name),
                }
            }
        }
    }

    #[test]
    fn rivals_are_the_counting_peers() {
        let rivals = PEERS.iter().filter(|peer| is_counting_rival(peer.name)).count();
        assert_eq!(rivals, 6);
    }
}
