//! Iterates over the objects of a set in birth order, with as much memory as is available.

use crate::object::bitmaps::{Bitmaps, bits};
use crate::object::raw::Object;
use crate::storage::block::Block;
use crate::storage::limit::Account;
use crate::workset::set::Set;
use smallvec::SmallVec;

/// Capacity of the list on the stack. If there is no memory for a longer list, at most this many
/// objects are put in order at a time.
const FEW: usize = 64;

type Born = (u64, Object);

/// Iterator over objects of a set, oldest first. The iterator sorts a list of all objects. If there
/// is no memory for a list of all objects, the iterator sorts them in parts, and goes through the
/// set once for each part.
pub(crate) struct BirthOrder<'s, 'h, C> {
    set: &'s Set<'h>,
    choose: C,
    /// The sorted part of the objects that is yielded at present.
    part: SmallVec<[Born; FEW]>,
    given: usize,
    /// Objects with this birth or a later one were not listed yet; `None` if all were.
    rest: Option<u64>,
    /// Bytes of the list that are accounted for.
    bytes: usize,
}

impl<'s, 'h, C: Fn(&Block, &Bitmaps) -> u64> BirthOrder<'s, 'h, C> {
    /// Creates an iterator over the objects that `choose` selects, in the groups that have or had
    /// members.
    pub(crate) fn new(set: &'s Set<'h>, choose: C) -> BirthOrder<'s, 'h, C> {
        BirthOrder { set, choose, part: SmallVec::new(), given: 0, rest: Some(0), bytes: 0 }
    }

    /// Lists the oldest objects with the birth `from` or a later one, as many as there is memory
    /// for.
    fn fill(&mut self, from: u64) {
        let BirthOrder { set, choose, part, given, rest, bytes } = self;
        part.clear();
        (*given, *rest) = (0, None);
        for block in set.blocks() {
            let base = block.birth_base.get();
            for (group, bitmaps) in block.filled_groups() {
                for object in bits(choose(block, bitmaps)).map(|bit| block.object(group * 64 + bit)) {
                    let birth = base + u64::from(object.header().birth.get());
                    if birth < from || rest.is_some_and(|rest| birth >= rest) {
                        continue;
                    }
                    if part.len() == part.capacity() && !grow(part, bytes, &set.core().storage.account) {
                        let limit = keep_older_half(part);
                        *rest = Some(limit);
                        if birth >= limit {
                            continue;
                        }
                    }
                    part.push((birth, object));
                }
            }
        }
        part.sort_unstable();
    }
}

impl<C: Fn(&Block, &Bitmaps) -> u64> Iterator for BirthOrder<'_, '_, C> {
    type Item = Object;

    fn next(&mut self) -> Option<Object> {
        loop {
            if let Some(&(_, object)) = self.part.get(self.given) {
                self.given += 1;
                return Some(object);
            }
            let from = self.rest?;
            self.fill(from);
        }
    }
}

impl<C> Drop for BirthOrder<'_, '_, C> {
    fn drop(&mut self) {
        self.set.core().storage.account.give(self.bytes);
    }
}

/// Doubles the capacity of a full list, and adds the bytes to the account and to `bytes`. Returns
/// false if the account or the allocator refuses.
#[cold]
fn grow(list: &mut SmallVec<[Born; FEW]>, bytes: &mut usize, account: &Account) -> bool {
    let more = list.capacity() * size_of::<Born>();
    if !account.admits(more) || list.try_reserve_exact(list.capacity()).is_err() {
        return false;
    }
    account.take(more);
    *bytes += more;
    true
}

/// Drops the younger half of a full list. Returns the birth of the oldest object that was dropped.
fn keep_older_half(list: &mut SmallVec<[Born; FEW]>) -> u64 {
    let half = list.len() / 2;
    let (_, &mut (limit, _), _) = list.select_nth_unstable(half);
    list.truncate(half);
    limit
}
