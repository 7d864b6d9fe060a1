"""DICOMweb: retrieving (PS3.18 §10.4, §9): objects, metadata, frames and pictures."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from xml.etree import ElementTree

import numpy
import pydicom
import pytest
from PIL import Image

from apus_server import apus
from dicom_wire import read_part10
from dicomweb_cases import (  # noqa: F401
    DICOM_PART, STOW, XML, client, ct, described, described_client, flat, multiframe, path_of, web, xml_parts,
)
from objects import encoded, made_object, multipart, multipart_body, pixels, with_pixels


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


def test_the_metadata_is_dicom_json_of_the_object(web, ct, tmp_path):
    (got,) = web.get(web.base + path_of(ct[0]) + "/metadata").json()
    expected = json.loads(ct[0].to_json())
    del got["7FE00010"], expected["7FE00010"]
    assert got == expected


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


NATIVE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"


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
