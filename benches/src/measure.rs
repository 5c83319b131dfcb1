//! Clocks and memory of this process.

use rustix::time::{ClockId, clock_gettime};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// CPU time of this thread: what other threads and processes do is not in it.
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Of all threads: some rows run on one of their own.
static UNITS: AtomicUsize = AtomicUsize::new(0);

/// Returns how long `part` took for each of its `units` units of work.
pub fn timed<R>(units: usize, part: impl FnOnce() -> R) -> (R, Duration) {
    UNITS.fetch_add(units, Relaxed);
    let (mut part, mut result, mut time) = (Some(part), None, Duration::ZERO);
    measured_section(&mut || {
        let start = thread_time();
        result = part.take().map(|part| part());
        time = thread_time() - start;
    });
    (result.expect("the section ran"), time)
}

/// All that is measured runs below this function, so that `scripts/instructions` can
/// tell callgrind by its name what to count.
#[inline(never)]
fn measured_section(section: &mut dyn FnMut()) {
    section();
}

/// Units of work in all measured sections so far.
pub fn units_timed() -> usize {
    UNITS.load(Relaxed)
}

/// Bytes of memory that are resident now. By the kernel's walk over the page tables:
/// its running counter lags by some hundred KiB.
pub fn resident_bytes() -> u64 {
    proc_kib("/proc/self/smaps_rollup", "Rss:").or_else(|| proc_kib("/proc/self/status", "VmRSS:")).unwrap_or(0) * 1024
}

/// The most that was ever resident.
pub fn peak_resident_bytes() -> u64 {
    proc_kib("/proc/self/status", "VmHWM:").unwrap_or(0) * 1024
}

fn proc_kib(file: &str, field: &str) -> Option<u64> {
    kib_field(&std::fs::read_to_string(file).ok()?, field)
}

fn kib_field(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_proc() {
        let text = "Name:\tx\nVmHWM:\t    1234 kB\nVmRSS:\t 99 kB\n";
        assert_eq!(kib_field(text, "VmHWM:"), Some(1234));
        assert_eq!(kib_field(text, "VmRSS:"), Some(99));
        assert_eq!(kib_field(text, "Rss:"), None);
    }

    #[test]
    fn memory_and_time_are_there() {
        assert!(resident_bytes() > 0 && peak_resident_bytes() >= resident_bytes() / 2);
        let before = units_timed();
        let (sum, time) = timed(3, || (0..100_000u64).map(std::hint::black_box).sum::<u64>());
        assert!(sum > 0 && time > Duration::ZERO && units_timed() >= before + 3);
    }
}
