//! The rows as criterion benches. Criterion gives confidence intervals and a comparison
//! with the last run, for a closer look at a single row.
//!
//! ```sh
//! cargo bench -p gc-benches                         # ours and Rc
//! cargo bench -p gc-benches -- pairs                # one row
//! PEERS=all cargo bench -p gc-benches -- full-look  # every peer that can do the row
//! ```
//!
//! The numbers differ from those of `compare`. `compare` runs each measurement in a fresh
//! process; these benches share one process, so memory that an earlier bench returned to the
//! system's allocator is warm.

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_main};
use gc_benches::peers::{OURS, PEERS, Peer, RC};
use gc_benches::rows::{ROWS, Row, Unit};
use gc_benches::work::{Size, Work};
use std::time::Duration;

/// Sizes that are small enough for peers that recurse.
const SIZE: Size = Size { objects: 20_000, pairs: 1000, live: 10_000, steps: 20_000, depth: 12, trees: 2 };

/// Returns true if criterion can time this row on this peer.
///
/// A pause is a maximum, and memory is not a time. The list row runs on our heap only, because
/// a peer that overflows its stack would end the process.
fn is_bench(row: &Row, peer: &Peer) -> bool {
    let fits = row.work != Work::List || peer.name == OURS;
    row.unit != Unit::Bytes && row.work != Work::RandomChurnPause && fits
}

fn wanted_peers() -> Vec<&'static Peer> {
    let wanted = std::env::var("PEERS").unwrap_or_else(|_| format!("{OURS},{RC}"));
    let is_wanted = |peer: &&Peer| wanted == "all" || wanted.split(',').any(|name| name == peer.name);
    const { &PEERS }.iter().filter(is_wanted).collect()
}

fn bench_row(group: &mut BenchmarkGroup<'_, criterion::measurement::WallTime>, row: &Row, peer: &Peer) {
    let Ok(sample) = (peer.run)(row.work, &SIZE) else {
        return; // `compare` prints the reason
    };
    group.throughput(Throughput::Elements(sample.count as u64));
    group.bench_function(BenchmarkId::from_parameter(peer.name), |bencher| {
        bencher.iter_custom(|rounds| {
            let one = |_| match (peer.run)(row.work, &SIZE) {
                Ok(sample) => sample.total / sample.count * count_of(row, sample.count),
                Err(cannot) => panic!("{}: {cannot}", peer.name),
            };
            Duration::from_secs_f64((0..rounds).map(one).sum())
        });
    });
}

/// Returns the number of units in one iteration. The idle collection counts as one unit,
/// although it is repeated until the clock can measure it.
fn count_of(row: &Row, count: f64) -> f64 {
    if row.work == Work::Nothing { 1.0 } else { count }
}

fn rows(criterion: &mut Criterion) {
    for row in &ROWS {
        let mut group = criterion.benchmark_group(row.id);
        group.sampling_mode(SamplingMode::Flat).sample_size(10);
        for peer in wanted_peers().into_iter().filter(|peer| is_bench(row, peer)) {
            bench_row(&mut group, row, peer);
        }
        group.finish();
    }
}

fn benches() {
    rows(&mut Criterion::default().configure_from_args());
}

criterion_main!(benches);
