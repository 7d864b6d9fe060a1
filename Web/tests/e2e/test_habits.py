"""What the hands of a reader and a technologist expect: the list under a moving hand, from study to study, keys, telephone."""

import re

import pytest
from playwright.sync_api import expect

import synthetic
from conftest import FIREFOX_CONTEXT, open_page, sign_in
from pages import StudyList, Viewer, expect_heard, until

STUDY, NEXT, THIRD = (synthetic.study_uid(index) for index in range(3))
PHONE = dict(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=3)


@pytest.fixture
def viewer(page, server) -> Viewer:
    """The first study as its protocol hangs it."""
    sign_in(page, server)
    shown = Viewer(page).open(server.url, STUDY, hang=True)
    shown.pane(1).shown(0)
    return shown


@pytest.fixture(params=["chromium", "firefox"])
def both(request, server):
    """A page in each browser."""
    page, watch = open_page(request.getfixturevalue(request.param), **(FIREFOX_CONTEXT if request.param == "firefox" else {}))
    yield page
    page.context.close()
    assert watch.problems == []


# MARK: The list


@pytest.mark.parametrize("moment", ["within the first click", "between the clicks", "within the second click"])
def test_no_double_click_is_lost_when_the_row_moves_under_it(both, server, moment):
    """Sorted by arrival, a study that gets images moves to the top: its row is another place of the page, or another node."""
    studies = sign_in(both, server)
    row = studies.rows.nth(5)
    key = row.get_attribute("data-key")
    box = row.bounding_box()
    both.mouse.move(box["x"] + 500, box["y"] + box["height"] / 2)

    def move_rows() -> None:
        # As a live update does: the row itself is taken out and put in elsewhere.
        both.evaluate("key => { const row = document.querySelector(`tr[data-key='${key}']`); row.parentNode.prepend(row); }", key)

    both.mouse.down(click_count=1)
    if moment == "within the first click":
        move_rows()
    both.mouse.up(click_count=1)
    if moment == "between the clicks":
        move_rows()
    both.mouse.down(click_count=2)
    if moment == "within the second click":
        move_rows()
    both.mouse.up(click_count=2)
    both.wait_for_url(re.compile(f"#/viewer/{re.escape(key)}$"))


def test_a_click_elsewhere_is_no_half_of_a_double_click(page, server, studies):
    studies.rows.nth(3).click()
    page.locator(".result-count").click()
    box = studies.rows.nth(1).bounding_box()
    page.mouse.move(box["x"] + 500, box["y"] + 10)
    # The system counts it as the second click of one; in the list it is the first.
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    expect(studies.rows.nth(1)).to_have_attribute("aria-selected", "true")
    assert "#/viewer" not in page.url


# MARK: From study to study


def test_the_viewer_goes_on_to_the_next_study_of_the_list_and_has_it_ready(page, server):
    order = sign_in(page, server).page.locator(".study-table tr[data-key]").evaluate_all("rows => rows.map(row => row.dataset.key)")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    viewer = Viewer(page).open(server.url, order[0], hang=True)
    viewer.pane(1).shown(0)
    # The next one is fetched while this one is read, and only then.
    until(page, lambda: any(f"/studies/{order[1]}/" in each and "/frames" in each for each in asked), "the next study's images")
    ahead = [each for each in asked if "/frames" in each]
    assert f"/studies/{order[0]}/" in ahead[0] and any(f"/studies/{order[1]}/" in each for each in ahead)
    page.keyboard.press("Shift+PageDown")
    page.wait_for_url(re.compile(f"{re.escape(order[1])}$"))
    viewer.pane(1).shown()
    page.keyboard.press("Shift+PageUp")
    page.wait_for_url(re.compile(f"{re.escape(order[0])}$"))
    viewer.pane(1).shown()
    page.keyboard.press("Shift+PageUp")
    expect_heard(page, "没有更多检查")
    page.keyboard.press("q")
    expect(StudyList(page).selected).to_have_attribute("data-key", order[0])


def test_a_viewer_window_goes_on_by_the_list_of_the_other_window(page, server):
    studies = sign_in(page, server)
    order = studies.rows.evaluate_all("rows => rows.map(row => row.dataset.key)")
    with page.context.expect_page() as opened:
        page.keyboard.press("Shift+Enter")
    viewer = opened.value
    viewer.locator(".viewport[data-exact=true]").first.wait_for()
    viewer.keyboard.press("Shift+PageDown")
    viewer.wait_for_url(re.compile(f"{re.escape(order[1])}$"))
    expect(page.locator(".study-table tr.is-shown")).to_have_attribute("data-key", order[1])


@pytest.mark.parametrize("secure", [True, False])
def test_a_link_to_a_study_leads_there_after_signing_in(chromium, server, secure):
    page, watch = open_page(chromium)
    if secure:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY)
    viewer.shown(0)
    if not secure:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')) }")
    page.keyboard.press("Alt+u")
    if secure:
        expect_heard(page, "链接已复制")
        link = page.evaluate("navigator.clipboard.readText()")
    else:
        expect(page.locator("dialog input")).to_be_focused()
        link = page.locator("dialog input").input_value()
        page.keyboard.press("Escape")
    assert link == f"{server.url}/#/viewer/{STUDY}"
    page.context.close()
    other, watch_other = open_page(chromium)
    other.goto(link)
    other.locator("#name").fill("reader")
    other.locator("#password").fill(server.state.accounts["reader"])
    other.keyboard.press("Enter")
    Viewer(other).pane(1).shown(0)
    assert other.url == link
    other.context.close()
    assert watch.problems + watch_other.problems == []


# MARK: Keys


def test_f6_leads_from_the_views_to_every_part_and_back(both, server):
    sign_in(both, server)
    viewer = Viewer(both).open(server.url, STUDY, hang=True)
    viewer.pane(1).shown(0)
    both.keyboard.press("Shift+T")
    expect(both.locator(".tag-panel")).to_be_visible()
    places = []
    for _ in range(5):
        places.append(both.evaluate("document.activeElement.closest('.viewer-bar, .series-strip, .tag-panel')?.className ?? 'views'"))
        both.keyboard.press("F6")
    assert places[0] in ("views", "tag-panel side-panel", "tag-panel")
    assert {"views", "viewer-bar", "series-strip"} <= set(places) and any("tag-panel" in each for each in places)
    # Every control of the tool bar is reached from there, and the views again with Shift+F6.
    while both.evaluate("document.activeElement.closest('.viewer-bar') === null"):
        both.keyboard.press("F6")
    both.keyboard.press("Tab")
    assert both.evaluate("document.activeElement.closest('.viewer-bar') !== null")


def test_linking_and_lines_are_taken_back_like_everything_else(page, viewer):
    page.get_by_role("button", name="联动").click()
    scroll = page.get_by_role("menuitemcheckbox", name="翻页联动")
    expect(scroll).to_have_attribute("aria-checked", "true")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.keyboard.press("Shift+ArrowDown")
    viewer.pane(1).shown(10)
    viewer.pane(2).shown(0)
    page.keyboard.press("Control+z")
    page.keyboard.press("ArrowDown")
    viewer.pane(1).shown(11)
    # Linked again from where both stood then.
    viewer.pane(2).shown(1)
    page.keyboard.press("Control+y")
    page.keyboard.press("ArrowDown")
    viewer.pane(1).shown(12)
    viewer.pane(2).shown(1)
    page.keyboard.press("Shift+X")
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menuitem", name="撤销: 联动")).to_be_enabled()


def test_a_long_text_in_a_view_scrolls_with_the_wheel(both, server):
    sign_in(both, server)
    viewer = Viewer(both).open(server.url, STUDY)
    viewer.shown(0)
    viewer.series.nth(4).click()
    body = both.locator(".document-body")
    expect(body).to_be_visible()
    both.get_by_role("button", name="属性").last.click()
    # As long as a real report is.
    body.evaluate("body => { const text = document.createElement('p'); text.style.setProperty('height', '3000px'); body.append(text); }")
    box = body.bounding_box()
    both.mouse.move(box["x"] + 100, box["y"] + 100)
    both.mouse.wheel(0, 400)
    moved = "body => [body, ...body.querySelectorAll('*')].some(each => each.scrollTop > 100)"
    until(both, lambda: body.evaluate(moved), "that the text moves")


# MARK: Telephone


def touches(page):
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    return touch


def test_pacs_4_2_11_e_a_telephone_gets_the_light_viewer_whatever_leads_to_a_study(chromium, server):
    """PACS-4.2.11-e"""
    page, watch = open_page(chromium, **PHONE)
    sign_in(page, server)
    page.locator(".study-table .study-link").first.tap()
    expect(page.locator(".viewer.light .banner-nonDiagnostic")).to_be_visible()
    viewer = Viewer(page).shown(0)
    # That the screen is small and dense is no news on a telephone.
    expect(page.locator(".banner-display")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    touch = touches(page)
    touch("touchStart", (200, 500))
    page.wait_for_timeout(800)
    expect(page.get_by_role("menu", name="视图菜单")).to_be_visible()
    touch("touchEnd")
    page.get_by_role("menuitemcheckbox", name="反相").tap()
    expect(page.get_by_role("menu", name="视图菜单")).to_have_count(0)
    expect(page.get_by_role("button", name="反相")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".viewport")).to_have_attribute("data-shown", "0")
    # A finger that moves scrolls and opens nothing.
    touch("touchStart", (200, 500))
    for y in range(490, 340, -15):
        touch("touchMove", (200, y))
    page.wait_for_timeout(700)
    touch("touchEnd")
    expect(page.get_by_role("menu", name="视图菜单")).to_have_count(0)
    expect(viewer.viewport).not_to_have_attribute("data-shown", "0")
    page.context.close()
    assert watch.problems == []


def test_two_pinches_are_two_steps_to_take_back(chromium, server):
    page, watch = open_page(chromium, has_touch=True)
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY)
    viewer.shown(0)
    touch = touches(page)
    zoom = page.locator(".corner-bottom-right")

    def pinch() -> str:
        before = zoom.inner_text()
        touch("touchStart", (600, 400), (700, 400))
        for spread in range(10, 60, 10):
            touch("touchMove", (600 - spread, 400), (700 + spread, 400))
        touch("touchEnd")
        expect(zoom).not_to_have_text(before)
        return re.search(r"缩放 \S+", zoom.inner_text())[0]

    once, twice = pinch(), pinch()
    assert once != twice
    page.keyboard.press("Control+z")
    expect(zoom).to_contain_text(once)
    page.context.close()
    assert watch.problems == []


def test_a_clinician_gets_the_light_viewer_on_any_screen(page, server):
    server.state.roles = {"reader": "clinician"}
    sign_in(page, server)
    page.goto(f"{server.url}/#/viewer/{STUDY}")
    expect(page.locator(".viewer.light .banner-nonDiagnostic")).to_be_visible()
    Viewer(page).shown(0)


# MARK: Hanging


def test_a_rule_is_tried_on_past_studies_and_names_hits_and_misses(page, viewer):
    page.keyboard.press("Alt+p")
    page.get_by_role("button", name="用最近的检查试一试").click()
    lists = page.locator(".protocol-trial section")
    expect(lists).to_have_count(2)
    expect(lists.first).to_contain_text("CT 胸部平扫")
    expect(lists.nth(1)).to_contain_text("MR 腰椎平扫")
    page.keyboard.press("Escape")
