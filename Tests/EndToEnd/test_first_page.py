"""The first page in a browser against the real server: from the one-time link to scrolling through a series.

The page objects are those of the front end's own tests.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys

import numpy
import pydicom
import pytest
import requests

from apus_server import REPOSITORY, eventually
from objects import made_object, saved

sys.path.append(str(REPOSITORY / "Web/tests/e2e"))
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; Scripts/setup test does it")
pages = pytest.importorskip("pages", reason="the page objects of Web/tests/e2e are absent")
expect = playwright.expect

NAME, PASSWORD = "admin", "Quiet-harbour-7-lantern"


@pytest.fixture(scope="module")
def server(make_server, page_settings):
    made = make_server(**page_settings)
    yield made
    made.stop()


@pytest.fixture
def page(browser, pictures, request):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))

    def note(said) -> None:
        # Refused requests belong to some tests; everything else the browser calls an error is ours.
        if said.type == "error" and "Failed to load resource" not in said.text:
            problems.append(said.text)

    made.on("console", note)
    yield made
    made.screenshot(path=pictures / f"{request.node.name}.png")
    context.close()
    assert problems == []


@pytest.fixture(scope="module")
def administrator(server, browser):
    """The account made through the one-time link, which then is spent."""
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    entrance = pages.Entrance(page).open(server.setup_link)
    entrance.again.wait_for()
    entrance.create_administrator(NAME, PASSWORD)
    entrance.submit.click()
    expect(pages.StudyList(page).search).to_be_visible()
    context.close()
    return NAME, PASSWORD


def signed_in(page, server, administrator):
    pages.Entrance(page).open(server.url).sign_in(*administrator)
    studies = pages.StudyList(page)
    expect(studies.search).to_be_visible()
    return studies


@pytest.fixture(scope="module")
def files(make_phantom, tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    rows = {"Wang^XiaoDong=王^小东": "20260301", "Li^Na=李^娜": "20260302", "𠮷田^太郎": "20260303"}
    made = [saved(made_object(PatientName=n, PatientID=f"N{d}", StudyDate=d), folder) for n, d in rows.items()]
    return make_phantom("ct", images=12, matrix=128, spacing=2, patient_name="Ti^Mo=体^模", date="20260401") + made


def test_the_page_is_given_compressed_kept_by_name_and_runs_no_script_but_its_own(server):
    """Its parts carry a hash in their names and are kept for good; the page itself is asked for each time and not sent again."""
    session = requests.Session()
    page = session.get(server.url + "/", headers={"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip" and page.headers["Cache-Control"] == "no-cache"
    again = session.get(server.url + "/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    (script,) = re.findall("<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.headers["Content-Security-Policy"]
    assert f"'sha256-{digest}'" in policy and "unsafe-inline" not in policy
    assets = set(re.findall(r"/assets/[^\"'\]]+", page.text))
    assert len(assets) >= 6
    for each in assets:
        packed = session.get(server.url + each, headers={"Accept-Encoding": "gzip"})
        plain = session.get(server.url + each, headers={"Accept-Encoding": "gzip;q=0, identity"})
        assert packed.content == plain.content and packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers and "immutable" in plain.headers["Cache-Control"]
        assert plain.headers["Vary"] == "Accept-Encoding"


def test_the_first_administrator_is_created_by_a_link_that_works_once(server, administrator, page):
    pages.Entrance(page).open(server.setup_link)
    expect(page.locator(".note-error").first).to_be_visible()
    assert server.restart().setup_link is None


def test_a_wrong_password_is_refused_and_the_right_one_lets_in(server, administrator, page):
    entrance = pages.Entrance(page).open(server.url)
    entrance.sign_in(NAME, "wrong-password-1")
    expect(entrance.alert.first).to_be_visible()
    entrance.sign_in(NAME, PASSWORD)
    expect(pages.StudyList(page).search).to_be_visible()


def test_chosen_files_are_imported_with_a_verdict_for_each(server, administrator, page, files, tmp_path):
    """PACS-4.2.4-a PACS-4.2.4-b PACS-4.2.4-c GUIDE-1.1.1.1.3-1"""
    studies = signed_in(page, server, administrator)
    text = tmp_path / "notes.txt"
    text.write_text("no image")
    studies.files.set_input_files([str(path) for path in [*files, text]])
    panel = pages.ImportPanel(page)
    expect(panel.title).to_have_text("导入结束", timeout=120_000)
    assert server.status()["counts"]["instances"] == len(files)
    expect(studies.rows).to_have_count(4)
    table = panel.table()
    assert len(table) >= 1
    assert any("notes.txt" in " ".join(row) for row in table)


def imported(server, files) -> None:
    session = server.session()
    for path in files:
        assert session.post(server.url + "/api/import", params={"name": path.name}, data=path.read_bytes()).status_code == 200


@pytest.mark.parametrize(
    ("typed", "name"), [("王", "王"), ("王小", "王"), ("li n", "李"), ("李娜", "李"), ("𠮷", "𠮷"), ("体模", "体")], ids=str)
def test_the_list_narrows_as_one_types_a_name(server, administrator, page, files, typed, name):
    """PACS-4.2.3-b PACS-4.2.3-f PACS-4.2.5-1"""
    imported(server, files)
    studies = signed_in(page, server, administrator)
    for period in studies.periods.all():
        if period.inner_text() in ("全部", "不限"):
            period.click()
    expect(studies.rows).to_have_count(4)
    studies.search.press_sequentially(typed, delay=40)
    expect(studies.rows).to_have_count(1)
    assert name in studies.names()[0]


def test_a_study_is_opened_scrolled_and_windowed(server, administrator, page, files, pictures):
    """PACS-4.2.8-e GUIDE-1.1.1.1.3-1 GUIDE-1.1.1.2-F7"""
    imported(server, files)
    signed_in(page, server, administrator)
    study = str(pydicom.dcmread(files[0]).StudyInstanceUID)
    viewer = pages.Viewer(page).open(server.url, study).shown(0).loaded(12)
    # In the window 400/40 bone is white, air black, and water by the formula of PS3.3 C.11.2.1.2.1.
    centre = 63.5
    places = ((10, 10), (50, 0), (-124, -124))
    water, bone, air = (viewer.pixel(centre + x / 2 + 0.5, centre + y / 2 + 0.5, 128, 128)[0] for x, y in places)
    assert (bone, air) == (255, 0)
    assert abs(water - ((0 - 39.5) / 399 + 0.5) * 255) <= 1
    page.mouse.move(700, 450)
    page.mouse.wheel(0, 120)
    viewer.shown(1)
    page.keyboard.press("End")
    viewer.shown(11)
    before = viewer.corner("bottom-right")
    viewer.drag(120, 40)
    pages.until(page, lambda: viewer.corner("bottom-right") != before, "another window")
    assert re.search(r"窗宽\s*[\d,]+", viewer.corner("bottom-right"))
    viewer.shown()
    page.screenshot(path=pictures / "viewer.png")
    shown = numpy.frombuffer(page.locator(".viewport").screenshot(), "u1")
    assert shown.size > 1000


def test_arrivals_over_the_network_appear_without_a_reload(server, administrator, page, tmp_path):
    """PACS-4.2.2-d"""
    studies = signed_in(page, server, administrator)
    for period in studies.periods.all():
        if period.inner_text() in ("全部", "不限"):
            period.click()
    studies.search.fill("新到")
    from peers import store_files

    path = saved(made_object(PatientName="Xin^Dao=新^到", PatientID="NEW"), tmp_path)
    assert set(store_files(server, [path]).values()) == {0}
    expect(studies.rows).to_have_count(1)


def test_a_session_ended_elsewhere_leads_back_to_the_entrance(server, administrator, page):
    signed_in(page, server, administrator)
    page.context.clear_cookies()
    page.reload()
    expect(pages.Entrance(page).password).to_be_visible()
    eventually(lambda: pages.Entrance(page).name.is_visible(), what="the entrance")
