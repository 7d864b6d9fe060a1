"""What is made ready before it is opened: the study chosen in the list, and those that come next in it."""

import re

from playwright.sync_api import expect

from conftest import sign_in
from pages import Viewer, expect_heard, until


def ahead_of(server) -> list[dict]:
    return [query for kind, query in server.state.stream_requests if query.get("ahead") == "1"]


def eventually_ahead(page, server, count: int) -> None:
    until(page, lambda: len(ahead_of(server)) >= count, f"that {count} series are made ready")


def test_the_study_chosen_in_the_list_is_ready_when_it_is_opened(page, server):
    """The pictures are there before the study is opened; going past a study loads nothing of it."""
    studies = sign_in(page, server)
    studies.modality("CT").click()
    expect(studies.rows.nth(1)).to_contain_text("CT")
    studies.rows.first.focus()
    assert ahead_of(server) == []
    # Three times without a rest between, however slow the machine.
    with page.expect_event("requestfinished", lambda request: "ahead=1" in request.url):
        page.evaluate("""() => {
            for (let i = 0; i < 3; i++) {
                document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', code: 'ArrowDown', bubbles: true, cancelable: true }));
            }
        }""")
    # What has come is taken in.
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
    expect_heard(page, "列表中没有更多检查")
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


# The sizes of the pictures a page asks of its image worker.
SPY = """
window.asked = [];
const PlainWorker = window.Worker;
window.Worker = class extends PlainWorker {
  postMessage(message, ...rest) {
    if (message.type === 'show') window.asked.push([message.request.width, message.request.height]);
    super.postMessage(message, ...rest);
  }
};
"""


ONE_CT = {
    "version": 1, "id": "one", "name": "one", "match": [{"attribute": "modalities", "is": ["CT"], "required": True}],
    "selectors": {"stack": {"prior": 0, "where": [{"attribute": "images", "atLeast": 5}]}},
    "stages": [{"name": "one", "layout": "1x1", "views": [{"selector": "stack"}]}],
}


def read_first_ct(page, server) -> list[str]:
    """Opens the first CT of the list, waits until those below it are ready; gives the UIDs in the list's order."""
    page.add_init_script(SPY)
    page.route("**/api/studies/*/hanging", lambda route: route.fulfill(json={"protocol": ONE_CT}))
    studies = sign_in(page, server)
    studies.modality("CT").click()
    # The list before had others among them.
    expect(studies.rows.filter(has_not_text="CT")).to_have_count(0)
    expect(studies.rows.nth(2)).to_contain_text("CT")
    rows = [row.get_attribute("data-key") for row in studies.rows.all()[:3]]
    studies.rows.first.focus()
    page.keyboard.press("Enter")
    Viewer(page).pane(1).shown()
    eventually_ahead(page, server, 2)
    return rows


def to_next(page, uid: str) -> list[list[int]]:
    """On to the next study of the list; gives the sizes of the pictures that were asked for until it stood there."""
    page.evaluate("window.asked.length = 0")
    page.keyboard.press("Shift+PageDown")
    page.wait_for_url(re.compile(re.escape(uid)))
    Viewer(page).pane(1).shown()
    return page.evaluate("window.asked")


def canvas_size(page) -> list[int]:
    return page.eval_on_selector(".viewport-canvas", "each => [each.width, each.height]")


def size_of_view(page) -> list[int]:
    box = page.locator(".viewport").first.bounding_box()
    return [round(box["width"]), round(box["height"])]


def test_the_next_study_asks_for_its_picture_once_at_the_size_of_its_view(page, server):
    """Before the page has laid the view out; in a window made smaller meanwhile at the size it has then."""
    rows = read_first_ct(page, server)
    assert to_next(page, rows[1]) == [size_of_view(page)]
    before = size_of_view(page)
    page.set_viewport_size({"width": 1000, "height": 700})
    page.wait_for_function("size => document.querySelector('.viewport-canvas').width < size", arg=before[0])
    assert to_next(page, rows[2])[-1] == size_of_view(page)
    assert canvas_size(page) == size_of_view(page)


def test_who_goes_on_at_once_has_opened_the_study_all_the_same(page, server):
    """PACS-4.5.2-1: pictures made ready ahead have been seen, so the server must learn whose study was opened."""
    rows = read_first_ct(page, server)
    server.state.opened.clear()
    page.keyboard.press("Shift+PageDown")
    page.keyboard.press("Shift+PageDown")
    page.wait_for_url(re.compile(re.escape(rows[2])))
    Viewer(page).pane(1).shown()
    for _ in range(100):
        if {rows[1], rows[2]} <= set(server.state.opened):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"opened: {server.state.opened} of {rows}")
