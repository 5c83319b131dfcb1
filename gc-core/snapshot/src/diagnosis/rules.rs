//! The rules of the diagnosis. Each rule looks for one kind of trouble, and states its evidence.

use super::Suspect;
use super::holders::{Holding, Quarters, holdings};
use super::input::{DiagnosisInput, Trial};
use super::trend::{FEWEST, Trend};
use super::words::exhaustion as exhausted;
use super::{growth, words};
use crate::places::Places;
use crate::{Component, GaugeKind, ObjectId, Sample, Snapshot};
use alloc::string::String;
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};

/// The heap counts as flat if it grows by less than this fraction of the growth outside of the
/// heap.
const HEAP_IS_FLAT: f64 = 0.25;

/// The greatest growth of the resident set, in bytes, that is not reported. Small growth has many
/// causes.
const RESIDENT_NOISE: f64 = (1 << 20) as f64;

/// A unit of work has let go of its memory if less than this fraction of the memory is left.
const LET_GO: f64 = 0.25;

/// Units of work have filled the heap up if they left behind more than this fraction of the limit.
const FILLED: f64 = 0.5;

/// Returns all suspects, the one that matters most first.
pub(super) fn suspects(input: &DiagnosisInput<'_>) -> Vec<Suspect> {
    let samples = input.judged();
    let mut suspects: Vec<Suspect> = input.problems.iter().map(words::trace_bug).collect();
    suspects.extend(backlogs(&samples));
    let growth = container_growth(input, &samples);
    let mut within: Vec<Suspect> = uncollectable(input);
    let heap_has_a_leak = !growth.is_empty() || !within.is_empty();
    within.extend(growth);
    if input.snapshot.is_some() {
        within.sort_by_key(|suspect| core::cmp::Reverse(suspect.bytes));
    } // Without a snapshot, uncollectable objects come first, as types may grow due to them.
    within.extend(external_growth(&samples, heap_has_a_leak));
    if input.ran_out() {
        // The suspect that takes most of the memory matters most.
        within.sort_by_key(|suspect| core::cmp::Reverse(suspect.bytes));
    }
    suspects.extend(within);
    suspects.extend(from_snapshots(input));
    if suspects.is_empty() && input.ran_out() {
        suspects.extend(exhaustion(input));
    }
    suspects
}

/// Returns the suspects that snapshots alone show, if the input has no timeline.
fn from_snapshots(input: &DiagnosisInput<'_>) -> Vec<Suspect> {
    let (None, Some(snapshot)) = (input.timeline, input.snapshot) else { return Vec::new() };
    if !input.earlier.is_empty() {
        let all: Vec<&Snapshot> = input.earlier.iter().copied().chain([snapshot]).collect();
        let places = Places::of(&all);
        return growth::growth(&places).iter().map(|it| words::places::growing(&places, it)).collect();
    }
    let left: Vec<f64> = input.in_use_after.iter().map(|&bytes| bytes as f64).collect();
    let is_flat = left.len() >= FEWEST && Trend::of(&left).is_none();
    if is_flat {
        return Vec::new();
    }
    let places = Places::of(&[snapshot]);
    growth::accumulations(&places).iter().map(|it| words::places::gathered(&places, it)).collect()
}

fn trend(samples: &[&Sample], value: impl Fn(&Sample) -> f64) -> Option<Trend> {
    let series: Vec<f64> = samples.iter().map(|sample| value(sample)).collect();
    Trend::of(&series)
}

fn backlogs(samples: &[&Sample]) -> Vec<Suspect> {
    let Some(last) = samples.last() else { return Vec::new() };
    let gauges = last.readings.iter().filter(|reading| reading.kind == GaugeKind::Backlog);
    let of = |name: &str, sample: &Sample| {
        sample.readings.iter().find(|reading| reading.name == name).map_or(0.0, |reading| reading.value as f64)
    };
    let grown = gauges.filter_map(|gauge| Some((gauge, trend(samples, |sample| of(&gauge.name, sample))?)));
    grown.map(|(gauge, trend)| words::backlog(&gauge.name, trend, samples)).collect()
}

/// Returns the types that grow steadily by number of objects, and other types that grow by owned
/// bytes.
fn growing_types(samples: &[&Sample]) -> (HashMap<String, Trend>, HashMap<String, Trend>) {
    let (mut objects, mut owned) = (HashMap::new(), HashMap::new());
    let Some(last) = samples.last() else { return (objects, owned) };
    for row in last.census.types() {
        let name = &row.type_name;
        let of = |sample: &Sample| {
            sample.census.of(name).map_or((0.0, 0.0), |row| (row.objects as f64, row.owned_bytes as f64))
        };
        if let Some(trend) = trend(samples, |sample| of(sample).0) {
            objects.insert(name.clone(), trend);
            continue;
        }
        let series: Vec<f64> = samples.iter().map(|sample| of(sample).1).collect();
        if let Some(trend) = Trend::of(&series).or_else(|| Trend::of_buffer(&series)) {
            owned.insert(name.clone(), trend);
        }
    }
    (objects, owned)
}

fn container_growth(input: &DiagnosisInput<'_>, samples: &[&Sample]) -> Vec<Suspect> {
    let (objects, owned) = growing_types(samples);
    let mut suspects: Vec<Suspect> = Vec::new();
    match input.snapshot {
        Some(snapshot) if !objects.is_empty() => {
            let growing: HashSet<&str> = objects.keys().map(String::as_str).collect();
            let holdings = holdings(snapshot, quarters(samples), &growing);
            let told = holdings.iter().filter(|it| matters(it, &objects));
            suspects.extend(told.map(|holding| words::container(holding, snapshot, samples)));
        }
        Some(_) => {}
        None => suspects.extend(objects.iter().map(|(name, &trend)| words::more_objects(name, trend, samples))),
    }
    // The buffer of a list grows with the objects that gather in the list, and is no further
    // suspect.
    let holders: HashSet<ObjectId> = suspects.iter().filter_map(|suspect| suspect.holder).collect();
    let buffers = owned.iter().map(|(name, &trend)| words::owned(name, trend, input.snapshot, samples));
    suspects.extend(buffers.filter(|suspect| suspect.holder.is_none_or(|holder| !holders.contains(&holder))));
    suspects
}

/// Returns true if the place holds at least a tenth of the growth of its type. (If a type leaks in
/// one place, a few of its objects also come and stay in other places.)
fn matters(holding: &Holding<'_>, growing: &HashMap<String, Trend>) -> bool {
    growing.get(holding.type_name).is_some_and(|trend| holding.objects() as f64 >= 0.1 * trend.more())
}

fn quarters(samples: &[&Sample]) -> Quarters {
    let births = |quarter: usize| samples[quarter * (samples.len() - 1) / 4].births;
    Quarters([births(1), births(2), births(3)])
}

/// Returns the suspects for uncollectable objects. Groups whose members have equal types make one
/// suspect.
fn uncollectable(input: &DiagnosisInput<'_>) -> Vec<Suspect> {
    let last = input.samples().last();
    match input.snapshot {
        Some(snapshot) => groups(snapshot),
        None => last.filter(|last| last.garbage > 0).map(words::garbage).into_iter().collect(),
    }
}

fn groups(snapshot: &Snapshot) -> Vec<Suspect> {
    if !snapshot.objects().any(|object| object.is_in_garbage()) {
        return Vec::new();
    }
    let mut alike: HashMap<Vec<&str>, Vec<Component<'_>>> = HashMap::new();
    for component in snapshot.components() {
        if component.members().any(|member| member.is_in_garbage()) {
            let mut types: Vec<&str> = component.members().map(|member| member.type_name()).collect();
            types.sort_unstable();
            types.dedup();
            alike.entry(types).or_default().push(component);
        }
    }
    let mut suspects: Vec<Suspect> = alike.values().map(|groups| words::uncollectable(groups)).collect();
    suspects.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.type_name.cmp(&other.type_name)));
    suspects
}

/// Returns the suspects outside of the heap: declared external bytes, and resident memory beyond
/// the heap's.
fn external_growth(samples: &[&Sample], heap_has_a_leak: bool) -> Vec<Suspect> {
    let heap = |sample: &Sample| sample.census.bytes() as f64;
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return Vec::new() };
    let heap_grew = (heap(last) - heap(first)).max(0.0);
    let is_flat = |trend: Trend| heap_grew < HEAP_IS_FLAT * trend.more();
    let mut suspects = Vec::new();
    let declared = trend(samples, |sample| sample.memory.external as f64);
    if let Some(trend) = declared.filter(|&trend| is_flat(trend)) {
        suspects.push(words::external(None, trend, heap_grew, samples));
    }
    let resident = last.readings.iter().find(|reading| reading.kind == GaugeKind::ResidentBytes);
    if let (Some(gauge), None) = (resident, declared) {
        let beside = |sample: &Sample| {
            let gauge = sample.readings.iter().find(|reading| reading.kind == GaugeKind::ResidentBytes);
            gauge.map_or(0.0, |gauge| gauge.value as f64) - sample.memory.committed as f64
        };
        let grows = trend(samples, beside).filter(|&trend| is_flat(trend) && trend.more() > RESIDENT_NOISE);
        if let Some(trend) = grows.filter(|_| !heap_has_a_leak) {
            suspects.push(words::external(Some(&gauge.name), trend, heap_grew, samples));
        }
    }
    suspects
}

/// Returns the suspect for a heap that ran out of memory although nothing grows from unit to unit.
fn exhaustion(input: &DiagnosisInput<'_>) -> Option<Suspect> {
    let enough = input.trials.iter().filter(|trial| trial.completed).min_by_key(|trial| trial.max);
    match enough {
        Some(trial) if let_go(trial) => Some(exhausted::bulk_load(input, Some(trial))),
        Some(trial) => Some(exhausted::limit_too_small(input, trial)),
        None => Some(filled_up(input).map_or_else(|| without_an_end(input), exhausted::filled_up)),
    }
}

/// Returns the suspect for a heap for which no limit is known to be enough.
fn without_an_end(input: &DiagnosisInput<'_>) -> Suspect {
    if !input.trials.is_empty() || unit_is_open(input) {
        return exhausted::runaway(input);
    }
    let has_let_go = input.samples().last().is_some_and(|last| held(last) < LET_GO * last.memory.peak as f64);
    if has_let_go { exhausted::bulk_load(input, None) } else { exhausted::undecided(input) }
}

/// Returns the last sample between units of work, if the units that had ended left more behind than
/// the fraction `FILLED` of the limit.
fn filled_up<'a>(input: &DiagnosisInput<'a>) -> Option<&'a Sample> {
    let last = input.judged().into_iter().rev().find(|sample| sample.units_open() == 0 && sample.units_ended() > 1)?;
    (held(last) > FILLED * last.memory.max? as f64).then_some(last)
}

/// Returns the bytes in use, inside and outside of the heap.
fn held(sample: &Sample) -> f64 {
    (sample.memory.used + sample.memory.owned + sample.memory.external) as f64
}

fn let_go(trial: &Trial) -> bool {
    let (held, left) = (trial.peak.saturating_sub(trial.before), trial.after.saturating_sub(trial.before));
    (left as f64) < LET_GO * held as f64
}

fn unit_is_open(input: &DiagnosisInput<'_>) -> bool {
    input.samples().last().is_some_and(|last| last.units_open() > 0)
}
