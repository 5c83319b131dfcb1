//! Acts that make objects.

use gc_core::Gc;

use super::act::Act;
use super::kinds::{Link, allocate, cannot_close, is_finalizable, is_tracked};
use super::mirror::{Entry, Name};
use super::user::User;

impl User {
    pub(super) fn allocate(&self, kind: usize, armed: bool, heap: usize, script: &[Act]) -> (Name, Link) {
        let object = allocate(&self.heaps[heap], kind, armed);
        let finalizable = is_finalizable(kind) && armed;
        let entry = Entry { tracked: is_tracked(kind), finalizable, ..Entry::default() };
        let name = self.new_name(Gc::as_ptr(&object).addr(), heap, entry);
        self.scripts.borrow_mut().insert(name, script.into());
        (name, object)
    }

    /// While its objects are made nobody but us holds them; the mirror is not looked at before.
    pub(super) fn allocate_ring(&self, kinds: &[usize], script: &[Act], weak: Option<&[Act]>, kept: bool) {
        let objects: Vec<(Name, Link)> = kinds.iter().map(|&kind| self.allocate(kind, true, 0, script)).collect();
        let (tails, ring): (Vec<usize>, Vec<usize>) = (0..kinds.len()).partition(|&at| cannot_close(kinds[at]));
        let link = |from: usize, to: usize| {
            let (from, to) = (&objects[from], objects[to].clone());
            drop(self.put(from.0, &*from.1, to));
        };
        for (at, &member) in ring.iter().enumerate() {
            link(member, ring[(at + 1) % ring.len()]);
            tails.iter().for_each(|&tail| link(member, tail));
        }
        let Some((name, first)) = ring.first().map(|&at| &objects[at]) else { return };
        if let Some(script) = weak {
            let bare = self.downgrade_with(*name, first, script, None);
            self.weaks.borrow_mut().push(bare);
        }
        if kept {
            self.take_in_hand(*name, first.clone());
        }
    }

    pub(super) fn allocate_row(&self, hands: &[usize]) {
        let (names, links): (Vec<Name>, Vec<Link>) = hands.iter().filter_map(|&hand| self.in_hand(hand)).unzip();
        let row = self.heaps[0].alloc_slice(links);
        let entry = Entry { edges: names, tracked: true, ..Entry::default() };
        let name = self.new_name(Gc::as_ptr(&row).cast::<u8>().addr(), 0, entry);
        self.mirror.borrow_mut().hold(name);
        // An allocation may collect: the row is held meanwhile.
        let holder = allocate(&self.heaps[0], 18, false);
        holder.row().expect("it points to a row").0.replace(Some(row));
        self.mirror.borrow_mut().let_go(name);
        let entry = Entry { edges: vec![name], tracked: true, ..Entry::default() };
        let name = self.new_name(Gc::as_ptr(&holder).addr(), 0, entry);
        self.take_in_hand(name, holder);
    }
}
