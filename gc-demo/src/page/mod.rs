//! `gc-demo report`: one HTML page with charts, histogram, path, diagnosis and cure. The leak and
//! the cure are shown one below the other. The page needs no network.

mod chart;
mod dump;

use crate::report::{Exhausted, Fact, Report, policy_name};
use crate::scenarios::{Cure, Scenario};
use anyhow::{Context as _, Result};
use chart::{Chart, Series};
pub use dump::page_of_dumps;
use gc_core::observe::Sample;
use gc_core::snapshot::ObjectId;
use gc_snapshot::text::Bytes;
use minijinja::{Environment, context};
use serde::Serialize;

const TEMPLATE: &str = include_str!("template.html");
const STYLE: &str = include_str!("style.css");

/// Greatest number of rows of the histogram.
const TYPES: usize = 12;

/// Evidence and facts, as pairs of a name and a text.
type Rows = Vec<(String, String)>;

#[derive(Serialize)]
struct Run {
    title: &'static str,
    class: &'static str,
    verdict: &'static str,
    policy: &'static str,
    seed: u64,
    scale: f64,
    error: Option<String>,
    charts: Vec<Picture>,
    suspects: Vec<Suspect>,
    path: Option<Picture>,
    cure: Option<String>,
    interrupted: bool,
    types: Vec<Type>,
    steps: Vec<Step>,
}

/// One chart, drawn in two sizes: for a wide page and for a telephone.
#[derive(Serialize)]
struct Picture {
    title: &'static str,
    wide: String,
    narrow: String,
}

#[derive(Serialize)]
struct Suspect {
    kind: &'static str,
    finding: String,
    advice: String,
    evidence: Rows,
}

#[derive(Serialize)]
struct Type {
    name: String,
    before: usize,
    after: usize,
    bytes: usize,
}

#[derive(Serialize)]
struct Step {
    title: String,
    note: String,
    facts: Rows,
}

/// Renders the page of a scenario: the leak and, where the scenario has one, the cure.
///
/// # Errors
/// When the template cannot be rendered, which is a bug.
pub fn page(scenario: &Scenario, reports: &[Report]) -> Result<String> {
    let environment = environment("page.html", TEMPLATE)?;
    let template = environment.get_template("page.html").context("the page's template")?;
    let runs: Vec<Run> = reports.iter().map(|report| run(scenario, report)).collect();
    let verdict = reports.first().map_or("none", |report| report.verdict.kind);
    let (cure, no_cure) = match scenario.cure {
        Cure::Is(cure) => (Some(marked_up(cure)), None),
        Cure::None(why) => (None, Some(marked_up(why))),
    };
    let (name, summary, story) = (scenario.name, scenario.summary, marked_up(scenario.story));
    let version = env!("CARGO_PKG_VERSION");
    template.render(context! { name, summary, story, verdict, runs, cure, no_cure, version }).context("the page")
}

fn environment(name: &'static str, template: &'static str) -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.add_template(name, template).context("the page's template")?;
    environment.add_global("style", STYLE);
    Ok(environment)
}

/// Escapes text for markup and puts parts in backticks into `<code>` elements.
fn marked_up(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        // A backtick without a partner is kept as a backtick.
        let opens = is_code && parts.peek().is_some();
        if is_code && !opens {
            out.push('`');
        }
        let part = chart::escape(part);
        out.push_str(&if opens { format!("<code>{part}</code>") } else { part });
        is_code = !is_code;
    }
    out
}

fn run(scenario: &Scenario, report: &Report) -> Run {
    let cure = match scenario.cure {
        Cure::Is(cure) if report.fixed => Some(marked_up(cure)),
        _ => None,
    };
    let healthy = ["none", "too-early"].contains(&report.verdict.kind);
    Run {
        title: if report.fixed { "With the cure" } else { "As it is" },
        class: if healthy { "good" } else { "bad" },
        verdict: report.verdict.kind,
        policy: policy_name(report.policy),
        seed: report.seed,
        scale: report.scale,
        error: report.out_of_memory.as_ref().map(Exhausted::text),
        charts: charts(report),
        suspects: suspects(report),
        path: path(report),
        cure,
        interrupted: report.interrupted,
        types: types(report),
        steps: steps(report),
    }
}

fn bytes(value: f64) -> String {
    match value {
        value if value >= 1048576.0 => format!("{:.1} MiB", value / 1048576.0),
        value if value >= 1024.0 => format!("{:.0} KiB", value / 1024.0),
        value => format!("{value:.0} B"),
    }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// Formats a tick of an axis as a whole number.
fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn charts(report: &Report) -> Vec<Picture> {
    let samples = report.evidence.timeline.samples();
    let line = |name, value: &dyn Fn(&Sample) -> f64| Series {
        name,
        points: samples.iter().map(|sample| (sample.at.as_secs_f64(), value(sample))).collect(),
    };
    let marks: Vec<f64> = report.evidence.collected_at.clone();
    let mut charts = vec![
        Chart {
            title: match report.heap.max {
                Some(_) => "memory over time; ticks are collections, the dashed line is the limit",
                None => "memory over time; ticks are collections",
            },
            series: vec![
                line("objects' bytes", &|sample| sample.census.bytes() as f64),
                line("memory of the heap", &|sample| sample.memory.committed as f64),
                line("declared outside", &|sample| sample.memory.external as f64),
            ],
            marks: marks.clone(),
            limit: report.heap.max.map(|max| max as f64),
            show: bytes,
        },
        Chart {
            title: "objects over time",
            series: vec![line("objects", &|sample| sample.census.objects() as f64)],
            marks,
            limit: None,
            show: whole,
        },
    ];
    let gauges = samples.last().map_or(&[][..], |last| &last.readings);
    for gauge in gauges {
        let of = |sample: &Sample| {
            let reading = sample.readings.iter().find(|reading| reading.name == gauge.name);
            reading.map_or(0.0, |reading| reading.value as f64)
        };
        let show = if gauge.kind == gc_core::observe::GaugeKind::ResidentBytes { bytes } else { whole };
        let (title, marks) = ("what the program brings in", Vec::new());
        charts.push(Chart { title, series: vec![line(&gauge.name, &of)], marks, limit: None, show });
    }
    let picture = |chart: &Chart<'_>| Picture {
        title: chart.title,
        wide: chart.svg(chart::WIDE),
        narrow: chart.svg(chart::NARROW),
    };
    charts.iter().map(picture).filter(|picture| !picture.wide.is_empty()).collect()
}

fn suspects(report: &Report) -> Vec<Suspect> {
    let suspects = report.verdict.suspects.iter();
    let evidence = |values: &serde_json::Map<String, serde_json::Value>| {
        values.iter().map(|(name, value)| (name.clone(), number(value.as_f64().unwrap_or(0.0)))).collect()
    };
    let suspect = |suspect: &crate::inspect::Suspected| Suspect {
        kind: suspect.kind,
        finding: marked_up(&suspect.finding),
        advice: marked_up(&suspect.advice),
        evidence: evidence(&suspect.evidence),
    };
    suspects.map(suspect).collect()
}

/// Draws the path from a root to the newest object of the first suspect's type, or to the suspect's
/// holder if no object has this type.
fn path(report: &Report) -> Option<Picture> {
    let suspect = report.verdict.suspects.first()?;
    let snapshot = &report.evidence.snapshot;
    let newest = snapshot.objects().filter(|object| object.type_name() == suspect.r#type).max_by_key(|it| it.id());
    let target = newest.or_else(|| snapshot.find(ObjectId(suspect.holder?)))?;
    let chain = snapshot.path_to_root(target)?;
    let root = format!("{} (held from outside)", chain.start());
    let links =
        chain.links().iter().map(|link| (format!(".{}", link.edge).replace(".[", "["), link.target.to_string()));
    let steps: Vec<(String, String)> = [(String::new(), root)].into_iter().chain(links).take(12).collect();
    let title = "Who holds it: the path from a root";
    Some(Picture { title, wide: chart::path(&steps, chart::WIDE), narrow: chart::path(&steps, chart::NARROW) })
}

fn types(report: &Report) -> Vec<Type> {
    let samples = report.evidence.timeline.samples();
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return Vec::new() };
    let row = |row: &gc_core::observe::TypeCount| Type {
        name: row.type_name.clone(),
        before: first.census.of(&row.type_name).map_or(0, |before| before.objects),
        after: row.objects,
        bytes: row.bytes(),
    };
    last.census.types().iter().take(TYPES).map(row).collect()
}

fn steps(report: &Report) -> Vec<Step> {
    let facts =
        |facts: &[(&'static str, Fact)]| facts.iter().map(|(name, fact)| (name.to_string(), text(fact))).collect();
    let step = |step: &crate::report::Step| Step {
        title: marked_up(step.title),
        note: marked_up(step.note),
        facts: facts(&step.facts),
    };
    report.steps.iter().map(step).collect()
}

fn text(fact: &Fact) -> String {
    match fact {
        Fact::Number(number) => number.to_string(),
        Fact::Bytes(bytes) => Bytes(*bytes as f64).to_string(),
        Fact::Flag(flag) => (if *flag { "yes" } else { "no" }).into(),
        Fact::Text(text) => text.clone(),
        Fact::List(items) if items.is_empty() => "none".into(),
        Fact::List(items) => items.join(", "),
        Fact::Table(rows) if rows.is_empty() => "none".into(),
        Fact::Table(rows) => {
            rows.iter().map(|(name, number)| format!("{name} {number}")).collect::<Vec<_>>().join(", ")
        }
    }
}
