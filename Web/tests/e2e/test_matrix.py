"""One reader's walk through all of the viewer, in every browser and under every condition it must work in.

With and without 3-D graphics; with cross-origin isolation (decoders on shared memory) and without it (one worker does all), as a
proxy that drops headers makes it, and as a plain address in the local network, where the browser also withholds what it
keeps for secure pages.
"""

import os
import re
import shutil
import socket
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

import synthetic
from conftest import FIREFOX_CONTEXT, OUTPUT, enter_by_keyboard, open_page
from mock_server import MockServer
from pages import StudyList, Viewer, until
from test_marks import Marks

STUDY = synthetic.study_uid(0)
US = 3


@dataclass
class Surroundings:
    name: str
    browser: str
    isolated: bool = True
    address: str = "loopback"


MATRIX = [
    Surroundings("chromium", "chromium"),
    Surroundings("chromium-without-3d", "flat"),
    Surroundings("chromium-behind-a-proxy", "chromium", isolated=False),
    Surroundings("chromium-in-the-network", "chromium", isolated=False, address="network"),
    Surroundings("firefox", "firefox"),
    Surroundings("firefox-behind-a-proxy", "firefox", isolated=False),
    Surroundings("firefox-in-the-network", "firefox", isolated=False, address="network"),
]


@pytest.fixture(scope="session")
def flat(playwright_driver):
    """Chromium without any 3-D graphics, as over many remote desktops."""
    arguments = ["--no-sandbox", "--disable-3d-apis", "--disable-gpu"]
    browser = playwright_driver.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
    yield browser
    browser.close()


def network_address() -> str | None:
    """Our address towards others; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return None if probe.getsockname()[0].startswith("127.") else probe.getsockname()[0]


@pytest.fixture(params=MATRIX, ids=lambda each: each.name)
def place(request):
    """A page in those surroundings, and the server it is to open."""
    surroundings: Surroundings = request.param
    host = "127.0.0.1" if surroundings.address == "loopback" else network_address()
    if host is None:
        pytest.skip("this machine has no address but loopback")
    server = MockServer(host=host).start()
    server.state.isolated = surroundings.isolated
    options = FIREFOX_CONTEXT if surroundings.browser == "firefox" else {}
    page, watch = open_page(request.getfixturevalue(surroundings.browser), **options)
    yield surroundings, page, server
    page.context.close()
    server.stop()
    # Firefox tells that it ignores the isolation headers of plain addresses, which is what is tested; and pictures of its
    # pages are taken with a style of the tool's own, which the page's policy forbids.
    ours = [each for each in watch.problems if "Cross-Origin" not in each]
    if os.environ.get("APUS_SCREENSHOTS"):
        ours = [each for each in ours if "style-src-elem" not in each]
    assert ours == []


def test_the_whole_walk(place):
    surroundings, page, server = place
    first = server.state.studies[0]
    server.state.add_study(300, patientID=first["patientID"], patientName=first["patientName"],
                           patientBirthDate=first["patientBirthDate"], studyDescription="胸部平扫", modalities=["CT"],
                           studyDate="20200102")
    studies = enter_by_keyboard(page, server)
    expect(studies.selected).to_have_attribute("data-key", STUDY)
    page.keyboard.press("Enter")
    expect_threads(page, surroundings)
    viewer = Viewer(page)
    for pane in (1, 2):
        viewer.pane(pane).shown(0)
    looking(page, viewer)
    picture(page, surroundings, "hung")
    measuring(page, server)
    picture(page, surroundings, "measured")
    knowing(page, viewer)
    comparing(page, viewer)
    picture(page, surroundings, "compared")
    moving_pictures(page, server)
    conditions(page, server, surroundings)
    page.goto(f"{server.url}/#/studies")
    StudyList(page).shown()


def picture(page, surroundings: Surroundings, what: str) -> None:
    if os.environ.get("APUS_SCREENSHOTS"):
        OUTPUT.mkdir(exist_ok=True)
        page.screenshot(path=OUTPUT / f"matrix-{surroundings.name}-{what}.png")


def expect_threads(page, surroundings: Surroundings) -> None:
    page.locator(".viewport[data-full=true]").first.wait_for(timeout=30_000)
    assert page.evaluate("crossOriginIsolated") == surroundings.isolated
    if not surroundings.isolated:
        # Without shared memory a second worker could not see the pixels: there is one, with the one kernel module.
        assert len(page.workers) == 1


def looking(page, viewer: Viewer) -> None:
    """Scroll, window, pan, zoom, by keys and by mouse."""
    one, two = viewer.pane(1), viewer.pane(2)
    page.keyboard.press("End")
    one.shown(39), two.shown(39)
    page.keyboard.press("Home")
    one.shown(0)
    box = one.viewport.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.wheel(0, 120)
    one.shown(1), two.shown(1)
    text = page.locator(".pane[data-pane='view1'] .corner-bottom-right")
    page.keyboard.press("3")
    expect(text).to_contain_text("窗宽 2,000")
    one.shown()
    bone = one.pixel(128, 200, 256, 256)
    one.drag(80, 0)
    expect(text).not_to_contain_text("窗宽 2,000")
    page.keyboard.press("Shift+I")
    expect(text).to_contain_text("反相")
    one.shown()
    before = text.inner_text()
    one.drag(0, -60, modifier="Control")
    expect(text).not_to_have_text(before)
    one.drag(40, 30, button="middle")
    page.keyboard.press("Escape")
    expect(text).not_to_contain_text("反相")
    page.keyboard.press("3")
    expect(text).to_contain_text("窗宽 2,000")
    assert one.shown().pixel(128, 200, 256, 256) == bone


def measuring(page, server) -> None:
    """A length and a region drawn, kept, saved as DICOM, and the same after the page is loaded again."""
    marks = Marks(page, server).ready()
    assert marks.draw("length")["kind"] == "length"
    assert re.search(r"±.*mm \(k=2\)", marks.labels()["1"].replace("\u00a0", " "))
    # Out of the way of the first one's handles.
    page.keyboard.press("Escape")
    marks.draw("circle")
    assert "HU" in marks.labels()["2"]
    page.keyboard.press("Escape")
    labels = marks.labels()
    page.keyboard.press("Control+s")
    until(page, lambda: len(server.state.marks.published.get(STUDY, {})) == 2, "that both are saved")
    page.reload()
    page.locator(".viewport[data-full=true]").first.wait_for(timeout=30_000)
    # They were drawn on the second image.
    page.keyboard.press("ArrowDown")
    expect(marks.all).to_have_count(2)
    until(page, lambda: sorted(marks.labels().values()) == sorted(labels.values()), "the same values")


def knowing(page, viewer: Viewer) -> None:
    """Key image, tag browser, information, help, undo of a layout."""
    viewer.pane(1).shown(1)
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="关键图像")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift+T")
    page.locator(".tag-panel input").fill("patientid")
    expect(page.locator(".tag-table tr[data-key]")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+T")
    expect(page.locator(".tag-panel")).to_have_count(0)
    page.keyboard.press("F1")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("Alt+2")
    expect(viewer.panes).to_have_count(4)
    page.keyboard.press("Control+z")
    expect(viewer.panes).to_have_count(2)


def comparing(page, viewer: Viewer) -> None:
    expect(page.locator(".rail-study")).to_have_count(2)
    page.keyboard.press("Control+ArrowUp")
    viewer.pane(2).shown()
    expect(page.locator(".exam-strip .exam-letter")).to_have_text(["A", "B"])
    page.keyboard.press("End")
    viewer.pane(1).shown(39)
    viewer.pane(2).shown(39)


def moving_pictures(page, server) -> None:
    viewer = Viewer(page).open(server.url, STUDY)
    page.reload()
    viewer.shown(0)
    page.keyboard.press("Shift+Z")
    expect(page.locator(".fidelity-trueSize")).to_contain_text("非真实尺寸")
    viewer.series.nth(US).click()
    viewer.shown(0).loaded(24)
    page.keyboard.press("c")
    expect(viewer.viewport).not_to_have_attribute("data-shown", "0")
    page.keyboard.press("c")
    red, green, blue = viewer.shown().pixel(160, 150, 320, 240)
    assert red > 120 and green < 110 and blue < 110


def conditions(page, server, surroundings: Surroundings) -> None:
    page.goto(f"{server.url}/#/display")
    expect(page.locator(".pattern")).to_have_attribute("data-pattern", "smpte")
    picture(page, surroundings, "pattern")
    page.goto(f"{server.url}/#/light/{STUDY}")
    Viewer(page).shown(0)
    expect(page.locator(".banner-nonDiagnostic")).to_contain_text("不得用于诊断")
