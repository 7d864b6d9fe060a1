"""The accessibility tree of each screen, as a screen reader walks it: what must be there, by role, name and order.

Each tree names what a reader cannot do without; more may stand between. Dates of the made studies follow the calendar.
"""

import pytest
from playwright.sync_api import expect

import synthetic
from conftest import sign_in
from mock_server import SETUP_TOKEN
from pages import Viewer, until

STUDY = synthetic.study_uid(0)

ENTRANCE = """
- main:
  - region "登录":
    - heading "登录" [level=1]
    - textbox "用户名"
    - textbox "密码"
    - button "登录"
  - navigation "语言":
    - button "中文" [pressed]
    - button "English"
- status
"""
SETUP = """
- main:
  - region "创建首位管理员":
    - heading "创建首位管理员" [level=1]
    - textbox "用户名"
    - textbox "密码"
    - list "密码要求"
    - textbox "再次输入密码"
    - button "创建并登录" [disabled]
"""
LIST = """
- banner:
  - heading "检查列表" [level=1]
  - button "键盘与鼠标说明"
  - 'button "用户菜单：reader"'
- main "检查列表":
  - search:
    - searchbox "搜索检查"
    - group "检查日期":
      - button "全部" [pressed]
    - group "设备类型":
      - button "CT"
    - status: 260 个检查
    - button "导入文件"
    - button "导入文件夹"
  - grid "检查列表":
    - rowgroup:
      - row:
        - columnheader "姓名":
          - button "姓名"
        - columnheader "检查时间":
          - button "检查时间"
    - rowgroup:
      - row /王伟 Wang Wei P2400000 男 1932-01-01 \\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2} CT 胸部平扫/ [selected]:
        - gridcell /王伟/:
          - link "王伟"
        - gridcell "P2400000"
"""
VIEWER = """
- toolbar "阅片工具":
  - button "检查列表"
  - heading /王伟 P2400000/ [level=1]
  - group "左键工具":
    - button "左键：窗宽窗位" [pressed]
    - button "左键：移动"
    - button "左键：缩放"
    - button "左键：翻页"
  - group "测量":
    - button "长度"
    - button "角度"
    - button "标注列表"
  - button "窗预设"
  - group "显示方式":
    - button "反相"
  - group "播放":
    - button "播放 / 暂停"
  - button "布局"
  - button "联动"
  - button "挂片"
  - group "图像":
    - button "关键图像"
  - button "键盘与鼠标说明"
- alert
- status
- navigation "序列":
  - region /胸部平扫/:
    - list:
      - listitem:
        - button "CT 40 幅 2 胸部平扫 5.0 mm"
      - listitem:
        - button "MR 12 幅 3 T2 横断面"
- main "图像":
  - region "CT 胸部平扫 5.0 mm，第 1 幅，共 40 幅":
    - img "CT 胸部平扫 5.0 mm，第 1 幅，共 40 幅"
    - slider "图像位置"
  - region "CT 胸部平扫 5.0 mm，第 1 幅，共 40 幅":
    - img "CT 胸部平扫 5.0 mm，第 1 幅，共 40 幅"
    - slider "图像位置"
- status: 图像 1 / 40
"""
TAGS = """
- heading "DICOM 属性" [level=2]
- searchbox "筛选属性"
- button "关闭"
"""
MARKS = """
- heading "标注列表" [level=2]
"""
HANGING = """
- dialog "挂片方案":
  - banner:
    - heading "挂片方案" [level=2]
  - checkbox "打开检查时自动挂片"
"""
CALIBRATION = """
- dialog "显示器用途与校准":
  - banner:
    - heading "显示器用途与校准" [level=2]
  - group "这台显示器用于":
    - radio "诊断阅片"
    - radio "文字与列表"
    - radio "未指定" [checked]
"""
FIDELITY = """
- dialog "图像保真度":
  - banner:
    - heading "图像保真度" [level=2]
"""
HELP = """
- dialog:
  - banner:
    - heading [level=2]
  - table:
    - rowgroup:
      - row
"""
DISPLAY = """
- heading "显示器质量检测" [level=1]
- checkbox "0% 方块中的 5% 小块可见"
- checkbox "100% 方块中的 95% 小块可见"
"""
LIGHT = """
- alert: 仅供浏览，不得用于诊断
- banner:
  - heading /王伟 P2400000/ [level=1]
- main "图像"
"""

# By the key that opens it from the viewer.
OVER_THE_VIEWER = {
    "tags": ("Shift+T", TAGS), "marks": ("Shift+M", MARKS),
    "hanging": ("Shift+P", HANGING), "calibration": ("Alt+c", CALIBRATION),
    "fidelity": ("f", FIDELITY), "help": ("F1", HELP),
}


def matches(page, tree: str) -> None:
    expect(page.locator("body")).to_match_aria_snapshot(tree)


def test_the_entrance_and_the_set_up(page, server):
    page.goto(server.url)
    matches(page, ENTRANCE)
    page.goto(f"{server.url}/setup/{SETUP_TOKEN}")
    matches(page, SETUP)


def test_the_list(page, server):
    sign_in(page, server)
    matches(page, LIST)


def test_the_viewer(page, server):
    sign_in(page, server)
    viewer = Viewer(page).open(server.url, STUDY, hang=True)
    viewer.pane(1).shown(0)
    viewer.pane(2).shown(0)
    matches(page, VIEWER)


@pytest.mark.parametrize("what", OVER_THE_VIEWER)
def test_what_opens_over_the_viewer(page, server, what):
    key, tree = OVER_THE_VIEWER[what]
    sign_in(page, server)
    Viewer(page).open(server.url, STUDY).shown(0)
    page.keyboard.press(key)
    matches(page, tree)
    if "dialog" in tree:
        # A dialog holds the keyboard until it is left, and gives it back.
        until(page, lambda: page.evaluate("document.activeElement.closest('dialog') !== null"), "the keys in the dialog")
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
        page.keyboard.press("ArrowDown")
        Viewer(page).shown(1)


def test_the_display_check_and_the_light_viewer(page, server):
    sign_in(page, server)
    page.goto(f"{server.url}/#/display")
    matches(page, DISPLAY)
    page.goto(f"{server.url}/#/light/{STUDY}")
    Viewer(page).shown(0)
    matches(page, LIGHT)
