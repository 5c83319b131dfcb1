//! Command line options in the spelling of the JVM.

use std::ffi::OsString;

/// The option that the JVM's options for heap dumps are translated to.
const DUMP: &str = "--heap-dump-on-out-of-memory";

/// The supported spellings, for the error message about an unsupported one.
const SPELLINGS: &str = "-Xmx, -Xms, -XX:MaxHeapSize=, -XX:InitialHeapSize=, -Xlog:gc, -verbose:gc, \
                         -XX:+HeapDumpOnOutOfMemoryError, -XX:HeapDumpPath=";

/// Translates the JVM's spellings among the arguments to the options of `gc-demo`.
///
/// # Errors
/// When an option has a JVM spelling (`-X...`) that is not supported.
pub fn understood(arguments: impl Iterator<Item = OsString>) -> Result<Vec<OsString>, String> {
    let mut ours: Vec<OsString> = Vec::new();
    let (mut dumps, mut path) = (false, None);
    for argument in arguments {
        let Some(text) = argument.to_str() else {
            ours.push(argument);
            continue;
        };
        if let Some(size) = text.strip_prefix("-Xmx").or_else(|| text.strip_prefix("-XX:MaxHeapSize=")) {
            ours.push(format!("--xmx={size}").into());
        } else if let Some(size) = text.strip_prefix("-Xms").or_else(|| text.strip_prefix("-XX:InitialHeapSize=")) {
            ours.push(format!("--xms={size}").into());
        } else if let Some(file) = text.strip_prefix("-XX:HeapDumpPath=") {
            path = Some(file.to_owned());
        } else {
            match text {
                "-Xlog:gc" | "-Xlog:gc*" | "-verbose:gc" => ours.push("--gc-log".into()),
                "-XX:+HeapDumpOnOutOfMemoryError" => dumps = true,
                "-XX:-HeapDumpOnOutOfMemoryError" => dumps = false,
                _ if text.starts_with("-X") => {
                    return Err(format!("{text} is not understood; of the JVM's options these are: {SPELLINGS}"));
                }
                _ => ours.push(argument),
            }
        }
    }
    if dumps {
        // As on the JVM, `-XX:HeapDumpPath=` alone does not request a dump.
        ours.push(path.map_or_else(|| DUMP.into(), |path| format!("{DUMP}={path}").into()));
    }
    Ok(ours)
}

#[cfg(test)]
mod tests {
    use super::understood;

    fn ours(line: &str) -> String {
        let arguments = understood(line.split(' ').map(Into::into)).expect("understood");
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
        assert_eq!(ours("-XX:MaxHeapSize=1g -XX:InitialHeapSize=2m"), "--xmx=1g --xms=2m");
        let error = understood(["run", "-XX:+UseG1GC"].into_iter().map(Into::into)).expect_err("not understood");
        assert!(error.starts_with("-XX:+UseG1GC is not understood") && error.contains("-Xmx, "), "{error}");
    }
}
