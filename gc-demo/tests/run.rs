//! `gc-demo run`: options, exit codes, JSON.

mod common;

use common::{Folder, code, demo, stderr, stdout};
use serde_json::Value;

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(&demo(arguments))).expect("JSON")
}

#[test]
fn json_has_one_schema_for_all() {
    for name in ["refcount", "global-container", "leak-becomes-overflow", "third-party-bug"] {
        let report = json(&["run", name, "--policy", "legacy", "--seed", "7", "--scale", "0.5", "--json"]);
        let mut keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        let expected = [
            "collections",
            "fixed",
            "garbage",
            "heap",
            "interrupted",
            "out_of_memory",
            "policy",
            "scale",
            "scenario",
            "seed",
            "steps",
            "timeline",
            "verdict",
        ];
        assert_eq!(keys, expected, "{name}");
        assert_eq!((&report["scenario"], &report["seed"], &report["scale"]), (&name.into(), &7.into(), &0.5.into()));
        assert!(report["verdict"]["kind"].is_string() && report["verdict"]["suspects"].is_array());
    }
    let both = json(&["run", "cycle", "--json"]);
    let policies: Vec<&str> = both.as_array().unwrap().iter().map(|it| it["policy"].as_str().unwrap()).collect();
    assert_eq!(policies, ["legacy", "pep442"]);
}

#[test]
fn the_timeline_tells_what_grew() {
    let report = json(&["run", "collection-never-cleared", "--policy", "pep442", "--json"]);
    let timeline = report["timeline"].as_array().unwrap();
    let objects: Vec<u64> = timeline.iter().map(|moment| moment["objects"].as_u64().unwrap()).collect();
    assert!(objects.len() >= 30 && objects.is_sorted() && objects[0] * 10 < objects[29], "{objects:?}");
    let suspect = &report["verdict"]["suspects"][0];
    assert_eq!((&suspect["type"], &suspect["place"]), (&"Line".into(), &"lines[…]".into()));
    assert!(suspect["evidence"]["objects that came and stayed"].as_f64() > Some(1000.0));
    assert!(report["collections"].as_array().unwrap().iter().all(|it| it["cause"] == "Explicit"));
}

#[test]
fn out_of_memory_has_an_exit_code() {
    let output = demo(&["run", "leak-becomes-overflow", "--policy", "pep442", "--xmx", "2m"]);
    assert_eq!(code(&output), Some(3));
    let text = stdout(&output);
    assert!(
        text.contains("Diagnosis (pep442): container-growth\n") && text.contains("out of memory: heap space"),
        "{text}"
    );
    assert!(text.contains("The cure (--fixed)") && text.contains("removes its listeners"));
    let cured = demo(&["run", "leak-becomes-overflow", "--policy", "pep442", "--xmx", "2m", "--fixed", "--quiet"]);
    assert_eq!(code(&cured), Some(0));
    let text = stdout(&cured);
    assert!(text.starts_with("\nDiagnosis (pep442): none\n   nothing suspicious\n"), "{text}");
}

#[test]
fn what_has_no_cure_says_why() {
    for name in ["refcount", "resurrection"] {
        let output = demo(&["run", name, "--fixed"]);
        assert_eq!((code(&output), stdout(&output)), (Some(2), String::new()));
        assert!(stderr(&output).starts_with(&format!("error: {name} has no cure: nothing ")), "{}", stderr(&output));
    }
}

#[test]
fn limits_are_checked_as_by_the_jvm() {
    let refused = |arguments: &[&str], expected: &str| {
        let output = demo(&[&["run", "cycle"], arguments].concat());
        assert_eq!((code(&output), stdout(&output)), (Some(2), String::new()), "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
    };
    refused(&["--xmx", "32x"], "Invalid maximum heap size: 32x");
    refused(&["--xms", "lots"], "Invalid initial heap size: lots");
    refused(
        &["--xms", "64m", "--xmx", "32m"],
        "initial heap size (64 MiB) is larger than the maximum heap size (32 MiB)",
    );
    refused(&["--xmx", "10k"], "maximum heap size (10 KiB) is too small");
    refused(&["--scale", "0"], "a number from 0.01 to 1000");
    refused(&["--pace", "fast"], "a time such as 500us");
    refused(&["--json", "--quiet"], "cannot be used with");
    refused(&["--leak", "cycle"], "--leak is for the scenario service");
    refused(&["--rows", "5"], "--rows is for the scenario load-all-rows");
    refused(&["--rows", "0"], "a number from 1 to");
}

#[test]
fn collections_are_logged_as_by_the_jvm() {
    let output = demo(&["run", "global-container", "--policy", "pep442", "--gc-log", "--quiet"]);
    let log = stderr(&output);
    assert!(log.lines().count() >= 24 && log.lines().all(|line| line.contains("s][info][gc] GC(")), "{log}");
    assert!(log.lines().next().unwrap().contains("GC(0) Pause Full (Explicit) "));
    let sliced = demo(&["run", "weak-cache", "--pace", "200us", "--policy", "legacy", "--quiet"]);
    assert_eq!(code(&sliced), Some(0));
}

#[test]
fn dumps_are_written_and_can_be_inspected() {
    let folder = Folder::new("dumps");
    let (end, full) = (format!("{}/end.heapsnapshot", folder.path()), format!("{}/oom.heapsnapshot", folder.path()));
    let dump = format!("--heap-dump-on-out-of-memory={full}");
    let run = ["run", "leak-becomes-overflow", "--policy", "pep442", "--quiet", "--snapshot", &end, &dump];
    let output = demo(&run);
    assert_eq!(code(&output), Some(3));
    assert_eq!(stderr(&output).matches("heap dump written: ").count(), 2, "{}", stderr(&output));
    for file in [&end, &full] {
        let found = stdout(&demo(&["inspect", file, "--suspects"]));
        assert!(found.contains("`EventBus.listeners[…]` (EventBus @5) holds"), "{found}");
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let steps =
        |seed: &str| json(&["run", "weak-cache", "--policy", "legacy", "--seed", seed, "--json"])["steps"].clone();
    assert_eq!(steps("3"), steps("3"));
    assert_ne!(steps("3"), steps("4"));
}

#[test]
fn a_small_table_fits() {
    let report = json(&["run", "load-all-rows", "--rows", "1000", "--policy", "pep442", "--json"]);
    assert_eq!((&report["verdict"]["kind"], &report["out_of_memory"]), (&"none".into(), &Value::Null));
    assert_eq!(report["steps"][0]["facts"]["rows"], 1000);
}
