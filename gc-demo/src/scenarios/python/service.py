import gc
import random

SESSIONS, CACHE = {}, {}


class Exchange:
    """A request and its response know each other: a collection frees them."""


for number in range(4000):
    user = random.randrange(300)
    SESSIONS[user] = number
    page = CACHE.setdefault(random.randrange(400), "x" * random.randrange(50, 300))
    while len(CACHE) > 100:
        del CACHE[min(CACHE)]
    request, response = Exchange(), Exchange()
    request.response, response.request, response.page = response, request, page
    for known, last in list(SESSIONS.items()):
        if last + 400 < number:
            del SESSIONS[known]
print(gc.collect(), len(SESSIONS), len(CACHE))  # healthy: it stays as it is
