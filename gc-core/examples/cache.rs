//! A cache that does not leak: values live as long as somebody uses them, or while they are among
//! the most recently used; the memory that they stand for is counted, and limited.

use gc_core::{ExternalBytes, Gc, Heap, OutOfMemory, Trace, Weak};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

// ANCHOR: types
/// A picture whose pixels are elsewhere: in a file mapping, on the graphics card.
#[derive(Trace)]
struct Picture {
    name: String,
    /// Tells the heap what the object stands for. Given back when the object goes.
    pixels: ExternalBytes,
}

/// Weak references to what is in use; strong ones to what was used last.
struct Cache {
    heap: Heap,
    known: Rc<RefCell<HashMap<String, Weak<Picture>>>>,
    recent: RefCell<VecDeque<Gc<Picture>>>,
    most_recent: usize,
}
// ANCHOR_END: types

// ANCHOR: get
impl Cache {
    fn get(&self, name: &str, bytes: usize) -> Result<Gc<Picture>, OutOfMemory<()>> {
        let known = self.known.borrow().get(name).and_then(Weak::upgrade);
        let picture = match known {
            Some(picture) => picture,
            None => self.load(name, bytes)?,
        };
        let mut recent = self.recent.borrow_mut();
        recent.retain(|it| !Gc::ptr_eq(it, &picture));
        recent.push_back(picture.clone());
        let forgotten = if recent.len() > self.most_recent { recent.pop_front() } else { None };
        // The callback of the one that goes runs now, and must not find the list borrowed.
        drop(recent);
        drop(forgotten);
        Ok(picture)
    }

    fn load(&self, name: &str, bytes: usize) -> Result<Gc<Picture>, OutOfMemory<()>> {
        // Where there is no room the cache gives up what nobody uses, and tries again.
        let pixels = self.heap.try_external_bytes(bytes).or_else(|_| {
            self.recent.take();
            self.heap.try_external_bytes(bytes)
        })?;
        let picture = self.heap.alloc(Picture { name: name.into(), pixels });
        let (known, key) = (Rc::downgrade(&self.known), String::from(name));
        let weak = Gc::downgrade_with(&picture, move || {
            // A cache without this leaks its keys.
            if let Some(known) = known.upgrade() {
                known.borrow_mut().remove(&key);
            }
        });
        self.known.borrow_mut().insert(name.into(), weak);
        Ok(picture)
    }
}
// ANCHOR_END: get

pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: use
    let heap = Heap::builder().max(64 << 20).build()?;
    let cache = Cache { heap: heap.clone(), known: Rc::default(), recent: RefCell::default(), most_recent: 8 };
    for round in 0..3 {
        for number in 0..20 {
            let picture = cache.get(&format!("picture {number}"), 4 << 20)?;
            assert_eq!((picture.pixels.bytes(), picture.name.is_empty()), (4 << 20, false));
        }
        // 8 pictures of 4 MiB, and none of the keys of the others.
        assert_eq!((heap.memory().external, cache.known.borrow().len()), (32 << 20, 8), "round {round}");
    }

    let in_use = cache.get("large", 48 << 20)?;
    assert_eq!(heap.memory().external, 48 << 20, "the others made room");
    assert!(cache.get("too large", 48 << 20).is_err());
    drop(in_use);
    // ANCHOR_END: use
    Ok(())
}
