import gc


class Node:
    next = None


a, b = Node(), Node()
a.next = b
b.next = a  # <- the leak, until a collection; weakref.ref(a) is the cure
del a, b
print(gc.collect())  # 2 nodes, and in older versions their dicts
