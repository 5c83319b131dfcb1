import gc  # Python 2


class Resource(object):
    peer = None

    def __del__(self):
        print("finalized")


session, connection = Resource(), Resource()
session.peer = connection
connection.peer = session  # <- the leak
del session, connection
gc.collect()
for entry in gc.garbage:
    entry.peer = None  # cut the cycle
    break
del entry
del gc.garbage[:]  # last to first; each dies by its count
