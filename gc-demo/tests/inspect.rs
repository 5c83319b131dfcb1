//! `gc-demo inspect`: heap dumps of ours and of V8, good ones and broken ones.

mod common;

use common::{Folder, code, demo, stderr, stdout};
use gc_core::{Gc, Heap, Slot, Trace};
use serde_json::Value;
use std::cell::RefCell;
use std::io::Write as _;

#[derive(Trace)]
struct Session {
    user: Slot<String>,
    number: u64,
}

#[derive(Trace, Default)]
struct Registry {
    sessions: RefCell<Vec<Gc<Session>>>,
}

fn fill(heap: &Heap, registry: &Registry, sessions: u64) {
    for number in 0..sessions {
        let user = heap.alloc(String::from("somebody"));
        let session = heap.alloc(Session { user: Slot::new(Some(user)), number });
        assert_eq!(session.number, number);
        registry.sessions.borrow_mut().push(session);
    }
}

fn dump(heap: &Heap) -> String {
    let mut text = Vec::new();
    heap.write_heap_snapshot(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Two dumps of a registry that grows, and the id of its last session.
fn dumps(folder: &Folder) -> (String, String, u64) {
    let heap = Heap::new();
    let registry = heap.alloc(Registry::default());
    fill(&heap, &registry, 300);
    let before = folder.file("before.heapsnapshot", &dump(&heap));
    fill(&heap, &registry, 600);
    let after = folder.file("after.heapsnapshot", &dump(&heap));
    let last = registry.sessions.borrow().last().map(|session| Gc::as_any(session).id().0).unwrap();
    (before, after, last)
}

#[test]
fn one_file_is_summed_up() {
    let folder = Folder::new("inspect-one");
    let (_, after, _) = dumps(&folder);
    let output = demo(&["inspect", &after, "--top", "2"]);
    assert_eq!((code(&output), stderr(&output)), (Some(0), String::new()));
    let text = stdout(&output);
    assert!(text.starts_with("1801 objects, 1800 edges, "), "{text}");
    assert!(text.contains(" num     #instances         #bytes         #owned  type name\n"));
    assert!(text.contains("(1 more types: --top 3)\n") && text.contains("(1799 more objects: --top 1801)\n"));
    assert!(
        text.contains("1. container-growth: `Registry.sessions[…]` (Registry @5) holds 900 Session objects"),
        "{text}"
    );
    let only = stdout(&demo(&["inspect", &after, "--types"]));
    assert!(only.contains("Registry") && !only.contains("retained") && !only.contains("container-growth"), "{only}");
}

#[test]
fn two_files_tell_what_is_new() {
    let folder = Folder::new("inspect-two");
    let (before, after, _) = dumps(&folder);
    let text = stdout(&demo(&["inspect", &before, &after]));
    assert!(text.contains("       600          0        900 "), "{text}");
    assert!(
        text.contains("`Registry.sessions[…]` (Registry @5) holds more and more: 300 Session became 900;"),
        "{text}"
    );
    let json: Value = serde_json::from_str(&stdout(&demo(&["inspect", &before, &after, "--json"]))).unwrap();
    assert_eq!(
        (&json["verdict"], &json["suspects"][0]["place"]),
        (&"container-growth".into(), &"Registry.sessions[…]".into())
    );
    let born = json["changes"].as_array().unwrap().iter().map(|row| row["born"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(born, 1200);
    let same = stdout(&demo(&["inspect", &before, &before, "--types", "--suspects"]));
    assert!(same.contains("nothing changed") && same.contains("nothing suspicious"), "{same}");
}

#[test]
fn a_path_leads_to_a_root() {
    let folder = Folder::new("inspect-path");
    let (_, after, last) = dumps(&folder);
    let text = stdout(&demo(&["inspect", &after, "--path", &last.to_string()]));
    assert_eq!(text, format!("Registry @5 (1 external reference)\n  .sessions[899] -> Session @{last}\n"));
    let output = demo(&["inspect", &after, "--path", "2"]);
    assert_eq!(code(&output), Some(2));
    assert_eq!(stderr(&output), "error: there is no object @2; ids are shown as @ID by --dominators\n");
}

#[test]
fn json_has_the_retained_size_of_every_object() {
    let folder = Folder::new("inspect-json");
    let (_, after, last) = dumps(&folder);
    let json: Value =
        serde_json::from_str(&stdout(&demo(&["inspect", &after, "--json", "--path", &last.to_string()]))).unwrap();
    let rows = json["dominators"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["retained_bytes"]), (1801, &json["bytes"]));
    let session = rows.iter().find(|row| row["id"] == last).unwrap();
    let user = rows.iter().find(|row| row["dominator"] == last).unwrap();
    let sum = session["bytes"].as_u64().unwrap() + user["bytes"].as_u64().unwrap();
    assert_eq!((session["retained_bytes"].as_u64(), &session["dominator"]), (Some(sum), &5.into()));
    assert_eq!(json["path"][1], serde_json::json!({"edge": "sessions[899]", "id": last, "type": "Session"}));
}

#[test]
fn what_is_no_dump_gets_a_clear_error() {
    let folder = Folder::new("inspect-broken");
    let (_, after, _) = dumps(&folder);
    let whole = std::fs::read_to_string(after).unwrap();
    let refused = |name: &str, text: &str, expected: &str| {
        let file = folder.file(name, text);
        let output = demo(&["inspect", &file]);
        let error = stderr(&output);
        assert_eq!((code(&output), stdout(&output)), (Some(2), String::new()), "{name}: {error}");
        assert!(error.starts_with(&format!("error: {file}: ")) && error.contains(expected), "{name}: {error}");
    };
    refused("empty", "", "no heap dump: the file ends at once");
    refused("text", "hello", "no heap dump (.heapsnapshot)");
    refused("json", "{\"nodes\":[1,2]}", "the part `snapshot` must come first");
    refused("list", "[1,2]", "a JSON object with the parts of a heap dump");
    for (at, part) in [(200, "snapshot"), (5000, "nodes"), (whole.len() - 500, "strings")] {
        // (Not always where a part ends, but always within the file.)
        let output = demo(&["inspect", &folder.file("cut", &whole[..at])]);
        let error = stderr(&output);
        assert!(
            code(&output) == Some(2) && error.contains("the heap dump is cut short: it ends in"),
            "{part}: {error}"
        );
    }
    refused(
        "counts",
        &whole.replacen("\"node_count\":1803", "\"node_count\":1804", 1),
        "1804 rows are announced, there are 1803",
    );
    refused("target", &whole.replacen("\"edges\":[1,1,7", "\"edges\":[1,1,8", 1), "an edge leads to no node: 8");
    refused("far", &whole.replacen("\"edges\":[1,1,7", "\"edges\":[1,1,7000000", 1), "an edge leads to no node");
    refused("more", &format!("{whole}{{}}"), "no valid heap dump");
    let output = demo(&["inspect", folder.path()]);
    assert!(code(&output) == Some(2) && stderr(&output).contains("is a directory, not a heap dump"));
    let output = demo(&["inspect", "/no/such/file"]);
    assert!(code(&output) == Some(2) && stderr(&output).contains("No such file"));
    assert_eq!(code(&demo(&["inspect"])), Some(2));
}

/// As V8 writes it: its roots are nodes, strings are nodes, weak edges lead nowhere.
#[test]
fn a_dump_of_v8_is_read_as_far_as_the_formats_agree() {
    let text = r#"{"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count","detachedness"],
"node_types":[["hidden","array","string","object","synthetic"],"string","number","number","number","number"],
"edge_fields":["type","name_or_index","to_node"],
"edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"]},
"node_count":5,"edge_count":6},
"nodes":[4,0,1,0,2,0, 4,1,3,0,1,0, 3,2,5,40,3,0, 2,3,7,24,0,0, 1,0,9,16,0,0],
"edges":[1,1,6, 5,2,12, 1,0,12, 2,4,18, 1,7,24, 6,4,24],
"trace_function_infos":[],"samples":[],"locations":[],
"strings":["","(GC roots)","Cache","some text","key"]}"#;
    let folder = Folder::new("inspect-v8");
    let file = folder.file("v8.heapsnapshot", text);
    let json: Value = serde_json::from_str(&stdout(&demo(&["inspect", &file, "--json", "--path", "7"]))).unwrap();
    assert_eq!((&json["objects"], &json["edges"], &json["bytes"]), (&4.into(), &3.into(), &80.into()));
    let types: Vec<&str> = json["types"].as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["Cache", "(string)", "(array)", "(GC roots)"]);
    assert_eq!(json["path"][1]["edge"], "key");
    let cache = json["dominators"].as_array().unwrap().iter().find(|row| row["id"] == 5).unwrap();
    assert_eq!((&cache["retained_bytes"], &cache["dominator"]), (&80.into(), &Value::Null));
}

/// The dumps that people have: `edit` makes the odd one of a good one.
#[test]
fn odd_text_is_read_as_far_as_it_can_be() {
    let folder = Folder::new("inspect-odd");
    let (_, after, _) = dumps(&folder);
    let whole = std::fs::read(after).unwrap();
    let session = b"Session".as_slice();
    let at = whole.windows(7).rposition(|window| window == session).unwrap();
    let with_name = |name: &[u8]| [&whole[..at], name, &whole[at + 7..]].concat();
    let read = |file: &str, bytes: &[u8]| {
        std::fs::write(folder.0.join(file), bytes).unwrap();
        let output = demo(&["inspect", &format!("{}/{file}", folder.path()), "--types"]);
        assert_eq!(code(&output), Some(0), "{file}: {}", stderr(&output));
        (stdout(&output), stderr(&output))
    };
    let (plain, quiet) = read("plain", &whole);
    assert!(plain.contains("Session") && quiet.is_empty());
    assert_eq!(read("bom", &[b"\xef\xbb\xbf", &whole[..]].concat()).0, plain);
    for (file, name, shown) in [
        ("control", b"Se\x03ion".as_slice(), "Se\\u{3}ion"),
        ("latin1", b"caf\xe9", "café"),
        ("lone", b"Le\\udfffak", "Le\u{fffd}ak"),
        ("half", b"Le\\ud83c\\n", "Le\u{fffd}\\n"),
    ] {
        let (text, note) = read(file, &with_name(name));
        assert!(text.contains(shown), "{file}: {text}");
        assert!(note.starts_with("note: ") && note.contains("no valid text"), "{file}: {note}");
    }
    // What paints a terminal is shown, not sent to it; a pair of escapes is one character.
    let (text, note) = read("ansi", &with_name(b"Evil\\u001b[31m\\ud83d\\ude00"));
    assert!(text.contains("Evil\\u{1b}[31m\u{1f600}") && !text.contains('\u{1b}') && note.is_empty(), "{text}");
    let (text, _) = read("long", &with_name("long".repeat(500).as_bytes()));
    assert!(text.lines().all(|line| line.chars().count() < 300), "{text}");
    let text = String::from_utf8(whole).unwrap();
    let no_counts = text.replacen("\"node_count\":1803,\"edge_count\":1802,", "", 1);
    assert!(no_counts != text);
    assert_eq!(read("no-counts", no_counts.as_bytes()).0, plain);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    assert_eq!(read("packed.gz", &packed.finish().unwrap()).0, plain);
}

#[test]
fn other_formats_are_named_for_what_they_are() {
    let folder = Folder::new("inspect-formats");
    for (file, bytes, expected) in [
        ("java.hprof", b"JAVA PROFILE 1.0.2\0".as_slice(), "a Java heap dump (hprof)"),
        ("utf16", b"\xff\xfe{\0", "text in UTF-16"),
        ("page.html", b"\n<!DOCTYPE html><html>502 Bad Gateway", "HTML or XML"),
        ("bun.json", br#"{"version":3,"type":"Inspector","nodes":[]}"#, "Bun or Safari"),
        ("archive.zip", b"PK\x03\x04", "a zip archive"),
    ] {
        std::fs::write(folder.0.join(file), bytes).unwrap();
        let output = demo(&["inspect", &format!("{}/{file}", folder.path())]);
        assert!(code(&output) == Some(2) && stderr(&output).contains(expected), "{file}: {}", stderr(&output));
    }
}

/// As V8 writes a WeakMap: an edge from the key and one from the table. The value lives as long as
/// the key does, so the table's edge is weak.
#[test]
fn the_value_of_a_weak_map_is_kept_by_its_key() {
    let folder = Folder::new("inspect-weak-map");
    let name = "1 / part of key (Key @7) -> value (Value @9) pair in WeakMap (table @5)";
    let text = format!(
        r#"{{"snapshot":{{"meta":{{"node_fields":["type","name","id","self_size","edge_count"],
"node_types":[["array","object","synthetic"],"string","number","number","number"],
"edge_fields":["type","name_or_index","to_node"],
"edge_types":[["property","internal","shortcut"],"string_or_number","node"]}}}},
"nodes":[2,0,1,0,2, 0,1,5,100,1, 1,2,7,10,1, 1,3,9,1000,0],
"edges":[2,4,5, 2,5,10, 1,6,15, 1,6,15],
"strings":["","table","Key","Value","map","owner","{name}"]}}"#
    );
    let file = folder.file("weak.heapsnapshot", &text);
    let json: Value = serde_json::from_str(&stdout(&demo(&["inspect", &file, "--json"]))).unwrap();
    let retained = |id: u64| {
        let rows = json["dominators"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == id).unwrap()["retained_bytes"].as_u64().unwrap()
    };
    assert_eq!((retained(5), retained(7), retained(9)), (100, 1010, 1000));
    let path = stdout(&demo(&["inspect", &file, "--path", "9"]));
    assert!(path.contains("value in a weak map") && !path.contains("part of key"), "{path}");
}

#[test]
fn dumps_of_meliae_name_what_grows() {
    let dump = |name: &str| format!("{}/tests/dumps/meliae-{name}.json.gz", env!("CARGO_MANIFEST_DIR"));
    let output = demo(&["inspect", &dump("before"), &dump("after"), "--json"]);
    assert!(stderr(&output).contains("meliae writes no roots"), "{}", stderr(&output));
    let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let places = json["suspects"].as_array().unwrap().iter().map(|suspect| (&suspect["place"], &suspect["type"]));
    assert_eq!(
        places.collect::<Vec<_>>(),
        [(&"__main__.SEEN[…]".into(), &"Session".into()), (&"__main__.hub.sessions[…]".into(), &"list".into())]
    );
    // The edges of a dictionary, of an instance, and of a list, as meliae's lines have them.
    let folder = Folder::new("inspect-meliae");
    let lines = r#"{"address": 1, "type": "module", "size": 56, "name": "app", "refs": [2]}
{"address": 2, "type": "dict", "size": 280, "len": 2, "refs": [10, 3, 11, 4]}
{"address": 3, "type": "list", "size": 88, "len": 2, "refs": [4, 5]}
{"address": 4, "type": "User", "size": 64, "refs": [6]}
{"address": 5, "type": "int", "size": 24, "value": 7, "refs": []}
{"address": 6, "type": "dict", "size": 280, "len": 1, "refs": [12, 5]}
{"address": 10, "type": "str", "size": 40, "len": 5, "value": "users", "refs": []}
{"address": 11, "type": "str", "size": 40, "len": 5, "value": "admin", "refs": []}
{"address": 12, "type": "str", "size": 40, "len": 3, "value": "a\u00e9\u001b", "refs": []}
"#;
    let path = |lines: &str, id: &str| {
        let file = folder.file("small.json", lines);
        stdout(&demo(&["inspect", &file, "--path", id]))
    };
    assert!(path(lines, "4").ends_with("\n  .__dict__ -> dict @2\n  .admin -> User @4\n"), "{}", path(lines, "4"));
    // Entries whose value comes first are turned round.
    let turned = lines.replace("[10, 3, 11, 4]", "[3, 10, 4, 11]").replace("[12, 5]", "[5, 12]");
    assert_eq!(path(&turned, "4"), path(lines, "4"));
    assert!(path(lines, "5").ends_with("\n  .users -> list @3\n  [0] -> int @5\n"), "{}", path(lines, "5"));
    for (broken, error) in [
        (&lines[..lines.len() - 20], "it ends in the part `objects`"),
        (&lines.replace("\"size\": 88", "\"size\": \"large\""), "in the part `objects`: line 3: invalid type"),
    ] {
        let output = demo(&["inspect", &folder.file("broken.json", broken)]);
        assert!(code(&output) == Some(2) && stderr(&output).contains(error), "{}", stderr(&output));
    }
}

#[test]
fn the_tree_opens_level_by_level() {
    let folder = Folder::new("inspect-tree");
    let (_, after, last) = dumps(&folder);
    let text = stdout(&demo(&["inspect", &after, "--tree"]));
    let lines: Vec<&str> = text.lines().skip(3).collect();
    assert!(lines[0].contains("1801  Registry @5  Registry"), "{text}");
    assert!(lines[1].contains("1800    900 x Session") && lines.len() == 2, "{text}");
    let session = stdout(&demo(&["inspect", &after, &format!("--tree=@{last}")]));
    assert!(session.contains(&format!("2  Session @{last}  Registry.sessions[…]")), "{session}");
    assert!(session.contains("String @"), "{session}");
    let flat = stdout(&demo(&["inspect", &after, "--tree", "--depth", "0"]));
    assert_eq!(flat.lines().count(), 4, "{flat}");
}

#[test]
fn a_type_shows_its_holders_and_its_merged_paths() {
    let folder = Folder::new("inspect-type");
    let (_, after, last) = dumps(&folder);
    let text = stdout(&demo(&["inspect", &after, "--type", "String"]));
    assert!(text.starts_with("\nString: 900 objects, "), "{text}");
    assert!(text.contains("       900  Registry.sessions[…].user (Session)\n"), "{text}");
    for step in ["[…] -> Registry\n", "    sessions[…] -> Session\n", "      .user -> String\n"] {
        assert!(text.replace("  .sessions", "  sessions").contains(step), "{step}: {text}");
    }
    let missing = demo(&["inspect", &after, "--type", "sess"]);
    assert_eq!(
        (code(&missing), stderr(&missing)),
        (Some(2), "error: there is no object of type sess; there are: Session\n".into())
    );
    let holders = stdout(&demo(&["inspect", &after, "--holders", &last.to_string()]));
    assert!(
        holders.contains("place: Registry.sessions[…]\n\nheld by 1 edge\n  sessions[899] of Registry @5\n"),
        "{holders}"
    );
    assert!(holders.ends_with("  Registry @5\n"), "{holders}");
    let json: Value =
        serde_json::from_str(&stdout(&demo(&["inspect", &after, "--type", "Session", "--json"]))).unwrap();
    assert_eq!((&json["of_type"]["objects"], &json["of_type"]["holders"][0]["edges"]), (&900.into(), &900.into()));
}

#[test]
fn changes_are_shown_by_holder() {
    let folder = Folder::new("inspect-diff");
    let (before, after, _) = dumps(&folder);
    let text = stdout(&demo(&["inspect", &before, &after, "--diff"]));
    let rows: Vec<&str> = text.lines().skip(3).collect();
    assert!(
        rows[0].starts_with("       300        900") && rows[0].ends_with("Registry.sessions[…] (Session)"),
        "{text}"
    );
    assert!(rows[1].ends_with("Registry.sessions[…].user (String)") && rows.len() == 2, "{text}");
    let back = stdout(&demo(&["inspect", &after, &before, "--diff"]));
    assert!(back.lines().last().unwrap().starts_with("       900        300") && back.contains(" -"), "{back}");
    assert!(stdout(&demo(&["inspect", &after, &after, "--diff"])).contains("no place holds more or less"));
    let one = demo(&["inspect", &after, "--diff"]);
    assert!(code(&one) == Some(2) && stderr(&one).contains("give two"), "{}", stderr(&one));
}

#[test]
fn questions_in_sql_are_answered() {
    let folder = Folder::new("inspect-query");
    let (before, after, last) = dumps(&folder);
    let ask = |sql: &str| stdout(&demo(&["inspect", &before, &after, "--query", sql]));
    let by_type = "SELECT dump, type, count(*) AS objects FROM objects GROUP BY 1, 2 ORDER BY 1, 2";
    let expected = "dump  type      objects\n----  --------  -------\n   1  Registry        1\n   1  Session       300\n   1  String        300\n   2  Registry        1\n   2  Session       900\n   2  String        900\n(6 rows)\n";
    assert_eq!(ask(by_type), expected);
    let held = "SELECT count(*) FROM edges JOIN objects ON id = target AND objects.dump = edges.dump \
                WHERE edges.name LIKE 'sessions%' AND place = 'Registry.sessions[…]' AND edges.dump = 2";
    assert!(ask(held).contains("\n     900\n"), "{}", ask(held));
    let json =
        demo(&["inspect", &after, "--json", "--query", "SELECT max(id) AS last FROM objects WHERE type = 'Session'"]);
    assert_eq!(stdout(&json), format!("[{{\"last\":{last}}}]\n"));
    for (sql, error) in [
        ("DROP TABLE objects", "only questions"),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("", "empty"),
        ("SELECT 1; DROP TABLE objects", "Multiple statements"),
    ] {
        let output = demo(&["inspect", &after, "--query", sql]);
        assert!(code(&output) == Some(2) && stderr(&output).contains(error), "{sql}: {}", stderr(&output));
    }
}

#[test]
fn a_page_is_made_of_dumps() {
    let folder = Folder::new("inspect-page");
    let (before, after, _) = dumps(&folder);
    let page = format!("{}/page.html", folder.path());
    let output = demo(&["report", &before, &after, "-o", &page]);
    assert_eq!((code(&output), stdout(&output)), (Some(0), format!("{page} written: container-growth\n")));
    let html = std::fs::read_to_string(&page).unwrap();
    for part in ["<h1>before.heapsnapshot, after.heapsnapshot</h1>", "<td>Session</td><td>300</td><td>900</td>"] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("<details open><summary>") && html.contains("</span>Registry @5 <code"), "{html}");
    // What a dump says is never markup.
    let evil = std::fs::read_to_string(&after).unwrap().replace("\"Session\"", "\"<b>Session</b>\"");
    assert!(evil.contains("<b>Session</b>"));
    let evil = folder.file("evil.heapsnapshot", &evil);
    let html = stdout(&demo(&["report", &evil, "-o", "-"]));
    assert!(html.contains("&lt;b&gt;Session") && !html.contains("<b>"), "{html}");
    for (arguments, error) in [
        (&["report", "no-such-thing", "-o", "x.html"][..], "neither a scenario"),
        (&["report", &after, "-o", &after], "to be read and to be written"),
    ] {
        let output = demo(arguments);
        assert!(code(&output) == Some(2) && stderr(&output).contains(error), "{}", stderr(&output));
    }
}

/// The first suspect of recorded dumps is that of the program's expectation, without its interpreter.
#[test]
fn recorded_dumps_of_real_processes_are_judged_right() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/leaks");
    let mut judged = 0;
    for entry in std::fs::read_dir(format!("{folder}/recorded")).unwrap() {
        let path = entry.unwrap().path().display().to_string();
        let Some(second) = path.strip_suffix(".2.heapsnapshot.gz") else { continue };
        let name = second.rsplit('/').next().unwrap();
        let case = std::fs::read_to_string(format!("{folder}/python/{name}.json")).unwrap();
        let case: Value = serde_json::from_str(&case).unwrap();
        let first = format!("{second}.1.heapsnapshot.gz");
        let json: Value = serde_json::from_str(&stdout(&demo(&["inspect", &first, &path, "--json"]))).unwrap();
        let suspect = json["suspects"][0].to_string();
        let words = |of: &Value| {
            of.as_array().map_or(Vec::new(), |all| all.iter().filter_map(Value::as_str).map(String::from).collect())
        };
        if case["leaks"] == false {
            assert_eq!(suspect, "null", "{name}");
        } else {
            let is_there = |words: Vec<String>| words.iter().all(|word| suspect.contains(word));
            assert!(words(&case["types"]).iter().any(|word| suspect.contains(word)), "{name}: {suspect}");
            assert!(case["place"].as_array().unwrap().iter().any(|place| is_there(words(place))), "{name}: {suspect}");
        }
        judged += 1;
    }
    assert_eq!(judged, 5);
}
