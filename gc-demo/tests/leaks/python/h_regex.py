import sys
from dump import dump
import re, json
def work(n):
    for i in range(n):
        re.match("a+%d" % (i % 40), "aaa")
        json.loads('{"a": [1, 2, %d]}' % i)
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
