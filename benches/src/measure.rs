//! Clocks and memory of this process.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// CPU time of this thread: what other threads and processes do is not in it.
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// How long `part` took.
pub fn timed(part: impl FnOnce()) -> Duration {
    let start = thread_time();
    part();
    thread_time() - start
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
        assert!(timed(|| (0..100_000u64).for_each(|n| drop(std::hint::black_box(n)))) > Duration::ZERO);
    }
}
