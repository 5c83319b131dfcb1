//! The program as its users run it.

mod common;

use common::{Folder, code, demo, stderr, stdout};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A session is made, forgotten in a cycle with itself, and collected.
fn program(ops: &[&str], last: &str) -> String {
    let header = r#"{"format":1,"impl":"2.7.18","kind":"short","mode":"legacy","order":"birth","seed":1,"ops":["#;
    format!("{header}\n{}\n],\"final\":{last}}}\n", ops.join(",\n"))
}

const OPS: [&str; 4] = [
    r#"{"op":"new","id":1,"cls":"Fin","to":0,"i":0,"log":[],"dead":[],"rc":[[1,1]]}"#,
    r#"{"op":"set","a":"r0","a_id":1,"f":"f2","b":"r0","b_id":1,"i":1,"log":[],"dead":[],"rc":[[1,2]]}"#,
    r#"{"op":"del","to":0,"i":2,"log":[],"dead":[],"rc":[[1,1]]}"#,
    r#"{"op":"collect","gen":2,"i":3,"log":[],"dead":[],"rc":[[1,2]],"ret":1,"ngarbage":1,"garbage":[1],"gens":[[],[],[1]],"count12":[0,0],"roots":[null,null,null,null,null,null,null,null]}"#,
];

const LAST: &str = r#"{"garbage":[1],"gens":[[],[],[1]],"rc":[[1,2]],"refs":[[1,{"f2":1}]],"roots":[null,null,null,null,null,null,null,null],"surv":[]}"#;

/// The good program with one piece of text replaced.
fn falsified(from: &str, to: &str) -> String {
    let text = program(&OPS, LAST);
    assert_eq!(text.matches(from).count(), 1, "{from} occurs once");
    text.replace(from, to)
}

#[test]
fn recorded_programs_replay() {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gc-core/tests/traces");
    if !traces.is_dir() {
        eprintln!("skipped: the recorded programs are not in this copy");
        return;
    }
    let traces = traces.to_str().expect("the path is UTF-8");
    for arguments in [&["replay", traces][..], &["replay", traces, "--reclaim", "exact"]] {
        let output = demo(arguments);
        let text = stdout(&output);
        assert!(text.ends_with(" passed, 0 failed\n") && !text.starts_with("0 "), "{text}");
        assert_eq!((code(&output), stderr(&output).as_str()), (Some(0), ""));
    }
}

#[test]
fn a_program_of_our_own_replays() {
    let folder = Folder::new("good");
    let file = folder.file("good.json", &program(&OPS, LAST));
    let output = demo(&["replay", &file]);
    assert_eq!((code(&output), stdout(&output).as_str()), (Some(0), "1 passed, 0 failed\n"), "{}", stderr(&output));
    for path in ["fast", "exact"] {
        assert_eq!(code(&demo(&["replay", "--reclaim", path, folder.path()])), Some(0));
    }
}

#[test]
fn a_difference_names_op_key_and_values_and_shows_the_heap() {
    let folder = Folder::new("falsified");
    folder.file("good.json", &program(&OPS, LAST));
    let cases = [
        (
            r#"[[1,1]]}"#.to_owned() + ",\n{\"op\":\"set\"",
            "[[1,3]]},\n{\"op\":\"set\"",
            "op 0: new Fin 1 in r0",
            "1: 3",
        ),
        (r#""ret":1"#.to_owned(), r#""ret":2"#, "op 3: collect(2)", "2"),
        (
            r#""gens":[[],[],[1]],"count12""#.to_owned(),
            r#""gens":[[],[1],[]],"count12""#,
            "op 3: collect(2)",
            "[[], [1], []]",
        ),
        (r#"{"f2":1}"#.to_owned(), r#"{"f3":1}"#, "after the last op", r#"1: {"f3": 1}"#),
        (
            r#""i":2,"log":[]"#.to_owned(),
            r#""i":2,"log":[["del",1,[],[null,null,1,null]]]"#,
            "op 2: del r0",
            r#"[["del", 1, [], [null, null, 1, null]]]"#,
        ),
        (r#""a":"r0""#.to_owned(), r#""a":"r3""#, "op 1: set r3.f2 = r0 (1.f2 = 1)", "r3 to be 1"),
    ];
    for (from, to, op, expected) in cases {
        let bad = folder.file("falsified.json", &falsified(&from, to));
        let output = demo(&["replay", folder.path()]);
        let text = stdout(&output);
        assert_eq!(code(&output), Some(1), "{text}");
        assert!(text.starts_with(&format!("FAILED {bad}\n  {op}\n")), "{text}");
        assert!(text.contains(&format!("expected {expected}\n")), "{text}");
        assert!(text.ends_with("1 passed, 1 failed\n"), "{text}");
    }
    folder.file("falsified.json", &falsified(r#"{"f2":1}"#, r#"{"f3":1}"#));
    let text = stdout(&demo(&["replay", folder.path()]));
    assert!(text.contains("1 Fin: count 2, generation 2, held by G0 1.f2; holds f2=1\n"), "{text}");
}

#[test]
fn malformed_files_are_named_with_line_and_reason() {
    let folder = Folder::new("malformed");
    let cases = [
        (String::new(), ":1: EOF while parsing a value"),
        ("[1, 2]".to_owned(), ": a list is no program"),
        (r#"{"format":2}"#.to_owned(), ":1: format 2 is unknown, this reads format 1"),
        (falsified(r#""op":"set""#, r#""op":"sit""#), ":3: unknown variant `sit`"),
        (falsified(r#""cls":"Fin""#, r#""cls":"Fun""#), ":2: unknown variant `Fun`"),
        (falsified(r#""cls":"Fin""#, r#""cls":"WR""#), ":2: unknown variant `WR`"),
        (falsified(r#""f":"f2""#, r#""f":"f4""#), ":3: \"f4\" is not a field: there are f0 to f3"),
        (falsified(r#""a":"r0""#, r#""a":"r0.g""#), ":3: \"r0.g\" is not an access path"),
        (falsified(r#""cls":"Fin","to":0"#, r#""cls":"Fin","to":8"#), ":2: 8 is not a root: there are 0 to 7"),
        (falsified(r#""cls":"Fin","to":0"#, r#""cls":"Fin","to":-1"#), ":2: invalid"),
        (falsified(r#""gen":2"#, r#""gen":3"#), ":5: no generation 3: there are 0, 1 and 2"),
        (falsified(r#""id":1"#, r#""id":5"#), ":2: op 0 makes object 5, the next id is 1"),
        (falsified(r#""i":2"#, r#""i":7"#), ":4: op 2 says that it is op 7"),
        (falsified(r#""ngarbage":1,"#, ""), ":5: op 3 is a collection without \"ngarbage\""),
        (falsified(r#""mode":"legacy""#, r#""mode":"future""#), ":1: unknown variant `future`"),
        (program(&OPS, LAST).replace("]}", ""), ":"),
    ];
    for (text, message) in cases {
        let file = folder.file("bad.json", &text);
        let output = demo(&["replay", &file]);
        let said = stderr(&output);
        assert_eq!(code(&output), Some(2), "{said}");
        assert!(said.starts_with(&format!("error: {file}{message}")), "{said}");
        assert!(stdout(&output).ends_with("0 passed, 0 failed, 1 not readable\n"));
    }
    fs::write(folder.0.join("bad.json"), [0xff, 0xfe]).expect("the file can be written");
    let output = demo(&["replay", folder.path()]);
    assert!(code(&output) == Some(2) && stderr(&output).contains("bad.json: "), "{}", stderr(&output));
}

#[test]
fn a_path_without_programs_is_an_error() {
    let folder = Folder::new("empty");
    let output = demo(&["replay", folder.path()]);
    assert!(code(&output) == Some(2) && stderr(&output).contains("no program found"), "{}", stderr(&output));
    let missing = folder.0.join("missing.json");
    let output = demo(&["replay", missing.to_str().expect("the path is UTF-8")]);
    assert!(code(&output) == Some(2) && stderr(&output).contains("missing.json"), "{}", stderr(&output));
    assert_eq!(code(&demo(&["replay"])), Some(2));
}

fn report(arguments: &[&str]) -> Value {
    let output = demo(arguments);
    assert!(matches!(code(&output), Some(0 | 3)), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

#[test]
fn json_has_one_report_or_one_for_each_policy() {
    let both = report(&["run", "cycle-with-finalizer", "--json"]);
    let policies: Vec<&Value> = both.as_array().expect("two reports").iter().map(|one| &one["policy"]).collect();
    assert_eq!(policies, ["legacy", "pep442"]);
    for (policy, garbage, collected, uncollectable) in
        [("legacy", json!(["session", "connection"]), 0, 2), ("pep442", json!([]), 2, 0)]
    {
        let one = report(&["run", "cycle-with-finalizer", "--policy", policy, "--json"]);
        assert_eq!((&one["scenario"], &one["policy"]), (&json!("cycle-with-finalizer"), &json!(policy)));
        assert_eq!((&one["garbage"], &one["heap"]["objects"]), (&garbage, &json!(uncollectable)));
        let first = &one["collections"][0];
        assert_eq!((&first["collected"], &first["uncollectable"]), (&json!(collected), &json!(uncollectable)));
        assert_eq!((&first["generation"], &first["cause"]), (&json!(2), &json!("Explicit")));
        assert_eq!(one["steps"][1]["facts"]["collect() returned"], json!(2));
    }
}

#[test]
fn every_scenario_that_is_listed_runs_in_text_and_json() {
    let listed = stdout(&demo(&["list"]));
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 17 && names.contains(&"global-container"), "{names:?}");
    let ends_full = ["load-all-rows", "runaway-loop", "runaway-recursion", "limit-too-small", "leak-becomes-overflow"];
    for name in names {
        for policy in ["legacy", "pep442"] {
            let one = report(&["run", name, "--policy", policy, "--json"]);
            assert!(one["steps"].as_array().is_some_and(|steps| !steps.is_empty()), "{name}");
            assert_eq!(one["out_of_memory"].is_object(), ends_full.contains(&name), "{name}");
        }
        ends(&demo(&["run", name]), if ends_full.contains(&name) { 3 } else { 0 });
    }
}

#[test]
fn an_unknown_scenario_is_told_the_known_ones() {
    let output = demo(&["run", "leak"]);
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("refcount, cycle, ") && stderr(&output).contains("global-container"));
}

/// Ends well, prints nothing to stderr, and is at most 80 columns wide, without
/// escape sequences where nobody looks at a terminal.
fn fits(output: &Output) {
    ends(output, 0);
}

/// The same with another exit code.
fn ends(output: &Output, with: i32) {
    let told = stderr(output);
    let told: Vec<&str> = told.lines().filter(|line| !line.contains(": tried again with ")).collect();
    assert_eq!((code(output), told), (Some(with), vec![]));
    for line in stdout(output).lines() {
        assert!(line.chars().count() <= 80 && !line.contains('\x1b'), "{line}");
        assert_eq!(line, line.trim_end());
    }
}

#[test]
fn the_tour_is_quick_and_fits_a_terminal() {
    let start = Instant::now();
    let output = demo(&[]);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    fits(&output);
    for help in [
        &["--help"][..],
        &["-h"],
        &["run", "--help"],
        &["replay", "--help"],
        &["inspect", "--help"],
        &["dump", "--help"],
        &["list"],
    ] {
        let output = demo(help);
        assert_eq!(code(&output), Some(0));
        assert!(stdout(&output).lines().all(|line| line.chars().count() <= 80), "{}", stdout(&output));
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gc-demo"))
        .args(["run", "cycle", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((code(&output), stderr(&output).as_str()), (Some(0), ""));
}
