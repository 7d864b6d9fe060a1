"""What is measured: a volume, an image, and calls of the kernels on them, each a block of numbers in the order of
Sources/BrowserKernel. A text stands for the address of the buffer of that name."""
import math

import numpy

COLUMNS, ROWS, SLICES = 512, 512, 300
SPACING, STEP = 0.7, 1.0
WIDE, HIGH = 2048, 2500
UINT16, INT16 = 2, 3
NEAREST, LINEAR, CUBIC, AREA = range(4)
MAXIMUM, MINIMUM, MEAN = range(3)
BLACK = 0xFF000000


def volume():
    """Ellipsoids with noise: smooth parts, edges and air."""
    random = numpy.random.default_rng(7)
    z, y, x = numpy.ogrid[-1:1:SLICES * 1j, -1:1:ROWS * 1j, -1:1:COLUMNS * 1j]
    pixels = random.normal(0, 20, (SLICES, ROWS, COLUMNS)).astype(numpy.float32)
    pixels += numpy.where((x / 0.9) ** 2 + (y / 0.7) ** 2 < 1, 40, -1000)
    for centre in (-0.4, 0.4):
        pixels[((x - centre) / 0.3) ** 2 + (y / 0.45) ** 2 + z ** 2 / 0.7 < 1] -= 850
    pixels[(x / 0.1) ** 2 + ((y - 0.5) / 0.1) ** 2 < 1 + 0 * z] += 900
    return numpy.rint(pixels).astype(numpy.int16)


def image():
    random = numpy.random.default_rng(11)
    y, x = numpy.ogrid[0:HIGH, 0:WIDE]
    smooth = 2000 + 1500 * numpy.sin(x / 130.0) * numpy.cos(y / 170.0)
    return numpy.rint(smooth + random.normal(0, 30, (HIGH, WIDE))).astype(numpy.uint16)


def positions():
    return numpy.array([[0, 0, STEP * index] for index in range(SLICES)], dtype=numpy.float64)


def unit(*vector):
    length = math.sqrt(sum(part * part for part in vector))
    return [part / length for part in vector]


def oblique(width=512, spacing=SPACING):
    """Centre of the volume, turned about two axes: right and down are at right angles."""
    right, down = unit(0.9, 0.3, 0.32), unit(-0.2, 0.9, -0.28)
    dot = sum(a * b for a, b in zip(right, down))
    down = unit(*(b - dot * a for a, b in zip(right, down)))
    return plane(right, down, width, spacing)


def plane(right, down, width=512, spacing=SPACING):
    centre = (COLUMNS * SPACING / 2, ROWS * SPACING / 2, SLICES * STEP / 2)
    right, down = [spacing * part for part in right], [spacing * part for part in down]
    origin = [c - (width / 2) * (r + d) for c, r, d in zip(centre, right, down)]
    return origin + right + down


PLANES = {"axial": plane((1, 0, 0), (0, 1, 0)), "coronal": plane((1, 0, 0), (0, 0, -1)),
          "sagittal": plane((0, 1, 0), (0, 0, -1)), "oblique": oblique()}


def reformat(place, projection=MAXIMUM, thickness=0.0, width=512):
    return "apus_reformat", ["volume", COLUMNS, ROWS, SLICES, INT16, 0, 0, 0, "positions", SPACING, SPACING, 1, 0, 0, 0, 1, 0, 1.5,
                             STEP, 0, "output", width, width, 0, width, *place, projection, thickness], "output", width * width * 4


def display(width, height, affine, interpolation):
    return "apus_display", ["image", WIDE, HIGH, UINT16, 0, 0, 0, "table", 0, 65536, 0, "output", width, height, 0, height, *affine,
                            interpolation, BLACK, 0, 0, 0], "output", width * height * 4


def grey_table(function, count):
    return "apus_grey_table", ["table", 0, count, 0, 1, -1024, function, 1000, 3500, 0, 0, 0, BLACK, 0, 0, 0], "table", count * 4


def region_call(export, *numbers):
    return export, ["image", WIDE, HIGH, UINT16, 0, 0, 0, *numbers], "output", 0


# What the viewer must keep in WebAssembly: milliseconds on a machine with two cores.
BUDGETS = {"reformat 512 x 512 oblique": 4, "20 mm MIP oblique": 50, "20 mm MinIP oblique": 50, "20 mm average oblique": 50,
           "20 mm MIP oblique 256 x 256": 15, "display 1500 x 1500 linear, upright": 16}


def calls():
    """name → (export, block, buffer and bytes of the result)."""
    found = {"grey table 65,536 LINEAR": grey_table(0, 65536), "grey table 65,536 SIGMOID": grey_table(2, 65536),
             "display 2048 x 2500 unscaled": display(WIDE, HIGH, (1, 0, 0, 1, 0, 0), LINEAR)}
    zoom = 1500 / WIDE
    for name, kind in (("nearest", NEAREST), ("linear", LINEAR), ("cubic", CUBIC)):
        found["display 1500 x 1500 " + name] = display(1500, 1500, (zoom, 0.02, -0.02, zoom, 250, 300), kind)
    for name, kind in (("linear", LINEAR), ("cubic", CUBIC)):
        found["display 1500 x 1500 %s, upright" % name] = display(1500, 1500, (zoom, 0, 0, zoom, 250, 300), kind)
    found["display 1024 x 1250 averaged"] = display(1024, 1250, (2, 0, 0, 2, 0, 0), AREA)
    for name, place in PLANES.items():
        found["reformat 512 x 512 " + name] = reformat(place)
    for name in ("axial", "coronal", "oblique"):
        for projection, number in (("MIP", MAXIMUM), ("MinIP", MINIMUM), ("average", MEAN)):
            found["20 mm %s %s" % (projection, name)] = reformat(PLANES[name], number, 20.0)
    found["20 mm MIP oblique 256 x 256"] = reformat(oblique(256, 2 * SPACING), MAXIMUM, 20.0, 256)
    found["statistics 2048 x 2500"] = region_call("apus_statistics", 1, 0, 0, 0, 0, WIDE, HIGH, 0, 0)
    found["histogram 2048 x 2500"] = region_call("apus_histogram", 0, 65535, 1024, "output", 0, 0, 0, WIDE, HIGH, 0, 0)
    found["automatic window 2048 x 2500"] = region_call("apus_automatic_window", 1, 0)
    return found
