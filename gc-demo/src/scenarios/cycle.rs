//! What counting cannot see, and how the collector finds it.

use super::actors::{Node, name_of};
use super::{Cure, Scenario, scene::Scene};
use crate::report::Report;
use gc_core::{GcAny, Generation};

pub const SCENARIO: Scenario = Scenario {
    name: "cycle",
    summary: "two objects hold each other: a collection finds them",
    story: "Objects that hold each other keep each other's count above zero for ever. The collector finds \
            them: an object is reachable from outside exactly when its count is higher than the number of \
            references that other objects of the heap hold on it.",
    cure: Cure::Is("one of the two holds the other weakly: counting alone frees both"),
    max: None,
    in_tour: true,
    play,
};

fn play(mut scene: Scene) -> Report {
    forget_a_pair(&mut scene);
    collect_it(&mut scene);
    grow_old(&mut scene);
    scene.end()
}

fn forget_a_pair(scene: &mut Scene) {
    let [a, b] = ["a", "b"].map(|name| Node::alloc(scene, name));
    a.next.set(Some(b.clone()));
    if !scene.setting.fixed {
        b.next.set(Some(a.clone()));
    }
    let (edges, counts) = (scene.edges(), scene.counts());
    scene
        .step("Two nodes hold each other", "Each is held by a variable and by the other.")
        .fact("edges", edges)
        .fact("counts", counts);

    drop((a, b));
    let (alive, counts, holders) = (scene.alive(), scene.counts(), referrers(scene));
    scene
        .step("Both variables go", "No count reaches zero, so both live on, out of reach.")
        .in_tour()
        .fact("alive", alive)
        .fact("counts", counts)
        .fact("held by", holders);
}

/// Who in the heap holds whom: nobody else is left.
fn referrers(scene: &Scene) -> Vec<String> {
    let held_by = |object: &GcAny| {
        let holders: Vec<String> = scene.heap.referrers(&[object]).iter().map(name_of).collect();
        format!("{} by {}", name_of(object), holders.join(", "))
    };
    scene.living().iter().map(held_by).collect()
}

fn collect_it(scene: &mut Scene) {
    let (returned, alive) = (scene.heap.collect(), scene.alive());
    let again = scene.heap.collect();
    scene
        .step("collect()", "Every reference to the two comes from the two: they are unreachable.")
        .in_tour()
        .fact("collect() returned", returned)
        .fact("alive", alive)
        .fact("collect() again", again);
}

fn grow_old(scene: &mut Scene) {
    let survivor = Node::alloc(scene, "survivor");
    let young = scene.generation(Generation::Zero);
    scene.heap.collect_generation(Generation::Zero);
    let middle = scene.generation(Generation::One);
    scene.heap.collect_generation(Generation::One);
    let old = scene.generation(Generation::Two);
    scene
        .step(
            "A reachable node grows old",
            "What survives a collection moves to the next generation, which is collected less often. Looked at \
             when it is new, after collect(0), and after collect(1).",
        )
        .fact("in generation 0", young)
        .fact("in generation 1", middle)
        .fact("in generation 2", old);
    drop(survivor);
}
