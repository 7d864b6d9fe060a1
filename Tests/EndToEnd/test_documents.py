"""Objects that are no pictures: what the server gives of them, against pydicom on the same files."""

from __future__ import annotations

import io
import pathlib
import wave

import numpy
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian, generate_uid
from pydicom.waveforms import multiplex_array

import document_objects as made
from objects import saved
from peers import store_files


@pytest.fixture(scope="module")
def web(server):
    return server.session()


@pytest.fixture(scope="module")
def stored(server, tmp_path_factory):
    """Stores objects, and gives the address of the routes of each."""

    def store(*objects):
        folder = tmp_path_factory.mktemp("documents")
        files = [each if isinstance(each, pathlib.Path) else saved(each, folder) for each in objects]
        assert set(store_files(server, files).values()) == {0}
        objects = [pydicom.dcmread(path, stop_before_pixels=True) for path in files]
        paths = [f"{server.url}/api/studies/{each.StudyInstanceUID}/objects/{each.SOPInstanceUID}" for each in objects]
        return paths if len(paths) > 1 else paths[0]

    return store


def stored_values(path, web, group, shape, dtype):
    answer = web.get(f"{path}/waveforms/{group}")
    assert answer.status_code == 200, answer.text
    count = int(numpy.prod(shape)) * numpy.dtype(dtype).itemsize
    return numpy.frombuffer(answer.content[:count], dtype).reshape(shape)


# Description


def test_an_object_is_described_by_its_class_and_its_attributes_in_utf_8(web, stored):
    source = made.report(SpecificCharacterSet="GB18030", **made.new_study())
    said = web.get(stored(source)).json()
    assert said["sopClassName"] == "Comprehensive SR Storage" and said["content"] is None
    assert said["dataSet"]["00080080"]["Value"] == ["第一医院"]
    finding = said["dataSet"]["0040A730"]["Value"][1]["0040A730"]["Value"][0]
    assert finding["0040A160"]["Value"] == ["右肺上叶结节。\n边界清楚。"]


def test_a_private_class_has_no_name_and_is_described_all_the_same(web, stored):
    said = web.get(stored(made.private_object())).json()
    assert said["sopClassName"] is None and said["dataSet"]["00080070"]["Value"] == ["Example Devices"]


def test_large_binary_values_are_left_out_of_the_description(web, stored):
    source = made.encapsulated(made.PDF, "application/pdf", made.pdf_bytes() + bytes(2_000_000))
    answer = web.get(stored(source))
    assert len(answer.content) < 10_000
    assert answer.json()["content"]["bytes"] == len(made.pdf_bytes()) + 2_000_000


@pytest.mark.parametrize("path", ["studies/1.2.3/objects/1.2.4", "studies/x/objects/y", "studies/1.2.3/objects/1.2.4/content"])
def test_what_is_not_there_is_not_found(server, web, path):
    assert web.get(f"{server.url}/api/{path}").status_code == 404


def test_nobody_sees_an_object_without_the_right_to_view_studies(server, stored):
    path = stored(made.report())
    registrar = server.session("registrar")
    for route in (path, path + "/content", path + "/waveforms/1"):
        assert registrar.get(route).status_code == 403


def test_an_object_of_another_study_is_not_found_under_this_one(server, web, stored):
    one, other = made.report(), made.report()
    stored(one, other)
    assert web.get(f"{server.url}/api/studies/{one.StudyInstanceUID}/objects/{other.SOPInstanceUID}").status_code == 404


REPORTS = [
    "transfer-syntaxes/dcm4che/report_dfl.dcm", "seg-sr-gsps/pydicom/reportsi.dcm", "seg-sr-gsps/pydicom/test-SR.dcm",
    "seg-sr-gsps/pydicom/reportsi_with_empty_number_tags.dcm", "seg-sr-gsps/dcmqi/sr.dcm", "seg-sr-gsps/dwv-sr/sr-ruler.dcm",
    "seg-sr-gsps/highdicom/sr_document.dcm", "seg-sr-gsps/highdicom/sr_document_with_multiple_groups.dcm",
]


def tree(item, children, value) -> list:
    return [value(item), *(tree(child, children, value) for child in children(item))]


@pytest.mark.parametrize("name", REPORTS)
def test_published_reports_are_described_item_by_item_as_pydicom_reads_them(shared, web, stored, name):
    source = pydicom.dcmread(shared / name)
    said = web.get(stored(shared / name)).json()["dataSet"]

    def said_text(item, tag):
        return [str(each) for each in item.get(tag, {}).get("Value", [])]

    def read_text(item, tag):
        element = item.get(pydicom.tag.Tag(tag))
        return [] if element is None or element.value in (None, "") else [str(element.value)]

    tags = ["0040A040", "0040A010", "0040A160", "0040A124"]
    ours = tree(said, lambda item: item.get("0040A730", {}).get("Value", []), lambda item: [said_text(item, tag) for tag in tags])
    theirs = tree(source, lambda item: item.get("ContentSequence", []), lambda item: [read_text(item, tag) for tag in tags])

    def plain(node):
        return [[[text.replace("\r\n", "\n").rstrip() for text in texts] for texts in node[0]], *map(plain, node[1:])]

    assert plain(ours) == plain(theirs)


@pytest.mark.parametrize("name", [
    "rt/rtplan.dcm", "rt/rtss.dcm", "seg-sr-gsps/dcmqi/rwvm.dcm", "seg-sr-gsps/weasis-pr/NeurosurgeryPlan.dcm",
    "seg-sr-gsps/palettes/pet.dcm", "seg-sr-gsps/highdicom/sm_annotations.dcm", "seg-sr-gsps/weasis-pr/prOverlay.dcm"])
def test_every_other_kind_of_object_is_described(shared, server, web, name):
    content = (shared / name).read_bytes()
    answer = web.post(server.url + "/api/import", data=content, params={"name": pathlib.Path(name).name})
    assert answer.status_code == 200, answer.text
    stored = answer.json()["results"][0]
    said = web.get(f"{server.url}/api/studies/{stored['studyInstanceUID']}/objects/{stored['sopInstanceUID']}")
    assert said.status_code == 200 and said.json()["sopClassName"], said.text


# Documents


def test_a_pdf_is_given_bit_for_bit_for_the_browser_to_show_and_run_nothing(web, stored):
    content = made.pdf_bytes() + b"%odd"
    path = stored(made.encapsulated(made.PDF, "application/pdf", content, InstanceNumber=7))
    answer = web.get(path + "/content")
    assert answer.content == content
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'inline; filename="DOC-20-7.pdf"'
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "frame-ancestors 'self'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert web.get(path + "/content?download=1").headers["Content-Disposition"].startswith("attachment")


def test_what_calls_itself_a_pdf_or_a_page_and_is_none_is_only_data(web, stored):
    page = b"<html><script>alert(1)</script></html>"
    for kind in ("application/pdf", "text/html", "image/svg+xml", "text/xml"):
        answer = web.get(stored(made.encapsulated(made.PDF, kind, page)) + "/content")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.content == page


@pytest.mark.parametrize(
    "sop_class, kind, format, name",
    [(made.CDA, "text/XML", "xml", "DOC-20-1.xml"), (made.STL, "model/stl", "stl", "DOC-20-1.stl"), (made.PDF, "x/y", "other", "DOC-20-1.bin")])
def test_documents_are_told_apart(web, stored, sop_class, kind, format, name):
    said = web.get(stored(made.encapsulated(sop_class, kind, b"solid"))).json()["content"]
    assert (said["format"], said["fileName"], said["bytes"]) == (format, name, 5)


def test_the_published_pdf_comes_back_whole(shared, web, stored):
    source = pydicom.dcmread(shared / "ecg-pdf-other/sample-pdf.dcm")
    content = web.get(stored(source) + "/content").content
    assert bytes(source.EncapsulatedDocument).startswith(content) and len(source.EncapsulatedDocument) - len(content) <= 1
    assert content.startswith(b"%PDF-")


# Ranges


def test_parts_of_a_large_document_are_given_as_asked(web, stored):
    content = made.pdf_bytes() + numpy.random.default_rng(1).bytes(3_000_001)
    path = stored(made.encapsulated(made.PDF, "application/pdf", content)) + "/content"
    total = len(content)
    for asked, start, end in [("0-0", 0, 1), (f"{total - 5}-", total - 5, total), ("-10", total - 10, total), ("1000000-2100000", 1_000_000, 2_100_001)]:
        answer = web.get(path, headers={"Range": f"bytes={asked}"})
        assert answer.status_code == 206 and answer.content == content[start:end]
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{total}"
    assert web.get(path, headers={"Range": f"bytes={total}-"}).status_code == 416


# Waveforms


def test_samples_of_the_published_ecg_are_those_pydicom_reads(shared, web, stored):
    source = pydicom.dcmread(shared / "ecg-pdf-other/waveform_ecg.dcm")
    path = stored(source)
    groups = web.get(path).json()["dataSet"]["54000100"]["Value"]
    assert len(groups) == len(source.WaveformSequence)
    for index, group in enumerate(groups):
        raw = multiplex_array(source, index, as_raw=True)
        values = stored_values(path, web, index + 1, raw.shape, "<i2")
        assert numpy.array_equal(values, raw)
        for channel, item in enumerate(group["003A0200"]["Value"]):
            factor = item["003A0210"]["Value"][0] * item["003A0212"]["Value"][0]
            scaled = values[:, channel] * factor + item["003A0213"]["Value"][0]
            assert numpy.allclose(scaled, multiplex_array(source, index, as_raw=False)[:, channel], atol=1e-9)


def test_samples_of_a_big_endian_recording_are_turned_round(web, stored):
    samples = made.beats(2, 500)
    source = made.waveform(made.ECG, samples.astype(">i2"), 500, made.LEADS)
    source.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    source.set_original_encoding(False, False)
    path = stored(source)
    assert numpy.array_equal(stored_values(path, web, 1, samples.shape, "<i2"), samples)


def test_a_long_recording_is_read_in_parts_without_being_held_in_memory(server, web, stored):
    samples = made.beats(3600, 500, channels=12)
    path = stored(made.waveform(made.GENERAL_ECG, samples, 500, made.LEADS))
    size = samples.nbytes
    server.forget_peak()
    before = server.resident_bytes()
    # The first look at a study prepares its manifest.
    study = path.split("/objects/")[0]
    assert web.get(study + "/viewing").json()["series"][0]["kind"] == "waveform"
    assert web.get(path).status_code == 200
    first = 1_700_000 * 24
    answer = web.get(path + "/waveforms/1", headers={"Range": f"bytes={first}-{first + 23_999}"})
    assert answer.status_code == 206
    assert numpy.array_equal(numpy.frombuffer(answer.content, "<i2").reshape(-1, 12), samples[1_700_000:1_701_000])
    assert server.peak_resident_bytes() - before < size // 2


def test_sound_is_given_as_a_file_that_players_know(web, stored):
    samples = (8000 * numpy.sin(numpy.arange(8000) / 4)).astype("<i2")[:, None]
    path = stored(made.waveform(made.VOICE, samples, 8000, ["Voice"], sensitivity=None))
    answer = web.get(path + "/waveforms/1?as=wav")
    assert answer.headers["Content-Type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        assert numpy.array_equal(numpy.frombuffer(sound.readframes(8000), "<i2"), samples[:, 0])
    assert web.get(path + "/waveforms/2").status_code == 404
    ecg = stored(made.waveform(made.ECG, made.beats(1, 500), 500, made.LEADS))
    assert web.get(ecg + "/waveforms/1?as=wav").status_code == 406


# Videos


def test_a_video_is_given_as_it_was_encoded_whatever_fragments_it_came_in(web, stored, tmp_path):
    stream = made.video_stream(tmp_path, "mp4")
    for fragments in (1, 4):
        path = stored(made.video(stream, fragments=fragments))
        said = web.get(path).json()["content"]
        assert (said["kind"], said["container"], said["mediaType"]) == ("video", "mp4", "video/mp4")
        whole = web.get(path + "/content").content
        assert whole[: len(stream)] == stream and len(whole) - len(stream) <= fragments
        part = web.get(path + "/content", headers={"Range": "bytes=1000-1999"})
        assert part.status_code == 206 and part.content == stream[1000:2000]


@pytest.mark.parametrize("kind, syntax, container", [("ts", made.AVC, "mpegTransportStream"), ("mpg", made.MPEG2, "mpegProgramStream")])
def test_streams_no_browser_plays_are_named_and_given_to_be_kept(web, stored, tmp_path, kind, syntax, container):
    path = stored(made.video(made.video_stream(tmp_path, kind), syntax))
    assert web.get(path).json()["content"]["container"] == container
    assert web.get(path + "/content").headers["Content-Disposition"].startswith("attachment")


# Audit


def test_opening_a_document_is_recorded_as_viewing_and_taking_it_away_as_exporting(server, web, stored):
    source = made.encapsulated(made.PDF, "application/pdf", made.pdf_bytes(), StudyInstanceUID=generate_uid())
    path = stored(source)
    web.get(path)
    web.get(path + "/content")
    recorded = [row for row in audit_rows(server) if source.StudyInstanceUID in row]
    assert len([row for row in recorded if "study.viewed" in row]) == 1
    web.get(path + "/content?download=1")
    recorded = [row for row in audit_rows(server) if source.StudyInstanceUID in row]
    assert [row for row in recorded if "study.exported" in row]


def audit_rows(server) -> list[str]:
    return server.run("audit", "--limit", 1000).ok().out.splitlines()
