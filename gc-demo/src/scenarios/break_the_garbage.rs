//! An uncollectable cycle in the garbage list, which the program breaks.

use super::actors::Resource;
use super::look::edges_of;
use super::scene::{Played, Scene};
use super::{Cure, Scenario};
use gc_core::GcAny;

pub const SCENARIO: Scenario = Scenario {
    name: "break-the-garbage",
    summary: "cut the cycle in garbage, watch the finalizers run",
    story: "What Legacy finds uncollectable is in heap.garbage(), where the program can reach it. The program \
            knows what the collector cannot: which of the two may go first. It cuts an edge and drops the \
            entries, and counting does the rest.",
    cure: Cure::Is("one of the pair holds the other weakly: there is no cycle, and nothing to break"),
    max: None,
    in_tour: true,
    file: "break_the_garbage.rs",
    source: include_str!("break_the_garbage.rs"),
    python: include_str!("python/break_the_garbage.py"),
    play,
};

fn play(scene: &mut Scene) -> Played {
    Resource::forgotten_pair(scene, ["session", "connection"])?; // <- the leak: each holds the other
    let by_count = !scene.diary.take().is_empty();
    let returned = scene.heap.collect();
    let (ran, garbage) = (scene.diary.take(), scene.garbage());
    let note = match garbage.len() {
        0 if by_count => "There was no cycle: both died by their counts, and nothing is left to collect.",
        0 => "Nothing is left to do: the pair is gone already.",
        _ => "The pair is found, and kept in the list.",
    };
    scene
        .step("A forgotten pair, and collect()", note)
        .fact("collect() returned", returned)
        .fact("finalizers that ran", ran)
        .fact("garbage", garbage);

    cut(scene);
    clear(scene);
    scene.conclude();
    Ok(())
}

fn cut(scene: &mut Scene) {
    let entry = scene.heap.garbage().get(0);
    let cut = entry.as_ref().map_or_else(Vec::new, |entry| edges_of(&scene.heap, entry));
    if let Some(session) = entry.as_ref().and_then(GcAny::downcast_ref::<Resource>) {
        session.peer.take();
    }
    drop(entry);
    let (edges, counts, ran) = (scene.edges(), scene.counts(), scene.diary.take());
    let note = match cut.len() {
        0 => "The list is empty: there is no edge to cut.",
        _ => "The edge is cut. No object dies yet: the list holds them.",
    };
    scene
        .step("An edge of the first entry", note)
        .in_tour()
        .fact("cut", cut)
        .fact("edges left", edges)
        .fact("counts", counts)
        .fact("finalizers that ran", ran);
}

fn clear(scene: &mut Scene) {
    let entries = scene.heap.garbage().len();
    scene.heap.garbage().clear();
    let note = match entries {
        0 => "There was no entry.",
        _ => "Entries are released last to first, as by Python's `del gc.garbage[:]`; each dies by its count.",
    };
    let (ran, alive) = (scene.diary.take(), scene.alive());
    let again = scene.heap.collect();
    let garbage = scene.garbage();
    scene
        .step("The garbage list is cleared", note)
        .in_tour()
        .fact("finalizers that ran", ran)
        .fact("alive", alive)
        .fact("collect() returned", again)
        .fact("garbage", garbage);
}
