"""DICOMweb: storing (PS3.18 §10.5), by dicomweb-client unchanged and by raw requests."""

from __future__ import annotations

import http.client
import io
import json
import socket
import time

import numpy
import pydicom
import pytest
import requests

from apus_server import apus
from dicom_wire import EXPLICIT
from dicomweb_cases import DICOM_PART, STOW, client, path_of, web  # noqa: F401
from objects import SECONDARY_CAPTURE, encoded, generate_uid, made_object, multipart_body, with_pixels


def test_dicomweb_client_stores_and_retrieves(client):
    """PACS-4.2.4-a GUIDE-1.1.1.1.1-5"""
    image = numpy.arange(64 * 48, dtype="u2").reshape(48, 64)
    made = with_pixels(made_object(SECONDARY_CAPTURE, PatientID="WEB-2"), image)
    answer = client.store_instances([pydicom.dcmread(io.BytesIO(encoded(made)))])
    assert [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence] == [made.SOPInstanceUID]
    back = client.retrieve_instance(made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID)
    numpy.testing.assert_array_equal(back.pixel_array, image)
    (again,) = client.retrieve_series(made.StudyInstanceUID, made.SeriesInstanceUID)
    assert again.SOPInstanceUID == made.SOPInstanceUID
    (again,) = client.retrieve_study(made.StudyInstanceUID)
    assert again.PixelData == made.PixelData


def test_a_token_without_the_right_to_write_cannot_store(server):
    session = server.session("registrar")
    answer = session.post(
        server.dicomweb + "/studies", data=multipart_body([(DICOM_PART, encoded(made_object()))]), headers=STOW)
    assert answer.status_code == 403
    assert answer.json()["remedy"]


def test_stow_answers_for_each_instance(web):
    good, bad = made_object(), made_object()
    parts = [(DICOM_PART, encoded(good)), (DICOM_PART, b"this is no DICOM file")]
    answer = web.post(web.base + "/studies", data=multipart_body(parts), headers=STOW)
    assert answer.status_code == 202
    body = answer.json()
    assert body["00081199"]["Value"][0]["00081155"]["Value"] == [good.SOPInstanceUID]
    assert body["00081190"]["Value"][0].endswith("/studies/" + good.StudyInstanceUID)
    assert body.get("0008119A") or body.get("00081198")
    only_bad = web.post(web.base + "/studies", data=multipart_body(parts[1:]), headers=STOW)
    assert only_bad.status_code == 409
    assert bad.SOPInstanceUID not in only_bad.text
    other = web.post(web.base + "/studies/1.2.3.4", data=multipart_body(parts[:1]), headers=STOW)
    assert other.status_code == 409


def test_stow_takes_metadata_and_bulk_data(web):
    image = numpy.random.default_rng(1).integers(0, 4096, (40, 30), dtype="u2")
    made = with_pixels(made_object(SECONDARY_CAPTURE, PatientName="Qian^Duo=钱^多"), image)
    description = json.loads(made.to_json())
    description["7FE00010"] = {"vr": "OW", "BulkDataURI": "bulk/1"}
    parts = [
        ("Content-Type: application/dicom+json", json.dumps([description]).encode()),
        (f"Content-Type: application/octet-stream; transfer-syntax={EXPLICIT}\r\nContent-Location: bulk/1", image.tobytes()),
    ]
    headers = {"Content-Type": 'multipart/related; type="application/dicom+json"; boundary=apus-test-boundary'}
    answer = web.post(web.base + "/studies", data=multipart_body(parts), headers=headers)
    assert answer.status_code == 200, answer.text
    back = web.get(web.base + path_of(made), headers={"Accept": "application/dicom"})
    read = pydicom.dcmread(io.BytesIO(back.content))
    numpy.testing.assert_array_equal(read.pixel_array, image)
    assert str(read.PatientName) == "Qian^Duo=钱^多"


def test_expect_100_continue_is_answered_at_once(server):
    body = multipart_body([(DICOM_PART, encoded(made_object()))])
    with socket.create_connection(("127.0.0.1", server.http_port), 10) as connection:
        head = (
            f"POST /dicom-web/studies HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token()}\r\n"
            f"Content-Type: {STOW['Content-Type']}\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n")
        started = time.monotonic()
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        assert time.monotonic() - started < 0.5
        connection.sendall(body)
        answer = connection.recv(10000)
        assert answer.startswith(b"HTTP/1.1 200"), answer[:300]


def test_a_large_upload_and_download_keep_memory_bounded(server, web):
    """PACS-4.3.1.2-2"""
    size = 300 << 20
    made = made_object("1.2.840.10008.5.1.4.1.1.66", PatientID="LARGE")
    head = encoded(made)
    head += b"\xe0\x7f\x10\x00OW\0\0" + size.to_bytes(4, "little")
    before = server.peak_resident_bytes()

    def body():
        yield f"--apus-test-boundary\r\n{DICOM_PART}\r\n\r\n".encode() + head
        for _ in range(size >> 20):
            yield bytes(1 << 20)
        yield b"\r\n--apus-test-boundary--\r\n"

    answer = web.post(web.base + "/studies", data=body(), headers=STOW)
    assert answer.status_code in (200, 202), answer.text
    received = 0
    with web.get(web.base + path_of(made), headers={"Accept": "application/dicom"}, stream=True) as download:
        assert download.status_code == 200
        for chunk in download.iter_content(1 << 20):
            received += len(chunk)
    assert received >= size
    grown = server.peak_resident_bytes() - before
    assert grown < 200 << 20, f"the server grew by {grown >> 20} MB"


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(server, web):
    made = made_object()
    body = multipart_body([(DICOM_PART, encoded(made))])
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=10)
    connection.putrequest("POST", "/dicom-web/studies")
    connection.putheader("Authorization", f"Bearer {server.token()}")
    connection.putheader("Content-Type", STOW["Content-Type"])
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    connection.send(body[: len(body) // 2])
    connection.close()
    time.sleep(0.3)
    assert web.get(web.base + "/instances", params={"SOPInstanceUID": made.SOPInstanceUID}).status_code == 204
    assert web.post(web.base + "/studies", data=body, headers=STOW).status_code == 200


@pytest.mark.parametrize("path", ["/pixeldata", "/bulkdata/7FE00010", "/frames/1", "/rendered", "/thumbnail", "/metadata"])
@pytest.mark.parametrize("frames", ["no fragments", "zero frames", "frames without pixels"])
def test_an_image_without_frames_is_an_error_and_not_the_end(server, web, path, frames):
    made = with_pixels(made_object(SECONDARY_CAPTURE), numpy.zeros((8, 8), "u1"))
    if frames == "no fragments":
        made.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.5"
        made.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0"
        made["PixelData"].is_undefined_length = True
    elif frames == "zero frames":
        made.NumberOfFrames = 0
    else:
        made.NumberOfFrames = 1000
    answer = web.post(web.base + "/studies", data=multipart_body([(DICOM_PART, encoded(made))]), headers=STOW)
    assert answer.status_code in (200, 202, 409)
    try:
        got = web.get(web.base + path_of(made) + path)
    except requests.exceptions.ChunkedEncodingError:
        # The first of many frames was there; an answer cut off tells that the others are not.
        assert frames == "frames without pixels"
    else:
        assert got.status_code != 500, got.text


def test_identical_uploads_are_answered_alike(web):
    made = made_object()
    body = multipart_body([(DICOM_PART, encoded(made))])
    answers = [web.post(web.base + "/studies", data=body, headers=STOW) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


def test_our_export_of_what_was_stored_over_the_web_is_read_by_pydicom(server, web, tmp_path):
    made = made_object(StudyInstanceUID=generate_uid())
    assert web.post(web.base + "/studies", data=encoded(made), headers={"Content-Type": "application/dicom"}).status_code == 200
    server.run("export", "--output", tmp_path, "--study", made.StudyInstanceUID).ok()
    (path,) = tmp_path.rglob("*.dcm")
    assert pydicom.dcmread(path).SOPInstanceUID == made.SOPInstanceUID
    assert apus("validate", path).ok()
