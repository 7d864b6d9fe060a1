"""The viewing manifest and the frame stream, against pydicom on the same files."""

from __future__ import annotations

import http.client
import json
import time

import numpy
import pydicom
import pytest

from apus_server import eventually
from frame_stream import at, parse
from objects import SECONDARY_CAPTURE, encoded, made_object, with_pixels
from peers import store_files


@pytest.fixture(scope="module")
def web(server):
    return server.session()


@pytest.fixture(scope="module")
def ct(server, make_phantom):
    files = make_phantom("ct", images=40, noise=20, patient_id="VIEW-1")
    assert set(store_files(server, files).values()) == {0}
    return [pydicom.dcmread(path) for path in files]


def study_path(server, dataset) -> str:
    return f"{server.url}/api/studies/{dataset.StudyInstanceUID}"


def manifest_of(web, server, dataset) -> dict:
    answer = web.get(study_path(server, dataset) + "/viewing")
    assert answer.status_code == 200, answer.text
    return answer.json()


def series_of(manifest: dict, uid: str) -> dict:
    return next(series for series in manifest["series"] if series["seriesInstanceUID"] == uid)


def stream_of(web, server, dataset, **parameters):
    answer = web.get(f"{study_path(server, dataset)}/series/{dataset.SeriesInstanceUID}/frames", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/vnd.apus.frames"
    return parse(answer.content)


def test_the_manifest_has_the_geometry_and_display_values_of_the_objects(web, server, ct):
    series = series_of(manifest_of(web, server, ct[0]), ct[0].SeriesInstanceUID)
    by_uid = {dataset.SOPInstanceUID: dataset for dataset in ct}
    frames, instances = series["frames"], series["instances"]
    assert series["kind"] == "image" and frames["count"] == len(ct)
    places = []
    for index in range(frames["count"]):
        dataset = by_uid[instances["sopInstanceUID"][at(frames["instance"], index)]]
        assert frames["position"][3 * index : 3 * index + 3] == pytest.approx([float(v) for v in dataset.ImagePositionPatient])
        display = series["displays"][at(frames["display"], index)]
        assert display["slope"] == float(dataset.RescaleSlope) and display["intercept"] == float(dataset.RescaleIntercept)
        places.append(float(dataset.ImagePositionPatient[2]))
    assert places == sorted(places) or places == sorted(places, reverse=True)
    stack = series["stacks"][0]
    assert stack["uniform"] and stack["spatial"] and stack["count"] == len(ct)
    assert stack["spacing"] == [float(v) for v in ct[0].PixelSpacing] and stack["spacingSource"] == "pixelSpacing"


def test_the_stream_gives_every_sample_as_it_was_sent(web, server, ct):
    series = series_of(manifest_of(web, server, ct[0]), ct[0].SeriesInstanceUID)
    by_uid = {dataset.SOPInstanceUID: dataset for dataset in ct}
    stream = stream_of(web, server, ct[0], revision=series["revision"])
    assert stream.ended and not stream.failures and sorted(stream.order()) == list(range(len(ct)))
    for frame in stream.frames:
        dataset = by_uid[series["instances"]["sopInstanceUID"][at(series["frames"]["instance"], frame.index)]]
        assert numpy.array_equal(frame.array(), dataset.pixel_array)


def test_the_frame_asked_for_comes_first_then_its_neighbours_then_a_coarse_whole(web, server, ct):
    order = stream_of(web, server, ct[0], **{"from": 20}).order()
    assert order[0] == 20 and set(order[:9]) == set(range(16, 25))
    assert {12, 28, 4, 36} <= set(order[9:14])
    assert stream_of(web, server, ct[0], **{"from": 30, "order": "forward"}).order() == [*range(30, 40), *range(30)]


def test_what_the_client_has_is_left_out(web, server, ct):
    stream = stream_of(web, server, ct[0], have="0-17,20", range="10-25")
    assert sorted(stream.order()) == [18, 19, 21, 22, 23, 24, 25]


def test_a_manifest_that_is_out_of_date_is_told(web, server, ct):
    answer = web.get(f"{study_path(server, ct[0])}/series/{ct[0].SeriesInstanceUID}/frames", params={"revision": "0"})
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "changed"


def test_a_new_object_changes_the_revision(web, server, make_phantom, tmp_path):
    files = make_phantom("ct", images=4, patient_id="VIEW-GROWS")
    datasets = [pydicom.dcmread(path) for path in files]
    assert set(store_files(server, files[:3]).values()) == {0}
    before = manifest_of(web, server, datasets[0])["series"][0]
    assert set(store_files(server, files[3:]).values()) == {0}
    after = manifest_of(web, server, datasets[0])["series"][0]
    assert before["frames"]["count"] == 3 and after["frames"]["count"] == 4 and before["revision"] != after["revision"]


@pytest.mark.parametrize("parameters", [{"order": "sideways"}, {"have": "3-1"}, {"have": "a"}, {"range": "1-2-3"}, {"have": "-5"}])
def test_malformed_wishes_are_refused(web, server, ct, parameters):
    answer = web.get(f"{study_path(server, ct[0])}/series/{ct[0].SeriesInstanceUID}/frames", params=parameters)
    assert answer.status_code == 400


def test_numbers_beyond_every_frame_do_no_harm(web, server, ct):
    huge = str(2**63 - 1)
    assert stream_of(web, server, ct[0], have=f"0-{huge}").order() == []
    assert len(stream_of(web, server, ct[0], range=f"38-{huge}", **{"from": huge}).order()) == 2
    assert len(stream_of(web, server, ct[0], **{"from": "99999999999999999999"}).order()) == len(ct)


def test_nobody_sees_images_without_the_right(server, ct):
    import requests

    path = study_path(server, ct[0])
    assert requests.get(path + "/viewing", timeout=30).status_code == 401
    assert requests.get(f"{path}/series/{ct[0].SeriesInstanceUID}/frames", timeout=30).status_code == 401


def test_what_is_not_there_is_404(web, server, ct):
    assert web.get(f"{server.url}/api/studies/1.2.3/viewing").status_code == 404
    assert web.get(f"{study_path(server, ct[0])}/series/1.2.3/frames").status_code == 404


def test_a_client_that_goes_away_stops_the_work(server, web, make_phantom):
    files = make_phantom("ct", images=120, patient_id="VIEW-LEAVES")
    assert set(store_files(server, files).values()) == {0}
    dataset = pydicom.dcmread(files[0])
    headers = {"Authorization": web.headers["Authorization"]}
    for _ in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=30)
        connection.request("GET", f"/api/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/frames", headers=headers)
        assert connection.getresponse().read(100_000)[:8] == b"APUSFRM1"
        connection.close()
    begun = time.monotonic()
    stream = stream_of(web, server, dataset)
    assert stream.ended and time.monotonic() - begun < 20


def test_unused_bits_are_cleared_and_signs_carried(web, server):
    values = numpy.array([[0x0800, 0x07FF, 0xF7FF, 0x0001]], "<u2").repeat(3, axis=0)
    made = with_pixels(made_object(SECONDARY_CAPTURE), values)
    made.BitsStored, made.HighBit, made.PixelRepresentation = 12, 11, 1
    assert store(server, made) == {0}
    frame = stream_of(web, server, made).frames[0]
    assert frame.array()[0].tolist() == [-2048, 2047, 2047, 1]


def test_a_large_image_comes_small_first(web, server):
    pixels = (numpy.arange(2401 * 2002) % 4096).astype("<u2").reshape(2401, 2002)
    made = with_pixels(made_object(SECONDARY_CAPTURE), pixels)
    assert store(server, made) == {0}
    small, whole = stream_of(web, server, made, preview=1).frames
    assert (small.level, small.rows, small.columns) == (2, 601, 501)
    assert abs(int(small.array()[0, 0]) - pixels[:4, :4].mean()) <= 0.5
    assert abs(int(small.array()[600, 500]) - pixels[2400:, 2000:].mean()) <= 0.5
    assert whole.level == 0 and numpy.array_equal(whole.array(), pixels)


def test_colour_is_delivered_as_rgb_by_pixel(web, server):
    planes = numpy.random.default_rng(1).integers(0, 256, (3, 5, 7), dtype="u1")
    made = made_object(SECONDARY_CAPTURE)
    made.Rows, made.Columns, made.SamplesPerPixel, made.PhotometricInterpretation = 5, 7, 3, "RGB"
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation, made.PlanarConfiguration = 7, 0, 1
    made.add_new(0x7FE00010, "OB", planes.tobytes() + b"\0")
    assert store(server, made) == {0}
    frame = stream_of(web, server, made).frames[0]
    assert frame.photometric == 3 and numpy.array_equal(frame.array(), planes.transpose(1, 2, 0))


def store(server, dataset) -> set:
    import pathlib
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "made.dcm"
        path.write_bytes(encoded(dataset))
        return set(store_files(server, [path]).values())


def test_a_manifest_of_500_slices_is_answered_at_once_when_it_was_read_before(web, server, make_phantom):
    files = make_phantom("ct", images=500, matrix=64, patient_id="VIEW-500")
    assert set(store_files(server, files).values()) == {0}
    dataset = pydicom.dcmread(files[0])
    begun = time.monotonic()
    manifest_of(web, server, dataset)
    cold = time.monotonic() - begun
    times = []
    for _ in range(5):
        begun = time.monotonic()
        assert manifest_of(web, server, dataset)["series"][0]["frames"]["count"] == 500
        times.append(time.monotonic() - begun)
    print(f"\nmanifest of 500 slices: {cold * 1000:.0f} ms the first time, {min(times) * 1000:.0f} ms again")
    # The budget is 50 ms; a busy test machine gets three times that.
    assert min(times) < 0.15


def test_every_image_of_the_shared_data_comes_as_pydicom_reads_it(web, make_server, shared):
    server = make_server()
    session = server.session()
    checked, skipped, seen = 0, [], set()
    for path in sorted(shared.rglob("*.dcm")):
        try:
            dataset = pydicom.dcmread(path)
            expected = dataset.pixel_array
        except Exception:
            continue
        uid = str(getattr(dataset, "SOPInstanceUID", ""))
        # Of two files under one identifier the first is shown.
        if uid in seen or getattr(dataset, "SamplesPerPixel", 1) != 1 or expected.nbytes > 64 << 20:
            continue
        try:
            if store_files(server, [path]).popitem()[1] != 0:
                continue
        except (AttributeError, NotImplementedError, TypeError, ValueError):
            # Identifiers that the sending library refuses.
            continue
        seen.add(uid)
        try:
            found = manifest_of(session, server, dataset)
        except AssertionError:
            continue
        series = series_of(found, dataset.SeriesInstanceUID)
        uids = series["instances"]["sopInstanceUID"]
        frames = expected if expected.ndim > 2 else expected[None]
        stream = stream_of(session, server, dataset)
        for frame in stream.frames:
            instance = at(series["frames"]["instance"], frame.index)
            if at(uids, instance) != dataset.SOPInstanceUID:
                continue
            number = at(series["frames"]["number"], frame.index)
            bits = int(dataset.get("BitsStored", 64))
            wanted = frames[number - 1]
            got = frame.array()
            if not numpy.array_equal(got, wanted):
                # pydicom leaves bits above Bits Stored as they are.
                raised = wanted.astype("i8") & ((1 << min(bits, 62)) - 1)
                if int(dataset.get("PixelRepresentation", 0)) == 1:
                    raised = numpy.where(raised >> (bits - 1) & 1, raised - (1 << bits), raised)
                if not numpy.array_equal(got.astype("i8"), raised):
                    skipped.append((path.name, number, int(numpy.abs(got.astype("i8") - raised).max())))
            checked += 1
    print(f"\n{checked} frames compared, {len(skipped)} differ: {json.dumps(skipped[:20])}")
    assert checked > 50 and not skipped


# Previews prepared when images arrive


def large_image(seed: int):
    noise = numpy.random.default_rng(seed).integers(0, 40, (2401, 2002))
    pixels = (numpy.arange(2401 * 2002).reshape(2401, 2002) // 2002 + noise).astype("<u2")
    return with_pixels(made_object(SECONDARY_CAPTURE), pixels), pixels


def previews(server) -> dict:
    return server.status()["storage"]["previews"]


def test_previews_are_prepared_after_arrival_and_outlive_restart_and_index(make_server):
    """A large image is answered first; its preview is made behind, kept, counted, and made again when its file is gone."""
    server = make_server()
    made, pixels = large_image(1)
    assert store(server, made) == {0}
    assert previews(server)["count"] == 0
    kept = eventually(lambda: (found := previews(server))["count"] == 1 and found, 120, what="the preview")
    assert 10_000 < kept["bytes"] < 601 * 501 * 2 and kept["limitBytes"] == 4 << 30
    small, whole = stream_of(server.session(), server, made, preview=1).frames
    assert (small.level, small.codec, small.rows, small.columns) == (2, 0, 601, 501)
    expected = pixels[:2400, :2000].reshape(600, 4, 500, 4).astype(float).mean((1, 3))
    assert numpy.abs(small.array()[:600, :500] - expected).max() <= 0.5
    assert numpy.array_equal(whole.array(), pixels)
    # As it is kept, to whom decodes it: no sample is lost and nothing is decoded here.
    coded, _ = stream_of(server.session(), server, made, preview=1, codecs="jpegls").frames
    assert (coded.level, coded.codec) == (2, 3) and coded.payload[:2] == b"\xff\xd8" and len(coded.payload) == kept["bytes"]
    assert [frame.level for frame in stream_of(server.session(), server, made).frames] == [0]
    server.stop()
    server.start()
    assert previews(server) == kept
    server.stop()
    server.run("reindex", "--yes").ok()
    server.start()
    assert previews(server) == kept
    server.stop()
    for file in server.data.glob("viewing.sqlite*"):
        file.unlink()
    server.run("reindex", "--yes").ok()
    server.start()
    assert eventually(lambda: previews(server) == kept, 120, what="the preview made again")


def test_previews_that_a_stop_left_undone_are_prepared_after_the_start(make_server):
    server = make_server()
    made = [large_image(seed)[0] for seed in range(3)]
    for each in made:
        assert store(server, each) == {0}
    server.kill()
    server.start()
    eventually(lambda: previews(server)["count"] == 3, 120, what="previews of what arrived before")


def test_previews_stay_within_their_room(make_server):
    server = make_server(storage__previewBytes=400_000)
    sizes = []
    for seed in range(4):
        made, _ = large_image(seed)
        assert store(server, made) == {0}
        sizes.append(eventually(lambda: preview_after(server, made), 120, what="the preview"))
    found = previews(server)
    assert 0 < found["count"] < 4 and found["bytes"] <= 400_000 and found["limitBytes"] == 400_000
    # The newest is there, the oldest is made when it is asked for.
    without = make_server(storage__previewBytes=0)
    made, _ = large_image(9)
    assert store(without, made) == {0}
    time.sleep(5)
    assert previews(without) == {"count": 0, "bytes": 0, "limitBytes": 0}
    assert [frame.level for frame in stream_of(without.session(), without, made, preview=1).frames] == [2, 0]


def preview_after(server, made) -> int:
    """Bytes of the prepared preview; 0 while it is made on demand, which gives native samples."""
    first = stream_of(server.session(), server, made, preview=1, codecs="jpegls").frames[0]
    return len(first.payload) if first.codec == 3 else 0


def test_numbers_of_a_palette_have_no_preview(web, server):
    pixels = numpy.zeros((2100, 2100), "u1")
    made = with_pixels(made_object(SECONDARY_CAPTURE), pixels)
    made.PhotometricInterpretation = "PALETTE COLOR"
    for colour in ("Red", "Green", "Blue"):
        setattr(made, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(made, f"{colour}PaletteColorLookupTableData", numpy.arange(256, dtype="<u2").tobytes())
    assert store(server, made) == {0}
    assert [frame.level for frame in stream_of(web, server, made, preview=1).frames] == [0]
