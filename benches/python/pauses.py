"""The pauses of CPython under random churn.

    GC_BENCHES_ROWS="$(cat rows.py)" python3 pauses.py speed|steps LIVE STEPS

prints one line of JSON, as the other heaps' processes do.
"""

import json
import os
import resource
import sys
from time import thread_time

rows = {"__name__": "rows"}
exec(os.environ["GC_BENCHES_ROWS"], rows)  # the shapes are those of the comparison

WORKED = 5e-6
mode, live, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
program = rows["churn_steps"](rows["Size"](0, live, steps + 1, 0))
next(program)
worked = []
start = last = thread_time()
if mode == "speed":
    for _ in program:
        pass
else:
    for _ in program:
        now = thread_time()
        if now - last > WORKED:
            worked.append(now - last)
        last = now
seconds = thread_time() - start
worked.sort()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
print(json.dumps({"stepped": {
    "seconds": seconds,
    "longest_us": (worked[-1] if worked else WORKED) * 1e6,
    "p999_us": (worked[len(worked) * 999 // 1000] if worked else WORKED) * 1e6,
    "peak_bytes": peak,
    "floating_bytes": None,
}}), flush=True)
os._exit(0)  # to take the heap apart is not measured
