//! Points in time, where there is a clock.

use core::time::Duration;

/// A point in time; nothing where there is no clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp(#[cfg(feature = "std")] std::time::Instant);

impl Stamp {
    pub(crate) fn now() -> Stamp {
        Stamp(
            #[cfg(feature = "std")]
            std::time::Instant::now(),
        )
    }

    /// Time since then; none where there is no clock.
    pub(crate) fn elapsed(self) -> Duration {
        #[cfg(feature = "std")]
        return self.0.elapsed();
        #[cfg(not(feature = "std"))]
        Duration::ZERO
    }
}
