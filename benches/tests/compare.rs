//! Tests of the command `compare`, run as a user runs it.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

fn compare(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_compare")).args(arguments).output().expect("compare starts")
}

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn a_quick_run_reports_what_was_asked_for() {
    let (json, svg) = (scratch("compare.json"), scratch("compare.svg"));
    let (json_name, svg_name) = (json.to_str().unwrap(), svg.to_str().unwrap());
    let output = compare(&[
        "--quick",
        "--repeats",
        "1",
        "--only",
        "hold",
        "pairs",
        "--peers",
        "ours,rc",
        "--json",
        json_name,
        "--svg",
        svg_name,
    ]);
    // Our heap is slow in a build for tests, so this test accepts a bar that does not hold.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(report["quick"], true);
    assert!(report["machine"].is_string() && report["date"].is_string() && report["scale"].is_number());
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for field in ["work", "unit", "ours", "rc", "best_counting", "best_any", "floor", "bar", "holds"] {
        assert!(rows.iter().all(|row| row.get(field).is_some()), "{field}");
    }
    assert!(rows[0]["ours"].is_number() && rows[0]["rc"].is_number() && rows[0]["holds"].is_boolean());
    assert_eq!(cell(&report, "Rc", "pairs")["note"], "no cycle detector");
    assert!(cell(&report, "Rc", "churn")["value"].is_number(), "the clock that bars are scaled by");
    assert!(std::fs::read_to_string(svg).unwrap().starts_with("<svg"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("collect garbage 2-cycles") && text.contains("QUICK"), "{text}");
}

fn cell<'a>(report: &'a Value, peer: &str, row: &str) -> &'a Value {
    let mut cells = report["cells"].as_array().unwrap().iter();
    cells.find(|cell| cell["peer"] == peer && cell["row"] == row).unwrap()
}

#[test]
fn wrong_usage_ends_with_2() {
    for wrong in [&["--only", "no-such-row"][..], &["--peers", "nobody"], &["--repeats", "0"], &["--unknown"]] {
        assert_eq!(compare(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn help_and_lists() {
    let help = compare(&["--help"]);
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success() && text.contains("--quick") && !text.contains("child"), "{text}");
    let list = String::from_utf8(compare(&["--list"]).stdout).unwrap();
    assert!(list.contains("random-churn") && list.contains("gc-arena"), "{list}");
}

#[test]
fn a_crash_is_a_cell() {
    let json = scratch("crash.json");
    let peers = "gcmodule";
    let arguments = ["--quick", "--repeats", "1", "--only", "list", "--peers", peers, "--json", json.to_str().unwrap()];
    compare(&arguments);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    let note = cell(&report, peers, "list")["note"].as_str().unwrap().to_owned();
    assert!(note.starts_with("recursion overflows the stack"), "{note}");
}
