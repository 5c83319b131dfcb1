//! The most common leak: a reachable container that is never emptied.

use super::scene::{Failed, Played, Scene};
use super::{Cure, Scenario};
use crate::report::Step;
use gc_core::observe::{Census, Growth, PeakCounts};
use gc_core::{Gc, List, Slot, Trace};
use std::cell::RefCell;
use std::collections::BTreeMap;

pub const SCENARIO: Scenario = Scenario {
    name: "global-container",
    summary: "a service puts into a global list and map, and forgets",
    story: "No collector helps against objects that are reachable. What helps is a diagnostic point in the \
            service's loop: collect, count the commonest types, write it down. After a while one sees which \
            type grows, takes one of its objects, and asks who holds it, up to what is held from outside of \
            the heap: the global.",
    cure: Cure::Is("entries leave the list and the map when their request is done"),
    max: None,
    in_tour: true,
    file: "global_container.rs",
    source: include_str!("global_container.rs"),
    python: include_str!("python/global_container.py"),
    play,
};

/// Number of requests; `LOOKS` is the number of diagnostic points.
const REQUESTS: usize = 600;
const LOOKS: usize = 24;

/// The global container.
#[derive(Trace)]
struct AuditLog {
    entries: List<Session>,
    by_user: RefCell<BTreeMap<u64, Gc<Session>>>,
}

#[derive(Trace)]
struct Session {
    request: Slot<Request>,
}

#[derive(Trace)]
struct Request {
    session: Slot<Session>,
    body: String,
}

fn play(scene: &mut Scene) -> Played {
    let global = scene.alloc(AuditLog { entries: List::new(), by_user: RefCell::default() })?;
    let mut peaks = PeakCounts::new();
    let requests = scene.setting.scaled(REQUESTS);
    let mut done = 0;
    for title in ["A quarter of the requests is served", "Half of them", "Three quarters", "All of them"] {
        let served = scene.serve(requests / 4, LOOKS / 4, |scene, number| serve(scene, &global, done + number));
        done += requests / 4;
        if !served {
            watch(scene, "As far as it came", &mut peaks);
            break;
        }
        watch(scene, title, &mut peaks);
    }
    find_holder(scene);
    scene.conclude();
    Ok(())
}

/// Serves a request. Each request has a session, which holds its request. A collection would find
/// both, if the audit log did not hold the session.
fn serve(scene: &mut Scene, global: &AuditLog, number: usize) -> Result<(), Failed> {
    let session = scene.alloc(Session { request: Slot::empty() })?;
    let body = "x".repeat(scene.dice.between(0, 100));
    let request = scene.alloc(Request { session: Slot::new(Some(session.clone())), body })?;
    assert!(request.body.len() <= 100);
    session.request.set(Some(request));
    global.entries.push(session.clone()); // <- the leak
    let user = scene.dice.between(0, 20) as u64;
    let before = global.by_user.borrow_mut().insert(user, session);
    drop(before);
    if scene.setting.fixed && number % 10 == 9 {
        global.entries.clear();
        let sessions = std::mem::take(&mut *global.by_user.borrow_mut());
        drop(sessions);
    }
    Ok(())
}

/// Greatest number of rows of a census that are shown.
const ROWS: usize = 50;

fn most_common(census: &Census) -> Vec<(String, i64)> {
    census.most_common(ROWS).into_iter().map(|row| (row.type_name.clone(), row.objects as i64)).collect()
}

fn watch(scene: &mut Scene, title: &'static str, peaks: &mut PeakCounts) {
    let returned = scene.sample();
    let census = scene.heap.census();
    let grown = |growth: Growth| (growth.type_name, growth.more as i64);
    let grown: Vec<(String, i64)> = peaks.growth(&census).into_iter().map(grown).collect();
    let note = "gc.collect(), objgraph.show_most_common_types(limit=50), objgraph.show_growth()";
    let step: &mut Step = scene.step(title, note);
    step.fact("collect() returned", returned).fact("most common types", most_common(&census)).fact("growth", grown);
}

fn find_holder(scene: &mut Scene) {
    let census = scene.heap.census();
    let suspect = census.most_common(1).first().map(|row| row.type_name.clone()).unwrap_or_default();
    let newest = scene.heap.by_type(&suspect).pop().map(|object| object.id());
    let snapshot = scene.heap.snapshot();
    let path = newest.and_then(|id| snapshot.find(id)).and_then(|object| snapshot.path_to_root(object));
    let lines: Vec<String> =
        path.map_or_else(Vec::new, |path| path.to_string().lines().map(str::trim).map(str::to_owned).collect());
    let note = match lines.len() {
        0 | 1 => "It is held from outside of the heap itself, by a variable. (Python: objgraph.find_backref_chain)",
        _ => {
            "The shortest path to it from an object that is held from outside of the heap: by a variable, the \
             global. (Python: objgraph.find_backref_chain)"
        }
    };
    scene
        .step("Who holds the newest of the commonest type?", note)
        .in_tour()
        .fact("commonest type", suspect)
        .fact("path", lines);
}
