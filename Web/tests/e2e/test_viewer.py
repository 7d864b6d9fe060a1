"""The viewer: pixels, scrolling, window, geometry, cine, what cannot be shown."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

import synthetic
from conftest import sign_in
from pages import Viewer, until

STUDY = synthetic.study_uid(0)
CT, MR, DX, US, SR, BROKEN = range(6)
# Centres of the squares of known Hounsfield units in every slice of the CT series.
SQUARES = {-1000: (8, 8), 0: (16, 8), 40: (24, 8), 240: (32, 8)}


@pytest.fixture
def viewer(page, server) -> Viewer:
    sign_in(page, server)
    return Viewer(page).open(server.url, STUDY).shown(0)


def levels(viewer: Viewer) -> list[int]:
    return [viewer.pixel(x, y, 256, 256)[0] for x, y in SQUARES.values()]


def test_pacs_4_2_8_d_ct_pixels_follow_the_window_formula(viewer):
    # W 400 L 40: ((v - 39.5) / 399 + 0.5) * 255
    expected = [0, round((-39.5 / 399 + 0.5) * 255), round((0.5 / 399 + 0.5) * 255), 255]
    assert np.abs(np.array(levels(viewer)) - expected).max() <= 1
    assert viewer.corner("bottom-right").startswith("窗宽 400　窗位 40")


def test_pacs_4_2_8_d_presets_invert_and_reset(page, viewer):
    page.keyboard.press("2")
    expect(page.locator(".corner-bottom-right")).to_contain_text("窗宽 1,500　窗位 -600")
    viewer.shown()
    lung = [round(min(max(((v + 600.5) / 1499 + 0.5) * 255, 0), 255)) for v in SQUARES]
    assert np.abs(np.array(levels(viewer)) - lung).max() <= 1
    page.keyboard.press("Shift+I")
    viewer.shown()
    assert np.abs(np.array(levels(viewer)) - [255 - level for level in lung]).max() <= 1
    expect(page.get_by_role("button", name="反相")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.locator(".corner-bottom-right")).to_contain_text("窗宽 400　窗位 40")


@pytest.mark.parametrize("button", ["left", "right"])
def test_pacs_4_2_8_d_dragging_changes_width_across_and_level_along(page, viewer, button):
    """PACS-4.2.8-d GUIDE-1.1.1.1.2-1 CT-4.3.2.1-3: the numbers follow while the window is dragged."""
    viewer.drag(140, 0, button)
    width = int(re.search(r"窗宽 ([\d,]+)", viewer.corner("bottom-right"))[1].replace(",", ""))
    assert 550 < width < 700
    assert "窗位 40" in viewer.corner("bottom-right")
    viewer.drag(0, 70, button)
    assert int(re.search(r"窗位 (-?\d+)", viewer.corner("bottom-right"))[1]) > 150


def test_pacs_4_2_8_e_scrolling_by_wheel_and_keys_within_the_ends(page, viewer):
    page.mouse.move(700, 450)
    page.mouse.wheel(0, 120)
    viewer.shown(1)
    for key, index in (("ArrowDown", 2), ("Shift+ArrowDown", 12), ("Shift+ArrowDown", 22), ("ArrowUp", 21), ("Shift+ArrowUp", 11),
                       ("End", 39), ("ArrowDown", 39), ("Home", 0), ("ArrowUp", 0)):
        page.keyboard.press(key)
        viewer.shown(index)
    expect(page.locator(".corner-count")).to_have_text("图像 1 / 40")


def test_pacs_4_2_8_e_slices_stand_in_the_order_of_positions(page, viewer):
    # The metadata came in another order; numbers and positions run together here.
    for index, z in ((0, "-5"), (9, "-50"), (39, "-200")):
        page.locator(".stack-bar").focus()
        page.keyboard.press("Home")
        for _ in range(index // 10):
            page.keyboard.press("Shift+ArrowDown")
        for _ in range(index % 10):
            page.keyboard.press("ArrowDown")
        viewer.shown(index)
        assert f"位置 {z} mm" in viewer.corner("bottom-left")


def test_pacs_4_2_8_c_zoom_and_pacs_4_2_8_b_pan_flip_rotate(page, viewer):
    """PACS-4.2.8-b PACS-4.2.8-c GUIDE-1.1.1.1.2-2 GUIDE-1.1.1.1.2-3"""
    percent = lambda: int(re.search(r"缩放 (\d+)%", viewer.corner("bottom-right"))[1])  # noqa: E731
    fitted = percent()
    viewer.drag(0, -100, modifier="Control")
    assert percent() > fitted * 1.5
    page.keyboard.press("Escape")
    assert percent() == fitted
    page.mouse.move(700, 450)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    assert percent() > fitted
    page.keyboard.press("Escape")
    viewer.drag(60, 0, "middle")
    viewer.shown()
    assert viewer.pixel(32, 8, 256, 256)[0] != 255
    page.keyboard.press("Escape")
    edge = lambda side: page.locator(f".edge-{side}").inner_text()  # noqa: E731
    assert (edge("left"), edge("top")) == ("R", "A")
    page.keyboard.press("Shift+H")
    viewer.shown()
    assert (edge("left"), edge("top")) == ("L", "A")
    assert viewer.pixel(256 - 32, 8, 256, 256)[0] == 255
    page.keyboard.press("Shift+H")
    page.keyboard.press("Shift+R")
    viewer.shown()
    assert (edge("top"), edge("right")) == ("R", "A")
    assert viewer.pixel(256 - 8, 32, 256, 256)[0] == 255
    page.keyboard.press("Shift+R")
    page.keyboard.press("Shift+V")
    assert edge("left") == "L"


def test_mr_with_rubbish_in_unused_bits_and_pixels_not_square(page, viewer):
    viewer.series.nth(MR).click()
    viewer.shown(0).loaded(12)
    # 900 mm² pixels: 0.9 tall, 1.2 wide. The background is dark although its upper bits are set.
    assert viewer.pixel(8, 8, 192, 256, 0.75)[0] < 20
    stored = np.frombuffer(synthetic.frame("mr", 1, 1), "<u2").reshape(256, 192) & 0xFFF
    brightest = viewer.pixel(96 - 16, 120, 192, 256, 0.75)[0]
    assert stored[120, 80] > 1300 and brightest > 230
    width = int(re.search(r"窗宽 ([\d,]+)", viewer.corner("bottom-right"))[1].replace(",", ""))
    assert 1000 < width < 1700
    page.keyboard.press("End")
    viewer.shown(11)
    assert f"窗宽 {width:,}" in viewer.corner("bottom-right")


def test_monochrome1_is_shown_as_the_negative(page, viewer):
    viewer.series.nth(DX).click()
    viewer.shown(0)
    stored = np.frombuffer(synthetic.frame("dx", 1, 1), "<u2").reshape(1024, 840)
    # The heart let through the least radiation: low values, bright.
    heart, air = (470, 600), (60, 60)
    assert stored[heart[1], heart[0]] < stored[air[1], air[0]]
    assert viewer.pixel(*heart, 840, 1024)[0] > 170
    assert viewer.pixel(*air, 840, 1024)[0] < 60
    assert (page.locator(".edge-left").inner_text(), page.locator(".edge-top").inner_text()) == ("R", "H")


def test_colour_multi_frame_plays_and_pauses(page, viewer):
    viewer.series.nth(US).click()
    viewer.shown(0).loaded(24)
    red, green, blue = viewer.pixel(160, 150, 320, 240)
    assert red > 120 and green < 110 and blue < 110
    expect(page.locator(".rate")).to_have_text("25 帧/秒")
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="播放 / 暂停")).to_have_attribute("aria-pressed", "true")
    # Forward, and from the end to the beginning again.
    expect(viewer.viewport).to_have_attribute("data-index", re.compile("^(1[0-9]|2[0-9])$"))
    expect(viewer.viewport).to_have_attribute("data-index", re.compile("^[0-9]$"))
    page.keyboard.press("c")
    viewer.shown()
    still = viewer.viewport.get_attribute("data-index")
    page.wait_for_timeout(200)
    assert viewer.viewport.get_attribute("data-index") == still


def test_what_is_no_image_is_a_document_and_shows_its_attributes(page, viewer):
    """GUIDE-1.1.1.1.2-5"""
    viewer.series.nth(SR).click()
    expect(page.locator(".no-images-note")).to_contain_text("结构化报告")
    expect(page.locator(".report")).to_contain_text("CTDIvol 7.2 mGy")
    page.get_by_role("button", name="DICOM 属性").last.click()
    expect(page.locator(".tag-table")).to_contain_text("CTDIvol 7.2 mGy")
    expect(page.locator(".tag-table")).to_contain_text("(0010,0010)")
    page.locator(".tag-panel input").fill("patientid")
    expect(page.locator(".tag-table tr[data-key]")).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator(".series-entry").first.click()
    viewer.shown(0)


def test_unreadable_pixels_are_explained_and_no_other_image_stands_in(page, viewer):
    viewer.series.nth(BROKEN).click()
    expect(page.locator(".viewport-message")).to_contain_text("第 1 幅无法显示")
    until(page, lambda: viewer.pixel(128, 128, 256, 256) == [0, 0, 0], "the empty view")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".no-images-note")).to_be_visible()


def test_the_nearest_loaded_slice_stands_in_and_says_so(page, server):
    sign_in(page, server)
    server.state.frame_delay = 2
    viewer = Viewer(page).open(server.url, STUDY).shown(0)
    page.keyboard.press("End")
    expect(page.locator(".corner-note")).to_contain_text("正在载入，暂显示第")
    assert viewer.viewport.get_attribute("data-exact") == "false"
    viewer.shown(39)
    expect(page.locator(".corner-note")).not_to_contain_text("暂显示")
    # The frame jumped to did not wait for those in between.
    assert server.state.frame_requests.index(("ct", 39, 1)) < 20


def test_changing_the_series_stops_loading_the_one_before(page, server):
    sign_in(page, server)
    server.state.frame_delay = 0.3
    viewer = Viewer(page).open(server.url, STUDY).shown(0)
    viewer.series.nth(MR).click()
    until(page, lambda: any(kind == "mr" for kind, *_ in server.state.frame_requests), "the other series")
    asked = sum(1 for kind, *_ in server.state.frame_requests if kind == "ct")
    viewer.loaded(12)
    # One may have been on its way, and two more are written before the server notices that the stream was closed.
    assert sum(1 for kind, *_ in server.state.frame_requests if kind == "ct") <= asked + 3
    assert asked < 40


def test_a_series_comes_back_as_it_was_left(page, viewer):
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("2")
    viewer.shown(10)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".corner-top-right")).to_contain_text("T2 横断面")
    viewer.shown(0)
    page.keyboard.press("ArrowLeft")
    viewer.shown(10)
    assert "窗宽 1,500" in viewer.corner("bottom-right")


def test_the_patient_stays_named_whatever_is_hidden(page, viewer):
    for _ in range(2):
        expect(page.locator(".corner-name")).to_have_text("王伟")
        expect(page.locator(".corner-top-left")).to_contain_text("P2400000")
        page.keyboard.press("i")
    # Without any text over the picture the tool bar still names the patient.
    expect(page.locator(".corner-name")).to_be_hidden()
    expect(page.locator(".identity-name")).to_have_text("王伟")
    page.keyboard.press("i")
    page.keyboard.press("i")
    expect(page.locator(".corner-top-right")).to_be_hidden()
    expect(page.locator(".corner-name")).to_be_visible()


def test_the_scroll_bar_seeks_and_speaks(page, viewer):
    bar = page.get_by_role("slider", name="图像位置")
    box = bar.bounding_box()
    page.mouse.click(box["x"] + 7, box["y"] + box["height"] * 0.5)
    viewer.shown(20)
    expect(bar).to_have_attribute("aria-valuenow", "21")
    expect(page.locator(".viewport-canvas")).to_have_attribute("aria-label", "CT 胸部平扫 5.0 mm，第 21 幅，共 40 幅")


def test_keys_work_with_a_chinese_input_method_switched_on(page, viewer):
    page.evaluate("""() => document.body.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Process', code: 'KeyM', keyCode: 229, bubbles: true }))""")
    expect(page.get_by_role("button", name="左键：放大镜")).to_have_attribute("aria-pressed", "true")


def test_an_unknown_study_is_explained(page, server):
    sign_in(page, server)
    page.goto(f"{server.url}/#/viewer/1.2.3.999")
    expect(page.locator(".viewport-message")).to_contain_text("找不到所请求的内容")
    page.get_by_role("button", name="检查列表").click()
    expect(page.locator(".study-table")).to_be_visible()
