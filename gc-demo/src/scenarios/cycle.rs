//! A cycle, which counting cannot free, and how the collector finds it.

use super::actors::{Node, name_of};
use super::scene::{Played, Scene};
use super::{Cure, Scenario};
use gc_core::{Gc, GcAny, Generation};

pub const SCENARIO: Scenario = Scenario {
    name: "cycle",
    summary: "two objects hold each other: a collection finds them",
    story: "Objects that hold each other keep each other's count above zero for ever. The collector finds \
            them: an object is reachable from outside exactly when its count is higher than the number of \
            references that other objects of the heap hold on it.",
    cure: Cure::Is("one of the two holds the other weakly: counting alone frees both"),
    max: None,
    in_tour: true,
    file: "cycle.rs",
    source: include_str!("cycle.rs"),
    python: include_str!("python/cycle.py"),
    play,
};

fn play(scene: &mut Scene) -> Played {
    forget_a_pair(scene)?;
    collect_it(scene);
    grow_old(scene)?;
    scene.conclude();
    Ok(())
}

fn forget_a_pair(scene: &mut Scene) -> Played {
    let (a, b) = (Node::alloc(scene, "a")?, Node::alloc(scene, "b")?);
    a.next.set(Some(b.clone()));
    let (title, note) = if scene.setting.fixed {
        *b.weakly.borrow_mut() = Gc::try_downgrade(&a)?;
        ("One node holds the other, which holds it weakly", "The weak pointer is no edge, and in no count.")
    } else {
        b.next.set(Some(a.clone())); // <- the leak
        ("Two nodes hold each other", "Each is held by a variable and by the other.")
    };
    let (edges, counts) = (scene.edges(), scene.counts());
    scene.step(title, note).fact("edges", edges).fact("counts", counts);

    drop((a, b));
    let (alive, counts, holders) = (scene.alive(), scene.counts(), referrers(scene));
    let note = match alive.len() {
        0 => "The first count reaches zero, and with it the other: both are gone.",
        _ => "No count reaches zero, so both live on, out of reach.",
    };
    scene
        .step("Both variables go", note)
        .in_tour()
        .fact("alive", alive)
        .fact("counts", counts)
        .fact("held by", holders);
    Ok(())
}

/// Returns a text for each living object that names the objects of the heap that hold it.
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
    let note = match returned {
        0 => "There is nothing left to find.",
        _ => "Every reference to the two comes from the two: they are unreachable. (Python: gc.collect())",
    };
    scene
        .step("collect()", note)
        .in_tour()
        .fact("collect() returned", returned)
        .fact("alive", alive)
        .fact("collect() again", again);
}

fn grow_old(scene: &mut Scene) -> Played {
    let survivor = Node::alloc(scene, "survivor")?;
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
    Ok(())
}
