import ctypes
import gc

libc = ctypes.CDLL(None)


def request():
    libc.malloc.restype = ctypes.c_void_p
    buffer = libc.malloc(100000)  # <- the leak: never freed, and no object stands for it
    ctypes.memset(buffer, 1, 100000)


for _ in range(320):
    request()
gc.collect()  # finds nothing: gc and objgraph see objects only; look at the resident set
