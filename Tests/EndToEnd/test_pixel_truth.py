"""Pixel truth: what the viewer shows at one device pixel per image pixel, and what the server renders, against references.

The cases are those of `display_cases`. Screens are read from the viewport's canvas.
"""

from __future__ import annotations

import base64
import io
import pathlib
import re
import shutil
import subprocess
import sys
import time

import numpy
import pydicom
import pytest
from PIL import Image
from pydicom.pixels import apply_color_lut
from pydicom.uid import JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless, generate_uid

import display_cases
from apus_server import REPOSITORY
from display_cases import CASES, Case, grey, levels, made, stored, window
from objects import encoded
from peers import store_files

sys.path.append(str(REPOSITORY / "Web/tests/e2e"))
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; Scripts/setup test does it")
pages = pytest.importorskip("pages", reason="the page objects of Web/tests/e2e are absent")

DCMTK = shutil.which("dcmj2pnm")
BY_DCMTK = {
    JPEGLosslessSV1: ("dcmdjpeg", ()), JPEGBaseline8Bit: ("dcmdjpeg", ()), JPEGLSLossless: ("dcmdjpls", ()),
}
NAME, PASSWORD = "admin", "Quiet-harbour-7-lantern"
# The middle of the canvas, at most so many pixels: x, y, width, height and the bytes of red, green, blue, alpha.
READ = """([columns, rows]) => {
    const canvas = document.querySelector('.viewport-canvas');
    const [width, height] = [Math.min(canvas.width, columns), Math.min(canvas.height, rows)];
    const [x, y] = [Math.round((canvas.width - columns) / 2), Math.round((canvas.height - rows) / 2)].map(v => Math.max(v, 0));
    const { data } = canvas.getContext('2d').getImageData(x, y, width, height);
    let text = '';
    for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
    return [x, y, width, height, canvas.width, canvas.height, btoa(text)];
}"""


@pytest.fixture(scope="module")
def server(make_server, page_settings):
    running = make_server(**page_settings)
    yield running
    running.kill()


@pytest.fixture(scope="module")
def page(browser, server):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    made = context.new_page()
    entrance = pages.Entrance(made).open(server.setup_link)
    entrance.again.wait_for()
    entrance.create_administrator(NAME, PASSWORD)
    entrance.submit.click()
    pages.StudyList(made).search.wait_for()
    yield made
    context.close()


@pytest.fixture(scope="module")
def data(request):
    """The folder of public data, or nothing: cases on made images need none."""
    from apus_server import shared_data

    return shared_data()


class Shown:
    """A case's image in the archive, and on the screen."""

    def __init__(self, case: Case, server, data, folder: pathlib.Path):
        self.case, self.server = case, server
        if data is None and case in display_cases.REAL:
            pytest.skip("the shared test data are absent; name their folder with APUS_SHARED")
        self.dataset = case.source(data)
        # Each image a study of its own: nothing kept of the one before can stand in.
        self.dataset.StudyInstanceUID, self.dataset.SeriesInstanceUID = generate_uid(), generate_uid()
        self.dataset.SOPInstanceUID = self.dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        self.path = folder / "image.dcm"
        self.path.write_bytes(encoded(self.dataset))
        assert set(store_files(server, [self.path]).values()) == {0}

    def open(self, page) -> None:
        pages.Viewer(page).open(self.server.url, self.dataset.StudyInstanceUID).shown(0)
        page.keyboard.press("Shift+O")

    def differs(self, page, expected: numpy.ndarray, tolerance: int, within: float = 30) -> str | None:
        """Reads the screen until it is as expected, or time is up: then how it differs."""
        limit = time.monotonic() + within
        while True:
            found = read(page, expected.shape)
            x, y = max((expected.shape[1] - found.shape[1] + 1) // 2, 0), max((expected.shape[0] - found.shape[0] + 1) // 2, 0)
            part = expected[y : y + found.shape[0], x : x + found.shape[1]]
            part = part if part.ndim == 3 else part[..., None].repeat(3, axis=2)
            difference = numpy.abs(found.astype(int) - part)
            if difference.max() <= tolerance:
                return None
            if time.monotonic() > limit:
                worst = numpy.unravel_index(difference.argmax(), difference.shape)
                return (f"up to {difference.max()} levels in {(difference > tolerance).any(axis=2).mean():.1%} of the pixels; at {worst} "
                        f"{found[worst]} instead of {part[worst]}")
            page.wait_for_timeout(50)


def read(page, shape) -> numpy.ndarray:
    _, _, width, height, _, _, text = page.evaluate(READ, [shape[1], shape[0]])
    return numpy.frombuffer(base64.b64decode(text), "u1").reshape(height, width, 4)[..., :3]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pacs_4_2_8_t1_the_screen_and_the_rendered_frame_are_the_reference(case, server, page, data, tmp_path):
    """PACS-4.2.8-T1 PACS-4.2.8-a PACS-4.2.8-b PACS-4.2.8-d CT-4.3.2.1-2"""
    shown = Shown(case, server, data, tmp_path)
    before = levels(decompressed(shown.path, tmp_path), case.extra.get("frame", 0), case.extra.get("presses", 0))
    expected = case.after(before)
    shown.open(page)
    for key in case.keys:
        page.keyboard.press(key)
    assert (said := shown.differs(page, expected, case.tolerance)) is None, f"the screen: {said}"
    if case.dcmtk is not None and DCMTK:
        picture = by_dcmtk(shown.path, case, tmp_path)
        difference = numpy.abs(picture.astype(int) - expected)
        # DCMTK cuts where the standard's formula is rounded here.
        assert difference.max() <= 1 + case.tolerance, f"DCMTK: up to {difference.max()}"
    if case.rendered is not None and not case.keys:
        picture = by_server(server, shown.dataset)
        assert picture.shape[:2] == before.shape[:2]
        difference = numpy.abs(picture.astype(int) - before)
        assert difference.max() <= case.rendered + case.tolerance, f"rendered: up to {difference.max()}"


# Views


@pytest.fixture(scope="module")
def plain(server, page, tmp_path_factory):
    """An image of 12 bits in a window that tells most of its values apart, on the screen."""
    image = made(grey, "CT", 12, RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=1000, WindowWidth=3500)
    shown = Shown(Case("CT", "", image), server, None, tmp_path_factory.mktemp("plain"))
    shown.open(page)
    return shown


def whole(page) -> numpy.ndarray:
    """The canvas, all of it."""
    return read(page, (1 << 14, 1 << 14))


def through_view(dataset, canvas, zoom: float, smooth: bool) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Greys of every device pixel from the stored values under its centre, and where a border lies there."""
    values = stored(dataset).astype(float)
    rows, columns = values.shape
    x = (numpy.arange(canvas[1]) + 0.5 - canvas[1] / 2) / zoom + columns / 2
    y = (numpy.arange(canvas[0]) + 0.5 - canvas[0] / 2) / zoom + rows / 2
    inside = ((y >= 0) & (y < rows))[:, None] & ((x >= 0) & (x < columns))[None]
    border = numpy.zeros(inside.shape, bool)
    if smooth:
        (left, right, across), (top, bottom, down) = around(x, columns), around(y, rows)
        above = values[top][:, left] * (1 - across) + values[top][:, right] * across
        below = values[bottom][:, left] * (1 - across) + values[bottom][:, right] * across
        values = above * (1 - down[:, None]) + below * down[:, None]
    else:
        close = lambda place: numpy.abs(place - numpy.round(place)) < 1e-6  # noqa: E731
        border = close(y)[:, None] | close(x)[None]
        values = values[numpy.clip(y.astype(int), 0, rows - 1)][:, numpy.clip(x.astype(int), 0, columns - 1)]
    slope, intercept = float(dataset.RescaleSlope), float(dataset.RescaleIntercept)
    level = window(values * slope + intercept, float(dataset.WindowCenter), float(dataset.WindowWidth))
    return numpy.where(inside, numpy.floor(level + 0.5), 0), border


def around(place: numpy.ndarray, count: int) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Neighbours of places between pixel centres, and the share of the second; at the edge the outermost pixel alone."""
    place = numpy.clip(place - 0.5, 0, count - 1)
    first = numpy.minimum(place.astype(int), max(count - 2, 0))
    return first, numpy.minimum(first + 1, count - 1), place - first


@pytest.mark.parametrize(("smooth", "tolerance"), [(False, 0), (True, 1)], ids=["nearest", "linear"])
@pytest.mark.parametrize("keys", ["", "=", "===", "--", "=========="], ids=lambda keys: f"zoom {1.25 ** (keys.count('=') - keys.count('-')):.2f}")
def test_pacs_4_2_8_c_zoom_shows_stored_values_interpolated_then_windowed(plain, page, keys, smooth, tolerance):
    """PACS-4.2.8-c"""
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+O")
    if not smooth:
        page.keyboard.press("Shift+S")
    for key in keys:
        page.keyboard.press(key)
    zoom = 1.25 ** (keys.count("=") - keys.count("-"))
    limit = time.monotonic() + 30
    while True:
        found = whole(page)
        expected, border = through_view(plain.dataset, found.shape[:2], zoom, smooth)
        if zoom == 1:
            expected, border = at_whole_pixels(plain, found.shape[:2])
        difference = numpy.where(border, 0, numpy.abs(found[..., 0].astype(int) - expected))
        # Made smaller, smooth pictures are means of all that a device pixel covers, which another test proves.
        if smooth and zoom < 1:
            difference[:] = 0
            assert 0 < found[..., 0].max() and (found[..., 0] == found[..., 2]).all()
        if difference.max() <= tolerance:
            break
        assert time.monotonic() < limit, f"up to {difference.max()} in {(difference > tolerance).mean():.2%} of the pixels"
        page.wait_for_timeout(50)


def at_whole_pixels(plain, canvas) -> tuple[numpy.ndarray, numpy.ndarray]:
    picture = levels(plain.dataset)
    expected = numpy.zeros(canvas)
    # The viewer rounds halves up, as the program of the page does.
    top, left = (int(numpy.floor((canvas[axis] - picture.shape[axis]) / 2 + 0.5)) for axis in (0, 1))
    expected[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return expected, numpy.zeros(canvas, bool)


def test_pacs_4_2_8_b_a_pan_moves_the_picture_by_whole_pixels(plain, page):
    """PACS-4.2.8-b"""
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+O")
    pages.Viewer(page).drag(37, -20, button="middle")
    expected = numpy.roll(at_whole_pixels(plain, whole(page).shape[:2])[0], (-20, 37), axis=(0, 1))
    limit = time.monotonic() + 30
    while not numpy.array_equal(found := whole(page)[..., 0], expected):
        places = [tuple(numpy.argwhere(each > 0).min(axis=0)) for each in (found, expected)]
        assert time.monotonic() < limit, f"at {places[0]}, not {places[1]}"
        page.wait_for_timeout(50)


@pytest.mark.parametrize(
    ("name", "palette"),
    [("热铁伪彩", "1.2.840.10008.1.5.1"), ("PET 伪彩", "1.2.840.10008.1.5.2"), ("蓝热金属伪彩", "1.2.840.10008.1.5.3"), ("PET 20 阶伪彩", "1.2.840.10008.1.5.4")])
def test_guide_1_1_1_1_2_4_pseudo_colour_is_the_standard_palette(plain, page, name, palette):
    """GUIDE-1.1.1.1.2-4"""
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+O")
    page.get_by_role("button", name="更多显示方式").click()
    page.get_by_role("menuitemcheckbox", name=name, exact=True).click()
    expected = apply_color_lut(levels(plain.dataset).astype("u1"), palette=palette).astype(int)
    assert (said := plain.differs(page, expected, 0)) is None, said


def test_a_window_is_dragged_from_where_a_voi_table_stands(server, page, tmp_path):
    """PACS-4.2.8-d"""
    image = made(grey, "DX", 12, VOILUTSequence=[display_cases.lut(0, 12, display_cases.curve(4096, 4095))])
    shown = Shown(Case("DX", "", image), server, None, tmp_path)
    shown.open(page)
    viewer = pages.Viewer(page)
    assert "查找表" in viewer.corner("bottom-right")
    viewer.drag(0, 60)
    corner = page.locator(".corner-bottom-right")
    playwright.expect(corner).to_contain_text("窗宽")
    said = corner.inner_text()
    width, center = (float(re.search(name + r"\s*(-?[\d.,]+)", said)[1].replace(",", "")) for name in ("窗宽", "窗位"))
    assert "查找表" not in said and width == 4096 and center > 2048
    x = stored(shown.dataset).astype(float)
    assert (wrong := shown.differs(page, numpy.floor(window(x, center, width) + 0.5).astype(int), 1)) is None, wrong


def test_the_display_statement_lists_these_cases():
    """PACS-4.2.8-a"""
    statement = (REPOSITORY / "Documentation/display-statement.md").read_text()
    assert display_cases.table() in statement, "renew it with: python Tests/EndToEnd/display_cases.py"


# Other programs


def decompressed(path: pathlib.Path, folder: pathlib.Path) -> pydicom.Dataset:
    """The file as it is, or, where pydicom has no decoder, as DCMTK decompresses it."""
    dataset = pydicom.dcmread(path)
    if dataset.file_meta.TransferSyntaxUID not in BY_DCMTK:
        return dataset
    program, options = BY_DCMTK[dataset.file_meta.TransferSyntaxUID]
    target = folder / "decompressed.dcm"
    subprocess.run([program, *options, str(path), str(target)], check=True, capture_output=True, timeout=60)
    return pydicom.dcmread(target)


def by_dcmtk(path: pathlib.Path, case: Case, folder: pathlib.Path) -> numpy.ndarray:
    target = folder / "dcmtk.pnm"
    subprocess.run([DCMTK, "-q", "-O", *case.dcmtk, str(path), str(target)], check=True, capture_output=True, timeout=60)
    return numpy.asarray(Image.open(target))


def by_server(server, dataset) -> numpy.ndarray:
    address = f"{server.dicomweb}/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/instances/{dataset.SOPInstanceUID}"
    answer = server.session().get(address + "/frames/1/rendered", params={"quality": 100}, headers={"Accept": "image/jpeg"})
    assert answer.status_code == 200, answer.text
    return numpy.asarray(Image.open(io.BytesIO(answer.content)))
