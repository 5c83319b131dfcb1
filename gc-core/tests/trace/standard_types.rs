//! Each type of the standard library that is traced: a cycle through it is found,
//! and its edges have the right names.

use gc_core::{ByAddress, Gc, GcAny, Heap, List, Slot, Trace, Weak};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::marker::PhantomData;
use std::num::Wrapping;
use std::rc::Rc;
use std::sync::Arc;

/// A heap of each detector.
fn heaps() -> [Heap; 2] {
    [true, false].map(|linear| {
        let heap = Heap::builder().thresholds([0, 0, 0]).build().unwrap();
        heap.force_detector(Some(linear));
        heap
    })
}

fn names(heap: &Heap, object: &GcAny) -> Vec<String> {
    heap.edges(object).into_iter().map(|edge| edge.name).collect()
}

/// One test: an object with `field: RefCell<Option<Type>>` (the cell closes the cycle
/// and adds no name) that is filled from clones of pointers to itself.
macro_rules! through {
    ($($test:ident: $ty:ty, |$me:ident| $fill:expr, $names:expr;)*) => {$(
        #[test]
        fn $test() {
            #[derive(Trace)]
            struct Node {
                field: RefCell<Option<$ty>>,
            }
            for heap in heaps() {
                let $me = heap.alloc(Node { field: RefCell::new(None) });
                assert!(heap.is_tracked(&Gc::as_any(&$me)), "may lie on a cycle");
                let names_expected: Vec<&str> = $names.to_vec();
                *$me.field.borrow_mut() = Some($fill);
                assert_eq!(names(&heap, &Gc::as_any(&$me)), names_expected);
                assert_eq!(Gc::strong_count(&$me), 1 + names_expected.len());
                assert_eq!(Gc::as_any(&$me).referents(), vec![Gc::as_any(&$me); names_expected.len()]);
                assert_eq!(heap.collect(), 0, "held from outside");
                // Two of them, so that the cycle is longer than one object.
                let other = heap.alloc(Node { field: RefCell::new(None) });
                {
                    let $me = other.clone();
                    *other.field.borrow_mut() = Some($fill);
                }
                {
                    let mine = $me.field.take();
                    let theirs = other.field.replace(mine);
                    *$me.field.borrow_mut() = theirs;
                }
                assert_eq!(names(&heap, &Gc::as_any(&other)), names_expected);
                let weak = Gc::downgrade(&other);
                drop(($me, other));
                assert_eq!(heap.collect(), 2);
                assert!(weak.upgrade().is_none() && heap.objects(None).is_empty());
                assert_eq!(heap.slots_in_use(), 0);
            }
        }
    )*};
}

through! {
    gc: Gc<Node>, |me| me.clone(), ["field"];
    slot: Slot<Node>, |me| Slot::new(Some(me.clone())), ["field"];
    list: List<Node>, |me| [me.clone(), me.clone()].into_iter().collect(), ["field[0]", "field[1]"];
    any: GcAny, |me| Gc::as_any(&me), ["field"];
    by_address: ByAddress<Gc<Node>>, |me| ByAddress(me.clone()), ["field"];
    option: Option<Gc<Node>>, |me| Some(me.clone()), ["field"];
    option_none: (Option<Gc<Node>>, Gc<Node>), |me| (None, me.clone()), ["field.1"];
    result_ok: Result<Gc<Node>, String>, |me| Ok(me.clone()), ["field"];
    result_err: Result<u8, Gc<Node>>, |me| Err(me.clone()), ["field"];
    boxed: Box<Gc<Node>>, |me| Box::new(me.clone()), ["field"];
    boxed_slice: Box<[Gc<Node>]>, |me| vec![me.clone(); 2].into(), ["field[0]", "field[1]"];
    vec: Vec<Gc<Node>>, |me| vec![me.clone(); 3], ["field[0]", "field[1]", "field[2]"];
    vec_of_vec: Vec<Vec<Gc<Node>>>, |me| vec![vec![], vec![me.clone(); 2]], ["field[1][0]", "field[1][1]"];
    deque: VecDeque<Gc<Node>>, |me| {
        let mut deque = VecDeque::from([me.clone()]);
        deque.push_front(me.clone());
        deque
    }, ["field[0]", "field[1]"];
    linked_list: LinkedList<Gc<Node>>, |me| [me.clone(), me.clone()].into(), ["field[0]", "field[1]"];
    array: [Option<Gc<Node>>; 3], |me| [Some(me.clone()), None, Some(me.clone())], ["field[0]", "field[2]"];
    array_empty: ([Gc<Node>; 0], Gc<Node>), |me| ([], me.clone()), ["field.1"];
    small_vec: SmallVec<[Gc<Node>; 2]>, |me| [me.clone(), me.clone()].into_iter().collect(), ["field[0]", "field[1]"];
    small_vec_spilled: SmallVec<[Gc<Node>; 2]>, |me| std::iter::repeat_n(me.clone(), 3).collect(),
        ["field[0]", "field[1]", "field[2]"];
    tuple_1: (Gc<Node>,), |me| (me.clone(),), ["field.0"];
    tuple_8: (u8, Gc<Node>, (), bool, char, f64, Gc<Node>, Gc<Node>),
        |me| (1, me.clone(), (), true, 'c', 0.5, me.clone(), me.clone()), ["field.1", "field.6", "field.7"];
    cell: Cell<Option<Gc<Node>>>, |me| Cell::new(Some(me.clone())), ["field"];
    ref_cell: RefCell<Vec<Gc<Node>>>, |me| RefCell::new(vec![me.clone()]), ["field[0]"];
    once_cell: OnceCell<Gc<Node>>, |me| OnceCell::from(me.clone()), ["field"];
    wrapping: Wrapping<Gc<Node>>, |me| Wrapping(me.clone()), ["field"];
    nested: Vec<Option<Box<(u8, HashMap<u8, Gc<Node>>)>>>,
        |me| vec![None, Some(Box::new((0, HashMap::from([(5, me.clone())]))))], ["field[1].1[5]"];

    tree_map_of_strings: BTreeMap<String, Gc<Node>>,
        |me| [("b", me.clone()), ("a", me.clone())].map(|(key, to)| (key.to_owned(), to)).into(),
        [r#"field["a"]"#, r#"field["b"]"#];
    tree_map_of_odd_strings: BTreeMap<String, Gc<Node>>,
        |me| [(String::from("\"q\" \n"), me.clone())].into(), [r#"field["\"q\" \n"]"#];
    tree_map_of_integers: BTreeMap<i64, Gc<Node>>,
        |me| [-5, 0, 7].map(|key| (key, me.clone())).into(), ["field[-5]", "field[0]", "field[7]"];
    tree_map_of_chars: BTreeMap<char, Gc<Node>>, |me| [('x', me.clone())].into(), ["field['x']"];
    tree_map_of_bools: BTreeMap<bool, Gc<Node>>,
        |me| [(true, me.clone()), (false, me.clone())].into(), ["field[false]", "field[true]"];
    tree_map_of_others: BTreeMap<(u8, u8), Gc<Node>>,
        |me| [((2, 0), me.clone()), ((1, 0), me.clone())].into(), ["field[#0]", "field[#1]"];
    tree_map_of_boxed_strings: BTreeMap<Box<str>, Gc<Node>>, |me| [("k".into(), me.clone())].into(), [r#"field["k"]"#];
    tree_map_of_cows: BTreeMap<Cow<'static, str>, Gc<Node>>,
        |me| [(Cow::Borrowed("k"), me.clone())].into(), [r#"field["k"]"#];
    tree_map_of_large_integers: BTreeMap<u128, Gc<Node>>,
        |me| [(7, me.clone()), (u128::MAX, me.clone())].into(), ["field[7]", "field[#1]"];
    tree_map_of_lists: BTreeMap<u8, Vec<Gc<Node>>>, |me| [(5, vec![me.clone(); 2])].into(), ["field[5][0]", "field[5][1]"];
    tree_map_keys: BTreeMap<ByAddress<Gc<Node>>, u8>, |me| [(ByAddress(me.clone()), 1)].into(), ["field[#0]"];
    tree_set: BTreeSet<ByAddress<Gc<Node>>>, |me| [ByAddress(me.clone())].into(), ["field[0]"];
    hash_map: HashMap<&'static str, Gc<Node>>, |me| [("k", me.clone())].into(), ["field[#0]"];
    hash_map_of_strings: HashMap<String, Gc<Node>>, |me| [("k".into(), me.clone())].into(), [r#"field["k"]"#];
    hash_map_keys: HashMap<ByAddress<Gc<Node>>, Gc<Node>>,
        |me| [(ByAddress(me.clone()), me.clone())].into(), ["field[#0]", "field[#0]"];
    hash_set: HashSet<ByAddress<Gc<Node>>>, |me| [ByAddress(me.clone())].into(), ["field[0]"];
}

/// A slice behind a pointer: the elements are the object.
#[test]
fn slice() {
    #[derive(Trace)]
    struct Item(Slot<[Item]>);
    for heap in heaps() {
        let items = heap.alloc_slice((0..3).map(|_| Item(Slot::empty())));
        items.iter().for_each(|item| item.0.set(Some(items.clone())));
        assert_eq!(names(&heap, &Gc::as_any(&items)), ["[0].0", "[1].0", "[2].0"]);
        drop(items);
        assert_eq!(heap.collect(), 1);
    }
}

/// What holds no pointer makes no type cyclic, and is dropped with its object.
#[test]
fn types_without_pointers() {
    #[derive(Trace)]
    struct Leaf {
        numbers: (u8, i8, u16, i16, u32, i32, u64, i64),
        large: (u128, i128, usize, isize, f32, f64, bool, char),
        text: (String, Cow<'static, str>, &'static str, Box<str>),
        nonzero: Option<std::num::NonZeroU32>,
        time: (std::time::Duration, std::time::Instant, std::time::SystemTime),
        path: (std::path::PathBuf, std::ffi::OsString),
        none: fn(),
        one: fn(u8) -> u8,
        four: fn(u8, u8, u8, u8),
        order: std::cmp::Ordering,
        unit: (),
        phantom: PhantomData<*const u8>,
    }
    let heap = Heap::new();
    let leaf = heap.alloc(Leaf {
        numbers: (1, 2, 3, 4, 5, 6, 7, 8),
        large: (1, 2, 3, 4, 0.5, 0.25, true, 'c'),
        text: ("a".into(), "b".into(), "c", "d".into()),
        nonzero: None,
        time: (std::time::Duration::ZERO, std::time::Instant::now(), std::time::SystemTime::now()),
        path: ("p".into(), "o".into()),
        none: || (),
        one: |n| n,
        four: |_, _, _, _| (),
        order: std::cmp::Ordering::Less,
        unit: (),
        phantom: PhantomData,
    });
    assert!(!heap.is_tracked(&Gc::as_any(&leaf)));
    assert!(names(&heap, &Gc::as_any(&leaf)).is_empty());
    assert_eq!(((leaf.one)(3), &*leaf.text.3), (3, "d"));
}

/// A mention of a pointer type is no pointer.
#[test]
fn phantom_and_weak_make_no_cycle() {
    #[derive(Trace)]
    struct Node {
        phantom: PhantomData<Gc<Node>>,
        weak: RefCell<Weak<Node>>,
    }
    for heap in heaps() {
        let node = heap.alloc(Node { phantom: PhantomData, weak: RefCell::default() });
        *node.weak.borrow_mut() = Gc::downgrade(&node);
        assert!(!heap.is_tracked(&Gc::as_any(&node)));
        assert!(names(&heap, &Gc::as_any(&node)).is_empty());
        let weak = Gc::downgrade(&node);
        drop(node);
        assert!(weak.upgrade().is_none());
    }
}

/// While a cell is mutably borrowed its edges are hidden: their targets count as held
/// from outside, and are found as soon as the borrow is over.
#[test]
fn a_borrowed_cell_hides_its_edges() {
    #[derive(Trace)]
    struct Node {
        children: RefCell<Vec<Gc<Node>>>,
        next: Slot<Node>,
    }
    for heap in heaps() {
        let node = |next| heap.alloc(Node { children: RefCell::default(), next: Slot::new(next) });
        let parent = node(None);
        let child = node(Some(parent.clone()));
        parent.children.borrow_mut().push(child.clone());
        let weak = Gc::downgrade(&child);
        {
            let mut borrowed = parent.children.borrow_mut();
            assert!(names(&heap, &Gc::as_any(&parent)).is_empty());
            assert!(heap.referrers(&[&Gc::as_any(&child)]).is_empty());
            drop(child);
            assert_eq!(heap.collect(), 0);
            borrowed.push(node(None));
            assert_eq!((heap.collect(), borrowed.len()), (0, 2));
        }
        assert_eq!(names(&heap, &Gc::as_any(&parent)), ["children[0]", "children[1]"]);
        // A shared borrow hides nothing.
        let shared = parent.children.borrow();
        assert_eq!(names(&heap, &Gc::as_any(&parent)).len(), 2);
        drop(shared);
        drop(parent);
        assert_eq!(heap.collect(), 3);
        assert!(weak.upgrade().is_none());
    }
}

/// The borrow never ends: garbage stays, and nothing else goes wrong.
#[test]
fn a_cell_that_is_borrowed_for_ever() {
    #[derive(Trace)]
    struct Node {
        next: RefCell<Option<Gc<Node>>>,
    }
    for heap in heaps() {
        let node = heap.alloc(Node { next: RefCell::default() });
        *node.next.borrow_mut() = Some(node.clone());
        std::mem::forget(node.next.borrow_mut());
        let weak = Gc::downgrade(&node);
        drop(node);
        assert_eq!((heap.collect(), heap.collect()), (0, 0));
        assert_eq!(weak.upgrade().map(|node| Gc::strong_count(&node)), Some(2));
    }
}

/// What `Rc` and `Arc` hold is not looked into: held from outside, so a cycle leaks
/// until it is cut.
#[test]
fn shared_owners_are_opaque() {
    #[derive(Trace)]
    struct Node {
        counted: RefCell<Option<Rc<Gc<Node>>>>,
        atomic: RefCell<Option<Arc<Gc<Node>>>>,
        next: Slot<Node>,
    }
    for heap in heaps() {
        for atomic in [false, true] {
            let (counted, arc) = (RefCell::default(), RefCell::default());
            let node = heap.alloc(Node { counted, atomic: arc, next: Slot::empty() });
            if atomic {
                #[expect(clippy::arc_with_non_send_sync, reason = "that it is one is the point")]
                let shared = Arc::new(node.clone());
                *node.atomic.borrow_mut() = Some(shared);
            } else {
                *node.counted.borrow_mut() = Some(Rc::new(node.clone()));
            }
            node.next.set(Some(node.clone()));
            assert_eq!(names(&heap, &Gc::as_any(&node)), ["next"]);
            let weak = Gc::downgrade(&node);
            drop(node);
            assert_eq!(heap.collect(), 0);
            let node = weak.upgrade().expect("kept alive");
            assert_eq!(Gc::strong_count(&node), 3);
            drop((node.counted.take(), node.atomic.take(), node));
            assert_eq!(heap.collect(), 1);
            assert!(weak.upgrade().is_none());
        }
    }
}

/// A type that holds pointers only behind `Rc` is taken for one without any.
#[test]
fn a_type_with_opaque_pointers_only_is_untracked() {
    #[derive(Trace)]
    struct Owner(Rc<Gc<u32>>, std::rc::Weak<Gc<u32>>);
    let heap = Heap::new();
    let number = heap.alloc(7);
    let shared = Rc::new(number.clone());
    let owner = heap.alloc(Owner(shared.clone(), Rc::downgrade(&shared)));
    assert!(!heap.is_tracked(&Gc::as_any(&owner)) && names(&heap, &Gc::as_any(&owner)).is_empty());
    drop(shared);
    assert_eq!((**owner.0, Gc::strong_count(&number)), (7, 2));
    drop(owner);
    assert_eq!(Gc::strong_count(&number), 1);
}
