"""Every error tells what to do and carries an identifier that leads to the log; nothing raw is shown (PACS-4.2.1-f, CT-4.4.1)."""

import json
import pathlib
import re

import pytest
from playwright.sync_api import Page, expect

from conftest import open_page, sign_in
from mock_server import MockServer
from pages import ImportPanel, Viewer, until
from test_marks import Marks

CATALOGUE = json.loads((pathlib.Path(__file__).resolve().parents[2] / "src/locales/zh-CN.json").read_text())
RAW = re.compile(r"Traceback|Error:|Exception|undefined|\bnull\b|<html|SQL|\.ts\b|\.swift\b|\bat /")
CT_STUDY = 0


def shown_error(page: Page, code: str, server: MockServer | None = None) -> None:
    """The message of the code with its remedy and identifier; the report of it reaches the server."""
    button = page.locator(f".error-id[data-code='{code}']").first
    expect(button).to_be_visible()
    identifier = button.get_attribute("data-id")
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{8}", identifier)
    around = button.locator("xpath=..")
    expect(around).to_contain_text(CATALOGUE[f"error.{code}"])
    expect(around).to_contain_text(CATALOGUE[f"error.{code}.remedy"])
    assert not RAW.search(around.inner_text()), around.inner_text()
    if server is not None:
        told = lambda: any(each["id"] == identifier and each["code"] == code for each in server.state.reports)  # noqa: E731
        until(page, told, f"the report of {code} {identifier}")


def open_study(page: Page, server: MockServer, kind: str = "ct") -> Viewer:
    return Viewer(page).open(server.url, server.state.studies[CT_STUDY]["studyInstanceUID"])


@pytest.mark.parametrize(("status", "body", "code"), [
    (500, "Traceback (most recent call last): KeyError", "server"),
    (502, "<html><body>Bad Gateway nginx</body></html>", "server"),
    (504, "", "timeout"), (403, "", "forbidden"), (429, "", "tooMany"), (507, "", "full"),
    (500, '{"error": {"code": "", "message": "", "remedy": ""}}', "server"),
])
def test_pacs_4_2_1_f_an_answer_that_is_not_ours_is_told_in_our_words(page, server, studies, status, body, code):
    """CT-4.4.1-1"""
    page.route("**/api/studies/search", lambda route: route.fulfill(status=status, body=body))
    studies.search.fill("anything")
    shown_error(page, code, server)
    page.unroute("**/api/studies/search")
    # The last good step can be taken up again.
    page.get_by_role("button", name=CATALOGUE["action.retry"]).click()
    expect(page.locator(".banner-error")).to_have_count(0)


def test_ct_4_4_1_1_the_server_is_down_and_comes_back(page, server, studies):
    page.route("**/api/**", lambda route: route.abort())
    studies.search.fill("x")
    shown_error(page, "network")
    page.unroute("**/api/**")
    page.get_by_role("button", name=CATALOGUE["action.retry"]).click()
    expect(page.locator(".banner-error")).to_have_count(0)


def test_pacs_4_2_1_f_the_identifier_is_copied(chromium, server):
    page, watch = open_page(chromium, permissions=["clipboard-read", "clipboard-write"])
    studies = sign_in(page, server)
    page.route("**/api/studies/search", lambda route: route.fulfill(status=500, body="boom"))
    studies.search.fill("x")
    button = page.locator(".error-id").first
    button.click()
    expect(button).to_contain_text(CATALOGUE["error.copied"])
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{CATALOGUE['error.server']} server {button.get_attribute('data-id')}"
    page.context.close()
    assert watch.problems == []


def test_ct_4_4_1_3_no_answer_in_time_is_an_error(chromium, server):
    page, watch = open_page(chromium)
    page.clock.install()
    studies = sign_in(page, server)
    page.route("**/api/studies/search", lambda route: None)
    studies.search.fill("x")
    with page.expect_request("**/api/studies/search"):
        page.clock.fast_forward(1_000)
    page.clock.fast_forward(121_000)
    shown_error(page, "timeout")
    page.context.close()
    assert watch.problems == []


def test_ct_4_4_1_3_a_lost_graphics_device_leaves_no_picture_to_diagnose_from(page, server, studies):
    viewer = open_study(page, server).shown()
    lose = "type => document.querySelector('.viewport-canvas').dispatchEvent(new Event(type))"
    page.evaluate(lose, "contextlost")
    shown_error(page, "graphicsLost", server)
    expect(viewer.viewport).to_have_attribute("data-full", "false")
    until(page, lambda: viewer.pixel(128, 128, 256, 256) == [0, 0, 0], "the empty view")
    page.evaluate(lose, "contextrestored")
    viewer.shown()
    expect(page.locator(".error-id")).to_have_count(0)


@pytest.mark.parametrize("cause", ["memory", "kernels"])
def test_ct_4_4_1_3_a_browser_that_cannot_show_images_says_so(page, server, studies, cause):
    if cause == "memory":
        # The worker ends as when memory is refused; its words are for the log alone.
        page.add_init_script("""
            const whole = Worker;
            Worker = class extends whole {
                constructor(...all) {
                    super(...all);
                    setTimeout(() => this.onerror?.(new ErrorEvent('error', {message: 'RangeError: WebAssembly.Memory(): out of memory'})), 500);
                }
            };
        """)
        page.reload()
    else:
        page.route("**/*.wasm", lambda route: route.fulfill(status=200, body=b"no module", content_type="application/wasm"))
        page.reload()
    open_study(page, server)
    shown_error(page, "unusable", server)
    assert "RangeError" not in page.locator("body").inner_text()
    assert any(each["detail"] for each in server.state.reports)


def test_ct_4_4_1_3_a_damaged_frame_is_named_and_no_other_stands_in(page, server, studies):
    """PACS-4.2.1-f"""
    viewer = open_study(page, server)
    viewer.shown()
    viewer.series.filter(has_text="像素损坏").click()
    shown_error(page, "damaged", server)
    expect(viewer.viewport).to_have_attribute("data-full", "false")
    until(page, lambda: viewer.pixel(128, 128, 256, 256) == [0, 0, 0], "the empty view")


@pytest.fixture
def drawn(page, server, studies):
    """Draws a mark that the server does not take; the browser keeps it or not."""
    def draw(keeps: bool) -> Marks:
        if not keeps:
            page.add_init_script("indexedDB.open = () => { throw new Error('QuotaExceededError'); }")
        full = lambda route: route.fulfill(status=507, body="disk full") if route.request.method == "PUT" else route.fallback()  # noqa: E731
        page.route("**/marks/draft", full)
        page.reload()
        marks = Marks(page, server).open()
        page.keyboard.press("g")
        marks.drag((-160, -100), (-40, -20))
        expect(marks.all).to_have_count(1)
        return marks

    return draw


def test_ct_4_4_1_2_marks_that_the_browser_keeps_are_not_lost_and_disturb_nobody(page, drawn):
    drawn(keeps=True)
    page.wait_for_timeout(1500)
    expect(page.locator("dialog")).to_have_count(0)


def test_ct_4_4_1_2_marks_that_nobody_keeps_are_told_before_they_are_lost(page, server, drawn):
    marks = drawn(keeps=False)
    shown_error(page, "notSaved", server)
    page.unroute("**/marks/draft")
    page.keyboard.press("Escape")
    until(page, lambda: server.state.marks.marks("reader", marks.study), "that the server gets the mark")


def test_leaving_with_marks_that_nobody_keeps_asks_first(page, server, drawn):
    """PACS-4.2.1-g CT-4.4.1-2"""
    marks = drawn(keeps=False)
    shown_error(page, "notSaved")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("q")
    question = page.locator(".dialog-confirm")
    expect(question).to_contain_text(CATALOGUE["measure.leave.text"])
    question.get_by_role("button", name=CATALOGUE["action.keepGoing"]).click()
    expect(question).to_have_count(0)
    expect(marks.all).to_have_count(1)
    page.keyboard.press("q")
    question.get_by_role("button", name=CATALOGUE["measure.leave.action"]).click()
    expect(page.locator(".study-table")).to_be_visible()


def test_pacs_4_2_1_g_another_patient_beside_is_asked_for(page, server):
    """The safeguard viewer.otherPatient: a study that is found by the patient's ID, but names somebody else inside."""
    first = server.state.studies[CT_STUDY]
    same = {key: first[key] for key in ("patientID", "patientName", "patientBirthDate")}
    other = server.state.add_study(300, **same, studyDescription=first["studyDescription"], modalities=["CT"], studyDate="20200102")

    def renamed(route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["study"] |= {"patientID": "OTHER", "patientName": "Somebody^Else"}
        route.fulfill(response=answer, json=body)

    page.route(f"**/api/studies/{other['studyInstanceUID']}/viewing", renamed)
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, first["studyInstanceUID"]).shown(0)
    expect(page.locator(".rail-study")).to_have_count(2)
    question = page.locator(".dialog-confirm")
    entry = page.locator(".rail-study").nth(1).locator(".series-entry").first
    entry.drag_to(viewer.viewport.first)
    expect(question).to_contain_text("Else")
    question.get_by_role("button", name=CATALOGUE["action.cancel"]).click()
    expect(question).to_have_count(0)
    expect(page.locator(".banner-patients")).to_have_count(0)
    assert "OTHER" not in page.locator(".views").inner_text()
    entry.drag_to(viewer.viewport.first)
    question.get_by_role("button", name=CATALOGUE["viewer.otherPatient.action"]).click()
    expect(page.locator(".views")).to_contain_text("OTHER")


def test_pacs_4_2_4_c_a_full_disk_during_import_carries_its_code(page, server, studies):
    """CT-4.4.1-1"""
    page.route("**/api/import", lambda route: route.fulfill(status=507, body=json.dumps(
        {"error": {"code": "full", "message": "raw words of the disk", "remedy": "", "id": "0123ABCD"}})))
    studies.files.set_input_files([{"name": "a.dcm", "mimeType": "application/dicom", "buffer": b"x" * 200}])
    pause = ImportPanel(page).pause
    expect(pause).to_contain_text(CATALOGUE["error.full"])
    expect(pause.locator(".error-id")).to_have_attribute("data-id", "0123ABCD")
    assert "raw words" not in pause.inner_text()


# A configuration that nobody accepted


def test_pacs_4_5_10_4_an_administrator_sees_reviews_and_accepts_a_changed_configuration(page, server):
    """PACS-4.2.1-g: the consequence with what it affects is confirmed before it is done."""
    server.state.changes = [{"key": "storage.compression", "accepted": '"jpeg-ls"', "present": '"none"'},
                            {"key": "dicom.tlsPort", "accepted": None, "present": "11999"}]
    sign_in(page, server)
    banner = page.locator(".configuration-banner")
    expect(banner).to_contain_text(CATALOGUE["configuration.changed.remedy"])
    banner.get_by_role("button").click()
    rows = page.locator(".configuration-changes tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("storage.compression")
    accept = page.get_by_role("button", name=CATALOGUE["configuration.accept"])
    accept.click()
    question = page.locator(".dialog-confirm")
    expect(question).to_contain_text("2 项设置")
    question.get_by_role("button", name=CATALOGUE["action.cancel"]).click()
    expect(question).to_have_count(0)
    assert len(server.state.changes) == 2
    accept.click()
    page.locator(".dialog-confirm").get_by_role("button", name=CATALOGUE["confirm.action"]).click()
    expect(banner).to_have_count(0)
    assert server.state.changes == []
