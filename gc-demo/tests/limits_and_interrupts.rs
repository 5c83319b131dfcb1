//! Small limits, Ctrl-C, trials, and files that cannot be written.

mod common;

use common::{Folder, code, demo, stderr, stdout};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Text without its line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn names() -> Vec<String> {
    let list: serde_json::Value = serde_json::from_str(&stdout(&demo(&["list", "--json"]))).expect("JSON");
    list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

/// Every scenario, both policies, leak and cure, ends in 0 or 3 with its text.
#[test]
fn no_limit_is_too_small_to_be_told() {
    for limit in ["-Xmx256k", "-Xmx320k", "-Xmx1m", "-Xmx4m"] {
        for name in names() {
            for cure in [None, Some("--fixed")] {
                let mut arguments = vec!["run", &name, limit, "--no-trials", "--duration", "20ms", "--scale", "0.5"];
                arguments.extend(cure);
                let output = demo(&arguments);
                let text = stderr(&output);
                if code(&output) == Some(2) && cure.is_some() {
                    assert!(text.contains("has no cure"), "{arguments:?}: {text}");
                    continue;
                }
                assert!(matches!(code(&output), Some(0 | 3)), "{arguments:?}: {:?} {text}", code(&output));
                assert!(!text.contains("panicked"), "{arguments:?}: {text}");
                let shown = stdout(&output);
                assert!(shown.contains("\nDiagnosis ("), "{arguments:?}: {shown}");
                assert_eq!(code(&output) == Some(3), shown.contains("out of memory: "), "{arguments:?}: {shown}");
            }
        }
    }
}

#[test]
fn larger_scales_under_a_limit_are_told_too() {
    for arguments in [["global-container", "--scale", "100", "-Xmx4m"], ["weak-cache", "--scale", "50", "-Xmx2m"]] {
        let output = demo(&[&["run", "--no-trials", "--policy", "pep442"], &arguments[..]].concat());
        assert_eq!(code(&output), Some(3), "{}", stderr(&output));
        assert!(stdout(&output).contains("container-growth"), "{}", stdout(&output));
    }
}

/// Starts it, interrupts it, and gives its exit code and what it printed.
#[cfg(unix)]
fn interrupted(arguments: &[&str]) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_gc-demo");
    let mut child =
        Command::new(program).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    std::thread::sleep(Duration::from_millis(700));
    assert!(child.try_wait().expect("asked").is_none(), "{arguments:?} is over before it is interrupted");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(kill.success());
    let began = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    assert!(began.elapsed() < Duration::from_secs(2), "{arguments:?} took {:?} to end", began.elapsed());
    (code(&output), stdout(&output) + &stderr(&output))
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_so_and_judges_only_what_it_saw() {
    for arguments in [
        &["run", "runaway-loop", "-Xmx2g"][..],
        &["run", "runaway-recursion", "-Xmx2g", "--policy", "pep442"],
        &["run", "service", "--duration", "60s"],
        &["run", "load-all-rows", "--rows", "50000000", "-Xmx1g"],
        &["run", "producers-consumer", "--duration", "60s", "--fixed"],
    ] {
        let (code, text) = interrupted(arguments);
        assert_eq!(code, Some(130), "{arguments:?}: {text}");
        assert!(text.to_lowercase().contains("interrupted"), "{arguments:?}: {text}");
        for claim in ["there is no leak", "both policies", "completes", "Diagnosis (pep442): none", "limit-too-small"] {
            assert!(!text.contains(claim), "{arguments:?} claims {claim}: {text}");
        }
        assert!(!text.contains("requests served      0"), "the second policy did not run: {text}");
    }
    let (code, text) = interrupted(&["run", "service", "--duration", "60s", "--leak", "container", "--json"]);
    let report: serde_json::Value = serde_json::from_str(text.split_inclusive("\n]\n").next().unwrap()).expect("JSON");
    assert!(text.ends_with("interrupted: 1 of 2 runs were made\n"));
    assert_eq!((code, &report[0]["interrupted"]), (Some(130), &true.into()));
    assert_eq!((&report[0]["policy"], report.as_array().map(Vec::len)), (&"legacy".into(), Some(1)));
}

#[test]
fn trials_are_announced_and_can_be_left_out() {
    let run = |more: &[&str]| demo(&[&["run", "limit-too-small", "--policy", "pep442"], more].concat());
    let output = run(&[]);
    let told = stderr(&output);
    assert!(told.contains("limit-too-small (pep442): tried again with 4 MiB (--no-trials leaves that out)"), "{told}");
    assert!(told.contains("8 MiB") && !told.contains("16 MiB"), "what is enough ends the trials: {told}");
    assert!(flat(&stdout(&output)).contains("With 8 MiB the work completes"), "{}", stdout(&output));
    let output = run(&["--no-trials"]);
    assert_eq!((code(&output), stderr(&output)), (Some(3), String::new()));
    assert!(flat(&stdout(&output)).contains("no larger limit was tried"), "{}", stdout(&output));
    let runaway = demo(&["run", "runaway-loop", "--policy", "pep442"]);
    let text = flat(&stdout(&runaway));
    assert!(text.contains("does not complete with 16 MiB either"), "{text}");
    assert!(text.contains("or needs more than 8 times the limit"), "{text}");
}

/// Too little happens under a small limit, or at a small scale, for a trend to show.
#[test]
fn what_is_too_little_to_look_at_is_not_judged() {
    let verdict = |arguments: &[&str]| {
        let output = demo(&[&["run", "--quiet", "--policy", "pep442"], arguments].concat());
        flat(&stdout(&output))
    };
    let seen = verdict(&["leak-becomes-overflow", "-Xmx256k"]);
    assert!(seen.contains("): container-growth") && seen.contains("seen with 512 KiB"), "{seen}");
    for name in ["leak-becomes-overflow", "limit-too-small", "service"] {
        let undecided = verdict(&[name, "-Xmx256k", "--no-trials"]);
        assert!(undecided.contains("A limit that is too small, or a leak"), "{name}: {undecided}");
    }
    let early = verdict(&["service", "-Xmx300k"]);
    assert!(early.contains("): too-early") && early.contains("give the heap more memory"), "{early}");
    for name in ["global-container", "weak-cache"] {
        let early = verdict(&[name, "--fixed", "--scale", "0.01"]);
        assert!(early.contains("): too-early too early to tell: 8 of at least 12 looks"), "{early}");
        assert!(verdict(&[name, "--fixed", "--scale", "0.05"]).contains("nothing suspicious"));
    }
}

#[test]
fn what_cannot_be_written_is_told_once_before_the_run() {
    for arguments in [
        &["run", "service", "--duration", "30s", "--snapshot", "/nonexistent/a"][..],
        &["run", "service", "--duration", "30s", "--heap-dump-on-out-of-memory=/nonexistent/a"],
        &["run", "service", "--duration", "30s", "-XX:+HeapDumpOnOutOfMemoryError", "-XX:HeapDumpPath=/nonexistent/a"],
        &["report", "service", "--duration", "30s", "-o", "/nonexistent/a.html"],
    ] {
        let output = demo(arguments);
        assert_eq!((code(&output), stdout(&output)), (Some(1), String::new()), "{arguments:?}");
        let text = stderr(&output);
        assert_eq!(text.matches("cannot write /nonexistent/a").count(), 1, "{arguments:?}: {text}");
        assert_eq!(text.lines().count(), 1, "{arguments:?}: {text}");
    }
}

#[test]
fn two_outputs_do_not_share_a_file() {
    let folder = Folder::new("twice");
    let path = folder.0.join("both").display().to_string();
    let at_failure = format!("--heap-dump-on-out-of-memory={path}");
    for arguments in [
        &["report", "cycle", "-o", &path, "--snapshot", &path][..],
        &["run", "cycle", "--policy", "pep442", "--snapshot", &path, &at_failure],
    ] {
        let output = demo(arguments);
        assert_eq!(code(&output), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("is to be written twice"), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn each_policy_writes_a_file_of_its_own() {
    let folder = Folder::new("policies");
    let file = |name: &str| folder.0.join(name);
    let path = file("end.heapsnapshot");
    let output = demo(&["run", "cycle-with-finalizer", "--snapshot", path.to_str().unwrap()]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert!(!path.exists());
    for (policy, expected) in [("legacy", "2 objects"), ("pep442", "0 objects")] {
        let dump = file(&format!("end.{policy}.heapsnapshot"));
        let shown = stdout(&demo(&["inspect", dump.to_str().unwrap()]));
        assert!(shown.contains(expected), "{policy}: {shown}");
    }
    let alone = demo(&["run", "cycle", "--policy", "legacy", "--snapshot", path.to_str().unwrap()]);
    assert!(code(&alone) == Some(0) && path.exists());
}

#[test]
fn everything_can_be_run_at_once() {
    let output = demo(&["run", "all", "--quiet", "--duration", "50ms", "--no-trials"]);
    assert_eq!(code(&output), Some(3));
    let text = stdout(&output);
    assert!(text.matches("Diagnosis (").count() >= names().len(), "{text}");
    let json = demo(&["run", "all", "--json", "--policy", "pep442", "--duration", "50ms", "--no-trials"]);
    let reports: serde_json::Value = serde_json::from_str(&stdout(&json)).expect("JSON");
    let ran: Vec<&str> = reports.as_array().unwrap().iter().map(|it| it["scenario"].as_str().unwrap()).collect();
    assert_eq!(ran, names());
}

#[test]
fn programs_are_shown_and_names_are_suggested() {
    let output = demo(&["show", "global-container"]);
    let text = stdout(&output);
    assert!(text.contains(">     global.entries.push(session.clone()); // <- the leak"), "{text}");
    assert!(text.contains("objgraph.show_most_common_types(limit=50)"), "{text}");
    let output = demo(&["run", "global-contaner"]);
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("a similar value exists: 'global-container'"), "{}", stderr(&output));
    let completions = stdout(&demo(&["completions", "bash"]));
    assert!(completions.contains("leak-becomes-overflow"));
}

#[test]
fn spellings_of_the_jvm_reach_the_heap() {
    let output = demo(&["run", "leak-becomes-overflow", "-Xmx2m", "-Xms1m", "-Xlog:gc", "--policy", "pep442"]);
    assert_eq!(code(&output), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("[info][gc] GC(0) ") && flat(&stdout(&output)).contains("limit 2 MiB"));
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_told_by_the_exit_code() {
    for arguments in [&["list"][..], &["run", "cycle"], &["show", "cycle"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_gc-demo"));
        let output = program.args(arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains("No space left on device"), "{arguments:?}");
    }
}
