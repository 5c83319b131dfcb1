//! The usual cure for each kind of place.

use super::VerdictKind;
use super::growth::Gathering;
use super::words::names::full_name;
use crate::SnapshotObject;
use crate::places::Places;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// The advice for a place that grows.
pub(super) struct Cure {
    pub(super) kind: VerdictKind,
    /// A further finding, if there is one.
    pub(super) finding: Option<String>,
    pub(super) advice: String,
}

pub(super) fn of(places: &Places<'_>, it: &Gathering<'_>) -> Cure {
    let clues = Clues::of(places, it);
    if clues.way_has(&["garbage"]) && clues.way_has(&["gc"]) {
        return uncollectable(it);
    }
    let advice = known(&clues)
        .map_or_else(|| container(&clues, full_name(places, it).trim_end_matches("[…]"), it), String::from);
    Cure { kind: VerdictKind::ContainerGrowth, finding: None, advice }
}

/// The words that tell the kind of a place.
struct Clues<'p> {
    /// Labels and types on the way, from the place up to the root.
    way: Vec<&'p str>,
    /// The types that it holds more of.
    held: Vec<&'p str>,
    /// The type of the place itself.
    of: &'p str,
}

impl<'p> Clues<'p> {
    fn of(places: &'p Places<'_>, it: &Gathering<'_>) -> Clues<'p> {
        let mut way: Vec<&str> = Vec::new();
        for place in places.way(it.place).into_iter().rev() {
            way.extend([places.word(place.label), places.word(place.type_word)]);
        }
        // In the heap of a Rust program the edges to the members name the container: `listeners[3]`.
        let labels = it.members.iter().map(|member| places.word(member.label).trim_end_matches("[…]"));
        way.splice(0..0, labels);
        let held = it.members.iter().map(|member| places.word(member.type_word)).collect();
        Clues { way, held, of: places.word(places.place(it.place).type_word) }
    }

    fn way_has(&self, words: &[&str]) -> bool {
        self.way.iter().any(|word| words.contains(word))
    }

    /// The type of the container: what a runtime keeps its contents in is none.
    fn container(&self) -> &'p str {
        let of_above = self.way.iter().skip_while(|word| **word != self.of).skip(2).step_by(2);
        match self.of {
            "(array)" => of_above.copied().find(|&word| matches!(word, "Map" | "Set")).unwrap_or(self.of),
            of => of,
        }
    }

    /// True if a word of the way is this one, or begins with it and a space.
    fn way_has_a(&self, kind: &str) -> bool {
        self.way.iter().any(|word| first_word(word) == kind)
    }

    fn holds(&self, words: &[&str]) -> bool {
        self.held.iter().any(|word| words.contains(&first_word(word)))
    }
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

/// The cure for a place that is known by its names and types.
fn known(clues: &Clues<'_>) -> Option<&'static str> {
    python_library(clues).or_else(|| node_library(clues)).or_else(|| pattern(clues))
}

fn python_library(clues: &Clues<'_>) -> Option<&'static str> {
    Some(if clues.way_has(&["queries_log"]) {
        "Django keeps each query while `DEBUG` is on: turn it off in production, or call `django.db.reset_queries()`"
    } else if clues.way_has_a("_lru_cache_wrapper") {
        "bound the cache (`lru_cache(maxsize=…)`); on a method it keeps every `self`: cache a function of the values \
         instead, or use `cached_property`"
    } else if clues.way_has(&["loggerDict", "loggerMap"]) && !clues.way_has(&["handlers", "filters"]) {
        "do not make a logger for each object: name loggers by module, and put the object into the message or a \
         `LoggerAdapter`"
    } else if clues.way_has(&["_handlerList"]) || clues.way_has(&["handlers"]) && clues.way_has(&["loggerDict", "root"])
    {
        "add a handler once, at start-up, or remove it (`removeHandler`) when its owner is done with"
    } else if clues.holds(&["Thread", "frame"]) || clues.way_has(&["_active", "_dangling"]) {
        "threads begin and never end: let them return, and bound their number (a pool)"
    } else if clues.way_has_a("_local") {
        "clear the thread-local when a unit of work ends; the threads of a pool live for ever"
    } else if clues.way_has(&["__traceback__", "tb_frame", "tb_next"])
        || clues.holds(&["traceback"])
        || (clues.way_has_a("module") && clues.held.iter().all(is_exception) && !clues.held.is_empty())
    {
        "do not store exceptions: each keeps its traceback, and with it the local variables of all its frames; store \
         the formatted text"
    } else if clues.way_has_a("type") && clues.holds(&["_Info"]) {
        "a callback of `weakref.finalize` refers to its object, which so never dies: give the callback what it needs, and \
         not the object"
    } else if clues.holds(&["Future"]) {
        "futures are kept: discard each when its result was taken (`as_completed`, a callback), and give each wait a time \
         limit"
    } else if clues.holds(&["Task", "coroutine", "_GatheringFuture"]) {
        "tasks begin and never end: give each wait a time limit, cancel what is not wanted any more, and discard \
         finished tasks (`add_done_callback(tasks.discard)`)"
    } else if clues.way_has(&["Queue", "SimpleQueue", "LifoQueue", "PriorityQueue", "JoinableQueue"]) {
        "what is made is not taken as fast: bound the queue (`maxsize`), so that the maker waits, or add consumers"
    } else if clues.way_has(&["WeakKeyDictionary"]) {
        "the values hold their keys, so that no key ever dies: let the values refer to the keys weakly"
    } else if clues.way_has_a("default") {
        "a default value is made once, with the function, and kept as long: use `None`, and make the value in the body"
    } else if clues.holds(&["generator", "async_generator"]) {
        "a generator that is not exhausted keeps its local variables: exhaust or `close()` each"
    } else if clues.way_has(&["defaultdict"]) {
        "reading a missing key of a defaultdict inserts it: read with `.get(key)`, and remove keys that are done with"
    } else {
        return None;
    })
}

fn node_library(clues: &Clues<'_>) -> Option<&'static str> {
    Some(if clues.holds(&["Promise"]) || clues.way_has(&["reactions_or_result"]) {
        "promises that never settle keep all that waits for them: settle or reject each, with a time limit"
    } else if clues.way_has(&["MemoryStore"]) {
        "the store in memory is for development: use one with expiry (Redis, a database), or set a `maxAge` and prune"
    } else if clues.holds(&["Timeout", "Immediate", "TimersList"]) {
        "clear each timer (`clearTimeout`, `clearInterval`) when its owner is done with"
    } else if clues.way_has(&["_events", "<symbol kEvents>", "EventEmitter", "EventTarget", "AbortSignal"]) {
        "listeners are added and never removed: use `once`, or remove each (`off`, `removeEventListener`) when its \
         owner is done with"
    } else {
        return None;
    })
}

fn pattern(clues: &Clues<'_>) -> Option<&'static str> {
    const CALLBACKS: [&str; 9] = [
        "callbacks",
        "_callbacks",
        "hooks",
        "observers",
        "subscribers",
        "watchers",
        "listeners",
        "handlers",
        "receivers",
    ];
    let is_weak = |word: &&str| word.contains("eakref") || word.contains("WeakRef") || *word == "ReferenceType";
    Some(if clues.way.iter().take(4).any(|word| CALLBACKS.contains(word)) {
        "callbacks are registered and never removed: unregister each when its owner is done with, or hold it weakly"
    } else if clues.holds(&["type", "class", "ABCMeta", "EnumMeta", "EnumType", "classobj"]) {
        "classes are made for each unit of work: make each class once, and keep it by its arguments"
    } else if !clues.held.is_empty() && clues.held.iter().all(is_weak) {
        "weak references gather although their targets may be gone: remove each by a callback, or use a weak set"
    } else if clues.way_has_a("thread") {
        "a function that has not returned keeps it in a local variable: bound it, or clear it when a unit of work ends"
    } else {
        return None;
    })
}

fn is_exception(word: &&str) -> bool {
    word.ends_with("Error") || word.ends_with("Exception")
}

/// Returns true if the objects hold each other: in a linked list, or in a tree.
fn are_linked(it: &Gathering<'_>) -> bool {
    let example = it.members.first().and_then(|member| member.example);
    example.is_some_and(|example| {
        let mut linked = example.named_edges().map(|(_, to)| to).filter(|&to| to != example);
        linked.any(|to| to.type_name() == example.type_name())
    })
}

/// The cure for a container of the program.
fn container(clues: &Clues<'_>, place: &str, it: &Gathering<'_>) -> String {
    if it.members.is_empty() {
        return format!("bound what is put into `{place}`, or clear it when it is done with");
    }
    if are_linked(it) {
        return format!(
            "the objects of `{place}` hold each other, as in a list or a tree: unlink those that are done with, or bound their \
             number"
        );
    }
    match clues.container() {
        "list" | "Array" | "deque" | "(array)" => {
            format!("bound `{place}`: drop the oldest entries, or write them out and clear it")
        }
        _ => format!(
            "remove entries from `{place}` when they are done with, bound it (a cache needs a limit), or hold weak \
             references there"
        ),
    }
}

/// Cycles with finalizers in Python's `gc.garbage`.
fn uncollectable(it: &Gathering<'_>) -> Cure {
    let cycle = it.members.first().and_then(|member| member.example).and_then(cycle).unwrap_or_default();
    let advice = match cycle.last() {
        Some((of, edge)) => format!(
            "cut `{edge}` of {of}: make it a weak reference, or clear it when the object is done with; up to Python 3.3 \
             objects with `__del__` on a cycle are never freed"
        ),
        None => "break the cycles: up to Python 3.3 objects with `__del__` on a cycle are never freed".into(),
    };
    let steps: Vec<String> = cycle.iter().map(|(of, edge)| format!("{of}.{edge}")).collect();
    let finding = (!steps.is_empty()).then(|| format!("they lie on cycles: {}", steps.join(" -> ")));
    Cure { kind: VerdictKind::UncollectableCycle, finding, advice }
}

/// The most objects that are looked at for a cycle.
const MOST_LOOKED_AT: usize = 100_000;

/// A shortest cycle through an object, by edges that the program names: for each step the type and
/// the name of the edge. (Attributes lie in a dictionary of their own up to Python 3.10; their edges
/// are those of its owner.)
fn cycle(object: SnapshotObject<'_>) -> Option<Vec<(String, String)>> {
    let mut reached: HashMap<usize, (SnapshotObject<'_>, String)> = HashMap::new();
    let mut queue = vec![object];
    let mut next = 0;
    while !reached.contains_key(&object.number()) {
        let of = *queue.get(next).filter(|_| next < MOST_LOOKED_AT)?;
        next += 1;
        for (name, to) in of.named_edges() {
            if !reached.contains_key(&to.number()) {
                reached.insert(to.number(), (of, name.into_owned()));
                queue.push(to);
            }
        }
    }
    let (mut steps, mut at) = (Vec::new(), object);
    loop {
        let (mut of, edge) = reached.get(&at.number())?.clone();
        if let Some((owner, _)) = reached.get(&of.number()).filter(|(_, name)| name == "__dict__" && of != object) {
            of = *owner;
        }
        steps.push((of.type_name().to_string(), edge));
        at = of;
        if at == object {
            steps.reverse();
            return Some(steps);
        }
    }
}
