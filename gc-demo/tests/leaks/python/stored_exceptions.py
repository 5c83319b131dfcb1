import sys
from dump import dump
ERRORS = []
def handle(request):
    body = [request] * 50
    raise ValueError(request)
def work(n):
    for i in range(n):
        try: handle(i)
        except ValueError as error: ERRORS.append(error)
work(200)
dump(sys.argv[1])
for f in sys.argv[2:]:
    work(4000)
    dump(f)
