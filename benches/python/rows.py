"""The rows of the comparison on CPython: the same shapes, the same message.

    python3 rows.py ROW OBJECTS LIVE STEPS TREES

prints one line of JSON: {"measured": {...}} or {"cannot": "..."}. Times are thread CPU
time. A node is an object with slots: a number and two edges.
"""

import gc
import json
import random
import resource
import sys
from time import thread_time


class Node:
    __slots__ = ("value", "first", "second")

    def __init__(self, value, first=None, second=None):
        self.value = value
        self.first = first
        self.second = second


class Cannot(Exception):
    pass


def live(count):
    choose = random.Random(1).randrange
    nodes = [Node(value) for value in range(count)]
    for node in nodes:
        node.first = nodes[choose(count)]
        node.second = nodes[choose(count)]
    return nodes


def pairs(count, into=()):
    choose = random.Random(2).choice
    held = []
    for value in range(count):
        one = Node(value, None, choose(into) if into else None)
        one.first = Node(value, one, choose(into) if into else None)
        held.append(one)
    return held


def timed_collect(generation=2):
    start = thread_time()
    gc.collect(generation)
    return thread_time() - start


def churn(size):
    best = None
    for _ in range(3):
        start = thread_time()
        for value in range(size.objects):
            Node(value)
        time = thread_time() - start
        best = time if best is None else min(best, time)
    return best, size.objects


def hold(size):
    gc.disable()
    held = [None] * size.objects
    start = thread_time()
    for value in range(size.objects):
        held[value] = Node(value)
    del held
    return thread_time() - start, size.objects


def clone(size):
    raise Cannot("the interpreter's own work outweighs two counts")


def collect_pairs(size):
    gc.disable()
    held = pairs(size.objects // 2)
    del held
    return timed_collect(), size.objects


def ring(size):
    gc.disable()
    last = head = Node(0)
    for value in range(1, size.objects):
        head = Node(value, head)
    last.first = head
    del last, head
    return timed_collect(), size.objects


def full_look(size):
    gc.disable()
    held = live(size.objects)
    gc.collect()
    return timed_collect(), len(held)


def one_root(size):
    gc.disable()
    held = live(size.objects)
    order = list(range(size.objects))
    random.Random(5).shuffle(order)
    for here, there in zip(order, order[1:] + order[:1]):
        held[here].first = held[there]
    gc.collect()
    root = held[0]
    del held
    return timed_collect(), size.objects if root else 0


def nothing(size):
    gc.disable()
    held = live(size.objects)
    gc.collect()
    return timed_collect(), 1 if held else 0


def few_pairs(size, into_live, generation):
    gc.disable()
    held = live(size.objects)
    gc.collect()
    few = pairs(1000, held if into_live else ())
    del few
    return timed_collect(generation), 1


def drop_list(size):
    gc.disable()
    head = None
    for value in range(size.objects):
        head = Node(value, head)
    start = thread_time()
    del head
    return thread_time() - start, size.objects


def churn_steps(size):
    """Yields after each step; the rules are those of `work/programs.rs`."""
    choose = random.Random(3).randrange
    count = size.live
    roots = [Node(value) for value in range(count)]
    for _ in range(size.steps):
        slot, mate = choose(count), roots[choose(count)]
        new = Node(slot, roots[choose(count)], mate)
        mate.second = new
        old = roots[slot]
        roots[slot] = new
        old.first = None
        del old, mate, new
        yield


def random_churn(size):
    steps = churn_steps(size)
    next(steps)
    start = thread_time()
    for _ in steps:
        pass
    return thread_time() - start, size.steps - 1


def pause(size):
    longest = 0.0
    steps = churn_steps(size)
    next(steps)
    last = thread_time()
    for _ in steps:
        now = thread_time()
        longest = max(longest, now - last)
        last = now
    return longest, 1


def tree(depth):
    if depth == 0:
        return Node(0)
    return Node(depth, tree(depth - 1), tree(depth - 1))


def trees(size):
    start = thread_time()
    for _ in range(size.trees):
        tree(16)
    return thread_time() - start, size.trees * ((2 << 16) - 1)


def resident():
    with open("/proc/self/smaps_rollup") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Rss:"))


def bytes_held(size):
    shared = 1 << 40  # one number for all: Rust's is inside the node, and counted
    before = resident()
    held = [Node(shared) for _ in range(size.objects)]
    return resident() - before, len(held)


ROWS = {
    "churn": churn,
    "hold": hold,
    "clone": clone,
    "pairs": collect_pairs,
    "ring": ring,
    "full-look": full_look,
    "one-root": one_root,
    "nothing": nothing,
    "beside": lambda size: few_pairs(size, False, 2),
    "into-live": lambda size: few_pairs(size, True, 2),
    "into-live-young": lambda size: few_pairs(size, True, 0),
    "list": drop_list,
    "random-churn": random_churn,
    "pause": pause,
    "trees": trees,
    "bytes": bytes_held,
}


class Size:
    def __init__(self, objects, live, steps, trees):
        self.objects, self.live, self.steps, self.trees = objects, live, steps, trees


def main(row, *sizes):
    try:
        total, count = ROWS[row](Size(*map(int, sizes)))
    except Cannot as cannot:
        return {"cannot": str(cannot)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"measured": {"total": total, "count": count, "asked_to_collect": False, "peak": peak}}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])), flush=True)
