import sys
from dump import dump
def work(n):
    if n > 500:
        import decimal, xml.dom.minidom, email, unittest, httplib, logging.handlers
    for i in range(n): [i] * 10
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
