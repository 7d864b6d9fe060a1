"""Marks, presentation states, key images, masks and contours: written by the server, read by others, and the other way round."""

from __future__ import annotations

import io
import re
import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

import apus_server
from apus_server import ApusServer

highdicom = pytest.importorskip("highdicom")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = ApusServer(tmp_path_factory.mktemp("marks") / "data").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def study(server, tmp_path_factory):
    """Three slices of the phantom: study UID and data sets."""
    folder = tmp_path_factory.mktemp("phantom")
    apus_server.apus("phantom", "ct", "--images", 3, "--matrix", 64, "--output", folder).ok()
    return imported(server, sorted(folder.rglob("*.dcm")))


def imported(server, paths):
    session = server.session("radiologist")
    for path in paths:
        answer = session.post(server.url + "/api/import", params={"name": path.name}, data=path.read_bytes())
        assert answer.status_code == 200, answer.text
        assert answer.json()["results"][0]["verdict"] in ("stored", "duplicate"), answer.text
    sets = [pydicom.dcmread(path) for path in paths]
    return sets[0].StudyInstanceUID, sets


def uid():
    return generate_uid(prefix=None)


def value(code, scheme, meaning, number, unit, uncertainty=0.21):
    return {
        "quantity": {"value": code, "scheme": scheme, "meaning": meaning}, "derivation": None, "value": number, "unit": unit,
        "uncertainty": uncertainty, "k": 2,
    }


def mark(image, kind, points, values=(), **more):
    return {
        "uid": uid(), "kind": kind, "number": 1, "seriesInstanceUID": image.SeriesInstanceUID,
        "sopClassUID": image.SOPClassUID, "sopInstanceUID": image.SOPInstanceUID, "frameNumber": 1,
        "frameOfReferenceUID": image.FrameOfReferenceUID, "points": points, "patientPoints": None, "label": [1.5, -2.25],
        "text": "", "values": list(values), "calibration": None, "anchorUncertainty": [0.029, 0.029], "members": [],
        "hidden": False, "author": {"name": "ignored"}, "created": "2026-01-02T03:04:05.678Z",
        "modified": "2026-01-02T03:04:05.678Z", "tool": {"name": "Apus", "version": "test"}, **more,
    }


@pytest.fixture(scope="module")
def marks(study):
    _, images = study
    third = 1 / 3
    return [
        mark(images[0], "length", [[10.5, 20.25], [50.5, 20.0009765625]], [value("410668003", "SCT", "Length", 20 + third, "mm")]),
        mark(images[0], "ellipse", [[30, 40], [50, 40], [40, 36], [40, 44]], [value("42798000", "SCT", "Area", 62.83185307179586, "mm2")]),
        mark(images[1], "polygon", [[1, 1], [9, 1], [9, 9]], [value("42798000", "SCT", "Area", 8.0, "mm2")], text="结节"),
        mark(images[1], "angle", [[0, 0], [10, 10], [20, 0]], [value("1483009", "SCT", "Angle", 90.0, "deg")]),
        mark(images[2], "probe", [[32, 32]], [value("112031", "DCM", "Attenuation Coefficient", 40.0, "[hnsf'U]")]),
        mark(images[2], "text", [[12.5, 13]], text="一句话 note"),
        mark(images[2], "arrow", [[20, 20], [30, 30.5]]),
    ]


@pytest.fixture(scope="module")
def published(server, study, marks):
    answer = server.session("radiologist").post(
        f"{server.url}/api/studies/{study[0]}/marks", json={"attempt": "2.25.4711", "marks": marks})
    assert answer.status_code == 201, answer.text
    return answer.json()["instances"]


def fetched(server, study, instance):
    session = server.session("radiologist")
    url = (f"{server.dicomweb}/studies/{study}/series/{instance['seriesInstanceUID']}/instances/{instance['sopInstanceUID']}")
    answer = session.get(url, headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'})
    assert answer.status_code == 200, answer.text
    boundary = re.search(r'boundary="?([^";]+)', answer.headers["Content-Type"]).group(1)
    part = answer.content.split(b"--" + boundary.encode())[1]
    return part[part.index(b"\r\n\r\n") + 4:-2]


def validated(tmp_path, content, name):
    """Errors of dciodvfy."""
    path = tmp_path / name
    path.write_bytes(content)
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed")
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, timeout=60)
    return [line for line in (done.stderr + done.stdout).splitlines() if line.startswith("Error")]


# PACS-4.2.9-c
def test_published_marks_come_back_exactly_from_dicom(server, study, marks, published):
    answer = server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/marks")
    assert answer.status_code == 200, answer.text
    back = {each["uid"]: each for each in answer.json()["marks"]}
    assert answer.json()["unreadable"] == []
    assert set(back) == {each["uid"] for each in marks}
    for drawn in marks:
        found = dict(back[drawn["uid"]])
        origin, author = found.pop("origin"), found.pop("author")
        assert origin["kind"] == ("GSPS" if drawn["kind"] in ("text", "arrow") else "SR")
        assert author["name"] != "ignored"
        assert found == {key: value for key, value in drawn.items() if key != "author"}


def test_publishing_again_with_the_same_attempt_makes_nothing_new(server, study, marks, published):
    answer = server.session("radiologist").post(
        f"{server.url}/api/studies/{study[0]}/marks", json={"attempt": "2.25.4711", "marks": marks})
    assert answer.status_code == 201
    assert answer.json()["instances"] == published


# PACS-4.7.1-c
def test_our_objects_satisfy_an_independent_validator(server, study, published, tmp_path):
    for index, instance in enumerate(published):
        assert validated(tmp_path, fetched(server, study[0], instance), f"{index}.dcm") == []


def test_an_independent_library_reads_the_report(server, study, marks, published):
    report = next(each for each in published if each["sopClassUID"] == "1.2.840.10008.5.1.4.1.1.88.34")
    document = highdicom.sr.srread(io.BytesIO(fetched(server, study[0], report)))
    content = document.content
    regions = content.get_planar_roi_measurement_groups()
    others = content.get_image_measurement_groups()
    assert len(regions) == 2 and len(others) == 3
    drawn = {each["uid"]: each for each in marks}
    for group in regions:
        own = drawn[group.tracking_uid]
        shape = group.roi.value
        expected = own["points"] if own["kind"] == "ellipse" else own["points"] + own["points"][:1]
        assert np.array_equal(shape, np.array(expected) + 0.5)
        (measurement,) = group.get_measurements()
        assert measurement.value == own["values"][0]["value"]
        assert measurement.unit.value == own["values"][0]["unit"]
    for group in others:
        (measurement,) = group.get_measurements()
        assert measurement.value == drawn[group.tracking_uid]["values"][0]["value"]
    assert set(document.get_evidence_series()) == {(study[0], study[1][0].SeriesInstanceUID)}


def test_dcmtk_prints_the_report_without_complaint(server, study, published, tmp_path):
    if shutil.which("dsrdump") is None:
        pytest.skip("dsrdump is not installed")
    report = next(each for each in published if each["sopClassUID"].startswith("1.2.840.10008.5.1.4.1.1.88"))
    path = tmp_path / "report.dcm"
    path.write_bytes(fetched(server, study[0], report))
    done = subprocess.run(["dsrdump", "+Pl", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith(("E:", "F:"))], done.stderr
    assert "Imaging Measurement Report" in done.stdout


# PACS-4.5.1-3
def test_drafts_survive_a_killed_server_and_conflicts_are_told(server, study, marks):
    url = f"{server.url}/api/studies/{study[0]}/marks/draft"
    session = server.session("radiologist")
    assert session.get(url).json() == {"revision": 0, "marks": [], "deleted": []}
    first = session.put(url, json={"revision": 0, "attempt": "2.25.1", "marks": marks[:1], "deleted": []})
    assert (first.status_code, first.json()) == (200, {"revision": 1})
    # The line broke before the answer: asked again, nothing changes.
    assert session.put(url, json={"revision": 0, "attempt": "2.25.1", "marks": marks[:1], "deleted": []}).json() == {"revision": 1}
    server.kill()
    server.start()
    url = f"{server.url}/api/studies/{study[0]}/marks/draft"
    kept = session.get(url).json()
    assert kept["revision"] == 1 and kept["marks"][0]["points"] == marks[0]["points"]
    other = session.put(url, json={"revision": 0, "attempt": "2.25.2", "marks": [], "deleted": []})
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "draftConflict"
    assert other.json()["revision"] == 1 and other.json()["marks"][0]["uid"] == marks[0]["uid"]
    assert session.put(url, json={"revision": 1, "attempt": "2.25.3", "marks": marks[:2], "deleted": []}).json() == {"revision": 2}
    # Another person has a draft of their own.
    assert server.session("technologist").get(url).json()["revision"] == 0


def test_roles_decide_who_may_draw(server, study, marks):
    url = f"{server.url}/api/studies/{study[0]}/marks"
    body = {"revision": 0, "attempt": "2.25.9", "marks": marks[:1], "deleted": []}
    assert server.session("registrar").get(url).status_code == 403
    assert server.session("administrator").put(url + "/draft", json=body).status_code == 403
    assert server.session("administrator").post(url, json=body).status_code == 403


@pytest.mark.parametrize("body, code", [
    ("[", 400), ('{"attempt": "2.25.1"}', 400), ('{"attempt": "x", "marks": []}', 400), ('{"attempt": "2.25.1", "marks": []}', 400),
    ('{"attempt": "2.25.8", "marks": [{"uid": "2.25.1"}]}', 400), ("[" * 100_000, 400),
])
def test_what_is_no_mark_is_refused(server, study, body, code):
    answer = server.session("radiologist").post(f"{server.url}/api/studies/{study[0]}/marks", data=body)
    assert answer.status_code == code, answer.text
    assert server.is_alive


def test_marks_on_strange_images_are_refused(server, study, marks):
    url = f"{server.url}/api/studies/{study[0]}/marks"
    strange = {**marks[0], "sopInstanceUID": "1.2.3"}
    answer = server.session("radiologist").post(url, json={"attempt": "2.25.10", "marks": [strange]})
    assert answer.status_code == 400 and "marks[0]" in answer.json()["error"]["detail"]
    assert server.session("radiologist").get(f"{server.url}/api/studies/1.2.3/marks").status_code == 404


# PACS-4.2.8-f
def test_a_state_written_here_renders_the_same_in_dcmtk(server, study, tmp_path):
    """DCMTK applies our state to the image; numpy does so by the standard's formulae."""
    if shutil.which("dcmp2pgm") is None:
        pytest.skip("dcmp2pgm is not installed")
    _, images = study
    image = images[1]
    answer = server.session("radiologist").post(
        f"{server.url}/api/studies/{study[0]}/presentation-states",
        json={
            "references": [{"sopInstanceUID": image.SOPInstanceUID}], "label": "BONE", "description": "骨窗",
            "windows": [{"center": 300, "width": 1500}], "rotation": 90, "flipped": True,
        })
    assert answer.status_code == 201, answer.text
    (made,) = answer.json()["instances"]
    content = fetched(server, study[0], made)
    assert validated(tmp_path, content, "state.dcm") == []
    (tmp_path / "state.dcm").write_bytes(content)
    image.save_as(tmp_path / "image.dcm")
    subprocess.run(
        ["dcmp2pgm", "-p", str(tmp_path / "state.dcm"), str(tmp_path / "image.dcm"), str(tmp_path / "out.pgm")],
        check=True, capture_output=True, timeout=60)
    raw = (tmp_path / "out.pgm").read_bytes()
    rendered = np.frombuffer(raw[-64 * 64:], dtype=np.uint8).reshape(64, 64).astype(int)
    hounsfield = image.pixel_array.astype(float) * image.RescaleSlope + image.RescaleIntercept
    window = ((hounsfield - (300 - 0.5)) / (1500 - 1) + 0.5) * 255
    expected = np.fliplr(np.rot90(np.clip(window, 0, 255), -1))
    assert np.abs(rendered - expected).max() <= 1
    listed = server.session("clinician").get(f"{server.url}/api/studies/{study[0]}/presentation-states").json()["states"]
    own = next(each for each in listed if each["sopInstanceUID"] == made["sopInstanceUID"])
    assert own["windows"] == [{"images": [], "center": 300, "width": 1500, "function": "LINEAR", "explanation": ""}]
    assert own["modality"]["intercept"] == -1024 and own["rotation"] == 90 and own["flipped"] is True
    assert own["areas"][0]["bottomRight"] == [63, 63] and own["notUnderstood"] == []


def test_key_images_are_written_and_read(server, study, tmp_path):
    _, images = study
    url = f"{server.url}/api/studies/{study[0]}/key-images"
    answer = server.session("radiologist").post(
        url, json={"title": "113004", "description": "教学", "images": [{"sopInstanceUID": images[2].SOPInstanceUID}]})
    assert answer.status_code == 201, answer.text
    (made,) = answer.json()["instances"]
    content = fetched(server, study[0], made)
    assert validated(tmp_path, content, "key.dcm") == []
    document = highdicom.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(io.BytesIO(content)))
    assert document.resolve_reference(images[2].SOPInstanceUID)[2] == images[2].SOPInstanceUID
    (listed,) = server.session("clinician").get(url).json()["documents"]
    assert listed["title"]["value"] == "113004" and listed["description"] == "教学"
    assert [each["sopInstanceUID"] for each in listed["images"]] == [images[2].SOPInstanceUID]
    assert server.session("radiologist").post(url, json={"title": "1", "images": []}).status_code == 400


def test_hanging_protocols_follow_the_account_and_are_tried(server, study):
    session, url = server.session("radiologist"), server.url + "/api/hanging-protocols"
    shipped = session.get(url).json()["protocols"]
    assert len(shipped) >= 10 and {each["source"] for each in shipped} == {"shipped"}
    assert all(each["names"]["en"] and each["names"]["zh-CN"] for each in shipped)
    own = {
        "version": 1, "id": "mine", "name": "体模", "future": {"kept": True},
        "match": [{"attribute": "modalities", "is": ["CT"], "required": True, "weight": 50},
                  {"attribute": "description", "contains": ["phantom"], "weight": 5}],
        "selectors": {"first": {"prior": 0, "where": [{"attribute": "modality", "is": ["ct"], "required": True}]}},
        "stages": [{"name": "one", "layout": "1x1", "views": [{"selector": "first", "preset": "preset.bone"}]}],
    }
    assert session.post(url, json=own).status_code == 200
    kept = next(each for each in session.get(url).json()["protocols"] if each["id"] == "mine")
    assert kept == {**own, "source": "user"}
    assert not [each for each in server.session("clinician").get(url).json()["protocols"] if each["id"] == "mine"]
    assert session.post(url + "?scope=site", json=own).status_code == 403
    hung = session.get(f"{server.url}/api/studies/{study[0]}/hanging").json()
    assert hung["protocol"]["id"] == "mine"
    assert "modality is CT" in hung["reason"]["en"] and "CT" in hung["reason"]["zh-CN"]
    assert hung["stages"][0]["views"][0]["seriesInstanceUID"] == study[1][0].SeriesInstanceUID
    tried = session.post(url + "/test", json={**own, "match": [{**own["match"][0], "is": ["NM"]}]}).json()
    assert tried["hits"] == [] and tried["misses"][0]["missing"]["en"] == "modality is NM"
    assert len(session.post(url + "/test", json=own).json()["hits"]) == tried["tested"]
    assert session.post(url, json={**own, "version": 2}).status_code == 400
    assert apus_server.confirmed(session, "DELETE", url + "/mine").status_code == 204
    assert session.delete(url + "/mine").status_code == 404


SHARED = apus_server.shared_data()


# The rest needs the shared test files; without them it is skipped, and says so.
@pytest.mark.skipif(SHARED is None, reason="no shared test data")
@pytest.mark.parametrize("name", [
    "highdicom/seg_image_ct_binary.dcm", "highdicom/seg_image_ct_binary_overlap.dcm", "highdicom/seg_image_ct_true_fractional.dcm",
    "dcmqi/partial_overlaps.dcm", "dcmqi/sparse-labelmap-ppv5.dcm", "../transfer-syntaxes/pydicom/liver.dcm",
    "../transfer-syntaxes/pydicom/liver_rle.dcm", "../transfer-syntaxes/pydicom/liver_deflate.dcm",
    "../transfer-syntaxes/pydicom/liver_nonbyte_aligned.dcm",
])
def test_masks_are_the_pixels_of_another_decoder(server, name):
    path = SHARED / "seg-sr-gsps" / name
    study, (segmentation,) = imported(server, [path])
    answer = server.session("radiologist").get(f"{server.url}/api/studies/{study}/segmentations/{segmentation.SOPInstanceUID}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    if name.endswith(("_rle.dcm", "_deflate.dcm")):
        # No other decoder here reads these; they are the same masks compressed.
        segmentation = pydicom.dcmread(path.with_name("liver.dcm"))
    pixels = segmentation.pixel_array.reshape(-1, found["rows"], found["columns"])
    assert len(found["frames"]) == len(pixels)
    for frame, expected in zip(found["frames"], pixels):
        if found["type"] == "BINARY":
            values = np.arange(len(frame["runs"])) % 2
            mask = np.repeat(values, frame["runs"])
        else:
            mask = np.repeat(frame["runs"][::2], frame["runs"][1::2])
        assert np.array_equal(mask.reshape(expected.shape), expected)
    assert [each["number"] for each in found["segments"]] == [int(each.SegmentNumber) for each in segmentation.SegmentSequence]


@pytest.mark.skipif(SHARED is None, reason="no shared test data")
@pytest.mark.parametrize("name", ["rt/rtss.dcm", "pet-ct/sts-043/CT/mask/RS.dcm"])
def test_contours_are_the_points_of_the_structure_set(server, name):
    study, (structures,) = imported(server, [SHARED / name])
    answer = server.session("radiologist").get(f"{server.url}/api/studies/{study}/contours/{structures.SOPInstanceUID}")
    assert answer.status_code == 200, answer.text
    regions = {each["number"]: each for each in answer.json()["regions"]}
    assert {number: each["name"] for number, each in regions.items()} == {
        int(each.ROINumber): str(each.ROIName or "") for each in structures.StructureSetROISequence}
    for item in structures.ROIContourSequence:
        drawn = regions[int(item.ReferencedROINumber)]["contours"]
        contours = [each for each in getattr(item, "ContourSequence", []) if each.get("ContourData")]
        assert [each["points"] for each in drawn] == [[float(number) for number in each.ContourData] for each in contours]


@pytest.mark.skipif(SHARED is None, reason="no shared test data")
@pytest.mark.parametrize("name, count", [
    ("dwv-sr/sr-ruler.dcm", 3), ("dwv-sr/sr-roi.dcm", 3), ("dcmqi/sr.dcm", 0), ("highdicom/sr_document.dcm", 0),
    ("pydicom/test-SR.dcm", 0),
])
def test_reports_of_others_are_read_or_named(server, name, count):
    study, _ = imported(server, [SHARED / "seg-sr-gsps" / name])
    answer = server.session("radiologist").get(f"{server.url}/api/studies/{study}/marks")
    assert answer.status_code == 200, answer.text
    assert answer.json()["unreadable"] == []
    assert len(answer.json()["marks"]) >= count


def test_the_interface_describes_itself(server):
    described = server.session("clinician").get(server.url + "/api/openapi.json").json()
    assert described["openapi"].startswith("3.")
    assert set(described["paths"]["/studies/{study}/marks/draft"]) == {"get", "put"}
    assert "/hanging-protocols/test" in described["paths"]
