import gc


class Resource(object):
    peer = None

    def __init__(self, name):
        self.name = name

    def __del__(self):
        print(self.name + " finalized")


session, connection = Resource("session"), Resource("connection")
session.peer = connection
connection.peer = session  # <- the leak, up to 3.3; weakref.ref(session) is the cure
del session, connection
print(gc.collect())
print(gc.garbage)  # Python 2: both, never finalized; from 3.4: empty, both finalized
