//! The words for a place: where it is, what gathers there, how to find it.

use super::names::{full_name, path};
use super::{counted_objects, item};
use crate::SnapshotObject;
use crate::diagnosis::growth::{Gathering, Member};
use crate::diagnosis::{Evidence, Gathered, Suspect, cures};
use crate::places::Places;
use crate::places::name;
use crate::text::Bytes;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// Describes a place that grows from snapshot to snapshot.
pub(in crate::diagnosis) fn growing(places: &Places<'_>, it: &Gathering<'_>) -> Suspect {
    let subject = subject(places, it);
    let change = match (it.members.first(), it.own) {
        (Some(first), _) => format!("holds more and more: {}", series(places, first)),
        (None, Some((before, now))) => {
            format!("grows in itself: {} became {}", Bytes(before as f64), Bytes(now as f64))
        }
        (None, None) => "grows".into(),
    };
    let finding = format!("{subject} {change}; {} more in all", Bytes(it.bytes as f64));
    suspect(places, it, finding, vec![item("bytes that gathered", it.bytes as f64)])
}

/// Describes a place where much has gathered, by a single snapshot.
pub(in crate::diagnosis) fn gathered(places: &Places<'_>, it: &Gathering<'_>) -> Suspect {
    let all = places.last().bytes();
    let part = it.bytes as f64 / all.max(1) as f64 * 100.0;
    let what = it.members.first().map_or(String::new(), |first| {
        format!(" {}", counted_objects(first.now().into(), places.word(first.type_word)))
    });
    let finding = format!("{} holds{what}: {}, {part:.0} % of the heap", subject(places, it), Bytes(it.bytes as f64));
    let mut evidence = vec![item("bytes that gathered", it.bytes as f64), item("per cent of the heap", part)];
    if let Some(first) = it.members.first() {
        evidence.push(item("objects held", f64::from(first.now())));
    }
    let suspect = suspect(places, it, finding, evidence);
    let advice = format!("take a second dump later: it tells whether this grows. If it does: {}", suspect.advice);
    Suspect { advice, ..suspect }
}

fn suspect(places: &Places<'_>, it: &Gathering<'_>, mut finding: String, mut evidence: Vec<Evidence>) -> Suspect {
    let first = it.members.first();
    for member in it.members.iter().skip(1).take(2) {
        finding.push_str(&format!("\nand: {}, {}", series(places, member), Bytes(member.bytes as f64)));
    }
    let also: Vec<String> = it.others.iter().map(|&place| name(places, place)).collect();
    if !also.is_empty() {
        finding.push_str(&format!("\nthe same objects are held by: {}", also.join(", ")));
    }
    let path = first.and_then(|first| first.example).or(it.holder).map(|object| path(places, object));
    if let Some(path) = &path {
        finding.push_str(&format!("\nfor example: {path}"));
    }
    if let Some(member) = first.filter(|member| member.edges.len() > 1) {
        evidence.push(item("objects before", f64::from(member.before())));
        evidence.push(item("objects after", f64::from(member.now())));
    }
    let cure = cures::of(places, it);
    if let Some(more) = cure.finding {
        finding.push_str(&format!("\n{more}"));
    }
    let type_word = first.map_or(places.place(it.place).type_word, |first| first.type_word);
    Suspect {
        kind: cure.kind,
        type_name: places.word(type_word).into(),
        holder: it.holder.map(SnapshotObject::id),
        holder_type: it.holder.map(|holder| holder.type_name().into()),
        place: Some(full_name(places, it)),
        bytes: it.bytes,
        evidence,
        finding,
        advice: cure.advice,
        also,
        types: it.members.iter().map(|member| gathered_type(places, member)).collect(),
        path,
    }
}

fn gathered_type(places: &Places<'_>, member: &Member<'_>) -> Gathered {
    let (before, now) = (member.before().into(), member.now().into());
    Gathered { type_name: places.word(member.type_word).into(), before, now, bytes: member.bytes }
}

/// `200 Session became 4200, then 8200`; `4200 Session` of a single snapshot.
fn series(places: &Places<'_>, member: &Member<'_>) -> String {
    let numbers: Vec<String> = member.edges.iter().map(u32::to_string).collect();
    let name = places.word(member.type_word);
    match &numbers[..] {
        [now] => format!("{now} {name}"),
        [first, rest @ ..] => format!("{first} {name} became {}", rest.join(", then ")),
        [] => name.into(),
    }
}

/// The place with the holder: "`__main__.SEEN[…]` (dict @17)".
fn subject(places: &Places<'_>, it: &Gathering<'_>) -> String {
    match it.holder {
        Some(holder) => format!("`{}` ({holder})", full_name(places, it)),
        None => format!("`{}`", full_name(places, it)),
    }
}
