//! Graphs of any shape, built as a reader of files builds them, and all that is computed of them.

#![no_main]

use arbitrary::{Result, Unstructured};
use gc_core::diagnosis::DiagnosisInput;
use gc_core::snapshot::{ObjectId, Snapshot, SnapshotBuilder};
use gc_core_fuzz::looks;
use libfuzzer_sys::fuzz_target;

/// Names that have to be quoted somewhere, among others.
const NAMES: [&str; 8] = ["next", "", "[3]", "[\"a \\\"key\\\"\"]", "ключ", "a\nb", "<&>", "peers"];

/// The first bytes say how many objects there are; then come edges. What makes no sense is refused.
fn snapshot(u: &mut Unstructured<'_>) -> Result<Snapshot> {
    let mut builder = SnapshotBuilder::new();
    let objects = usize::from(u.arbitrary::<u8>()? % 80);
    for at in 0..objects {
        let [shape, held] = u.arbitrary::<[u8; 2]>()?;
        let bytes = if shape == 255 { u64::from(u.arbitrary::<u32>()?) << 31 } else { u64::from(shape) };
        let external = if held < 64 { u32::from(held % 4) } else { 0 };
        let _ = builder.object(ObjectId(5 + 2 * at as u64), NAMES[usize::from(shape % 8)], bytes, external);
    }
    while !u.is_empty() {
        let [from, name, to] = u.arbitrary::<[u8; 3]>()?.map(usize::from);
        let done = if name < 128 { builder.element(from, name, to) } else { builder.edge(from, NAMES[name % 8], to) };
        if done.is_err() && name.is_multiple_of(2) {
            let _ = builder.hold(to, name as u32);
        }
    }
    Ok(builder.finish())
}

fuzz_target!(|data: &[u8]| {
    let mut u = Unstructured::new(data);
    let (Ok(earlier), Ok(now)) = (first_half(&mut u).and_then(|mut half| snapshot(&mut half)), snapshot(&mut u)) else {
        return;
    };
    looks::at(&now);
    let _ = now.diff(&earlier).to_string();
    let _ = DiagnosisInput::of_snapshot(&now).earlier(&earlier).diagnose().to_string();
});

/// A part of the bytes, for a snapshot of its own.
fn first_half<'a>(u: &mut Unstructured<'a>) -> Result<Unstructured<'a>> {
    let bytes = usize::from(u.arbitrary::<u8>()?).min(u.len());
    Ok(Unstructured::new(u.bytes(bytes)?))
}
