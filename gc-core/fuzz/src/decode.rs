//! The fuzzer's bytes as a program: the acts, the numbers and about the frequencies that
//! `free::act` draws. A byte chooses the act and one byte each number in it, so that the fuzzer
//! changes, moves and repeats single acts. Where the bytes end the program does.

use arbitrary::{Result, Unstructured};

use crate::free::Free;
use crate::free::act::Act;
use crate::free::kinds::KINDS;
use crate::model::program::Policy;

/// The most acts of a program, and of a script.
const ACTS: usize = 200;
const SCRIPT: usize = 4;

/// A program, if there are enough bytes for one.
pub fn program(data: &[u8]) -> Option<Free> {
    let u = &mut Unstructured::new(data);
    let head = u.arbitrary::<[u8; 3]>().ok()?;
    let policy = if head[0] & 1 == 0 { Policy::Legacy } else { Policy::Modern };
    // A comparison takes as long as dozens of acts, a look into the heap as hundreds: both are made
    // at moments that the input says. (What a look finds is the target `snapshot`'s business too.)
    let watch = match head[0] >> 1 & 3 {
        0 => 1,
        1 => usize::from(head[1] % 8) + 2,
        2 => usize::from(head[1] % 32) + 10,
        _ => usize::MAX,
    };
    let look = match (head[0] >> 6, head[2] & 7) {
        (0, 0) => usize::from(head[1] % 64) + 8,
        (0, 1) => usize::MAX, // at the end alone
        _ => 0,
    };
    let slices = (head[0] & 8 != 0).then(|| usize::from(head[2]) + 1);
    let mut acts = Vec::new();
    while !u.is_empty() && acts.len() < ACTS {
        acts.push(act(u, true).ok()?);
    }
    Some(Free { policy, watch, look, curious: head[0] & 0x30 == 0x30, slices, acts })
}

type Bytes<'a, 'b> = &'a mut Unstructured<'b>;

fn number(u: Bytes<'_, '_>) -> Result<usize> {
    Ok(usize::from(u.arbitrary::<u8>()? % 24))
}

fn up_to(u: Bytes<'_, '_>, most: usize) -> Result<usize> {
    Ok(usize::from(u.arbitrary::<u8>()?) % (most + 1))
}

/// One of so many, with a byte in which it may be set.
fn one_of(u: Bytes<'_, '_>, times: u8) -> Result<bool> {
    Ok(u.arbitrary::<u8>()?.is_multiple_of(times))
}

/// Acts of a finalizer or a callback; those have no scripts of their own.
fn script(u: Bytes<'_, '_>, outer: bool) -> Result<Vec<Act>> {
    if !outer {
        return Ok(Vec::new());
    }
    let acts = up_to(u, SCRIPT)?;
    (0..acts).map(|_| act(u, false)).collect()
}

fn callback(u: Bytes<'_, '_>, outer: bool) -> Result<Option<Vec<Act>>> {
    Ok(if one_of(u, 2)? { Some(script(u, outer)?) } else { None })
}

fn act(u: Bytes<'_, '_>, outer: bool) -> Result<Act> {
    Ok(match u.arbitrary::<u8>()? % 128 {
        0..20 => {
            let (kind, flags) = (up_to(u, KINDS - 1)?, u.arbitrary::<u8>()?);
            Act::New { kind, armed: flags % 8 != 7, other_heap: flags >> 3 == 31, script: script(u, outer)? }
        }
        20..32 => {
            let ring = up_to(u, 3)? + 1;
            let kinds = (0..ring).map(|_| up_to(u, KINDS - 1)).collect::<Result<_>>()?;
            Act::Ring { kinds, script: script(u, outer)?, weak: callback(u, outer)?, kept: one_of(u, 2)? }
        }
        32..34 => {
            let hands = up_to(u, 3)?;
            Act::NewRow((0..hands).map(|_| number(u)).collect::<Result<_>>()?)
        }
        34..44 => Act::Drop(number(u)?),
        44..46 => Act::Clone(number(u)?),
        46..54 => Act::Link(number(u)?, number(u)?),
        54..58 => Act::MoveIn(number(u)?, number(u)?),
        58..60 => Act::MoveOut(number(u)?, number(u)?),
        60..62 => Act::MoveOver(number(u)?, number(u)?, number(u)?),
        62..65 => Act::Close(number(u)?, number(u)?),
        65 => Act::Cut(number(u)?),
        66 => Act::KeepThis,
        67 => Act::LinkThis(number(u)?, one_of(u, 2)?),
        68..74 => {
            let hand = number(u)?;
            let callback = match callback(u, outer)? {
                Some(acts) => Some((acts, if one_of(u, 2)? { Some(number(u)?) } else { None })),
                None => None,
            };
            Act::Weak { hand, callback }
        }
        74..76 => Act::WeakThis(callback(u, outer)?),
        76..80 => Act::WeakRef { hand: number(u)?, callback: callback(u, outer)? },
        80..82 => Act::DropWeak(number(u)?),
        82..84 => Act::Upgrade(number(u)?),
        84 => Act::Find(number(u)?),
        85..94 => Act::Collect { generation: [2, 0, 1, 2][up_to(u, 3)?], other_heap: one_of(u, 10)? },
        94..112 => {
            let (slices, objects) = (up_to(u, 4)? + 1, u.arbitrary::<u8>()?);
            Act::Step {
                slices,
                objects: if objects < 128 { 1 } else { usize::from(objects) },
                other_heap: one_of(u, 10)?,
            }
        }
        112 => Act::Pace(if one_of(u, 2)? { Some(u64::from(u.arbitrary::<u16>()?)) } else { None }),
        113 => Act::CollectBorrowed(number(u)?),
        114 => Act::Unwrap(number(u)?),
        115 => Act::DropValue(number(u)?),
        116..118 => Act::Panic,
        118 => Act::Freeze,
        119..121 => Act::Unfreeze,
        121 => Act::SaveAll(one_of(u, 3)?),
        122 => Act::ClearGarbage,
        123 => Act::TakeGarbage(number(u)?),
        124..126 => Act::Thresholds(up_to(u, 5)? as u32),
        126 => Act::Pause(one_of(u, 2)?),
        _ => Act::Detector(*u.choose(&[None, Some(false), Some(true)])?),
    })
}
