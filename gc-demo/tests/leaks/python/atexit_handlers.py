import sys
from dump import dump
class Temp(object):
    def __init__(self, n): self.names = [n] * 10
    def close(self): pass
import atexit
HANDLERS = []
def register(f):
    HANDLERS.append(f)
    atexit.register(f)
def work(n):
    for i in range(n): register(Temp(i).close)
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
