"""Writes the objects of this Python process as a V8 heap snapshot (.heapsnapshot).

    import gc_dump
    gc_dump.write("a.heapsnapshot")            # at the point where the heap should be small again
    gc_dump.on_signal(signal.SIGUSR2)          # one dump at each signal

`gc-demo inspect a.heapsnapshot b.heapsnapshot` says what grew between two dumps and which variable
holds it. DevTools and memlab open the file, too.

A dump has the objects that the cyclic collector tracks and all that they reach: type, size by
sys.getsizeof, and edges named as a person thinks of them (attribute, key, position, closure
variable, local variable). Values are not written. Keys are, up to 40 characters; `keys=False`
leaves them out. The objects of this module are left out.

Python 2.7 and 3.6 to 3.14, standard library only.
"""
import gc
import os
import sys

__all__ = ["write", "on_signal"]

FORMAT = 1
KEY_LENGTH = 40
STRINGS_KEPT = 50000  # names that are written once; others, such as keys, may be written again
EDGES_KEPT = 8192  # edges in memory before they are written
CLASSES_LEARNED = 3  # instances of one class whose __dict__ is made to learn attribute names

# The numbers of V8's node and edge types.
STRING, OBJECT, NUMBER, SYNTHETIC = 2, 3, 7, 9
CONTEXT, ELEMENT, PROPERTY, INTERNAL, WEAK = 0, 1, 2, 3, 6
FIELDS = 8  # of a node
META = (
    '{"node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness","tracked"],'
    '"node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic",'
    '"concatenated string","sliced string","symbol","bigint","object shape"],'
    '"string","number","number","number","number","number","number"],'
    '"edge_fields":["type","name_or_index","to_node"],'
    '"edge_types":[["context","element","property","internal","hidden","shortcut","weak"],'
    '"string_or_number","node"],'
    '"trace_function_info_fields":[],"trace_node_fields":[],"sample_fields":[],"location_fields":[]}'
)

TEXT = type(u"")
STRINGS = (str, TEXT, bytes)
INTEGERS = (int, type(sys.maxsize + 1))
SCALARS = INTEGERS + (float, bool)
MODULE = type(sys)
FUNCTION = type(lambda: None)
FRAME = type(sys._getframe())
CELL = type((lambda x: lambda: x)(0).__closure__[0])
MEMBER = type(FUNCTION.__closure__)
GENERATORS = {"generator": "gi_code", "coroutine": "cr_code", "async_generator": "ag_code"}

class _Old:
    pass


OLD_CLASS = None if type(_Old) is type else type(_Old)  # of Python 2
LEFT_OUT = frozenset(map(id, (None, True, False, NotImplemented, Ellipsis)))  # edges to them
HAS_OPTIMIZED_LOCALS = 1  # CO_OPTIMIZED


def write(path, keys=True, collect=True, serials=False):
    """Writes a dump to the file `path`.

    keys: whether dictionary keys are written, up to 40 characters.
    collect: whether unreachable objects are collected first.
    serials: whether objects get ids that are never used again, where weak references to them are
    possible. It costs a weak reference for each of them, kept until the process ends. Without it an
    id is an address, which another object may have in the next dump.

    Returns the number of objects. Raises OSError (IOError in Python 2) if the file cannot be written.
    """
    if _Dump.running:
        raise RuntimeError("a dump is being written")
    if collect:
        gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    _Dump.running = True
    try:
        return _Dump(path, keys, serials).write()
    finally:
        _Dump.running = False
        if enabled:
            gc.enable()


def on_signal(number, directory=".", **options):
    """Writes a dump into `directory` each time the process is sent signal `number`.

    The files are called gc-PID-1.heapsnapshot and so on; each name is printed to stderr.
    """
    import signal

    count = [0]

    def handler(_number, _frame):
        count[0] += 1
        path = os.path.join(directory, "gc-%d-%d.heapsnapshot" % (os.getpid(), count[0]))
        try:
            objects = write(path, **options)
            sys.stderr.write("gc_dump: %d objects in %s\n" % (objects, path))
        except Exception as error:  # the program goes on
            sys.stderr.write("gc_dump: %s: %s\n" % (path, error))

    signal.signal(number, handler)


class _Strings(object):
    """The part `strings`, written while it grows."""

    def __init__(self, file):
        self.file, self.known, self.count = file, {}, 0

    def number(self, text):
        known = self.known.get(text)
        if known is not None:
            return known
        number = self.count
        self.count += 1
        self.file.write((b"," if number else b"") + _json(text))
        if len(self.known) < STRINGS_KEPT:
            self.known[text] = number
        return number


def _json(text):
    """A text as a JSON string, in ASCII."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    out = []
    for char in text:
        code = ord(char)
        if char in u'"\\':
            out.append(u"\\" + char)
        elif 32 <= code < 127:
            out.append(char)
        elif code < 0x10000:
            out.append(u"\\u%04x" % code)
        else:
            code -= 0x10000
            out.append(u"\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF)))
    return (u'"' + u"".join(out) + u'"').encode("ascii")


class _Class(object):
    """What is known of a class: how its instances are described."""

    __slots__ = ("name", "kind", "edges", "own_name", "members", "hot", "cold", "learned", "has_dict", "has_size",
                 "is_heap")

    def __init__(self, cls):
        self.name = _name(cls)
        self.kind, self.edges, self.own_name = _how(cls)
        self.is_heap = bool(getattr(cls, "__flags__", 0) & 1 << 9)
        self.has_dict = bool(getattr(cls, "__dictoffset__", 0))
        self.members, self.hot, self.cold, self.learned = [], [], [], 0
        self.has_size = True
        spaces = [_namespace(base) for base in _bases(cls)]
        for space in spaces:
            for name, value in list(space.items()):
                if type(value) is MEMBER:
                    self.members.append((_text(name), value))
        for base, space in zip(_bases(cls), spaces):
            if "__sizeof__" in space:
                # A method of the program is not called.
                self.has_size = type(space["__sizeof__"]) is not FUNCTION
                break
        if self.has_dict and self.is_heap and sys.version_info >= (3, 11):
            self.cold = [name for name in _names_in_code(spaces) if not _runs_code(spaces, name)]


    def learn(self, row):
        """Learns the names of attributes from the dictionary that Python makes of them on request."""
        self.learned += 1
        spaces = [_namespace(base) for base in _bases(type(row))]
        for name in list(own_dict(row) or ()):
            if isinstance(name, str) and name not in self.hot and not _runs_code(spaces, name):
                self.hot.append(name)
                self.cold = [it for it in self.cold if it != name]

    def is_value(self, row, value):
        """Whether the value is that of an attribute with a known name that lies in the object itself.
        (To ask for the __dict__ of such an object would make one.)"""
        for names in (self.hot, self.cold):
            for name in names:
                try:
                    if object.__getattribute__(row, name) is value:
                        if names is self.cold:
                            self.cold.remove(name)
                            self.hot.append(name)
                        return True
                except AttributeError:
                    pass
        return False


def _is_ready(cls):
    """Whether the interpreter has completed a type. (Python 2.7 crashes when it is asked for the bases
    of one that a module written in C has not.)"""
    return bool(cls.__flags__ & 1 << 12)


def _bases(cls):
    return type.__dict__["__mro__"].__get__(cls) if isinstance(cls, type) and _is_ready(cls) else ()


def _namespace(cls):
    """The attributes of a class: a read-only view of its real dictionary."""
    return type.__dict__["__dict__"].__get__(cls) if _is_ready(cls) else {}


def _name(cls):
    name = type.__dict__["__name__"].__get__(cls) if isinstance(cls, type) else cls.__name__
    return _text(name)


def _text(name):
    return name.decode("latin-1") if isinstance(name, bytes) else name


def _names_in_code(spaces):
    """The attribute names that the methods of a class use."""
    names, codes = set(), []
    for space in spaces:
        for value in list(space.values()):
            code = getattr(getattr(value, "__func__", value), "__code__", None) if _is_method(value) else None
            if code is not None:
                codes.append(code)
    while codes:
        code = codes.pop()
        names.update(code.co_names)
        codes.extend(const for const in code.co_consts if type(const) is type(code))
    return sorted(names)


def _is_method(value):
    return type(value) in (FUNCTION, staticmethod, classmethod)


def _runs_code(spaces, name):
    """Whether reading the attribute may run code of the program: a property, or another descriptor."""
    for space in spaces:
        if name in space:
            value = space[name]
            return not _is_method(value) and hasattr(type(value), "__get__") and type(value) is not MEMBER
    return False


def _how(cls):
    """The kind of node of the instances of a class, the method that writes their edges, and the
    function that returns their own name."""
    dump = _Dump
    if cls in STRINGS:
        return STRING, dump.no_edges, None
    if cls in SCALARS or cls is complex:
        return NUMBER, dump.no_edges, None
    for base, edges in ((dict, dump.dict_edges), (list, dump.list_edges), (tuple, dump.list_edges)):
        if cls is base:
            return OBJECT, edges, None
    if cls in (set, frozenset):
        return OBJECT, dump.set_edges, None
    if cls is FUNCTION:
        return OBJECT, dump.function_edges, lambda it: it.__name__
    if cls is FRAME:
        return OBJECT, dump.frame_edges, _frame_name
    if cls is CELL:
        return OBJECT, dump.cell_edges, None
    if isinstance(cls, type):
        if issubclass(cls, type):
            return OBJECT, dump.class_edges, _name
        if issubclass(cls, MODULE):
            return OBJECT, dump.module_edges, lambda it: MODULE.__dict__["__dict__"].__get__(it).get("__name__", "?")
        if cls.__name__ in GENERATORS and not cls.__flags__ & 1 << 9:
            return OBJECT, dump.generator_edges, _generator_name
        if cls.__name__ == "_lru_cache_wrapper":
            return OBJECT, dump.cache_edges, lambda it: getattr(it, "__qualname__", getattr(it, "__name__", "?"))
        if issubclass(cls, dict):
            return OBJECT, dump.dict_subclass_edges, None
        if issubclass(cls, (list, tuple)):
            return OBJECT, dump.list_subclass_edges, None
        if cls.__name__ == "deque" and cls.__module__ in ("collections", "_collections"):
            return OBJECT, dump.deque_edges, None
    return OBJECT, dump.instance_edges, None


def _code_name(code):
    return "%s (%s:%d)" % (code.co_name, os.path.basename(code.co_filename), code.co_firstlineno)


def _frame_name(frame):
    return _code_name(frame.f_code)


def _generator_name(generator):
    code = getattr(generator, GENERATORS[type(generator).__name__], None)
    return "?" if code is None else _code_name(code)


def _resident():
    """Bytes of the process in memory, or None where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IOError, ValueError):
        return None


class _Dump(object):
    """One dump while it is written."""

    running = False
    # For `serials`: address -> (weak reference, number).
    serials, last_serial = {}, 0

    def __init__(self, path, keys, serials):
        self.path, self.keys, self.with_serials = path, keys, serials
        self.rows, self.index = (), {}  # (a list would be in the dump)
        self.is_attributes = bytearray()  # a byte a row: the dictionary is the __dict__ of something
        self.classes, self.left_out_types = {}, {}
        self.edges, self.edge_count = [], 0
        self.changed = 0
        self.files = []

    # Finding the objects

    def find(self):
        """Numbers the objects: those that the collector tracks, and all that they reach."""
        rows = gc.get_objects()
        self.tracked = 0
        module = self.own_objects()
        for frame in self.own_frames():
            module.add(id(frame))
        frames = [frame for _, frame in self.frames()]
        # What exists only while a dump is written is not counted as left out.
        left_out = set(module)
        left_out.update(map(id, (rows, self, self.__dict__, self.index, self.classes, self.edges, self.files)))
        left_out.update(map(id, (self.left_out_types, left_out, module, self.serials, frames)))
        index, kept = self.index, 0
        for row in rows:
            if id(row) in left_out:
                if id(row) not in module:
                    continue
                name = _name(type(row))
                self.left_out_types[name] = self.left_out_types.get(name, 0) + 1
            else:
                rows[kept] = row
                index[id(row)] = (kept + 2) * FIELDS
                kept += 1
        del rows[kept:]
        self.tracked = kept
        self.rows, self.is_attributes = rows, bytearray(kept)
        for frame in frames:  # those that run are not tracked
            if id(frame) not in index:
                self.add(frame)
        get_referents, exact = gc.get_referents, (list, tuple, dict, set, frozenset)
        for row in rows:  # grows meanwhile
            referents = get_referents(row)
            cls = type(row)
            if id(cls) not in index and id(cls) not in left_out:
                self.add(cls)
            for referent in referents:
                at = id(referent)
                if at not in index and at not in left_out:
                    self.add(referent)
            if cls not in exact:
                self.find_attributes(row, cls, referents, left_out)

    def add(self, row):
        self.index[id(row)] = (len(self.rows) + 2) * FIELDS
        self.rows.append(row)
        self.is_attributes.append(0)

    def find_attributes(self, row, cls, referents, left_out):
        """Marks the dictionary that holds the attributes of an object."""
        if isinstance(row, type):
            attributes = gc.get_referents(_namespace(row))
        elif OLD_CLASS is not None and cls is OLD_CLASS:
            attributes = [row.__dict__]
        else:
            attributes = [it for it in referents if type(it) is dict]
            if not attributes:
                return
            if cls.__name__ == "_local":
                attributes += [it for of in attributes for it in list(of.values()) if type(it) is dict]
            else:
                known = self.class_of(row)
                if not known.has_dict or all(known.is_value(row, it) for it in attributes):
                    return
                attributes = [own_dict(row)]
                if sys.version_info >= (3, 11):
                    known.learn(row)
        for it in attributes:
            if type(it) is not dict or id(it) in left_out:
                continue
            if id(it) not in self.index:
                self.add(it)
            self.is_attributes[self.index[id(it)] // FIELDS - 2] = 1

    def own_objects(self):
        """The addresses of the objects of this module."""
        module = sys.modules[__name__]
        space = module.__dict__
        own = [module, space, space.get("__spec__"), space.get("__loader__"), META]
        for value in list(space.values()):
            if getattr(value, "__module__", None) != __name__:
                continue
            own.append(value)
            if isinstance(value, type):
                proxy = _namespace(value)
                own += [proxy] + gc.get_referents(proxy) + gc.get_referents(value) + list(proxy.values())
        for it in list(own):
            if type(it) is FUNCTION:
                own += [it.__code__, it.__defaults__, it.__closure__] + list(it.__closure__ or ())
                own += [it.__dict__] if it.__dict__ else []
        spec = space.get("__spec__")
        own += [own_dict(it) for it in (spec, space.get("__loader__")) if it is not None]
        own += [SCALARS, INTEGERS, STRINGS, GENERATORS, LEFT_OUT, __all__]
        shared = (type, object, dict, tuple, list, set, None, True, False)
        return set(map(id, own)) - set(map(id, shared))

    @staticmethod
    def own_frames():
        frame = sys._getframe()
        while frame is not None and frame.f_globals.get("__name__") == __name__:
            yield frame
            frame = frame.f_back

    # Writing

    def write(self):
        self.find()
        self.out = self.open(self.path)
        self.edge_file = self.open(self.path + ".edges")
        string_file = self.open(self.path + ".strings")
        self.strings = _Strings(string_file)
        try:
            self.write_parts()
            return len(self.rows)
        finally:
            for file in self.files:
                file.close()
            for suffix in (".edges", ".strings"):
                if os.path.exists(self.path + suffix):
                    os.remove(self.path + suffix)

    def open(self, path):
        file = open(path, "w+b", 1 << 18)
        self.files.append(file)
        return file

    def write_parts(self):
        out = self.out
        out.write(b'{"snapshot":{"meta":' + META.encode("ascii") + b',"node_count":%d,"edge_count":' % (len(self.rows) + 2))
        edge_count_at = out.tell()
        out.write(b" " * 12 + b',"trace_function_count":0,"gc_dump":' + self.header() + b'},\n"nodes":[')
        roots_at = out.tell()
        out.write(b" " * 120)
        self.write_objects()
        roots, held = self.root_edges()
        out.write(b'],\n"edges":[' + b",".join(roots + held))
        self.copy(self.edge_file, b"," if roots or held else b"")
        out.write(b'],\n"trace_function_infos":[],\n"trace_tree":[],\n"samples":[],\n"locations":[],\n"strings":[')
        rows = b"%d,%d,1,0,%d,0,0,0,\n%d,%d,3,0,%d,0,0,0" % (
            SYNTHETIC, self.strings.number("(GC roots)"), len(roots),
            SYNTHETIC, self.strings.number("(held by C code)"), len(held))
        self.copy(self.strings.file, b"")
        out.write(b"]}\n")
        out.seek(roots_at)
        out.write(rows)
        out.seek(edge_count_at)
        out.write(b"%d" % (self.edge_count + len(roots) + len(held)))

    def header(self):
        known = [("format", FORMAT), ("pid", os.getpid()), ("resident_bytes", _resident()), ("tracked", self.tracked)]
        parts = [b'"%s":%s' % (name.encode("ascii"), b"null" if value is None else b"%d" % value) for name, value in known]
        version = "%d.%d.%d" % sys.version_info[:3]
        parts.append(b'"python":' + _json(version) + b',"implementation":' + _json(_text(sys.version.split("(")[0])))
        own = [_json(name) + b":%d" % count for name, count in sorted(self.left_out_types.items())]
        return b"{" + b",".join(parts) + b',"left_out":{' + b",".join(own) + b"}}"

    def copy(self, file, before):
        file.seek(0)
        block = file.read(1 << 20)
        if block:
            self.out.write(before)
        while block:
            self.out.write(block)
            block = file.read(1 << 20)

    def write_objects(self):
        """Writes the nodes, and their edges to a file of their own."""
        rows, number, tracked = self.rows, self.strings.number, self.tracked
        self.reached = bytearray(len(rows) + 2)
        for at in range(len(rows)):
            row = rows[at]
            known = self.class_of(row)
            before = self.edge_count + len(self.edges)
            try:
                known.edges(self, row, known, at)
            except Exception:  # the object changed while it was looked at
                self.changed += 1
            name = known.name
            if known.own_name is not None:
                try:
                    name = u"%s %s" % (name, _text(known.own_name(row)))
                except Exception:
                    pass
            try:
                size = sys.getsizeof(row, 0) if known.has_size else object.__sizeof__(row)
            except Exception:
                size = 0
            count = self.edge_count + len(self.edges) - before
            self.out.write(b",\n%d,%d,%d,%d,%d,0,0,%d" % (
                known.kind, number(name), self.identity(row), size, count, at < tracked))
            if len(self.edges) >= EDGES_KEPT:
                self.flush()
        self.flush()

    def class_of(self, row):
        cls = type(row)
        known = self.classes.get(cls)
        if known is None:
            known = self.classes[cls] = _Class(cls)
            if OLD_CLASS is not None and cls is OLD_CLASS:
                known.edges, known.own_name = _Dump.old_class_edges, lambda it: it.__name__
        if OLD_CLASS is not None and known.name == "instance":
            return self.old_instance(row, known)
        return known

    def old_instance(self, row, known):
        """In Python 2, what is known of the old-style class of an instance."""
        cls = row.__class__
        old = self.classes.get(cls)
        if old is None:
            old = self.classes[cls] = _Class(type(row))
            old.name, old.edges = _text(cls.__name__), _Dump.old_instance_edges
        return old

    def identity(self, row):
        if not self.with_serials:
            return id(row) >> 3 << 1
        known = self.serials.get(id(row))
        if known is not None and known[0]() is row:
            return known[1]
        try:
            import weakref

            reference = weakref.ref(row)
        except TypeError:
            return id(row) >> 3 << 1
        _Dump.last_serial += 1
        self.serials[id(row)] = (reference, _Dump.last_serial * 2 + 3)
        return _Dump.last_serial * 2 + 3

    def flush(self):
        if self.edges:
            self.edge_file.write((b"," if self.edge_count else b"") + b",".join(self.edges))
            self.edge_count += len(self.edges)
            del self.edges[:]

    def edge(self, kind, name, target):
        at = self.index.get(id(target))
        if at is not None and id(target) not in LEFT_OUT:
            self.edges.append(b"%d,%d,%d" % (kind, self.strings.number(name), at))
            if kind != WEAK:
                self.reached[at // FIELDS] = 1

    def element(self, position, target):
        at = self.index.get(id(target))
        if at is not None and id(target) not in LEFT_OUT:
            self.edges.append(b"1,%d,%d" % (position, at))
            self.reached[at // FIELDS] = 1

    # The edges of each kind of object

    def no_edges(self, row, known, at):
        pass

    def dict_edges(self, row, known, at):
        is_attributes = self.is_attributes[at]
        for key, value in list(dict.items(row)) if len(row) < 1000 else _items(row):
            if is_attributes and isinstance(key, STRINGS):
                self.edge(PROPERTY, key, value)
            else:
                self.edge(PROPERTY, self.label(key), value)
                if type(key) not in STRINGS:
                    self.edge(INTERNAL, "key", key)
            if len(self.edges) > EDGES_KEPT:
                self.flush()

    def label(self, key):
        """A key as the name of an edge."""
        cls = type(key)
        if not self.keys:
            return "[%s]" % cls.__name__ if cls not in STRINGS else u"['\u2026']"
        if cls in STRINGS:
            key = _text(key)
            return u"['%s']" % (key if len(key) <= KEY_LENGTH else key[:KEY_LENGTH - 1] + u"\u2026")
        if cls in SCALARS or key is None:
            text = repr(key)
            return "[%s]" % (text if len(text) <= KEY_LENGTH else cls.__name__)
        return "[<%s>]" % cls.__name__

    def list_edges(self, row, known, at):
        iterate = list.__iter__ if isinstance(row, list) else tuple.__iter__
        for position, target in enumerate(iterate(row)):
            self.element(position, target)
            if len(self.edges) > EDGES_KEPT:
                self.flush()

    def set_edges(self, row, known, at):
        for position, target in enumerate(gc.get_referents(row)):
            self.element(position, target)
            if len(self.edges) > EDGES_KEPT:
                self.flush()

    def deque_edges(self, row, known, at):
        for position, target in enumerate(gc.get_referents(row)):
            if target is not type(row):
                self.element(position, target)
            if len(self.edges) > EDGES_KEPT:
                self.flush()

    def dict_subclass_edges(self, row, known, at):
        self.dict_edges(row, known, at)
        self.other_edges(row, known, set(map(id, dict.values(row))) | set(map(id, dict.keys(row))))

    def list_subclass_edges(self, row, known, at):
        self.list_edges(row, known, at)
        iterate = list.__iter__ if isinstance(row, list) else tuple.__iter__
        self.other_edges(row, known, set(map(id, iterate(row))))

    def function_edges(self, row, known, at):
        code = row.__code__
        for name, cell in zip(code.co_freevars, row.__closure__ or ()):
            self.edge(CONTEXT, name, cell)
        defaults = row.__defaults__ or ()
        names = code.co_varnames[:code.co_argcount][-len(defaults):] if defaults else ()
        for name, value in zip(names, defaults):
            self.edge(CONTEXT, "default argument " + name, value)
        named = {id(cell) for cell in row.__closure__ or ()}
        for name in ("__globals__", "__code__", "__defaults__", "__kwdefaults__"):
            value = getattr(row, name, None)
            if value is not None:
                named.add(id(value))
                self.edge(INTERNAL, name, value)
        self.other_edges(row, known, named)

    def frame_edges(self, row, known, at):
        code = row.f_code
        named = {id(row.f_back), id(row.f_globals), id(row.f_builtins), id(code)}
        if code.co_flags & HAS_OPTIMIZED_LOCALS:
            variables = row.f_locals
            for name, value in list(variables.items()):
                self.edge(CONTEXT, name, value)
                named.add(id(value))
            if type(variables) is dict:  # not the living variables, but a copy that the frame keeps
                variables.clear()
        else:
            self.edge(INTERNAL, "f_locals", row.f_locals)
            named.add(id(row.f_locals))
        self.edge(INTERNAL, "f_back", row.f_back)
        self.edge(INTERNAL, "f_globals", row.f_globals)
        self.edge(INTERNAL, "f_code", code)
        self.other_edges(row, known, named)

    def cell_edges(self, row, known, at):
        for target in gc.get_referents(row):
            self.edge(INTERNAL, "cell_contents", target)

    def module_edges(self, row, known, at):
        space = MODULE.__dict__["__dict__"].__get__(row)
        self.edge(PROPERTY, "__dict__", space)
        self.other_edges(row, known, {id(space)})

    def class_edges(self, row, known, at):
        named = set()
        if not _is_ready(row):
            return
        for space in gc.get_referents(_namespace(row)):
            self.edge(PROPERTY, "__dict__", space)
            named.add(id(space))
        for name in ("__mro__", "__bases__", "__base__"):
            value = type.__dict__[name].__get__(row)
            named.add(id(value))
            self.edge(INTERNAL, name, value)
        self.other_edges(row, known, named)

    def old_class_edges(self, row, known, at):
        self.edge(PROPERTY, "__dict__", row.__dict__)
        self.other_edges(row, known, {id(row.__dict__)})

    def old_instance_edges(self, row, known, at):
        space = row.__dict__
        self.edge(PROPERTY, "__dict__", space)
        self.edge(INTERNAL, "__class__", row.__class__)
        self.other_edges(row, known, {id(space), id(row.__class__)})

    def generator_edges(self, row, known, at):
        for target in gc.get_referents(row):
            if type(target) is FRAME:
                self.edge(INTERNAL, "frame", target)
            else:
                self.edge(INTERNAL, "local " + _name(type(target)), target)

    def cache_edges(self, row, known, at):
        space, named = own_dict(row), set()
        for target in gc.get_referents(row):
            if type(target) is dict and target is not space:
                self.edge(INTERNAL, "cache", target)
                named.add(id(target))
        self.other_edges(row, known, named)

    def instance_edges(self, row, known, at):
        self.other_edges(row, known, ())

    def other_edges(self, row, known, named):
        """The edges of an object that have no name yet: attributes, slots, its class, and what C code
        keeps in it."""
        referents = [it for it in gc.get_referents(row) if id(it) not in named and id(it) in self.index]
        if not referents:
            return
        left = {id(it) for it in referents}
        for name, member in known.members:
            self.named_edge(PROPERTY, name, lambda: member.__get__(row, type(row)), left)
        if known.has_dict and left:
            self.attribute_edges(row, known, referents, left)
        is_reference = hasattr(row, "__callback__") and left
        for target in referents:
            if id(target) not in left:
                continue
            if target is type(row):
                self.edge(INTERNAL, "__class__", target)
            elif is_reference:
                self.edge(INTERNAL, "weak callback", target)
            else:
                self.edge(INTERNAL, "<%s>" % _name(type(target)), target)

    def named_edge(self, kind, name, read, left):
        """Writes the edge to the value that `read` returns, if the object holds it."""
        try:
            value = read()
        except Exception:
            return False
        if id(value) not in left:
            return False
        left.discard(id(value))
        self.edge(kind, name, value)
        return True

    def attribute_edges(self, row, known, referents, left):
        if self.is_inline(row, known, referents, left):
            for name in known.hot:
                self.named_edge(PROPERTY, name, lambda: object.__getattribute__(row, name), left)
            if left - {id(type(row))}:
                found = [it for it in known.cold
                         if self.named_edge(PROPERTY, it, lambda: object.__getattribute__(row, it), left)]
                known.hot += found
                known.cold = [it for it in known.cold if it not in found]
            rest = left - {id(type(row))}
            if rest and known.learned < CLASSES_LEARNED:
                known.learn(row)
                space = own_dict(row) or {}
                for name in list(space):
                    self.named_edge(PROPERTY, name, lambda: space[name], left)

    def is_inline(self, row, known, referents, left):
        """Writes the edge to the dictionary of the attributes, if the object has one. Returns true
        if the attributes lie in the object."""
        for target in referents:
            if type(target) is dict and self.is_attributes[self.index[id(target)] // FIELDS - 2] and id(target) in left:
                if own_dict(row) is target:
                    left.discard(id(target))
                    self.edge(PROPERTY, "__dict__", target)
                    return False
        return sys.version_info >= (3, 11) and known.is_heap


    # Roots

    def root_edges(self):
        """The edges of the root, and those to what only C code holds."""
        edges, self.edges, flushed = [], [], self.edge_count
        for name, module in sorted((name, it) for name, it in list(sys.modules.items()) if isinstance(name, str)):
            if isinstance(module, MODULE):
                self.edge(PROPERTY, name, module)
        for thread, frame in self.frames():
            self.edge(PROPERTY, "%s: %s" % (thread, _frame_name(frame)), frame)
        edges, self.edges = self.edges, []
        marked = self.mark([int(edge.rsplit(b",", 1)[1]) // FIELDS - 2 for edge in edges])
        for at in self.unmarked(marked):
            self.edges.append(b"%d,%d,%d" % (INTERNAL, self.strings.number("<%s>" % _name(type(self.rows[at]))),
                                             (at + 2) * FIELDS))
        held, self.edges = self.edges, []
        if held:
            edges.append(b"%d,%d,%d" % (INTERNAL, self.strings.number("held by C code"), FIELDS))
        assert self.edge_count == flushed
        return edges, held

    def frames(self):
        threads = sys.modules.get("threading")
        names = {}
        if threads is not None:
            names = {number: _text(it.name) for number, it in list(threads._active.items())}
        own = {id(frame) for frame in self.own_frames()}
        for number, frame in list(sys._current_frames().items()):
            while frame is not None:
                if id(frame) not in own and frame.f_globals.get("__name__") != __name__:
                    yield "thread %s" % names.get(number, number), frame
                frame = frame.f_back

    def mark(self, start, marked=None):
        """Marks what is reached from the rows `start`."""
        marked = bytearray(len(self.rows)) if marked is None else marked
        rows, index, get_referents = self.rows, self.index, gc.get_referents
        waiting = [at for at in start if not marked[at]]
        for at in waiting:
            marked[at] = 1
        while waiting:
            row = rows[waiting.pop()]
            targets = get_referents(row)
            targets.append(type(row))
            if isinstance(row, type):
                targets += get_referents(_namespace(row))
            for target in targets:
                at = index.get(id(target))
                if at is not None:
                    at = at // FIELDS - 2
                    if not marked[at]:
                        marked[at] = 1
                        waiting.append(at)
        return marked

    def unmarked(self, marked):
        """Rows that together reach all that is not marked: first those that no object points to."""
        for wanted in (True, False):
            for at in range(len(self.rows)):
                if not marked[at] and not (wanted and self.reached[at + 2]):
                    self.mark([at], marked)
                    yield at


def own_dict(row):
    """The __dict__ of an object, without code of the program."""
    try:
        return object.__getattribute__(row, "__dict__")
    except Exception:
        return None


def _items(row):
    """The items of a large dictionary, without a list of them."""
    return dict.iteritems(row) if hasattr(dict, "iteritems") else dict.items(row)
