"""Measuring and annotating: every tool by mouse and by touch, what the view must not change, and what must not be lost."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from conftest import open_page, sign_in
from mock_server import DIST
from pages import Entrance, until

# A page built with kernels that cannot measure yet draws no values; then these walks are shown as skipped.
CAN_MEASURE = any(b"apus_measure" in module.read_bytes() for module in DIST.glob("assets/kernels.*.wasm"))
pytestmark = pytest.mark.skipif(not CAN_MEASURE, reason="the kernels were built without measuring")

# Places from the centre of the viewport, in CSS pixels; the synthetic chest fills it.
TOOLS = {
    "length": ("d", "drag", [(-200, -150), (-80, -150)]),
    "polyline": ("y", "clicks", [(-60, 40), (0, 90), (60, 40)]),
    "curve": ("Shift+Y", "clicks", [(-60, 60), (0, 110), (60, 60), (90, 110)]),
    "angle": ("a", "clicks", [(-150, 0), (-90, 60), (-30, 0)]),
    "cobb": ("Shift+C", "drags", [(-100, 20), (40, 30), (-100, 120), (40, 90)]),
    "ratio": ("Shift+D", "drags", [(-60, 20), (60, 20), (-160, 120), (160, 120)]),
    "ellipse": ("e", "drag", [(40, -120), (160, -20)]),
    "circle": ("Shift+E", "drag", [(60, 60), (110, 60)]),
    "rectangle": ("g", "drag", [(-160, -100), (-40, -20)]),
    "polygon": ("u", "clicks", [(-100, -60), (80, -80), (20, 90)]),
    "freehand": ("j", "stroke", [(-80, 0), (-40, -60), (40, -60), (80, 0), (40, 60), (-40, 60)]),
    "probe": ("x", "clicks", [(10, 10)]),
    "text": ("b", "clicks", [(30, -30)]),
    "arrow": ("Shift+B", "drag", [(-40, -40), (60, 60)]),
}
VALUES = {
    "length": r"±.*mm \(k=2\)",
    "polyline": r"±.*mm \(k=2\)",
    "curve": r"±.*mm \(k=2\)",
    "angle": r"±.*°",
    "cobb": r"±.*°",
    "ratio": r"±(.|\n)*mm",
    "ellipse": r"±.*mm²(.|\n)*HU",
    "circle": r"±.*mm²(.|\n)*HU",
    "rectangle": r"±.*mm²(.|\n)*HU",
    "polygon": r"±.*mm²(.|\n)*HU",
    "freehand": r"±.*mm²(.|\n)*HU",
    "probe": r"HU",
}


class Marks:
    """The marks on the first view, as a reader draws and sees them."""

    def __init__(self, page: Page, server):
        self.page = page
        self.server = server
        self.study = server.state.studies[0]["studyInstanceUID"]
        self.viewport = page.locator(".viewport").first
        self.all = self.viewport.locator(".mark")
        self.rows = page.locator(".marks-row")
        self.touch = None

    def open(self) -> "Marks":
        self.page.goto(f"{self.server.url}/#/viewer/{self.study}")
        return self.ready()

    def ready(self) -> "Marks":
        # Loading takes its time on a busy machine and is not what is tested here.
        expect(self.viewport).to_have_attribute("data-full", "true", timeout=30_000)
        self.frames()
        return self

    def settled(self) -> None:
        """Until the picture is the one last asked for, and drawn."""
        expect(self.viewport).to_have_attribute("data-current", "true")
        self.frames()

    def frames(self) -> None:
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def at(self, place) -> tuple[float, float]:
        box = self.viewport.bounding_box()
        return box["x"] + box["width"] / 2 + place[0], box["y"] + box["height"] / 2 + place[1]

    # Hands

    def click(self, place) -> None:
        x, y = self.at(place)
        if self.touch:
            self.finger("touchStart", x, y)
            return self.finger("touchEnd")
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.up()

    def drag(self, *places) -> None:
        (x, y), *rest = [self.at(place) for place in places]
        if self.touch:
            self.finger("touchStart", x, y)
            for to in rest:
                for step in (0.3, 0.6, 1):
                    self.finger("touchMove", x + (to[0] - x) * step, y + (to[1] - y) * step)
                x, y = to
            return self.finger("touchEnd")
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for to in rest:
            self.page.mouse.move(*to, steps=4)
        self.page.mouse.up()

    def finger(self, kind: str, *place: float) -> None:
        points = [{"x": place[0], "y": place[1]}] if place else []
        self.touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def draw(self, kind: str) -> dict:
        """Draws one mark and gives it as the server has it."""
        key, hand, places = TOOLS[kind]
        before = self.all.count()
        kept = len(self.server.state.marks.marks("reader", self.study))
        self.page.keyboard.press(key)
        expect(self.viewport).to_have_attribute("data-tool", f"measure.{kind}")
        if hand == "drag" or hand == "stroke":
            self.drag(*places)
        elif hand == "drags":
            self.drag(*places[:2])
            self.drag(*places[2:])
        else:
            for place in places:
                self.click(place)
        if kind in ("polyline", "curve", "polygon"):
            self.page.keyboard.press("Enter")
        if kind in ("text", "arrow"):
            self.page.locator(".mark-editor").fill("左肺 nodule")
            self.page.keyboard.press("Enter")
        expect(self.all).to_have_count(before + 1)
        return self.kept(kept + 1)[-1]

    # What is there

    def kept(self, count: int) -> list:
        """The marks the server has, once they are so many and it has everything."""
        has = lambda: self.server.state.marks.marks("reader", self.study)  # noqa: E731
        until(self.page, lambda: len(has()) == count and self.page.evaluate(JOURNAL) == 0, f"that the server has {count} marks")
        return has()

    def changed(self, before: dict) -> dict:
        """The only mark, once the server has it otherwise than `before`."""
        until(self.page, lambda: self.kept(1) != [before], "that the mark on the server changes")
        (now,) = self.kept(1)
        return now

    def labels(self) -> dict:
        return {each.get_attribute("data-number"): each.get_attribute("data-label") for each in self.all.all()}

    def places(self) -> str:
        """Every line and label as they stand on the screen."""
        self.frames()
        script = """() => [...document.querySelector('.viewport').querySelectorAll('.mark')].map(mark =>
            [mark.dataset.uid, mark.querySelector('.mark-line').getAttribute('d'),
             mark.querySelector('.mark-ground').getAttribute('x'), mark.dataset.label]).sort()"""
        return json.dumps(self.page.evaluate(script))

    def stand(self, places: str, parts: int | None = None) -> None:
        """Waits until they stand there, by all or the first so many parts of each: values and labels come after the lines."""
        told = lambda text: [each[:parts] for each in json.loads(text)]  # noqa: E731
        until(self.page, lambda: told(self.places()) == told(places), "that the marks stand where they stood")


JOURNAL = """() => new Promise(done => {
    const request = indexedDB.open('apus-marks');
    request.onerror = () => done(-1);
    request.onsuccess = () => {
        const database = request.result;
        if (!database.objectStoreNames.contains('journal')) return database.close(), done(0);
        const count = database.transaction('journal').objectStore('journal').count();
        count.onsuccess = () => (database.close(), done(count.result));
    };
})"""


@pytest.fixture
def marks(page, server, studies) -> Marks:
    return Marks(page, server).open()


@pytest.mark.parametrize("kind", TOOLS)
def test_each_tool_draws_by_mouse(marks, kind):
    """GUIDE-1.1.1.1.2-6 PACS-4.2.9-d: each mark carries the number that stands before its value."""
    kept = marks.draw(kind)
    assert kept["kind"] == kind and kept["number"] == 1
    assert all(coordinate * 1024 % 1 == 0 for point in kept["points"] for coordinate in point)
    text = marks.labels()["1"]
    assert text.startswith("1")
    if kind in VALUES:
        assert re.search(VALUES[kind], text.replace("\u00a0", " ")), text
    else:
        assert "左肺 nodule" in text


def test_each_tool_draws_by_touch(chromium, server):
    page, watch = open_page(chromium, has_touch=True)
    sign_in(page, server)
    marks = Marks(page, server).open()
    marks.touch = page.context.new_cdp_session(page)
    for count, kind in enumerate(TOOLS, 1):
        kept = marks.draw(kind)
        assert kept["kind"] == kind, kind
        assert kept["number"] == count
        # Out of the way of the next finger.
        page.keyboard.press("Shift+N")
        expect(marks.all).to_have_count(0)
        page.keyboard.press("Escape")
    page.context.close()
    assert watch.problems == []


def test_the_view_changes_no_value_and_marks_stay_on_the_picture(marks):
    """PACS-4.2.9-c CT-4.3.2.6.1-4"""
    for kind in ("length", "ellipse", "cobb"):
        marks.draw(kind)
    page = marks.page
    page.keyboard.press("x")
    # A nodule, bright in the dark lung.
    marks.click((-157, 3))
    before = marks.kept(4)
    values = marks.labels()
    seen = 0
    for keys in ("", "Shift+H", "Shift+V", "Shift+R", "=", "-", "Shift+L", "Shift+H", "Shift+V", "=", "="):
        if keys:
            page.keyboard.press(keys)
        marks.settled()
        assert {**values, **marks.labels()} == values, keys
        seen += on_nodule(marks, before[-1]["uid"])
    assert seen >= 8
    page.keyboard.press("3")
    page.keyboard.press("Shift+I")
    assert marks.kept(4) == before


def on_nodule(marks: Marks, uid: str) -> bool:
    """Whether the mark is in sight; then the picture under it must be the nodule."""
    colors = marks.page.evaluate(
        """uid => {
            const view = document.querySelector('.viewport');
            const mark = view.querySelector(`.mark[data-uid='${uid}']`);
            if (!mark || mark.hasAttribute('hidden')) return null;
            const [left, y, right] = mark.querySelector('.mark-line').getAttribute('d').match(/-?[\\d.]+/g).map(Number);
            const canvas = view.querySelector('canvas');
            const x = (left + right) / 2;
            if (x < 3 || y < 3 || x > canvas.width - 3 || y > canvas.height - 3) return null;
            return [...canvas.getContext('2d').getImageData(Math.floor(x), Math.floor(y), 1, 1).data];
        }""",
        uid,
    )
    assert colors is None or colors[0] > 150, colors
    return colors is not None


def test_reloading_shows_exactly_what_was_left(marks):
    for kind in ("length", "polygon", "circle", "text"):
        marks.draw(kind)
    marks.page.keyboard.press("Escape")
    before = marks.places()
    marks.page.reload()
    marks.ready()
    expect(marks.all).to_have_count(4)
    marks.stand(before)


def test_saving_as_dicom_moves_nothing(marks):
    for kind in ("length", "ellipse"):
        marks.draw(kind)
    before = marks.places()
    marks.page.keyboard.press("Control+s")
    marks.page.keyboard.press("Shift+M")
    expect(marks.rows.first).to_contain_text("SR")
    assert marks.server.state.marks.published[marks.study].keys() == {each["uid"] for each in marks.kept(2)}
    marks.page.keyboard.press("Shift+M")
    expect(marks.rows).to_have_count(0)
    marks.stand(before)


def test_delete_asks_nothing_and_undo_brings_back(marks):
    marks.draw("length")
    before = marks.places()
    marks.page.keyboard.press("Backspace")
    expect(marks.all).to_have_count(0)
    marks.kept(0)
    marks.page.keyboard.press("Control+z")
    expect(marks.all).to_have_count(1)
    marks.stand(before, 3)
    marks.kept(1)
    marks.page.keyboard.press("Control+y")
    marks.kept(0)


def test_a_reader_whose_marks_are_not_kept_is_told_when_a_tool_is_chosen(page: Page, server):
    server.state.accounts["clinician"], server.state.rights["clinician"] = "Blue-lantern-43", ["study.view"]
    Entrance(page).open(server.url).sign_in("clinician", server.state.accounts["clinician"])
    page.locator(".study-table").wait_for()
    drawn = Marks(page, server).open()
    page.keyboard.press("d")
    expect(page.get_by_text("长度：您的角色可以测量，但不能保存标注").first).to_be_attached()
    expect(drawn.viewport).to_have_attribute("data-tool", "measure.length")


def test_escape_gives_up_and_backspace_takes_a_point_back(marks):
    page = marks.page
    page.keyboard.press("u")
    for place in ((0, 0), (80, 0), (80, 80)):
        marks.click(place)
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    expect(marks.all).to_have_count(0)
    page.keyboard.press("Escape")
    expect(marks.viewport).to_have_attribute("data-tool", "window")


def test_a_handle_is_pulled_and_a_label_moved(marks):
    first = marks.draw("length")
    marks.drag((-80, -142), (-20, -142))
    second = marks.changed(first)
    assert second["points"][0] == first["points"][0] and second["values"] != first["values"]
    label = marks.viewport.locator(".mark-ground").bounding_box()
    box = marks.viewport.bounding_box()
    x = label["x"] + 10 - box["x"] - box["width"] / 2
    y = label["y"] + 8 - box["y"] - box["height"] / 2
    marks.drag((x, y), (x + 40, y + 120))
    third = marks.changed(second)
    assert third["label"] is not None and third["points"] == second["points"] and third["values"] == second["values"]


def test_one_key_hides_all(marks):
    marks.draw("length")
    marks.page.keyboard.press("n")
    expect(marks.all).to_have_count(0)
    marks.page.keyboard.press("n")
    expect(marks.all).to_have_count(1)


def test_the_list_jumps_hides_and_explains(marks):
    """PACS-4.2.9-d CT-4.3.2.6.1-2 PACS-A-3"""
    marks.draw("length")
    page = marks.page
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    expect(marks.all).to_have_count(0)
    page.keyboard.press("Shift+M")
    marks.rows.first.locator(".marks-jump").click()
    expect(marks.all).to_have_count(1)
    expect(marks.rows.first).to_have_attribute("aria-current", "true")
    marks.rows.first.get_by_role("button", name="公式与不确定度").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("L = √")
    expect(dialog).to_contain_text("k = 2")
    page.keyboard.press("Escape")
    marks.rows.first.get_by_role("button", name="隐藏或显示标注").click()
    expect(marks.all).to_have_count(0)


def test_a_calibration_without_spacing_gives_millimetres(marks):
    page = marks.page
    page.keyboard.press("Shift+U")
    marks.drag((-100, 0), (100, 0))
    page.locator("dialog[open] input").fill("50")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    marks.kept(1)
    drawn = marks.draw("length")
    assert drawn["calibration"]["source"] == "user"
    assert "用户标定" in marks.labels()["2"]


def test_others_marks_are_dimmed_and_stay(marks):
    own = marks.draw("length")
    other = own | {"uid": "2.25.99", "author": {"name": "other", "displayName": "李主任"}, "number": 1}
    other["origin"] = {"sopInstanceUID": "1.9", "seriesInstanceUID": "1", "kind": "SR", "created": "2026-01-01T00:00:00.000Z"}
    other["points"] = [[column, row + 20] for column, row in own["points"]]
    marks.server.state.marks.published[marks.study] = {"2.25.99": other}
    marks.page.reload()
    marks.ready()
    expect(marks.viewport.locator(".mark-other")).to_have_count(1)
    expect(marks.viewport.locator(".mark-other")).to_have_attribute("data-label", re.compile("李主任"))
    marks.page.keyboard.press("Shift+M")
    row = marks.page.locator(".marks-row[data-other=true]")
    row.locator(".marks-jump").click()
    marks.page.keyboard.press("Delete")
    expect(marks.all).to_have_count(2)


# What must not be lost


def test_nothing_is_lost_when_network_server_and_session_end_in_the_middle_of_drawing(marks):
    page, state = marks.page, marks.server.state
    marks.draw("length")
    # The network goes.
    page.context.set_offline(True)
    page.keyboard.press("g")
    marks.drag((-160, -100), (-40, -20))
    expect(marks.all).to_have_count(2)
    page.context.set_offline(False)
    marks.kept(2)
    # The server starts again.
    state.marks.down = True
    page.keyboard.press("Shift+B")
    marks.drag((-40, -40), (60, 60))
    page.locator(".mark-editor").fill("断线")
    page.keyboard.press("Enter")
    page.wait_for_timeout(1500)
    state.marks.down = False
    marks.kept(3)
    # The session ends with a polygon begun and a mark not yet sent: it is held back until then.
    state.sessions.clear()
    held = []
    page.route("**/marks/draft", lambda route: held.append(route))
    page.keyboard.press("e")
    marks.drag((40, 40), (120, 110))
    page.keyboard.press("u")
    marks.click((-100, 120))
    marks.click((0, 120))
    for route in held:
        route.continue_()
    page.unroute("**/marks/draft")
    expect(page.locator("#password")).to_be_visible()
    assert len(state.marks.marks("reader", marks.study)) == 3
    Entrance(page).sign_in("reader", state.accounts["reader"])
    marks.ready()
    kinds = lambda: {each["kind"] for each in state.marks.marks("reader", marks.study)}  # noqa: E731
    until(page, lambda: kinds() >= {"length", "rectangle", "arrow", "ellipse"}, "that the server has the ellipse")
    # The polygon goes on where it was.
    marks.click((-50, 200))
    page.keyboard.press("Enter")
    marks.kept(5)
    assert kinds() == {"arrow", "ellipse", "length", "polygon", "rectangle"}


def test_what_the_server_never_got_is_there_after_the_browser_was_closed(marks):
    page, state = marks.page, marks.server.state
    state.marks.down = True
    page.keyboard.press("d")
    marks.drag((-200, -150), (-80, -150))
    expect(marks.all).to_have_count(1)
    until(page, lambda: page.evaluate(JOURNAL) == 1, "that the browser has the mark")
    page.goto("about:blank")
    state.marks.down = False
    marks.open()
    expect(marks.all).to_have_count(1)
    marks.kept(1)


def test_another_reader_on_the_same_machine_sees_nothing_of_it(marks):
    page, state = marks.page, marks.server.state
    state.accounts["second"] = "Green-harbour-77"
    state.marks.down = True
    page.keyboard.press("d")
    marks.drag((-200, -150), (-80, -150))
    expect(marks.all).to_have_count(1)
    state.sessions.clear()
    state.marks.down = False
    expect(page.locator("#password")).to_be_visible()
    Entrance(page).sign_in("second", state.accounts["second"])
    marks.ready()
    page.wait_for_timeout(1000)
    expect(marks.all).to_have_count(0)
    assert state.marks.marks("second", marks.study) == []


def test_two_windows_show_the_same(marks):
    other = Marks(marks.page.context.new_page(), marks.server).open()
    marks.draw("length")
    expect(other.all).to_have_count(1)
    until(other.page, lambda: other.labels() == marks.labels(), "that both say the same")
    other.page.close()
