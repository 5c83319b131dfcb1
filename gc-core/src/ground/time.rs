//! Points in time, for builds with and without a clock.

use core::time::Duration;

/// A point in time. Without the feature `std` there is no clock, and it is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp(#[cfg(feature = "std")] std::time::Instant);

impl Stamp {
    pub(crate) fn now() -> Stamp {
        Stamp(
            #[cfg(feature = "std")]
            std::time::Instant::now(),
        )
    }

    /// Returns the time since this point; zero if there is no clock.
    pub(crate) fn elapsed(self) -> Duration {
        #[cfg(feature = "std")]
        return self.0.elapsed();
        #[cfg(not(feature = "std"))]
        Duration::ZERO
    }
}
