//! Metrics, records, gauges, allocation sites, and the hooks that are told of them.
//!
//! * [`stats`]: totals over all collections
//! * [`records`]: the last collections, one by one
//! * [`allocation_sites`]: where in the program objects were allocated
//! * [`gauges`]: what the program tells the heap about itself
//! * [`hooks`]: the embedder's callbacks

pub(crate) mod allocation_sites;
#[cfg(feature = "observe")]
pub(crate) mod gauges;
pub(crate) mod hooks;
pub(crate) mod records;
pub(crate) mod stats;

/// Figures of one heap, and the numbers that its program adds.
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
