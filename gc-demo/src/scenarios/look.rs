//! Queries on the heap of a scene: names of objects, counts, edges.

use super::actors::name_of;
use super::scene::Scene;
use gc_core::{GcAny, Generation, Heap};

impl Scene {
    /// Returns all living objects, oldest first.
    pub fn living(&self) -> Vec<GcAny> {
        let mut living = self.heap.objects(None);
        living.sort_by_key(GcAny::birth);
        living
    }

    /// Returns the names of all living objects.
    pub fn alive(&self) -> Vec<String> {
        self.living().iter().map(name_of).collect()
    }

    /// Returns the names and counts of all living objects.
    pub fn counts(&self) -> Vec<(String, i64)> {
        // One pointer to each object is in the list and is not counted.
        self.living().iter().map(|object| (name_of(object), object.strong_count() as i64 - 1)).collect()
    }

    /// Returns the edges of all living objects, in the form `a.next -> b`.
    pub fn edges(&self) -> Vec<String> {
        self.living().iter().flat_map(|object| edges_of(&self.heap, object)).collect()
    }

    /// Returns the names of the objects in the garbage list.
    pub fn garbage(&self) -> Vec<String> {
        self.heap.garbage().to_vec().iter().map(name_of).collect()
    }

    /// Returns the names of a generation's objects.
    pub fn generation(&self, generation: Generation) -> Vec<String> {
        self.heap.objects(Some(generation)).iter().map(name_of).collect()
    }
}

/// Returns the edges of one object, in the form `a.next -> b`.
pub fn edges_of(heap: &Heap, object: &GcAny) -> Vec<String> {
    let from = name_of(object);
    let edges = heap.edges(object).into_iter();
    edges.map(|edge| format!("{from}.{} -> {}", edge.name, name_of(&edge.target))).collect()
}
