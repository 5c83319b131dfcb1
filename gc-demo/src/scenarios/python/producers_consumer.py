import gc
import queue
import threading
import time

jobs = queue.Queue()  # <- the leak: no maxsize; queue.Queue(64) makes producers wait


def produce():
    for number in range(2000):
        jobs.put(bytearray(32))
        time.sleep(0.00015)


for _ in range(3):
    threading.Thread(target=produce, daemon=True).start()
until = time.time() + 0.4
while time.time() < until:
    jobs.get()
    time.sleep(0.0003)
gc.collect()
print(jobs.qsize())  # what waits
