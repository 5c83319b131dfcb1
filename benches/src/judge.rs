//! Judges the numbers of our heap by the bars of the rows.

use crate::rows::{RC_CHURN_OF_THE_DESIGN, Row};
use crate::work::Size;
use serde::Serialize;

/// The bars of a row in this run, and whether our heap holds them.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Verdict {
    /// The design's bar.
    pub bar: Option<f64>,
    /// The bar, scaled to the speed of this machine.
    pub scaled_bar: Option<f64>,
    /// The greatest allowed value of our heap, as a multiple of the value of `Rc`.
    pub bar_to_rc: Option<f64>,
    /// True if every bar of the row holds. `None` if the row has no bar, or if a value of `Rc`
    /// that a bar needs is missing.
    pub holds: Option<bool>,
    /// True if the row does not count in [`Report::holds`](crate::report::Report::holds) yet.
    pub pending: bool,
}

/// Returns the factor by which this machine is now slower than the machine the bars were set on.
/// `rc_churn` is the time of `Rc` to allocate and drop an object, in nanoseconds.
pub fn scale(rc_churn: f64) -> f64 {
    rc_churn / RC_CHURN_OF_THE_DESIGN
}

/// Judges a row. Bars for times are scaled to the machine; bars for bytes and ratios are not.
pub fn judge(row: &Row, size: &Size, ours: Option<f64>, rc: Option<f64>, scale: Option<f64>) -> Verdict {
    let bar = row.bar_at(size);
    let scaled_bar = match row.unit.is_time() {
        true => bar.zip(scale).map(|(bar, scale)| bar * scale),
        false => bar,
    };
    let limits = [(row.bar, scaled_bar), (row.bar_to_rc, row.bar_to_rc.zip(rc).map(|(bar, rc)| bar * rc))];
    let holds = limits.into_iter().filter(|(asked, _)| asked.is_some()).map(|(_, limit)| holds_one(ours, limit));
    let holds = holds.reduce(|one, other| Some(one? && other?)).flatten();
    Verdict { bar, scaled_bar, bar_to_rc: row.bar_to_rc, holds, pending: row.pending }
}

/// Returns true if our value holds the limit. A missing value holds no limit; an unknown limit
/// is not judged, and gives `None`.
fn holds_one(ours: Option<f64>, limit: Option<f64>) -> Option<bool> {
    match (ours, limit) {
        (None, _) => Some(false),
        (Some(ours), limit) => limit.map(|limit| ours <= limit),
    }
}

/// Returns the least of the numbers, with its name.
pub fn best<'a>(values: impl Iterator<Item = (&'a str, f64)>) -> Option<(&'a str, f64)> {
    values.min_by(|one, other| one.1.total_cmp(&other.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows;

    fn holds(id: &str, ours: f64, rc: Option<f64>, scale: f64) -> Option<bool> {
        judge(rows::named(id).unwrap(), &Size::FULL, Some(ours), rc, Some(scale)).holds
    }

    #[test]
    fn both_bars_must_hold() {
        assert_eq!(holds("churn", 5.0, Some(13.6), 1.0), Some(true));
        assert_eq!(holds("churn", 6.1, Some(20.0), 1.0), Some(false), "the absolute one");
        assert_eq!(holds("churn", 5.9, Some(10.0), 1.0), Some(false), "the ratio");
        assert_eq!(holds("churn", 5.0, None, 1.0), None);
    }

    #[test]
    fn times_are_scaled_and_bytes_are_not() {
        assert_eq!(holds("hold", 39.0, None, 2.0), Some(true));
        assert_eq!(holds("hold", 11.0, None, 0.5), Some(false));
        assert_eq!(holds("bytes", 57.0, None, 2.0), Some(false));
        assert_eq!(holds("clone", 2.0, Some(1.9), 0.1), Some(true));
    }

    #[test]
    fn what_is_missing() {
        let row = rows::named("hold").unwrap();
        assert_eq!(judge(row, &Size::FULL, None, None, Some(1.0)).holds, Some(false));
        assert_eq!(judge(row, &Size::FULL, Some(1.0), None, None).holds, None);
        assert!(judge(rows::named("pause").unwrap(), &Size::FULL, None, None, None).pending);
    }

    #[test]
    fn the_best_is_the_least() {
        assert_eq!(best([("a", 2.0), ("b", 1.0)].into_iter()), Some(("b", 1.0)));
        assert_eq!(best([].into_iter()), None);
        assert_eq!(scale(27.2), 2.0);
    }
}
