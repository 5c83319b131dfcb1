//! A cycle with finalizers, which the two policies treat differently.

use super::actors::Resource;
use super::scene::{Played, Scene};
use super::{Cure, Scenario};

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
    file: "cycle_with_finalizer.rs",
    source: include_str!("cycle_with_finalizer.rs"),
    python: include_str!("python/cycle_with_finalizer.py"),
    play,
};

fn play(scene: &mut Scene) -> Played {
    forget_a_pair(scene)?;
    collect_it(scene);
    look_into_garbage(scene);
    let note = match scene.heap.garbage().len() {
        0 => "Nothing is uncollectable, so there is nothing to report.",
        _ => "What is uncollectable then is reported, and leaks, as at the exit of Python 2.",
    };
    scene.end_with_the_heap("The heap is dropped", note);
    Ok(())
}

fn forget_a_pair(scene: &mut Scene) -> Played {
    Resource::forgotten_pair(scene, ["session", "connection"])?; // <- the leak: each holds the other
    let (edges, counts, ran) = (scene.edges(), scene.counts(), scene.diary.take());
    let (title, note) = if scene.setting.fixed {
        let title = "A session holds its connection, which holds it weakly; both are forgotten";
        (title, "Both die by their counts at once, and each finalizer runs.")
    } else {
        ("A session and its connection hold each other, and are forgotten", "")
    };
    let step = scene.step(title, note).in_tour().fact("edges", edges).fact("counts", counts);
    if !ran.is_empty() {
        step.fact("finalizers that ran", ran);
    }
    Ok(())
}

fn collect_it(scene: &mut Scene) {
    let returned = scene.heap.collect();
    let (finalized, garbage, alive) = (scene.diary.take(), scene.garbage(), scene.alive());
    let note = match (returned, garbage.len()) {
        (0, _) => "Nothing is left to collect.",
        (_, 0) => "Two objects are found, finalized once each, and reclaimed.",
        _ => "Two objects are found, and kept: intact, never finalized, in the garbage list.",
    };
    scene
        .step("collect()", note)
        .in_tour()
        .fact("collect() returned", returned)
        .fact("finalizers that ran", finalized)
        .fact("garbage", garbage)
        .fact("alive", alive);
}

fn look_into_garbage(scene: &mut Scene) {
    let (counts, edges) = (scene.counts(), scene.edges());
    let (again, garbage) = (scene.heap.collect(), scene.heap.garbage().len());
    let note = match garbage {
        0 => "The list is empty. (Python: gc.garbage)",
        _ => {
            "The list itself holds each entry, so that the program can reach it, and no collection finds it \
             unreachable any more. (Python: gc.garbage) `gc-demo run break-the-garbage` shows the way out."
        }
    };
    scene
        .step("What is in garbage, and collect() again", note)
        .fact("counts", counts)
        .fact("edges", edges)
        .fact("collect() returned", again)
        .fact("entries in garbage", garbage);
}
