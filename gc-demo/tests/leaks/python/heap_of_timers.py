import sys
from dump import dump
import heapq, itertools
TIMERS = []
C = itertools.count()
class Timer(object):
    def __init__(self, n): self.payload = [n] * 10
def work(n):
    for i in range(n): heapq.heappush(TIMERS, (1e9 + i, next(C), Timer(i)))
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
