//! Tables and types that belong to the library of a language, which are large in every program.

use crate::places::Places;

/// Returns true if a place belongs to the library of Python or Node. Its tables are large in a small
/// program. (A leak may hang off one of them, such as the table of loggers.)
pub(super) fn is_of_a_library(places: &Places<'_>, place: u32) -> bool {
    let way = places.way(place);
    let of_module = |at: &crate::places::Place| {
        let name = places.word(at.type_word).strip_prefix("module ")?;
        Some(name.split('.').next().unwrap_or(name))
    };
    let is_python = way.first().and_then(|first| of_module(first)).is_some_and(is_standard_module);
    is_python || way.iter().any(|at| is_of_node(places.word(at.type_word)) || places.word(at.label) == "primordials")
}

/// Returns true for types of which a runtime has many for its own modules and errors.
pub(super) fn is_library_type(type_name: &str) -> bool {
    is_of_node(type_name) || type_name == "Module" || type_name.starts_with("module ")
}

fn is_of_node(type_name: &str) -> bool {
    type_name == "BuiltinModule" || type_name.ends_with("NodeError")
}

fn is_standard_module(name: &str) -> bool {
    name.starts_with('_') && name != "__main__" || STANDARD.split_whitespace().any(|standard| standard == name)
}

/// The modules of Python's standard library, 2.7 to 3.13 (`sys.stdlib_module_names`).
const STANDARD: &str = " ConfigParser Cookie HTMLParser Queue SocketServer StringIO UserDict abc aifc argparse array \
    ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect builtins bz2 cPickle \
    cProfile cStringIO calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys \
    compileall concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses \
    dataclasses datetime dbm decimal difflib dis distutils doctest dummy_thread email encodings \
    ensurepip enum errno exceptions faulthandler fcntl filecmp fileinput fnmatch fractions ftplib \
    functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html \
    http imaplib imghdr imp importlib inspect io ipaddress itertools json keyword linecache locale \
    logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt \
    multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os \
    ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix \
    posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue \
    quopri random re readline reprlib resource rlcompleter runpy sched secrets select selectors \
    shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 \
    sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess \
    sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap \
    thread threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty \
    turtle types typing unicodedata unittest urllib urllib2 urlparse uu uuid venv warnings wave \
    weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib \
    zoneinfo ";
