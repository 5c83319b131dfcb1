//! The dominator tree from the top: the objects that retain most, and the objects below each of them.

use crate::{Dominators, SnapshotObject};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::fmt;

/// The dominator tree with the way down: see [`Dominators::tree`].
///
/// ```
/// use gc_snapshot::{ObjectId, SnapshotBuilder};
///
/// let mut builder = SnapshotBuilder::new();
/// let list = builder.object(ObjectId(1), "List", 64, 1)?; // held by one pointer from outside
/// let [one, other] = [builder.object(ObjectId(3), "Node", 32, 0)?, builder.object(ObjectId(5), "Node", 96, 0)?];
/// builder.element(list, 0, one)?;
/// builder.element(list, 1, other)?;
/// let snapshot = builder.finish();
/// let [list, one, other] = [1, 3, 5].map(|id| snapshot.find(ObjectId(id)).unwrap());
/// let dominators = snapshot.dominators();
/// let tree = dominators.tree();
/// assert_eq!((tree.below(None), tree.below(Some(list))), (vec![list], vec![other, one]));
/// # Ok::<(), gc_snapshot::SnapshotError>(())
/// ```
pub struct DominatorTree<'d, 's> {
    dominators: &'d Dominators<'s>,
    /// The number of the first child of each object, then of those at the top, then of none.
    first: Vec<u32>,
    children: Vec<u32>,
}

impl<'s> Dominators<'s> {
    /// Returns the tree with the way down. Takes 8 bytes for each object.
    pub fn tree(&self) -> DominatorTree<'_, 's> {
        let objects = self.snapshot().len();
        let above = |object: SnapshotObject<'s>| self.dominator(object).map_or(objects, SnapshotObject::number);
        let mut first = vec![0u32; objects + 2];
        for object in self.snapshot().objects() {
            first[above(object) + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let mut next = first.clone();
        let mut children = vec![0u32; objects];
        for object in self.snapshot().objects() {
            let place = &mut next[above(object)];
            children[*place as usize] = object.number() as u32;
            *place += 1;
        }
        DominatorTree { dominators: self, first, children }
    }
}

impl<'s> DominatorTree<'_, 's> {
    /// Returns the objects that `object` dominates immediately, or, of `None`, those that nothing in the
    /// heap dominates; the one that retains most first.
    pub fn below(&self, object: Option<SnapshotObject<'s>>) -> Vec<SnapshotObject<'s>> {
        let snapshot = self.dominators.snapshot();
        let at = object.map_or(snapshot.len(), SnapshotObject::number);
        let own = self.first[at] as usize..self.first[at + 1] as usize;
        let mut below: Vec<SnapshotObject<'s>> = self.children[own].iter().map(|&at| snapshot.at(at)).collect();
        below.sort_by_key(|&object| Reverse(self.dominators.retained_bytes(object)));
        below
    }
}

impl fmt::Debug for DominatorTree<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DominatorTree of {:?}", self.dominators)
    }
}
