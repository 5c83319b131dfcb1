import gc
import resource

resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))


class EventBus:
    def __init__(self):
        self.listeners = {}


bus = EventBus()
number = 0
try:
    while True:
        bus.listeners[number] = [bus] + [0] * 16  # <- the leak: never removed
        number += 1
except MemoryError:
    print(number, "requests, then MemoryError; gc.collect() freed", gc.collect())
