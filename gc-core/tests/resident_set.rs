//! The resident set of a process whose heap is at its limit. Alone in its process, since
//! others would be in it; not under AddressSanitizer, which keeps memory of its own.
#![cfg(all(target_os = "linux", not(gc_asan)))]

#[path = "support/mod.rs"]
mod support;

use gc_core::{Gc, Heap, Pace};
use std::time::Duration;
use support::node::looped;

const MIB: usize = 1 << 20;

/// Fills a heap with everything there is; the process must not grow beyond the limit.
#[test]
fn the_resident_set_stays_within_the_limit() {
    for (max, pace) in [
        (40 * MIB, Pace::StopTheWorld),
        (300 * MIB, Pace::StopTheWorld),
        (40 * MIB, Pace::Incremental { budget: Duration::from_micros(300) }),
    ] {
        let before = resident_set();
        let heap = Heap::builder().max(max).build().unwrap();
        heap.set_pace(pace);
        let mut rows: Vec<Gc<[u64]>> = Vec::new();
        let mut most = 0;
        for round in 0..6 {
            let mut kept = 0;
            loop {
                let size = [8, 300, 5000, 70_000][kept % 4];
                match heap.try_alloc_slice((0..size).map(|n| n as u64).collect::<Vec<_>>()) {
                    Ok(row) => rows.push(row),
                    Err(_) => break,
                }
                drop(looped(&heap));
                kept += 1;
            }
            most = most.max(resident_set());
            let mut at = 0;
            rows.retain(|_| {
                at += 1;
                at % (round + 2) == 0
            });
        }
        let grown = most.saturating_sub(before);
        assert!(grown <= max + max / 20 + 4 * MIB, "{grown} bytes, of {max} allowed");
        assert!(grown > max / 2, "{grown} bytes, of {max} allowed");
    }
}

fn resident_set() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}
