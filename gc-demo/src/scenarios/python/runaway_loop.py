import gc
import resource

resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))


def words(text):
    found, at, parts = [], 0, text.split()
    while at < len(parts):
        found.append(list(parts[at]))
        at += 0  # <- the mistake: one word too few, the same for ever
    return found


try:
    words("one that does not end")
except MemoryError:
    print("MemoryError, and gc.collect() freed", gc.collect())
