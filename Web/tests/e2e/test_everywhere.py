"""What holds on every screen: languages, themes, names for all controls, keyboard alone, Firefox."""

import json

from playwright.sync_api import expect

import synthetic
from conftest import FIREFOX_CONTEXT, enter_by_keyboard, open_page, sign_in
from mock_server import SETUP_TOKEN
from pages import Entrance, ImportPanel, StudyList, Viewer

UNNAMED = """() => [...document.querySelectorAll('button, a, input, select, table, nav, [role]')]
    .filter(e => e.checkVisibility() && !['alert', 'status', 'group', 'search', 'presentation'].includes(e.getAttribute('role')))
    .filter(e => !(e.getAttribute('aria-label') || e.labels?.length || e.innerText?.trim() || e.getAttribute('aria-labelledby')))
    .map(e => e.outerHTML.slice(0, 120))"""

# Text and labels that did not come out of the catalogue, which the test has marked.
UNMARKED = """(allowed) => {
    const found = [];
    const check = (text, where) => {
        const plain = text.trim();
        if (/[A-Za-z\\u4e00-\\u9fff]{2,}/.test(plain) && !plain.includes('\\u27e6') && !allowed.some(a => plain.includes(a))) {
            found.push(where + ': ' + plain);
        }
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        if (!parent.closest('script, noscript, kbd')) check(walker.currentNode.data, parent.tagName);
    }
    for (const element of document.querySelectorAll('*')) {
        for (const name of ['title', 'aria-label', 'placeholder', 'alt']) {
            if (element.hasAttribute(name)) check(element.getAttribute(name), name);
        }
    }
    return found;
}"""


def test_every_control_has_a_name_on_every_screen(page, server):
    page.goto(f"{server.url}/setup/{SETUP_TOKEN}")
    expect(page.locator("#name")).to_be_visible()
    assert page.evaluate(UNNAMED) == []
    studies = sign_in(page, server)
    assert page.evaluate(UNNAMED) == []
    studies.files.set_input_files([{"name": "x", "mimeType": "", "buffer": b"no DICOM"}])
    expect(ImportPanel(page).rows).to_have_count(1)
    assert page.evaluate(UNNAMED) == []
    Viewer(page).open(server.url, synthetic.study_uid(0)).shown(0)
    page.keyboard.press("Shift+T")
    expect(page.locator(".tag-panel")).to_be_visible()
    assert page.evaluate(UNNAMED) == []
    page.keyboard.press("F1")
    expect(page.locator("dialog")).to_be_visible()
    assert page.evaluate(UNNAMED) == []


def test_a_marked_catalogue_leaves_no_text_unmarked(chromium, server):
    page, watch = open_page(chromium)

    def mark(route):
        messages = json.loads(route.fetch().body())
        route.fulfill(json={key: f"\u27e6{message}\u27e7" for key, message in messages.items()})

    page.route("**/assets/zh-CN.*.json", mark)
    # Values of the server, and names of modalities, are data.
    data = ["reader", "192.168.1.20", "APUS", *("CT MR DX CR MG US XA PT NM SR".split()), "TB", "KB", " B"]
    page.goto(f"{server.url}/setup/{SETUP_TOKEN}")
    expect(page.locator("#name")).to_be_visible()
    assert page.evaluate(UNMARKED, data) == []
    server.state.studies.clear()
    Entrance(page).open(server.url).sign_in("reader", server.state.accounts["reader"])
    expect(page.locator(".empty")).to_be_visible()
    page.keyboard.press("F1")
    expect(page.locator("dialog")).to_be_visible()
    assert page.evaluate(UNMARKED, data) == []
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    server.state.add_study(0)
    Viewer(page).open(server.url, synthetic.study_uid(0)).shown(0)
    page.keyboard.press("F1")
    expect(page.locator("dialog")).to_be_visible()
    shown = [t for each in synthetic.VIEWER_SERIES for t in (each["description"],)]
    assert page.evaluate(UNMARKED, [*data, *shown, "王伟", "Wang Wei", "P2400000", "胸部平扫"]) == []
    page.context.close()
    assert watch.problems == []


def test_english_is_complete_and_remembered(page, server, studies):
    studies.open_user_menu().get_by_role("menuitemradio", name="English").click()
    expect(page.locator(".top-bar h1")).to_have_text("Studies")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(studies.count).to_have_text("260 studies")
    page.reload()
    expect(page.locator(".top-bar h1")).to_have_text("Studies")
    page.keyboard.press("F1")
    expect(page.locator("dialog h2")).to_have_text("Keyboard and mouse")


def test_themes_change_the_list_and_the_viewer_is_always_dark(page, server, studies):
    ground = "() => getComputedStyle(document.querySelector('.top-bar, .viewer-bar')).backgroundColor"
    light = page.evaluate(ground)
    studies.open_user_menu().get_by_role("menuitemradio", name="深色").click()
    dark = page.evaluate(ground)
    assert light == "rgb(255, 255, 255)" and dark != light
    studies.open_user_menu().get_by_role("menuitemradio", name="浅色").click()
    assert page.evaluate(ground) == light
    Viewer(page).open(server.url, synthetic.study_uid(0)).shown(0)
    assert page.evaluate(ground) == dark


def test_the_whole_way_by_keyboard_alone(page, server):
    studies = enter_by_keyboard(page, server)
    page.keyboard.press("/")
    page.keyboard.type("ouyang")
    expect(studies.rows.first).to_contain_text("欧阳")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    viewer = Viewer(page).pane(1).shown(0)
    page.keyboard.press("ArrowDown")
    viewer.shown(1)
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_contain_text("软组织")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    # The dialog's keys were its own.
    viewer.shown(1)
    page.keyboard.press("q")
    expect(studies.shown().selected).to_be_focused()
    # From the list to the user menu: backwards through the controls, open, walk, choose.
    page.locator(".top-bar .menu > button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitemradio", name="中文")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="退出登录")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".top-bar .menu > button")).to_be_focused()


def test_every_command_with_a_key_is_in_the_help_and_on_its_button(page, server, studies):
    Viewer(page).open(server.url, synthetic.study_uid(0)).shown(0)
    page.keyboard.press("F1")
    expect(page.locator("dialog")).to_be_visible()
    text = page.locator("dialog").inner_text()
    for button in page.locator(".viewer-bar .tool[aria-keyshortcuts]").all():
        assert button.get_attribute("aria-label") in text


def test_a_page_as_wide_as_a_small_screen_still_works(chromium, server):
    page, watch = open_page(chromium, viewport={"width": 1024, "height": 720})
    studies = sign_in(page, server)
    expect(page.get_by_role("button", name="导入文件", exact=True)).to_be_in_viewport()
    studies.rows.first.dblclick()
    Viewer(page).pane(1).shown(0)
    expect(page.locator(".viewer-bar button").last).to_be_in_viewport()
    page.context.close()
    assert watch.problems == []


def test_firefox_signs_in_searches_imports_and_views(firefox, server):
    page, watch = open_page(firefox, **FIREFOX_CONTEXT)
    studies = sign_in(page, server)
    studies.search.fill("王")
    expect(studies.rows.first).to_contain_text("王")
    studies.files.set_input_files([{"name": "IM1", "mimeType": "", "buffer": bytes(128) + b"DICM" + bytes(9)}])
    expect(ImportPanel(page).chips.filter(has_text="已入库")).to_be_visible()
    viewer = Viewer(page).open(server.url, synthetic.study_uid(0)).shown(0)
    assert viewer.pixel(32, 8, 256, 256)[0] == 255
    page.keyboard.press("Shift+I")
    assert viewer.shown().pixel(32, 8, 256, 256)[0] == 0
    page.keyboard.press("End")
    viewer.shown(39)
    page.context.close()
    assert watch.problems == []
