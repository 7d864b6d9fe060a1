"""Monitors, screens without colours, and the complete text of what is cut off."""

import pytest
from playwright.sync_api import expect

import synthetic
from conftest import FIREFOX_CONTEXT, open_page, sign_in
from pages import StudyList, Viewer, until

STUDY = synthetic.study_uid(0)
LONG = "超长检查描述 " + "胸腹盆增强扫描三期动脉期门脉期延迟期 " * 9 + "末尾"


# Monitors. The browser's Window Management API is stood in for: two monitors, of which the right one is for diagnosis.

MONITORS = """
    const described = (left, width, height) => ({
        availLeft: left, availTop: 0, availWidth: width, availHeight: height, left, top: 0, width, height,
        colorDepth: 24, devicePixelRatio: 1, label: `${width}`,
    });
    const details = new EventTarget();
    const plugged = JSON.parse(localStorage.getItem('plugged') ?? 'true');
    details.screens = [described(0, 1440, 900), ...(plugged ? [described(1440, 2560, 2048)] : [])];
    window.getScreenDetails = async () => details;
    window.details = details;
    const query = navigator.permissions.query.bind(navigator.permissions);
    navigator.permissions.query = async (asked) => asked.name === 'window-management' ? { state: 'granted' } : query(asked);
    window.moves = [];
    window.moveTo = (x, y) => window.moves.push(['moveTo', x, y]);
    window.resizeTo = (x, y) => window.moves.push(['resizeTo', x, y]);
    const open = window.open.bind(window);
    window.open = (address, name, features) => { window.moves.push(['open', name, features]); return open('about:blank'); };
    Element.prototype.requestFullscreen = function (options) {
        window.moves.push(['fullscreen', options?.screen?.availLeft]);
        return Promise.resolve();
    };
"""
ROLES = {
    "1440x900 24 0": {"role": "office", "pixelsPerMM": None, "ownRatio": 1},
    "2560x2048 24 1440": {"role": "diagnostic", "pixelsPerMM": None, "ownRatio": 1},
}


@pytest.fixture
def desk(chromium, server):
    """A page on the left one of two monitors whose roles the workstation remembers."""
    page, watch = open_page(chromium, screen={"width": 1440, "height": 900})
    page.add_init_script(MONITORS)
    page.goto(server.url)
    page.evaluate("roles => localStorage.setItem('apus.screens', JSON.stringify(roles))", ROLES)
    sign_in(page, server)
    yield page
    page.context.close()
    assert watch.problems == []


def test_pacs_4_2_8_g_a_viewer_window_opens_on_the_diagnostic_monitor(desk, server):
    """PACS-4.2.8-g"""
    table = StudyList(desk)
    table.search.wait_for()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Shift+Enter")
    desk.wait_for_function("() => window.moves.length > 0")
    assert desk.evaluate("window.moves") == [["open", "apus-viewer", "popup,left=1440,top=0,width=2560,height=2048"]]


def test_pacs_4_2_8_g_a_viewer_on_the_wrong_monitor_goes_to_the_right_one(desk, server):
    """PACS-4.2.8-g"""
    Viewer(desk).open(server.url, STUDY).shown(0)
    banner = desk.locator(".banner-screen")
    expect(banner).to_contain_text("不在诊断显示器")
    banner.get_by_role("button", name="移到诊断显示器").click()
    # A tab cannot be moved: it goes there full screen. A window of its own is moved.
    desk.wait_for_function("() => window.moves.length > 0")
    assert desk.evaluate("window.moves") == [["fullscreen", 1440]]
    desk.evaluate("() => { window.moves = []; window.name = 'apus-viewer'; }")
    banner.get_by_role("button", name="移到诊断显示器").click()
    desk.wait_for_function("() => window.moves.length > 1")
    assert desk.evaluate("window.moves") == [["moveTo", 1440, 0], ["resizeTo", 2560, 2048]]


def test_pacs_4_2_8_g_an_absent_diagnostic_monitor_is_asked_for_and_its_role_is_remembered(desk, server):
    """PACS-4.2.8-g"""
    desk.evaluate("() => localStorage.setItem('plugged', 'false')")
    desk.reload()
    Viewer(desk).open(server.url, STUDY).shown(0)
    banner = desk.locator(".banner-screen")
    expect(banner).to_contain_text("诊断显示器未连接")
    expect(banner.get_by_role("button")).to_have_count(0)
    # It comes back while the page is open, and is known by what was said of it.
    desk.evaluate("""() => {
        const [left] = window.details.screens;
        window.details.screens = [left, { ...left, availLeft: 1440, left: 1440, availWidth: 2560, availHeight: 2048, width: 2560, height: 2048 }];
        window.details.dispatchEvent(new Event('screenschange'));
    }""")
    expect(banner).to_contain_text("不在诊断显示器")
    expect(banner.get_by_role("button", name="移到诊断显示器")).to_be_visible()
    desk.evaluate("() => localStorage.setItem('plugged', 'true')")


def test_pacs_4_2_8_g_on_the_diagnostic_monitor_nothing_is_said(chromium, server):
    """PACS-4.2.8-g"""
    page, _ = open_page(chromium, screen={"width": 1440, "height": 900})
    page.add_init_script(MONITORS)
    page.goto(server.url)
    page.evaluate("roles => localStorage.setItem('apus.screens', JSON.stringify(roles))",
                  {"1440x900 24 0": {"role": "diagnostic", "pixelsPerMM": None, "ownRatio": 1}})
    sign_in(page, server)
    Viewer(page).open(server.url, STUDY).shown(0)
    expect(page.locator(".banner-screen")).to_have_count(0)
    page.context.close()


# Screens without colours


def test_pacs_4_5_21_3_colour_images_are_not_shown_in_grey_unless_the_reader_says_so(chromium, server):
    """PACS-4.5.21-3 CT-4.6.21-3: the screen has no colours; grey images are as they were."""
    page, watch = open_page(chromium)
    page.add_init_script("""
        const match = window.matchMedia.bind(window);
        window.matchMedia = (query) => query === '(monochrome)' ? { matches: true } : match(query);
    """)
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY).shown(0)
    expect(page.locator(".fidelity-grey")).to_have_count(0)
    assert viewer.pixel(128, 100, 256, 256)[0] > 0
    viewer.series.nth(3).click()
    message = page.locator(".viewport .viewport-message")
    expect(message).to_contain_text("彩色图像不以灰阶显示")
    expect(message).to_contain_text("可能丢失具有诊断价值的信息")
    black = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.every((v, i) => i % 4 === 3 || v === 0)"
    until(page, lambda: page.locator(".viewport-canvas").evaluate(black), "the empty view")
    message.get_by_role("button", name="以灰阶显示").click()
    expect(message).to_have_count(0)
    # Shown now, and the notice stays in the view.
    expect(page.locator(".fidelity-grey")).to_have_text("颜色缺失")
    viewer.shown()
    assert not page.locator(".viewport-canvas").evaluate(black)
    # A grey image painted in false colours loses them as well.
    viewer.series.nth(0).click()
    viewer.shown(0)
    expect(page.locator(".fidelity-grey")).to_have_count(0)
    page.context.close()
    assert watch.problems == []


# Complete texts


@pytest.fixture
def lengthy(server):
    """Names, descriptions and identifiers as long as DICOM allows and a little more."""
    study = server.state.studies[0]
    kept = dict(study)
    study["studyDescription"] = LONG
    study["patientName"] = "Wolfeschlegelsteinhausenbergerdorff^" + "Hubert" * 9 + "=" + "欧阳" * 20
    study["patientID"] = "P" + "0123456789" * 6 + "123"
    study["accessionNumber"] = "A" * 16
    yield study
    study.update(kept)


def full(page):
    return page.locator(".full-text span")


def cut(locator):
    return locator.evaluate_all(r"""all => all.map(each => {
        const box = each.getBoundingClientRect();
        return { text: each.innerText.replace(/\s+/g, ' ').trim(), x: box.x + Math.min(box.width, 40) / 2, y: box.y + box.height / 2,
                 cut: each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).textOverflow === 'ellipsis' && box.width > 0 };
    }).filter(each => each.cut && each.text !== '')""")


def test_ct_4_4_1_4_texts_cut_off_in_the_list_are_shown_whole_and_copied(page, server, lengthy):
    """CT-4.4.1-4: hover, focus; copied."""
    sign_in(page, server)
    StudyList(page).search.wait_for()
    cells = page.locator(".study-table tbody tr[data-key]").first.locator("td")
    expect(cells.first).to_be_visible()
    found = cut(cells)
    assert {each["text"] for each in found} >= {LONG.strip(), lengthy["patientID"]}, found
    for each in found:
        page.mouse.move(5, 5)
        page.mouse.move(each["x"], each["y"])
        expect(full(page)).to_have_text(each["text"])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".full-text button").click()
    expect(page.locator(".full-text button")).to_have_text("已复制")
    assert page.evaluate("() => navigator.clipboard.readText()") == found[-1]["text"]
    page.keyboard.press("Escape")
    expect(page.locator(".full-text")).to_have_count(0)
    # By keyboard: the row that has the focus says all that is cut off in it.
    page.mouse.move(5, 5)
    page.keyboard.press("ArrowDown")
    page.locator(".study-table tbody tr[data-key]").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    for each in found:
        expect(full(page)).to_contain_text(each["text"])


def test_ct_4_4_1_4_texts_cut_off_over_the_picture_and_in_the_rail_are_shown_whole(page, server, lengthy):
    """CT-4.4.1-4"""
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY, hang=True)
    viewer.pane(1).shown(0)
    found = cut(page.locator(".corner > div, .exam-strip > span, .rail *"))
    texts = {each["text"] for each in found}
    assert LONG.strip() in texts, texts
    assert len(found) >= 4
    for each in found:
        page.mouse.move(720, 450)
        page.keyboard.press("Escape")
        page.mouse.move(each["x"], each["y"])
        expect(full(page)).to_have_text(each["text"])


def test_ct_4_4_1_4_a_finger_held_on_a_text_shows_all_of_it(chromium, server, lengthy):
    """CT-4.4.1-4: touch"""
    page, watch = open_page(chromium, has_touch=True)
    sign_in(page, server)
    Viewer(page).open(server.url, STUDY).shown(0)
    (each, *_) = [each for each in cut(page.locator(".corner > div")) if each["text"] == LONG.strip()]
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": each["x"], "y": each["y"]}]})
    expect(full(page)).to_have_text(each["text"])
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(600)
    # It stays to be read and copied, until something else is touched.
    expect(full(page)).to_have_text(each["text"])
    page.touchscreen.tap(700, 500)
    expect(page.locator(".full-text")).to_have_count(0)
    page.context.close()
    assert watch.problems == []


def test_ct_4_4_1_4_in_firefox_as_well(firefox, server, lengthy):
    """CT-4.4.1-4"""
    page, watch = open_page(firefox, **FIREFOX_CONTEXT)
    sign_in(page, server)
    StudyList(page).search.wait_for()
    cells = page.locator(".study-table tbody tr[data-key]").first.locator("td")
    expect(cells.first).to_be_visible()
    (each, *_) = [each for each in cut(cells) if each["text"] == LONG.strip()]
    page.mouse.move(5, 5)
    page.mouse.move(each["x"], each["y"])
    expect(full(page)).to_have_text(each["text"])
    page.mouse.move(5, 5, steps=5)
    expect(page.locator(".full-text")).to_have_count(0)
    page.context.close()
    assert watch.problems == []
