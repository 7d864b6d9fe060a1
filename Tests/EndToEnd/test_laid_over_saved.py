"""What is saved from the view and withdrawn from it: presentation states and marks (PACS-4.2.8-f, PACS-4.5.2).

DCMTK renders what was saved.
"""

from __future__ import annotations

import io
import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

import apus_server
from laid_over_cases import MATRIX, browser, expect, highdicom, opened, page, pages, sampled, server, settled, study  # noqa: F401
from test_marks_and_overlays import fetched, imported, mark, validated, value


def test_pacs_4_2_8_f_what_stands_in_the_view_is_saved_shown_again_and_rendered_alike_by_dcmtk(page, server, study, tmp_path):
    if shutil.which("dcmp2pgm") is None:
        pytest.skip("dcmp2pgm is not installed")
    viewer = opened(page, server, study[0], study[1][0].SeriesInstanceUID)
    viewer.drag(40, 25)
    # A length, drawn on the slice shown.
    page.keyboard.press("d")
    viewer.drag(120, 60)
    page.keyboard.press("w")
    page.keyboard.press("Escape")
    for key in ("Shift+I", "Shift+R", "Shift+H"):
        page.keyboard.press(key)
    settled(viewer)
    _, before = sampled(page, MATRIX, MATRIX)
    corner = viewer.corner("bottom-right")
    page.keyboard.press("Alt+Shift+S")
    page.locator("dialog input[name=label]").fill("LUNG 1")
    page.locator("dialog input[name=description]").fill("右上叶")
    page.locator("dialog button[type=submit]").click()
    pages.expect_heard(page, "已保存 1 个显示状态")
    states = server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/presentation-states").json()["states"]
    state = next(each for each in states if each["label"] == "LUNG 1")
    assert state["description"] == "右上叶" and state["creator"] == "reader" and state["created"]
    assert len(state["references"]) == len(study[1]) and state["notUnderstood"] == []
    assert (state["rotation"], state["flipped"]) == (90, True) and state["presentation"] == {"shape": "INVERSE"}
    # The mark goes along as graphics that are no mark of their own.
    # Another browser of the same reader may have drawn one before.
    *_, annotation = state["annotations"]
    assert annotation["mark"].startswith("2.25.") and annotation["isMark"] is False and annotation["images"]
    assert [each["type"] for each in annotation["graphics"]] == ["POLYLINE"] and "mm" in annotation["texts"][0]["text"]
    assert server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/marks").json()["marks"] == []
    # Something else, then the state from the list: the same picture.
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+S")
    settled(viewer)
    _, reset = sampled(page, MATRIX, MATRIX)
    assert not np.array_equal(before[..., 0], reset[..., 0])
    page.keyboard.press("Alt+s")
    page.locator("dialog li", has_text="LUNG 1").locator("button.protocol-apply").first.click()
    settled(viewer)
    # Drawn as the mark it is, not twice.
    expect(page.locator(".state-layer path, .state-layer text")).to_have_count(0)
    _, after = sampled(page, MATRIX, MATRIX)
    assert np.array_equal(before[..., 0], after[..., 0])
    assert [line for line in viewer.corner("bottom-right").splitlines() if "窗宽" in line] == [
        line for line in corner.splitlines() if "窗宽" in line]
    # DCMTK renders the object that was stored.
    content = fetched(server, study[0], state)
    assert validated(tmp_path, content, "state.dcm") == []
    (tmp_path / "state.dcm").write_bytes(content)
    shown = page.evaluate("() => document.querySelector('.viewport').dataset.shown")
    listed = server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/viewing").json()
    series = next(each for each in listed["series"] if each["seriesInstanceUID"] == study[1][0].SeriesInstanceUID)
    wanted = series["instances"]["sopInstanceUID"][series["frames"]["instance"][int(shown)]]
    image = next(each for each in study[1] if each.SOPInstanceUID == wanted)
    image.save_as(tmp_path / "image.dcm")
    subprocess.run(
        ["dcmp2pgm", "-p", str(tmp_path / "state.dcm"), str(tmp_path / "image.dcm"), str(tmp_path / "out.pgm")],
        check=True, capture_output=True, timeout=60)
    raw = (tmp_path / "out.pgm").read_bytes()
    rendered = np.frombuffer(raw[-MATRIX * MATRIX:], np.uint8).reshape(MATRIX, MATRIX).astype(int)
    # The picture is turned and mirrored on the screen; sampled by image pixel it is not. DCMTK's is: turned back here.
    upright = np.rot90(np.fliplr(rendered))
    assert np.abs(upright - after[..., 0]).max() <= 1


def test_pacs_4_5_2_a_published_mark_leaves_the_screen_for_good(page, server, tmp_path):
    folder = tmp_path / "phantom"
    apus_server.apus("phantom", "ct", "--images", 1, "--matrix", 32, "--seed", 11, "--patient-id", "ALONE", "--output", folder).ok()
    study, (image,) = imported(server, sorted(folder.rglob("*.dcm")))
    viewer = opened(page, server, study, image.SeriesInstanceUID)
    page.keyboard.press("d")
    viewer.drag(120, 60)
    page.keyboard.press("Shift+M")
    rows = page.locator(".marks-row")
    expect(rows).to_have_count(1)
    page.keyboard.press("Control+s")
    url = f"{server.url}/api/studies/{study}/marks"
    apus_server.eventually(lambda: len(server.session("clinician").get(url).json()["marks"]) == 1, what="publishing")
    page.reload()
    viewer.shown()
    page.keyboard.press("Shift+M")
    expect(rows).to_have_count(1)
    # Until it is known as published it is a working copy, which goes without a question.
    expect(rows).to_contain_text("SR")
    rows.locator(".marks-jump").click()
    page.keyboard.press("Delete")
    page.locator("dialog .button-danger").click()
    expect(rows).to_have_count(0)
    assert server.session("clinician").get(url).json()["marks"] == []
    page.reload()
    viewer.shown()
    page.keyboard.press("Shift+M")
    page.wait_for_timeout(500)
    expect(rows).to_have_count(0)


def test_pacs_4_5_2_published_marks_are_withdrawn_by_their_author_and_nothing_is_deleted(server, tmp_path):
    folder = tmp_path / "phantom"
    apus_server.apus("phantom", "ct", "--images", 2, "--matrix", 32, "--seed", 9, "--output", folder).ok()
    study, images = imported(server, sorted(folder.rglob("*.dcm")))
    url = f"{server.url}/api/studies/{study}/marks"
    reader = server.session("radiologist")
    drawn = [
        mark(images[0], "length", [[1, 1], [9, 1]], [value("410668003", "SCT", "Length", 8.0, "mm")]),
        mark(images[0], "length", [[1, 5], [9, 5]], [value("410668003", "SCT", "Length", 8.0, "mm")]),
        mark(images[1], "text", [[4, 4]], text="note"),
    ]
    made = reader.post(url, json={"attempt": uid_number(), "marks": drawn}).json()["instances"]
    listed = lambda: {each["uid"]: each for each in reader.get(url).json()["marks"]}  # noqa: E731
    first = listed()
    assert set(first) == {each["uid"] for each in drawn}
    body = {"attempt": uid_number(), "marks": [drawn[0]["uid"]], "text": "错侧"}
    # Neither a role without the right nor another person with it.
    for role in ("registrar", "technologist"):
        assert server.session(role).post(url + "/withdraw", json=body).status_code == 403
    answer = apus_server.confirmed(reader, "POST", url + "/withdraw", json=body)
    assert answer.status_code == 201, answer.text
    assert reader.post(url + "/withdraw", json=body).json() == answer.json()
    left = listed()
    assert set(left) == {drawn[1]["uid"], drawn[2]["uid"]}
    for kept in left:
        assert {k: v for k, v in left[kept].items() if k != "origin"} == {k: v for k, v in first[kept].items() if k != "origin"}
    done = answer.json()
    report = next(each for each in made if drawn[0]["uid"] in each["marks"])
    assert done["rejected"] == [report["sopInstanceUID"]]
    # The report is still there, the note says what it rejects and why, and its successor names it.
    assert pydicom.dcmread(io.BytesIO(fetched(server, study, report))).SOPInstanceUID == report["sopInstanceUID"]
    note = fetched(server, study, done["note"])
    assert validated(tmp_path, note, "note.dcm") == []
    document = highdicom.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(io.BytesIO(note)))
    assert document.ConceptNameCodeSequence[0].CodeValue == "113001"
    assert document.resolve_reference(report["sopInstanceUID"])[2] == report["sopInstanceUID"]
    (successor,) = done["instances"]
    written = pydicom.dcmread(io.BytesIO(fetched(server, study, successor)))
    predecessor = written.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert predecessor.ReferencedSOPInstanceUID == report["sopInstanceUID"]
    assert validated(tmp_path, fetched(server, study, successor), "successor.dcm") == []
    # It stays so after a restart, and withdrawing what is gone is an error.
    server.restart()
    assert set({each["uid"] for each in server.session("radiologist").get(
        f"{server.url}/api/studies/{study}/marks").json()["marks"]}) == set(left)
    again = server.session("radiologist").post(
        f"{server.url}/api/studies/{study}/marks/withdraw", json={**body, "attempt": uid_number()})
    assert again.status_code == 404
    log = apus_server.table(server.run("audit", "--limit", 1000).ok().out)
    (entry,) = [row for row in log if done["note"]["sopInstanceUID"] in row["OBJECTS"]]
    assert entry["EVENT"] == "study.changed" and report["sopInstanceUID"] in entry["OBJECTS"]


def uid_number():
    return generate_uid(prefix=None)
