import sys
from dump import dump
class Version(object):
    def __init__(self, n, before): self.n, self.before, self.text = n, before, [n] * 6
class Document(object):
    def __init__(self): self.latest = None
DOC = Document()
def work(n):
    for i in range(n): DOC.latest = Version(i, DOC.latest)
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
