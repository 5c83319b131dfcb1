//! Tests of the command `pauses`, run as a user runs it.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

fn pauses(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pauses")).args(arguments).output().expect("pauses starts")
}

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn a_small_run_reports_what_was_asked_for() {
    let (json, svg) = (scratch("pauses.json"), scratch("pauses.svg"));
    let files = ["--json", json.to_str().unwrap(), "--svg", svg.to_str().unwrap()];
    let output = pauses(&[&["--quick", "--live", "3000", "--repeats", "1"][..], &files].concat());
    // Our heap is slow in a build for tests, so this test accepts a bar that does not hold.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert!(report["quick"] == true && report["machine"].is_string() && report["date"].is_string());
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows.iter().filter(|row| row["heap"] != "CPython") {
        let fields = ["live", "longest_slice_us", "p999_us", "steps_per_s", "peak_bytes"];
        assert!(fields.iter().all(|field| row[field].is_number()), "{row}");
        assert_eq!(row["budget_us"].is_number(), row["heap"] == "gc-core incremental");
        assert_eq!(row["floating_bytes"].is_number(), row["heap"] != "gc-arena", "{row}");
    }
    let bars = report["bars"].as_array().unwrap();
    let all_hold = bars.iter().all(|bar| bar["holds"] == true);
    assert_eq!((bars.len(), output.status.code()), (3, Some(if all_hold { 0 } else { 1 })));
    assert!(std::fs::read_to_string(svg).unwrap().starts_with("<svg"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("gc-core incremental") && text.contains("QUICK"), "{text}");
}

#[test]
fn wrong_usage_ends_with_2() {
    for wrong in [&["--only", "nobody"][..], &["--live", "many"], &["--live", "1"], &["--repeats", "0"], &["--unknown"]]
    {
        assert_eq!(pauses(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn help_shows_an_example_and_no_child() {
    let help = pauses(&["--help"]);
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success() && text.contains("Example: pauses --quick") && !text.contains("child"), "{text}");
}
