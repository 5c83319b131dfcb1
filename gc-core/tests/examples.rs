//! The examples, from which the guide takes its code, run.

#[path = "../examples/cache.rs"]
mod cache;
#[path = "../examples/getting_started.rs"]
mod getting_started;
#[path = "../examples/graph.rs"]
mod graph;
#[path = "../examples/patterns.rs"]
mod patterns;

#[test]
fn patterns_of_embedders() {
    patterns::main();
}

#[test]
fn getting_started() {
    getting_started::main().unwrap();
}

#[test]
fn a_graph_application() {
    graph::main();
}

#[test]
fn a_cache() {
    cache::main().unwrap();
}
