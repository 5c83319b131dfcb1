import gc

shelter = []


class Phoenix:
    mate = None

    def __del__(self):
        shelter.append(self)


Phoenix()
print(len(shelter))  # 1: it lives on
shelter.clear()  # Python 2: __del__ runs again; from 3.4 once in a life

one, two = Phoenix(), Phoenix()
one.mate, two.mate = two, one
del one, two
print(gc.collect(), len(shelter))  # from 3.4: 0 collected, both are back
