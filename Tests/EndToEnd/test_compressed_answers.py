"""Long JSON answers of the API go out compressed to who takes it, and say the same."""

from __future__ import annotations

import gzip

import pydicom
import pytest

from peers import store_files

SMALLEST = 4096


@pytest.fixture(scope="module")
def study(server, make_phantom) -> tuple[str, str]:
    files = make_phantom("ct", images=120, matrix=16, spacing=16)
    assert set(store_files(server, files).values()) == {0}
    head = pydicom.dcmread(files[0], stop_before_pixels=True)
    return f"/api/studies/{head.StudyInstanceUID}", f"/api/studies/{head.StudyInstanceUID}/series/{head.SeriesInstanceUID}"


@pytest.fixture(scope="module")
def many(server, make_phantom) -> None:
    """Enough studies for a long list."""
    assert set(store_files(server, [make_phantom("ct", images=1, matrix=16, spacing=16)[0] for _ in range(24)]).values()) == {0}


def answer(server, path: str, coding: str | None, method: str = "GET", **options):
    """Headers, and the body as it came over the line."""
    given = server.session().request(method, server.url + path, headers={"Accept-Encoding": coding}, stream=True, **options)
    assert given.status_code == 200, given.text
    return given.headers, given.raw.read(decode_content=False)


@pytest.mark.parametrize("name", ["viewing", "series", "list", "search", "protocols"])
def test_a_long_answer_says_the_same_compressed_and_not(server, study, many, name):
    path, method, options = {
        "viewing": (study[0] + "/viewing", "GET", {}), "series": (study[0] + "/series", "GET", {}),
        "list": ("/api/studies?sort=patientID", "GET", {}),
        "search": ("/api/studies/search", "POST", {"data": {"sort": "patientID"}}),
        "protocols": ("/api/hanging-protocols", "GET", {}),
    }[name]
    plain_headers, plain = answer(server, path, None, method, **options)
    assert len(plain) > SMALLEST and "Content-Encoding" not in plain_headers and plain_headers["Vary"] == "Accept-Encoding"
    for coding in ("gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8"):
        headers, packed = answer(server, path, coding, method, **options)
        assert headers["Content-Encoding"] == "gzip" and headers["Vary"] == "Accept-Encoding" and headers["Cache-Control"] == "no-store"
        assert headers["Content-Type"] == plain_headers["Content-Type"] and int(headers["Content-Length"]) == len(packed)
        assert gzip.decompress(packed) == plain and len(packed) < len(plain) / 2
    for coding in ("identity", "gzip;q=0", "gzip; q=0.00, br", "*;q=0"):
        headers, unpacked = answer(server, path, coding, method, **options)
        assert "Content-Encoding" not in headers and unpacked == plain, coding


def test_short_answers_and_frames_are_left_alone(server, study):
    headers, body = answer(server, "/api/server", "gzip")
    assert len(body) < SMALLEST and "Content-Encoding" not in headers
    headers, body = answer(server, study[1] + "/frames", "gzip")
    assert len(body) > SMALLEST and "Content-Encoding" not in headers and "Vary" not in headers


def test_an_interrupted_reader_of_a_compressed_answer_harms_nobody(server, study):
    for _ in range(8):
        given = server.session().get(server.url + study[0] + "/viewing", headers={"Accept-Encoding": "gzip"}, stream=True)
        given.raw.read(10, decode_content=False)
        given.close()
    assert answer(server, study[0] + "/viewing", "gzip")[1]
