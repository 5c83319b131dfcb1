//! What is printed, word by word. Accept a change that is meant: `INSTA_UPDATE=always cargo
//! test -p gc-demo --test screens`.

mod common;

use common::{demo, stdout};

/// Those whose numbers do not depend on the clock or on the process.
const EXACT: [&str; 15] = [
    "refcount",
    "cycle",
    "cycle-with-finalizer",
    "break-the-garbage",
    "resurrection",
    "finalizer-panics",
    "global-container",
    "collection-never-cleared",
    "weak-cache",
    "third-party-bug",
    "load-all-rows",
    "runaway-loop",
    "runaway-recursion",
    "limit-too-small",
    "leak-becomes-overflow",
];

#[test]
fn the_tour_and_the_help() {
    insta::assert_snapshot!("tour", stdout(&demo(&[])));
    insta::assert_snapshot!("list", stdout(&demo(&["list"])));
    for command in ["run", "watch", "report", "replay", "inspect", "completions"] {
        insta::assert_snapshot!(format!("help-{command}"), stdout(&demo(&[command, "--help"])));
    }
}

#[test]
fn every_leak() {
    for name in EXACT {
        insta::assert_snapshot!(name, stdout(&demo(&["run", name])));
    }
}

#[test]
fn every_cure() {
    for name in EXACT {
        let fixed = stdout(&demo(&["run", name, "--fixed", "--quiet"]));
        insta::assert_snapshot!(format!("{name}-fixed"), fixed);
    }
}
