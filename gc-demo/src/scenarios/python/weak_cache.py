import gc


class Image:
    def __init__(self, pixels):
        self.pixels = bytearray(pixels)


IMAGES = {}  # <- the leak; weakref.WeakValueDictionary() is the cure


def show(key):
    image = IMAGES.get(key)
    if image is None:
        image = IMAGES[key] = Image(300)
    return image


shown = []
for key in range(800):
    shown = shown[-7:] + [show(key)]
gc.collect()
print(len(IMAGES))  # 800; with weak references 8
