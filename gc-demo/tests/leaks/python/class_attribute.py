import sys
from dump import dump
class Connection(object):
    opened = []
    def __init__(self, n):
        self.buffer = bytearray(64)
        Connection.opened.append(self)
def work(n):
    for i in range(n): Connection(i)
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
