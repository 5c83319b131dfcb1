//! A third-party type that does not report all references that it holds.

use super::scene::{Failed, Played, Scene};
use super::{Cure, Scenario};
use gc_core::{Gc, Slot, Trace};

pub const SCENARIO: Scenario = Scenario {
    name: "third-party-bug",
    summary: "a type that does not report an edge leaks silently",
    story: "A widget library keeps a pointer to the parent in a field that its Trace leaves out. The collector \
            takes what that leads to for held from outside, and no cycle through it is ever collected. No \
            type of the program looks wrong. The verifier looks into the fields that a Trace skips, and names \
            type and field.",
    cure: Cure::Is("the field is traced"),
    max: None,
    in_tour: false,
    file: "third_party_bug.rs",
    source: include_str!("third_party_bug.rs"),
    python: include_str!("python/third_party_bug.py"),
    play,
};

const WINDOWS: usize = 300;
const LOOKS: usize = 30;

/// The program's own type.
#[derive(Trace)]
struct Window {
    widget: Slot<Widget>,
    fixed: Slot<FixedWidget>,
}

/// A type of the widget library.
#[derive(Trace)]
struct Widget {
    #[trace(skip)] // "it is only a back reference" <- the leak
    parent: Slot<Window>,
}

/// The next version of [`Widget`], which traces its field.
#[derive(Trace)]
struct FixedWidget {
    parent: Slot<Window>,
}

fn play(scene: &mut Scene) -> Played {
    let windows = scene.setting.scaled(WINDOWS);
    scene.serve(windows, LOOKS, |scene, _| open_and_close(scene));
    let alive = scene.heap.census().of("Window").map_or(0, |row| row.objects);
    let returned = scene.heap.collect();
    let found: Vec<String> = scene.heap.verify().iter().map(ToString::to_string).collect();
    scene
        .step("Windows were opened and closed", "Each is a cycle with its widget.")
        .in_tour()
        .fact("windows alive", alive)
        .fact("collect() returned", returned)
        .fact("the verifier says", found);
    scene.conclude();
    Ok(())
}

fn open_and_close(scene: &mut Scene) -> Result<(), Failed> {
    let window: Gc<Window> = scene.alloc(Window { widget: Slot::empty(), fixed: Slot::empty() })?;
    let parent = || Slot::new(Some(window.clone()));
    if scene.setting.fixed {
        let widget = scene.alloc(FixedWidget { parent: parent() })?;
        assert!(widget.parent.get().is_some());
        window.fixed.set(Some(widget));
    } else {
        let widget = scene.alloc(Widget { parent: parent() })?;
        assert!(widget.parent.get().is_some());
        window.widget.set(Some(widget));
    }
    Ok(())
}
