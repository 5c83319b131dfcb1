import sys
from dump import dump
import collections
class Req(object):
    def __init__(self, n): self.n, self.body = n, [n] * 20
RING = collections.deque((Req(i) for i in range(1000)), maxlen=1000)
def work(n):
    for i in range(n): RING.append(Req(i))
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
