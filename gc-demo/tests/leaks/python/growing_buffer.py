import sys
from dump import dump
LOG = bytearray()
def work(n):
    for i in range(n): LOG.extend(b"a line of the log, and never written out\n")
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
