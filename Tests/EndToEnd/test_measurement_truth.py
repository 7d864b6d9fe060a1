"""Measurement truth from the hand to the report: tools drawn in a browser on a phantom's image, through turned and mirrored
views; the report that the server keeps is read by pydicom, and every number is computed again with NumPy from the report's own
coordinates and the image's pixels.
"""

from __future__ import annotations

import io
import math
import shutil
import subprocess

import numpy
import pydicom
import pytest

from apus_server import eventually
from peers import store_files
from test_pixel_truth import PASSWORD, pages, playwright

SPACING = 0.8
MATRIX = 256
COMPREHENSIVE_3D_SR = "1.2.840.10008.5.1.4.1.1.88.34"

# Millimetres from the middle of the image; rods stand at (50, 0), (-50, 0), (0, 50) and (0, -50).
HANDS = {
    "length": ("d", "drag", [(-50, -50), (50, 25)]),
    "polyline": ("y", "clicks", [(-60, 40), (-10, 60), (30, 20)]),
    "angle": ("a", "clicks", [(-60, 0), (-20, 40), (50, 30)]),
    "cobb": ("Shift+C", "drags", [(-60, -40), (50, -35), (-60, 60), (50, 40)]),
    "ratio": ("Shift+D", "drags", [(-40, 10), (40, 10), (-70, 50), (70, 50)]),
    "ellipse": ("e", "drag", [(30, -18), (72, 14)]),
    "circle": ("Shift+E", "drag", [(-50, 0), (-35, 8)]),
    "rectangle": ("g", "drag", [(-22, 30), (24, 66)]),
    "polygon": ("u", "clicks", [(-20, -70), (30, -62), (22, -30), (-25, -38)]),
    "freehand": ("j", "stroke", [(28 * math.cos(i / 6), 28 * math.sin(i / 6)) for i in range(37)]),
    "probe": ("x", "clicks", [(50, 0)]),
}
# Keys that turn and zoom the view before each tool is drawn.
VIEWS = ["", "Shift+R", "=", "Shift+H", "Shift+L", "-", "Shift+V", "Shift+R", "Shift+H", "=", ""]


@pytest.fixture(scope="module")
def server(make_server, page_settings):
    running = make_server(**page_settings)
    yield running
    running.kill()


@pytest.fixture(scope="module")
def image(server, make_phantom):
    files = make_phantom("ct", images=1, matrix=MATRIX, spacing=SPACING, noise=40)
    assert set(store_files(server, files).values()) == {0}
    return pydicom.dcmread(files[0])


class Desk:
    """The viewer, and where millimetres of the image lie in it."""

    def __init__(self, page):
        self.page = page
        self.viewport = page.locator(".viewport").first
        self.marks = self.viewport.locator(".mark")

    def at(self, place) -> tuple[float, float]:
        box = self.viewport.bounding_box()
        # Half of the smaller side shows the image's half: near enough for aiming at a rod in any quarter turn.
        scale = min(box["width"], box["height"]) / 2 / (MATRIX * SPACING / 2) * 0.75
        return box["x"] + box["width"] / 2 + place[0] * scale, box["y"] + box["height"] / 2 + place[1] * scale

    def path(self, *places) -> None:
        points = [self.at(place) for place in places]
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=3)
        self.page.mouse.up()

    def labels(self) -> dict[str, str]:
        """Of the marks in sight, by number."""
        return {each.get_attribute("data-number"): each.get_attribute("data-label") for each in self.marks.all()}

    def draw(self, kind: str) -> None:
        key, hand, places = HANDS[kind]
        before = self.marks.count()
        self.page.keyboard.press(key)
        playwright.expect(self.viewport).to_have_attribute("data-tool", f"measure.{kind}")
        if hand in ("drag", "stroke"):
            self.path(*places)
        elif hand == "drags":
            self.path(*places[:2])
            self.path(*places[2:])
        else:
            for place in places:
                self.path(place)
        if kind in ("polyline", "polygon"):
            self.page.keyboard.press("Enter")
        playwright.expect(self.marks).to_have_count(before + 1)
        self.page.keyboard.press("Escape")


@pytest.fixture(scope="module")
def drawn(browser, server, image, tmp_path_factory) -> tuple[pydicom.Dataset, list[dict]]:
    """What the server keeps once everything is drawn and saved as DICOM, and the labels in one view after the other."""
    # Administrators may not publish marks.
    server.run("user", "add", "reader", "--role", "radiologist", "--password-stdin", stdin=PASSWORD + "\n").ok()
    page = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}).new_page()
    pages.Entrance(page).open(server.url).sign_in("reader", PASSWORD)
    pages.StudyList(page).search.wait_for()
    viewer = pages.Viewer(page).open(server.url, image.StudyInstanceUID).shown(0)
    desk = Desk(page)
    for kind, keys in zip(HANDS, VIEWS):
        if keys:
            page.keyboard.press(keys)
        desk.draw(kind)
    page.screenshot(path=tmp_path_factory.mktemp("screens") / "drawn.png")
    labels = [desk.labels()]
    for keys in ("Shift+R", "=", "Shift+H", "Shift+I", "3", "Shift+V", "-", "Shift+O", "Shift+F"):
        page.keyboard.press(keys)
        viewer.shown()
        labels.append(desk.labels())
    page.keyboard.press("Control+s")
    found = eventually(lambda: reports(server, image), what="the report")
    return found, labels


@pytest.fixture(scope="module")
def report(drawn) -> pydicom.Dataset:
    return drawn[0]


def reports(server, image) -> pydicom.Dataset | None:
    session = server.session()
    study = f"{server.dicomweb}/studies/{image.StudyInstanceUID}"
    listed = session.get(study + "/instances", params={"SOPClassUID": COMPREHENSIVE_3D_SR}, headers={"Accept": "application/dicom+json"})
    if listed.status_code != 200 or not listed.json():
        return None
    row = listed.json()[0]
    series, instance = (row[tag]["Value"][0] for tag in ("0020000E", "00080018"))
    answer = session.get(f"{study}/series/{series}/instances/{instance}", headers={"Accept": "application/dicom"})
    content = answer.content
    if answer.headers["Content-Type"].startswith("multipart"):
        content = content[content.index(b"\r\n\r\n") + 4 :]
    return pydicom.dcmread(io.BytesIO(content))


def items(node: pydicom.Dataset, kind: str) -> list[pydicom.Dataset]:
    """Content items of one value type below a node, in order."""
    found = []
    for item in node.get("ContentSequence", []):
        if item.ValueType == kind:
            found.append(item)
        found += items(item, kind)
    return found


def groups(report: pydicom.Dataset) -> list[pydicom.Dataset]:
    return [each for each in items(report, "CONTAINER") if each.ConceptNameCodeSequence[0].CodeValue == "125007"]


def shapes(group) -> list[tuple[str, numpy.ndarray]]:
    return [(each.GraphicType, numpy.array(each.GraphicData, float).reshape(-1, 2)) for each in items(group, "SCOORD")]


def numbers(group) -> dict[tuple[str, str], tuple[float, float | None]]:
    """Values by quantity and derivation: the value and its uncertainty."""
    found = {}
    for each in group.ContentSequence:
        if each.ValueType != "NUM":
            continue
        code = each.ConceptNameCodeSequence[0].CodeValue
        derivation = next((item.ConceptCodeSequence[0].CodeValue for item in items(each, "CODE")
                           if item.ConceptNameCodeSequence[0].CodeValue == "121401"), "")
        spread = next((float(item.MeasuredValueSequence[0].FloatingPointValue) for item in items(each, "NUM")
                       if item.ConceptNameCodeSequence[0].CodeValue == "371884006"), None)
        found[code, derivation] = float(each.MeasuredValueSequence[0].FloatingPointValue), spread
    return found


MEAN, DEVIATION, LEAST, MOST = "373098007", "386136009", "255605001", "56851009"


def inside(kind: str, points: numpy.ndarray) -> tuple[numpy.ndarray, float]:
    """Which pixels have their centre in a region, and its area in square millimetres."""
    rows, columns = numpy.mgrid[0:MATRIX, 0:MATRIX] + 0.5
    if kind == "CIRCLE":
        radius = math.dist(*points)
        return numpy.hypot(columns - points[0, 0], rows - points[0, 1]) <= radius, math.pi * (radius * SPACING) ** 2
    if kind == "ELLIPSE":
        centre = points[:2].mean(axis=0)
        one, other = (points[1] - points[0]) / 2, (points[3] - points[2]) / 2
        a, b = numpy.hypot(*one), numpy.hypot(*other)
        x, y = columns - centre[0], rows - centre[1]
        along, across = (x * one[0] + y * one[1]) / a**2, (x * other[0] + y * other[1]) / b**2
        return along**2 + across**2 <= 1, math.pi * a * b * SPACING**2
    x, y = points[:-1].T if numpy.array_equal(points[0], points[-1]) else points.T
    area = abs(numpy.dot(x, numpy.roll(y, -1)) - numpy.dot(y, numpy.roll(x, -1))) / 2 * SPACING**2
    odd = numpy.zeros(rows.shape, bool)
    for i in range(len(x)):
        j = (i + 1) % len(x)
        crosses = (y[i] > rows) != (y[j] > rows)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            odd ^= crosses & (columns < (x[j] - x[i]) * (rows - y[i]) / (y[j] - y[i]) + x[i])
    return odd, area


def lengths(points: numpy.ndarray) -> float:
    return float(numpy.hypot(*numpy.diff(points, axis=0).T).sum()) * SPACING


def angle(one: numpy.ndarray, other: numpy.ndarray) -> float:
    return math.degrees(math.acos(abs(one @ other) / numpy.hypot(*one) / numpy.hypot(*other)))


def test_every_tool_left_its_values_in_the_report(report):
    """PACS-4.2.9-T1"""
    assert len(groups(report)) == len(HANDS)


def test_no_view_changes_a_value(drawn):
    """PACS-4.2.9-b CT-4.3.2.6.1-3"""
    first, *others = drawn[1]
    assert len(first) == len(HANDS)
    for labels in others:
        assert {**first, **labels} == first


def test_geometry_is_what_numpy_computes_from_the_coordinates(report):
    """PACS-4.2.9-T1 PACS-4.2.9-c"""
    seen = set()
    for group in groups(report):
        found, drawn = numbers(group), shapes(group)
        for (code, derivation), (value, spread) in found.items():
            if derivation:
                continue
            first = drawn[0][1]
            if code == "410668003" and len(drawn) == 1:
                expected = lengths(first)
            elif code == "121211":
                expected = lengths(first)
            elif code == "1483009":
                one, other = first[0] - first[1], first[2] - first[1]
                expected = math.degrees(math.acos(one @ other / numpy.hypot(*one) / numpy.hypot(*other)))
            elif code == "285285000":
                expected = angle(first[1] - first[0], drawn[1][1][1] - drawn[1][1][0])
            elif code == "118586006":
                expected = lengths(first) / lengths(drawn[1][1])
            elif code == "42798000":
                expected = inside(*drawn[0])[1]
            elif code == "131190003":
                expected = lengths(first)
            else:
                continue
            assert value == pytest.approx(expected, rel=1e-6), code
            assert spread is None or 0 < spread < expected / 4
            seen.add(code)
    assert seen == {"410668003", "121211", "1483009", "285285000", "118586006", "42798000", "131190003"}


def test_statistics_are_those_of_numpy_over_pixels_whose_centre_is_inside(report, image):
    """PACS-4.2.9-T1"""
    hounsfield = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
    count = 0
    for group in groups(report):
        found = {derivation: value for (code, derivation), (value, _) in numbers(group).items() if code == "112031"}
        if MEAN not in found:
            continue
        values = hounsfield[inside(*shapes(group)[0])[0]]
        assert found[MEAN] == pytest.approx(values.mean(), rel=1e-9, abs=1e-9)
        assert found[DEVIATION] == pytest.approx(values.std(ddof=1), rel=1e-9)
        assert (found[LEAST], found[MOST]) == (values.min(), values.max())
        count += 1
    assert count == 5


def test_a_probe_is_the_pixel_under_it(report, image):
    """PACS-4.2.9-T1"""
    for group in groups(report):
        ((kind, points), *_) = shapes(group)
        if kind == "POINT":
            column, row = numpy.floor(points[0]).astype(int)
            stored = float(image.pixel_array[row, column])
            assert numbers(group)["112031", ""][0] == stored * float(image.RescaleSlope) + float(image.RescaleIntercept)
            return
    pytest.fail("no probe in the report")


def test_dcmtk_reads_the_report(report, tmp_path):
    if shutil.which("dsrdump") is None:
        pytest.skip("dsrdump is not installed")
    path = tmp_path / "report.dcm"
    report.save_as(path)
    done = subprocess.run(["dsrdump", "+Pl", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "E: " not in done.stderr, done.stderr
    assert done.stdout.count("Measurement Group") == len(HANDS)
