"""Several views, hanging, linking, undo, priors, key profiles, the display's test and the light viewer."""

import re

import pytest
from playwright.sync_api import expect

import synthetic
from conftest import FIREFOX_CONTEXT, open_page, sign_in
from pages import StudyList, Viewer, expect_heard, until

STUDY = synthetic.study_uid(0)


@pytest.fixture
def hung(page, server) -> Viewer:
    """The synthetic chest CT as its protocol hangs it: lung and mediastinum side by side."""
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY, hang=True)
    viewer.pane(1).shown(0)
    viewer.pane(2).shown(0)
    return viewer


def window(viewer: Viewer, pane: int) -> str:
    return viewer.pane(pane).corner("bottom-right").splitlines()[0]


def test_a_study_hangs_by_its_protocol_and_scrolls_linked(page, hung):
    assert (window(hung, 1), window(hung, 2)) == ("窗宽 1,500　窗位 -600", "窗宽 350　窗位 50")
    page.keyboard.press("End")
    hung.pane(1).shown(39)
    hung.pane(2).shown(39)
    # Alone with Alt; from then on the offset stays.
    box = hung.pane(2).viewport.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.keyboard.down("Alt")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Alt")
    hung.pane(2).shown(38)
    hung.pane(1).shown(39)
    page.keyboard.press("ArrowUp")
    hung.pane(2).shown(37)
    hung.pane(1).shown(38)


def test_pacs_4_2_11_a_every_view_names_patient_and_exam_whatever_text_is_off(page, hung):
    """PACS-4.2.11-a"""
    for _ in range(3):
        for number in (1, 2):
            strip = page.locator(f".pane[data-pane='view{number}'] .exam-strip")
            expect(strip).to_contain_text("王伟")
            expect(strip).to_contain_text("P2400000")
            expect(strip.locator(".exam-letter")).to_have_text("A")
        page.keyboard.press("i")


def test_layouts_up_to_five_by_five_and_undo(page, hung):
    page.get_by_role("button", name="布局").click()
    page.get_by_role("menuitemradio", name="5×5").click()
    expect(hung.panes).to_have_count(25)
    page.keyboard.press("Alt+2")
    expect(hung.panes).to_have_count(4)
    hung.pane(3).shown(0)
    page.keyboard.press("Control+z")
    expect(hung.panes).to_have_count(25)
    page.keyboard.press("Control+z")
    expect(hung.panes).to_have_count(2)
    assert (window(hung, 1), window(hung, 2)) == ("窗宽 1,500　窗位 -600", "窗宽 350　窗位 50")
    page.keyboard.press("Control+y")
    expect(hung.panes).to_have_count(25)


def test_a_drag_of_the_window_is_one_step_to_undo(page, hung):
    view = hung.pane(2)
    before = window(hung, 2)
    view.drag(90, 40)
    assert window(hung, 2) != before
    page.keyboard.press("Control+z")
    expect(page.locator(".pane[data-pane='view2'] .corner-bottom-right")).to_contain_text(before)


def test_tab_and_double_click_and_the_wheel_under_the_pointer(page, hung):
    expect(page.locator(".pane-active")).to_have_attribute("data-pane", "view1")
    page.keyboard.press("Tab")
    expect(page.locator(".pane-active")).to_have_attribute("data-pane", "view2")
    hung.pane(1).viewport.dblclick()
    expect(hung.panes).to_have_count(1)
    hung.pane(1).shown(0)
    page.keyboard.press("Tab")
    hung.pane(2).shown(0)
    hung.pane(2).viewport.dblclick()
    expect(hung.panes).to_have_count(2)
    page.keyboard.press("l")
    box = hung.pane(1).viewport.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.wheel(0, 120)
    hung.pane(1).shown(1)
    hung.pane(2).shown(0)


def test_a_series_is_dragged_into_a_view(page, hung):
    hung.series.nth(1).drag_to(hung.pane(2).viewport)
    hung.pane(2).shown(0)
    expect(page.locator(".pane[data-pane='view2'] .corner-top-right")).to_contain_text("T2 横断面")
    expect(page.locator(".pane-active")).to_have_attribute("data-pane", "view2")


def test_guide_1_1_1_1_2_4_pseudo_colour_is_shown_named_and_taken_back(page, server):
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY).shown(0)
    grey = viewer.pixel(128, 100, 256, 256)
    assert grey[0] == grey[1] == grey[2]
    page.get_by_role("button", name="更多显示方式").click()
    page.get_by_role("menuitemcheckbox", name="热铁伪彩").click()
    expect(page.locator(".corner-bottom-right")).to_contain_text("伪彩：热铁伪彩")
    red, _, blue = viewer.shown().pixel(128, 100, 256, 256)
    assert red > blue
    page.keyboard.press("Control+z")
    assert viewer.shown().pixel(128, 100, 256, 256) == grey


def test_the_context_menu_holds_what_the_keys_do(page, hung):
    hung.pane(1).viewport.click(button="right")
    menu = page.get_by_role("menu", name="视图菜单")
    expect(menu).to_be_visible()
    menu.get_by_role("menuitemcheckbox", name="反相").click()
    expect(page.locator(".pane[data-pane='view1'] .corner-bottom-right")).to_contain_text("反相")
    page.keyboard.press("Shift+F10")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)


def test_key_images_are_marked_found_and_taken_back(page, hung):
    page.keyboard.press("End")
    hung.pane(1).shown(39)
    page.keyboard.press("k")
    button = page.get_by_role("button", name="关键图像")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Home")
    expect(button).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Shift+K")
    hung.pane(1).shown(39)
    page.keyboard.press("Control+z")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_pacs_4_2_11_d_life_size_without_calibration_says_so(page, server):
    """PACS-4.2.11-d"""
    sign_in(page, server)
    Viewer(page).open(server.url, STUDY).shown(0)
    page.keyboard.press("Shift+Z")
    badge = page.locator(".fidelity-trueSize")
    expect(badge).to_contain_text("非真实尺寸")
    badge.click()
    expect(page.locator("dialog")).to_contain_text("显示器尚未校准")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("Alt+c")
    page.get_by_role("button", name="保存").click()
    expect(badge).to_have_count(0)
    # Spacing 1.4 mm, 320 CSS pixels for 85.6 mm: an image pixel is 5.23 screen pixels.
    expect(page.locator(".corner-bottom-right")).to_contain_text("缩放 523%")


def test_pacs_4_2_11_c_a_scaled_page_is_noticed(chromium, server):
    """PACS-4.2.11-c"""
    page, watch = open_page(chromium, device_scale_factor=2)
    sign_in(page, server)
    Viewer(page).open(server.url, STUDY).shown(0)
    banner = page.locator(".banner-display")
    expect(banner).to_contain_text("200%")
    banner.get_by_role("button", name="当前缩放就是本屏的标准缩放").click()
    expect(banner).to_have_count(0)
    page.context.close()
    assert watch.problems == []


def test_priors_are_found_compared_and_told_apart(page, server):
    first = server.state.studies[0]
    prior = server.state.add_study(300, patientID=first["patientID"], patientName=first["patientName"],
                                   patientBirthDate=first["patientBirthDate"], studyDescription="胸部平扫", modalities=["CT"],
                                   studyDate="20200102")
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY).shown(0)
    # The prior of the same kind is opened beside, without taking a view.
    expect(page.locator(".rail-study")).to_have_count(2)
    page.keyboard.press("Control+ArrowUp")
    expect(viewer.panes).to_have_count(2)
    viewer.pane(2).shown(0)
    letters = page.locator(".exam-strip .exam-letter")
    expect(letters).to_have_text(["A", "B"])
    expect(page.locator(".exam-strip .exam-prior")).to_have_text(["本次", "既往 1"])
    expect(page.locator(".exam-strip .exam-date").nth(1)).to_contain_text("2020-01-02")
    page.keyboard.press("End")
    viewer.pane(1).shown(39)
    viewer.pane(2).shown(39)
    assert prior["studyInstanceUID"] != STUDY


def test_a_screen_is_saved_as_a_protocol_and_hangs_the_next_time(page, server):
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY, hang=True)
    viewer.pane(1).shown(0)
    page.keyboard.press("Alt+3")
    viewer.pane(3).shown(0)
    page.keyboard.press("Alt+p")
    page.locator("#protocol-name").fill("我的方案")
    expect(page.locator("dialog")).to_contain_text("设备类型是 CT")
    page.get_by_role("button", name="保存").click()
    expect_heard(page, "我的方案")
    page.reload()
    expect(viewer.panes).to_have_count(9)
    page.keyboard.press("Shift+P")
    expect(page.locator(".protocol-list li[aria-current=true]")).to_contain_text("我的方案")


def test_a_profile_changes_keys_and_help_together(page, server):
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY).shown(0)
    page.keyboard.press("Shift+Q")
    page.get_by_label("OHIF").check()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("i")
    expect(page.locator(".corner-bottom-right")).to_contain_text("反相")
    page.keyboard.press("F1")
    row = page.locator(".help-table tr", has_text=re.compile("^I反相$"))
    expect(row).to_have_count(1)
    assert viewer.viewport.get_attribute("data-shown") == "0"


def test_pacs_4_8_1_4_patterns_stand_at_native_pixels_and_results_are_kept(page, server):
    """PACS-4.8.1-4 PACS-4.5.21-1"""
    sign_in(page, server)
    page.goto(f"{server.url}/#/display")
    canvas = page.locator(".pattern")
    expect(canvas).to_have_attribute("data-pattern", "smpte")
    page.get_by_role("button", name="256 级灰阶").click()
    expect(canvas).to_have_attribute("data-pattern", "ramp")
    size, levels = canvas.evaluate("""canvas => {
        const row = canvas.getContext('2d').getImageData(0, 10, canvas.width, 1).data;
        return [[canvas.width, canvas.height], new Set([...row].filter((_, i) => i % 4 === 0)).size];
    }""")
    assert size == [1440, 900] and levels == 256
    for box in page.locator(".pattern-panel input[type=checkbox]").all():
        box.check()
    page.get_by_role("button", name="记录结果").click()
    expect(page.locator(".pattern-log")).to_contain_text("通过")
    page.reload()
    expect(page.locator(".pattern-log")).to_contain_text("reader")


def test_the_server_keeps_habits_monitors_and_display_checks_for_other_browsers(chromium, server):
    """What one browser sets another finds; without the server results wait here and are sent later."""
    first, _ = open_page(chromium)
    sign_in(first, server)
    first.goto(f"{server.url}/#/display")
    first.get_by_label("本工作站名称").fill("读片室 1")
    first.get_by_label("本工作站名称").press("Enter")
    first.route("**/api/display-checks", lambda route: route.abort())
    first.get_by_role("button", name="记录结果").click()
    expect(first.locator(".pattern-log tr")).to_have_count(1)
    assert server.state.checks == []
    first.unroute("**/api/display-checks")
    first.reload()
    expect(first.locator(".pattern-log tr")).to_have_count(1)
    until(first, lambda: server.state.checks, "the result on the server")
    (check,) = server.state.checks
    assert check["workstation"] == "读片室 1" and check["passed"] is False
    server.state.kept["reader /api/preferences/profile"] = {"name": "weasis"}
    server.state.kept["/api/workstations/读片室 1/screens"] = {}
    second, _ = open_page(chromium)
    sign_in(second, server)
    second.goto(f"{server.url}/#/display")
    expect(second.locator(".pattern-log")).to_contain_text("读片室 1")
    second.goto(f"{server.url}/#/viewer/{STUDY}")
    expect(second.locator(".viewport").first).to_have_attribute("data-exact", "true")
    second.wait_for_function("localStorage.getItem('apus.profile.reader') === '\"weasis\"'")


def test_pacs_4_2_11_e_the_light_viewer_says_what_it_is_not_for_and_obeys_fingers(chromium, server):
    """PACS-4.2.11-e"""
    page, watch = open_page(chromium, viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True, device_scale_factor=1)
    sign_in(page, server)
    page.goto(f"{server.url}/#/light/{STUDY}")
    viewer = Viewer(page).shown(0)
    expect(page.locator(".banner-nonDiagnostic")).to_contain_text("不得用于诊断")
    expect(page.locator(".fidelity-nonDiagnostic")).to_be_visible()
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", (200, 500))
    for y in range(490, 340, -15):
        touch("touchMove", (200, y))
    touch("touchEnd")
    expect(viewer.viewport).not_to_have_attribute("data-shown", "0")
    fitted = page.locator(".corner-bottom-right").inner_text()
    touch("touchStart", (150, 400), (250, 400))
    for spread in range(10, 80, 10):
        touch("touchMove", (150 - spread, 400), (250 + spread, 400))
    touch("touchEnd")
    page.keyboard.press("i")
    page.keyboard.press("i")
    assert fitted is not None
    expect(page.locator(".corner-bottom-right")).to_contain_text(re.compile(r"缩放 (2[0-9]\d|3\d\d)%"))
    page.context.close()
    assert watch.problems == []


def test_the_list_marks_what_the_viewer_window_shows(page, server):
    studies = sign_in(page, server)
    with page.context.expect_page() as opened:
        page.keyboard.press("Shift+Enter")
    viewer_page = opened.value
    viewer_page.locator(".viewport[data-exact=true]").first.wait_for()
    expect(page.locator(".study-table tr.is-shown")).to_have_count(1)
    # The next one goes to the same window.
    page.bring_to_front()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Enter")
    second = studies.selected.get_attribute("data-key")
    viewer_page.wait_for_url(re.compile(re.escape(second)))
    assert len(page.context.pages) == 2
    viewer_page.close()
    expect(page.locator(".study-table tr.is-shown")).to_have_count(0)


def test_the_viewer_speaks_of_itself(page, hung):
    tree = page.locator(".stage").aria_snapshot()
    assert 'region "CT 胸部平扫 5.0 mm，第 1 幅，共 40 幅"' in tree
    assert 'slider "图像位置"' in tree
    bar = page.locator(".viewer-bar").aria_snapshot()
    for name in ("左键工具", "窗预设", "布局", "联动", "挂片"):
        assert name in bar


def test_a_study_without_segments_says_so_and_the_panel_closes_with_its_key(page, hung):
    page.keyboard.press("Alt+g")
    panel = page.get_by_role("region", name="分割与轮廓")
    expect(panel).to_contain_text("该检查没有分割和结构集")
    page.keyboard.press("Alt+g")
    expect(panel).to_have_count(0)


def test_before_saving_the_dialog_says_what_other_programs_will_not_show(page, hung):
    page.keyboard.press("Alt+Shift+S")
    expect(page.locator("dialog")).to_have_count(1)
    expect(page.locator("dialog .panel-note")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("=")
    page.keyboard.press("Alt+Shift+S")
    expect(page.locator("dialog .panel-note")).to_contain_text("其他程序按整像素显示")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("r")
    hung.pane(1).drag(160, 40)
    page.keyboard.press("Alt+Shift+S")
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("全部 2 个视图")
    expect(dialog.locator(".panel-note")).to_contain_text("其他程序只支持 90° 的倍数")


def test_firefox_hangs_links_and_undoes(firefox, server):
    page, watch = open_page(firefox, **FIREFOX_CONTEXT)
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY, hang=True)
    viewer.pane(1).shown(0)
    page.keyboard.press("End")
    viewer.pane(2).shown(39)
    page.keyboard.press("Alt+2")
    expect(viewer.panes).to_have_count(4)
    page.keyboard.press("Control+z")
    expect(viewer.panes).to_have_count(2)
    page.keyboard.press("q")
    StudyList(page).shown()
    page.context.close()
    assert watch.problems == []
