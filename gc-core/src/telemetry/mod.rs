//! Metrics, records, gauges and allocation sites, and the hooks that report events to the embedder.
//!
//! * [`stats`]: totals over all collections
//! * [`records`]: the records of the last collections
//! * [`allocation_sites`]: the places in the program that allocate objects
//! * [`gauges`]: numbers that the program reports to the heap
//! * [`hooks`]: the embedder's callbacks

pub(crate) mod allocation_sites;
#[cfg(feature = "observe")]
pub(crate) mod gauges;
pub(crate) mod hooks;
pub(crate) mod records;
pub(crate) mod stats;

/// The figures of one heap, and the numbers that its program reports.
pub(crate) struct Telemetry {
    pub(crate) stats: stats::Stats,
    #[cfg(feature = "observe")]
    pub(crate) gauges: gauges::Gauges,
    pub(crate) allocation_sites: allocation_sites::AllocationSites,
}

impl Telemetry {
    pub(crate) fn new() -> Telemetry {
        Telemetry {
            stats: stats::Stats::new(),
            #[cfg(feature = "observe")]
            gauges: gauges::Gauges::default(),
            allocation_sites: allocation_sites::AllocationSites::default(),
        }
    }
}
