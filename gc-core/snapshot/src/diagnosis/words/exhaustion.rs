//! The words for a heap that ran out of memory although nothing grows from unit to unit.

use super::{about, item};
use crate::Sample;
use crate::diagnosis::input::{DiagnosisInput, Trial};
use crate::diagnosis::{Evidence, Suspect, VerdictKind};
use crate::text::Bytes;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Returns the most bytes that were taken, and the bytes that live at the end.
fn peak_and_end(input: &DiagnosisInput<'_>) -> (f64, f64) {
    let samples = input.samples();
    let bytes = |sample: &Sample| sample.census.bytes() as f64;
    let lived = samples.iter().map(bytes).fold(0.0, f64::max);
    let taken = samples.last().map_or(0, |last| last.memory.peak) as f64;
    (lived.max(taken), samples.last().map_or(0.0, bytes))
}

fn of_trial(trial: &Trial) -> Vec<Evidence> {
    vec![
        item("the smallest limit that worked", trial.max as f64),
        item("live bytes before, with it", trial.before as f64),
        item("most bytes, with it", trial.peak as f64),
        item("live bytes after, with it", trial.after as f64),
    ]
}

pub(in crate::diagnosis) fn bulk_load(input: &DiagnosisInput<'_>, trial: Option<&Trial>) -> Suspect {
    let (peak, end) = peak_and_end(input);
    let mut evidence = vec![item("most bytes seen", peak), item("bytes at the end", end)];
    evidence.extend(trial.map(of_trial).into_iter().flatten());
    let mut finding = format!(
        "one unit of work needs more than the heap has: up to {} were taken, {} live at the end; nothing grows from \
         unit to unit",
        Bytes(peak),
        Bytes(end)
    );
    match trial {
        None => finding.push_str(" (no larger limit was tried: it may also have no end)"),
        Some(trial) => finding.push_str(&format!(
            ". With a limit of {} it completes, needs {} at most and falls back to {}",
            Bytes(trial.max as f64),
            Bytes(trial.peak as f64),
            Bytes(trial.after as f64)
        )),
    }
    let advice = "load and handle the data part by part (pages, a cursor) instead of all at once".into();
    about(VerdictKind::BulkLoad, peak, evidence, finding, advice)
}

/// Describes a heap that ran out of memory and still uses much of the memory that it took, if no
/// larger limit was tried.
pub(in crate::diagnosis) fn undecided(input: &DiagnosisInput<'_>) -> Suspect {
    let (peak, end) = peak_and_end(input);
    let evidence = vec![item("most bytes seen", peak), item("bytes at the end", end)];
    let finding = format!(
        "what lives needs more than the limit: up to {} were taken, and {} live still. A limit that is too small, or \
         a leak: there are too few looks to tell, and no larger limit was tried",
        Bytes(peak),
        Bytes(end)
    );
    about(VerdictKind::LimitTooSmall, peak, evidence, finding, MORE_MEMORY.into())
}

/// The advice if the input has too little data for a finding.
const MORE_MEMORY: &str = "give the heap more memory, so that there is more to look at, and run it again";

/// Describes a heap that units of work filled up although all units ended, if there are too few
/// samples for a trend.
pub(in crate::diagnosis) fn filled_up(sample: &Sample) -> Suspect {
    let figures = sample.memory;
    let (inside, outside) = ((figures.used + figures.owned) as f64, figures.external as f64);
    let (units, max) = (sample.units_ended(), figures.max.unwrap_or_default());
    let evidence = vec![
        item("units of work that ended", units as f64),
        item("bytes of the heap they left", inside),
        item("external bytes they left", outside),
        item("the limit", max as f64),
    ];
    let (kind, bytes, what) = match outside > inside {
        true => (VerdictKind::ExternalGrowth, outside, "external bytes"),
        false => (VerdictKind::ContainerGrowth, inside, "the heap"),
    };
    let finding = format!(
        "{units} units of work, all of which ended, left {} of {what} in use, under a limit of {}: a leak, or a limit \
         that is too small; there are too few looks to tell where it grows",
        Bytes(bytes),
        Bytes(max as f64)
    );
    about(kind, bytes, evidence, finding, MORE_MEMORY.into())
}

pub(in crate::diagnosis) fn limit_too_small(input: &DiagnosisInput<'_>, trial: &Trial) -> Suspect {
    let (peak, _) = peak_and_end(input);
    let mut evidence = vec![item("most bytes seen", peak)];
    evidence.extend(of_trial(trial));
    let finding = format!(
        "there is no leak: what lives needs more than the limit. With {} the work completes, and {} stay in use",
        Bytes(trial.max as f64),
        Bytes(trial.after as f64)
    );
    let advice = format!("raise the limit to {} at least, or keep less alive", Bytes(trial.max as f64));
    about(VerdictKind::LimitTooSmall, trial.peak as f64, evidence, finding, advice)
}

pub(in crate::diagnosis) fn runaway(input: &DiagnosisInput<'_>) -> Suspect {
    let (peak, _) = peak_and_end(input);
    let mut evidence = vec![item("most bytes seen", peak)];
    evidence.extend(input.trials.iter().map(|trial| item("a limit that was not enough either", trial.max as f64)));
    let most = input.trials.iter().map(|trial| trial.max).max();
    let limit = input.samples().last().and_then(|last| last.memory.max);
    let finding = match most {
        Some(max) => format!(
            "one unit of work does not complete with {} either: it allocates without an end, or needs more than {}",
            Bytes(max as f64),
            limit.map_or_else(|| "that".into(), |limit| format!("{} times the limit", max / limit.max(1)))
        ),
        None => "one unit of work allocates, holds all of it, and does not complete within the limit: it has no end, \
                 or needs more (no larger limit was tried)"
            .into(),
    };
    let advice = "look for the loop or recursion that does not end, in the unit of work that was open".into();
    let suspect = about(VerdictKind::RunawayAllocation, peak, evidence, finding, advice);
    let largest = input.samples().last().and_then(|last| last.census.types().first());
    Suspect { type_name: largest.map_or_else(String::new, |row| row.type_name.clone()), ..suspect }
}
