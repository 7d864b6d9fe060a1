"""Import: files, folders, verdicts, progress, cancel, errors, leaving the page."""

import io
import threading
import zipfile

import pytest
from playwright.sync_api import expect

from pages import Entrance, ImportPanel, until

HEAD = bytes(128) + b"DICM"


def dicom(number: int) -> bytes:
    return HEAD + number.to_bytes(4, "little") * 50


def as_files(contents: dict) -> list[dict]:
    return [{"name": name, "mimeType": "", "buffer": content} for name, content in contents.items()]


def zipped(contents: dict) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def panel(page) -> ImportPanel:
    return ImportPanel(page)


def test_pacs_4_2_4_c_every_file_gets_its_verdict_and_reason(studies, panel):
    studies.files.set_input_files(as_files({
        "IM1": dicom(1), "IM1 copy": dicom(1), "photo.dcm": b"JFIF" * 60, "cut": HEAD + b"TRUNCATED",
        "same": HEAD + b"SAMEUID", "empty": b"", "disk.zip": zipped({"a/IM2": dicom(2), "a/notes.txt": b"text"}),
    }))
    expect(panel.title).to_have_text("导入结束")
    table = {path: (verdict, reason) for verdict, path, reason in panel.table()}
    assert {table["IM1"][0], table["IM1 copy"][0]} == {"已入库", "重复"}
    assert table["photo.dcm"] == ("已拒绝", "不是 DICOM 文件：缺少 DICM 标识")
    assert table["cut"] == ("已隔离", "像素数据长度不足")
    assert table["same"][0] == "有冲突"
    assert table["empty"] == ("已跳过", "空文件")
    assert table["disk.zip/a/IM2"][0] == "已入库"
    assert table["disk.zip/a/notes.txt"][0] == "已拒绝"
    panel.chips.filter(has_text="已拒绝").click()
    expect(panel.rows).to_have_count(2)
    with panel.page.expect_download() as download:
        panel.button("保存结果清单").click()
    saved = open(download.value.path(), encoding="utf-8-sig").read()
    assert "已隔离,cut,像素数据长度不足" in saved


def test_a_folder_dropped_on_the_list_is_walked_to_the_bottom(page, server, studies, panel, tmp_path):
    for path, number in (("one", 1), ("sub/two", 2), ("sub/deep/three", 3)):
        target = tmp_path / "disc" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(dicom(number))
    client = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(tmp_path / "disc")], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver"):
        client.send("Input.dispatchDragEvent", {"type": kind, "x": 700, "y": 500, "data": data})
    expect(page.locator(".drop-hint")).to_be_visible()
    client.send("Input.dispatchDragEvent", {"type": "drop", "x": 700, "y": 500, "data": data})
    expect(panel.title).to_have_text("导入结束")
    expect(page.locator(".drop-hint")).to_be_hidden()
    assert sorted(server.state.uploads) == ["disc/one", "disc/sub/deep/three", "disc/sub/two"]


def test_a_folder_can_be_picked(page, server, studies, panel, tmp_path):
    (tmp_path / "disc" / "sub").mkdir(parents=True)
    (tmp_path / "disc" / "sub" / "IM 张").write_bytes(dicom(5))
    page.locator("#import-folder").set_input_files(tmp_path / "disc")
    expect(panel.title).to_have_text("导入结束")
    assert server.state.uploads == ["disc/sub/IM 张"]


def test_pacs_4_2_4_b_progress_counts_and_cancel(server, studies, panel):
    server.state.uploads_let = threading.Semaphore(4)
    studies.files.set_input_files(as_files({f"IM{i:03d}": dicom(i) for i in range(40)}))
    expect(panel.title).to_have_text("正在导入")
    expect(panel.panel.locator(".import-figures")).to_contain_text("/ 40")
    expect(panel.chips.filter(has_text="已入库")).to_be_visible()
    panel.button("取消").click()
    expect(panel.title).to_have_text("导入结束")
    expect(panel.chips.filter(has_text="已取消")).to_be_visible()
    # What was on its way is not waited for, and nothing is sent any more.
    server.state.uploads_let.release(40)
    panel.page.wait_for_timeout(600)
    assert len(server.state.uploads) < 12
    # What was stored is stored; the counts tell the whole of it.
    counts = [int(text.split()[-1]) for text in panel.chips.all_inner_texts()]
    assert sum(counts) == 40


def test_pacs_4_2_4_c_a_server_error_does_not_stop_the_rest_and_is_retried(server, studies, panel):
    server.state.fail_uploads = 2
    studies.files.set_input_files(as_files({f"IM{i}": dicom(i) for i in range(6)}))
    expect(panel.title).to_have_text("导入结束")
    expect(panel.chips.filter(has_text="未送达")).to_contain_text("2")
    panel.button("重试失败项").click()
    expect(panel.chips.filter(has_text="已入库")).to_contain_text("6")
    expect(panel.chips.filter(has_text="未送达")).to_have_count(0)


def test_pacs_4_2_4_c_full_storage_pauses_and_goes_on(server, studies, panel):
    server.state.storage = "full"
    studies.files.set_input_files(as_files({f"IM{i}": dicom(i) for i in range(5)}))
    expect(panel.title).to_have_text("导入已暂停")
    expect(panel.pause).to_contain_text("存储空间不足")
    server.state.storage = "ok"
    panel.pause.get_by_role("button", name="继续导入").click()
    expect(panel.title).to_have_text("导入结束")
    expect(panel.chips.filter(has_text="已入库")).to_contain_text("5")


def test_pacs_4_2_2_e_leaving_or_signing_out_while_importing_asks_first(page, server, studies, panel):
    server.state.uploads_let = threading.Semaphore(1)
    studies.files.set_input_files(as_files({f"IM{i}": dicom(i) for i in range(12)}))
    expect(panel.title).to_have_text("正在导入")
    asked = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.evaluate("setTimeout(() => location.reload(), 0)")
    until(page, lambda: asked, "the browser's question")
    assert asked == ["beforeunload"]
    expect(panel.title).to_have_text("正在导入")
    studies.open_user_menu().get_by_role("menuitem", name="退出登录").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("导入尚未完成")
    dialog.get_by_role("button", name="继续，不中断").click()
    server.state.uploads_let.release(12)
    expect(panel.title).to_have_text("导入结束")
    expect(panel.chips.filter(has_text="已入库")).to_contain_text("12")
    page.remove_listener("dialog", stay)
    page.reload()
    studies.shown()


def test_the_import_goes_on_in_the_viewer(page, server, studies, panel):
    server.state.uploads_let = threading.Semaphore(1)
    studies.files.set_input_files(as_files({f"IM{i}": dicom(i) for i in range(9)}))
    studies.rows.first.dblclick()
    expect(page.locator(".viewport").first).to_have_attribute("data-exact", "true")
    server.state.uploads_let.release(9)
    expect(panel.title).to_have_text("导入结束")
    assert len(server.state.uploads) == 9


def test_an_import_interrupted_by_the_end_of_the_session_goes_on_for_the_same_user_only(page, server, studies, panel):
    server.state.uploads_let = threading.Semaphore(1)
    studies.files.set_input_files(as_files({f"IM{i}": dicom(i) for i in range(7)}))
    expect(panel.chips.filter(has_text="已入库")).to_be_visible()
    server.state.sessions.clear()
    server.state.uploads_let.release(7)
    expect(page.locator("#name")).to_be_visible()
    expect(panel.panel).to_have_count(0)
    Entrance(page).sign_in("reader", server.state.accounts["reader"])
    expect(panel.title).to_have_text("导入已暂停")
    server.state.uploads_let = None
    panel.pause.get_by_role("button", name="继续导入").click()
    expect(panel.title).to_have_text("导入结束")
    expect(panel.chips.filter(has_text="已入库")).to_contain_text("7")
    server.state.accounts["other"] = "Green-lantern-42"
    studies.open_user_menu().get_by_role("menuitem", name="退出登录").click()
    Entrance(page).sign_in("other", "Green-lantern-42")
    studies.shown()
    expect(panel.panel).to_have_count(0)
