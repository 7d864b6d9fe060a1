#!/usr/bin/env python3
"""Writes the tables that the imaging kernels are checked against, with independent programs: pydicom for look-up tables, palettes and
overlays, SimpleITK for interpolation and reformatting, numpy and exact fractions for regions and statistics, the printed formula of
PS3.14 for luminances.

  python3 -m venv .venv && .venv/bin/pip install numpy==2.4.6 pydicom==3.0.2 simpleitk==2.5.7
  .venv/bin/python Tests/ImagingTests/Reference/make-tables.py
"""
import fractions
import json
import math
import os
import random

import numpy
import pydicom
import SimpleITK
from pydicom.pixels import processing

HERE = os.path.dirname(os.path.abspath(__file__))


def half_up(values):
    return [int(math.floor(float(value) + 0.5)) for value in numpy.ravel(values)]


# Grey

def lut_item(first, bits, entries, signed):
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "SS" if signed else "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "US", [int(entry) for entry in entries])
    return item


def plain(bits=16, signed=0):
    ds = pydicom.Dataset()
    ds.BitsStored, ds.PixelRepresentation, ds.PhotometricInterpretation = bits, signed, "MONOCHROME2"
    return ds


def voi(values, center, width, function):
    """0 to 255: the range of unsigned 8 bits."""
    ds = plain(bits=8)
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = center, width, function
    return numpy.clip(processing.apply_windowing(numpy.array(values, dtype=numpy.float64), ds), 0, 255)


def grey_cases(rng):
    cases = []
    for slope, intercept in ((1, 0), (1.5, -1024), (-0.25, 100)):
        for center, width, function in ((40, 400, "LINEAR"), (-600.5, 1500, "LINEAR_EXACT"), (50, 350, "SIGMOID"), (10, 1, "LINEAR")):
            values = sorted({int(v) for v in rng.integers(-3000, 4000, 120)})
            ds = plain()
            ds.RescaleSlope, ds.RescaleIntercept = slope, intercept
            modality = processing.apply_modality_lut(numpy.array(values, dtype=numpy.int32), ds)
            cases.append({"slope": slope, "intercept": intercept, "center": center, "width": width, "function": function,
                          "stored": values, "grey": half_up(voi(modality, center, width, function))})
    return cases


def table_cases(rng):
    cases = []
    for bits, first, count, signed in ((8, 0, 256, False), (12, -100, 300, True), (16, 500, 1000, False)):
        entries = numpy.sort(rng.integers(0, 1 << bits, count))
        # Of bytes pydicom takes inputs modulo 256, so beyond the table only the others can be compared.
        beyond = 0 if bits == 8 else 200
        stored = sorted({int(v) for v in rng.integers(first - beyond, first + count + beyond, 150)})
        ds = plain(signed=int(signed))
        ds.VOILUTSequence = [lut_item(first, bits, entries, signed)]
        level = processing.apply_voi(numpy.array(stored, dtype=numpy.int32), ds)
        top = (1 << bits) - 1
        modality = plain(signed=int(signed))
        modality.ModalityLUTSequence = [lut_item(first, 8 if bits == 8 else 16, entries, signed)]
        modality.ModalityLUTSequence[0].ModalityLUTType = "US"
        cases.append({"first": first, "bits": bits, "entries": [int(e) for e in entries], "stored": stored,
                      "grey": half_up(level.astype(numpy.float64) * 255 / top),
                      "modality": [int(v) for v in processing.apply_modality_lut(numpy.array(stored, dtype=numpy.int32), modality)]})
    return cases


def presentation_cases(rng):
    """After a LINEAR window from 0 to 4095: the whole range of the window becomes the whole range of the table."""
    cases = []
    for bits, count in ((8, 256), (12, 1024), (16, 4096)):
        entries = numpy.sort(rng.integers(0, 1 << bits, count))
        stored = list(range(0, 4096, 37))
        level = voi(stored, 2048, 4096, "LINEAR") / 255
        index = [math.floor(float(value) * (count - 1) + 0.5) for value in level]
        cases.append({"bits": bits, "entries": [int(e) for e in entries], "stored": stored,
                      "grey": half_up([entries[at] * 255 / ((1 << bits) - 1) for at in index]), "inverse": half_up(255 - numpy.array(half_up(level * 255)))})
    return cases


def luminance(j):
    a, c, e, g, m = -1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3
    b, d, f, h, k = -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4
    x = math.log(j)
    return 10 ** ((a + c * x + e * x ** 2 + g * x ** 3 + m * x ** 4) / (1 + b * x + d * x ** 2 + f * x ** 3 + h * x ** 4 + k * x ** 5))


# Colour

def color_maps():
    """The well-known palettes as pydicom carries them: 256 times red, green, blue. Taken by file: by name it mixes up FALL and WINTER."""
    names = ["HOT_IRON", "PET", "HOT_METAL_BLUE", "PET_20_STEP", "SPRING", "SUMMER", "FALL", "WINTER"]
    folder = os.path.join(os.path.dirname(pydicom.__file__), "data/palettes")
    found = {}
    for name in names:
        palette = pydicom.dcmread(os.path.join(folder, name.lower().replace("_", "") + ".dcm"), force=True)
        found[name] = processing.apply_color_lut(numpy.arange(256, dtype=numpy.uint8), palette).astype(numpy.uint8).tobytes().hex()
    return found


def segmented_cases():
    found = []
    for data in ([0, 2, 10, 500, 1, 6, 60000, 0, 1, 7, 1, 3, 40], [0, 1, 0, 1, 255, 65280],
                 [0, 3, 1, 2, 3, 1, 4, 100, 2, 2, 0, 0, 1, 5, 9]):
        found.append({"data": data, "entries": [int(v) for v in processing._expand_segmented_lut(tuple(data), "H")]})
    return found


# Masks

def overlay_case(rng):
    """An overlay that hangs over the edges of an image of 20 columns and 16 rows."""
    rows, columns, origin = 12, 11, (-3, 14)
    bits = rng.integers(0, 2, (rows, columns)).astype(numpy.uint8)
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.add_new(0x60000010, "US", rows)
    ds.add_new(0x60000011, "US", columns)
    ds.add_new(0x60000100, "US", 1)
    ds.add_new(0x60000102, "US", 0)
    packed = numpy.packbits(bits.ravel(), bitorder="little").tobytes()
    ds.add_new(0x60003000, "OW", packed + b"\0" * (len(packed) % 2))
    plane = ds.overlay_array(0x6000)
    mask = numpy.zeros((16, 20), numpy.uint8)
    for row in range(rows):
        for column in range(columns):
            r, c = row + origin[0] - 1, column + origin[1] - 1
            if plane[row, column] and 0 <= r < 16 and 0 <= c < 20:
                mask[r, c] = 1
    return {"rows": rows, "columns": columns, "origin": origin, "bytes": list(packed), "mask": rle(mask)}


def rle(mask):
    return "".join("1" if value else "0" for value in mask.ravel())


def inside_polygon(points, x, y):
    """Even-odd with exact numbers; left and upper edges are inside."""
    x, y, found = fractions.Fraction(x), fractions.Fraction(y), False
    for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1]):
        ax, ay, bx, by = (fractions.Fraction(v) for v in (ax, ay, bx, by))
        if (ay > y) != (by > y) and x >= ax + (y - ay) * (bx - ax) / (by - ay):
            found = not found
    return found


def region_masks(rng):
    """Each region with its mask on an image of 40 columns and 30 rows."""
    y, x = numpy.mgrid[0:30, 0:40] + 0.5
    found = []
    for left, top, right, bottom in ((3.5, 4.5, 12.5, 20.25), (-5, -5, 100, 100), (30.2, 2, 20.7, 9)):
        mask = (x >= min(left, right)) & (x < max(left, right)) & (y >= min(top, bottom)) & (y < max(top, bottom))
        found.append(("rectangle", [left, top, right, bottom], mask))
    for cx, cy, a, b, turn in ((20, 15, 12, 7, 0), (11.3, 9.8, 8.1, 3.3, 0.6), (35, 25, 9, 9, 0)):
        ax, ay = a * math.cos(turn), a * math.sin(turn)
        bx, by = -b * math.sin(turn), b * math.cos(turn)
        u = ((x - cx) * ax + (y - cy) * ay) / (a * a)
        v = ((x - cx) * bx + (y - cy) * by) / (b * b)
        found.append(("ellipse", [cx, cy, ax, ay, bx, by], u * u + v * v <= 1))
    generator = random.Random(5)
    freehand = [(20 + (9 + 4 * generator.random()) * math.cos(t / 60 * 2 * math.pi),
                 15 + (9 + 4 * generator.random()) * math.sin(t / 60 * 2 * math.pi)) for t in range(60)]
    star = [(20 + 13 * math.cos(k * 4 * math.pi / 5), 14.5 + 13 * math.sin(k * 4 * math.pi / 5)) for k in range(5)]
    for points in ([(2, 2), (30, 5), (18, 27)], [(5.5, 5.5), (25.5, 5.5), (25.5, 20.5), (5.5, 20.5)], star, freehand):
        mask = numpy.array([[inside_polygon(points, column + 0.5, row + 0.5) for column in range(40)] for row in range(30)])
        found.append(("polygon", [v for point in points for v in point], mask))
    return found


def region_cases(rng):
    image = rng.integers(-1200, 1500, (30, 40)).astype(numpy.int16)
    image[rng.random((30, 40)) < 0.06] = -2000
    cases = []
    for shape, numbers, mask in region_masks(rng):
        for slope, intercept in ((1, 0), (-0.5, 12.25)):
            counted = mask & (image != -2000)
            values = image[counted].astype(numpy.float64) * slope + intercept
            order = numpy.argwhere(counted)
            cases.append({"shape": shape, "numbers": [float(n) for n in numbers], "slope": slope, "intercept": intercept,
                          "mask": rle(mask), "count": int(counted.sum()), "padding": int((mask & ~counted).sum()),
                          "mean": float(values.mean()), "deviation": float(values.std(ddof=1)), "sum": float(values.sum()),
                          "minimum": float(values.min()), "maximum": float(values.max()),
                          "minimumAt": [int(v) for v in order[values.argmin()][::-1]],
                          "maximumAt": [int(v) for v in order[values.argmax()][::-1]],
                          "bins": [int(v) for v in numpy.histogram(image[counted], 16, (-1000, 1000))[0]]})
    whole = image[image != -2000]
    low, high = numpy.percentile(whole, [0.5, 99.5])
    return {"image": [int(v) for v in image.ravel()], "padding": -2000, "cases": cases, "percentiles": [float(low), float(high)],
            "range": [int(whole.min()), int(whole.max())]}


# Interpolation

def catmull_rom(pixels, x, y):
    def weights(t):
        return (((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2, ((4 - 3 * t) * t + 1) * t / 2, (t - 1) * t * t / 2)
    rows, columns = pixels.shape
    left, above = math.floor(x), math.floor(y)
    across, along = weights(x - left), weights(y - above)
    return sum(along[j] * across[i] * float(pixels[min(max(above - 1 + j, 0), rows - 1), min(max(left - 1 + i, 0), columns - 1)])
               for j in range(4) for i in range(4))


def on_border(affine, width, height):
    """Places between two pixels, where either is the nearest."""
    a, b, c, d, e, f = affine
    row, column = numpy.mgrid[0:height, 0:width] + 0.5
    x, y = a * column + c * row + e, b * column + d * row + f
    return (abs(x - numpy.rint(x)) < 1e-5) | (abs(y - numpy.rint(y)) < 1e-5)


def display_cases(rng):
    """Stored values at device pixels; 1 to 254 so that a table of 256 greys shows them."""
    image = rng.integers(40, 215, (18, 24)).astype(numpy.uint8)
    width, height = 20, 16
    cases = []
    for affine in ((0.8, 0, 0, 0.8, 2.3, 1.7), (0.61, 0.23, -0.31, 0.57, 7.1, 2.6), (-0.9, 0, 0, 0.7, 21.5, 3.1)):
        a, b, c, d, e, f = affine
        place = SimpleITK.AffineTransform([a, c, b, d], [0.5 * (a + c) + e - 0.5, 0.5 * (b + d) + f - 0.5])
        source = SimpleITK.GetImageFromArray(image.astype(numpy.float32))
        for name, kind in (("nearest", SimpleITK.sitkNearestNeighbor), ("linear", SimpleITK.sitkLinear)):
            picture = SimpleITK.Resample(source, (width, height), place, kind, (0.0, 0.0), (1.0, 1.0), (1, 0, 0, 1), -1.0)
            found = SimpleITK.GetArrayFromImage(picture)
            if name == "nearest":
                found[on_border(affine, width, height)] = -1
            cases.append({"interpolation": name, "affine": affine, "values": [round(float(v), 3) for v in found.ravel()]})
        values = []
        for row in range(height):
            for column in range(width):
                x = a * (column + 0.5) + c * (row + 0.5) + e - 0.5
                y = b * (column + 0.5) + d * (row + 0.5) + f - 0.5
                inside = 1 <= x < 22 and 1 <= y < 16
                values.append(round(catmull_rom(image, x, y), 3) if inside else -1)
        cases.append({"interpolation": "cubic", "affine": affine, "values": values})
    return {"image": [int(v) for v in image.ravel()], "columns": 24, "rows": 18, "width": width, "height": height, "cases": cases}


def unit(vector):
    return numpy.array(vector) / numpy.linalg.norm(vector)


def reformat_cases(rng):
    """Planes and slabs of a noisy volume; -9999 where SimpleITK has no data in some layer."""
    columns, rows, slices, spacing = 22, 20, 16, (0.8, 0.7, 1.3)
    volume = rng.integers(-1000, 2000, (slices, rows, columns)).astype(numpy.int16)
    source = SimpleITK.GetImageFromArray(volume.astype(numpy.float64))
    source.SetSpacing(spacing)
    width, height, pixel = 14, 12, 0.9
    centre = numpy.array([spacing[0] * columns, spacing[1] * rows, spacing[2] * slices]) / 2
    cases = []
    for name, right, down in (("axial", (1, 0, 0), (0, 1, 0)), ("coronal", (1, 0, 0), (0, 0, -1)), ("sagittal", (0, 1, 0), (0, 0, -1)),
                              ("oblique", (0.9, 0.3, 0.32), (-0.2, 0.9, -0.28))):
        right, down = unit(right), unit(down)
        down = unit(down - right * (right @ down))
        normal = numpy.cross(right, down)
        origin = centre - (right * width + down * height) * pixel / 2
        for projection, join, thickness in (("plane", numpy.max, 0), ("maximum", numpy.max, 4.0), ("minimum", numpy.min, 4.0),
                                            ("mean", numpy.mean, 4.0)):
            most = max(abs(normal[0]) / spacing[0], abs(normal[1]) / spacing[1], abs(normal[2]) / spacing[2])
            layers = math.ceil(thickness * most - 1e-6) + 1 if thickness else 1
            step = thickness / (layers - 1) if layers > 1 else 1.0
            start = origin - normal * step * (layers - 1) / 2
            direction = numpy.stack([right, down, normal], axis=1).ravel()
            resampled = SimpleITK.Resample(source, (width, height, layers), SimpleITK.Transform(3, SimpleITK.sitkIdentity),
                                           SimpleITK.sitkLinear, start.tolist(), (pixel, pixel, step), direction.tolist(), -99999.0)
            cube = SimpleITK.GetArrayFromImage(resampled)
            values = numpy.where((cube > -90000).all(axis=0), join(cube, axis=0), -9999)
            cases.append({"name": "%s %s" % (name, projection), "projection": projection, "thickness": thickness,
                          "origin": origin.tolist(), "right": (right * pixel).tolist(), "down": (down * pixel).tolist(),
                          "values": [round(float(v), 3) for v in values.ravel()]})
    return {"columns": columns, "rows": rows, "slices": slices, "spacing": spacing, "width": width, "height": height,
            "volume": [int(v) for v in volume.ravel()], "cases": cases}


def main():
    rng = numpy.random.default_rng(20260101)
    tables = {"grey": grey_cases(rng), "tables": table_cases(rng), "presentation": presentation_cases(rng),
              "luminances": [[j, luminance(j)] for j in range(1, 1024, 14)], "colorMaps": color_maps(), "segmented": segmented_cases(),
              "overlay": overlay_case(rng), "regions": region_cases(rng), "display": display_cases(rng), "reformat": reformat_cases(rng)}
    with open(os.path.join(HERE, "tables.json"), "w") as file:
        json.dump(tables, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
