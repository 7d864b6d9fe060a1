"""Planes through volumes of known content: what stands on the screen is what is in the body, upright, tilted and unevenly scanned.

The content is a formula (`apus phantom`), so planes are compared with the truth and not with another interpolation. Pixels nearer than a
voxel to an edge are left out: there every interpolation mixes.
"""

from __future__ import annotations

import base64
import math
import sys

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

import apus_server
from apus_server import READER, READER_PASSWORD, REPOSITORY
from test_marks_and_overlays import imported

sys.path.append(str(REPOSITORY / "Web/tests/e2e"))
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; Scripts/setup test does it")
pages = pytest.importorskip("pages", reason="the page objects of Web/tests/e2e are absent")
expect = playwright.expect

MATRIX, PIXEL, SLICES = 128, 1.75, 40
BODY, AIR = 100.0, -1000
# Centre x and y, radius, Hounsfield units; along z.
RODS = [(50, 0, 15, 1000), (-50, 0, 15, -100), (0, 50, 20, -800), (0, -50, 5, 300)]
AXES = {"axial": ((1, 0, 0), (0, 1, 0)), "coronal": ((1, 0, 0), (0, 0, -1)), "sagittal": ((0, 1, 0), (0, 0, -1))}


def content(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hounsfield units at places in the patient, and the distance to the nearest edge in mm."""
    x, y = places[..., 0], places[..., 1]
    from_axis = np.hypot(x, y)
    values = np.where(from_axis <= BODY, 0, AIR)
    edge = np.abs(from_axis - BODY)
    for rod_x, rod_y, radius, hounsfield in RODS:
        away = np.hypot(x - rod_x, y - rod_y)
        values = np.where(away <= radius, hounsfield, values)
        edge = np.minimum(edge, np.abs(away - radius))
    return values, edge


class Scan:
    """How the slices stand: tilted about x by degrees, at distances along z."""

    def __init__(self, name: str, tilt: float, steps: list[float]):
        self.name = name
        cosine, sine = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
        self.row, self.column = np.array([1.0, 0, 0]), np.array([0, cosine, -sine])
        self.normal = np.cross(self.row, self.column)
        middle = (MATRIX - 1) / 2 * PIXEL
        heights = np.concatenate([[0.0], np.cumsum(steps)])
        self.positions = np.array([[0, 0, z - heights.mean()] for z in heights]) - middle * self.row - middle * self.column
        self.step = float(np.median(np.abs(np.diff(self.positions @ self.normal))))

    def places(self, slice_: int) -> np.ndarray:
        rows, columns = np.mgrid[0:MATRIX, 0:MATRIX]
        return self.positions[slice_] + PIXEL * (columns[..., None] * self.row + rows[..., None] * self.column)

    def extent(self, direction: np.ndarray) -> tuple[float, float]:
        """Between the outer edges."""
        along = self.positions @ direction
        across = [PIXEL * (self.row @ direction), PIXEL * (self.column @ direction)]
        ends = [sorted((-0.5 * each, (MATRIX - 0.5) * each)) for each in across]
        half = abs(self.normal @ direction) * self.step / 2
        return along.min() + sum(low for low, _ in ends) - half, along.max() + sum(high for _, high in ends) + half


SCANS = [
    Scan("upright", 0, [3.0] * (SLICES - 1)),
    Scan("tilted", 20, [3.0] * (SLICES - 1)),
    Scan("uneven", 0, [2.0 if each % 3 else 2.8 for each in range(SLICES - 1)]),
]


@pytest.fixture(scope="module")
def server(page_server):
    return page_server


@pytest.fixture
def page(browser, server):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    pages.Entrance(made).open(server.url).sign_in(READER, READER_PASSWORD)
    made.locator(".study-table").wait_for()
    yield made
    context.close()
    assert problems == []


def stored(server, scan: Scan, folder) -> str:
    """The phantom scanned that way, as a study of its own."""
    options = ("--images", SLICES, "--matrix", MATRIX, "--spacing", PIXEL, "--seed", 40 + SCANS.index(scan))
    apus_server.apus("phantom", "ct", *options, "--output", folder).ok()
    paths = sorted(folder.rglob("*.dcm"))
    for slice_, path in enumerate(paths):
        image = pydicom.dcmread(path)
        values, _ = content(scan.places(slice_))
        samples = (values - float(image.RescaleIntercept)) / float(image.RescaleSlope)
        image.PixelData = samples.round().astype(image.pixel_array.dtype).tobytes()
        image.ImagePositionPatient = [f"{each:.6f}" for each in scan.positions[slice_]]
        image.ImageOrientationPatient = [f"{each:.12f}" for each in (*scan.row, *scan.column)]
        image.InstanceNumber = slice_ + 1
        image.save_as(path, enforce_file_format=True)
    study, _ = imported(server, paths)
    return study


def canvas(page, number: int) -> np.ndarray:
    script = """number => {
        const canvas = document.querySelector(`.pane[data-pane='view${number}'] .viewport-canvas`);
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let text = '';
        for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i]);
        return [canvas.width, canvas.height, btoa(text)];
    }"""
    width, height, text = page.evaluate(script, number)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width).astype(float)


def shown_places(scan: Scan, kind: str, shape, through: np.ndarray) -> np.ndarray:
    """Of the centres of all pixels of a view that fits its plane."""
    right, down = (np.array(each, float) for each in AXES[kind])
    (left, rightmost), (top, bottom) = scan.extent(right), scan.extent(down)
    columns, rows = (math.ceil(each / PIXEL - 1e-3) for each in (rightmost - left, bottom - top))
    scale = min(shape[1] / columns, shape[0] / rows)
    v, u = np.mgrid[0:shape[0], 0:shape[1]] + 0.5
    x = ((u - shape[1] / 2) / scale + columns / 2) * PIXEL + left
    y = ((v - shape[0] / 2) / scale + rows / 2) * PIXEL + top
    normal = np.cross(right, down)
    return x[..., None] * right + y[..., None] * down + (through @ normal) * normal


@pytest.mark.parametrize("scan", SCANS, ids=lambda each: each.name)
def test_planes_of_the_patients_axes_show_what_is_there(page, server, scan, tmp_path):
    """CT-4.4.1-5 GUIDE-1.1.1.1.2-8: the truth in millimetres, however the slices were scanned."""
    study = stored(server, scan, tmp_path)
    viewer = pages.Viewer(page).open(server.url, study)
    page.locator(".viewport[data-full=true]").first.wait_for()
    for _ in range(SLICES // 2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("v")
    expect(viewer.layout).to_have_attribute("data-layout", "2x2")
    # Bone: width 2,000 at level 350 or the like, which keeps all materials apart.
    page.keyboard.press("3")
    text = page.locator(".pane[data-pane='view1'] .corner-bottom-right")
    expect(text).to_contain_text("2,000")
    width, level = (float(each) for each in text.inner_text().replace(",", "").replace("窗宽", " ").replace("窗位", " ").split()[:2])
    # Where the reader was: in the middle of the slice, at whole planes.
    for number, kind in enumerate(AXES, start=1):
        pane = viewer.pane(number)
        expect(pane.viewport).to_have_attribute("data-full", "true")
        pane.shown()
        shown = canvas(page, number)
        middle = scan.positions[SLICES // 2] + (MATRIX - 1) / 2 * PIXEL * (scan.row + scan.column)
        places = shown_places(scan, kind, shown.shape, middle)
        values, edge = content(places)
        # Nearest of the planes, so up to half a step from the middle; two voxels from any edge all agree. Inside of the slices only.
        away = (places - scan.positions[0]) @ scan.normal
        foot = places - away[..., None] * scan.normal
        height = (scan.positions[-1] - scan.positions[0]) @ scan.normal
        lift = (scan.positions[-1] - scan.positions[0]) / height
        grid = (foot + away[..., None] * (scan.normal - lift) - scan.positions[0])
        inside = (away > 2) & (away < height - 2)
        for axis in (scan.row, scan.column):
            inside &= (grid @ axis > 2 * PIXEL) & (grid @ axis < (MATRIX - 3) * PIXEL)
        sure = inside & (edge > 2 * PIXEL)
        assert sure.mean() > 0.1, (kind, sure.mean())
        expected = np.clip(((values - (level - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)
        worst = np.abs(shown - expected)[sure].max()
        assert worst <= 1.01, (scan.name, kind, worst, (np.abs(shown - expected)[sure] > 1.01).mean())
        assert len(np.unique(values[sure])) >= 3
