//! Memory outside of the heap: each run is a process of its own, as the resident set is.

mod common;

use common::{code, demo, stdout};
use serde_json::Value;

fn run(arguments: &[&str]) -> Value {
    let output = demo(&[&["run", "native-module", "--policy", "pep442", "--json"], arguments].concat());
    assert_eq!(code(&output), Some(0));
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

#[test]
fn growth_outside_of_the_heap_is_told_and_cured() {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: the resident set is read from /proc");
        return;
    }
    for seed in ["1", "2", "3"] {
        for scale in ["1", "0.6"] {
            let leak = run(&["--seed", seed, "--scale", scale]);
            assert_eq!(leak["verdict"]["kind"], "external-growth", "seed {seed}, scale {scale}: {}", leak["verdict"]);
            assert_eq!(leak["verdict"]["suspects"][0]["place"], "resident set");
            let cured = run(&["--seed", seed, "--scale", scale, "--fixed"]);
            assert_eq!(cured["verdict"]["kind"], "none", "seed {seed}, scale {scale} --fixed: {}", cured["verdict"]);
        }
    }
}
