import sys
from dump import dump
import functools
@functools.lru_cache(maxsize=None)
def render(key): return {"key": key, "html": [key] * 8}
def work(n):
    for i in range(n): render("page-%d" % (i + 5000 * render.cache_info().currsize))
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
