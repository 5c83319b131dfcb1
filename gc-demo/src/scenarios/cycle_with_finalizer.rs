//! The question on which the two policies part.

use super::actors::Resource;
use super::{Cure, Scenario, scene::Scene};
use crate::report::Report;

pub const SCENARIO: Scenario = Scenario {
    name: "cycle-with-finalizer",
    summary: "a cycle with finalizers: left as garbage, or finalized",
    story: "Two objects hold each other, and each has a finalizer. Whichever is finalized first, the other's \
            finalizer may still use it. Python up to 3.3 refused to choose: it left such objects alone, in \
            gc.garbage. Since PEP 442 it runs every finalizer once, while all of them are intact.",
    cure: Cure::Is(
        "the connection holds its session weakly: there is no cycle, and both are finalized by their counts",
    ),
    max: None,
    in_tour: true,
    play,
};

fn play(mut scene: Scene) -> Report {
    forget_a_pair(&mut scene);
    collect_it(&mut scene);
    look_into_garbage(&mut scene);
    scene.end_with_the_heap(
        "The heap is dropped",
        "What is uncollectable then is reported, and leaks, as at the exit of Python 2.",
    )
}

fn forget_a_pair(scene: &mut Scene) {
    Resource::forgotten_pair(scene, ["session", "connection"]);
    let (edges, counts) = (scene.edges(), scene.counts());
    scene
        .step("A session and its connection hold each other, and are forgotten", "")
        .in_tour()
        .fact("edges", edges)
        .fact("counts", counts);
}

fn collect_it(scene: &mut Scene) {
    let returned = scene.heap.collect();
    let (finalized, garbage, alive) = (scene.diary.take(), scene.garbage(), scene.alive());
    scene
        .step("collect()", "Both policies find the same two objects. Legacy keeps them, intact and never finalized.")
        .in_tour()
        .fact("collect() returned", returned)
        .fact("finalizers that ran", finalized)
        .fact("garbage", garbage)
        .fact("alive", alive);
}

fn look_into_garbage(scene: &mut Scene) {
    let (counts, edges) = (scene.counts(), scene.edges());
    let (again, garbage) = (scene.heap.collect(), scene.heap.garbage().len());
    scene
        .step(
            "What is in garbage, and collect() again",
            "The list itself holds each entry, so that the program can reach it, and no collection finds it \
             unreachable any more. `gc-demo run break-the-garbage` shows the way out.",
        )
        .fact("counts", counts)
        .fact("edges", edges)
        .fact("collect() returned", again)
        .fact("entries in garbage", garbage);
}
