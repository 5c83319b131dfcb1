//! A cache that keeps objects that are no longer used elsewhere.

use super::scene::{Failed, Played, Scene};
use super::{Cure, Scenario};
use gc_core::{Gc, Trace, Weak};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

pub const SCENARIO: Scenario = Scenario {
    name: "weak-cache",
    summary: "a cache keeps everything; weak references let go",
    story: "A cache maps keys to images. Each image that was ever shown stays in it. With weak references the \
            cache finds what is in use and holds nothing: a callback takes the entry out when its image goes.",
    cure: Cure::Is("the cache holds weak references, whose callbacks remove the entries"),
    max: None,
    in_tour: false,
    file: "weak_cache.rs",
    source: include_str!("weak_cache.rs"),
    python: include_str!("python/weak_cache.py"),
    play,
};

const REQUESTS: usize = 800;
const LOOKS: usize = 32;

#[derive(Trace)]
struct Image {
    pixels: Vec<u8>,
}

#[derive(Trace, Default)]
struct Cache {
    images: RefCell<BTreeMap<u64, Gc<Image>>>,
    /// The weak references of the cure. The map is shared with the callbacks and holds no image.
    #[trace(skip)]
    weak: WeakImages,
}

type WeakImages = Rc<RefCell<BTreeMap<u64, Weak<Image>>>>;

impl Cache {
    fn known(&self, key: u64) -> Option<Gc<Image>> {
        let weak = self.weak.borrow().get(&key).and_then(Weak::upgrade);
        weak.or_else(|| self.images.borrow().get(&key).cloned())
    }

    fn put(&self, key: u64, image: &Gc<Image>, weakly: bool) -> Result<(), Failed> {
        if weakly {
            let entries = Rc::downgrade(&self.weak);
            let weak = Gc::try_downgrade_with(image, move || {
                // The entry is dropped after the borrow, because dropping the entry drops this
                // callback.
                let entry = entries.upgrade().and_then(|entries| entries.borrow_mut().remove(&key));
                drop(entry);
            })?;
            let before = self.weak.borrow_mut().insert(key, weak);
            drop(before);
        } else {
            self.images.borrow_mut().insert(key, image.clone()); // <- the leak
        }
        Ok(())
    }
}

fn play(scene: &mut Scene) -> Played {
    let cache = scene.alloc(Cache::default())?;
    // The images that are on the screen at the moment.
    let mut shown: Vec<Gc<Image>> = Vec::new();
    let (mut hits, mut misses) = (0usize, 0usize);
    let requests = scene.setting.scaled(REQUESTS);
    scene.serve(requests, LOOKS, |scene, number| {
        // Most requests are for a new image, some for an image that was just shown.
        let key = number.saturating_sub(if scene.dice.between(0, 3) == 0 { 3 } else { 0 }) as u64;
        let image = match cache.known(key) {
            Some(image) => {
                hits += 1;
                image
            }
            None => {
                misses += 1;
                let pixels = scene.dice.between(200, 400);
                let image = scene.alloc(Image { pixels: vec![0; pixels] })?;
                assert!(image.pixels.len() >= 200);
                cache.put(key, &image, scene.setting.fixed)?;
                image
            }
        };
        shown.push(image);
        if shown.len() > 8 {
            drop(shown.remove(0));
        }
        Ok(())
    });
    let (strong, weak) = (cache.images.borrow().len(), cache.weak.borrow().len());
    let images = scene.heap.census().of("Image").map_or(0, |row| row.objects);
    scene
        .step("All requests are served", "Eight images are on the screen.")
        .in_tour()
        .fact("found in the cache", hits)
        .fact("made anew", misses)
        .fact("entries, strong", strong)
        .fact("entries, weak", weak)
        .fact("images alive", images);
    scene.conclude();
    Ok(())
}
