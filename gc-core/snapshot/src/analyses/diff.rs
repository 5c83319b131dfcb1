//! Differences between two snapshots.

use crate::{Snapshot, SnapshotObject};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use hashbrown::{HashMap, HashSet};

/// Changes from one snapshot to a later one of the same heap: see [`Snapshot::diff`].
///
/// `Display` prints a table with a line for each type that changed: the objects that came and went,
/// the objects in the later snapshot, the change in bytes, and the type's name.
///
/// ```
/// use gc_core::Heap;
///
/// let heap = Heap::new();
/// let earlier = heap.snapshot();
/// let _kept = [heap.alloc(1_u32), heap.alloc(2)];
/// let later = heap.snapshot();
/// let diff = later.diff(&earlier);
/// assert_eq!((diff.born().len(), &*diff.types()[0].type_name, diff.types()[0].born), (2, "u32", 2));
/// println!("{diff}");
/// ```
#[derive(Clone, Debug)]
pub struct Diff<'s> {
    types: Vec<TypeChange>,
    born: Vec<SnapshotObject<'s>>,
}

/// The change of the objects of one type.
///
/// ```
/// use gc_core::Heap;
///
/// let heap = Heap::new();
/// let kept = heap.alloc(1_u32);
/// let earlier = heap.snapshot();
/// drop(kept);
/// let later = heap.snapshot();
/// let change = &later.diff(&earlier).types()[0].clone();
/// assert!((change.died, change.objects) == (1, 0) && change.bytes < 0);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TypeChange {
    /// The type's name.
    pub type_name: String,
    /// Number of objects that are only in the later snapshot.
    pub born: usize,
    /// Number of objects that are only in the earlier snapshot.
    pub died: usize,
    /// Number of objects in the later snapshot.
    pub objects: usize,
    /// Shallow and owned bytes in the later snapshot, less those in the earlier snapshot.
    pub bytes: i64,
}

impl Snapshot {
    /// Returns the changes since an earlier snapshot. Objects are identified by their ids.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let (earlier, later) = (heap.snapshot(), heap.snapshot());
    /// assert!(later.diff(&earlier).types().is_empty());
    /// ```
    pub fn diff<'s>(&'s self, earlier: &Snapshot) -> Diff<'s> {
        let before: HashSet<u64> = earlier.ids.iter().copied().collect();
        let now: HashSet<u64> = self.ids.iter().copied().collect();
        let mut types: HashMap<&str, TypeChange> = HashMap::new();
        let mut born = Vec::new();
        for object in self.objects() {
            let row = change_of(&mut types, object.type_name());
            row.objects += 1;
            row.bytes += object.bytes() as i64;
            if !before.contains(&object.id().0) {
                row.born += 1;
                born.push(object);
            }
        }
        for object in earlier.objects() {
            let row = change_of(&mut types, object.type_name());
            row.bytes -= object.bytes() as i64;
            row.died += usize::from(!now.contains(&object.id().0));
        }
        born.sort_by_key(|object| object.id());
        let changed = |row: &TypeChange| row.born > 0 || row.died > 0 || row.bytes != 0;
        let mut types: Vec<TypeChange> = types.into_values().filter(changed).collect();
        types.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.type_name.cmp(&other.type_name)));
        Diff { types, born }
    }
}

fn change_of<'a, 'n>(types: &'a mut HashMap<&'n str, TypeChange>, name: &'n str) -> &'a mut TypeChange {
    let none = || TypeChange { type_name: name.into(), born: 0, died: 0, objects: 0, bytes: 0 };
    types.entry(name).or_insert_with(none)
}

impl<'s> Diff<'s> {
    /// Returns the types that changed, the one that grew by the most bytes first.
    pub fn types(&self) -> &[TypeChange] {
        &self.types
    }

    /// Returns the objects that are only in the later snapshot, oldest first.
    pub fn born(&self) -> &[SnapshotObject<'s>] {
        &self.born
    }
}

impl fmt::Display for Diff<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "      born       died    objects           bytes  type name")?;
        writeln!(f, "------------------------------------------------------------")?;
        for TypeChange { type_name, born, died, objects, bytes } in &self.types {
            writeln!(f, "{born:>10} {died:>10} {objects:>10} {bytes:>+15}  {type_name}")?;
        }
        Ok(())
    }
}
