import sys
from dump import dump
import collections
class Session:
    def __init__(self, n):
        self.n = n
        self.items = [n] * 10
class Server:
    def __init__(self): self.sessions = collections.OrderedDict()
SERVER = Server()
def work(n):
    for i in range(n): SERVER.sessions["s%d" % len(SERVER.sessions)] = Session(i)
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
