//! The objects of a set in birth order, in whatever memory there is for that.

use super::set::Set;
use crate::space::block::Block;
use crate::space::object::Object;
use crate::space::planes::{Planes, bits};
use smallvec::SmallVec;

/// So many are put in order at a time where there is no memory for more. They lie on the
/// stack.
const FEW: usize = 64;

/// Where there is no memory for a list, one of this part of its length is asked for.
const PART: usize = 4;

type Born = (u64, Object);

/// Gives objects oldest first. It has them all in a list; where there is no memory for
/// that, it looks the set through again for each part of them.
pub(crate) struct BirthOrder<'s, 'h, C> {
    set: &'s Set<'h>,
    choose: C,
    /// The next ones, the youngest first.
    next: SmallVec<[Born; FEW]>,
    /// Births from here on were not looked at yet, if there are any.
    rest: Option<u64>,
    /// Bytes of the list that are accounted for.
    bytes: usize,
}

impl<'s, 'h, C: Fn(&Block, &Planes) -> u64> BirthOrder<'s, 'h, C> {
    /// The objects that `choose` gives, of the groups that have or had members.
    pub(super) fn new(set: &'s Set<'h>, choose: C) -> BirthOrder<'s, 'h, C> {
        let mut order = BirthOrder { set, choose, next: SmallVec::new(), rest: Some(0), bytes: 0 };
        order.make_room();
        order
    }

    /// Makes the list as long as there are objects, if it may be.
    fn make_room(&mut self) {
        let groups = self.set.blocks().flat_map(|block| block.filled_groups().map(move |group| (block, group)));
        let mut wanted =
            groups.map(|(block, (_, planes))| (self.choose)(block, planes).count_ones() as usize).sum::<usize>();
        if wanted == 0 {
            self.rest = None;
        }
        let account = &self.set.core().account;
        while wanted > FEW {
            let bytes = wanted * size_of::<Born>();
            if account.admits(bytes) && self.next.try_reserve_exact(wanted).is_ok() {
                account.take(bytes);
                self.bytes = bytes;
                return;
            }
            wanted /= PART;
        }
    }

    /// Lists the oldest from the birth `from` on, as many as there is room for.
    fn fill(&mut self, from: u64) {
        let BirthOrder { set, choose, next, rest, .. } = self;
        *rest = None;
        for block in set.blocks() {
            let base = block.birth_base.get();
            for (group, planes) in block.filled_groups() {
                for object in bits(choose(block, planes)).map(|bit| block.object(group * 64 + bit)) {
                    let birth = base + u64::from(object.header().birth.get());
                    if birth < from || rest.is_some_and(|rest| birth >= rest) {
                        continue;
                    }
                    if next.len() == next.capacity() {
                        let limit = keep_older_half(next);
                        *rest = Some(limit);
                        if birth >= limit {
                            continue;
                        }
                    }
                    next.push((birth, object));
                }
            }
        }
        next.sort_unstable_by(|one, other| other.cmp(one));
    }
}

impl<C: Fn(&Block, &Planes) -> u64> Iterator for BirthOrder<'_, '_, C> {
    type Item = Object;

    fn next(&mut self) -> Option<Object> {
        loop {
            if let Some((_, object)) = self.next.pop() {
                return Some(object);
            }
            let from = self.rest?;
            self.fill(from);
        }
    }
}

impl<C> Drop for BirthOrder<'_, '_, C> {
    fn drop(&mut self) {
        self.set.core().account.give(self.bytes);
    }
}

/// Drops the younger half of a full list. The birth from which on they are missing.
fn keep_older_half(list: &mut SmallVec<[Born; FEW]>) -> u64 {
    let half = list.len() / 2;
    let (_, &mut (limit, _), _) = list.select_nth_unstable(half);
    list.truncate(half);
    limit
}
