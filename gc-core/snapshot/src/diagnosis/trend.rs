//! Recognises steady growth in a series of numbers.

use alloc::vec::Vec;

/// Steady growth of a series.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Trend {
    /// The least number of the first part.
    pub(super) from: f64,
    /// The least number of the last part.
    pub(super) to: f64,
    /// The places of `from` and `to` in the series.
    pub(super) span: (usize, usize),
    /// The last number of the series.
    pub(super) end: f64,
}

/// The least length of a series that can show a trend.
pub(super) const FEWEST: usize = 4;

/// The number of parts that a series is cut into.
const PARTS: usize = 4;

/// The least ratio of the last step to the average step. If the ratio is less, the growth has
/// stopped, and was a warm-up.
const LAST_STEP: f64 = 0.3;

/// The greatest fraction of the whole growth that one step may be. A greater step is a jump.
const JUMP: f64 = 0.75;

impl Trend {
    pub(super) fn more(self) -> f64 {
        self.to - self.from
    }

    /// Returns the trend of a series, or `None` if the series does not grow steadily.
    ///
    /// The series is cut into four parts. A series grows if the least numbers of the parts rise
    /// steadily from part to part, and if the whole growth exceeds the range of the numbers within
    /// a typical part. The size of a cache that fills and empties does not grow in this sense.
    pub(super) fn of(series: &[f64]) -> Option<Trend> {
        if series.len() < FEWEST {
            return None;
        }
        let bound = |part: usize| part * series.len() / PARTS;
        let parts: Vec<&[f64]> = (0..PARTS).map(|part| &series[bound(part)..bound(part + 1)]).collect();
        let least = |part: &[f64]| part.iter().copied().fold(f64::INFINITY, f64::min);
        let most = |part: &[f64]| part.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let lows: Vec<f64> = parts.iter().map(|part| least(part)).collect();
        let mut spreads: Vec<f64> = parts.iter().map(|part| most(part) - least(part)).collect();
        spreads.sort_by(f64::total_cmp);
        let place = |part: usize| bound(part) + parts[part].iter().position(|&it| it == lows[part]).unwrap_or(0);
        let span = (place(0), place(PARTS - 1));
        let trend = Trend { from: lows[0], to: lows[PARTS - 1], span, end: series[series.len() - 1] };
        let steps: Vec<f64> = lows.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let average = trend.more() / steps.len() as f64;
        let grows = steps.iter().all(|&step| step > 0.0 && step <= JUMP * trend.more());
        let goes_on = steps[steps.len() - 1] >= LAST_STEP * average;
        (grows && goes_on && trend.more() > spreads[PARTS / 2]).then_some(trend)
    }
}

/// The greatest growth of a buffer, in bytes, that is not reported.
const BUFFER_NOISE: f64 = (32 << 10) as f64;

impl Trend {
    /// Returns the trend of the capacity of buffers, or `None` if the capacity does not grow. The
    /// capacity of a growing buffer doubles in steps and never falls. Each step takes twice the
    /// time of the step before, so the last step lies in the second half of the series.
    pub(super) fn of_buffer(series: &[f64]) -> Option<Trend> {
        let (first, last) = (*series.first()?, *series.last()?);
        let trend = Trend { from: first, to: last, span: (0, series.len() - 1), end: last };
        let steps: Vec<usize> = (1..series.len()).filter(|&at| series[at] > series[at - 1]).collect();
        let goes_on = steps.len() >= 3 && steps.last().is_some_and(|&at| at * 2 >= series.len());
        (series.is_sorted() && goes_on && trend.more() > BUFFER_NOISE).then_some(trend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(f: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..40).map(|at| f(f64::from(at))).collect()
    }

    #[test]
    fn growth_is_told_from_everything_else() {
        let grows = |f: fn(f64) -> f64| Trend::of(&series(f)).is_some();
        assert!(grows(|at| 100.0 + at), "a leak");
        assert!(grows(|at| 100.0 + at * 10.0 + (at * 7.0) % 30.0), "a leak under a cache that comes and goes");
        assert!(grows(|at| 5.0 * at * at), "a leak that speeds up");
        assert!(!grows(|_| 100.0), "nothing");
        assert!(!grows(|at| 100.0 - at), "the contrary");
        assert!(!grows(|at| 100.0 + (at * 37.0) % 50.0), "a cache that comes and goes");
        assert!(!grows(|at| 100.0 * (1.0 - (-at / 4.0).exp())), "a warm-up");
        assert!(!grows(|at| if at < 25.0 { 10.0 } else { 1000.0 + at / 10.0 }), "a jump");
        assert_eq!(Trend::of(&[1.0, 2.0, 3.0]), None, "too few");
        assert_eq!(Trend::of(&[1.0, 2.0, 3.0, 4.0]), Some(Trend { from: 1.0, to: 4.0, span: (0, 3), end: 4.0 }));
    }

    #[test]
    fn a_buffer_grows_in_steps() {
        let of = |f: fn(f64) -> f64| Trend::of_buffer(&series(f)).is_some();
        assert!(of(|at| (at * 5000.0 + 5000.0).log2().ceil().exp2()), "doubled again and again");
        assert!(!of(|at| (at.min(15.0) * 5000.0 + 5000.0).log2().ceil().exp2()), "came to a stand");
        assert!(!of(|at| if at < 30.0 { 0.0 } else { 1e6 }), "a single step");
        assert!(!of(|at| (at * 50.0 + 50.0).log2().ceil().exp2()), "nothing worth a word");
        assert!(!of(|at| if (at as u32).is_multiple_of(7) { 0.0 } else { at * 1e5 }), "given back at times");
    }
}
