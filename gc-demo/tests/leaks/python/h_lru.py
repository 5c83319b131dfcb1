import sys
from dump import dump
import functools
@functools.lru_cache(maxsize=500)
def cached(x): return [x] * 10
C = [0]
def work(n):
    for i in range(n):
        C[0] += 1
        cached(C[0])
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
