"""What is made ready before it is opened: the study chosen in the list, and those that come next in it."""

import re

from playwright.sync_api import expect

from conftest import sign_in
from pages import Viewer


def ahead_of(server) -> list[dict]:
    return [query for kind, query in server.state.stream_requests if query.get("ahead") == "1"]


def eventually_ahead(page, server, count: int) -> None:
    for _ in range(100):
        if len(ahead_of(server)) >= count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"made ready: {ahead_of(server)}")


def test_the_study_chosen_in_the_list_is_ready_when_it_is_opened(page, server):
    """The pictures are there before the study is opened; going past a study loads nothing of it."""
    studies = sign_in(page, server)
    studies.modality("CT").click()
    expect(studies.rows.nth(1)).to_contain_text("CT")
    studies.rows.first.focus()
    assert ahead_of(server) == []
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    eventually_ahead(page, server, 1)
    page.wait_for_timeout(600)
    assert len(ahead_of(server)) == 1
    uid = studies.selected.get_attribute("data-key")
    asked = len(server.state.stream_requests)
    page.keyboard.press("Enter")
    viewer = Viewer(page)
    viewer.pane(1).shown()
    assert uid in page.url
    opened = [(kind, query) for kind, query in server.state.stream_requests[asked:] if "ahead" not in query]
    assert opened == [], "the pictures were asked for again"


def test_the_next_two_of_the_list_are_made_ready_and_a_key_leads_to_them(page, server):
    studies = sign_in(page, server)
    rows = [row.get_attribute("data-key") for row in studies.rows.all()[:4]]
    page.keyboard.press("Enter")
    viewer = Viewer(page)
    viewer.pane(1).shown()
    eventually_ahead(page, server, 2)
    for uid in (rows[1], rows[2], rows[1]):
        page.keyboard.press("Shift+PageUp" if uid == rows[1] and rows[2] in page.url else "Shift+PageDown")
        page.wait_for_url(re.compile(re.escape(uid)))
        viewer.pane(1).shown()
    page.keyboard.press("Shift+PageUp")
    page.wait_for_url(re.compile(re.escape(rows[0])))
    viewer.pane(1).shown()
    page.keyboard.press("Shift+PageUp")
    expect(page.locator("#announcements")).to_have_text("列表中没有更多检查")
    assert rows[0] in page.url


def test_the_viewer_window_asks_the_list_for_the_next_study(page, server):
    studies = sign_in(page, server)
    with page.context.expect_page() as opened:
        page.keyboard.press("Shift+Enter")
    window = opened.value
    window.locator(".viewport[data-exact=true]").first.wait_for()
    window.keyboard.press("Shift+PageDown")
    second = studies.rows.nth(1).get_attribute("data-key")
    window.wait_for_url(re.compile(re.escape(second)))
    expect(page.locator(".study-table tr.is-shown")).to_have_attribute("data-key", second)
    eventually_ahead(page, server, 1)


def test_nothing_made_ready_for_one_reader_stays_for_the_next(page, server):
    studies = sign_in(page, server)
    studies.modality("CT").click()
    expect(studies.rows.nth(1)).to_contain_text("CT")
    studies.rows.nth(1).click()
    eventually_ahead(page, server, 1)
    page.wait_for_timeout(300)
    uid = studies.selected.get_attribute("data-key")
    studies.open_user_menu().get_by_text("退出登录").click()
    expect(page.locator("#password")).to_be_visible()
    studies = sign_in(page, server)
    asked = len(server.state.stream_requests)
    page.goto(f"{server.url}/#/viewer/{uid}")
    Viewer(page).pane(1).shown()
    assert any("ahead" not in query for _, query in server.state.stream_requests[asked:])
