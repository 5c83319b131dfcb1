//! Who takes the edges of one object, with their names.

use crate::ground::label::Seg;
use crate::object::raw::Object;

/// Takes edges one by one; what observation and traversal of single objects use.
pub(crate) trait EdgeSink {
    /// One edge to `target`, after the segments that name it were entered.
    fn edge(&mut self, target: Object);
    /// A part of the value begins.
    fn enter(&mut self, seg: Seg<'_>) {
        let _ = seg;
    }
    /// The part ends.
    fn leave(&mut self) {}
    /// A part could not be looked at.
    fn hidden(&mut self) {}
    /// The value holds the address of an object that it does not count.
    fn uncounted(&mut self, address: usize) {
        let _ = address;
    }
    /// The value owns so many bytes outside of itself.
    fn owns(&mut self, bytes: usize) {
        let _ = bytes;
    }
    /// Are the segments listened to?
    fn wants_names(&self) -> bool {
        false
    }
}
