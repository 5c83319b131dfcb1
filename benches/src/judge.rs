//! Judges a number by its bar.

use crate::rows::{RC_CHURN_OF_THE_DESIGN, Row};
use crate::work::Size;
use serde::Serialize;

/// The bar of a row in this run, and whether ours holds it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Verdict {
    /// The design's bar.
    pub bar: Option<f64>,
    /// The bar, scaled to the speed of this machine.
    pub scaled_bar: Option<f64>,
    /// The most that ours may be of `Rc`'s.
    pub bar_to_rc: Option<f64>,
    /// Every bar that the row has holds. Nothing where `Rc` is missing for it.
    pub holds: Option<bool>,
    /// Not judged yet.
    pub pending: bool,
}

/// How much slower this machine is now than the one the bars were set on, by `Rc`'s
/// nanoseconds for allocating and dropping.
pub fn scale(rc_churn: f64) -> f64 {
    rc_churn / RC_CHURN_OF_THE_DESIGN
}

/// Judges a row. Times are scaled to the machine; bytes and ratios are what they are.
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

/// A number of ours that is missing holds nothing; a limit that is unknown is not judged.
fn holds_one(ours: Option<f64>, limit: Option<f64>) -> Option<bool> {
    match (ours, limit) {
        (None, _) => Some(false),
        (Some(ours), limit) => limit.map(|limit| ours <= limit),
    }
}

/// The least of the numbers, with its name.
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
