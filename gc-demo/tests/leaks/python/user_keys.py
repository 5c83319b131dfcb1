import sys
from dump import dump
COUNTS = {}
C = [0]
def work(n):
    for i in range(n):
        C[0] += 1
        COUNTS["https://example.org/path/%d" % C[0]] = 1
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
