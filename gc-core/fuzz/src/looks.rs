//! All that can be asked of a snapshot, and what must hold of the answers.

use std::collections::HashSet;

use gc_core::snapshot::{Dot, ObjectId, Snapshot, SnapshotObject};

/// Above so many objects what takes quadratic time is left out.
const SMALL: usize = 48;

/// Asks everything.
pub fn at(snapshot: &Snapshot) {
    let objects: Vec<SnapshotObject<'_>> = snapshot.objects().collect();
    let distinct: HashSet<ObjectId> = objects.iter().map(|it| it.id()).collect();
    assert_eq!(snapshot.census().objects(), objects.len());
    assert_eq!(objects.iter().map(|it| it.edges().len()).sum::<usize>(), snapshot.edge_count());
    let diff = snapshot.diff(snapshot);
    assert!(diff.born().is_empty() && diff.types().is_empty(), "{diff}");
    dominators(snapshot, &objects);
    components(snapshot, &objects);
    // What is told apart by its id must have one of its own.
    if distinct.len() == objects.len() {
        objects.iter().take(SMALL).for_each(|&object| chains(snapshot, object));
    }
    files(snapshot, &objects);
}

/// Who dominates is on every way to the object, nobody closer is, and each byte is retained once.
fn dominators(snapshot: &Snapshot, objects: &[SnapshotObject<'_>]) {
    let dominators = snapshot.dominators();
    let tops = objects.iter().filter(|it| dominators.dominator(**it).is_none());
    assert_eq!(tops.map(|it| dominators.retained_bytes(*it)).sum::<u64>(), snapshot.bytes());
    let retained = |it: &SnapshotObject<'_>| dominators.retained_bytes(*it);
    assert!(dominators.largest(5).windows(2).all(|two| retained(&two[0]) >= retained(&two[1])));
    if objects.len() > SMALL {
        return;
    }
    let reachable = reached(objects, None);
    // Garbage holds what it points to, in part: it is a root of the dominators' tree.
    let is_reachable = |it: SnapshotObject<'_>| !dominators.is_unreachable(it);
    let garbage = objects.iter().filter(|it| !is_reachable(**it));
    if garbage.flat_map(|it| it.edges()).any(|(_, target)| is_reachable(target)) {
        return;
    }
    for (at, &object) in objects.iter().enumerate() {
        assert_eq!(dominators.is_unreachable(object), !reachable[at]);
        if !reachable[at] {
            continue;
        }
        let without = reached(objects, Some(at));
        let cut = (0..objects.len()).filter(|&it| reachable[it] && !without[it]);
        let bytes: u64 = cut.clone().map(|it| objects[it].bytes()).sum();
        assert_eq!(dominators.retained_bytes(object), bytes, "{object}");
        assert_eq!(dominators.retained_objects(object) as usize, cut.count(), "{object}");
    }
}

/// Which objects can be reached from outside, if one of them were not there.
fn reached(objects: &[SnapshotObject<'_>], without: Option<usize>) -> Vec<bool> {
    let mut seen = vec![false; objects.len()];
    let number = |it: SnapshotObject<'_>| objects.iter().position(|other| *other == it).expect("an edge has a target");
    let mut stack: Vec<usize> = (0..objects.len()).filter(|&it| objects[it].external_references() > 0).collect();
    while let Some(at) = stack.pop() {
        if Some(at) != without && !std::mem::replace(&mut seen[at], true) {
            stack.extend(objects[at].edges().map(|(_, target)| number(target)));
        }
    }
    seen
}

/// Each object is in one component, and the edge that is to be cut lies in it.
fn components(snapshot: &Snapshot, objects: &[SnapshotObject<'_>]) {
    let components = snapshot.components();
    let members: usize = components.iter().map(|it| it.members().len()).sum();
    assert!(members <= objects.len());
    for component in components.iter().take(SMALL) {
        assert!(component.members().len() > 0);
        for (source, link) in component.closing_edges() {
            assert!(source.edges().any(|(name, target)| name == link.edge && target == link.target));
        }
        let _ = component.edge_to_cut();
    }
}

/// A chain begins at a root, each of its links is an edge, and it ends at the object.
fn chains(snapshot: &Snapshot, object: SnapshotObject<'_>) {
    let found = snapshot.find(object.id()).expect("every id is found");
    assert_eq!(found, object);
    assert_eq!(
        snapshot.referrers(object).count(),
        snapshot.objects().flat_map(|it| it.edges()).filter(|(_, to)| *to == object).count()
    );
    if let Some(chain) = snapshot.path_to_root(object) {
        assert!(chain.start().external_references() > 0);
        let mut at = chain.start();
        for link in chain.links() {
            assert!(at.edges().any(|(name, target)| name == link.edge && target == link.target));
            at = link.target;
        }
        assert_eq!(at, object);
        assert!(chain.to_string().lines().count() > chain.links().len());
    }
}

/// The files are written whole, and their JSON is JSON.
fn files(snapshot: &Snapshot, objects: &[SnapshotObject<'_>]) {
    let mut out = Vec::new();
    snapshot.write_objects(&mut out).expect("memory does not fail");
    assert_eq!(rows(&out), objects.len());
    out.clear();
    snapshot.write_edges(&mut out).expect("memory does not fail");
    assert_eq!(rows(&out), snapshot.edge_count());
    let start = &objects[..objects.len().min(3)];
    Dot::backrefs().write(start, &mut out).expect("memory does not fail");
    Dot::refs().max_depth(8).too_many(2).write(start, &mut out).expect("memory does not fail");
}

fn rows(text: &[u8]) -> usize {
    let text = std::str::from_utf8(text).expect("tables are UTF-8");
    text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a row is JSON")).count()
}
