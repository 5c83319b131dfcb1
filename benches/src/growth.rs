//! Measures how the cost of an object grows with the heap, and how the throughput of heaps on
//! several threads adds up. Only our heap is measured.

use crate::machine;
use crate::measure::{thread_time, units_timed};
use crate::peers::{OURS, Peer, named};
use crate::table::{aligned, number};
use crate::work::{Size, Work};
use anyhow::{Context as _, Result};
use serde::Serialize;
use std::sync::Barrier;
use std::time::Instant;

/// The work that is measured at each size.
const LINES: [(Work, &str); 4] = [
    (Work::Hold, "allocate, hold, drop"),
    (Work::Pairs, "collect garbage 2-cycles"),
    (Work::Ring, "collect one garbage ring"),
    (Work::FullLook, "full look at live objects"),
];

/// The work that several threads do at once.
const THREADED: [(Work, &str); 3] = [
    (Work::Churn, "allocate and drop"),
    (Work::Pairs, "build and collect 2-cycles"),
    (Work::RandomChurn, "random churn"),
];

/// The number of runs of each throughput. The best run counts.
const RUNS: usize = 3;

/// Returns the number of runs at a size. The runs touch 2e6 objects in all, but there are at
/// least three runs. Above 1e7 objects, where a run takes minutes, there are two. (A single run
/// is not enough: the first touch of memory that the host of a virtual machine took back waits
/// for the host.)
fn runs(objects: usize) -> usize {
    let least = if objects > 10_000_000 { 2 } else { 3 };
    (2_000_000 / objects).max(least)
}

/// The cost of one kind of work at all sizes.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Line {
    /// The work, in words.
    pub work: &'static str,
    /// The least cost of the runs at each size.
    pub points: Vec<Point>,
}

/// The cost at one size.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Point {
    /// The number of objects.
    pub objects: usize,
    /// Thread CPU time for each object.
    pub nanoseconds: f64,
}

/// Throughput of a number of threads at once, each with a heap of its own.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Throughput {
    /// The work, in words.
    pub work: &'static str,
    /// The number of threads.
    pub threads: usize,
    /// Millions of objects (or steps) of all threads together in a second of wall clock. Other
    /// processes that use the cores lower this number.
    pub by_wall_clock: f64,
    /// Millions of objects (or steps) in a second of a thread's CPU time, summed over the threads.
    /// Only the effect of the threads on each other lowers this number.
    pub by_cpu_time: f64,
}

/// The outcome of a run: all lines and all throughputs.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Growth {
    /// The machine of the run.
    pub machine: String,
    /// The date of the run, in UTC.
    pub date: String,
    /// The cost of an object for each kind of work.
    pub lines: Vec<Line>,
    /// The throughput for each kind of work and each number of threads.
    pub threads: Vec<Throughput>,
}

/// Measures sizes from 1e4 to `max` by powers of ten, and 1 to `threads` threads. Calls
/// `progress` with a text before each measurement.
pub fn run(max: usize, threads: usize, progress: &dyn Fn(&str)) -> Result<Growth> {
    let ours = named(OURS).context("our heap is among the peers")?;
    let sizes = || std::iter::successors(Some(10_000), |size| Some(size * 10)).take_while(|&size| size <= max);
    let mut lines = Vec::new();
    for (work, title) in LINES {
        let mut points = Vec::new();
        for objects in sizes() {
            progress(&format!("{title}, {objects} objects"));
            points.push(point(ours, work, objects)?);
        }
        lines.push(Line { work: title, points });
    }
    let mut throughputs = Vec::new();
    for (work, title) in THREADED {
        for threads in 1..=threads {
            progress(&format!("{title}, {threads} threads"));
            throughputs.push(throughput(ours, work, title, threads)?);
        }
    }
    Ok(Growth { machine: machine::machine(), date: machine::today(), lines, threads: throughputs })
}

fn point(ours: &Peer, work: Work, objects: usize) -> Result<Point> {
    let size = Size::of(objects);
    let mut best = f64::INFINITY;
    for _ in 0..runs(objects) {
        best = best.min((ours.run)(work, &size)?.each());
    }
    Ok(Point { objects, nanoseconds: best * 1e9 })
}

/// The size of each thread's runs.
const THREAD_SIZE: Size = Size { steps: 500_000, ..Size::FULL };

fn throughput(ours: &'static Peer, work: Work, title: &'static str, threads: usize) -> Result<Throughput> {
    let mut best = Throughput { work: title, threads, by_wall_clock: 0.0, by_cpu_time: 0.0 };
    for _ in 0..RUNS {
        let (wall, cpu) = at_once(ours, work, threads)?;
        best.by_wall_clock = best.by_wall_clock.max(wall / 1e6);
        best.by_cpu_time = best.by_cpu_time.max(cpu / 1e6);
    }
    Ok(best)
}

/// Returns two throughputs of `threads` threads that run at once, in units per second. The first
/// is by the wall clock, from the common start to the end of the slowest thread. The second is
/// the sum of the threads' throughputs, each by the CPU time of its thread.
fn at_once(ours: &'static Peer, work: Work, threads: usize) -> Result<(f64, f64)> {
    let start_line = Barrier::new(threads);
    let one = || {
        start_line.wait();
        let (start, cpu_start) = (Instant::now(), thread_time());
        let done = (ours.run)(work, &THREAD_SIZE);
        done.map(|_| (start.elapsed().as_secs_f64(), (thread_time() - cpu_start).as_secs_f64()))
    };
    let before = units_timed();
    let results: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        handles.into_iter().map(|handle| handle.join()).collect()
    });
    let units = (units_timed() - before) as f64;
    let (mut longest, mut by_cpu) = (0.0f64, 0.0);
    for result in results {
        let (wall, cpu) = result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        longest = longest.max(wall);
        by_cpu += units / threads as f64 / cpu;
    }
    Ok((units / longest, by_cpu))
}

/// Returns the tables of the lines and of the throughputs.
pub fn table(growth: &Growth) -> String {
    let sizes = growth.lines.first().map_or(Vec::new(), |line| line.points.iter().map(|point| point.objects).collect());
    let sizes: Vec<String> = sizes.iter().map(|&size| format!("{:.0e}", size as f64)).collect();
    let header: Vec<&str> = ["ns/object at"].into_iter().chain(sizes.iter().map(String::as_str)).collect();
    let line = |line: &Line| {
        let points = line.points.iter().map(|point| number(point.nanoseconds));
        [line.work.to_owned()].into_iter().chain(points).collect()
    };
    let mut text = aligned(&header, &growth.lines.iter().map(line).collect::<Vec<_>>());
    let rows: Vec<Vec<String>> = growth.threads.iter().map(|one| threads_row(growth, one)).collect();
    text += "\n";
    let header = ["several heaps at once", "threads", "million/s by the wall", "by CPU time", "of one thread, by CPU"];
    text += &aligned(&header, &rows);
    text + &format!("\n{}, {}\n", growth.machine, growth.date)
}

fn threads_row(growth: &Growth, one: &Throughput) -> Vec<String> {
    let times = format!("{:.2}×", speedup(growth, one));
    vec![one.work.to_owned(), one.threads.to_string(), number(one.by_wall_clock), number(one.by_cpu_time), times]
}

/// Returns the throughput as a multiple of that of the same work on one thread, by CPU time.
pub fn speedup(growth: &Growth, of: &Throughput) -> f64 {
    let single = growth.threads.iter().find(|one| one.work == of.work && one.threads == 1);
    single.map_or(f64::NAN, |single| of.by_cpu_time / single.by_cpu_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_point_and_one_throughput() {
        let ours = named(OURS).unwrap();
        let point = point(ours, Work::Hold, 1_000_000).unwrap();
        assert!(point.nanoseconds > 0.0 && point.objects == 1_000_000);
        assert_eq!([10_000, 10_000_000, 100_000_000].map(runs), [200, 3, 2]);
    }

    #[test]
    fn tables_of_growth() {
        let line = Line { work: "w", points: vec![Point { objects: 10_000, nanoseconds: 12.34 }] };
        let threads = [1, 2].map(|threads| Throughput {
            work: "t",
            threads,
            by_wall_clock: 1.0,
            by_cpu_time: 3.0 * threads as f64,
        });
        let growth = Growth { machine: "M".into(), date: "D".into(), lines: vec![line], threads: threads.into() };
        let text = table(&growth);
        assert!(text.contains("1e4") && text.contains("12.3") && text.contains("2.00×"), "{text}");
    }
}
