import gc
import sys


def factorial(number):
    return number * factorial(number - 1)  # <- the mistake: no base case


try:
    factorial(12)
except RecursionError:
    print("RecursionError at depth", sys.getrecursionlimit(), gc.get_count())
