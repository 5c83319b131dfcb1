//! Judges the measured pauses of the incremental pace by their bars.

use super::{INCREMENTAL, Row, STOPPING};
use serde::Serialize;

/// The longest that a slice may take, in µs.
const LONGEST_US: f64 = 1000.0;
/// The least speed of the program, as a share of its speed at the stopping pace.
const SPEED: f64 = 0.7;
/// The most memory of the program, as a multiple of its memory at the stopping pace.
const MEMORY: f64 = 1.3;

/// One bar at one number of live objects.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Bar {
    /// The name of the bar.
    pub name: &'static str,
    /// The number of live objects.
    pub live: usize,
    /// The measured value.
    pub value: f64,
    /// The bound that the value must not exceed, or not fall below.
    pub bar: f64,
    /// True if the bar holds.
    pub holds: bool,
}

/// Judges the incremental pace at every size at which it was measured. The bars for speed and
/// memory need the stopping pace at the same size, and are left out without it.
pub fn judge(rows: &[Row]) -> Vec<Bar> {
    let of = |heap: &str, live: usize| rows.iter().find(|row| row.heap == heap && row.live == live);
    let mut bars = Vec::new();
    for sliced in rows.iter().filter(|row| row.heap == INCREMENTAL) {
        let live = sliced.live;
        if let Some(value) = sliced.longest_slice_us {
            bars.push(Bar { name: "longest slice, µs", live, value, bar: LONGEST_US, holds: value <= LONGEST_US });
        }
        let Some(whole) = of(STOPPING, live) else { continue };
        if let (Some(sliced), Some(whole)) = (sliced.steps_per_s, whole.steps_per_s) {
            let value = sliced / whole;
            bars.push(Bar { name: "speed, of stopping", live, value, bar: SPEED, holds: value >= SPEED });
        }
        if let (Some(sliced), Some(whole)) = (sliced.peak_bytes, whole.peak_bytes) {
            let value = sliced as f64 / whole as f64;
            bars.push(Bar { name: "memory, of stopping", live, value, bar: MEMORY, holds: value <= MEMORY });
        }
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(heap: &'static str, longest: f64, speed: f64, peak: u64) -> Row {
        let (longest_slice_us, steps_per_s, peak_bytes) = (Some(longest), Some(speed), Some(peak));
        let (budget_us, p999_us, floating_bytes, note) = (None, None, None, None);
        Row { heap, live: 7, budget_us, longest_slice_us, p999_us, steps_per_s, peak_bytes, floating_bytes, note }
    }

    #[test]
    fn bars_hold_or_not() {
        let holds =
            |sliced| judge(&[row(STOPPING, 9e9, 100.0, 100), sliced]).iter().map(|bar| bar.holds).collect::<Vec<_>>();
        assert_eq!(holds(row(INCREMENTAL, 1000.0, 70.0, 130)), [true, true, true]);
        assert_eq!(holds(row(INCREMENTAL, 1001.0, 69.0, 131)), [false, false, false]);
        assert_eq!(judge(&[row(INCREMENTAL, 1.0, 1.0, 1)]).len(), 1, "there is nothing to compare with");
    }
}
