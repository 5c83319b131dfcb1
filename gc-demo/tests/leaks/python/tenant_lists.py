import sys
from dump import dump
TENANTS = dict(("tenant%d" % n, {"events": [], "name": n}) for n in range(8))
class Event(object):
    def __init__(self, n): self.n, self.fields = n, {"a": n}
def work(n):
    for i in range(n): TENANTS["tenant%d" % (i % 8)]["events"].append(Event(i))
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
