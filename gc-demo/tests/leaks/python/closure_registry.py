import sys
from dump import dump
class Job(object):
    def __init__(self, n): self.n, self.data = n, [n] * 12
def make():
    pending = []
    def submit(job): pending.append(job)
    return submit
submit = make()
def work(n):
    for i in range(n): submit(Job(i))
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
