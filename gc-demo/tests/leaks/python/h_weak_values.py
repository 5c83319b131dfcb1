import sys
from dump import dump
import weakref
class Req(object):
    def __init__(self, n): self.n, self.body = n, [n] * 20
KNOWN = weakref.WeakValueDictionary()
def work(n):
    for i in range(n):
        r = Req(i)
        KNOWN[i] = r
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
