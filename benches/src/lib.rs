//! The benches of gc-core. One run measures every row of the design's table of numbers on every
//! peer.
//!
//! * [`heap_under_test`] is the interface that [`peers`] adapt and [`work`] is
//!   written for.
//! * `compare` runs all rows on all peers and judges our heap.
//! * `growth` shows how the cost of an object grows with the heap.
//! * `pauses` shows how long a program is stopped.
//! * `scripts/instructions` counts instructions, which do not depend on the machine's load.
//!
//! This crate is not published.

pub mod chart;
pub mod compare;
pub mod floors;
pub mod growth;
pub mod heap_under_test;
pub mod judge;
pub mod lines;
pub mod machine;
pub mod measure;
pub mod pauses;
pub mod peers;
pub mod process;
pub mod report;
pub mod rows;
pub mod svg;
pub mod table;
pub mod work;
