//! Stories of what happens in a heap, each told by the heap itself.

mod actors;
mod break_the_garbage;
mod cycle;
mod cycle_with_finalizer;
mod global_container;
mod refcount;
mod resurrection;
mod scene;

use crate::report::Report;
use gc_core::FinalizerPolicy;
use scene::Scene;

/// A story that can be told under either policy.
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is about, in a line.
    pub summary: &'static str,
    /// Why it matters, in a few.
    pub story: &'static str,
    play: fn(Scene) -> Report,
}

/// All of them, in the order in which one would learn.
pub const ALL: [Scenario; 6] = [
    refcount::SCENARIO,
    cycle::SCENARIO,
    cycle_with_finalizer::SCENARIO,
    break_the_garbage::SCENARIO,
    resurrection::SCENARIO,
    global_container::SCENARIO,
];

impl Scenario {
    /// The one with this name.
    pub fn named(name: &str) -> Option<&'static Scenario> {
        ALL.iter().find(|scenario| scenario.name == name)
    }

    /// Plays it on a new heap.
    pub fn run(&self, policy: FinalizerPolicy) -> Report {
        (self.play)(Scene::new(self.name, policy))
    }
}

#[cfg(test)]
mod tests;
