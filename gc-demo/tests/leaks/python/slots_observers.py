import sys
from dump import dump
class Subject(object):
    __slots__ = ("name", "observers")
    def __init__(self): self.name, self.observers = "clock", []
class View(object):
    def __init__(self): self.rows = [0] * 10
    def changed(self): pass
CLOCK = Subject()
def work(n):
    for i in range(n): CLOCK.observers.append(View().changed)
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
