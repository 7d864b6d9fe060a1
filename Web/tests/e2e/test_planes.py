"""Planes through a volume (MPR): what stands on the screen, compared with the volume itself, moved and turned by hand and key."""

import base64
import math
import os
import re
from functools import lru_cache

import numpy as np
import pytest
from playwright.sync_api import expect

import synthetic
from conftest import FIREFOX_CONTEXT, OUTPUT, open_page, sign_in
from pages import Viewer

STUDY = synthetic.study_uid(0)
US, BROKEN = 3, 5
PIXEL, STEP, SLICES, SIDE = 1.4, 5.0, 40, 256
FIRST = np.array([-180.0, -180.0, -5.0 * SLICES])
AXES = {"axial": ((1, 0, 0), (0, 1, 0)), "coronal": ((1, 0, 0), (0, 0, -1)), "sagittal": ((0, 1, 0), (0, 0, -1))}
PANES = {"axial": 1, "coronal": 2, "sagittal": 3}


@lru_cache
def volume() -> np.ndarray:
    """Hounsfield units by slice from the feet upwards, row, column."""
    slices = [np.frombuffer(synthetic.frame("ct", SLICES - i, 1), "<i2").reshape(SIDE, SIDE) for i in range(SLICES)]
    return np.stack(slices).astype(float) - 1024


def sampled(places: np.ndarray) -> np.ndarray:
    """Interpolated linearly in three directions at places in the patient; no number outside of the slices' centres."""
    grid = (places - FIRST) / (PIXEL, PIXEL, STEP)
    x, y, z = np.moveaxis(grid, -1, 0)
    sizes = (SIDE, SIDE, SLICES)
    inside = np.logical_and.reduce([(each > -1e-6) & (each < size - 1 + 1e-6) for each, size in zip((x, y, z), sizes)])
    i, j, k = (np.clip(np.where(inside, np.floor(each), 0), 0, size - 2).astype(int) for each, size in zip((x, y, z), sizes))
    u, v, w = x - i, y - j, z - k
    found = np.zeros(x.shape)
    for a, b, c in np.ndindex(2, 2, 2):
        share = (u if a else 1 - u) * (v if b else 1 - v) * (w if c else 1 - w)
        found += share * volume()[k + c, j + b, i + a]
    return np.where(inside, found, np.nan)


def grey(hounsfield: np.ndarray) -> np.ndarray:
    """Window 400, level 40."""
    return np.clip(((hounsfield - 39.5) / 399 + 0.5) * 255, 0, 255)


class PlaneView:
    """A view of planes fitted into its place, and the plane it ought to show."""

    def __init__(self, viewer: Viewer, kind: str):
        self.kind = kind
        self.viewer = viewer.pane(PANES[kind])
        self.right, self.down = (np.array(each, float) for each in AXES[kind])

    def settled(self) -> "PlaneView":
        expect(self.viewer.viewport).to_have_attribute("data-full", "true", timeout=20_000)
        self.viewer.shown()
        return self

    @property
    def index(self) -> int:
        return int(self.viewer.viewport.get_attribute("data-index"))

    def canvas(self) -> np.ndarray:
        script = """within => {
            const canvas = document.querySelector(within + '.viewport-canvas');
            const { width, height } = canvas;
            const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
            let text = '';
            for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i]);
            return [width, height, btoa(text)];
        }"""
        width, height, text = self.viewer.page.evaluate(script, self.viewer.within)
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width).astype(float)

    def extent(self, direction: np.ndarray) -> tuple[float, float]:
        """Between the outer edges of the volume."""
        sizes = np.array([PIXEL * SIDE, PIXEL * SIDE, STEP * SLICES])
        corner = FIRST - np.array([PIXEL, PIXEL, STEP]) / 2
        along = direction * sizes
        return corner @ direction + np.minimum(along, 0).sum(), corner @ direction + np.maximum(along, 0).sum()

    def scale(self, shape: tuple[int, int]) -> tuple[float, int, int]:
        columns, rows = (math.ceil(np.ptp(self.extent(np.array(axis))) / PIXEL - 1e-3) for axis in AXES[self.kind])
        return min(shape[1] / columns, shape[0] / rows), columns, rows

    def corner(self) -> tuple[float, float]:
        """Left and upper edge along the directions of the plane: turned planes keep size and middle."""
        middle = FIRST + (np.array([SIDE, SIDE, SLICES]) - 1) / 2 * (PIXEL, PIXEL, STEP)
        half = [np.ptp(self.extent(np.array(axis))) / 2 for axis in AXES[self.kind]]
        return middle @ self.right - half[0], middle @ self.down - half[1]

    def places(self, shape: tuple[int, int], through: np.ndarray) -> np.ndarray:
        """Of the centres of all screen pixels, in the plane through a point."""
        scale, columns, rows = self.scale(shape)
        v, u = np.mgrid[0:shape[0], 0:shape[1]] + 0.5
        x = ((u - shape[1] / 2) / scale + columns / 2) * PIXEL + self.corner()[0]
        y = ((v - shape[0] / 2) / scale + rows / 2) * PIXEL + self.corner()[1]
        normal = np.cross(self.right, self.down)
        return x[..., None] * self.right + y[..., None] * self.down + (through @ normal) * normal

    def on_screen(self, place: np.ndarray) -> tuple[float, float]:
        """CSS pixels of the page."""
        box = self.viewer.viewport.bounding_box()
        shape = self.canvas().shape
        scale, columns, rows = self.scale(shape)
        ratio = box["width"] / shape[1]
        x = (place @ self.right - self.corner()[0]) / PIXEL
        y = (place @ self.down - self.corner()[1]) / PIXEL
        return (box["x"] + ((x - columns / 2) * scale + shape[1] / 2) * ratio,
                box["y"] + ((y - rows / 2) * scale + shape[0] / 2) * ratio)

    def expect_plane(self, through: np.ndarray, layers: np.ndarray = np.zeros(1), join=np.nanmax) -> None:
        self.settled()
        shown = self.canvas()
        normal = np.cross(self.right, self.down)
        places = self.places(shown.shape, through)
        values = np.stack([sampled(places + offset * normal) for offset in layers])
        whole = ~np.isnan(values).any(axis=0)
        assert whole.mean() > 0.15
        expected = grey(np.round(join(values[:, whole], axis=0)))
        away = np.abs(shown[whole] - expected)
        # One grey level, and one Hounsfield unit of rounding between two values.
        assert np.quantile(away, 0.999) <= 1.7, (self.kind, np.quantile(away, [0.5, 0.9, 0.99, 0.999]), away.max())


def centre_of(views: dict) -> np.ndarray:
    """Where planes along the patient's axes meet."""
    return np.array([
        FIRST[0] + views["sagittal"].index * PIXEL, FIRST[1] + views["coronal"].index * PIXEL, -STEP - views["axial"].index * STEP,
    ])


@pytest.fixture(params=["chromium", "firefox"])
def planes(request, server):
    options = FIREFOX_CONTEXT if request.param == "firefox" else {}
    page, watch = open_page(request.getfixturevalue(request.param), **options)
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY).shown(0).loaded(SLICES)
    page.keyboard.press("v")
    expect(viewer.layout).to_have_attribute("data-layout", "2x2")
    views = {kind: PlaneView(viewer, kind).settled() for kind in PANES}
    yield page, viewer, views, request.param
    page.context.close()
    ours = [each for each in watch.problems if "Cross-Origin" not in each]
    if os.environ.get("APUS_SCREENSHOTS"):
        ours = [each for each in ours if "style-src-elem" not in each]
    assert ours == []


def picture(page, name: str) -> None:
    if os.environ.get("APUS_SCREENSHOTS"):
        OUTPUT.mkdir(exist_ok=True)
        page.screenshot(path=OUTPUT / f"planes-{name}.png")


def drag(page, start: tuple[float, float], end: tuple[float, float], steps: int = 6) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=steps)
    page.mouse.up()


def badge(view: PlaneView) -> str:
    return view.viewer.page.locator(f"{view.viewer.within}.fidelity-planes").inner_text()


def test_planes_show_the_volume_where_they_say(planes):
    """GUIDE-1.1.1.1.2-8 CT-4.4.1-5: orthogonal planes are those of the volume, and each view says that it is reformatted."""
    page, viewer, views, name = planes
    centre = centre_of(views)
    for kind, label in (("axial", "MPR 横断面"), ("coronal", "MPR 冠状面"), ("sagittal", "MPR 矢状面")):
        assert badge(views[kind]) == label
        views[kind].expect_plane(centre)
    picture(page, f"{name}-entered")
    edges = lambda number: [  # noqa: E731
        page.locator(f".pane[data-pane='view{number}'] .edge-{side}").inner_text() for side in ("left", "right", "top", "bottom")]
    assert (edges(1), edges(2), edges(3)) == (list("RLAP"), list("RLHF"), list("APHF"))
    # The stored images stand in the fourth view, and follow the planes that lie as they do.
    expect(viewer.pane(4).viewport).to_have_attribute("data-plane", "")
    viewer.pane(4).shown(0)
    # By keys in the active view, by the wheel in the one under the pointer.
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(views["axial"].viewer.viewport).to_have_attribute("data-index", "20")
    viewer.pane(4).shown(20)
    box = views["coronal"].viewer.viewport.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    before = views["coronal"].index
    for _ in range(5):
        page.mouse.wheel(0, 120)
    expect(views["coronal"].viewer.viewport).to_have_attribute("data-index", str(before + 5))
    moved = centre_of(views)
    assert moved[1] == pytest.approx(centre[1] + 5 * PIXEL) and moved[2] == pytest.approx(-105)
    for view in views.values():
        view.expect_plane(moved)


def test_lines_move_and_turn_the_planes(planes):
    """GUIDE-1.1.1.1.2-8: lines of the other planes are dragged; turned planes are oblique until they are put straight."""
    page, viewer, views, name = planes
    axial, coronal, sagittal = (views[kind] for kind in ("axial", "coronal", "sagittal"))
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    start = centre_of(views)
    # Where the lines meet.
    target = start + (30 * PIXEL, -20 * PIXEL, 0)
    drag(page, axial.on_screen(start), axial.on_screen(target))
    expect(sagittal.viewer.viewport).to_have_attribute("data-index", str(round((target[0] - FIRST[0]) / PIXEL)))
    expect(coronal.viewer.viewport).to_have_attribute("data-index", str(round((target[1] - FIRST[1]) / PIXEL)))
    centre = centre_of(views)
    # One line alone: the axial plane, in the coronal view, away from the middle and the rings.
    beside = centre + (-70 * PIXEL, 0, 0)
    drag(page, coronal.on_screen(beside), coronal.on_screen(beside + (0, 0, 40)))
    expect(axial.viewer.viewport).to_have_attribute("data-index", "12")
    centre = centre_of(views)
    assert sagittal.index == round((target[0] - FIRST[0]) / PIXEL)
    # The ring on the coronal line, by 30 degrees.
    axial.settled()
    box = axial.viewer.viewport.bounding_box()
    reach = 0.3 * min(box["width"], box["height"])
    x, y = axial.on_screen(centre)


    def at(degrees: float) -> tuple[int, int]:
        # Whole pixels: not every browser tells fractions.
        return round(x + reach * math.cos(math.radians(degrees))), round(y + reach * math.sin(math.radians(degrees)))

    page.mouse.move(*at(0))
    page.mouse.down()
    for degrees in (10, 20, 30):
        page.mouse.move(*at(degrees))
    page.mouse.up()
    expect(page.locator(f"{coronal.viewer.within}.fidelity-planes")).to_contain_text("斜面")
    bearing = lambda point: math.atan2(point[1] - y, point[0] - x)  # noqa: E731
    angle = bearing(at(30)) - bearing(at(0))
    coronal.right = np.array([math.cos(angle), math.sin(angle), 0])
    sagittal.right = np.array([-math.sin(angle), math.cos(angle), 0])
    for view in (axial, coronal, sagittal):
        view.expect_plane(centre)
    picture(page, f"{name}-oblique")
    # Undone and done again; straight by a double click on a line.
    page.keyboard.press("Control+z")
    expect(page.locator(f"{coronal.viewer.within}.fidelity-planes")).not_to_contain_text("斜面")
    page.keyboard.press("Control+y")
    expect(page.locator(f"{coronal.viewer.within}.fidelity-planes")).to_contain_text("斜面")
    page.mouse.dblclick(*axial.on_screen(centre))
    expect(page.locator(f"{coronal.viewer.within}.fidelity-planes")).not_to_contain_text("斜面")
    for view, kind in ((coronal, "coronal"), (sagittal, "sagittal")):
        view.right = np.array(AXES[kind][0], float)
    for view in views.values():
        view.expect_plane(centre_of(views))


def test_slabs_are_the_highest_lowest_and_mean_through_their_thickness(planes):
    """CT-4.4.1-5: kind and thickness stand in each view as long as there is a slab."""
    page, viewer, views, name = planes
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    for _ in range(6):
        page.keyboard.press("]")
    centre = centre_of(views)
    coronal = views["coronal"]
    expect(page.locator(f"{coronal.viewer.within}.fidelity-planes")).to_have_text("MPR 冠状面 · MIP 10 mm")
    # CT-4.4.1-5: the line that names everything done to the picture.
    expect(page.locator(f"{coronal.viewer.within}.status-line")).to_contain_text("MPR 冠状面 · MIP 10 mm")
    # Layers at equal steps of a voxel at most.
    layers = np.linspace(-5, 5, math.ceil(10 / PIXEL) + 1)
    for kind in ("coronal", "sagittal"):
        views[kind].expect_plane(centre, layers, np.nanmax)
    picture(page, f"{name}-mip")
    page.keyboard.press("\\")
    expect(page.locator(f"{coronal.viewer.within}.fidelity-planes")).to_have_text("MPR 冠状面 · MinIP 10 mm")
    coronal.expect_plane(centre, layers, np.nanmin)
    page.keyboard.press("\\")
    expect(page.locator(f"{coronal.viewer.within}.fidelity-planes")).to_have_text("MPR 冠状面 · 平均 10 mm")
    coronal.expect_plane(centre, layers, np.nanmean)
    # Alt and the wheel make it thinner; the plane alone says no thickness.
    box = coronal.viewer.viewport.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.keyboard.down("Alt")
    page.mouse.wheel(0, 120)
    page.keyboard.up("Alt")
    expect(page.locator(f"{coronal.viewer.within}.fidelity-planes")).to_have_text("MPR 冠状面 · 平均 8 mm")
    for _ in range(5):
        page.keyboard.press("[")
    expect(page.locator(f"{coronal.viewer.within}.fidelity-planes")).to_have_text("MPR 冠状面")
    coronal.expect_plane(centre)


def test_windows_are_shared_marks_refused_and_the_way_back(planes):
    page, viewer, views, name = planes
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("2")
    for number in (1, 2, 3, 4):
        expect(page.locator(f".pane[data-pane='view{number}'] .corner-bottom-right")).to_contain_text("窗宽 1,500")
    # Marks belong to stored images.
    page.keyboard.press("d")
    note = page.locator(f"{views['axial'].viewer.within}.pane-note")
    expect(note).to_contain_text("请在原序列上测量")
    box = views["axial"].viewer.viewport.bounding_box()
    drag(page, (box["x"] + 60, box["y"] + 60), (box["x"] + 90, box["y"] + 90))
    assert page.locator(".marks-layer [data-mark]").count() == 0
    picture(page, f"{name}-refused")
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)
    expect(page.get_by_role("button", name="关键图像")).to_be_disabled()
    # Back to the images, at the one where the planes met.
    page.keyboard.press("v")
    expect(viewer.layout).to_have_attribute("data-layout", "1x1")
    viewer.pane(1).shown(20)
    expect(viewer.pane(1).viewport).to_have_attribute("data-plane", "")
    expect(page.locator(".fidelity-planes")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(viewer.layout).to_have_attribute("data-layout", "2x2")
    views["coronal"].settled()


def test_a_series_that_cannot_be_cut_says_why(page, server):
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY).shown(0)
    viewer.series.nth(US).dblclick()
    expect(viewer.pane(1).viewport).to_have_attribute("data-index", "0")
    expect(page.locator(".corner-top-right")).to_contain_text("US")
    page.keyboard.press("v")
    expect(page.get_by_role("dialog")).to_contain_text("彩色")
    expect(page.get_by_role("dialog")).to_contain_text("不能作多平面重建")


def test_a_volume_of_damaged_slices_shows_the_reason_in_place_of_planes(page, server):
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY).shown(0)
    viewer.series.nth(BROKEN).dblclick()
    expect(page.locator(".viewport-message")).to_be_visible()
    page.keyboard.press("v")
    for number in (1, 2, 3):
        expect(page.locator(f".pane[data-pane='view{number}'] .viewport-message")).to_be_visible()


def test_a_volume_still_loading_says_how_much_is_there(page, server):
    sign_in(page, server)
    server.state.frame_delay = 0.15
    viewer = Viewer(page).open(server.url, STUDY)
    viewer.pane(1).shown(0)
    page.keyboard.press("v")
    view = PlaneView(viewer, "coronal")
    note = page.locator(f"{view.viewer.within}.corner-note")
    expect(note).to_have_text(re.compile(r"容积已载入 \d+%"))
    expect(view.viewer.viewport).to_have_attribute("data-full", "false")
    view.settled()
    expect(note).to_have_text("")
    view.expect_plane(centre_of({kind: PlaneView(viewer, kind) for kind in PANES}))


def changed_manifest(page, change) -> None:
    """Answers the viewing manifest with a change to its CT series."""
    def answer(route):
        manifest = route.fetch().json()
        change(next(each for each in manifest["series"] if each["modality"] == "CT"))
        route.fulfill(json=manifest)

    page.route("**/viewing", answer)


def test_the_cursor_in_space_takes_planes_and_images_along(page, server):
    """GUIDE-1.1.1.1.2-8: pointing in a plane moves everything of the same frame of reference to that place."""
    def change(series):
        series["stacks"][0]["frameOfReference"] = "1.2.3"

    sign_in(page, server)
    changed_manifest(page, change)
    viewer = Viewer(page).open(server.url, STUDY).shown(0).loaded(SLICES)
    page.keyboard.press("v")
    views = {kind: PlaneView(viewer, kind).settled() for kind in PANES}
    place = FIRST + (60 * PIXEL, 0, 0)
    place[1], place[2] = centre_of(views)[1], -STEP * 30
    page.keyboard.press("h")
    page.mouse.click(*views["coronal"].on_screen(place))
    expect(views["axial"].viewer.viewport).to_have_attribute("data-index", "29")
    expect(views["sagittal"].viewer.viewport).to_have_attribute("data-index", "60")
    viewer.pane(4).shown(29)
    expect(page.locator(".pane[data-pane='view4'] .cursor-3d")).to_have_count(1)
    # And from the stored image back to the planes.
    box = viewer.pane(4).viewport.bounding_box()
    before = views["sagittal"].index
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(views["sagittal"].viewer.viewport).not_to_have_attribute("data-index", str(before))
    picture(page, "cursor")


def test_slices_with_scales_of_their_own_are_cut_on_one_scale(page, server, monkeypatch):
    """As PET has them: a Rescale Slope for each slice. The tolerance is that of other planes."""
    slopes = np.array([0.6 + 0.37 * (index * 7 % 5) / 4 for index in range(SLICES)])

    def change(series):
        [display] = series["displays"]
        series["displays"] = [display | {"slope": slope} for slope in slopes]
        series["frames"]["display"] = list(range(SLICES))

    stored = volume() + 1024
    scaled = stored * slopes[::-1, None, None] - 1024
    monkeypatch.setitem(globals(), "volume", lambda: scaled)
    sign_in(page, server)
    changed_manifest(page, change)
    viewer = Viewer(page).open(server.url, STUDY).shown(0).loaded(SLICES)
    page.keyboard.press("v")
    views = {kind: PlaneView(viewer, kind).settled() for kind in PANES}
    for view in views.values():
        view.expect_plane(centre_of(views))
    picture(page, "scales")


def test_missing_slices_leave_a_gap_and_are_told(page, server):
    missing = 15.0

    def change(series):
        positions = series["frames"]["position"]
        for slice_ in range(20, SLICES):
            positions[3 * slice_ + 2] -= missing
        series["stacks"][0] |= {"uniform": False, "sliceSpacing": None}

    sign_in(page, server)
    changed_manifest(page, change)
    viewer = Viewer(page).open(server.url, STUDY).shown(0).loaded(SLICES)
    page.keyboard.press("v")
    view = PlaneView(viewer, "coronal").settled()
    expect(page.locator(f"{view.viewer.within}.fidelity-gaps")).to_have_text("层间有 1 处缺口")
    shown = view.canvas()
    height = STEP * SLICES + missing
    scale = min(shown.shape[1] / SIDE, shown.shape[0] / math.ceil(height / PIXEL)) / PIXEL
    middle = shown[:, shown.shape[1] // 2]
    row = lambda z: round(shown.shape[0] / 2 + (-STEP / 2 - height / 2 - z) * scale)  # noqa: E731
    # The last slice above and the first below the gap reach half a step into it.
    top, bottom = row(-100 - STEP / 2), row(-105 - missing + STEP / 2)
    assert bottom - top > 10 and (middle[top + 2:bottom - 2] == 0).all()
    assert middle[top - 4] > 60 and middle[bottom + 4] > 60
    picture(page, "gap")
