//! Pointers: counts, comparison, layout, unsized and large values. (The cells that hold
//! them are in `cells.rs`.)

use crate::support::node::{Node, looped, node};
use crate::support::{BOTH, heap, log, logged, slots_in_use};
use gc_core::{
    ByAddress, DynTrace, Finalize, FinalizerPolicy, Gc, GcAny, Heap, OutOfMemoryKind, Slot, Trace, Weak, gc_cast,
    trace_object,
};
use std::collections::{HashMap, HashSet};

#[derive(Trace)]
#[trace(finalize)]
struct Fin {
    name: &'static str,
}

impl Finalize for Fin {
    fn finalize(this: &Gc<Fin>) {
        log(this.name);
    }
}

#[test]
fn counts_and_identity() {
    let heap = heap(FinalizerPolicy::Pep442);
    let a = heap.alloc(5);
    assert_eq!(Gc::strong_count(&a), 1);
    let b = a.clone();
    let any = Gc::as_any(&a);
    assert_eq!((Gc::strong_count(&a), Gc::strong_count(&b), any.strong_count()), (3, 3, 3));
    assert!(Gc::ptr_eq(&a, &b) && !Gc::ptr_eq(&a, &heap.alloc(5)));
    assert_eq!(Gc::as_ptr(&a), &raw const *b);
    assert_eq!(any.address(), Gc::as_ptr(&a).addr());
    drop((b, any));
    assert_eq!(Gc::strong_count(&a), 1);
    assert!(Gc::heap(&a).ptr_eq(&heap));
}

#[test]
fn comparison_hash_and_display_look_at_the_value() {
    let heap = heap(FinalizerPolicy::Pep442);
    let (one, uno, two) = (heap.alloc(1), heap.alloc(1), heap.alloc(2));
    assert!(one == uno && one != two && one < two && two >= uno);
    assert_eq!(one.cmp(&two), std::cmp::Ordering::Less);
    assert_eq!(heap.alloc(f64::NAN).partial_cmp(&heap.alloc(0.0)), None);
    assert_eq!(format!("{one} {:>3}", two), "1   2");
    let set = HashSet::from([one.clone(), uno, two]);
    assert!(set.len() == 2 && set.contains(&1), "borrows as the value does");
    assert_eq!((*one.as_ref(), format!("{one:p}")), (1, format!("{:p}", Gc::as_ptr(&one))));
    let words = HashMap::from([(heap.alloc_str("key"), 7)]);
    assert_eq!(words.get("key"), Some(&7));
}

#[test]
fn debug_prints_type_and_address() {
    let heap = heap(FinalizerPolicy::Pep442);
    let node = looped(&heap);
    let address = Gc::as_ptr(&node).addr();
    assert_eq!(format!("{node:?}"), format!("Gc<Node>({address:#x})"));
    assert_eq!(format!("{:?}", Gc::as_any(&node)), format!("<Node {address:#x}>"));
    assert_eq!(format!("{:?}", node.next), format!("Slot(Some(Gc<Node>({address:#x})))"));
    node.next.take();
}

#[test]
fn by_address_compares_identity() {
    let heap = heap(FinalizerPolicy::Pep442);
    let (a, b) = (ByAddress(heap.alloc(1)), ByAddress(heap.alloc(1)));
    assert!(a == a.clone() && a != b && a.0 == b.0);
    assert_eq!(a < b, Gc::as_ptr(&a.0) < Gc::as_ptr(&b.0));
    let set = HashSet::from([a.clone(), a.clone(), b]);
    assert_eq!((set.len(), Gc::strong_count(&a.0)), (2, 2));
}

#[test]
fn sizes_and_niches() {
    type Object = dyn DynTrace;
    assert_eq!((size_of::<Gc<u8>>(), size_of::<Option<Gc<u8>>>()), (8, 8));
    assert_eq!((size_of::<Gc<Object>>(), size_of::<Option<Gc<Object>>>()), (16, 16));
    assert_eq!((size_of::<Gc<str>>(), size_of::<Option<Gc<[u8]>>>()), (16, 16));
    assert_eq!((size_of::<Slot<u8>>(), size_of::<GcAny>()), (8, 8));
}

#[test]
fn values_of_every_alignment() {
    macro_rules! aligned {
        ($heap:expr, $($align:literal),*) => {$({
            #[derive(Trace)]
            #[repr(align($align))]
            struct Empty;
            #[derive(Trace)]
            #[repr(align($align))]
            struct Full { next: Slot<Full>, byte: u8 }
            let (heap, align): (&Heap, usize) = ($heap, $align);
            let empty: Vec<Gc<Empty>> = (0..100).map(|_| heap.alloc(Empty)).collect();
            let full: Vec<Gc<Full>> = (0..100).map(|n| heap.alloc(Full { next: Slot::empty(), byte: n })).collect();
            let slice = heap.alloc_slice((0..3).map(|_| Empty));
            let addresses: HashSet<usize> = empty.iter().map(|empty| Gc::as_ptr(empty).addr()).collect();
            assert_eq!(addresses.len(), 100, "each its own, also without a size");
            assert!(addresses.iter().all(|address| address.is_multiple_of(align)));
            assert_eq!((slice.as_ptr().addr() % align, slice.len()), (0, 3));
            for (n, at) in full.iter().enumerate() {
                assert_eq!((Gc::as_ptr(at).addr() % align, at.byte as usize), (0, n));
                at.next.set(Some(full[(n + 1) % 100].clone()));
            }
            drop(full);
            assert_eq!(heap.collect(), 100, "align {}", $align);
        })*};
    }
    for policy in BOTH {
        let heap = heap(policy);
        aligned!(&heap, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        assert_eq!(slots_in_use(&heap), 0);
    }
}

#[test]
fn an_alignment_beyond_every_heap() {
    #[derive(Trace, Debug)]
    #[repr(align(65536))]
    struct Huge(u8);
    let heap = heap(FinalizerPolicy::Pep442);
    let error = heap.try_alloc(Huge(7)).unwrap_err();
    assert_eq!((error.kind, error.value.0), (OutOfMemoryKind::RequestTooLarge, 7));
}

#[test]
fn strings() {
    let heap = heap(FinalizerPolicy::Pep442);
    for length in [0, 1, 7, 8, 15, 16, 17, 100, 128, 129, 5000, 70_000, 5_000_000] {
        let text = "é".repeat(length / 2) + &"x".repeat(length % 2);
        let (one, two) = (heap.alloc_str(&text), heap.alloc_str(&text));
        assert!(*one == *text && one == two && one.len() == length && !Gc::ptr_eq(&one, &two));
    }
    assert_eq!(slots_in_use(&heap), 0);
}

#[test]
fn slices() {
    struct Dropped(u32);
    impl Drop for Dropped {
        fn drop(&mut self) {
            log(self.0.to_string());
        }
    }
    #[derive(Trace)]
    struct Element(#[trace(skip)] Dropped);
    for policy in BOTH {
        let heap = heap(policy);
        assert_eq!(*heap.alloc_slice([0u8; 0]), [0; 0]);
        assert_eq!(heap.alloc_slice([(); 1000]).len(), 1000);
        for length in [1, 3, 1000, 100_000, 2_000_000] {
            let numbers = heap.alloc_slice(0..length);
            assert!(numbers.iter().copied().eq(0..length));
        }
        let elements = heap.alloc_slice((0..3).map(|n| Element(Dropped(n))));
        assert_eq!(elements[2].0.0, 2);
        drop(elements);
        assert_eq!(logged(), ["0", "1", "2"], "first to last, as Rust drops");
        assert_eq!(slots_in_use(&heap), 0);
    }
}

#[test]
fn a_cycle_through_a_slice() {
    #[derive(Trace)]
    struct Item {
        all: Slot<[Item]>,
    }
    for policy in BOTH {
        for length in [1, 10, 10_000] {
            let heap = heap(policy);
            let items = heap.alloc_slice((0..length).map(|_| Item { all: Slot::empty() }));
            for item in items.iter() {
                item.all.set(Some(items.clone()));
            }
            assert_eq!(heap.edges(&Gc::as_any(&items))[0].name, "[0].all");
            assert_eq!((Gc::strong_count(&items), heap.collect()), (length + 1, 0));
            drop(items);
            assert_eq!(heap.collect(), 1);
        }
    }
}

trait Shape: DynTrace {
    fn area(&self) -> u32;
    fn next(&self) -> &Slot<dyn Shape>;
}
trace_object!(dyn Shape);

macro_rules! shape {
    ($name:ident, $area:expr) => {
        #[derive(Trace)]
        struct $name(Slot<dyn Shape>, u32);
        impl Shape for $name {
            fn area(&self) -> u32 {
                let area: fn(u32) -> u32 = $area;
                area(self.1)
            }
            fn next(&self) -> &Slot<dyn Shape> {
                &self.0
            }
        }
    };
}
shape!(Square, |side| side * side);
shape!(Double, |side| 2 * side);

#[test]
fn trait_objects_on_cycles() {
    for policy in BOTH {
        let heap = heap(policy);
        let square = heap.alloc(Square(Slot::empty(), 3));
        let shape: Gc<dyn Shape> = gc_cast!(square.clone() => dyn Shape);
        assert!(Gc::ptr_eq(&shape, &gc_cast!(square.clone() => dyn Shape)));
        assert_eq!((shape.area(), Gc::strong_count(&square)), (9, 2));
        let double = gc_cast!(heap.alloc(Double(Slot::new(Some(shape.clone())), 4)) => dyn Shape);
        shape.next().set(Some(double.clone()));
        assert_eq!(shape.next().get().unwrap().area(), 8);
        let any = Gc::as_any(&double);
        assert_eq!((any.type_name().as_str(), any.is::<Double>(), any.is::<Square>()), ("Double", true, false));
        assert_eq!(any.downcast_ref::<Double>().unwrap().1, 4);
        let weak: Weak<dyn Shape> = Gc::downgrade(&double);
        assert_eq!(weak.upgrade().unwrap().area(), 8);
        drop((any, square, shape, double));
        assert_eq!(heap.collect(), 2);
        assert!(weak.upgrade().is_none());
    }
}

#[test]
fn any_pointers_know_their_type() {
    let heap = heap(FinalizerPolicy::Pep442);
    let (number, text, row) = (heap.alloc(7u32), heap.alloc_str("text"), heap.alloc_slice([1u8]));
    let any = GcAny::from(number);
    assert_eq!(any.downcast::<u32>().map(|number| *number), Some(7));
    assert!(any.downcast::<i32>().is_none() && any.downcast_ref::<i32>().is_none());
    assert_eq!((any.type_name(), any.strong_count(), any.clone() == any), ("u32".into(), 1, true));
    assert!(Gc::as_any(&text).is::<str>() && Gc::as_any(&row).is::<[u8]>() && !Gc::as_any(&row).is::<[i8]>());
    assert!(any.birth() < Gc::as_any(&text).birth());
    assert!(!any.is_tracked() && any.generation().is_none() && any.referents().is_empty());
}

#[test]
fn try_unwrap_moves_the_value_out() {
    for policy in BOTH {
        let heap = heap(policy);
        let object = heap.alloc(Fin { name: "fin" });
        let other = object.clone();
        let bare = Gc::downgrade_with(&object, || log("bare"));
        let managed = heap.alloc_weak_with(&object, |_| log("managed"));
        let object = Gc::try_unwrap(object).err().unwrap();
        assert!(logged().is_empty() && bare.upgrade().is_some());
        drop(other);
        assert_eq!(Gc::try_unwrap(object).map(|value| value.name).ok(), Some("fin"));
        assert_eq!(logged(), ["managed", "bare"], "no finalizer");
        assert!(bare.upgrade().is_none() && managed.upgrade().is_none());

        let ring = looped(&heap);
        let ring = Gc::try_unwrap(ring).err().unwrap();
        drop(ring.next.take());
        let node = Gc::try_unwrap(ring).ok().unwrap();
        node.next.set(Some(crate::support::node::node(&heap)));
        assert_eq!((heap.collect(), heap.objects(None).len()), (0, 2), "the managed one, and what the value holds");
        drop((node, managed));
        assert_eq!(slots_in_use(&heap), 0);
    }
}

#[test]
fn new_cyclic_hands_out_a_weak_pointer_to_itself() {
    #[derive(Trace)]
    struct Gadget {
        me: Weak<Gadget>,
        other: Gc<Node>,
    }
    for policy in BOTH {
        let heap = heap(policy);
        let inner = heap.clone();
        let gadget = heap.new_cyclic(|me| {
            assert!(me.upgrade().is_none());
            // Neither allocations nor collections see the half-built object.
            assert_eq!((inner.collect(), inner.objects(None).len()), (0, 0));
            let _same_type = inner.new_cyclic(|me| Gadget { me: me.clone(), other: node(&inner) });
            Gadget { me: me.clone(), other: node(&inner) }
        });
        assert!(Gc::ptr_eq(&gadget, &gadget.me.upgrade().unwrap()));
        assert_eq!((Gc::strong_count(&gadget), Gc::weak_count(&gadget), Gc::strong_count(&gadget.other)), (1, 1, 1));
        let weak = gadget.me.clone();
        drop(gadget);
        assert!(weak.upgrade().is_none() && heap.objects(None).is_empty());
    }
}

#[test]
fn large_values_on_cycles() {
    #[derive(Trace)]
    struct Large<const N: usize> {
        next: Slot<Large<N>>,
        bytes: [u8; N],
    }
    fn ring<const N: usize>(heap: &Heap) {
        let alloc = |byte| heap.alloc(Large::<N> { next: Slot::empty(), bytes: [byte; N] });
        let all: Vec<_> = (0..3).map(alloc).collect();
        for (n, large) in all.iter().enumerate() {
            large.next.set(Some(all[(n + 1) % 3].clone()));
        }
        assert_eq!(heap.collect(), 0);
        for (n, large) in all.iter().enumerate() {
            assert!(large.bytes.iter().all(|&byte| usize::from(byte) == n), "{N}");
        }
        drop(all);
        assert_eq!(heap.collect(), 3, "{N}");
    }
    let test = || {
        for policy in BOTH {
            let heap = heap(policy);
            ring::<1024>(&heap);
            ring::<16_000>(&heap);
            ring::<16_384>(&heap);
            ring::<65_000>(&heap);
            ring::<70_000>(&heap);
            ring::<1_000_000>(&heap);
            ring::<4_100_000>(&heap);
            ring::<4_200_000>(&heap);
            ring::<10_485_760>(&heap);
            assert_eq!(slots_in_use(&heap), 0);
        }
    };
    // The values pass over the stack.
    std::thread::Builder::new().stack_size(256 << 20).spawn(test).unwrap().join().unwrap();
}

#[test]
fn strings_and_slices_show_their_values() {
    let heap = Heap::new();
    assert_eq!(format!("{:?}", heap.alloc_str("a \"text\"")), r#""a \"text\"""#);
    assert_eq!(format!("{:?} {0:#?}", heap.alloc_slice([1, 2])), "[1, 2] [\n    1,\n    2,\n]");
    assert_eq!(format!("{:?}", heap.alloc_slice([heap.alloc_str("x")])), "[\"x\"]");
    assert!(format!("{:?}", heap.alloc(String::from("sized"))).starts_with("Gc<String>(0x"));
    assert_eq!(format!("{:?}", Slot::new(Some(heap.alloc_str("in a slot")))), "Slot(Some(\"in a slot\"))");
    assert_eq!(format!("{:?}", Gc::downgrade(&heap.alloc_slice([7]))), "Weak([7])");

    // Elements that can lead back are not followed.
    #[derive(Trace, Debug)]
    struct Row(std::cell::RefCell<Option<Gc<[Row]>>>);
    let rows = heap.alloc_slice([Row(Default::default())]);
    *rows[0].0.borrow_mut() = Some(rows.clone());
    assert!(format!("{rows:?}").starts_with("Gc<[Row]>(0x"));
    rows[0].0.take();
}

#[test]
fn identity_is_derived_on_request() {
    use std::collections::HashMap;
    #[derive(Trace)]
    #[trace(identity)]
    struct Node<T: 'static> {
        next: Slot<Node<T>>,
        value: T,
    }
    let heap = Heap::new();
    let node = |value| heap.alloc(Node { next: Slot::empty(), value });
    let (a, b) = (node(1u8), node(1));
    a.next.set(Some(b.clone()));
    b.next.set(Some(a.clone()));
    assert!(a == a.clone() && a != b && a.value == b.value);
    let map: HashMap<Gc<Node<u8>>, u8> = [(a.clone(), 1), (b.clone(), 2)].into();
    assert_eq!((map[&a], map[&b]), (1, 2));
}
