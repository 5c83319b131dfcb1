//! Acts on weak references, on the garbage list, and on values moved out of the heap.

use std::rc::Rc;

use gc_core::{Gc, WeakRef, gc_cast};

use super::act::Act;
use super::kinds::{Link, Thing, try_unwrap, typed};
use super::mirror::{Entry, Name};
use super::user::{Bare, Captured, Record, User, current};

impl User {
    pub(super) fn downgrade(&self, hand: usize, callback: Option<&(Vec<Act>, Option<usize>)>) {
        let Some((target, object)) = self.in_hand(hand) else { return };
        let bare = match callback {
            None => Bare { weak: Gc::downgrade(&object), target, record: None },
            Some((script, captured)) => self.downgrade_with(target, &object, script, *captured),
        };
        self.weaks.borrow_mut().push(bare);
    }

    pub(super) fn downgrade_this(&self, this: &Link, script: Option<&[Act]>) {
        let target = self.name(this);
        let bare = match script {
            None => Bare { weak: Gc::downgrade(this), target, record: None },
            Some(script) => self.downgrade_with(target, this, script, None),
        };
        self.weaks.borrow_mut().push(bare);
    }

    pub(super) fn downgrade_with(&self, target: Name, object: &Link, script: &[Act], captured: Option<usize>) -> Bare {
        let late = self.is_at_work();
        let record = {
            let mut records = self.records.borrow_mut();
            records.push(Record { target, called: 0, dropped: false, late });
            records.len() - 1
        };
        let captured = captured.and_then(|hand| self.in_hand(hand)).map(|(name, link)| {
            self.mirror.borrow_mut().hold(name);
            Captured::new(name, link)
        });
        let script: Rc<[Act]> = script.into();
        let weak = Gc::downgrade_with(object, move || {
            let user = current();
            user.records.borrow_mut()[record].called += 1;
            let _captured = captured;
            user.enter(&script, None);
        });
        Bare { weak, target, record: Some(record) }
    }

    pub(super) fn allocate_weak(&self, hand: usize, callback: Option<&[Act]>) {
        let Some((target, object)) = self.in_hand(hand) else { return };
        let heap = &self.heaps[target.1];
        let weak = match callback {
            None => heap.alloc_weak(&object),
            Some(script) => {
                let script: Rc<[Act]> = script.into();
                heap.alloc_weak_with(&object, move |this: &Gc<WeakRef<dyn Thing>>| {
                    assert!(this.upgrade().is_none(), "it is dead when it is called back");
                    let this = gc_cast!(this.clone() => dyn Thing);
                    current().enter(&script, Some(&this));
                })
            }
        };
        let weak = gc_cast!(weak => dyn Thing);
        let entry = Entry { tracked: true, ..Entry::default() };
        let name = self.new_name(Gc::as_ptr(&weak).addr(), target.1, entry);
        self.take_in_hand(name, weak);
    }

    pub(super) fn drop_weak(&self, number: usize) {
        let dropped = {
            let mut weaks = self.weaks.borrow_mut();
            let length = weaks.len();
            (length > 0).then(|| weaks.swap_remove(number % length))
        };
        if let Some(record) = dropped.as_ref().and_then(|bare| bare.record) {
            self.records.borrow_mut()[record].dropped = true;
        }
        drop(dropped);
    }

    pub(super) fn upgrade(&self, number: usize) {
        let bare = {
            let weaks = self.weaks.borrow();
            (!weaks.is_empty()).then(|| weaks[number % weaks.len()].weak.upgrade()).flatten()
        };
        let managed = || self.with_hand(number, |_, object| object.weak()?.upgrade());
        if let Some(object) = bare.or_else(managed) {
            self.take_in_hand(self.name(&object), object);
        }
    }

    /// Enumerates, which also finds what is garbage but not collected yet.
    pub(super) fn find(&self, number: usize) {
        let objects = self.heaps[number % 2].objects(None);
        let edges = objects.iter().map(|it| it.referents().len()).sum::<usize>();
        assert!(edges == 0 || !objects.is_empty());
        let found = (!objects.is_empty()).then(|| &objects[number % objects.len()]).and_then(typed);
        drop(objects);
        if let Some(object) = found {
            self.take_in_hand(self.name(&object), object);
        }
    }

    pub(super) fn unwrap(&self, hand: usize) {
        let Some((name, object)) = self.out_of_hand(hand) else { return };
        // Its pointers are held from outside from the moment on that it is no object any more,
        // and that is before its weak references are called back.
        let held = if Gc::strong_count(&object) == 1 {
            std::mem::take(&mut self.mirror.borrow_mut().entry(name).edges)
        } else {
            Vec::new()
        };
        held.iter().for_each(|&it| self.mirror.borrow_mut().hold(it));
        match try_unwrap(object) {
            Ok(value) => {
                self.mirror.borrow_mut().entry(name).unwrapped = true;
                self.values.borrow_mut().push((value, held));
            }
            Err(object) => {
                held.iter().for_each(|&it| self.mirror.borrow_mut().let_go(it));
                self.mirror.borrow_mut().entry(name).edges.extend(held);
                self.take_in_hand(name, object);
            }
        }
    }

    pub(super) fn drop_value(&self, number: usize) {
        let dropped = {
            let mut values = self.values.borrow_mut();
            let length = values.len();
            (length > 0).then(|| values.swap_remove(number % length))
        };
        if let Some((value, held)) = dropped {
            held.into_iter().for_each(|it| self.mirror.borrow_mut().let_go(it));
            drop(value);
        }
    }

    pub(super) fn take_garbage(&self, number: usize) {
        let garbage = self.heaps[0].garbage();
        let taken = if garbage.is_empty() { None } else { garbage.remove(number % garbage.len()) };
        if let Some(object) = taken.as_ref().and_then(typed) {
            self.take_in_hand(self.name(&object), object);
        }
    }
}
