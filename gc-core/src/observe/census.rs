//! Counting the objects of a heap by type.

use crate::Heap;
use crate::core::Core;
use crate::observe::type_names::TypeNames;
use crate::storage::block::Block;
use gc_snapshot::{Census, TypeCount};
use hashbrown::HashMap;

impl Heap {
    /// Counts all objects by type. The census does not collect, and allocates nothing on the heap.
    /// Objects that are dying, half-built or being reclaimed are not counted.
    ///
    /// The census looks at each block's bits, and at each object whose type can own memory outside
    /// of its slot.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// let _held = (heap.alloc(1u8), heap.alloc(2u8), heap.alloc(String::from("text")));
    /// let census = heap.census();
    /// let strings = census.of("String").unwrap();
    /// assert_eq!((strings.objects, strings.owned_bytes), (1, 4));
    /// assert_eq!(census.most_common(1)[0].type_name, "u8");
    /// println!("{census}");
    /// ```
    pub fn census(&self) -> Census {
        let core = self.core();
        let names = TypeNames::of(core);
        let mut rows: HashMap<&str, TypeCount> = HashMap::new();
        core.storage.memory.each_block(&mut |block| {
            let name = names.get(block.info());
            let row = rows.entry(name).or_insert_with(|| TypeCount::new(name));
            let (objects, owned) = counted(core, block);
            row.objects += objects;
            row.shallow_bytes += objects * block.slot_bytes();
            row.owned_bytes = row.owned_bytes.saturating_add(owned);
        });
        Census::of_rows(rows.into_values().filter(|row| row.objects > 0).collect())
    }
}

/// Returns the number of open objects of a block, and the number of bytes that these objects own.
fn counted(core: &Core, block: &Block) -> (usize, usize) {
    if !core.state.collecting.get() {
        return (block.living(), block.owned_bytes().0);
    }
    let (mut objects, mut owned) = (0, 0usize);
    block.each(
        |bitmaps| bitmaps.alloc.get(),
        |object| {
            if object.is_open() {
                objects += 1;
                owned = owned.saturating_add(object.owned_bytes());
            }
        },
    );
    (objects, owned)
}
