//! The benches of gc-core: every row of the design's table of numbers, beside every
//! peer, in one run.
//!
//! * [`heap_under_test`] is the interface that [`peers`] adapt and [`work`] is
//!   written for.
//! * `compare` runs all rows on all peers and judges ours; `growth` shows how the cost
//!   of an object grows with the heap; `pauses` how long a program is stopped; `scripts/instructions` counts instructions,
//!   which do not depend on what else the machine does.
//!
//! Nothing of this is published.

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
