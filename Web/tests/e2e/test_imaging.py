"""The imaging service in a browser, asked directly: pictures, stored values, what it does when things go wrong."""

import json
import subprocess
import time

import numpy as np
import pytest

import mock_viewing
import synthetic
from conftest import Watch, open_page
from mock_server import DIST, MockServer
from pages import until

STUDY = synthetic.study_uid(0)
CT, MR, DX, US, SR, BROKEN = range(6)
HERE = __file__.rsplit("/", 1)[0]


@pytest.fixture(scope="session")
def script() -> bytes:
    command = ["esbuild", "imaging_page.ts", "--bundle", "--format=iife", "--target=chrome109", "--log-level=warning"]
    return subprocess.run(command, cwd=HERE, check=True, capture_output=True).stdout


class ImagingPage:
    def __init__(self, browser, server, script: bytes, isolated: bool = True, budget: int | None = None):
        server.state.isolated = isolated
        server.state.extra_files = {
            "/imaging.html": (b'<!doctype html><meta charset="utf-8"><title>imaging</title><script src="/imaging.js"></script>', "text/html"),
            "/imaging.js": (script, "text/javascript"),
        }
        self.server = server
        self.page, self.watch = open_page(browser)
        self.page.goto(f"{server.url}/imaging.html")
        assets = json.loads((DIST / "manifest.json").read_text())
        self.do("signIn", "reader", server.state.accounts["reader"])
        addresses = {"host": assets["imageHost"], "decoder": assets["decodeWorker"], "kernels": assets["kernels"]}
        self.do("start", addresses, *([budget] if budget else []))
        assert self.page.evaluate("crossOriginIsolated") == isolated
        assert self.do("open", STUDY) == len(synthetic.VIEWER_SERIES)

    def do(self, name: str, *arguments):
        return self.page.evaluate(f"(given) => imagingTest.{name}(...given)", list(arguments))

    def until(self, condition: str, timeout: float = 30_000) -> None:
        # Asked from here: the page's policy forbids evaluating text in it.
        limit = time.monotonic() + timeout / 1000
        while not self.page.evaluate(condition):
            assert time.monotonic() < limit, f"never: {condition}"
            self.page.wait_for_timeout(10)

    def exact(self, view: str, frame: int) -> dict:
        self.until(f"imagingTest.last('{view}')?.exact && imagingTest.last('{view}').shown === {frame}")
        return self.do("last", view)

    def close(self) -> None:
        self.page.context.close()
        assert self.watch.problems == []


@pytest.fixture(params=[True, False], ids=["isolated", "alone"])
def imaging(chromium, server, script, request):
    opened = ImagingPage(chromium, server, script, request.param)
    yield opened
    opened.close()


@pytest.fixture
def isolated(chromium, server, script):
    opened = ImagingPage(chromium, server, script)
    yield opened
    opened.close()


def window(values: np.ndarray, center: float, width: float) -> np.ndarray:
    """LINEAR (PS3.3 C.11.2.1.2)."""
    return np.clip(((values - (center - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)


def ct(frame: int) -> np.ndarray:
    return np.frombuffer(synthetic.frame("ct", frame + 1, 1), "<i2").reshape(256, 256)


def test_a_picture_has_the_grey_of_the_window_formula(imaging):
    imaging.do("openSeries", CT)
    imaging.do("view", "a", str(CT))
    imaging.do("show", "a", 7, {"interpolation": "nearest"})
    row = np.array(imaging.exact("a", 7)["row"])
    assert np.abs(row - window(ct(7)[128].astype(float) - 1024, 40, 400)).max() <= 0.51
    imaging.do("show", "a", 7, {"interpolation": "nearest", "window": {"center": -600, "width": 1500}, "inverted": True})
    row = np.array(imaging.exact("a", 7)["row"])
    assert np.abs(row - (255 - window(ct(7)[128].astype(float) - 1024, -600, 1500))).max() <= 1


def test_stored_values_come_unchanged(imaging):
    imaging.do("openSeries", CT)
    assert imaging.do("samples", str(CT), 39, 100, 60, 5, 3) == ct(39)[60:63, 100:105].flatten().tolist()
    assert imaging.do("samples", str(CT), 0, 250, 254, 100, 100) == ct(0)[254:, 250:].flatten().tolist()
    imaging.do("openSeries", MR)
    mr = np.frombuffer(synthetic.frame("mr", 3, 1), "<u2").reshape(256, 192) & 0x0FFF
    assert imaging.do("samples", str(MR), 2, 0, 0, 192, 2) == mr[:2].flatten().tolist()


def test_colour_stays_as_it_is(imaging):
    imaging.do("openSeries", US)
    imaging.do("view", "a", str(US))
    imaging.do("show", "a", 4, {"interpolation": "nearest"}, 320, 240)
    image = np.frombuffer(synthetic.frame("us", 1, 5), "u1").reshape(240, 320, 3)
    assert imaging.exact("a", 4)["row"] == image[120, :, 0].tolist()


def test_series_load_once_however_many_views_show_them(isolated):
    isolated.do("openSeries", CT, 20)
    for name in "abcd":
        isolated.do("view", name, str(CT))
        isolated.do("show", name, 20)
    for name in "abcd":
        isolated.exact(name, 20)
    isolated.until("imagingTest.loaded('0') === 40")
    assert len(isolated.server.state.stream_requests) == 1
    assert isolated.server.state.frame_requests[0] == ("ct", 20, 1)


def test_the_nearest_slice_stands_in_and_says_so(isolated):
    isolated.server.state.frame_delay = 0.5
    isolated.do("openSeries", CT)
    isolated.do("view", "a", str(CT))
    isolated.do("show", "a", 0)
    isolated.exact("a", 0)
    isolated.do("show", "a", 30)
    isolated.until("imagingTest.first('a')")
    first = isolated.do("first", "a")
    assert not first["exact"] and first["shown"] < 30
    isolated.exact("a", 30)
    # Begun anew from there, without what was there already.
    kinds = [asked for _, asked in isolated.server.state.stream_requests]
    assert [asked["from"] for asked in kinds][:2] == ["0", "30"] and kinds[1]["have"].startswith("0")


def test_a_cut_connection_is_taken_up_where_it_ended(isolated):
    isolated.server.state.cut_streams_after = 9
    isolated.do("openSeries", CT)
    isolated.until("imagingTest.loaded('0') === 40", 20_000)
    sent = [frame for kind, frame, _ in isolated.server.state.frame_requests]
    assert len(sent) == len(set(sent)) == 40


def test_frames_that_cannot_be_given_say_why(imaging):
    imaging.do("openSeries", BROKEN)
    imaging.until(f"Object.keys(imagingTest.failures('{BROKEN}')).length === 3")
    assert set(imaging.do("failures", str(BROKEN)).values()) == {"damaged"}


def test_leaving_a_series_ends_its_stream_and_keeps_what_came(isolated):
    isolated.server.state.frame_delay = 0.25
    isolated.do("openSeries", CT)
    isolated.until("imagingTest.loaded('0') >= 5")
    isolated.page.evaluate("imagingTest.series.get('0').release()")

    def at_rest() -> bool:
        before = len(isolated.server.state.frame_requests)
        isolated.page.wait_for_timeout(1_000)
        return len(isolated.server.state.frame_requests) == before

    until(isolated.page, at_rest, "the end of the stream")
    assert len(isolated.server.state.frame_requests) < 40
    isolated.server.state.frame_delay = 0
    isolated.do("openSeries", CT)
    isolated.until("imagingTest.loaded('0') === 40")
    assert len(isolated.server.state.stream_requests) == 2
    assert mock_viewing.held(isolated.server.state.stream_requests[1][1]["have"])


def test_prefetching_waits_for_what_is_looked_at(isolated):
    isolated.server.state.frame_delay = 0.01
    # At once: what had begun before would be sent meanwhile.
    isolated.page.evaluate("""() => {
        imagingTest.service.prefetch(imagingTest.study, [imagingTest.study.series[1]]);
        imagingTest.openSeries(0);
    }""")
    isolated.until("imagingTest.loaded('0') === 40")
    isolated.do("openSeries", MR)
    isolated.until("imagingTest.loaded('1') === 12")
    order = [kind for kind, _, _ in isolated.server.state.frame_requests]
    assert order.index("mr") >= 0 and order[-12:].count("mr") >= 11


def test_a_server_that_was_restarted_goes_on_where_it_was(isolated):
    state = isolated.server.state
    state.cut_streams_after = 9
    port = isolated.server.http.server_address[1]
    isolated.do("openSeries", CT)
    isolated.until("imagingTest.loaded('0') >= 9")
    isolated.server.stop()
    isolated.until("imagingTest.series.get('0').waiting.peek()")
    again = MockServer(port)
    again.state.sessions = state.sessions
    again.start()
    try:
        isolated.until("imagingTest.loaded('0') === 40", 30_000)
        assert not isolated.page.evaluate("imagingTest.series.get('0').waiting.peek()")
        asked = again.state.stream_requests[0][1]
        assert len(mock_viewing.held(asked["have"])) >= 9
    finally:
        again.stop()


def test_a_session_that_ends_is_told_and_loading_goes_on_after_signing_in(isolated):
    state = isolated.server.state
    isolated.page.evaluate("imagingTest.api.onSignedOut = () => { globalThis.toldSignedOut = true; }")
    state.cut_streams_after = 5
    isolated.do("openSeries", CT)
    isolated.until("imagingTest.loaded('0') >= 5")
    state.sessions.clear()
    isolated.until("globalThis.toldSignedOut === true")
    state.cut_streams_after = None
    isolated.do("signIn", "reader", state.accounts["reader"])
    isolated.until("imagingTest.loaded('0') === 40", 30_000)
    assert isolated.do("failures", str(CT)) == {}


def test_a_series_larger_than_the_memory_is_read_by_parts(chromium, server, script):
    budget = 1 << 20
    opened = ImagingPage(chromium, server, script, budget=budget)
    opened.do("openSeries", CT)
    opened.do("view", "a", str(CT))
    for frame in (0, 20, 39, 3, 21):
        opened.do("show", "a", frame, {"interpolation": "nearest"})
        row = np.array(opened.exact("a", frame)["row"])
        assert np.abs(row - window(ct(frame)[128].astype(float) - 1024, 40, 400)).max() <= 0.51
        assert opened.page.evaluate("imagingTest.service.memory.peek().usedBytes") <= budget
    opened.until("imagingTest.loaded('0') >= 5")
    assert opened.do("loaded", str(CT)) < 9
    opened.close()


def test_room_is_made_from_what_nobody_has_open(chromium, server, script):
    # Room for the CT (5 MiB) or for the MR (1.1 MiB) with the other one gone.
    opened = ImagingPage(chromium, server, script, budget=(11 << 20) // 2)
    opened.do("openSeries", CT)
    opened.until("imagingTest.loaded('0') === 40")
    opened.page.evaluate("imagingTest.series.get('0').release()")
    opened.do("openSeries", MR)
    opened.until("imagingTest.loaded('1') === 12")
    opened.do("openSeries", CT, 0, "again")
    opened.until("imagingTest.loaded('again') >= 30")
    assert opened.do("loaded", str(MR)) == 12
    opened.close()


def test_firefox_shows_the_same_picture(firefox, server, script):
    opened = ImagingPage(firefox, server, script)
    opened.do("openSeries", CT)
    opened.do("view", "a", str(CT))
    opened.do("show", "a", 7, {"interpolation": "nearest"})
    row = np.array(opened.exact("a", 7)["row"])
    assert np.abs(row - window(ct(7)[128].astype(float) - 1024, 40, 400)).max() <= 0.51
    opened.close()
