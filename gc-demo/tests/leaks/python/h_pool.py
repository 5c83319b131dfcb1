import sys
from dump import dump
import concurrent.futures
POOL = concurrent.futures.ThreadPoolExecutor(4)
def work(n):
    list(POOL.map(lambda i: [i] * 10, range(n // 10)))
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
