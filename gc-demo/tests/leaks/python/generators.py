import sys
from dump import dump
OPEN = []
def rows(n):
    buffer = [n] * 40
    for row in buffer: yield row
def work(n):
    for i in range(n):
        g = rows(i)
        next(g)
        OPEN.append(g)
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
