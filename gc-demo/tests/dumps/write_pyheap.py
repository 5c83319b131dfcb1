"""Writes the heap of this process in the format of PyHeap (its version 1), and leaks.

python write_pyheap.py BEFORE AFTER
"""
import gc
import inspect
import struct
import sys
import threading
import traceback

MAGIC = 123000321
BASIC = {int: 0, float: 0.0, bool: False, str: "", bytes: b"", list: [], set: set(), dict: {}}


class Writer:
    def __init__(self, file):
        self.file = file

    def number(self, form, value):
        self.file.write(struct.pack("!" + form, value))

    def text(self, text):
        data = text.encode("utf-8", "replace")[:30000]
        self.number("H", len(data))
        self.file.write(data)


def attributes(value):
    found = []
    for name in dir(value):
        try:
            found.append((name, inspect.getattr_static(value, name)))
        except (AttributeError, ValueError):
            pass
    return found


def write_attributes(out, found, frequent):
    out.number("I", len(found))
    for name, value in found:
        if name in frequent:
            out.number("h", -1 - frequent.index(name))
        else:
            out.text(name)
        out.number("Q", id(value))


def write(path):
    gc.collect()
    to_visit = gc.get_objects()
    with open(path, "wb") as file:
        out = Writer(file)
        out.number("Q", MAGIC)
        out.number("I", 1)
        out.text("2026-12-01T00:00:00+00:00")
        out.number("Q", 1)
        out.number("I", 4)
        for known in (list, tuple, dict, set):
            out.text(known.__name__)
            out.number("Q", id(known))
        frames = sys._current_frames()
        threads = threading.enumerate()
        out.number("I", len(threads))
        for thread in threads:
            out.text(thread.name)
            out.number("?", True)
            out.number("?", thread.daemon)
            stack = [(frame, line) for frame, line in traceback.walk_stack(frames[thread.ident])
                     if frame.f_code.co_name != "write"]
            out.number("I", len(stack))
            for frame, line in stack:
                out.text(frame.f_code.co_filename)
                out.number("I", line)
                out.text(frame.f_code.co_name)
                out.number("I", len(frame.f_locals))
                for name, value in frame.f_locals.items():
                    out.text(name)
                    out.number("Q", id(value))
                to_visit.extend(frame.f_locals.values())
        frequent = sorted(dir(object))
        out.number("I", len(frequent))
        for name in frequent:
            out.text(name)
        out.number("I", len(BASIC))
        for basic, example in BASIC.items():
            out.number("Q", id(basic))
            write_attributes(out, attributes(example), frequent)
        count_at = file.tell()
        out.number("I", 0)
        types = write_objects(out, to_visit, frequent)
        end = file.tell()
        file.seek(count_at)
        out.number("I", types.pop(None))
        file.seek(end)
        out.number("I", len(types))
        for address, name in types.items():
            out.number("Q", address)
            out.text(name)
        out.number("Q", MAGIC)


def write_objects(out, to_visit, frequent):
    seen, types, own = set(), {None: 0}, {id(to_visit), id(frequent)}
    own |= {id(seen), id(types), id(own), id(sys._getframe())}
    while to_visit:
        value = to_visit.pop()
        if id(value) in seen or id(value) in own:
            continue
        seen.add(id(value))
        cls = type(value)
        types[id(cls)] = cls.__name__
        types[None] += 1
        referents = gc.get_referents(value)
        to_visit.extend(referents)
        out.number("Q", id(value))
        out.number("Q", id(cls))
        out.number("I", sys.getsizeof(value, 0))
        left = {id(it) for it in referents}
        if cls is dict:
            out.number("I", len(value))
            for key, entry in value.items():
                to_visit.append(key)
                left -= {id(key), id(entry)}
                out.number("Q", id(key))
                out.number("Q", id(entry))
        elif cls in (list, tuple, set):
            out.number("I", len(value))
            for it in value:
                left.discard(id(it))
                out.number("Q", id(it))
        out.number("I", len(left))
        for address in left:
            out.number("Q", address)
        if cls not in BASIC:
            found = attributes(value)
            to_visit.extend(it for _, it in found)
            write_attributes(out, found, frequent)
        if cls not in (dict, list, tuple, set):
            try:
                text = str(value)[:1000]
            except Exception:
                text = "<ERROR on __str__>"
            out.text(text)
    return types


class Session:
    def __init__(self, number):
        self.payload = "x" * 50 + str(number)


class Hub:
    def __init__(self):
        self.rows = []


SEEN = {}
hub = Hub()


def serve(first, last):
    """Remembers sessions for ever."""
    for number in range(first, last):
        SEEN["user-%d" % number] = Session(number)
        hub.rows.append([number])


def waiting(started, done):
    backlog = []
    started.wait()
    for number in range(700):
        backlog.append({"job": number})
    done.wait()


started, done = threading.Event(), threading.Event()
worker = threading.Thread(target=waiting, args=(started, done), name="worker")
worker.daemon = True
worker.start()
serve(0, 300)
write(sys.argv[1])
serve(300, 1500)
started.set()
while worker.is_alive() and len(sys._current_frames()[worker.ident].f_locals.get("backlog", [0] * 700)) < 700:
    pass
write(sys.argv[2])
done.set()
