#!/usr/bin/env python3
"""Writes the values that measurements are checked against: each tool's function with 50 digits, its gradient as a numerical
derivative, and the parts of the uncertainty that follow from it.

  python3 -m venv .venv && .venv/bin/pip install mpmath==1.4.1
  .venv/bin/python Tests/ImagingTests/Reference/make-measurements.py
"""
import json
import os
import random

import mpmath

HERE = os.path.dirname(os.path.abspath(__file__))
mpmath.mp.dps = 50


def distance(p, q):
    return mpmath.sqrt((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2)


def path(points):
    return sum(distance(p, q) for p, q in zip(points, points[1:]))


def between(u, v):
    """Degrees between two vectors."""
    return mpmath.degrees(mpmath.atan2(abs(u[0] * v[1] - u[1] * v[0]), u[0] * v[0] + u[1] * v[1]))


def vector(p, q):
    return (q[0] - p[0], q[1] - p[1])


def cobb(points):
    a, b, c, d = points
    u, v = vector(a, b), vector(c, d)
    axis = (c[0] + d[0] - a[0] - b[0], c[1] + d[1] - a[1] - b[1])
    side = (axis[0] * u[1] - axis[1] * u[0]) * (axis[0] * v[1] - axis[1] * v[0])
    return between(u, v if side >= 0 else (-v[0], -v[1]))


def ellipse(points):
    a, b = vector(points[0], points[1]), vector(points[0], points[2])
    return mpmath.pi * abs(a[0] * b[1] - a[1] * b[0])


def polygon(points):
    return abs(sum(p[0] * q[1] - q[0] * p[1] for p, q in zip(points, points[1:] + points[:1]))) / 2


TOOLS = {
    "length": (2, path),
    "polyline": (5, path),
    "angle": (3, lambda p: between(vector(p[1], p[0]), vector(p[1], p[2]))),
    "cobb": (4, cobb),
    "ratio": (4, lambda p: distance(p[0], p[1]) / distance(p[2], p[3])),
    "rectangle": (2, lambda p: abs((p[1][0] - p[0][0]) * (p[1][1] - p[0][1]))),
    "ellipse": (3, ellipse),
    "polygon": (6, polygon),
    "perimeter": (6, lambda p: path(p + p[:1])),
}


def derivative(function, points, index, axis):
    """Central difference; with 50 digits its error is below 1e-20 of the value."""
    step = mpmath.mpf(10) ** -12

    def at(way):
        moved = [list(p) for p in points]
        moved[index][axis] += way * step
        return function([tuple(p) for p in moved])

    return (at(1) - at(-1)) / (2 * step)


def case(tool, rng):
    count, function = TOOLS[tool]
    row, column = round(rng.uniform(0.1, 2), 3), round(rng.uniform(0.1, 2), 3)
    drawn = [(rng.uniform(0, 2000), rng.uniform(0, 2000)) for _ in range(count)]
    if tool == "ellipse":
        # Half axes that stand on each other in the image.
        (x, y), (ax, ay) = drawn[0], (rng.uniform(5, 200), rng.uniform(5, 200))
        part = rng.uniform(0.1, 3)
        drawn = [(x, y), (x + ax, y + ay), (x - part * ay, y + part * ax)]
    edge = (rng.uniform(0.05, 3), rng.uniform(0.05, 3))
    relative = rng.uniform(0.001, 0.05)
    points = [(mpmath.mpf(c) * mpmath.mpf(column), mpmath.mpf(r) * mpmath.mpf(row)) for c, r in drawn]
    slopes = [[derivative(function, points, i, axis) for axis in (0, 1)] for i in range(count)]
    u = [mpmath.mpf(edge[axis]) * mpmath.mpf((column, row)[axis]) / mpmath.sqrt(12) for axis in (0, 1)]
    anchoring = mpmath.sqrt(sum((slope[axis] * u[axis]) ** 2 for slope in slopes for axis in (0, 1)))
    along = [sum(point[axis] * slope[axis] for point, slope in zip(points, slopes)) for axis in (0, 1)]
    spacing = mpmath.mpf(relative) * mpmath.sqrt(along[0] ** 2 + along[1] ** 2)
    return {"tool": tool, "points": [value for point in drawn for value in point], "spacing": [row, column], "edge": edge,
            "relative": relative, "value": float(function(points)), "anchoring": float(anchoring), "ofSpacing": float(spacing)}


def main():
    rng = random.Random(20260401)
    cases = [case(tool, rng) for tool in TOOLS for _ in range(12)]
    with open(os.path.join(HERE, "measurements.json"), "w") as file:
        json.dump(cases, file, separators=(",", ":"))
        file.write("\n")


main()
