//! A collection that is filled for each report and never cleared.

use super::scene::{Failed, Played, Scene};
use super::{Cure, Scenario};
use gc_core::{Gc, List, Slot, Trace};

pub const SCENARIO: Scenario = Scenario {
    name: "collection-never-cleared",
    summary: "a list is reused for each report, and never cleared",
    story: "A report builder collects its lines in a list that belongs to the builder, which lives as long as \
            the service. Each report adds its lines to those of all reports before it.",
    cure: Cure::Is("the list is cleared when the report is done"),
    max: None,
    in_tour: false,
    file: "collection_never_cleared.rs",
    source: include_str!("collection_never_cleared.rs"),
    python: include_str!("python/collection_never_cleared.py"),
    play,
};

const REPORTS: usize = 300;
const LOOKS: usize = 30;

#[derive(Trace)]
struct ReportBuilder {
    lines: List<Line>,
    template: Slot<Line>,
}

#[derive(Trace)]
struct Line {
    text: String,
}

fn play(scene: &mut Scene) -> Played {
    let template = scene.alloc(Line { text: "template".into() })?;
    let builder = scene.alloc(ReportBuilder { lines: List::new(), template: Slot::new(Some(template)) })?;
    let reports = scene.setting.scaled(REPORTS);
    scene.serve(reports, LOOKS, |scene, number| build(scene, &builder, number));
    let lines = builder.lines.len();
    scene.step("All reports are written", "").in_tour().fact("lines in the list", lines);
    scene.conclude();
    Ok(())
}

fn build(scene: &mut Scene, builder: &Gc<ReportBuilder>, number: usize) -> Result<(), Failed> {
    for line in 0..scene.dice.between(5, 15) {
        let line = scene.heap.try_alloc(Line { text: format!("report {number}, line {line}") })?;
        assert!(line.text.len() > builder.template.get().map_or(0, |template| template.text.len()));
        builder.lines.push(line); // <- the leak
    }
    if scene.setting.fixed {
        builder.lines.clear();
    }
    Ok(())
}
