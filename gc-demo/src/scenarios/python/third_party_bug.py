import gc

# In Python only an extension module can do this: a C type whose tp_traverse leaves out a
# member. Here a list that the collector was told to forget stands for it.


class Window:
    pass


class Widget:
    pass


hidden = []


def open_and_close():
    window, widget = Window(), Widget()
    window.widget = widget
    hidden.append(window)  # <- the leak: a reference that no traverse reports
    gc.freeze()


for _ in range(300):
    open_and_close()
print(gc.collect(), sum(isinstance(it, Window) for it in hidden))
