"""DICOMweb (PS3.18): dicomweb-client unchanged, and raw requests for what a client library does not show."""

from __future__ import annotations

import http.client
import io
import json
import re
import shutil
import socket
import subprocess
import time
from xml.etree import ElementTree

import numpy
import pydicom
import pytest
import requests
from PIL import Image

from apus_server import apus
from dicom_wire import EXPLICIT, read_part10
from objects import SECONDARY_CAPTURE, encoded, generate_uid, made_object, multipart, multipart_body, pixels, with_pixels
from dicomweb_client.api import DICOMwebClient
from peers import store_files

STOW = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=apus-test-boundary'}
DICOM_PART = "Content-Type: application/dicom"
FRAME = 'multipart/related; type="application/octet-stream"'


@pytest.fixture(scope="module")
def web(server):
    session = server.session()
    session.base = server.dicomweb
    return session


@pytest.fixture(scope="module")
def client(server, web):
    return DICOMwebClient(url=server.dicomweb, session=server.session())


@pytest.fixture(scope="module")
def ct(server, make_phantom):
    files = make_phantom("ct", images=5, noise=20, patient_name="Zhao^Min=赵^敏", patient_id="WEB-1")
    assert set(store_files(server, files).values()) == {0}
    return [pydicom.dcmread(path) for path in files]


@pytest.fixture(scope="module")
def multiframe(server, make_phantom):
    files = make_phantom("enhanced-ct", images=5, patient_id="WEB-FRAMES")
    assert set(store_files(server, files).values()) == {0}
    return pydicom.dcmread(files[0])


def path_of(dataset, level: int = 3) -> str:
    parts = ["/studies/" + dataset.StudyInstanceUID, "/series/" + dataset.SeriesInstanceUID, "/instances/" + dataset.SOPInstanceUID]
    return "".join(parts[:level])


# dicomweb-client


def test_dicomweb_client_searches_every_level(client, ct):
    """PACS-4.2.5-1 GUIDE-1.1.1.1.1-6"""
    first = ct[0]
    (study,) = client.search_for_studies(search_filters={"PatientID": "WEB-1"}, fields=["StudyDescription"])
    assert study["0020000D"]["Value"] == [first.StudyInstanceUID]
    assert study["00201208"]["Value"] == [5]
    assert study["00100010"]["Value"] == [{"Alphabetic": "Zhao^Min", "Ideographic": "赵^敏"}]
    (series,) = client.search_for_series(first.StudyInstanceUID)
    assert series["00080060"]["Value"] == ["CT"]
    instances = client.search_for_instances(first.StudyInstanceUID, first.SeriesInstanceUID)
    assert {item["00080018"]["Value"][0] for item in instances} == {str(dataset.SOPInstanceUID) for dataset in ct}
    assert client.search_for_instances(search_filters={"PatientID": "nobody"}) == []


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


def test_dicomweb_client_retrieves_metadata_frames_and_pictures(client, ct, multiframe):
    metadata = client.retrieve_series_metadata(ct[0].StudyInstanceUID, ct[0].SeriesInstanceUID)
    read = [pydicom.Dataset.from_json(item, bulk_data_uri_handler=lambda *_: b"") for item in metadata]
    assert {(str(d.SOPInstanceUID), d.Rows, str(d.PatientName)) for d in read} == {
        (str(d.SOPInstanceUID), d.Rows, str(d.PatientName)) for d in ct}
    address = (multiframe.StudyInstanceUID, multiframe.SeriesInstanceUID, multiframe.SOPInstanceUID)
    got = client.retrieve_instance_frames(*address, frame_numbers=[2, 1])
    whole = multiframe.pixel_array
    assert got == [whole[1].tobytes(), whole[0].tobytes()]
    picture = client.retrieve_instance_rendered(*[ct[0][n].value for n in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")])
    assert Image.open(io.BytesIO(picture)).size == (ct[0].Columns, ct[0].Rows)


def test_dicomweb_client_retrieves_bulk_data_by_its_uri(client, ct):
    metadata = client.retrieve_instance_metadata(ct[0].StudyInstanceUID, ct[0].SeriesInstanceUID, ct[0].SOPInstanceUID)
    (data,) = client.retrieve_bulkdata(metadata["7FE00010"]["BulkDataURI"])
    assert data == ct[0].PixelData


# Search


def test_the_metadata_is_dicom_json_of_the_object(web, ct, tmp_path):
    (got,) = web.get(web.base + path_of(ct[0]) + "/metadata").json()
    expected = json.loads(ct[0].to_json())
    del got["7FE00010"], expected["7FE00010"]
    assert got == expected


def test_a_search_pages_stably_and_warns_when_it_cut_the_answer(server, web):
    for number in range(30):
        data = encoded(made_object(PatientID=f"PAGE{number:02}", StudyDate="20240101"))
        assert web.post(web.base + "/studies", data=multipart_body([(DICOM_PART, data)]), headers=STOW).status_code == 200
    seen = []
    for offset in range(0, 35, 7):
        answer = web.get(web.base + "/studies", params={"PatientID": "PAGE*", "limit": 7, "offset": offset})
        seen += [row["0020000D"]["Value"][0] for row in answer.json()] if answer.status_code == 200 else []
    whole = [row["0020000D"]["Value"][0] for row in web.get(web.base + "/studies", params={"PatientID": "PAGE*"}).json()]
    assert seen == whole
    assert len(set(seen)) == 30
    beyond = web.get(web.base + "/studies", params={"PatientID": "PAGE*", "offset": 1000})
    assert beyond.status_code in (200, 204) and beyond.content in (b"", b"[]")


def test_included_fields_come_and_unknown_ones_are_refused(web, ct):
    query = {"PatientID": "WEB-1"}
    row = web.get(web.base + "/studies", params=query).json()[0]
    assert "00081030" not in row or row["00081030"]["vr"] == "LO"
    row = web.get(web.base + "/studies", params={**query, "includefield": "StudyDescription,00080050"}).json()[0]
    assert "00081030" in row and "00080050" in row
    row = web.get(web.base + "/instances", params={**query, "includefield": "all", "limit": 1}).json()[0]
    assert row["00280010"]["Value"] == [ct[0].Rows]
    assert web.get(web.base + "/studies", params={"includefield": "NoSuchThing"}).status_code == 400


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"PatientName": "赵*"}, 1), ({"PatientName": "赵敏"}, 1), ({"PatientName": "zhao*"}, 1), ({"00100010": "ZHAO^MIN"}, 1),
        ({"PatientName": "min zhao", "fuzzymatching": "true"}, 1), ({"PatientName": "min zhao"}, 0),
        ({"ModalitiesInStudy": "CT"}, 1), ({"ModalitiesInStudy": "MR"}, 0), ({"StudyDate": "20260101-"}, 1),
        ({"StudyDate": "-20251231"}, 0),
    ],
    ids=str,
)
def test_a_search_matches(web, ct, query, count):
    """PACS-4.2.3-f"""
    answer = web.get(web.base + "/studies", params={**query, "PatientID": "WEB-1"})
    found = answer.json() if answer.status_code == 200 else []
    assert len(found) == count


def test_series_and_instances_are_found_without_their_study(web, ct):
    assert len(web.get(web.base + "/series", params={"PatientID": "WEB-1"}).json()) == 1
    assert len(web.get(web.base + "/instances", params={"PatientID": "WEB-1"}).json()) == 5


def test_a_list_of_uids_is_found_by_one_search(web, ct):
    uids = ",".join(str(dataset.SOPInstanceUID) for dataset in ct[:3])
    assert len(web.get(web.base + "/instances", params={"SOPInstanceUID": uids}).json()) == 3


# Errors


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/studies?limit=many", {}, 400),
        ("GET", "/studies?limit=-1", {}, 400),
        ("GET", "/studies?offset=99999999999999999999", {}, 400),
        ("GET", "/studies?NoSuchAttribute=1", {}, 400),
        ("GET", "/studies?StudyDate=yesterday", {}, 400),
        ("GET", "/studies/not%20a%20uid/metadata", {}, 400),
        ("GET", "/studies/1.2.3.4.5", {}, 404),
        ("GET", "/studies/1.2.3.4.5/metadata", {}, 404),
        ("GET", "/nothing/here", {}, 404),
        ("GET", "{instance}/frames/99", {"headers": {"Accept": FRAME}}, 404),
        ("GET", "{instance}/frames/0", {"headers": {"Accept": FRAME}}, 400),
        ("GET", "{instance}/frames/x", {"headers": {"Accept": FRAME}}, 400),
        ("GET", "{instance}/frames/1", {"headers": {"Accept": 'multipart/related; type="image/gif"'}}, 406),
        ("GET", "{instance}", {"headers": {"Accept": "text/html"}}, 406),
        ("GET", "{instance}", {"headers": {"Accept": "application/dicom; transfer-syntax=1.2.3.4"}}, 406),
        ("GET", "/studies", {"headers": {"Accept": "text/csv"}}, 406),
        ("GET", "{instance}/rendered", {"headers": {"Accept": "video/mp4"}}, 406),
        ("GET", "{instance}/rendered?window=1", {}, 400),
        ("GET", "{instance}/rendered?quality=1000", {}, 400),
        ("GET", "{instance}/bulkdata/00999999", {}, 404),
        ("POST", "/studies", {"data": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "/studies", {"data": b"x"}, 415),
        ("POST", "/studies", {"data": b"", "headers": STOW}, 400),
        ("POST", "/studies", {"data": b"--apus-test-boundary\r\nbroken", "headers": STOW}, 400),
        ("POST", "/studies", {"data": b"[{]", "headers": {"Content-Type": "application/dicom+json"}}, 400),
        ("DELETE", "/studies/1.2.3", {}, 405),
        ("GET", "/wado", {}, 400),
        ("GET", "/wado?requestType=WADO&studyUID=1.2&seriesUID=1.3", {}, 400),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_request_is_answered_with_the_right_status_and_a_remedy(web, ct, method, path, options, status):
    answer = web.request(method, web.base + path.replace("{instance}", path_of(ct[0])), **options)
    assert answer.status_code in ((status, 404) if status == 405 else (status,)), answer.text
    if status not in (405, 404):
        assert answer.json().get("remedy"), answer.text


@pytest.mark.parametrize("path", ["/studies", "/studies/1.2.3", "/studies/1.2.3/metadata", "/instances"])
def test_without_credentials_nothing_is_told(server, path):
    answer = requests.get(server.dicomweb + path)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    wrong = requests.get(server.dicomweb + path, headers={"Authorization": "Bearer apus_wrong"})
    assert wrong.status_code == 401


def test_a_token_without_the_right_to_write_cannot_store(server):
    session = server.session("registrar")
    answer = session.post(
        server.dicomweb + "/studies", data=multipart_body([(DICOM_PART, encoded(made_object()))]), headers=STOW)
    assert answer.status_code == 403
    assert answer.json()["remedy"]


# Retrieve


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90",
               "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.5"])
def test_accept_negotiates_the_transfer_syntax_of_a_series(web, ct, tmp_path, syntax):
    accept = f'multipart/related; type="application/dicom"; transfer-syntax={syntax}'
    answer = web.get(web.base + path_of(ct[0], 2), headers={"Accept": accept})
    assert answer.status_code == 200
    parts = multipart(answer)
    assert len(parts) == 5
    expected = {str(dataset.SOPInstanceUID): dataset.PixelData for dataset in ct}
    for _, body in parts:
        file = read_part10(body)
        assert file.syntax == syntax
        (tmp_path / "coded.dcm").write_bytes(body)
        apus("transcode", tmp_path / "coded.dcm", tmp_path / "plain.dcm", "--to", "explicit", "--yes").ok()
        assert pixels(tmp_path / "plain.dcm").tobytes() == expected[file.instance]


def test_the_first_acceptable_type_by_quality_is_chosen(web, ct):
    accept = "text/html, application/dicom; q=0.5, multipart/related; type=\"application/dicom\"; q=0.9"
    assert web.get(web.base + path_of(ct[0]), headers={"Accept": accept}).headers["Content-Type"].startswith("multipart/related")
    assert web.get(web.base + path_of(ct[0]), headers={"Accept": "application/dicom"}).headers["Content-Type"].startswith("application/dicom")


def test_one_frame_comes_alone_when_asked_for_alone(web, ct):
    answer = web.get(web.base + path_of(ct[0]) + "/frames/1", headers={"Accept": "application/octet-stream"})
    assert answer.status_code == 200
    assert answer.content == ct[0].PixelData


def test_ranges_of_an_object_fit_together(web, ct):
    url, accept = web.base + path_of(ct[0]), {"Accept": "application/dicom"}
    whole = web.get(url, headers=accept)
    assert whole.headers["Accept-Ranges"] == "bytes"
    size = len(whole.content)
    pieces = b""
    for start in range(0, size, 1000):
        part = web.get(url, headers={**accept, "Range": f"bytes={start}-{start + 999}"})
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes {start}-{min(start + 999, size - 1)}/{size}"
        pieces += part.content
    assert pieces == whole.content
    assert web.get(url, headers={**accept, "Range": "bytes=-10"}).content == whole.content[-10:]
    assert web.get(url, headers={**accept, "Range": f"bytes={size}-"}).status_code == 416


@pytest.mark.parametrize(
    "value", ["bytes=0-9223372036854775807", "bytes=9223372036854775807-", "bytes=-9223372036854775808", "bytes=-9223372036854775807",
              "bytes=5-1", "bytes=", "bytes=-", "bytes=a-b", "bytes=0-0,2-3", "items=0-1"])
def test_no_range_however_strange_harms_the_server(server, web, ct, value):
    answer = web.get(web.base + path_of(ct[0]), headers={"Accept": "application/dicom", "Range": value})
    assert answer.status_code in (200, 206, 400, 416)
    assert server.is_alive


def test_pictures_follow_window_and_size(web, ct):
    url = web.base + path_of(ct[0]) + "/rendered"
    plain = Image.open(io.BytesIO(web.get(url).content)).convert("L")
    assert plain.size == (64, 64)
    bright = Image.open(io.BytesIO(web.get(url, params={"window": "-500,100,linear"}).content)).convert("L")
    assert numpy.asarray(bright).mean() > numpy.asarray(plain).mean()
    small = Image.open(io.BytesIO(web.get(url, params={"viewport": "32,32"}).content))
    assert small.size == (32, 32)
    thumbnail = web.get(web.base + path_of(ct[0], 2) + "/thumbnail")
    assert thumbnail.headers["Content-Type"] == "image/jpeg"
    assert max(Image.open(io.BytesIO(thumbnail.content)).size) <= 160


def test_a_window_shows_the_values_the_standard_computes(web, server, make_phantom):
    """PS3.3 C.11.2.1.2.1: a ramp, window 40/400 linear."""
    values = numpy.arange(-512, 512, dtype="i2").reshape(32, 32)
    made = with_pixels(made_object("1.2.840.10008.5.1.4.1.1.2"), values.astype("u2"))
    made.PixelRepresentation = 1
    made.PixelData = values.tobytes()
    made.RescaleIntercept, made.RescaleSlope = 0, 1
    data = multipart_body([(DICOM_PART, encoded(made))])
    assert web.post(web.base + "/studies", data=data, headers=STOW).status_code == 200
    answer = web.get(web.base + path_of(made) + "/rendered", params={"window": "40,400,linear", "quality": 100})
    shown = numpy.asarray(Image.open(io.BytesIO(answer.content)).convert("L")).astype(float).reshape(-1)
    expected = numpy.clip(((numpy.arange(-512, 512) - 39.5) / 399 + 0.5) * 255, 0, 255)
    assert numpy.abs(shown - expected).max() <= 3


def test_wado_uri_gives_pictures_and_objects(server, web, ct):
    """GUIDE-1.1.1.1.1-5"""
    query = {"requestType": "WADO", "studyUID": ct[0].StudyInstanceUID, "seriesUID": ct[0].SeriesInstanceUID,
             "objectUID": ct[0].SOPInstanceUID}
    base = web.base + "/wado"
    picture = web.get(base, params={**query, "contentType": "image/jpeg"})
    assert picture.status_code == 200 and Image.open(io.BytesIO(picture.content)).size == (64, 64)
    whole = web.get(base, params={**query, "contentType": "application/dicom"})
    assert read_part10(whole.content).data_set == read_part10(encoded(ct[0])).data_set
    assert web.get(base, params={**query, "objectUID": "1.2.3"}).status_code == 404


# Store


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


# Description


def test_the_service_describes_itself(web):
    """PACS-4.7.1-a"""
    for path in ("", "/openapi.json"):
        described = web.get(web.base + path).json()
        assert re.match(r"3\.[01]\.\d", described["openapi"])
    problems = list(openapi_problems(described))
    assert problems == []
    for needed in ("/studies", "/studies/{study}", "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}"):
        assert needed in described["paths"]
    assert {"get", "post"} <= set(described["paths"]["/studies"])


def openapi_problems(document: dict):
    """What the OpenAPI specification demands of the parts we write."""
    for needed in ("title", "version"):
        if not document["info"].get(needed):
            yield f"info.{needed} is missing"
    operations = set()
    for path, entry in document["paths"].items():
        if not path.startswith("/"):
            yield f"{path} does not begin with a slash"
        for method, operation in entry.items():
            if method not in ("get", "post", "put", "delete", "head", "options", "patch"):
                continue
            name = operation.get("operationId")
            if not name or name in operations:
                yield f"{method} {path}: operationId {name} is missing or taken"
            operations.add(name)
            if not operation.get("responses"):
                yield f"{method} {path} has no responses"
            for status, response in operation.get("responses", {}).items():
                if not re.fullmatch(r"\d{3}|default", status) or not response.get("description"):
                    yield f"{method} {path}: response {status}"
            given = {p["name"] for p in operation.get("parameters", []) if p.get("in") == "path" and p.get("required") is True}
            if given != set(re.findall(r"{(\w+)", path)):
                yield f"{method} {path}: path parameters {given}"


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


# Attributes outside the index


@pytest.fixture(scope="module")
def described(server):
    """Two series of one study, with attributes that the index does not hold, in a Chinese character set."""
    study = generate_uid()
    made = []
    for series in (1, 2):
        uid = generate_uid()
        for number in (1, 2):
            made.append(made_object(
                SECONDARY_CAPTURE, StudyInstanceUID=study, SeriesInstanceUID=uid, SeriesNumber=series, InstanceNumber=number,
                PatientID="WEB-HEADER", PatientName="Li^Ming=李^明", SpecificCharacterSet="GB18030",
                PatientState="空腹", InterpretationAuthor="Doe^Jane", InstitutionAddress=f"北京市第{series}医院",
                PresentationIntentType="FOR PRESENTATION", KVP=str(100 + 10 * series + number), DerivationDescription=f"层{number}"))
            block = made[-1].private_block(0x0011, "APUS TEST", create=True)
            block.add_new(0x01, "LO", f"private {number}")
    return made


@pytest.fixture(scope="module")
def described_client(server, client, described):
    answer = client.store_instances([pydicom.dcmread(io.BytesIO(encoded(each))) for each in described])
    assert len(answer.ReferencedSOPSequence) == 4
    return client


def test_included_attributes_outside_the_index_come_from_the_objects(described_client, described):
    first = described[0]
    (study,) = described_client.search_for_studies(
        search_filters={"PatientID": "WEB-HEADER"}, fields=["PatientState", "AdmittingDate", "KVP"])
    study = pydicom.Dataset.from_json(study)
    # Neither tells the rows of a study anything of one of its images, nor is it silent on what was asked for but is empty.
    assert study.PatientState == "空腹" and "KVP" not in study and study.AdmittingDate == ""
    rows = described_client.search_for_series(first.StudyInstanceUID, fields=["InstitutionAddress", "PresentationIntentType"])
    rows = sorted((pydicom.Dataset.from_json(row) for row in rows), key=lambda row: row.SeriesNumber)
    assert [row.InstitutionAddress for row in rows] == ["北京市第1医院", "北京市第2医院"]
    assert all(row.PresentationIntentType == "FOR PRESENTATION" for row in rows)
    rows = described_client.search_for_instances(
        first.StudyInstanceUID, first.SeriesInstanceUID, fields=["KVP", "DerivationDescription", "00111001", "PatientState"])
    rows = sorted((pydicom.Dataset.from_json(row) for row in rows), key=lambda row: row.InstanceNumber)
    assert [(float(row.KVP), row.DerivationDescription) for row in rows] == [(111, "层1"), (112, "层2")]
    assert [row[0x0011, 0x1001].value for row in rows] == ["private 1", "private 2"]
    assert {row[0x0011, 0x0010].value for row in rows} == {"APUS TEST"}
    assert {row.PatientState for row in rows} == {"空腹"}


def test_includefield_all_gives_every_attribute_of_the_level(described_client, described):
    first = described[0]
    (study,) = described_client.search_for_studies(search_filters={"PatientID": "WEB-HEADER"}, fields=["all"])
    study = pydicom.Dataset.from_json(study)
    assert study.PatientState == "空腹" and "KVP" not in study and "InstitutionAddress" not in study
    (row, _) = described_client.search_for_instances(first.StudyInstanceUID, first.SeriesInstanceUID, fields=["all"])
    row = pydicom.Dataset.from_json(row)
    assert {"KVP", "DerivationDescription"} <= {element.keyword for element in row}
    assert "PixelData" not in row


def test_many_results_with_attributes_of_objects_are_given_in_parts(server, web):
    """The documented limit: a thousand rows in one answer."""
    answer = web.get(web.base + "/instances", params={"includefield": "KVP", "limit": 1000})
    assert answer.status_code == 200 and "Warning" not in answer.headers


# XML and PNG


NATIVE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
XML = 'multipart/related; type="application/dicom+xml"'


def xml_parts(answer) -> list[ElementTree.Element]:
    assert answer.status_code == 200 and "application/dicom+xml" in answer.headers["Content-Type"]
    boundary = re.search(r'boundary="?([^";]+)', answer.headers["Content-Type"]).group(1)
    parts = answer.content.split(b"--" + boundary.encode())[1:-1]
    return [ElementTree.fromstring(part.split(b"\r\n\r\n", 1)[1]) for part in parts]


def flat(node: ElementTree.Element, path: str = "") -> dict[str, object]:
    """Values by tag path, whatever the writer's order and namespace; bulk data and binary values by their presence."""
    values: dict[str, object] = {}
    for attribute in node:
        tag = path + attribute.get("tag")
        if attribute.get("tag") in ("00080005", "7FE00010") or attribute.get("tag").startswith("0002"):
            continue
        items = [child for child in attribute if child.tag.endswith("Item")]
        if items:
            for item in items:
                values.update(flat(item, f"{tag}[{item.get('number')}]."))
        elif attribute.get("vr") == "PN":
            values[tag] = [
                (part.tag.split("}")[-1], [(each.tag.split("}")[-1], each.text) for each in part])
                for name in attribute for part in name]
        elif attribute.get("vr") in ("FL", "FD"):
            values[tag] = [pytest.approx(float(value.text)) for value in attribute]
        elif attribute.get("vr") in ("OB", "OW", "UN"):
            values[tag] = len(attribute) > 0
        else:
            values[tag] = [(value.get("number"), (value.text or "").strip()) for value in attribute if value.text]
    return {tag: value for tag, value in values.items() if value not in ([], False)}


def test_metadata_in_xml_are_what_dcmtk_writes(web, described_client, described, tmp_path):
    """PS3.19 Native DICOM Model, beside dcm2xml of DCMTK."""
    first = described[0]
    file = tmp_path / "one.dcm"
    file.write_bytes(encoded(first))
    if shutil.which("dcm2xml") is None:
        pytest.skip("dcm2xml of DCMTK is not installed")
    written = subprocess.run(
        ["dcm2xml", "--native-format", "--use-xml-namespace", "--convert-to-utf8", str(file)], capture_output=True, check=True).stdout
    (got,) = xml_parts(web.get(web.base + path_of(first) + "/metadata", headers={"Accept": XML}))
    assert got.tag == NATIVE + "NativeDicomModel"
    expected = flat(ElementTree.fromstring(written))
    assert "00100010" in expected and "00110001" in expected
    assert flat(got) == expected


def test_searches_answer_in_xml_where_it_is_asked_for(web, described_client, described):
    answer = web.get(web.base + "/studies", params={"PatientID": "WEB-HEADER", "includefield": "PatientState"}, headers={"Accept": XML})
    (study,) = xml_parts(answer)
    values = flat(study)
    assert values["0020000D"] == [("1", described[0].StudyInstanceUID)] and values["00380500"] == [("1", "空腹")]
    assert values["00100010"] == [
        ("Alphabetic", [("FamilyName", "Li"), ("GivenName", "Ming")]), ("Ideographic", [("FamilyName", "李"), ("GivenName", "明")])]
    # JSON stays the answer to everybody else.
    for accept in ("*/*", "application/dicom+json, " + XML, None):
        answer = web.get(web.base + "/studies", params={"PatientID": "WEB-HEADER"}, headers={"Accept": accept})
        assert answer.headers["Content-Type"].startswith("application/dicom+json"), accept


def test_pictures_come_as_png_without_loss(web, ct):
    address = web.base + path_of(ct[0]) + "/rendered"
    png = web.get(address, headers={"Accept": "image/png"})
    assert png.status_code == 200 and png.headers["Content-Type"] == "image/png"
    exact = Image.open(io.BytesIO(png.content))
    exact.load()
    assert exact.format == "PNG" and exact.size == (ct[0].Columns, ct[0].Rows)
    jpeg = Image.open(io.BytesIO(web.get(address, params={"quality": 100}, headers={"Accept": "image/jpeg"}).content))
    difference = numpy.abs(numpy.asarray(exact.convert("L"), int) - numpy.asarray(jpeg.convert("L"), int))
    assert difference.max() <= 6 and difference.mean() < 1
    again = Image.open(io.BytesIO(web.get(address, headers={"Accept": "image/png"}).content))
    assert numpy.array_equal(numpy.asarray(exact), numpy.asarray(again))
    small = web.get(web.base + path_of(ct[0], 1) + "/thumbnail", headers={"Accept": "image/png"})
    assert Image.open(io.BytesIO(small.content)).format == "PNG"
    series = web.get(web.base + path_of(ct[0], 2) + "/rendered", headers={"Accept": 'multipart/related; type="image/png"'})
    assert series.status_code == 200 and series.content.count(b"\x89PNG\r\n") == len(ct)
    assert web.get(address, headers={"Accept": "image/gif"}).status_code == 406
