import sys
from dump import dump
def remember(item, seen=[]):
    seen.append(item)
    return len(seen)
def work(n):
    for i in range(n): remember({"id": i, "tags": [i]})
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
