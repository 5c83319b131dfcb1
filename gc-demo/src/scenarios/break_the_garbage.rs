//! The way out of an uncollectable cycle.

use super::actors::Resource;
use super::scene::{Scene, edges_of};
use super::{Cure, Scenario};
use crate::report::Report;
use gc_core::GcAny;

pub const SCENARIO: Scenario = Scenario {
    name: "break-the-garbage",
    summary: "cut the cycle in garbage, watch the finalizers run",
    story: "What Legacy finds uncollectable is in heap.garbage(), where the program can reach it. The program \
            knows what the collector cannot: which of the two may go first. It cuts an edge and drops the \
            entries, and counting does the rest.",
    cure: Cure::Is("the program cuts the edge before it forgets the pair"),
    max: None,
    in_tour: true,
    play,
};

fn play(mut scene: Scene) -> Report {
    Resource::forgotten_pair(&scene, ["session", "connection"]);
    let returned = scene.heap.collect();
    let (ran, garbage) = (scene.diary.take(), scene.garbage());
    scene
        .step("A forgotten pair is collected", "Under pep442 there is nothing left to do: it is gone already.")
        .fact("collect() returned", returned)
        .fact("finalizers that ran", ran)
        .fact("garbage", garbage);

    cut(&mut scene);
    clear(&mut scene);
    scene.end()
}

fn cut(scene: &mut Scene) {
    let entry = scene.heap.garbage().get(0);
    let cut = entry.as_ref().map_or_else(Vec::new, |entry| edges_of(&scene.heap, entry));
    if let Some(session) = entry.as_ref().and_then(GcAny::downcast_ref::<Resource>) {
        session.peer.take();
    }
    drop(entry);
    let (edges, counts, ran) = (scene.edges(), scene.counts(), scene.diary.take());
    scene
        .step("The first entry's edge is cut", "Nobody dies yet: the list holds them.")
        .in_tour()
        .fact("cut", cut)
        .fact("edges left", edges)
        .fact("counts", counts)
        .fact("finalizers that ran", ran);
}

fn clear(scene: &mut Scene) {
    scene.heap.garbage().clear();
    let (ran, alive) = (scene.diary.take(), scene.alive());
    let again = scene.heap.collect();
    let garbage = scene.garbage();
    scene
        .step(
            "The garbage list is cleared",
            "Entries are released last to first, as by Python's `del gc.garbage[:]`; each dies by its count.",
        )
        .in_tour()
        .fact("finalizers that ran", ran)
        .fact("alive", alive)
        .fact("collect() returned", again)
        .fact("garbage", garbage);
}
