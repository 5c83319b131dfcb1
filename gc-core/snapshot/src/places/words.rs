//! The words for labels and types.

use super::{is_key, label};
use crate::Snapshot;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// The word for all keys and positions.
pub(super) const KEY: u32 = 0;
/// The word for the edge to the dictionary in which a Python object keeps its attributes. (CPython makes it
/// when somebody asks for it, from 3.11 on. So the attributes have the place of the object.)
pub(super) const ATTRIBUTES: u32 = 1;

/// Words for labels and types, numbered across all snapshots.
pub(super) struct Words {
    known: HashMap<String, u32>,
    pub(super) texts: Vec<String>,
}

impl Words {
    pub(super) fn new() -> Words {
        let mut words = Words { known: HashMap::new(), texts: Vec::new() };
        let known = [words.number("[…]"), words.number("__dict__")];
        debug_assert_eq!(known, [KEY, ATTRIBUTES]);
        words
    }

    pub(super) fn number(&mut self, text: &str) -> u32 {
        let next = self.texts.len() as u32;
        *self.known.entry_ref(text).or_insert_with(|| {
            self.texts.push(text.into());
            next
        })
    }

    /// By object: the word for its type, which includes its own name.
    pub(super) fn of_types(&mut self, snapshot: &Snapshot) -> Vec<u32> {
        let of_shapes: Vec<u32> = snapshot.shapes.iter().map(|shape| self.number(&shape.type_name)).collect();
        let mut words: Vec<u32> = snapshot.shape.iter().map(|&shape| of_shapes[shape as usize]).collect();
        for &object in snapshot.own_names.keys() {
            let object = snapshot.at(object);
            words[object.number()] =
                self.number(&format!("{} {}", object.type_name(), object.own_name().unwrap_or("")));
        }
        words
    }

    /// By the number of a text of a snapshot: the word for the label. A text that names no edge has none.
    pub(super) fn of_labels(&mut self, snapshot: &Snapshot) -> Vec<u32> {
        let texts = snapshot.texts.all();
        texts.iter().map(|text| if is_key(text) { KEY } else { self.number(&label(text)) }).collect()
    }
}
