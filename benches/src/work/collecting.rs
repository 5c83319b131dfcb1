//! Rows about one explicit collection.

use super::{Sample, Size, graphs};
use crate::heap_under_test::{Cannot, HeapUnderTest};
use crate::measure::thread_time;
use std::time::Duration;

/// Collections of an idle heap are timed together until they took so long: reading
/// the clock takes longer than one.
const LONG_ENOUGH: Duration = Duration::from_millis(1);

/// Collects garbage cycles of two.
pub(super) fn pairs<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    graphs::pairs(heap, count / 2, 0);
    graphs::release(heap, 0);
    Ok(Sample::time(collect_timed(heap, H::collect)?, count / 2 * 2))
}

/// Collects one garbage ring.
pub(super) fn ring<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    graphs::ring(heap, count);
    graphs::release(heap, 0);
    Ok(Sample::time(collect_timed(heap, H::collect)?, count))
}

/// Looks at a live graph whose every node is suspect.
pub(super) fn full_look<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    graphs::live(heap, count);
    heap.collect()?;
    graphs::touch(heap);
    Ok(Sample::time(collect_timed(heap, H::collect)?, count))
}

/// Collects right after a collection: nothing happened since.
pub(super) fn nothing_to_suspect<H: HeapUnderTest>(heap: &mut H, count: usize) -> Result<Sample, Cannot> {
    graphs::live(heap, count);
    heap.collect()?;
    let mut rounds = 1;
    loop {
        let start = thread_time();
        for _ in 0..rounds {
            heap.collect()?;
        }
        let time = thread_time() - start;
        if time >= LONG_ENOUGH {
            return Ok(Sample::time(time, rounds));
        }
        rounds *= 4;
    }
}

/// Collects a few garbage pairs beside a settled live graph.
pub(super) fn pairs_beside_live<H: HeapUnderTest>(heap: &mut H, size: &Size) -> Result<Sample, Cannot> {
    few_pairs(heap, size, 0, H::collect)
}

/// The same, with each node of a pair pointing into the live graph.
pub(super) fn pairs_into_live<H: HeapUnderTest>(
    heap: &mut H,
    size: &Size,
    collect: fn(&mut H) -> Result<(), Cannot>,
) -> Result<Sample, Cannot> {
    few_pairs(heap, size, size.objects, collect)
}

fn few_pairs<H: HeapUnderTest>(
    heap: &mut H,
    size: &Size,
    into: usize,
    collect: fn(&mut H) -> Result<(), Cannot>,
) -> Result<Sample, Cannot> {
    graphs::live(heap, size.objects);
    heap.collect()?;
    graphs::pairs(heap, size.pairs, into);
    graphs::release(heap, size.objects);
    Ok(Sample::time(collect_timed(heap, collect)?, 1))
}

fn collect_timed<H>(heap: &mut H, collect: fn(&mut H) -> Result<(), Cannot>) -> Result<Duration, Cannot> {
    let start = thread_time();
    collect(heap)?;
    Ok(thread_time() - start)
}
