//! An object that reference counting destroys as soon as its last pointer is dropped.

use super::actors::Resource;
use super::scene::{Played, Scene};
use super::{Cure, Scenario};
use gc_core::Gc;

pub const SCENARIO: Scenario = Scenario {
    name: "refcount",
    summary: "an object dies the moment its last pointer goes",
    story: "Every pointer to an object is counted. When the count reaches zero the object is finalized and \
            destroyed at once, and so is all that only it held. No collection is needed for that.",
    cure: Cure::None("nothing is wrong: counting frees everything at once"),
    max: None,
    in_tour: true,
    file: "refcount.rs",
    source: include_str!("refcount.rs"),
    python: include_str!("python/refcount.py"),
    play,
};

fn play(scene: &mut Scene) -> Played {
    count_pointers(scene)?;
    drop_a_chain(scene)?;
    tell_weak_references(scene)?;
    scene.conclude();
    Ok(())
}

fn count_pointers(scene: &mut Scene) -> Played {
    let object = Resource::alloc(scene, "object")?;
    let alone = Gc::strong_count(&object);
    let clone = object.clone();
    let cloned = Gc::strong_count(&object);
    drop(clone);
    let again = Gc::strong_count(&object);
    scene
        .step("A pointer is cloned and dropped", "")
        .fact("count, one pointer", alone)
        .fact("count, two pointers", cloned)
        .fact("count, one again", again);
    drop(object);
    scene.diary.take();
    Ok(())
}

fn drop_a_chain(scene: &mut Scene) -> Played {
    let (first, second) = (Resource::alloc(scene, "first")?, Resource::alloc(scene, "second")?);
    let third = Resource::alloc(scene, "third")?;
    second.peer.set(Some(third));
    first.peer.set(Some(second));
    let (edges, counts) = (scene.edges(), scene.counts());
    scene.step("A chain of three, held by its head", "").fact("edges", edges).fact("counts", counts);

    drop(first);
    let (finalized, alive, collections) = (scene.diary.take(), scene.alive(), collections(scene));
    scene
        .step("The head is dropped", "One release brings down the chain, front to back, before drop returns.")
        .in_tour()
        .fact("what ran, in order", finalized)
        .fact("alive", alive)
        .fact("collections so far", collections);
    Ok(())
}

fn collections(scene: &Scene) -> usize {
    scene.heap.stats().iter().map(|generation| generation.collections).sum()
}

fn tell_weak_references(scene: &mut Scene) -> Played {
    let object = Resource::alloc(scene, "object")?;
    let diary = scene.diary.clone();
    let weak = Gc::try_downgrade_with(&object, move || diary.note("weak callback ran".to_owned()))?;
    drop(object);
    let (ran, upgrades) = (scene.diary.take(), weak.upgrade().is_some());
    scene
        .step(
            "A weak reference has a callback",
            "Python 2 tells weak references first and finalizes then; since PEP 442 it is the other way round.",
        )
        .in_tour()
        .fact("what ran, in order", ran)
        .fact("weak upgrades", upgrades);
    Ok(())
}
