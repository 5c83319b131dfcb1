import gc


class TempFile:
    def __init__(self, name, opened):
        self.name = name
        if opened:
            self.file = open("/dev/null")

    def __del__(self):
        self.file.close()  # <- the mistake: the file was never opened


files = [TempFile("file %d" % n, n % 3 != 0) for n in range(1, 7)]
del files  # "Exception ignored in: <function TempFile.__del__>", and it goes on
gc.collect()
