//! Runs each measurement in a process of its own. A peer that crashes, uses too much memory or
//! never ends spoils only that process; the reason becomes the content of a cell.

use crate::work::Sample;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{IsTerminal as _, Read, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The address space of a child, in bytes. A request for more fails.
pub const MEMORY_LIMIT: u64 = 4 << 30;

/// The output of a child, printed as one line of JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// The child measured a row or a floor.
    Measured {
        /// Seconds of thread CPU time, or bytes.
        total: f64,
        /// The number of units that the total is for.
        count: f64,
        /// True if the program had to ask for collections.
        asked_to_collect: bool,
        /// The peak of resident memory, in bytes.
        peak: u64,
    },
    /// The child measured the pauses of a program.
    Stepped(crate::pauses::Sample),
    /// The peer cannot do the work, for this reason.
    Cannot(String),
}

impl Message {
    /// Makes a message of a sample and of the peak of this process's resident memory.
    pub fn measured(sample: Sample) -> Message {
        let Sample { total, count, asked_to_collect } = sample;
        Message::Measured { total, count, asked_to_collect, peak: crate::measure::peak_resident_bytes() }
    }
}

/// Limits the address space of this process to [`MEMORY_LIMIT`].
pub fn limit_memory() -> std::io::Result<()> {
    let limit = Some(MEMORY_LIMIT);
    let limit = rustix::process::Rlimit { current: limit, maximum: limit };
    Ok(rustix::process::setrlimit(rustix::process::Resource::As, limit)?)
}

/// Runs the command and returns the message in its last line of output. A child that runs longer
/// than `patience` is killed. Every failure is returned as a [`Message::Cannot`].
pub fn run(command: &mut Command, patience: Duration) -> Message {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env("RUST_BACKTRACE", "0");
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Message::Cannot(format!("does not start: {error}")),
    };
    let Some(status) = wait(&mut child, patience) else {
        return Message::Cannot(format!("cut after {:.0} s", patience.as_secs_f64()));
    };
    let line = output(child.stdout.take());
    match serde_json::from_str(line.lines().last().unwrap_or_default()) {
        Ok(message) => message,
        Err(_) => Message::Cannot(reason(status, &output(child.stderr.take()))),
    }
}

/// Waits for the child to end. Kills the child and returns `None` when `patience` is over.
fn wait(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if start.elapsed() < patience => sleep(Duration::from_millis(1).max(start.elapsed() / 50)),
            Ok(None) | Err(_) => {
                // A failure of `kill` or `wait` would not change the answer.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

fn output(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.read_to_end(&mut bytes); // after an error, the bytes read so far are enough
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns the reason why a child ended without a message.
fn reason(status: ExitStatus, stderr: &str) -> String {
    let signal = status.signal();
    if stderr.contains("has overflowed its stack") {
        return format!("recursion overflows the stack (signal {})", signal.unwrap_or(0));
    }
    if stderr.contains("memory allocation of") {
        return format!("needs more than {} GiB", MEMORY_LIMIT >> 30);
    }
    if let Some((_, message)) = stderr.split_once("panicked at ") {
        let message = message.lines().nth(1).unwrap_or(message);
        return format!("panics: {}", message.trim());
    }
    match signal {
        Some(signal) => format!("killed by signal {signal}"),
        None => format!("ends with {status}: {}", stderr.lines().last().unwrap_or_default()),
    }
}

/// Shows the progress of a long run on stderr: in place on a terminal, otherwise as a line.
pub fn progress(text: &str) {
    let mut stderr = std::io::stderr();
    // A run does not stop because its progress cannot be shown.
    let _ = match stderr.is_terminal() {
        true => write!(stderr, "\r\x1b[K{text}"),
        false => writeln!(stderr, "{text}"),
    };
}

/// Checks that the file can be written, before minutes are spent on measuring. Creates the file
/// if it does not exist.
pub fn check_writable(file: &Path) -> Result<()> {
    let opened = OpenOptions::new().create(true).append(true).open(file);
    opened.map(drop).with_context(|| format!("{}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Message {
        run(Command::new("sh").args(["-c", script]), Duration::from_secs(5))
    }

    fn cannot(script: &str) -> String {
        match shell(script) {
            Message::Cannot(reason) => reason,
            message => panic!("{message:?}"),
        }
    }

    #[test]
    fn the_last_line_is_the_message() {
        let sample = Sample { total: 0.5, count: 2.0, asked_to_collect: true };
        let line = serde_json::to_string(&Message::measured(sample)).unwrap();
        let message = shell(&format!("echo noise; echo '{line}'"));
        assert!(matches!(message, Message::Measured { total: 0.5, count: 2.0, asked_to_collect: true, .. }));
        assert_eq!(cannot(r#"echo '{"cannot":"no cycle detector"}'"#), "no cycle detector");
    }

    #[test]
    fn ends_are_explained() {
        assert_eq!(cannot("kill -11 $$"), "killed by signal 11");
        assert_eq!(
            cannot("echo 'thread main has overflowed its stack' >&2; kill -6 $$"),
            "recursion overflows the stack (signal 6)"
        );
        assert_eq!(cannot("echo 'memory allocation of 9 bytes failed' >&2; kill -6 $$"), "needs more than 4 GiB");
        assert_eq!(
            cannot("printf 'thread panicked at x.rs:1:\\ncount too large\\n' >&2; exit 101"),
            "panics: count too large"
        );
        assert!(cannot("echo why >&2; exit 3").ends_with("3: why"));
    }

    #[test]
    fn the_endless_are_cut() {
        let message = run(Command::new("sleep").arg("9"), Duration::from_millis(50));
        assert_eq!(message, Message::Cannot("cut after 0 s".into()));
        assert!(matches!(run(&mut Command::new("/no/such/file"), Duration::from_secs(1)), Message::Cannot(_)));
    }
}
