import sys
from dump import dump
import collections, random
random.seed(3)
class Row(object):
    def __init__(self, n): self.n, self.cells = n, [n] * 15
CACHE = collections.OrderedDict((n, Row(n)) for n in range(6000))
QUEUE = collections.deque(maxlen=500)
for n in range(500): QUEUE.append(Row(n))
DROPPED = set()
class Reason(object):
    def __init__(self, n): self.n = n
def work(n):
    for i in range(n):
        CACHE.popitem(last=False)
        CACHE[random.random()] = Row(i)
        QUEUE.append(Row(i))
        if i % 20 == 0: DROPPED.add(Reason(i))
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
