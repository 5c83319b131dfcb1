//! The chart of growth. The left panel shows nanoseconds per object over the size of the heap;
//! the right panel compares several threads with one thread.

use crate::growth::{Growth, Line, Throughput, speedup};
use crate::svg::{Anchor, LogAxis, Style, Svg, colour};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 420.0;
const TOP: f64 = 92.0;
const BOTTOM: f64 = 350.0;
/// Left and right end of the panel of sizes; `THREADS` are the ends of the panel of threads.
const SIZES: (f64, f64) = (70.0, 500.0);
const THREADS: (f64, f64) = (740.0, 970.0);
const COLOURS: [&str; 4] = [colour::OURS, colour::COUNTING, colour::TRACING, colour::PYTHON];

/// Returns the chart as the text of an SVG file.
pub fn growth(growth: &Growth) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let title = "gc-core: cost of an object as the heap grows";
    svg.text((24.0, 34.0), Anchor::Start, Style::bold(18.0, colour::TEXT), title);
    sizes(&mut svg, growth);
    threads(&mut svg, growth);
    let footer = format!("{}, {}; thread CPU time", growth.machine, growth.date);
    svg.text((24.0, HEIGHT - 16.0), Anchor::Start, Style::plain(11.0, colour::MUTED), &footer);
    svg.finish(title)
}

/// A linear axis from 0, drawn upwards.
struct Height {
    top: f64,
    step: f64,
}

impl Height {
    /// Makes an axis that has room for the largest value, in about five round steps.
    fn over(largest: f64) -> Height {
        let rough = (largest / 4.0).max(1e-9);
        let decade = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|by| by * decade).find(|&step| step >= rough);
        let step = step.unwrap_or(10.0 * decade);
        Height { top: step * (largest / step).ceil().max(1.0), step }
    }

    fn place(&self, value: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * value / self.top
    }

    fn grid(&self, svg: &mut Svg, (left, right): (f64, f64), unit: &str) {
        let mut value = 0.0;
        while value <= self.top * 1.001 {
            let y = self.place(value);
            svg.line([left, y, right, y], colour::GRID, 1.0, "");
            let label = format!("{}{unit}", (value * 1000.0).round() / 1000.0);
            svg.text((left - 8.0, y + 4.0), Anchor::End, Style::plain(11.0, colour::MUTED), &label);
            value += self.step;
        }
    }
}

fn sizes(svg: &mut Svg, growth: &Growth) {
    let points = || growth.lines.iter().flat_map(|line| &line.points);
    let largest = points().map(|point| point.nanoseconds).fold(1.0, f64::max);
    let most = points().map(|point| point.objects as f64).fold(1e5, f64::max);
    let (height, axis) = (Height::over(largest), LogAxis { values: (1e4, most), places: SIZES });
    svg.text((24.0, 68.0), Anchor::Start, Style::plain(12.0, colour::MUTED), "nanoseconds an object");
    height.grid(svg, SIZES, "");
    for size in axis.decades() {
        let label = format!("{size:.0e}");
        svg.text((axis.place(size), BOTTOM + 18.0), Anchor::Middle, Style::plain(11.0, colour::MUTED), &label);
    }
    let middle = (SIZES.0 + SIZES.1) / 2.0;
    svg.text((middle, BOTTOM + 34.0), Anchor::Middle, Style::plain(11.0, colour::MUTED), "objects");
    let ends: Vec<f64> =
        growth.lines.iter().map(|line| last(line).map_or(BOTTOM, |value| height.place(value))).collect();
    for ((line, fill), y) in growth.lines.iter().zip(COLOURS).zip(spread(&ends)) {
        let places: Vec<(f64, f64)> = line
            .points
            .iter()
            .map(|point| (axis.place(point.objects as f64), height.place(point.nanoseconds)))
            .collect();
        curve(svg, &places, fill);
        svg.text((SIZES.1 + 12.0, y + 4.0), Anchor::Start, Style::bold(11.5, fill), line.work);
    }
}

fn last(line: &Line) -> Option<f64> {
    line.points.last().map(|point| point.nanoseconds)
}

fn threads(svg: &mut Svg, growth: &Growth) {
    let most = growth.threads.iter().map(|one| one.threads).max().unwrap_or(1).max(2) as f64;
    let height = Height::over(most);
    let x = |threads: f64| THREADS.0 + (THREADS.1 - THREADS.0) * (threads - 1.0) / (most - 1.0);
    let title = "several heaps at once, of one alone";
    svg.text((THREADS.0 - 40.0, 68.0), Anchor::Start, Style::plain(12.0, colour::MUTED), title);
    height.grid(svg, THREADS, "×");
    svg.line([x(1.0), height.place(1.0), x(most), height.place(most)], colour::MUTED, 1.0, "4 3");
    for threads in 1..=most as usize {
        let place = (x(threads as f64), BOTTOM + 18.0);
        svg.text(place, Anchor::Middle, Style::plain(11.0, colour::MUTED), &threads.to_string());
    }
    let middle = (THREADS.0 + THREADS.1) / 2.0;
    svg.text((middle, BOTTOM + 34.0), Anchor::Middle, Style::plain(11.0, colour::MUTED), "threads");
    let mut works: Vec<&str> = growth.threads.iter().map(|one| one.work).collect();
    works.dedup();
    for (at, (work, fill)) in works.into_iter().zip(COLOURS).enumerate() {
        let of_work = growth.threads.iter().filter(|one| one.work == work);
        let place = |one: &Throughput| (x(one.threads as f64), height.place(speedup(growth, one)));
        curve(svg, &of_work.map(place).collect::<Vec<_>>(), fill);
        let place = (THREADS.0 + 14.0, BOTTOM - 42.0 + 16.0 * at as f64);
        svg.text(place, Anchor::Start, Style::bold(11.5, fill), work);
    }
}

fn curve(svg: &mut Svg, places: &[(f64, f64)], fill: &str) {
    svg.polyline(places, fill);
    places.iter().for_each(|&place| svg.dot(place, 3.5, fill));
}

/// Returns the heights of the labels. Each label is near the end of its line, and at least the
/// height of a line of text from the next label.
fn spread(ends: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ends.len()).collect();
    order.sort_by(|&one, &other| ends[one].total_cmp(&ends[other]));
    let (mut labels, mut free) = (vec![0.0; ends.len()], f64::MIN);
    for at in order {
        labels[at] = ends[at].max(free);
        free = labels[at] + 15.0;
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::Point;
    use crate::svg::is_well_formed;

    #[test]
    fn a_chart_of_growth_is_well_formed() {
        let points = |by: f64| [10_000, 100_000].map(|objects| Point { objects, nanoseconds: by }).to_vec();
        let lines = [("a & b", 10.0), ("c", 11.0)].map(|(work, by)| Line { work, points: points(by) }).to_vec();
        let threads =
            [1, 2].map(|threads| Throughput { work: "t", threads, by_wall_clock: 1.5, by_cpu_time: 1.5 }).to_vec();
        let growth = Growth { machine: "M".into(), date: "D".into(), lines, threads };
        let text = super::growth(&growth);
        assert!(is_well_formed(&text) && text.contains("a &amp; b"), "{text}");
    }

    #[test]
    fn labels_are_apart_and_steps_are_round() {
        assert_eq!(spread(&[100.0, 10.0, 102.0]), [100.0, 10.0, 115.0]);
        let height = Height::over(38.0);
        assert_eq!((height.step, height.top), (10.0, 40.0));
    }
}
