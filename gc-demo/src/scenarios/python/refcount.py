import gc
import weakref


class Resource:
    def __init__(self, name, peer=None):
        self.name, self.peer = name, peer

    def __del__(self):
        print(self.name, "finalized")


gc.disable()  # counting needs no collection
first = Resource("first", Resource("second", Resource("third")))
del first  # prints first, second, third

thing = Resource("object")
weak = weakref.ref(thing, lambda _: print("weak callback ran"))
del thing  # Python 2: the callback first; from 3.4: the finalizer first
assert weak() is None
