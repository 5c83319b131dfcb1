import gc
import resource

resource.setrlimit(resource.RLIMIT_AS, (64 << 20, 64 << 20))  # <- no leak: the limit is too small

try:
    index = {key: [key] * 12 for key in range(350000)}
    print(len(index))
except MemoryError:
    print("MemoryError: what lives needs more", gc.collect())
