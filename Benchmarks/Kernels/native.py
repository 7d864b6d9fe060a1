"""Runs the same calls of the same sources compiled for this machine."""
import ctypes
import time


class Library:
    def __init__(self, path, buffers):
        """`buffers`: name → array of numpy."""
        self.library = ctypes.CDLL(path)
        self.buffers = buffers

    def run(self, kernel, numbers, seconds):
        """Milliseconds of every repetition."""
        function = getattr(self.library, kernel)
        function.restype = ctypes.c_int32
        times, end = [], time.perf_counter() + seconds
        while len(times) < 5 or time.perf_counter() < end:
            block = (ctypes.c_double * 64)(*(self.buffers[n].ctypes.data if isinstance(n, str) else n for n in numbers))
            start = time.perf_counter()
            status = function(block)
            times.append(1000 * (time.perf_counter() - start))
            if status != 0:
                raise SystemExit("%s: %d" % (kernel, status))
        return times
