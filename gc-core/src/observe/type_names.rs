//! Names of the types on a heap.

use crate::core::Core;
use crate::object::type_info::{TypeInfo, short};
use alloc::string::String;
use core::any::TypeId;
use hashbrown::HashMap;

/// The names of all types that have blocks.
pub(super) struct TypeNames(HashMap<TypeId, String>);

impl TypeNames {
    /// Collects the names without module paths. Types of the heap that share a name keep their
    /// paths.
    pub(super) fn of(core: &Core) -> TypeNames {
        let mut paths: HashMap<TypeId, &'static str> = HashMap::new();
        core.storage.memory.each_block(&mut |block| {
            let info = block.info();
            paths.entry(info.id).or_insert_with(|| (info.name)());
        });
        let mut sharing: HashMap<String, usize> = HashMap::new();
        for path in paths.values() {
            *sharing.entry(short(path)).or_default() += 1;
        }
        let name = |path: &str| {
            let name = short(path);
            if sharing[&name] > 1 { String::from(path) } else { name }
        };
        TypeNames(paths.into_iter().map(|(id, path)| (id, name(path))).collect())
    }

    /// Returns the name of a type that has a block.
    pub(super) fn get(&self, info: &TypeInfo) -> &str {
        self.0.get(&info.id).map_or("", String::as_str)
    }
}
