//! Resources of the machine.

/// Returns the bytes of memory that the machine can provide without swapping, within the limit of
/// the control group. `None` where the system does not report it (only Linux does).
pub fn free_memory() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let machine = available(&text)?;
    let number = |file: &str| -> Option<usize> {
        std::fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse().ok()
    };
    let group = number("memory.max").map(|max| max.saturating_sub(number("memory.current").unwrap_or(0)));
    Some(machine.min(group.unwrap_or(usize::MAX)))
}

fn available(meminfo: &str) -> Option<usize> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::available;

    #[test]
    fn reads_what_linux_tells() {
        assert_eq!(available("MemTotal: 24 kB\nMemAvailable:   16384 kB\n"), Some(16 << 20));
        assert_eq!(available("MemTotal: 24 kB\n"), None);
        assert_eq!(available("MemAvailable: much\n"), None);
    }
}
