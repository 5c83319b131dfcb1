//! A finalizer that fails does not stop the collector.

use super::scene::{Diary, Failed, Played, Scene};
use super::{Cure, Scenario};
use gc_core::{Finalize, Gc, Trace};

pub const SCENARIO: Scenario = Scenario {
    name: "finalizer-panics",
    summary: "a finalizer fails: reported, and the rest goes on",
    story: "A finalizer is user code, and user code fails. Python prints \"Exception ignored in\" and goes on. \
            Here the panic is caught, handed to the heap's hook for what is unraisable, and the objects after \
            it are finalized all the same.",
    cure: Cure::Is("the finalizer checks what it needs before it uses it"),
    max: None,
    in_tour: false,
    file: "finalizer_panics.rs",
    source: include_str!("finalizer_panics.rs"),
    python: include_str!("python/finalizer_panics.py"),
    play,
};

#[derive(Trace)]
#[trace(finalize)]
struct TempFile {
    name: String,
    opened: bool,
    #[trace(skip)]
    diary: Diary,
    checks: bool,
}

impl Finalize for TempFile {
    fn finalize(this: &Gc<Self>) {
        if this.opened {
            this.diary.note(format!("{} closed", this.name));
        } else if !this.checks {
            panic!("{} was never opened", this.name); // <- the mistake: nothing was opened
        }
    }
}

fn play(scene: &mut Scene) -> Played {
    let files = scene.setting.scaled(6);
    let (fixed, diary) = (scene.setting.fixed, scene.diary.clone());
    let file = |number: usize| {
        let (name, opened) = (format!("file {number}"), !number.is_multiple_of(3));
        TempFile { name, opened, diary: diary.clone(), checks: fixed }
    };
    let held: Result<Vec<Gc<TempFile>>, Failed> = (1..=files).map(|number| scene.alloc(file(number))).collect();
    let held = held?;
    // The default hook of Rust would print each panic, although the heap catches the panic.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    drop(held);
    std::panic::set_hook(hook);
    let (closed, reported, alive) = (scene.diary.take(), scene.reported(), scene.heap.objects(None).len());
    scene
        .step("The files are dropped", "Every third was never opened.")
        .in_tour()
        .fact("closed", closed)
        .fact("reported", reported)
        .fact("still alive", alive);
    scene.conclude();
    Ok(())
}
