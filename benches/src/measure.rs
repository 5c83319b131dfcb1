//! Measures the CPU time and the memory of this process.

use rustix::time::{ClockId, clock_gettime};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// Returns the CPU time of this thread. Work of other threads and processes is not counted.
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Units of work in the measured sections of all threads. Some rows run on a thread of their
/// own.
static UNITS: AtomicUsize = AtomicUsize::new(0);

/// Runs `part`, and returns its result and the thread CPU time that it took in all. Adds `units`
/// to [`units_timed`].
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

/// Runs a measured section. Every measured section runs below this function, because
/// `scripts/instructions` gives its name to callgrind as the code to count.
#[inline(never)]
fn measured_section(section: &mut dyn FnMut()) {
    section();
}

/// Returns the units of work in all measured sections so far.
pub fn units_timed() -> usize {
    UNITS.load(Relaxed)
}

/// Returns the bytes of memory that are resident now. The value comes from the kernel's walk
/// over the page tables, because the kernel's running counter lags by some hundred KiB.
pub fn resident_bytes() -> u64 {
    proc_kib("/proc/self/smaps_rollup", "Rss:").or_else(|| proc_kib("/proc/self/status", "VmRSS:")).unwrap_or(0) * 1024
}

/// Returns the peak of resident memory, in bytes.
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
