"""The same work by independent libraries: SimpleITK with one thread, numpy."""
import math
import time

import numpy
import SimpleITK

import cases

SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def timed(work, seconds):
    """Milliseconds of every repetition."""
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return times


class Peers:
    def __init__(self, volume, image):
        self.pixels = image
        self.image = SimpleITK.GetImageFromArray(image)
        self.volume = SimpleITK.GetImageFromArray(volume)
        self.volume.SetSpacing((cases.SPACING, cases.SPACING, cases.STEP))

    def display(self, size, affine, interpolator):
        """Resampling, then a look-up table."""
        a, b, c, d, e, f = affine
        table = (numpy.arange(65536) >> 8).astype(numpy.uint32)

        def work():
            # Pixel centres are whole numbers here, and at a half there.
            place = SimpleITK.AffineTransform([a, c, b, d], [0.5 * (a + c) + e - 0.5, 0.5 * (b + d) + f - 0.5])
            picture = SimpleITK.Resample(self.image, size, place, interpolator, (0.0, 0.0), (1.0, 1.0), (1, 0, 0, 1), 0.0,
                                         SimpleITK.sitkUInt16)
            return table[SimpleITK.GetArrayViewFromImage(picture)]
        return work

    def reformat(self, place, thickness, width):
        origin, right, down = place[0:3], place[3:6], place[6:9]
        spacing = math.sqrt(sum(part * part for part in right))
        r, d = [part / spacing for part in right], [part / spacing for part in down]
        n = [r[1] * d[2] - r[2] * d[1], r[2] * d[0] - r[0] * d[2], r[0] * d[1] - r[1] * d[0]]
        most = max(abs(n[0]) / cases.SPACING, abs(n[1]) / cases.SPACING, abs(n[2]) / cases.STEP)
        layers = int(thickness * most + 0.999999) + 1 if thickness else 1
        step = thickness / (layers - 1) if layers > 1 else 1.0
        start = [o - step * (layers - 1) / 2 * part for o, part in zip(origin, n)]
        direction = [r[0], d[0], n[0], r[1], d[1], n[1], r[2], d[2], n[2]]
        return lambda: SimpleITK.Resample(self.volume, (width, width, layers), SimpleITK.Transform(3, SimpleITK.sitkIdentity),
                                          SimpleITK.sitkLinear, start, (spacing, spacing, step), direction, -32768.0,
                                          SimpleITK.sitkInt16)

    def slab(self, place, thickness, width, join):
        resample = self.reformat(place, thickness, width)
        return lambda: join(SimpleITK.GetArrayViewFromImage(resample()), axis=0)


def work(volume, image):
    """Name of the call in `cases` → (name of the peer, function)."""
    peers = Peers(volume, image)
    found = {}
    zoom = 1500 / cases.WIDE
    turned, upright = (zoom, 0.02, -0.02, zoom, 250, 300), (zoom, 0, 0, zoom, 250, 300)
    for name, affine, kind in (("nearest", turned, SimpleITK.sitkNearestNeighbor), ("linear", turned, SimpleITK.sitkLinear),
                               ("linear, upright", upright, SimpleITK.sitkLinear)):
        found["display 1500 x 1500 " + name] = "SimpleITK", peers.display((1500, 1500), affine, kind)
    for name, place in cases.PLANES.items():
        found["reformat 512 x 512 " + name] = "SimpleITK", peers.reformat(place, 0, 512)
    for name in ("axial", "coronal", "oblique"):
        for projection, join in (("MIP", numpy.max), ("MinIP", numpy.min), ("average", numpy.mean)):
            found["20 mm %s %s" % (projection, name)] = "SimpleITK, numpy", peers.slab(cases.PLANES[name], 20.0, 512, join)
    found["20 mm MIP oblique 256 x 256"] = "SimpleITK, numpy", peers.slab(cases.oblique(256, 2 * cases.SPACING), 20.0, 256, numpy.max)

    def statistics():
        return image.mean(), image.std(ddof=1, dtype=numpy.float64), image.min(), image.max()
    found["statistics 2048 x 2500"] = "numpy", statistics
    found["histogram 2048 x 2500"] = "numpy", lambda: numpy.histogram(image, 1024, (0, 65535))
    return found
