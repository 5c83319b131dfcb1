//! The commonest leak of all: nothing unreachable, but a container that is never emptied.

use super::{Scenario, scene::Scene};
use crate::report::{Report, Step};
use gc_core::{Census, Gc, GcAny, Growth, Heap, List, Peaks, Slot, Trace};

pub const SCENARIO: Scenario = Scenario {
    name: "global-container",
    summary: "a global list that is never emptied: who holds it all?",
    story: "No collector helps against objects that are reachable. What helps is to count them by type over \
            time, to take one of the type that grows, and to ask who holds it, up to what is held from \
            outside of the heap.",
    play,
};

/// How many requests are served between two looks.
const REQUESTS: usize = 100;

/// The global.
#[derive(Trace)]
struct AuditLog {
    entries: List<Session>,
}

#[derive(Trace)]
struct Session {
    request: Slot<Request>,
}

#[derive(Trace)]
struct Request {
    session: Slot<Session>,
}

fn play(mut scene: Scene) -> Report {
    let global = scene.heap.alloc(AuditLog { entries: List::new() });
    let mut peaks = Peaks::new();
    peaks.growth(&scene.heap.census());
    for title in ["100 requests are served", "100 more", "And 100 more"] {
        serve(&scene.heap, &global);
        watch(&mut scene, title, &mut peaks);
    }
    find_holder(&mut scene);
    empty(&mut scene, &global);
    scene.end()
}

/// Each request has a session, which knows its request; a collection would find
/// both, were there not the line that is meant for an audit.
fn serve(heap: &Heap, global: &AuditLog) {
    for _ in 0..REQUESTS {
        let session = heap.alloc(Session { request: Slot::empty() });
        let request = heap.alloc(Request { session: Slot::new(Some(session.clone())) });
        session.request.set(Some(request));
        global.entries.push(session);
    }
}

/// How many rows of a census are shown.
const ROWS: usize = 50;

fn most_common(census: &Census) -> Vec<(String, i64)> {
    census.most_common(ROWS).into_iter().map(|row| (row.type_name.clone(), row.objects as i64)).collect()
}

fn watch(scene: &mut Scene, title: &'static str, peaks: &mut Peaks) {
    let returned = scene.heap.collect();
    let census = scene.heap.census();
    let grown = |growth: Growth| (growth.type_name, growth.more as i64);
    let grown: Vec<(String, i64)> = peaks.growth(&census).into_iter().map(grown).collect();
    scene
        .step(title, "")
        .fact("collect() returned", returned)
        .fact("most common types", most_common(&census))
        .fact("growth", grown);
}

fn find_holder(scene: &mut Scene) {
    let census = scene.heap.census();
    let suspect = census.most_common(1).first().map(|row| row.type_name.clone()).unwrap_or_default();
    let newest = scene.heap.by_type(&suspect).pop();
    let chain = newest.map_or_else(Vec::new, |object| chain_to_outside(&scene.heap, object));
    scene
        .step(
            "Who holds the newest of the commonest type?",
            "From holder to holder, up to one whose count is higher than the references from within the heap: \
             that is a variable, the global.",
        )
        .in_tour()
        .fact("commonest type", suspect)
        .fact("held by", chain);
}

fn empty(scene: &mut Scene, global: &Gc<AuditLog>) {
    let entries = global.entries.len();
    global.entries.clear();
    let returned = scene.heap.collect();
    let rows = most_common(&scene.heap.census());
    let step: &mut Step = scene.step("The list is emptied", "Now the sessions and requests are ordinary cycles.");
    step.in_tour()
        .fact("entries released", entries)
        .fact("collect() returned", returned)
        .fact("most common types", rows);
}

/// An object on the way from the suspect outwards, and the edge by which it was found.
struct Found {
    object: GcAny,
    /// Its place in the list of the object it holds, and the edge's name.
    holds: Option<(usize, String)>,
}

/// The shortest chain of holders from an object that is held from outside. Breadth
/// first; each object found is pointed to once by the list, which `outside` takes off.
fn chain_to_outside(heap: &Heap, suspect: GcAny) -> Vec<String> {
    let mut found = vec![Found { object: suspect, holds: None }];
    let mut at = 0;
    while at < found.len() {
        let outside = pointers_from_outside(heap, &found[at].object);
        if outside > 0 {
            return describe(&found, at, outside);
        }
        for holder in heap.referrers(&[&found[at].object]) {
            if found.iter().all(|known| known.object != holder) {
                let edge = heap.edges(&holder).into_iter().find(|edge| edge.target == found[at].object);
                let name = edge.map_or_else(String::new, |edge| edge.name);
                found.push(Found { object: holder, holds: Some((at, name)) });
            }
        }
        at += 1;
    }
    Vec::new()
}

/// The object's count, less the references from within the heap and our own.
fn pointers_from_outside(heap: &Heap, object: &GcAny) -> usize {
    let edges_from = |holder: &GcAny| heap.edges(holder).iter().filter(|edge| edge.target == *object).count();
    let inside: usize = heap.referrers(&[object]).iter().map(edges_from).sum();
    object.count() - 1 - inside
}

fn describe(found: &[Found], from: usize, outside: usize) -> Vec<String> {
    let name = |at: usize| found[at].object.type_name();
    let mut lines =
        vec![format!("{outside} external {} -> {}", if outside == 1 { "reference" } else { "references" }, name(from))];
    let mut at = from;
    while let Some((held, edge)) = &found[at].holds {
        lines.push(format!("{}.{edge} -> {}", name(at), name(*held)));
        at = *held;
    }
    lines
}
