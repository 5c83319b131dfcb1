//! Objects and bytes by type, and their growth.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use hashbrown::HashMap;

/// The counts of the objects of one type.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let _kept = heap.alloc(String::from("text"));
/// let row = heap.census().of("String").unwrap().clone();
/// assert_eq!((row.objects, row.owned_bytes), (1, 4));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TypeCount {
    /// The type's name, without module paths unless two types of the heap would then have the same
    /// name.
    pub type_name: String,
    /// Number of objects, including untracked objects.
    pub objects: usize,
    /// Bytes of the objects' slots, including headers.
    pub shallow_bytes: usize,
    /// Bytes that the objects' values own outside of the slots.
    pub owned_bytes: usize,
}

impl TypeCount {
    /// Creates the counts of a type that has no objects yet.
    pub fn new(type_name: &str) -> TypeCount {
        TypeCount { type_name: type_name.into(), objects: 0, shallow_bytes: 0, owned_bytes: 0 }
    }

    /// Returns the sum of the shallow and owned bytes.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let _kept = heap.alloc(String::from("text"));
    /// let row = heap.census().of("String").unwrap().clone();
    /// assert_eq!(row.bytes(), row.shallow_bytes + row.owned_bytes);
    /// ```
    pub fn bytes(&self) -> usize {
        self.shallow_bytes.saturating_add(self.owned_bytes)
    }
}

/// The counts of all objects of a heap by type, at one moment.
///
/// `Heap::census` of gc-core and [`Snapshot::census`](crate::Snapshot::census) make a census.
/// `Display` prints a census as the JVM's `jcmd PID GC.class_histogram` does, with a column for
/// owned bytes.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let kept = [heap.alloc_str("one"), heap.alloc_str("other")];
/// let number = heap.alloc(7_u32);
/// let census = heap.census();
/// let row = census.of("str").unwrap();
/// assert_eq!((row.objects, row.type_name.as_str(), row.bytes()), (2, "str", row.shallow_bytes + row.owned_bytes));
/// assert_eq!((census.objects(), census.types().len(), census.most_common(1)[0].objects), (3, 2, 2));
/// assert!(census.bytes() > row.bytes());
/// # drop((kept, number));
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Census {
    /// The rows, the type with the most bytes first.
    rows: Vec<TypeCount>,
}

impl Census {
    /// Creates a census from rows, one for each type.
    pub fn of_rows(mut rows: Vec<TypeCount>) -> Census {
        rows.sort_by(|one, other| other.bytes().cmp(&one.bytes()).then_with(|| one.type_name.cmp(&other.type_name)));
        Census { rows }
    }

    /// Returns the types, the one with the most bytes first.
    pub fn types(&self) -> &[TypeCount] {
        &self.rows
    }

    /// Returns the counts of the type of this name; `None` if the census has no such type.
    pub fn of(&self, type_name: &str) -> Option<&TypeCount> {
        self.rows.iter().find(|row| row.type_name == type_name)
    }

    /// Returns the number of objects of all types.
    pub fn objects(&self) -> usize {
        self.rows.iter().map(|row| row.objects).sum()
    }

    /// Returns the shallow and owned bytes of all types.
    pub fn bytes(&self) -> usize {
        self.rows.iter().fold(0, |all, row| all.saturating_add(row.bytes()))
    }

    /// Returns the types with the most objects, at most `limit`, as `objgraph.most_common_types`
    /// does.
    pub fn most_common(&self, limit: usize) -> Vec<&TypeCount> {
        let mut rows: Vec<&TypeCount> = self.rows.iter().collect();
        rows.sort_by(|one, other| other.objects.cmp(&one.objects).then_with(|| one.type_name.cmp(&other.type_name)));
        rows.truncate(limit);
        rows
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, " num     #instances         #bytes         #owned  type name")?;
        writeln!(f, "------------------------------------------------------------")?;
        for (number, row) in (1..).zip(&self.rows) {
            let TypeCount { type_name, objects, shallow_bytes, owned_bytes } = row;
            writeln!(f, "{number:>4}: {objects:>13} {shallow_bytes:>14} {owned_bytes:>14}  {type_name}")?;
        }
        let sum = |bytes: fn(&TypeCount) -> usize| self.rows.iter().map(bytes).sum::<usize>();
        let (shallow, owned) = (sum(|row| row.shallow_bytes), sum(|row| row.owned_bytes));
        writeln!(f, "Total {:>13} {shallow:>14} {owned:>14}", self.objects())
    }
}

/// The growth of the number of objects of a type: see [`PeakCounts::growth`].
///
/// `Display` prints the growth as a line of `objgraph.show_growth`. The name is padded only to the
/// width that the format gives, because the right padding depends on the other names.
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let mut peaks = gc_core::observe::PeakCounts::new();
/// let _kept = [heap.alloc(1_u32), heap.alloc(2)];
/// let growth = peaks.growth(&heap.census());
/// assert_eq!((&*growth[0].type_name, growth[0].objects, growth[0].more), ("u32", 2, 2));
/// assert!(peaks.growth(&heap.census()).is_empty(), "no more than before");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Growth {
    /// The type's name, as in [`TypeCount::type_name`].
    pub type_name: String,
    /// Number of objects now.
    pub objects: usize,
    /// Number of objects by which the previous peak is exceeded.
    pub more: usize,
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Growth { type_name, objects, more } = self;
        let width = f.width().unwrap_or(0);
        let more = alloc::format!("+{more}");
        write!(f, "{type_name:<width$}{objects:>9} {more:>9}")
    }
}

/// The greatest number of objects of each type that was seen so far.
///
/// Growth is measured against the peak, as in objgraph's `growth`. A type whose number of objects
/// falls and then rises to the peak again has therefore not grown.
///
/// ```
/// use gc_core::observe::PeakCounts;
/// use gc_core::Heap;
///
/// let heap = Heap::new();
/// let mut peaks = PeakCounts::new();
/// let mut held = vec![heap.alloc(1u8)];
/// assert_eq!(peaks.growth(&heap.census())[0].more, 1);
/// held.clear();
/// held.push(heap.alloc(2u8));
/// assert!(peaks.growth(&heap.census()).is_empty());
/// ```
#[derive(Clone, Default, Debug)]
pub struct PeakCounts(HashMap<String, usize>);

impl PeakCounts {
    /// Creates peak counts that have seen no objects.
    pub fn new() -> PeakCounts {
        PeakCounts::default()
    }

    /// Returns the types that have more objects than ever before, the one that grew most first, and
    /// raises the peaks of these types to the present numbers of objects.
    pub fn growth(&mut self, census: &Census) -> Vec<Growth> {
        let mut grown = Vec::new();
        for row in census.types() {
            let peak = self.0.entry(row.type_name.clone()).or_default();
            if row.objects > *peak {
                let more = row.objects - *peak;
                grown.push(Growth { type_name: row.type_name.clone(), objects: row.objects, more });
                *peak = row.objects;
            }
        }
        grown.sort_by(|one, other| other.more.cmp(&one.more).then_with(|| one.type_name.cmp(&other.type_name)));
        grown
    }
}
