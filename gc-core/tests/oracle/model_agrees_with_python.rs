//! The naive model against programs recorded on real Python interpreters.
//!
//! `tests/traces/` holds a selection of them; the environment variable `GC_TRACES` names a folder
//! with more.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::model::outcome::{differences, values};
use crate::model::program::Field;
use crate::model::trace::{Step, files_under};
use crate::model::{Class, Event, Kind, MAX_LIVE, Model, Op, Outcome, Policy, Program, generate, untraced};

const SELECTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/traces");

/// The files of a folder; a test without any would pass for nothing.
fn recorded(folder: &Path) -> Vec<PathBuf> {
    let files = files_under(folder).expect("the folder can be listed");
    let programs = files.iter().filter(|it| it.is_file()).count();
    assert_ne!(programs, 0, "no program under {}", folder.display());
    files
}

fn read(file: &Path) -> Program {
    Program::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every value of every program is as recorded, and so is the text it is written as.
fn assert_all_pass(folder: &Path) {
    let mut differing = Vec::new();
    for file in recorded(folder) {
        let program = read(&file);
        let found = program.differences_from_model();
        differing.extend(found.iter().map(|it| format!("{}: {it}", file.display())));
        let text = fs::read_to_string(&file).expect("it was read before");
        assert_eq!(program.to_text(), text, "{}", file.display());
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn the_model_passes_the_selection() {
    assert_all_pass(Path::new(SELECTION));
}

#[test]
fn the_model_passes_the_folder_named_by_the_environment() {
    if let Some(folder) = env::var_os("GC_TRACES") {
        assert_all_pass(Path::new(&folder));
    }
}

#[test]
fn the_selection_has_programs_of_every_policy_and_kind() {
    for (folder, least) in [("short", 100), ("long", 10)] {
        for policy in ["legacy", "modern"] {
            let files = recorded(&Path::new(SELECTION).join(policy).join(folder));
            assert!(files.len() >= least, "{policy}/{folder}: {}", files.len());
        }
    }
}

/// What a program uses: ops, classes and callbacks by the names they have in its text.
fn words(step: &Step) -> Vec<String> {
    let named = |key: &str| {
        let value = values(step).remove(key);
        value.map(|value| format!("{key} {value}"))
    };
    let keys = ["op", "cls", "cb", "gen", "on"];
    keys.into_iter().filter_map(named).collect()
}

#[test]
fn the_selection_uses_every_word() {
    for policy in ["legacy", "modern"] {
        let files = recorded(&Path::new(SELECTION).join(policy));
        let programs = files.iter().map(|file| read(file));
        let used: BTreeSet<String> = programs.flat_map(|program| program.steps).flat_map(|step| words(&step)).collect();
        // 14 ops, 6 classes, no callback, log and 8 to drop a root, 3 generations, on and off
        assert_eq!(used.len(), 14 + 6 + 10 + 3 + 2, "{policy}: {used:?}");
    }
}

/// Each value of a recorded outcome is compared: change one, and it is told with its key.
#[test]
fn a_changed_value_is_noticed() {
    let file = &recorded(&Path::new(SELECTION).join("legacy/short"))[0];
    let mut program = read(file);
    assert_eq!(program.differences_from_model(), []);
    for index in 0..program.steps.len() {
        let outcome = program.steps[index].outcome.clone();
        program.steps[index].outcome.log.push(Event::CalledBack { id: 99 });
        program.steps[index].outcome.dead.push(99);
        program.steps[index].outcome.rc.push((99, 1));
        program.steps[index].outcome.wr.push((99, None));
        program.steps[index].outcome.surv = Some(vec![99]);
        let found = program.differences_from_model();
        let keys: Vec<&str> = found.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(keys, ["dead", "log", "rc", "surv", "wr"]);
        assert!(found.iter().all(|it| it.op == Some(index)));
        program.steps[index].outcome = outcome;
    }
    program.last.roots[0] = Some(99);
    assert_eq!(program.differences_from_model()[0].key, "roots");
}

/// Generations are sets: their order is not compared, their members are.
#[test]
fn generations_are_compared_as_sets() {
    let mut model = Model::new(Policy::Modern);
    for id in 1..=3 {
        let op = Op::New { id, cls: Class::Plain, to: id as usize };
        model.apply(&op).expect("a new object always fits");
    }
    let recorded = model.apply(&Op::Collect { generation: 0 }).expect("fits");
    let mut permuted = recorded.clone();
    let generations = &mut permuted.collected.as_mut().expect("a collection").gens;
    generations[1].reverse();
    assert_eq!(differences(None, &recorded, &permuted), []);
    permuted.collected.as_mut().expect("a collection").gens[1].pop();
    assert_eq!(differences(None, &recorded, &permuted)[0].key, "gens");
}

#[test]
fn malformed_programs_are_refused() {
    let file = &recorded(&Path::new(SELECTION).join("modern/short"))[0];
    let text = fs::read_to_string(file).expect("it can be read");
    for (from, to) in [
        ("\"format\":1", "\"format\":2"),
        ("\"order\":\"birth\"", "\"order\":\"list\""),
        ("\"i\":1,", "\"i\":2,"),
        ("\"op\":\"new\"", "\"op\":\"old\""),
        ("\"f\":\"f", "\"f\":\"g"),
        ("]}}", "]}"),
    ] {
        let broken = text.replacen(from, to, 1);
        assert_ne!(broken, text, "{from} occurs");
        assert!(Program::from_text(&broken).is_err(), "{from} as {to}");
    }
}

#[test]
fn ops_that_do_not_fit_are_refused_and_change_nothing() {
    let mut model = Model::new(Policy::Legacy);
    for op in [
        r#"{"op":"new","id":2,"cls":"Fin","to":0}"#,
        r#"{"op":"new","id":1,"cls":"Fin","to":8}"#,
        r#"{"op":"new","id":1,"cls":"WR","to":0}"#,
        r#"{"op":"assign","b":"r0","b_id":1,"to":1}"#,
        r#"{"op":"assign","b":"G0.f1[2]()","b_id":1,"to":1}"#,
        r#"{"op":"collect","gen":3}"#,
        r#"{"op":"pop_garbage"}"#,
        r#"{"op":"pop_survivor"}"#,
    ] {
        let op: Op = serde_json::from_str(op).expect("an op");
        assert!(model.apply(&op).is_err(), "{op:?}");
        assert_eq!(model.next_id(), 1);
    }
}

/// The last outcome of the program that shows the rule, under one policy.
fn shown(rule: &str, policy: Policy) -> Outcome {
    let programs = untraced::programs();
    let mut about = programs.iter().filter(|it| it.rule.contains(rule));
    let program = about.next().expect("a program shows the rule");
    assert!(program.policies.contains(&policy));
    program.outcomes(policy).pop().expect("a program has ops")
}

fn called_back(id: u32) -> Event {
    Event::CalledBack { id }
}

fn finalized(id: u32, fields: [Option<u32>; 4]) -> Event {
    let weak_refs = Vec::new();
    Event::Finalized { id, weak_refs, fields }
}

#[test]
fn operand_temporaries_are_released_a_first() {
    for policy in [Policy::Legacy, Policy::Modern] {
        let outcome = shown("a, then b", policy);
        let owner = finalized(1, [Some(2), Some(3), None, None]);
        let others = [finalized(3, [None; 4]), finalized(2, [None; 4])];
        let callbacks = [called_back(6), called_back(5), owner];
        assert_eq!(outcome.log, [&callbacks[..], &others].concat());
        assert_eq!(outcome.dead, [1, 2, 3, 4]);
    }
}

#[test]
fn operand_temporaries_are_released_the_new_weak_reference_first() {
    for policy in [Policy::Legacy, Policy::Modern] {
        let outcome = shown("the new weak reference", policy);
        let log = [called_back(4), called_back(3), finalized(1, [None; 4])];
        assert_eq!(outcome.log, log);
        assert_eq!((outcome.dead, outcome.wr), (vec![1, 2], vec![(3, None), (4, None)]));
    }
}

#[test]
fn a_weak_reference_called_back_moves_to_a_younger_generation_too() {
    let outcome = shown("from an older generation", Policy::Modern);
    assert_eq!(outcome.log, [called_back(2)]);
    let collected = outcome.collected.expect("the last op collects");
    assert_eq!(collected.gens, [vec![], vec![2], vec![]]);
    assert_eq!(collected.ret, 1);
}

#[test]
fn legacy_calls_an_unreachable_weak_reference_whose_referent_dies_first() {
    let outcome = shown("uncleared", Policy::Legacy);
    assert_eq!(outcome.log, [called_back(3), finalized(2, [None; 4])]);
    let collected = outcome.collected.expect("the last op collects");
    assert_eq!((outcome.dead, collected.ret), (vec![1, 2, 3], 2));
}

#[test]
fn legacy_does_not_count_a_weak_reference_called_back_as_uncollectable() {
    let outcome = shown("no longer counted", Policy::Legacy);
    assert_eq!(outcome.log, [called_back(3)]);
    assert_eq!(outcome.garbage, Some(vec![1, 2]));
    assert_eq!(outcome.collected.expect("the last op collects").ret, 2);
}

#[test]
fn a_weak_reference_whose_callback_drops_it_dies_after_the_call() {
    for policy in [Policy::Legacy, Policy::Modern] {
        let outcome = shown("only callback", policy);
        assert_eq!(outcome.log, [called_back(2)]);
        assert_eq!(outcome.dead, [1, 2]);
    }
}

#[test]
fn a_root_is_stored_to_before_its_old_value_is_released() {
    for policy in [Policy::Legacy, Policy::Modern] {
        let outcome = shown("a root", policy);
        assert_eq!(outcome.log, [called_back(2), finalized(3, [None; 4])]);
        assert_eq!((outcome.dead, outcome.rc), (vec![1], vec![]));
    }
}

/// 1 and 2 hold each other and no one else holds 1: storing to its field kills 2 and with it 1,
/// whose finalizer then sees what was stored.
#[test]
fn a_field_is_stored_to_before_its_old_value_is_released() {
    for policy in [Policy::Legacy, Policy::Modern] {
        let mut model = Model::new(policy);
        let ids = [Class::Fin, Class::Plain, Class::Plain].map(|it| model.new_object(it));
        let [owner, old, new] = ids;
        model.set_field(owner, Field(0), old);
        model.set_field(old, Field(0), owner);
        model.release(owner);
        model.release(old);
        model.set_field(owner, Field(0), new);
        let seen = finalized(owner, [Some(new), None, None, None]);
        assert_eq!(model.take_log(), [seen]);
        assert_eq!(model.living(), [new]);
    }
}

/// 1 is held by its child alone: when its finalizer lets go of the child, both die, and the
/// finalizer, run once more, sees the field unset.
#[test]
fn drop_unsets_its_field_before_it_releases_the_child() {
    let mut model = Model::new(Policy::Legacy);
    let [owner, child] = [Class::Drop, Class::Plain].map(|it| model.new_object(it));
    model.set_field(owner, Field(0), child);
    model.set_field(child, Field(0), owner);
    model.release(owner);
    model.release(child);
    model.run_finalizer(owner);
    let first = finalized(owner, [Some(child), None, None, None]);
    let second = finalized(owner, [None; 4]);
    assert_eq!(model.take_log(), [first, second]);
    assert!(model.living().is_empty());
}

#[test]
fn generated_programs_are_of_their_kind() {
    for policy in [Policy::Legacy, Policy::Modern] {
        for (kind, seeds) in [(Kind::Short, 0..200), (Kind::Long, 0..4)] {
            let lengths = crate::model::generate::lengths(policy, kind);
            for program in seeds.map(|seed| generate(policy, kind, seed)) {
                assert!(lengths.contains(&program.steps.len()));
                assert!(most_alive(&program) <= MAX_LIVE);
            }
        }
    }
}

fn most_alive(program: &Program) -> usize {
    let mut model = Model::new(program.header.policy);
    let live = program.steps.iter().map(|step| {
        model.apply(&step.op).expect("a recorded op fits");
        model.living().len()
    });
    live.max().expect("a program has ops")
}

#[test]
fn a_generated_program_survives_its_text() {
    let program = generate(Policy::Legacy, Kind::Short, 7);
    let read = Program::from_text(&program.to_text()).expect("it is well-formed");
    assert_eq!(read, program);
    assert_eq!(read, generate(Policy::Legacy, Kind::Short, 7));
    assert_eq!(read.differences_from_model(), []);
    assert_ne!(read.steps, generate(Policy::Legacy, Kind::Short, 8).steps);
}

/// A program from which ops were taken still runs once its ops are fitted: what a property test
/// needs to shrink one.
#[test]
fn what_is_left_of_a_program_can_be_fitted() {
    let program = generate(Policy::Modern, Kind::Long, 3);
    let mut model = Model::new(Policy::Modern);
    let left = program.steps.iter().filter(|step| step.i % 3 != 0);
    let fitting = left.filter_map(|step| {
        let op = step.op.fitted(&model)?;
        model.apply(&op).ok()
    });
    assert!(fitting.count() > program.steps.len() / 4);
}
