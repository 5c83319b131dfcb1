//! Options as one types them for the JVM.

use std::ffi::OsString;

/// Where a heap dump goes, unless it is said.
const DUMP: &str = "--heap-dump-on-out-of-memory";

/// The arguments, with the JVM's spellings in ours.
pub fn understood(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut ours: Vec<OsString> = Vec::new();
    let (mut dumps, mut path) = (false, None);
    for argument in arguments {
        let Some(text) = argument.to_str() else {
            ours.push(argument);
            continue;
        };
        if let Some(size) = text.strip_prefix("-Xmx") {
            ours.push(format!("--xmx={size}").into());
        } else if let Some(size) = text.strip_prefix("-Xms") {
            ours.push(format!("--xms={size}").into());
        } else if let Some(file) = text.strip_prefix("-XX:HeapDumpPath=") {
            path = Some(file.to_owned());
        } else {
            match text {
                "-Xlog:gc" | "-Xlog:gc*" | "-verbose:gc" => ours.push("--gc-log".into()),
                "-XX:+HeapDumpOnOutOfMemoryError" => dumps = true,
                "-XX:-HeapDumpOnOutOfMemoryError" => dumps = false,
                _ => ours.push(argument),
            }
        }
    }
    if dumps {
        // As there, the path alone asks for nothing.
        ours.push(path.map_or_else(|| DUMP.into(), |path| format!("{DUMP}={path}").into()));
    }
    ours
}

#[cfg(test)]
mod tests {
    use super::understood;

    fn ours(line: &str) -> String {
        let arguments = understood(line.split(' ').map(Into::into));
        arguments.iter().map(|it| it.to_str().expect("text")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn spellings_of_the_jvm_are_understood() {
        assert_eq!(ours("gc-demo run cycle -Xmx8m -Xms1m"), "gc-demo run cycle --xmx=8m --xms=1m");
        assert_eq!(
            ours("run cycle -Xlog:gc -XX:+HeapDumpOnOutOfMemoryError"),
            format!("run cycle --gc-log {}", super::DUMP)
        );
        let dump = "-XX:HeapDumpPath=a.heapsnapshot";
        assert_eq!(ours(&format!("run cycle {dump}")), "run cycle");
        assert!(ours(&format!("{dump} -XX:+HeapDumpOnOutOfMemoryError")).ends_with("=a.heapsnapshot"));
        assert_eq!(ours("inspect a -XX:+UseG1GC"), "inspect a -XX:+UseG1GC");
    }
}
