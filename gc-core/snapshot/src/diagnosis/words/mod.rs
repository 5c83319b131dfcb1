//! The words of a diagnosis: the findings, the evidence, and the advice.

pub(super) mod exhaustion;
pub(super) mod names;
pub(super) mod places;

use super::holders::Holding;
use super::trend::Trend;
use super::{Diagnosis, Evidence, Problem, ProblemKind, Suspect, VerdictKind};
use crate::text::Bytes;
use crate::{Component, Sample, Snapshot, SnapshotObject};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

fn item(name: &'static str, value: impl Into<f64>) -> Evidence {
    Evidence { name, value: value.into() }
}

/// Returns a suspect that is not about an object.
fn about(kind: VerdictKind, bytes: f64, evidence: Vec<Evidence>, finding: String, advice: String) -> Suspect {
    Suspect {
        kind,
        type_name: String::new(),
        holder: None,
        holder_type: None,
        place: None,
        bytes: bytes.max(0.0) as u64,
        evidence,
        finding,
        advice,
        also: Vec::new(),
        types: Vec::new(),
        path: None,
    }
}

/// Returns a suspect that is a place in a container.
fn about_holding(holding: &Holding<'_>, evidence: Vec<Evidence>, finding: String, advice: String) -> Suspect {
    let Holding { holder, place, type_name, bytes, .. } = holding;
    Suspect {
        type_name: (*type_name).into(),
        holder: holder.map(SnapshotObject::id),
        holder_type: holder.map(|holder| holder.type_name().into()),
        place: place.clone(),
        ..about(VerdictKind::ContainerGrowth, *bytes as f64, evidence, finding, advice)
    }
}

/// The quantity that is counted for each unit of work.
#[derive(Clone, Copy)]
enum Per {
    Objects,
    Items,
    Bytes,
}

impl Per {
    fn show(self, value: f64) -> String {
        let whole = value == value as i64 as f64;
        match self {
            Per::Bytes => Bytes(value).to_string(),
            Per::Objects if value == 1.0 => "1 object".into(),
            Per::Objects if whole => format!("{value:.0} objects"),
            Per::Objects => format!("{value:.2} objects"),
            Per::Items if value == 1.0 => "1 item".into(),
            Per::Items if whole => format!("{value:.0} items"),
            Per::Items => format!("{value:.2} items"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Per::Objects => "more objects for each unit of work",
            Per::Items => "more items for each unit of work",
            Per::Bytes => "more bytes for each unit of work",
        }
    }
}

/// Returns the growth for each unit of work, as evidence and as a text such as
/// `, 2.5 objects for each unit of work`. The text is empty if no unit ended.
fn for_each_unit(more: f64, what: Per, samples: &[&Sample]) -> (Option<Evidence>, String) {
    let ended = |sample: Option<&&Sample>| sample.map_or(0, |sample| sample.units_ended());
    let units = ended(samples.last()) - ended(samples.first());
    if units == 0 {
        return (None, String::new());
    }
    let each = more / units as f64;
    (Some(item(what.name(), each)), format!(", {} for each unit of work", what.show(each)))
}

/// Returns the samples between which the growth of a trend was measured.
fn within<'s, 'a>(trend: Trend, samples: &'s [&'a Sample]) -> &'s [&'a Sample] {
    samples.get(trend.span.0..=trend.span.1).unwrap_or(samples)
}

pub(super) fn container(holding: &Holding<'_>, snapshot: &Snapshot, samples: &[&Sample]) -> Suspect {
    let Holding { holder, place, type_name, by_quarter, bytes } = holding;
    let objects = holding.objects();
    let [second, third, last] = by_quarter;
    // The objects that came and stayed are from after the first quarter.
    let since = samples.get(samples.len().saturating_sub(1) / 4..).unwrap_or(&[]);
    let (each, per_unit) = for_each_unit(objects as f64, Per::Objects, since);
    let mut evidence = vec![item("objects that came and stayed", objects as f64), item("their bytes", *bytes as f64)];
    let parts = ["from the first part of the time", "from the second part", "from the last part"];
    evidence.extend(parts.into_iter().zip(by_quarter).map(|(name, &objects)| item(name, objects as f64)));
    evidence.extend(each);
    let name = match (holder, place) {
        (Some(holder), Some(place)) => format!("{holder} grows through `{place}`"),
        _ if are_captured(holding, snapshot) => format!("{type_name} objects are held by a weak callback's capture"),
        _ => format!("{type_name} objects are held from outside of the heap"),
    };
    let mut finding = format!(
        "{name}: {objects} {type_name} objects came and stayed ({second}, {third} and {last} in three parts of \
         the time){per_unit}; {} in all",
        Bytes(*bytes as f64)
    );
    if let Some(path) = holder.and_then(|holder| snapshot.path_to_root(holder)) {
        finding.push_str("\nheld by: ");
        finding.push_str(&path.to_string());
    }
    let advice = match place {
        Some(place) => format!(
            "remove entries from `{place}` when they are done with, bound it (a cache needs a limit), or hold weak \
             references there"
        ),
        None if are_captured(holding, snapshot) => {
            "let the callback be given the object (`alloc_weak_with_state`), or capture a weak reference".into()
        }
        None => format!(
            "look for what keeps {type_name} pointers outside of the heap: variables, vectors or channels of the \
             program, fields that are not traced, what closures and the callbacks of weak references captured"
        ),
    };
    about_holding(holding, evidence, finding, advice)
}

/// Returns true if callbacks of weak references captured most of the objects of the type that are
/// held from outside.
fn are_captured(holding: &Holding<'_>, snapshot: &Snapshot) -> bool {
    let of_type = snapshot.objects().filter(|object| object.type_name() == holding.type_name);
    let mut held = of_type.filter(|object| object.external_references() > 0).peekable();
    held.peek().is_some() && {
        let (mut captured, mut all) = (0, 0);
        held.for_each(|object| (captured, all) = (captured + usize::from(object.is_captured()), all + 1));
        captured * 2 > all
    }
}

/// Describes a type of which there are more and more objects, without a snapshot.
pub(super) fn more_objects(type_name: &str, trend: Trend, samples: &[&Sample]) -> Suspect {
    let (each, per_unit) = for_each_unit(trend.more(), Per::Objects, within(trend, samples));
    let row = samples.last().and_then(|last| last.census.of(type_name));
    let size = row.map_or(0.0, |row| row.bytes() as f64 / row.objects.max(1) as f64);
    let mut evidence = vec![item("objects before", trend.from), item("objects after", trend.end)];
    evidence.extend(each);
    let finding = format!("{type_name} objects gather: {} became {}{per_unit}", trend.from, trend.end);
    let advice = "take a snapshot: it tells which container holds them".into();
    let suspect = about(VerdictKind::ContainerGrowth, trend.more() * size, evidence, finding, advice);
    Suspect { type_name: type_name.into(), ..suspect }
}

/// Describes objects whose own memory grows, such as vectors, strings, and maps of plain values.
pub(super) fn owned(type_name: &str, trend: Trend, snapshot: Option<&Snapshot>, samples: &[&Sample]) -> Suspect {
    let (each, per_unit) = for_each_unit(trend.more(), Per::Bytes, within(trend, samples));
    let mut evidence = vec![item("owned bytes before", trend.from), item("owned bytes after", trend.end)];
    evidence.extend(each);
    let largest = snapshot.and_then(|snapshot| {
        let alike = snapshot.objects().filter(|object| object.type_name() == type_name);
        alike.max_by_key(|object| object.owned_bytes())
    });
    let name = largest.map_or_else(|| type_name.to_string(), |largest| largest.to_string());
    let finding = format!(
        "{name} grows in itself: what {type_name} objects own outside of their slots grew from {} to {}{per_unit}",
        Bytes(trend.from),
        Bytes(trend.end)
    );
    let advice = "bound the vectors, strings or maps in it, or clear them when they are done with".into();
    let suspect = about(VerdictKind::ContainerGrowth, trend.more(), evidence, finding, advice);
    let (holder, holder_type) = (largest.map(SnapshotObject::id), largest.map(|it| it.type_name().into()));
    Suspect { type_name: type_name.into(), holder, holder_type, ..suspect }
}

/// Describes uncollectable objects, without a snapshot.
pub(super) fn garbage(last: &Sample) -> Suspect {
    let evidence = vec![item("objects in the list of uncollectable objects", last.garbage as f64)];
    let finding = format!("{} objects with finalizers are uncollectable", last.garbage);
    about(VerdictKind::UncollectableCycle, 0.0, evidence, finding, "take a snapshot: it tells where to cut".into())
}

/// Describes uncollectable groups whose members are of the same types.
pub(super) fn uncollectable(groups: &[Component<'_>]) -> Suspect {
    let first = &groups[0];
    let objects: usize = groups.iter().map(|group| group.members().len()).sum();
    let bytes: u64 = groups.iter().flat_map(Component::members).map(SnapshotObject::bytes).sum();
    let finalizers: usize = groups.iter().map(|group| group.finalizers().count()).sum();
    let mut types: Vec<&str> = first.members().map(SnapshotObject::type_name).collect();
    types.sort_unstable();
    types.dedup();
    let culprit = first.finalizers().next().or_else(|| first.members().next());
    let type_name = culprit.map_or("", SnapshotObject::type_name);
    let mut finding = format!(
        "{} group{} of {} {} uncollectable: {objects} objects lie on cycles, {finalizers} of them have a finalizer, \
         so that no order to finalize them in is right; {}",
        groups.len(),
        if groups.len() == 1 { "" } else { "s" },
        types.join(" and "),
        if groups.len() == 1 { "is" } else { "are" },
        Bytes(bytes as f64)
    );
    for (from, link) in first.closing_edges().into_iter().take(3) {
        finding.push_str(&format!("\na cycle is closed by {from} .{} -> {}", link.edge, link.target));
    }
    let cut = first.edge_to_cut();
    let advice = match &cut {
        Some((from, link)) => format!(
            "cut `{}` of {}: make it a weak reference, or clear it when the object is done with; then drop the \
             entries of the garbage list",
            link.edge,
            from.type_name()
        ),
        None => "cut all of the edges that close a cycle, then drop the entries of the garbage list".into(),
    };
    let evidence = vec![
        item("groups", groups.len() as f64),
        item("objects on their cycles", objects as f64),
        item("objects with a finalizer", finalizers as f64),
        item("their bytes", bytes as f64),
    ];
    Suspect {
        type_name: type_name.into(),
        holder: culprit.map(SnapshotObject::id),
        holder_type: Some(type_name.into()),
        place: cut.map(|(_, link)| link.edge.into_owned()),
        ..about(VerdictKind::UncollectableCycle, bytes as f64, evidence, finding, advice)
    }
}

/// Describes the growth of declared bytes, or of the resident set if `gauge` is its gauge.
pub(super) fn external(gauge: Option<&str>, trend: Trend, heap_grew: f64, samples: &[&Sample]) -> Suspect {
    let (each, per_unit) = for_each_unit(trend.more(), Per::Bytes, within(trend, samples));
    let mut evidence = vec![
        item("bytes outside of the heap before", trend.from),
        item("bytes outside of the heap after", trend.end),
        item("bytes that the heap grew by", heap_grew),
    ];
    evidence.extend(each);
    let what = if gauge.is_some() { "the resident set without the heap" } else { "declared external memory" };
    let finding = format!(
        "{what} grew from {} to {}{per_unit}, while the objects grew by {}: the leak is outside of the heap",
        Bytes(trend.from),
        Bytes(trend.end),
        Bytes(heap_grew)
    );
    let advice = match gauge {
        Some(_) => "look at native modules: handles, buffers and connections that are opened and not closed",
        None => "close or free what the external bytes stand for; look at who keeps the guards",
    };
    let suspect = about(VerdictKind::ExternalGrowth, trend.more(), evidence, finding, advice.into());
    Suspect { place: gauge.map(String::from), ..suspect }
}

pub(super) fn backlog(gauge: &str, trend: Trend, samples: &[&Sample]) -> Suspect {
    let (each, per_unit) = for_each_unit(trend.more(), Per::Items, within(trend, samples));
    let mut evidence = vec![item("items that waited before", trend.from), item("items that wait after", trend.end)];
    let span = |sample: Option<&&Sample>| sample.map_or(0.0, |sample| sample.at.as_secs_f64());
    let measured = within(trend, samples);
    let seconds = span(measured.last()) - span(measured.first());
    let mut rate = per_unit;
    if seconds > 0.0 {
        evidence.push(item("more for each second", trend.more() / seconds));
        rate.push_str(&format!(", {:.0} more each second", trend.more() / seconds));
    }
    evidence.extend(each);
    let finding =
        format!("`{gauge}` grows: {} items became {}{rate}; what is made is not taken as fast", trend.from, trend.end);
    let advice = "bound the queue, so that who makes waits for who takes; or add consumers".into();
    let suspect = about(VerdictKind::Backlog, 0.0, evidence, finding, advice);
    Suspect { place: Some(gauge.into()), ..suspect }
}

pub(super) fn trace_bug(problem: &Problem) -> Suspect {
    let evidence = vec![item("objects of the type that show it", problem.objects as f64)];
    let finding = problem.to_string();
    let advice = match &problem.field {
        None if problem.kind == ProblemKind::CapturedPointer => {
            "let the callback be given the object (`alloc_weak_with_state`), or capture a weak reference".into()
        }
        Some(field) => format!("report `{field}` in the `Trace` of {}, once; better, derive it", problem.type_name),
        None => format!("look at the `Trace` of {}; better, derive it", problem.type_name),
    };
    let suspect = about(VerdictKind::TraceBug, 0.0, evidence, finding, advice);
    Suspect {
        type_name: problem.type_name.clone(),
        holder: problem.example,
        holder_type: Some(problem.type_name.clone()),
        place: problem.field.clone(),
        ..suspect
    }
}

/// `3 Node objects`, `1 Node object`.
fn counted_objects(number: u64, type_name: &str) -> String {
    format!("{number} {type_name} object{}", if number == 1 { "" } else { "s" })
}

/// Returns a number with the name of its unit, in the singular for 1: `3 samples`, `1 sample`.
fn counted(value: f64, name: &str) -> String {
    if let Some(rest) = name.strip_prefix("bytes") {
        return format!("{}{rest}", Bytes(value));
    }
    const ONE: [(&str, &str); 4] = [
        ("samples", "sample"),
        ("units", "unit"),
        ("objects", "object"),
        ("out-of-memory errors", "out-of-memory error"),
    ];
    if value == 1.0
        && let Some((many, one)) = ONE.iter().find(|(many, _)| name.starts_with(many))
    {
        return format!("1 {one}{}", &name[many.len()..]);
    }
    format!("{value} {name}")
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.suspects.is_empty() {
            f.write_str("nothing suspicious")?;
        }
        for (number, suspect) in (1..).zip(&self.suspects) {
            let separator = if number == 1 { "" } else { "\n" };
            let text = suspect.finding.replace('\n', "\n   ");
            write!(f, "{separator}{number}. {}: {text}\n   what to do: {}", suspect.kind.word(), suspect.advice)?;
        }
        f.write_str("\nlooked at:")?;
        for (number, Evidence { name, value }) in self.evidence.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma} {}", counted(*value, name))?;
        }
        writeln!(f)
    }
}
